"""
The limits' log, in this process's memory.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

import attrs

from connector_async.limits.quota import SECOND, Windows, earliest

_SHRINK: Final = 0.7
# Until what was refused is tried again, and for how long refusals count as one.
_BACK: Final = 30 * SECOND
_ONE: Final = 5 * SECOND
_LEAST: Final = 0.05
_SILENCE: Final = 60 * SECOND
_SPARE: Final = 8


@attrs.frozen
class Claim:
    """
    A wish to make an entry.

    Attributes:
        key: Whose log: quota, app and conversation, or app and tenant.
        windows: What must hold there.
        on_answer: Whether the entry is made by `settle` when the answer came,
            and not by `admit`: for calls of which only one is under way.
        weight: As how many calls it counts.
    """

    key: str
    windows: Windows
    on_answer: bool = False
    weight: int = 1


@runtime_checkable
class LimitStore(Protocol):
    """
    Where the entries are kept; times are integer nanoseconds of one clock.

    What it does is waited for, before a request and after its answer, within the call's
    deadline: one that is elsewhere needs a timeout of its own, much shorter than that.
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

    async def withdraw(self, claims: Sequence[Claim], at: int) -> None:
        """
        Take back what `admit` entered at that time, where it is still there: nothing has left.
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


@attrs.define(eq=False, weakref_slot=False)
class _Log:
    """
    The entries of one key; small, since there is one for each conversation.

    Attributes:
        times: Ascending.
        keep_count: How many of them the longest windows need.
        keep_time: For how long.
        windows: Those that were entered last.
        trim_at: With how many entries the old ones are dropped. All at once, now and
            then: to drop them one by one would move the others for each.
    """

    times: array[int] = attrs.field(factory=lambda: array("q"))
    keep_count: int = 0
    keep_time: int = 0
    windows: Windows = ()
    trim_at: int = _SPARE

    def enter(self, claim: Claim, now: int) -> None:
        times = self.times
        if claim.windows is not self.windows:
            self._widen(claim.windows)
        times.append(now)
        if claim.weight > 1:
            times.extend([now] * (claim.weight - 1))
        if len(times) >= self.trim_at:
            self._trim(now)
            self.trim_at = 2 * len(times) + _SPARE

    def withdraw(self, at: int, weight: int) -> None:
        end = bisect_right(self.times, at)
        begin = max(end - weight, bisect_left(self.times, at))
        del self.times[begin:end]

    def _trim(self, now: int) -> None:
        expired = bisect_right(self.times, now - self.keep_time)
        del self.times[: max(expired, len(self.times) - self.keep_count)]

    def _widen(self, windows: Windows) -> None:
        self.windows = windows
        for window in windows:
            self.keep_count = max(self.keep_count, window.count)
            self.keep_time = max(self.keep_time, window.per)

    def binds(self, now: int) -> bool:
        return bool(self.times) and self.times[-1] + self.keep_time > now

    def is_missed(self, now: int) -> bool:
        """
        Whether it would matter that it is forgotten, though it binds.
        """
        self._trim(now)
        return self.times[-1] + _SILENCE > now or 2 * len(self.times) >= self.keep_count


@attrs.define(eq=False, weakref_slot=False)
class _Brake:
    """
    What the service's refusals mean for one key.

    Where less is allowed than we thought, nobody says how much less. What was
    refused is approached along a cube, as TCP CUBIC does (RFC 9438): quickly at
    first, then slowly, so that most of the time is spent just below it; beyond
    it ever faster, so that a limit that was lifted is soon used again.

    Attributes:
        paused_until: Nothing is admitted before.
        factor: The part of the count that was allowed after the last refusal.
        refused: The part at which that came.
        shrunk_at: When.
    """

    paused_until: int = 0
    factor: float = 1.0
    refused: float = 1.0
    shrunk_at: int = 0

    def holds(self, now: int) -> bool:
        return self.paused_until > now or self._factor(now) < 1.0

    def shrink(self, now: int) -> None:
        if self.factor < 1.0 and now < self.shrunk_at + _ONE:
            # Calls that were under way together are refused together.
            return
        self.refused = self._factor(now)
        self.factor = max(_LEAST, _SHRINK * self.refused)
        self.shrunk_at = now

    def earliest(self, times: Sequence[int], claim: Claim, now: int, ahead: int) -> int:
        windows, weight = claim.windows, claim.weight
        factor = self._factor(now)
        if factor >= 1.0:
            when = earliest(times, windows, now=now, ahead=ahead, weight=weight)
            return max(self.paused_until, when)
        smaller = tuple(window.shrunk(factor) for window in windows)
        when = earliest(times, smaller, now=now, ahead=ahead, weight=weight)
        # It grows back meanwhile: an hour's window must not be slept through.
        return max(self.paused_until, min(when, now + SECOND))

    def _factor(self, now: int) -> float:
        beyond = (now - self.shrunk_at - _BACK) / _BACK
        grown = self.refused * (1.0 + (1.0 - _SHRINK) * beyond**3)
        return min(1.0, max(self.factor, grown))


class MemoryStore:
    """
    A `LimitStore` for one process.

    A log looks back as far as the longest windows that were entered in it.

    Args:
        max_keys: How many keys are kept. From 99 % of these on one is forgotten
            when it has been silent for a minute and has used less than half of
            its longest window; so it can never go wrong by more than that. Those
            of a busier minute are all kept, however many they are.
    """

    def __init__(self, *, max_keys: int = 100_000) -> None:
        if max_keys < 1:
            raise ValueError(f"max_keys is at least 1, not {max_keys}")
        # Not at the last moment: those that come first may have to stay.
        self._many = max_keys - max_keys // 100
        self._logs: dict[str, _Log] = {}
        # Each key once: whose log is to be looked at next, whether it still binds.
        self._round: deque[str] = deque()
        self._brakes: OrderedDict[str, _Brake] = OrderedDict()

    def __len__(self) -> int:
        return len(self._logs) + len(self._brakes)

    async def admit(self, claims: Sequence[Claim], now: int) -> int:
        """
        Enter all the claims and return 0, or none and say when to ask again.
        """
        if self._brakes:
            self._release_one(now)
        when = self.outlook(claims, now)
        if when > now:
            return when
        for claim in claims:
            if not claim.on_answer:
                self._enter(claim, now)
        return 0

    def outlook(self, claims: Sequence[Claim], now: int, ahead: int = 0) -> int:
        """
        The earliest time for one with so many ahead of it; enters nothing.
        """
        when = 0
        for claim in claims:
            log = self._logs.get(claim.key)
            times = _NO_TIMES if log is None else log.times
            brake = self._brakes.get(claim.key) if self._brakes else None
            if brake is not None:
                when = max(when, brake.earliest(times, claim, now, ahead))
            elif times or ahead:
                first = earliest(times, claim.windows, now=now, ahead=ahead, weight=claim.weight)
                when = max(when, first)
        return when

    async def settle(self, claims: Sequence[Claim], now: int) -> None:
        """
        Enter what `admit` left for the answer.
        """
        for claim in claims:
            if claim.on_answer:
                self._enter(claim, now)

    async def withdraw(self, claims: Sequence[Claim], at: int) -> None:
        """
        Take back what `admit` entered at that time, where it is still there.
        """
        for claim in claims:
            log = self._logs.get(claim.key)
            if log is not None and not claim.on_answer:
                log.withdraw(at, claim.weight)

    async def pause(self, key: str, until: int) -> None:
        """
        Admit nothing on this key before *until*; a longer pause stays.
        """
        brake = self._brakes.setdefault(key, _Brake())
        brake.paused_until = max(brake.paused_until, until)

    async def shrink(self, key: str, now: int) -> None:
        """
        Allow 0.7 of what was allowed; it grows back in half a minute, and on from there.
        """
        self._brakes.setdefault(key, _Brake()).shrink(now)

    def _enter(self, claim: Claim, now: int) -> None:
        log = self._logs.get(claim.key)
        if log is None:
            # What has no limits of its own still counts where others have some.
            if not claim.windows:
                return
            # Two for each that comes, so that the idle ones run out.
            self._look_at_one(now)
            self._look_at_one(now)
            log = self._logs[claim.key] = _Log()
            self._round.append(claim.key)
        log.enter(claim, now)

    def _release_one(self, now: int) -> None:
        key, brake = next(iter(self._brakes.items()))
        if brake.holds(now):
            self._brakes.move_to_end(key)
        else:
            del self._brakes[key]

    def _look_at_one(self, now: int) -> None:
        if not self._round:
            return
        key = self._round[0]
        log = self._logs[key]
        if log.binds(now) and (len(self._logs) < self._many or log.is_missed(now)):
            self._round.rotate(-1)
            return
        self._round.popleft()
        del self._logs[key]


_NO_TIMES: Final[Sequence[int]] = ()
