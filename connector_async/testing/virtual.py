"""
An event loop in virtual time: where all tasks wait, the next timer is due at once.

An hour of waiting takes as long as what happens in it. There are no sockets
and no threads in it: what waits for them waits for ever, and is told so.
"""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from connector_async._clock import SystemClock

T = TypeVar("T")

_EPOCH = 1_700_000_000.0


class VirtualClock(SystemClock):
    """
    The time of a virtual event loop, the wall clock's included.
    """

    def wall(self) -> float:
        """
        Seconds since 1970: the loop's time, from some day in 2023 on.
        """
        return _EPOCH + self.monotonic()


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """
    Run a coroutine to its end in virtual time.

    Raises:
        RuntimeError: All tasks wait, and no timer would wake one.
    """
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        return runner.run(main)


# What an event loop rounds its timers by.
_RESOLUTION: Final = 1e-9


class _Jumper(selectors.DefaultSelector):
    """
    A selector that lets time pass instead of waiting for it.
    """

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("all tasks wait, and no timer would wake one")
        if not ready and timeout is not None:
            self.now += max(0.0, timeout)
            if self.now + _RESOLUTION == self.now:
                # After half a year a float has no room left for what a timer is short of.
                self.now = math.nextafter(self.now, math.inf)
        return ready


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumper = _Jumper()
        super().__init__(self._jumper)

    def time(self) -> float:
        return self._jumper.now
