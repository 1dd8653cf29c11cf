"""
The limits' log, in this process's memory.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

import attrs

from connector_async.limits.quota import SECOND, Windows, earliest

_PEACE: Final = 60 * SECOND
_SHRINK: Final = 0.7
_LEAST: Final = 0.05


@attrs.frozen
class Claim:
    """
    A wish to make an entry.

    Attributes:
        key: Whose log: quota, app and conversation, or app and tenant.
        windows: What must hold there.
        on_answer: Whether the entry is made by `settle` when the answer came,
            and not by `admit`: for calls of which only one is under way.
    """

    key: str
    windows: Windows
    on_answer: bool = False


@runtime_checkable
class LimitStore(Protocol):
    """
    Where the entries are kept; times are integer nanoseconds of one clock.
    """

    async def admit(self, claims: Sequence[Claim], now: int) -> int:
        """
        Enter all the claims and return 0, or none and say when to ask again.
        """
        ...

    def outlook(self, claims: Sequence[Claim], now: int, ahead: int = 0) -> int:
        """
        The earliest time for one with so many ahead of it, as far as is known here.

        It enters nothing and asks nobody; 0 is always a right answer.
        """
        ...

    async def settle(self, claims: Sequence[Claim], now: int) -> None:
        """
        Enter what `admit` left for the answer.
        """
        ...

    async def pause(self, key: str, until: int) -> None:
        """
        Admit nothing on this key before *until*.
        """
        ...

    async def shrink(self, key: str, now: int) -> None:
        """
        The service refused what the windows allowed: allow less for a while.
        """
        ...


@attrs.define(eq=False)
class _Log:
    times: deque[int] = attrs.field(factory=deque[int])
    keep_count: int = 0
    keep_time: int = 0
    paused_until: int = 0
    factor: float = 1.0
    shrunk_at: int = 0

    def earliest(self, windows: Windows, now: int, ahead: int) -> int:
        factor = self._factor(now)
        if factor >= 1.0:
            return max(self.paused_until, earliest(self.times, windows, now=now, ahead=ahead))
        smaller = tuple(window.shrunk(factor) for window in windows)
        when = max(self.paused_until, earliest(self.times, smaller, now=now, ahead=ahead))
        # It grows back meanwhile: an hour's window must not be slept through.
        return when if when <= now else max(self.paused_until, min(when, now + SECOND))

    def enter(self, windows: Windows, now: int) -> None:
        for window in windows:
            self.keep_count = max(self.keep_count, window.count)
            self.keep_time = max(self.keep_time, window.per)
        while self.times and self.times[0] + self.keep_time <= now:
            self.times.popleft()
        self.times.append(now)
        if len(self.times) > self.keep_count:
            self.times.popleft()

    def shrink(self, now: int) -> None:
        self.factor = max(_LEAST, _SHRINK * self._factor(now))
        self.shrunk_at = now

    def binds(self, now: int) -> bool:
        return (
            bool(self.times and self.times[-1] + self.keep_time > now)
            or self.paused_until > now
            or self._factor(now) < 1.0
        )

    def _factor(self, now: int) -> float:
        if self.factor >= 1.0:
            return 1.0
        grown = self.factor + (1.0 - self.factor) * ((now - self.shrunk_at) / _PEACE)
        if grown >= 1.0:
            self.factor = 1.0
        return min(grown, 1.0)


class MemoryStore:
    """
    A `LimitStore` for one process.

    A log looks back as far as the longest windows that were entered in it.

    Args:
        max_keys: How many keys are kept, at the most, beyond those whose
            windows still bind.
    """

    def __init__(self, *, max_keys: int = 100_000) -> None:
        if max_keys < 1:
            raise ValueError(f"max_keys is at least 1, not {max_keys}")
        self._max_keys = max_keys
        # Least recently touched first.
        self._logs: OrderedDict[str, _Log] = OrderedDict()

    def __len__(self) -> int:
        return len(self._logs)

    async def admit(self, claims: Sequence[Claim], now: int) -> int:
        """
        Enter all the claims and return 0, or none and say when to ask again.
        """
        when = self._earliest(claims, now, 0)
        if when > now:
            return when
        self._enter([claim for claim in claims if not claim.on_answer], now)
        return 0

    def outlook(self, claims: Sequence[Claim], now: int, ahead: int = 0) -> int:
        """
        The earliest time for one with so many ahead of it; enters nothing.
        """
        return self._earliest(claims, now, ahead)

    async def settle(self, claims: Sequence[Claim], now: int) -> None:
        """
        Enter what `admit` left for the answer.
        """
        self._enter([claim for claim in claims if claim.on_answer], now)

    async def pause(self, key: str, until: int) -> None:
        """
        Admit nothing on this key before *until*; a longer pause stays.
        """
        log = self._touch(key)
        log.paused_until = max(log.paused_until, until)

    async def shrink(self, key: str, now: int) -> None:
        """
        Allow 0.7 of what was allowed; it grows back within a minute of peace.
        """
        self._touch(key).shrink(now)

    def _earliest(self, claims: Sequence[Claim], now: int, ahead: int) -> int:
        when = 0
        for claim in claims:
            log = self._logs.get(claim.key)
            if log is not None:
                when = max(when, log.earliest(claim.windows, now, ahead))
            elif ahead:
                when = max(when, earliest((), claim.windows, now=now, ahead=ahead))
        return when

    def _enter(self, claims: Sequence[Claim], now: int) -> None:
        for claim in claims:
            # What has no limits of its own still counts where others have some.
            if claim.windows or claim.key in self._logs:
                self._touch(claim.key).enter(claim.windows, now)
        self._forget(now)

    def _touch(self, key: str) -> _Log:
        log = self._logs.get(key)
        if log is None:
            log = self._logs[key] = _Log()
        else:
            self._logs.move_to_end(key)
        return log

    def _forget(self, now: int) -> None:
        # Two for each one that may have come, so that the idle ones run out.
        for _ in range(2):
            if not self._logs:
                return
            key, log = next(iter(self._logs.items()))
            if not log.binds(now):
                del self._logs[key]
            elif len(self._logs) > self._max_keys:
                self._logs.move_to_end(key)
            else:
                return
