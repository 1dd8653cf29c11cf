"""
The record of truth: what was received, what took effect, and what can be said of both.

A client's word for what it did is worth nothing against this. The newest exchanges are
in memory, the others in a database; who asks sees no difference.
"""

from __future__ import annotations

import asyncio
from collections import Counter as Multiset
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

from connector_async.emulator._calls.call import Effect
from connector_async.emulator._calls.message import Arrival, Reply
from connector_async.emulator._channel.limits import EmulatorLimits, thread_root
from connector_async.emulator._record.entries import POSTING, committed_by, exchange_of, key_of
from connector_async.emulator._record.exchange import Committed, Entry, Exchange, Received
from connector_async.emulator._record.store import Store, root_of
from connector_async.emulator._record.violations import Violation, violations

_SENDS: Final = ("sendToConversation", "replyToActivity", "updateActivity", "deleteActivity")

_FIRST_ERROR: Final = 400

# So many go to the database at once.
_BATCH: Final = 500

# Bodies in memory take no more than this, however few they are.
_IN_MEMORY_BYTES: Final = 64 * 1024 * 1024

# A named file is at most so much behind.
_FLUSH_SECONDS: Final = 0.2


class Record:
    """
    All that happened, in order.

    Args:
        db: The database that holds it, and that it goes on from; None for a temporary one.
        in_memory: How many exchanges are kept at hand. Older ones are read from the database.

    Raises:
        RecordFileError: *db* is something else, of another version, or in use.

    Attributes:
        first_number: The number of the first exchange of this run; older ones were read.
    """

    def __init__(self, *, db: Path | str | None = None, in_memory: int = 10_000) -> None:
        self._is_named = db is not None
        self._in_memory = in_memory
        self._recent: deque[Entry] = deque()
        self._recent_bytes = 0
        self._keys: set[int] = set()
        self._listeners: list[Callable[[Exchange], None]] = []
        # With the loop that it is a timer of: where that one has ended, it never goes off.
        self._flushing: tuple[asyncio.AbstractEventLoop, asyncio.TimerHandle] | None = None
        # Made when something has to go there; a file is looked at at once.
        self._store: Store | None = None if db is None else Store(Path(db))
        self._number, self._order, self._run = (
            (0, 0, 1)
            if self._store is None
            else (self._store.last_number, self._store.last_order, self._store.last_run + 1)
        )
        self.first_number: Final = self._number + 1

    @property
    def next_number(self) -> int:
        """
        The number that the next request gets.
        """
        return self._number + 1

    def write(
        self,
        received: Received,
        *,
        wall: float,
        arrival: Arrival,
        reply: Reply | None,
        effect: Effect | None,
        activity_id: str | None = None,
    ) -> Exchange:
        """
        Write down a request, its answer, and what it brought about.

        Args:
            received: Its number is `next_number`.
            wall: Seconds since 1970.
            arrival: The request, as it arrived.
            reply: None when there is no answer.
            effect: None when nothing took effect.
            activity_id: The activity that the request named.
        """
        self._number = received.number
        committed = None
        if effect is not None:
            self._order += 1
            committed = committed_by(received, effect, self._order)
        key = key_of(committed)
        exchange = exchange_of(
            received,
            committed,
            wall=wall,
            arrival=arrival,
            reply=reply,
            activity_id=activity_id,
            repeated=key is not None and self._has(key),
        )
        self._keep(Entry(received, exchange, committed, self._run, key))
        for listener in tuple(self._listeners):
            listener(exchange)
        return exchange

    def listen(self, callback: Callable[[Exchange], None]) -> Callable[[], None]:
        """
        Call *callback* once for each exchange from now on.

        Returns:
            What ends that.
        """
        self._listeners.append(callback)

        def stop() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return stop

    def exchanges(
        self,
        *,
        conversation_id: str | None = None,
        operation: str | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> list[Exchange]:
        """
        Exchanges, oldest first.

        Args:
            conversation_id: Of one conversation; of a channel, with all its threads.
            operation: Of one operation.
            after: A number; those that came later.
            limit: At most so many.
        """
        found = self._entries(root_of(conversation_id), operation=operation, after=after)
        is_thread = conversation_id is not None and conversation_id != thread_root(conversation_id)
        wanted = (
            entry.exchange
            for entry in found
            if not is_thread or entry.exchange.conversation_id == conversation_id
        )
        return list(islice(wanted, limit))

    def exchange(self, number: int) -> Exchange | None:
        """
        The exchange of a number; None when there is none.
        """
        if self._recent and number >= self._recent[0].exchange.number:
            at = number - self._recent[0].exchange.number
            return self._recent[at].exchange if at < len(self._recent) else None
        entry = None if self._store is None else self._store.one(number)
        return None if entry is None else entry.exchange

    def timeline(
        self, conversation_id: str | None = None, since: float = 0.0
    ) -> list[tuple[int, int, int]]:
        """
        How many calls were taken and refused in each second in which there were any.

        Args:
            conversation_id: The sends of one conversation; None for those of all.
            since: Seconds since 1970.

        Returns:
            (second since 1970, taken, refused); refused is what was answered an error.

        Raises:
            OverflowError: *since* is infinite.
            ValueError: *since* is no number.
        """
        root, first = root_of(conversation_id), int(since)
        counted: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
        if self._store is not None:
            for second, taken, refused in self._store.per_second(
                root=root, operations=_SENDS, since=since
            ):
                counted[second] = [taken, refused]
        for entry in self._unstored():
            exchange = entry.exchange
            if (
                exchange.operation in _SENDS
                and int(exchange.wall) >= first
                and root in (None, root_of(exchange.conversation_id))
            ):
                is_error = exchange.status is not None and exchange.status >= _FIRST_ERROR
                if is_error or exchange.status is not None or exchange.committed:
                    counted[int(exchange.wall)][is_error] += 1
        return [(second, taken, refused) for second, (taken, refused) in sorted(counted.items())]

    def dump(self, file: TextIO) -> None:
        """
        Write all exchanges as JSON Lines, oldest first.
        """
        file.writelines(entry.exchange.to_line() for entry in self._entries())

    def received(
        self, operation: str | None = None, conversation_id: str | None = None
    ) -> list[Received]:
        """
        The requests, all or those of one operation or conversation.
        """
        return [
            entry.received
            for entry in self._entries(operation=operation)
            if conversation_id in (None, entry.received.conversation_id)
        ]

    def committed(
        self, conversation_id: str | None = None, operation: str | None = None
    ) -> list[Committed]:
        """
        What took effect, all or that of one conversation or operation.
        """
        return [
            entry.committed
            for entry in self._entries(
                root_of(conversation_id), operation=operation, where="commit_order IS NOT NULL"
            )
            if entry.committed is not None
            and conversation_id in (None, entry.committed.conversation_id)
        ]

    def refused(self) -> list[Received]:
        """
        The requests that were answered with an error.
        """
        return [
            entry.received
            for entry in self._entries(where=f"status >= {_FIRST_ERROR}")
            if entry.received.status is not None and entry.received.status >= _FIRST_ERROR
        ]

    def texts(self, conversation_id: str | None = None) -> list[str]:
        """
        The texts that were posted, in the order in which they took effect.
        """
        return [
            posted.text
            for posted in self.committed(conversation_id)
            if posted.operation in POSTING and posted.text is not None
        ]

    def doubled(self) -> list[Committed]:
        """
        What was posted although the same content was in the conversation already.

        It was posted in the same run: another begins without what was said in the last.
        Content is the activity without its ids and times; the threads of a channel
        are one conversation.
        """
        return [
            entry.committed
            for entry in self._entries(where="repeated")
            if entry.exchange.repeated and entry.committed is not None
        ]

    def lost(self, expected_texts: Iterable[str]) -> list[str]:
        """
        The texts that were never posted, or not as often as expected.
        """
        return list((Multiset(expected_texts) - Multiset(self.texts())).elements())

    def over_limit(self, limits: EmulatorLimits | None = None) -> list[Violation]:
        """
        Every request that a window had no room for, whatever was enforced at the time.

        Args:
            limits: The windows to hold it against; None for those that Teams published. Other
                channels have others, or none: `emulator.profile.limits`.

        Returns:
            A violation for each request and window. A request that was refused for a
            limit is listed but, as for the service, not counted.
        """
        told = ((entry.run, entry.received) for entry in self._entries())
        return list(violations(told, limits or EmulatorLimits()))

    def clear(self) -> None:
        """
        Forget all; numbers go on.
        """
        self._recent.clear()
        self._recent_bytes = 0
        self._keys.clear()
        if self._store is not None:
            self._store.clear()
            self._store.last_number = self._number

    def flush(self) -> None:
        """
        Bring a named database up to date.
        """
        if self._flushing is not None:
            self._flushing[1].cancel()
            self._flushing = None
        if self._is_named and self._store is not None:
            self._save(list(self._unstored()))

    def close(self) -> None:
        """
        Bring a named database up to date, and let go of it; nothing can be asked any longer.
        """
        self.flush()
        if self._store is not None:
            self._store.close()

    def _has(self, key: int) -> bool:
        return key in self._keys or (self._store is not None and self._store.has(key, self._run))

    def _keep(self, entry: Entry) -> None:
        self._recent.append(entry)
        self._recent_bytes += entry.size_bytes
        if entry.key is not None:
            self._keys.add(entry.key)
        if len(self._recent) > self._in_memory + _BATCH or self._recent_bytes > _IN_MEMORY_BYTES:
            self._spill()
        if self._is_named:
            self._flush_soon()

    def _spill(self) -> None:
        # What is left is well below the marks, so that each time is worth it.
        first = list(islice(self._recent, max(_BATCH, len(self._recent) - self._in_memory)))
        self._save(first)
        for entry in first:
            self._recent.popleft()
            self._recent_bytes -= entry.size_bytes

    def _save(self, entries: list[Entry]) -> None:
        if self._store is None:
            self._store = Store(None)
        stored = self._store.last_number
        self._store.write(entry for entry in entries if entry.exchange.number > stored)
        self._keys.difference_update(entry.key for entry in entries if entry.key is not None)

    def _flush_soon(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        if self._flushing is not None:
            whose, timer = self._flushing
            if whose is loop:
                return
            timer.cancel()
        self._flushing = loop, loop.call_later(_FLUSH_SECONDS, self.flush)

    def _unstored(self) -> Iterator[Entry]:
        stored = 0 if self._store is None else self._store.last_number
        return (entry for entry in self._recent if entry.exchange.number > stored)

    def _entries(
        self,
        root: str | bytes | None = None,
        *,
        operation: str | None = None,
        after: int = 0,
        where: str = "1",
    ) -> Iterator[Entry]:
        first = self._recent[0].exchange.number if self._recent else self._number + 1
        if self._store is not None and after + 1 < first:
            older = self._store.read(
                root=root,
                operation=operation,
                after=after,
                where=f"number < {first} AND ({where})",
            )
            yield from older
        for entry in tuple(self._recent):
            exchange = entry.exchange
            if (
                exchange.number > after
                and operation in (None, exchange.operation)
                and root in (None, root_of(exchange.conversation_id))
            ):
                yield entry
