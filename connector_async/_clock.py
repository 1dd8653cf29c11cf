"""
Time, as one dependency.

Steps take a `Clock`, so that a test can hand them one that does not wait.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Scope(Protocol):
    """
    A timeout that is under way.
    """

    def reschedule(self, when: float | None) -> None:
        """
        Let it end at another time; None for never.
        """
        ...


class Clock(Protocol):
    """
    What the library asks of time.
    """

    def monotonic(self) -> float:
        """
        Seconds that only grow; deadlines are told in these.
        """
        ...

    def wall(self) -> float:
        """
        Seconds since 1970-01-01T00:00Z, as the world tells them.
        """
        ...

    async def sleep(self, seconds: float) -> None:
        """
        Return after so many seconds.
        """
        ...

    def timeout_at(self, when: float | None) -> AbstractAsyncContextManager[Scope]:
        """
        A scope that raises `TimeoutError` when `monotonic()` reaches *when*.
        """
        ...


class SystemClock:
    """
    The machine's own time.

    It asks the running event loop, not `time.monotonic`, so that timers and
    readings share one base whatever the loop: stdlib, uvloop or a virtual one.
    """

    def monotonic(self) -> float:
        """
        The event loop's time.
        """
        return asyncio.get_running_loop().time()

    def wall(self) -> float:
        """
        The machine's wall clock.
        """
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """
        Wait on the event loop.
        """
        await asyncio.sleep(seconds)

    def timeout_at(self, when: float | None) -> asyncio.Timeout:
        """
        The event loop's own timeout scope.
        """
        return asyncio.timeout_at(when)
