"""
What the console's pages are told: exchanges as they end, and what changed besides.

Pages hear of it in batches. Who looks in late finds the newest exchanges here; the older
ones are the record's.
"""

from __future__ import annotations

import asyncio
import itertools
import weakref
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import Final, Protocol, TypeAlias

import attrs

from connector_async.emulator._calls.message import JsonObject
from connector_async.emulator._channel.limits import thread_root
from connector_async.emulator._console.views import Delivery, text_of, view_of
from connector_async.emulator._emulator import Emulator
from connector_async.emulator._record.exchange import Exchange
from connector_async.emulator._state.state import ConversationView

Pace: TypeAlias = Callable[[float], Awaitable[object]]
"""
Waits between two batches.
"""

_KEPT: Final = 5_000
_MOST_A_BATCH: Final = 300
_SHOWN_DOUBLED: Final = 50
_SNIPPET: Final = 80

# At most ten batches a second; without news, a look at what nobody tells of.
_BATCH_SECONDS: Final = 0.1
_LOOK_SECONDS: Final = 0.5

# A clock that is further off than this was moved.
_CLOCK_SECONDS: Final = 0.25

_FIRST_ERROR: Final = 400

_Key: TypeAlias = tuple[str | None, str | None, str, str, bytes]


class Listener(Protocol):
    """
    Somebody who is told of exchanges.
    """

    def tell(self, exchange: Exchange) -> None:
        """
        An exchange has ended.
        """
        ...


@attrs.define(kw_only=True)
class Seen:
    """
    An exchange, and what it has to do with those before.

    Attributes:
        attempt: From 1; the same call after one that failed is the next attempt.
        attempts: The numbers of all of them so far.
        wait: Seconds since the attempt before; None for the first.
        asked: What the `Retry-After` of the attempt before said.
    """

    exchange: Exchange
    attempt: int = 1
    attempts: list[int]
    wait: float | None = None
    asked: str | None = None

    def summary(self) -> JsonObject:
        """
        What a list of exchanges shows.
        """
        exchange = self.exchange
        return {
            "number": exchange.number,
            "wall": exchange.wall,
            "operation": exchange.operation,
            "conversation_id": exchange.conversation_id,
            "root": thread_root(exchange.conversation_id or "") or None,
            "activity_id": exchange.activity_id,
            "method": exchange.method,
            "path": exchange.path,
            "status": exchange.status,
            "fault": exchange.fault,
            "throttled": exchange.throttled,
            "repeated": exchange.repeated,
            "attempt": self.attempt,
            "text": text_of(said)[:_SNIPPET] if (said := exchange.activity) else "",
        }


