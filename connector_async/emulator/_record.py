"""
The record of truth: what was received, what took effect, and what can be said of both.

A client's word for what it did is worth nothing against this.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections import Counter as Multiset
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from connector_async.emulator._limits import (
    Counter,
    EmulatorLimits,
    Window,
    nanoseconds,
    thread_root,
)
from connector_async.emulator._message import JsonObject, as_object
from connector_async.emulator._operations import Effect

# The operations that say something; an update says it in place of something else.
_POSTING: Final = frozenset(
    ("createConversation", "sendToConversation", "sendConversationHistory", "replyToActivity")
)

_NOT_CONTENT: Final = ("id", "timestamp", "localTimestamp")

_FIRST_ERROR: Final = 400


@attrs.frozen(kw_only=True)
class Received:
    """
    A request for one of the fifteen, or for something in their place.

    Attributes:
        number: From 1, in the order of arrival; `X-Correlating-OperationId` ends with it.
        time: Seconds, by the emulator's monotonic clock.
        operation: None when method and path name none.
        token: Which token it came with, by a label that cannot be used as one.
        status: What was answered; None when the connection was reset instead.
        fault: What was done to it on purpose.
        throttled: It was refused for a limit.
        counters: What it was counted in, or refused for; empty when it never got that far.
    """

    number: int
    time: float
    operation: str | None
    conversation_id: str | None
    token: str
    status: int | None
    fault: str | None = None
    throttled: bool = False
    counters: tuple[Counter, ...] = ()


@attrs.frozen(kw_only=True)
class Committed:
    """
    Something that took effect.

    Attributes:
        order: From 1, in the order in which things took effect.
        number: Of the request that did it.
        activity_id: The activity that came to be, or was changed.
        digest: Equal for equal content; None when nothing was said.
    """

    order: int
    number: int
    time: float
    operation: str
    conversation_id: str | None
    activity_id: str | None
    text: str | None
    digest: str | None
    token: str


@attrs.frozen(kw_only=True)
class Violation:
    """
    A request for which a window had no room.

    Attributes:
        number: Of the request.
        counter: Whose window it is.
        window: At most so many calls in so many seconds.
        calls: How many there were, with this one.
    """

    number: int
    time: float
    counter: Counter
    window: Window
    calls: int


class Record:
    """
    All that happened, in order.
    """

    def __init__(self) -> None:
        self._received: list[Received] = []
        self._committed: list[Committed] = []

    @property
    def next_number(self) -> int:
        """
        The number that the next request gets.
        """
        return len(self._received) + 1

    def receive(self, received: Received) -> None:
        """
        Write down a request.
        """
        self._received.append(received)

    def commit(self, by: Received, effect: Effect) -> None:
        """
        Write down what a request brought about.
        """
        self._committed.append(
            Committed(
                order=len(self._committed) + 1,
                number=by.number,
                time=by.time,
                operation=str(by.operation),
                conversation_id=effect.conversation_id,
                activity_id=effect.activity_id,
                text=_text(effect.content),
                digest=_digest(effect.content),
                token=by.token,
            )
        )

    def received(
        self, operation: str | None = None, conversation_id: str | None = None
    ) -> list[Received]:
        """
        The requests, all or those of one operation or conversation.
        """
        return [
            received
            for received in self._received
            if operation in (None, received.operation)
            and conversation_id in (None, received.conversation_id)
        ]

    def committed(
        self, conversation_id: str | None = None, operation: str | None = None
    ) -> list[Committed]:
        """
        What took effect, all or that of one conversation or operation.
        """
        return [
            committed
            for committed in self._committed
            if conversation_id in (None, committed.conversation_id)
            and operation in (None, committed.operation)
        ]

    def refused(self) -> list[Received]:
        """
        The requests that were answered with an error.
        """
        return [
            received
            for received in self._received
            if received.status is not None and received.status >= _FIRST_ERROR
        ]

    def texts(self, conversation_id: str | None = None) -> list[str]:
        """
        The texts that were posted, in the order in which they took effect.
        """
        return [posted.text for posted in self._posted(conversation_id) if posted.text is not None]

    def doubled(self) -> list[Committed]:
        """
        What was posted although the same content was in the conversation already.

        Content is the activity without its ids and times; the threads of a channel
        are one conversation.
        """
        seen: set[tuple[str, str]] = set()
        doubled: list[Committed] = []
        for posted in self._posted():
            if posted.digest is None:
                continue
            said = (thread_root(posted.conversation_id or ""), posted.digest)
            if said in seen:
                doubled.append(posted)
            seen.add(said)
        return doubled

    def lost(self, expected_texts: Iterable[str]) -> list[str]:
        """
        The texts that were never posted, or not as often as expected.
        """
        return list((Multiset(expected_texts) - Multiset(self.texts())).elements())

    def over_limit(self, limits: EmulatorLimits | None = None) -> list[Violation]:
        """
        Every request that a window had no room for, whatever was enforced at the time.

        Args:
            limits: The windows to hold it against; None for the published ones.

        Returns:
            A violation for each request and window. A request that was refused for a
            limit is listed but, as for the service, not counted.
        """
        return list(_violations(self._received, limits or EmulatorLimits()))

    def _posted(self, conversation_id: str | None = None) -> list[Committed]:
        return [
            committed
            for committed in self.committed(conversation_id)
            if committed.operation in _POSTING
        ]


def _violations(requests: Iterable[Received], limits: EmulatorLimits) -> Iterator[Violation]:
    counted: defaultdict[Counter, list[int]] = defaultdict(list)
    for request in requests:
        now = nanoseconds(request.time)
        for counter in request.counters:
            times = counted[counter]
            for window in limits.of(counter.scenario):
                calls = _calls_within(times, window, now) + 1
                if calls > window[0]:
                    yield Violation(
                        number=request.number,
                        time=request.time,
                        counter=counter,
                        window=window,
                        calls=calls,
                    )
            if not request.throttled:
                times.append(now)


def _calls_within(times: list[int], window: Window, now: int) -> int:
    # Half open: a call counts until its window is over, and no longer.
    return len(times) - bisect_right(times, now - nanoseconds(window[1]))


def _text(content: object) -> str | None:
    text = as_object(content).get("text")
    return text if isinstance(text, str) else None


def _digest(content: object) -> str | None:
    if content is None:
        return None
    canonical = json.dumps(_without_ids(as_object(content)), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _without_ids(content: JsonObject) -> JsonObject:
    return {name: value for name, value in content.items() if name not in _NOT_CONTENT}
