"""
The published limits, counted as the service counts: by what arrived, in sliding windows.

Time is in integer nanoseconds here, so that a window of one second is neither more nor less.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

import attrs

Window: TypeAlias = tuple[int, float]
"""
At most so many calls in so many seconds.
"""

Windows: TypeAlias = tuple[Window, ...]

Scenario: TypeAlias = Literal[
    "send", "create", "members", "unpaged_members", "conversations", "tenant"
]

_THREAD_SUFFIX: Final = ";messageid="

# The operations that are counted for themselves; `tenant` counts all.
_SCENARIOS: Final[dict[str, tuple[Scenario, ...]]] = {
    "sendToConversation": ("send",),
    "replyToActivity": ("send",),
    "updateActivity": ("send",),
    "deleteActivity": ("send",),
    "createConversation": ("create",),
    "getConversationMembers": ("members", "unpaged_members"),
    "getConversationPagedMembers": ("members",),
    "getConversationMember": ("members",),
    "getActivityMembers": ("members",),
    "getConversations": ("conversations",),
}


def _windows(value: Iterable[tuple[int, float]]) -> Windows:
    windows = tuple((int(count), float(seconds)) for count, seconds in value)
    if any(count < 1 or seconds <= 0 for count, seconds in windows):
        msg = f"a window is (calls, seconds), both above zero, not {windows}"
        raise ValueError(msg)
    return windows


@attrs.frozen(kw_only=True)
class EmulatorLimits:
    """
    How many calls are let through, each as (calls, seconds) windows that all hold at once.

    Attributes:
        send: Send, reply, update and delete together, in one conversation.
        create: Creations for one member, or in one channel.
        members: The roster calls of one conversation.
        unpaged_members: The roster call without pages, besides.
        conversations: The list of conversations.
        tenant: All operations of one app in one tenant.

    Source:
        "Rate limiting for agents" (Microsoft Teams, 2026); the unpaged roster from
        "Get Teams specific context for your bot".
    """

    send: Windows = attrs.field(
        default=((7, 1), (8, 2), (60, 30), (1800, 3600)), converter=_windows
    )
    create: Windows = attrs.field(
        default=((7, 1), (8, 2), (60, 30), (1800, 3600)), converter=_windows
    )
    members: Windows = attrs.field(
        default=((14, 1), (16, 2), (120, 30), (3600, 3600)), converter=_windows
    )
    unpaged_members: Windows = attrs.field(default=((5, 60),), converter=_windows)
    conversations: Windows = attrs.field(
        default=((14, 1), (16, 2), (120, 30), (3600, 3600)), converter=_windows
    )
    tenant: Windows = attrs.field(default=((50, 1),), converter=_windows)

    @classmethod
    def off(cls) -> EmulatorLimits:
        """
        Let everything through.
        """
        return cls(send=(), create=(), members=(), unpaged_members=(), conversations=(), tenant=())

    def of(self, scenario: Scenario) -> Windows:
        """
        The windows of one scenario.
        """
        windows: Windows = getattr(self, scenario)
        return windows


@attrs.frozen(kw_only=True)
class Counter:
    """
    What a call is counted in.

    Attributes:
        app: Whose call it is; empty without a token.
        subject: The conversation, member, channel or tenant.
    """

    scenario: Scenario
    app: str
    subject: str


def counters_of(operation: str, *, app: str, subject: str, tenant: str) -> tuple[Counter, ...]:
    """
    All counters of one call.
    """
    own = tuple(
        Counter(scenario=scenario, app=app, subject=subject)
        for scenario in _SCENARIOS.get(operation, ())
    )
    return (*own, Counter(scenario="tenant", app=app, subject=tenant))


def thread_root(conversation_id: str) -> str:
    """
    The conversation that a thread belongs to; the threads of a channel share its limits.
    """
    return conversation_id.partition(_THREAD_SUFFIX)[0]


def thread_id(channel_id: str, message_id: str) -> str:
    """
    The conversation id of one thread of a channel.
    """
    return f"{channel_id}{_THREAD_SUFFIX}{message_id}"


def nanoseconds(seconds: float) -> int:
    """
    A time or a duration, exactly enough to compare.
    """
    return round(seconds * 1_000_000_000)


class Limiter:
    """
    Admits calls while every window has room; a refused call is not counted.
    """

    def __init__(self, limits: EmulatorLimits) -> None:
        self.limits = limits
        self._logs: dict[Counter, deque[int]] = {}

    def admit(self, counters: Iterable[Counter], now: int) -> int:
        """
        Count a call at *now* and return 0, or return how long all windows need to have room.
        """
        counted = [counter for counter in counters if self.limits.of(counter.scenario)]
        free_at = max((self._free_at(counter, now) for counter in counted), default=now)
        if free_at > now:
            return free_at - now
        for counter in counted:
            self._log(counter).append(now)
        return 0

    def _free_at(self, counter: Counter, now: int) -> int:
        log = self._log(counter)
        waits = (
            log[-count] + nanoseconds(seconds)
            for count, seconds in self.limits.of(counter.scenario)
            if len(log) >= count
        )
        return max(waits, default=now)

    def _log(self, counter: Counter) -> deque[int]:
        if counter not in self._logs:
            longest = max(count for count, _ in self.limits.of(counter.scenario))
            self._logs[counter] = deque(maxlen=longest)
        return self._logs[counter]