class Feed:
    """
    What happens in one emulator, for any number of pages.

    Attributes:
        deliveries: What became of the latest messages that a bot was sent, by conversation
            and activity.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._kept: deque[Seen] = deque(maxlen=_KEPT)
        self._failed: OrderedDict[_Key, Seen] = OrderedDict()
        self._doubled: deque[Exchange] = deque(maxlen=_SHOWN_DOUBLED)
        self._doubled_count = 0
        self._pages: set[_Page] = set()
        self.deliveries: dict[tuple[str, str], Delivery] = {}
        self._begin()
        listen_while_alive(emulator, self)

    def tell(self, exchange: Exchange) -> None:
        """
        An exchange has ended.
        """
        self._look()
        seen = self._take(exchange)
        for page in self._pages:
            page.hear(seen)

    def deliver(self, conversation_id: str, activity_id: str, delivery: Delivery) -> None:
        """
        Something became of a message that a bot was sent.
        """
        self.deliveries[conversation_id, activity_id] = delivery
        if len(self.deliveries) > _KEPT:
            del self.deliveries[next(iter(self.deliveries))]
        self.touch(conversation_id)

    def touch(self, conversation_id: str) -> None:
        """
        A conversation changed otherwise.
        """
        for page in self._pages:
            page.touch(conversation_id)

    def seen(self, conversation_id: str | None) -> list[Seen]:
        """
        The newest exchanges, of one conversation or of all, oldest first.
        """
        self._look()
        return [
            seen
            for seen in self._kept
            if conversation_id is None
            or conversation_id
            in (
                seen.exchange.conversation_id,
                thread_root(seen.exchange.conversation_id or ""),
            )
        ]

    def of(self, exchange: Exchange) -> Seen:
        """
        What an exchange has to do with those before, as far as that is still known.
        """
        for seen in reversed(self._kept):
            if seen.exchange.number == exchange.number:
                return seen
        return Seen(exchange=exchange, attempts=[exchange.number])

    def doubled(self) -> JsonObject:
        """
        How much was doubled, and the latest of it.
        """
        self._look()
        names = {view.id: view.name for view in self._emulator.conversations()}
        items = [
            {
                "number": exchange.number,
                "conversation_id": thread_root(exchange.conversation_id or ""),
                "name": names.get(thread_root(exchange.conversation_id or "")),
                "activity_id": exchange.activity_id,
                "text": text_of(exchange.activity),
            }
            for exchange in reversed(self._doubled)
        ]
        return {"count": self._doubled_count, "items": items}

    def clock(self) -> JsonObject:
        """
        What time it is.
        """
        clock = self._emulator.clock
        return {
            "wall": clock.wall(),
            "frozen": getattr(clock, "frozen", False),
            "movable": hasattr(clock, "freeze"),
        }

    async def batches(self, pace: Pace = asyncio.sleep) -> AsyncGenerator[JsonObject, None]:
        """
        What is new from now on, until nobody asks any longer.
        """
        page = _Page(self._emulator)
        self._pages.add(page)
        try:
            while True:
                await page.wait()
                self._look()
                news = page.news()
                if news is not None:
                    yield {**news, "clock": self.clock(), "doubled": self.doubled()}
                await pace(_BATCH_SECONDS)
        finally:
            self._pages.discard(page)

    def _begin(self) -> None:
        record = self._emulator.record
        for exchange in record.exchanges(after=record.next_number - 1 - _KEPT, limit=_KEPT):
            self._take(exchange)
        doubled = record.doubled()
        self._doubled_count = len(doubled)
        latest = (record.exchange(one.number) for one in doubled[-_SHOWN_DOUBLED:])
        self._doubled = deque((one for one in latest if one is not None), maxlen=_SHOWN_DOUBLED)

    def _take(self, exchange: Exchange) -> Seen:
        key = _key(exchange)
        before = self._failed.pop(key, None)
        seen = Seen(exchange=exchange, attempts=[] if before is None else before.attempts)
        seen.attempts.append(exchange.number)
        if before is not None:
            seen.attempt = before.attempt + 1
            seen.wait = exchange.time - before.exchange.time
            seen.asked = _retry_after(before.exchange)
        if exchange.status is None or exchange.status >= _FIRST_ERROR:
            self._failed[key] = seen
            if len(self._failed) > _KEPT:
                self._failed.popitem(last=False)
        self._kept.append(seen)
        if exchange.repeated:
            self._doubled.append(exchange)
            self._doubled_count += 1
        return seen

    def _look(self) -> None:
        # Nobody tells when a record is cleared; it does not know its newest any longer.
        if not self._kept or self._emulator.record.exchange(self._kept[-1].exchange.number):
            return
        self._kept.clear()
        self._failed.clear()
        self._doubled.clear()
        self._doubled_count = 0
        self.deliveries.clear()
        for page in self._pages:
            page.clear()


class _Page:
    """
    One page that listens, and what it was not told yet.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._woken = asyncio.Event()
        self._heard: list[Seen] = []
        self._skipped = 0
        self._touched: set[str] = set()
        self._is_cleared = False
        self._known = _by_id(emulator.conversations())
        self._limits = emulator.limits
        self._time = self._times()

    def hear(self, seen: Seen) -> None:
        if len(self._heard) < _MOST_A_BATCH:
            self._heard.append(seen)
        else:
            self._skipped += 1
        self.touch(thread_root(seen.exchange.conversation_id or ""))

    def touch(self, conversation_id: str) -> None:
        self._touched.add(conversation_id)
        self._woken.set()

    def clear(self) -> None:
        self._heard, self._skipped, self._is_cleared = [], 0, True
        self._woken.set()

    async def wait(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()

    def news(self) -> JsonObject | None:
        heard, skipped, touched = self._heard, self._skipped, self._touched
        is_cleared = self._is_cleared
        self._heard, self._skipped, self._touched = [], 0, set()
        self._is_cleared = False
        views = self._emulator.conversations()
        changed = [view for view in views if view.id in touched or self._known.get(view.id) != view]
        is_whole = len(views) < len(self._known) + len(
            [view for view in changed if view.id not in self._known]
        )
        self._known = _by_id(views)
        limits = self._changed_limits()
        if not (heard or changed or is_whole or is_cleared or limits or self._clock_was_moved()):
            return None
        self._time = self._times()
        return {
            "exchanges": [seen.summary() for seen in heard],
            "skipped": skipped,
            "cleared": is_cleared,
            "whole": is_whole,
            "conversations": [
                view_of(self._emulator, view) for view in (views if is_whole else changed)
            ],
            "limits": limits,
        }

    def _changed_limits(self) -> JsonObject | None:
        limits = self._emulator.limits
        if limits == self._limits:
            return None
        self._limits = limits
        return limits_of(self._emulator)

    def _clock_was_moved(self) -> bool:
        frozen, wall, running = self._times()
        was_frozen, before, since = self._time
        passed = 0.0 if was_frozen else running - since
        return frozen != was_frozen or abs(wall - before - passed) > _CLOCK_SECONDS

    def _times(self) -> tuple[bool, float, float]:
        clock = self._emulator.clock
        frozen = bool(getattr(clock, "frozen", False))
        return frozen, clock.wall(), asyncio.get_running_loop().time()


def limits_of(emulator: Emulator) -> JsonObject:
    """
    The windows that the timeline draws.
    """
    return {"send": emulator.limits.send, "tenant": emulator.limits.tenant}


def _by_id(views: Iterable[ConversationView]) -> dict[str, ConversationView]:
    return {view.id: view for view in views}


def _key(exchange: Exchange) -> _Key:
    return (
        exchange.conversation_id,
        exchange.operation,
        exchange.method,
        f"{exchange.path}?{exchange.query}",
        exchange.request_body,
    )


def _retry_after(exchange: Exchange) -> str | None:
    for name, value in exchange.response_headers.items():
        if name.lower() == "retry-after":
            return value
    return None


def listen_while_alive(emulator: Emulator, listener: Listener) -> None:
    """
    Tell somebody of exchanges for as long as it lives.

    A server that is gone leaves nothing behind in an emulator that is served again.
    """
    alive = weakref.ref(listener)

    def told(exchange: Exchange) -> None:
        listening = alive()
        if listening is not None:
            listening.tell(exchange)

    weakref.finalize(listener, emulator.record.listen(told))


EPOCHS: Final = itertools.count(1)
"""
Tells one reading of a thread from another.
"""
