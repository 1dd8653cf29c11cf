"""
A clock that jumps instead of waiting.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self


class FakeClock:
    """
    A clock on which a sleep takes no time, and is remembered.

    It is meant for one task at a time: a sleep moves the time for all. Timeout
    scopes end when a sleep, or `advance()`, reaches their time.

    Attributes:
        slept: The seconds of each sleep, in order.
    """

    def __init__(self, *, monotonic: float = 1_000.0, wall: float = 1_700_000_000.0) -> None:
        self.slept: list[float] = []
        self._monotonic = monotonic
        self._wall_ahead = wall - monotonic
        self._scopes: list[_Scope] = []

    def monotonic(self) -> float:
        """
        Seconds that only grow.
        """
        return self._monotonic

    def wall(self) -> float:
        """
        Seconds since 1970.
        """
        return self._monotonic + self._wall_ahead

    async def sleep(self, seconds: float) -> None:
        """
        Jump; where a timeout comes first, jump there and be cut by it.
        """
        self.slept.append(seconds)
        target = self._monotonic + max(0.0, seconds)
        cut = min((scope.when for scope in self._scopes if scope.when is not None), default=None)
        if cut is not None and cut <= target:
            self.advance(max(0.0, cut - self._monotonic))
            await asyncio.get_running_loop().create_future()
        self.advance(target - self._monotonic)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """
        Let time pass, and end the timeout scopes that it reaches.
        """
        self._monotonic += seconds
        for scope in self._scopes:
            scope.look(self._monotonic)

    def timeout_at(self, when: float | None) -> _Scope:
        """
        A scope that raises `TimeoutError` when this clock reaches *when*.
        """
        return _Scope(self, self._scopes, when)


class _Scope:
    def __init__(self, clock: FakeClock, active: list[_Scope], when: float | None) -> None:
        self.when = when
        self._clock = clock
        self._active = active
        self._timeout = asyncio.timeout(None)

    def reschedule(self, when: float | None) -> None:
        self.when = when
        self.look(self._clock.monotonic())

    def look(self, now: float) -> None:
        if self.when is not None and self.when <= now:
            # It ends once; what is done on the way out is not cut again.
            self.when = None
            self._timeout.reschedule(asyncio.get_running_loop().time())

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        self._active.append(self)
        self.look(self._clock.monotonic())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._active.remove(self)
        await self._timeout.__aexit__(kind, error, traceback)
