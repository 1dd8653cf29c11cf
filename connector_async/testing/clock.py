"""
A clock that jumps instead of waiting.
"""

from __future__ import annotations

import asyncio

from connector_async.testing._scope import Scope, first


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
        self._scopes: list[Scope] = []

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
        cut = first(self._scopes)
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

    def timeout_at(self, when: float | None) -> Scope:
        """
        A scope that raises `TimeoutError` when this clock reaches *when*.
        """
        return Scope(self, self._scopes, when)
