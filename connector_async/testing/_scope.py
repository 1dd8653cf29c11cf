"""
A timeout scope that ends by a clock of tests, not by the event loop's.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Protocol, Self


class Tells(Protocol):
    """
    What tells a scope the time.
    """

    def monotonic(self) -> float:
        """
        Seconds that only grow.
        """
        ...


class Scope:
    """
    A scope that raises `TimeoutError` when its clock reaches a time.

    Attributes:
        when: That time; None for never, and once it was reached.
    """

    def __init__(self, clock: Tells, active: list[Scope], when: float | None) -> None:
        self.when = when
        self._clock = clock
        self._active = active
        self._timeout = asyncio.timeout(None)

    def reschedule(self, when: float | None) -> None:
        """
        Let it end at another time; None for never.
        """
        self.when = when
        self.look(self._clock.monotonic())

    def look(self, now: float) -> None:
        """
        End it, where its time has come.
        """
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


def first(scopes: list[Scope]) -> float | None:
    """
    When the first of them ends; None for never.
    """
    return min((scope.when for scope in scopes if scope.when is not None), default=None)
