"""
The published limits, counted as the service counts: by what arrived, in sliding windows.

Time is in integer nanoseconds here, so that a window of one second is neither more nor less.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

import attrs
from attrs import validators

Window: TypeAlias = tuple[int, float]
"""
At most so many calls in so many seconds.
"""

Windows: TypeAlias = tuple[Window, ...]

Scenario: TypeAlias = Literal[
    "send", "stream", "create", "members", "unpaged_members", "conversations", "tenant"
]

# So many counters are known before those that nothing is in any longer are looked for.
_FEW_LOGS: Final = 10_000

# Of calls and of seconds: a window beyond that bounds nothing, and could not be counted.
_MOST: Final = 1_000_000_000

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
    if not all(1 <= count <= _MOST and 0 < seconds <= _MOST for count, seconds in windows):
        msg = f"a window is (calls, seconds), both above zero and at most {_MOST:,}, not {windows}"
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
        stream: The chunks of a text that grows, besides.
        tenant: All operations of one app in one tenant.
        retry_after: Whether a refusal says how long to wait.

    Source:
        "Rate limiting for agents" (Microsoft Teams, 2026); the unpaged roster from
        "Get Teams specific context for your bot", the chunks from "Stream bot messages".
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
    stream: Windows = attrs.field(default=((1, 1),), converter=_windows)
    tenant: Windows = attrs.field(default=((50, 1),), converter=_windows)
    retry_after: bool = attrs.field(default=True, validator=validators.instance_of(bool))

    @classmethod
    def off(cls) -> EmulatorLimits:
        """
        Let everything through.
        """
        return cls(
            send=(),
            stream=(),
            create=(),
            members=(),
            unpaged_members=(),
            conversations=(),
            tenant=(),
        )

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


def counters_of(
    operation: str, *, app: str, subject: str, tenant: str, is_chunk: bool = False
) -> tuple[Counter, ...]:
    """
    All counters of one call.
    """
    scenarios = _SCENARIOS.get(operation, ())
    own = tuple(
        Counter(scenario=scenario, app=app, subject=subject)
        for scenario in (("stream", *scenarios) if is_chunk else scenarios)
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
        self._most_logs = _FEW_LOGS

    def admit(self, counters: Iterable[Counter], now: int, weight: int = 1) -> int:
        """
        Count a call at *now* and return 0, or return how long all windows need to have room.

        Args:
            counters: What it is counted in.
            now: Nanoseconds.
            weight: As how many calls it counts.
        """
        if len(self._logs) >= self._most_logs:
            self._forget_old(now)
        counted = [counter for counter in counters if self.limits.of(counter.scenario)]
        free_at = max((self._free_at(counter, now, weight) for counter in counted), default=now)
        if free_at > now:
            return free_at - now
        for counter in counted:
            self._log(counter).extend([now] * weight)
        return 0

    def _free_at(self, counter: Counter, now: int, weight: int) -> int:
        log = self._log(counter)
        waits = (
            # A window with less room than is asked for has to be empty.
            log[-max(1, count - weight + 1)] + nanoseconds(seconds)
            for count, seconds in self.limits.of(counter.scenario)
            if len(log) > max(0, count - weight)
        )
        return max(waits, default=now)

    def _forget_old(self, now: int) -> None:
        self._logs = {
            counter: log
            for counter, log in self._logs.items()
            if log and now < log[-1] + self._longest(counter)
        }
        self._most_logs = max(_FEW_LOGS, 2 * len(self._logs))

    def _longest(self, counter: Counter) -> int:
        return nanoseconds(max(seconds for _, seconds in self.limits.of(counter.scenario)))

    def _log(self, counter: Counter) -> deque[int]:
        if counter not in self._logs:
            longest = max(count for count, _ in self.limits.of(counter.scenario))
            self._logs[counter] = deque(maxlen=longest)
        return self._logs[counter]
