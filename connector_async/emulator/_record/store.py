"""
Where older exchanges lie: one SQLite database, temporary unless a file is named.

It is written in batches, and knows nothing of what is still in memory.
"""

from __future__ import annotations

import json
import sqlite3
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from connector_async.emulator._channel.limits import Counter, thread_root
from connector_async.emulator._record.exchange import Committed, Entry, Exchange, Received

VERSION: Final = 1
"""
The version of the tables.
"""

# "CoEm": whose file it is.
_APPLICATION_ID: Final = 0x436F456D

_CACHE_KIB: Final = 32_000

_COLUMNS: Final = (
    "number",
    "run",
    "time",
    "wall",
    "second",
    "operation",
    "root",
    "conversation_id",
    "activity_id",
    "method",
    "path",
    "query",
    "request_headers",
    "request_body",
    "status",
    "response_headers",
    "response_body",
    "fault",
    "throttled",
    "token",
    "counters",
    "named_conversation_id",
    "repeated",
    "commit_order",
    "commit_conversation_id",
    "commit_activity_id",
    "text",
    "digest",
    "key",
)

_SCHEMA: Final = f"""
CREATE TABLE exchange (number INTEGER PRIMARY KEY, {", ".join(_COLUMNS[1:])});
CREATE INDEX by_root ON exchange (root, number);
CREATE INDEX by_second ON exchange (second);
CREATE INDEX by_root_and_second ON exchange (root, second);
CREATE INDEX by_key ON exchange (key) WHERE key IS NOT NULL;
CREATE INDEX by_repeat ON exchange (number) WHERE repeated;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""

# Nothing in it is a caller's.
_INSERT: Final = f"INSERT INTO exchange VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM exchange"  # noqa: S608


class RecordFileError(ValueError):
    """
    A file cannot serve as the record's database; it was left as it is.
    """


class Store:
    """
    The database of one record.

    Args:
        path: None for a temporary file, gone with the store.

    Attributes:
        last_number: Of the newest exchange that is in it; 0 when there is none.
        last_order: Of the newest commit likewise.
        last_run: The newest run that wrote to it.

    Raises:
        RecordFileError: The file is something else, of another version, or in use.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._database = _opened(path)
        # Collected unclosed, a connection would warn.
        self._finalizer = weakref.finalize(self, self._database.close)
        self.last_number, self.last_order, self.last_run = self._last()

    def write(self, entries: Iterable[Entry]) -> None:
        """
        Add what comes after the last that is in it.
        """
        rows = [_row(entry) for entry in entries]
        if not rows:
            return
        with self._database:
            self._database.execute("BEGIN")
            self._database.executemany(_INSERT, rows)
        self.last_number = rows[-1][0]

    def read(
        self,
        *,
        root: str | bytes | None = None,
        operation: str | None = None,
        after: int = 0,
        where: str = "1",
    ) -> Iterator[Entry]:
        """
        Entries, oldest first.

        Args:
            root: Of one conversation, its threads included.
            operation: Of one operation.
            after: After this number.
            where: A further condition, in SQL.
        """
        query = (
            f"{_SELECT} WHERE number > ? AND ({where})"
            f"{' AND root = ?' if root is not None else ''}"
            f"{' AND operation = ?' if operation is not None else ''}"
            " ORDER BY number"
        )
        chosen = [value for value in (root, operation) if value is not None]
        for row in self._database.execute(query, (after, *chosen)):
            yield _entry(row)

    def one(self, number: int) -> Entry | None:
        """
        The entry of a number.
        """
        row = self._database.execute(f"{_SELECT} WHERE number = ?", (number,)).fetchone()
        return None if row is None else _entry(row)

    def has(self, key: int, run: int) -> bool:
        """
        Whether there is a posting of that key in a run.
        """
        query = "SELECT 1 FROM exchange WHERE key = ? AND run = ? LIMIT 1"
        return self._database.execute(query, (key, run)).fetchone() is not None

    def per_second(
        self, *, root: str | bytes | None, operations: Iterable[str], since: float
    ) -> list[tuple[int, int, int]]:
        """
        By second: how many calls of these operations were taken, and how many refused.
        """
        names = list(operations)
        query = (
            "SELECT second,"  # noqa: S608 - nothing in it is a caller's
            " SUM(status < 400 OR (status IS NULL AND commit_order IS NOT NULL)),"
            " SUM(status >= 400) FROM exchange"
            f" WHERE second >= ? AND operation IN ({', '.join('?' * len(names))})"
            f"{' AND root = ?' if root is not None else ''} GROUP BY second ORDER BY second"
        )
        roots = [] if root is None else [root]
        found = self._database.execute(query, (int(since), *names, *roots))
        return [(second, taken or 0, refused or 0) for second, taken, refused in found]

    def clear(self) -> None:
        """
        Forget all.
        """
        with self._database:
            self._database.execute("DELETE FROM exchange")

    def close(self) -> None:
        """
        Let go of the file.
        """
        self._finalizer()

    def _last(self) -> tuple[int, int, int]:
        # Each from the end, not from all there is.
        newest = "SELECT number, run FROM exchange ORDER BY number DESC LIMIT 1"
        number, run = self._database.execute(newest).fetchone() or (0, 0)
        newest = (
            "SELECT commit_order FROM exchange WHERE commit_order IS NOT NULL"
            " ORDER BY number DESC LIMIT 1"
        )
        (order,) = self._database.execute(newest).fetchone() or (0,)
        return int(number), int(order), int(run)


