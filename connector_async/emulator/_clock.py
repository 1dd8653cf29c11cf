"""
The emulator's time: the machine's, until somebody holds it still or moves it.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

# A day before no date can be written any longer, so that there is time to see it.
_LAST_WALL: Final = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


class Clock(Protocol):
    """
    What an emulator asks of a clock; not every clock can be moved.
    """

    def now(self) -> float:
        """
        Seconds that only grow.
        """
        ...

    def wall(self) -> float:
        """
        Seconds since 1970.
        """
        ...

    async def sleep(self, seconds: float) -> None:
        """
        Wait until so much of this clock's time has passed.
        """
        ...


class EmulatorClock:
    """
    Real time, that can be frozen and advanced.

    Who sleeps on it sleeps in its time: for good while it is frozen, and no longer
    than until it was advanced far enough. They do so in one event loop; other threads may
    hold it still and move it.
    """

    def __init__(self) -> None:
        self._now: Callable[[], float] = time.monotonic
        self._wall: Callable[[], float] = time.time
        self._ahead = 0.0
        self._stopped: tuple[float, float] | None = None
        self._sleepers: list[_Sleeper] = []

    @classmethod
    def from_functions(
        cls, now: Callable[[], float], wall: Callable[[], float] | None = None
    ) -> EmulatorClock:
        """
        A clock that takes its time from elsewhere.

        What sleeps on it waits in the time of the event loop.

        Args:
            now: Seconds that only grow.
            wall: Seconds since 1970; None for the machine's.
        """
        clock = cls()
        clock._now = now
        clock._wall = wall or time.time
        return clock

    @property
    def frozen(self) -> bool:
        """
        Whether time stands still.
        """
        return self._stopped is not None

    def now(self) -> float:
        """
        Seconds that only grow.
        """
        running = self._now() if self._stopped is None else self._stopped[0]
        return running + self._ahead

    def wall(self) -> float:
        """
        Seconds since 1970.
        """
        running = self._wall() if self._stopped is None else self._stopped[1]
        return running + self._ahead

    async def sleep(self, seconds: float) -> None:
        """
        Wait until so much of this clock's time has passed.
        """
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        sleeper = _Sleeper(seconds)
        self._sleepers.append(sleeper)
        if not self.frozen:
            sleeper.start()
        try:
            await sleeper.woken
        finally:
            sleeper.stop()
            self._sleepers.remove(sleeper)

    def freeze(self) -> None:
        """
        Hold time still.
        """
        if not self.frozen:
            self._stopped = (self._now(), self._wall())
            for sleeper in tuple(self._sleepers):
                sleeper.tell(sleeper.stop)

    def thaw(self) -> None:
        """
        Let time run on, from where it was held.
        """
        if self._stopped is not None:
            self._ahead += self._stopped[0] - self._now()
            self._stopped = None
            for sleeper in tuple(self._sleepers):
                sleeper.tell(sleeper.start)

    def advance(self, seconds: float) -> None:
        """
        Move ahead at once; what ran runs on from there, what was frozen stays so.

        Raises:
            ValueError: Time does not go back, and dates end with the year 9999.
        """
        if not 0 <= seconds < math.inf:
            msg = f"the clock goes ahead only, and not for good: not by {seconds} s"
            raise ValueError(msg)
        if seconds > _LAST_WALL - self.wall():
            msg = f"dates end with the year 9999, before {seconds} s from now"
            raise ValueError(msg)
        self._ahead += seconds
        for sleeper in sorted(self._sleepers, key=lambda sleeper: sleeper.left):
            sleeper.tell(sleeper.skip, seconds)


class _Sleeper:
    """
    Someone who waits, by the event loop's time; what passes otherwise is told to it.
    """

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self.woken = self._loop.create_future()
        self._left = seconds
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def tell(self, what: Callable[..., None], *arguments: float) -> None:
        """
        Have something done in its event loop, which would not hear of it from another thread.
        """
        try:
            is_here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            is_here = False
        if is_here:
            what(*arguments)
        else:
            self._loop.call_soon_threadsafe(what, *arguments)

    @property
    def left(self) -> float:
        passed = 0.0 if self._since is None else self._loop.time() - self._since
        return self._left - passed

    def start(self) -> None:
        self._since = self._loop.time()
        self._timer = self._loop.call_later(max(0.0, self._left), self._wake)

    def stop(self) -> None:
        self._left = self.left
        self._since = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def skip(self, seconds: float) -> None:
        was_running = self._timer is not None
        self.stop()
        self._left -= seconds
        if self._left <= 0.0:
            self._wake()
        elif was_running:
            self.start()

    def _wake(self) -> None:
        if not self.woken.done():
            self.woken.set_result(None)
