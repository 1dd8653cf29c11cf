"""
The arithmetic of the limits: exact, pure, in integer nanoseconds.

A window (count, per) holds when of any `count + 1` entries the last is at least
`per` after the first. All windows of a quota hold at once. Windows are
half-open: an entry leaves at the very nanosecond that `per` has passed.

A token bucket would not do: it lets 13 through where 7 are allowed. Nor would
floats: they make windows of 0.9999 s out of those of 1 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Self

import attrs

SECOND: Final = 1_000_000_000


class Quota(StrEnum):
    """
    Which of the service's quotas an operation counts against.
    """

    SEND = "send"
    CREATE = "create"
    MEMBERS = "members"
    UNPAGED_MEMBERS = "unpaged_members"
    CONVERSATIONS = "conversations"
    OTHER = "other"


@attrs.frozen
class Window:
    """
    At most *count* entries in any *per* nanoseconds.
    """

    count: int = attrs.field(validator=attrs.validators.ge(1))
    per: int = attrs.field(validator=attrs.validators.ge(1))

    @classmethod
    def of(cls, count: int, seconds: float) -> Self:
        """
        At most *count* entries in any so many seconds.
        """
        return cls(count, round(seconds * SECOND))

    def shared_by(self, processes: int) -> Window:
        """
        The part of one process, where several share one bot.

        All together they never exceed the window, whatever each of them does.
        Only where there are more of them than entries is the time stretched
        instead: then they keep to it in the long run, but not if many begin at once.
        So it is with what counts for more than a part has room for.
        """
        if self.count >= processes:
            return Window(self.count // processes, self.per)
        return Window(1, -(-self.per * processes // self.count))

    def stretched(self, percent: int) -> Window:
        """
        The same count in so many per cent more of time.
        """
        return Window(self.count, self.per + self.per * percent // 100)

    def shrunk(self, factor: float) -> Window:
        """
        That part of the count, one at the least.
        """
        return Window(max(1, int(self.count * factor)), self.per)


Windows = tuple[Window, ...]


def windows(*pairs: tuple[int, float]) -> Windows:
    """
    Windows from pairs of count and seconds.
    """
    return tuple(Window.of(count, seconds) for count, seconds in pairs)


def earliest(
    times: Sequence[int], all_windows: Windows, *, now: int = 0, ahead: int = 0, weight: int = 1
) -> int:
    """
    When the next entry may be made, at the earliest.

    Args:
        times: The entries made so far, ascending, in nanoseconds.
        all_windows: What must hold, all at once.
        now: The time; it matters only with *ahead*.
        ahead: How many others are to be entered before it.
        weight: As how many it counts; a window with room for fewer takes it when it is empty.

    Returns:
        Nanoseconds, 0 where nothing binds. Exact without *ahead*, else a lower bound.
    """
    best = 0
    known = len(times)
    for window in all_windows:
        count, per = window.count, window.per
        back = count - weight + 1 if weight <= count else 1
        if not ahead:
            if back <= known and times[-back] + per > best:
                best = times[-back] + per
            continue
        rounds, place = divmod(ahead + count - back, count)
        back = count - place
        if back <= known:
            best = max(best, times[-back] + (rounds + 1) * per)
        if rounds:
            best = max(best, now + rounds * per)
    return best