def _opened(path: Path | None) -> sqlite3.Connection:
    try:
        # An empty name is a file that SQLite makes and removes itself.
        database = sqlite3.connect(
            "" if path is None else path, isolation_level=None, check_same_thread=False, timeout=0.2
        )
    except sqlite3.Error as error:
        raise RecordFileError(_reason(path, error)) from error
    try:
        _prepare(database, path)
    except (sqlite3.Error, RecordFileError) as error:
        database.close()
        raise RecordFileError(_reason(path, error)) from error
    return database


def _prepare(database: sqlite3.Connection, path: Path | None) -> None:
    database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    if path is None:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.executescript(_SCHEMA)
        return
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    is_new = _is_new(database)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    if is_new:
        database.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
    else:
        # Takes the lock, and keeps it: two emulators would give the same numbers twice.
        database.executescript("BEGIN IMMEDIATE; COMMIT;")


def _is_new(database: sqlite3.Connection) -> bool:
    (application_id,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (tables,) = database.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    if application_id == _APPLICATION_ID and version != VERSION:
        msg = f"it is of version {version}, and this emulator keeps version {VERSION}"
        raise RecordFileError(msg)
    if application_id != _APPLICATION_ID and (tables or application_id):
        msg = "it is the database of another program"
        raise RecordFileError(msg)
    return not tables


def _reason(path: Path | None, error: Exception) -> str:
    said = str(error)
    if "locked" in said:
        said = "another process is using it"
    where = "a temporary file" if path is None else str(path)
    return f"the record cannot be kept in {where}: {said}; name another file, or none"


def _row(entry: Entry) -> tuple[Any, ...]:
    received, exchange, committed = entry.received, entry.exchange, entry.committed
    return (
        exchange.number,
        entry.run,
        exchange.time,
        exchange.wall,
        int(exchange.wall),
        exchange.operation,
        root_of(exchange.conversation_id),
        stored(exchange.conversation_id),
        stored(exchange.activity_id),
        exchange.method,
        stored(exchange.path),
        stored(exchange.query),
        json.dumps(dict(exchange.request_headers)),
        exchange.request_body,
        exchange.status,
        json.dumps(dict(exchange.response_headers)),
        exchange.response_body,
        exchange.fault,
        exchange.throttled,
        received.token,
        json.dumps([(one.scenario, one.app, one.subject) for one in received.counters]),
        stored(received.conversation_id),
        exchange.repeated,
        *_commit_columns(committed),
        entry.key,
    )


def _commit_columns(committed: Committed | None) -> tuple[Any, ...]:
    if committed is None:
        return (None, None, None, None, None)
    return (
        committed.order,
        stored(committed.conversation_id),
        stored(committed.activity_id),
        stored(committed.text),
        committed.digest,
    )


def _entry(row: tuple[Any, ...]) -> Entry:
    column: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    return Entry(
        received=Received(
            number=column["number"],
            time=column["time"],
            operation=column["operation"],
            conversation_id=restored(column["named_conversation_id"]),
            token=column["token"],
            status=column["status"],
            fault=column["fault"],
            throttled=bool(column["throttled"]),
            counters=tuple(
                Counter(scenario=scenario, app=app, subject=subject)
                for scenario, app, subject in json.loads(column["counters"])
            ),
        ),
        exchange=Exchange(
            number=column["number"],
            time=column["time"],
            wall=column["wall"],
            operation=column["operation"],
            conversation_id=restored(column["conversation_id"]),
            activity_id=restored(column["activity_id"]),
            method=column["method"],
            path=restored(column["path"]) or "",
            query=restored(column["query"]) or "",
            request_headers=json.loads(column["request_headers"]),
            request_body=column["request_body"],
            status=column["status"],
            response_headers=json.loads(column["response_headers"]),
            response_body=column["response_body"],
            fault=column["fault"],
            throttled=bool(column["throttled"]),
            committed=column["commit_order"] is not None,
            repeated=bool(column["repeated"]),
        ),
        committed=_committed(column),
        run=column["run"],
        key=column["key"],
    )


def _committed(column: dict[str, Any]) -> Committed | None:
    if column["commit_order"] is None:
        return None
    return Committed(
        order=column["commit_order"],
        number=column["number"],
        time=column["time"],
        operation=column["operation"],
        conversation_id=restored(column["commit_conversation_id"]),
        activity_id=restored(column["commit_activity_id"]),
        text=restored(column["text"]),
        digest=column["digest"],
        token=column["token"],
    )


def root_of(conversation_id: str | None) -> str | bytes | None:
    """
    What a conversation is found by, with all its threads.
    """
    return None if conversation_id is None else stored(thread_root(conversation_id))


def stored(text: str | None) -> str | bytes | None:
    """
    Text as SQLite takes it: half a surrogate pair, which JSON can carry, as bytes.
    """
    if text is None or text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def restored(value: str | bytes | None) -> str | None:
    """
    What `stored` was given.
    """
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value
