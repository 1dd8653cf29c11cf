"""
Lines of callers: one inside at a time, the others behind it.

Who ranks first goes first, and of equals who came first. Every tenth turn goes
to who has waited longest, whatever the ranks, so that nobody waits for ever.
A line is known by its key and vanishes when it is empty.
"""

from __future__ import annotations

import asyncio
import itertools
from bisect import bisect_left, insort_right
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final

import attrs

Rank = Callable[[], int]
"""
Tells a caller's rank: the lower, the earlier its turn.
"""

_BY_AGE: Final = 10


def _equal() -> int:
    return 0


@attrs.define(eq=False)
class _Place:
    number: int
    rank: Rank
    turn: asyncio.Future[None]
    standing: tuple[int, int] = (0, 0)

    def stand(self) -> tuple[int, int]:
        self.standing = (self.rank(), self.number)
        return self.standing


def _standing(place: _Place) -> tuple[int, int]:
    return place.standing


def _age(place: _Place) -> int:
    return place.number


@attrs.define(eq=False)
class _Line:
    places: list[_Place] = attrs.field(factory=list[_Place])
    until_sorted: int = 0
    until_by_age: int = _BY_AGE

    @property
    def are_equal(self) -> bool:
        # Then the first one is the eldest, which need not be looked for.
        return self.places[0].standing[0] == self.places[-1].standing[0]

    def ahead_of(self, rank: int) -> int:
        return bisect_left(self.places, (rank + 1, 0), key=_standing)

    def join(self, place: _Place) -> None:
        place.stand()
        insort_right(self.places, place, key=_standing)

    def part(self, place: _Place) -> None:
        index = bisect_left(self.places, place.standing, key=_standing)
        # Who left in the same breath may have passed it over already.
        if self.places[index : index + 1] == [place]:
            del self.places[index]

    def first(self) -> _Place:
        # Ranks change meanwhile. To ask each of them once for each that leaves
        # would cost the square of the line's length.
        if self.until_sorted <= 0:
            self.places.sort(key=_Place.stand)
            self.until_sorted = len(self.places)
        self.until_sorted -= 1
        self.until_by_age -= 1
        if self.until_by_age > 0 or self.are_equal:
            return self.places.pop(0)
        self.until_by_age = _BY_AGE
        eldest = min(self.places, key=_age)
        self.part(eldest)
        return eldest


class Lines:
    """
    Any number of lines.
    """

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._lines)

    def ahead(self, key: str, rank: int = 0) -> int:
        """
        How many would be ahead of one who came now, the one inside included.
        """
        line = self._lines.get(key)
        return 0 if line is None else line.ahead_of(rank) + 1

    async def enter(self, key: str, rank: Rank = _equal) -> None:
        """
        Come in, when the one inside and all who are ahead have left.

        A caller that is cancelled while it waits leaves no trace. To each
        `enter` that returned belongs one `leave`.

        Args:
            key: Which line.
            rank: Tells the caller's rank; asked again now and then.
        """
        line = self._lines.get(key)
        if line is None:
            self._lines[key] = _Line()
            return
        turn = asyncio.get_running_loop().create_future()
        place = _Place(next(self._numbers), rank, turn)
        line.join(place)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                line.part(place)
            else:
                # Let in and cancelled in one breath: the next one must not wait for us.
                self.leave(key)
            raise

    def leave(self, key: str) -> None:
        """
        Go, and let the next one in.
        """
        line = self._lines[key]
        while line.places:
            turn = line.first().turn
            if not turn.done():
                turn.set_result(None)
                return
        del self._lines[key]

    @asynccontextmanager
    async def hold(self, key: str, rank: Rank = _equal) -> AsyncGenerator[None]:
        """
        Be inside for the length of a block.
        """
        await self.enter(key, rank)
        try:
            yield
        finally:
            self.leave(key)
