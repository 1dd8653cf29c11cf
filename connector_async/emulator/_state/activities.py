"""
The activities of conversations: the newest of all in memory, the others in a temporary file.
"""

from __future__ import annotations

import json
import sqlite3
import weakref
from collections import deque
from collections.abc import Iterator, MutableMapping
from typing import Final

from connector_async.emulator._calls.message import JsonObject

_IN_MEMORY: Final = 20_000
_BATCH: Final = 1_000

_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -8000;
CREATE TABLE activity (place INTEGER PRIMARY KEY, json TEXT);
"""


class Shelf:
    """
    Where the activities of one emulator lie.
    """

    def __init__(self, in_memory: int = _IN_MEMORY) -> None:
        self._in_memory = in_memory
        self._newest: deque[tuple[Activities, str]] = deque()
        self._database: sqlite3.Connection | None = None

    def box(self) -> Activities:
        """
        A place for those of one conversation.
        """
        return Activities(self)

    def came(self, box: Activities, activity_id: str) -> None:
        """
        Take note that an activity was added, and put the oldest away when there are too many.
        """
        self._newest.append((box, activity_id))
        if len(self._newest) > self._in_memory + _BATCH:
            with self._file():
                self._file().execute("BEGIN")
                for _ in range(_BATCH):
                    oldest, its_id = self._newest.popleft()
                    oldest.put_away(its_id)

    def write(self, activity: JsonObject) -> int:
        """
        Put one into the file; the place where it lies is returned.
        """
        written = self._file().execute(
            "INSERT INTO activity (json) VALUES (?)", (json.dumps(activity),)
        )
        return int(written.lastrowid or 0)

    def read(self, place: int) -> JsonObject:
        """
        What lies at a place.
        """
        found = self._file().execute("SELECT json FROM activity WHERE place = ?", (place,))
        activity: JsonObject = json.loads(found.fetchone()[0])
        return activity

    def replace(self, place: int, activity: JsonObject) -> None:
        """
        Put another at a place.
        """
        self._file().execute(
            "UPDATE activity SET json = ? WHERE place = ?", (json.dumps(activity), place)
        )

    def remove(self, place: int) -> None:
        """
        Leave a place empty.
        """
        self._file().execute("DELETE FROM activity WHERE place = ?", (place,))

    def _file(self) -> sqlite3.Connection:
        if self._database is None:
            # An empty name is a file that SQLite makes and removes itself.
            self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            weakref.finalize(self, self._database.close)
            self._database.executescript(_SCHEMA)
        return self._database


class Activities(MutableMapping[str, JsonObject]):
    """
    The activities of one conversation, by id, in the order in which they were added.

    What is read from it is not to be changed in place; put the change in its place.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        # An activity, or the place where it lies.
        self._held: dict[str, JsonObject | int] = {}
        self._changes: dict[str, int] = {}

    def __getitem__(self, activity_id: str) -> JsonObject:
        held = self._held[activity_id]
        return self._shelf.read(held) if isinstance(held, int) else held

    def __setitem__(self, activity_id: str, activity: JsonObject) -> None:
        held = self._held.get(activity_id)
        if held is not None:
            self._changed(activity_id)
        if isinstance(held, int):
            self._shelf.replace(held, activity)
            return
        self._held[activity_id] = activity
        if held is None:
            self._shelf.came(self, activity_id)

    def __delitem__(self, activity_id: str) -> None:
        held = self._held.pop(activity_id)
        self._changed(activity_id)
        if isinstance(held, int):
            self._shelf.remove(held)

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, activity_id: object) -> bool:
        return activity_id in self._held

    def last(self) -> JsonObject | None:
        """
        The one that was added last; None when there is none.
        """
        newest = next(reversed(self._held), None)
        return None if newest is None else self[newest]

    def changes(self, activity_id: str) -> int:
        """
        How often one was changed or taken out; it need not be read to be known for the same.
        """
        return self._changes.get(activity_id, 0)

    def put_away(self, activity_id: str) -> None:
        """
        Write one into the file, if it is still here.
        """
        held = self._held.get(activity_id)
        if held is not None and not isinstance(held, int):
            self._held[activity_id] = self._shelf.write(held)

    def _changed(self, activity_id: str) -> None:
        self._changes[activity_id] = self.changes(activity_id) + 1
