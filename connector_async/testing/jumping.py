"""
A clock for several tasks: where all of them wait, it jumps to what is due first.

It runs on any event loop of asyncio, in any test runner, and one clock may serve a client,
the emulator and the code under test at once.
"""

from __future__ import annotations

import asyncio
import heapq
from itertools import count
from typing import Any, Final
from weakref import WeakKeyDictionary

from connector_async.testing._scope import Scope, first

_Loop = asyncio.AbstractEventLoop

# How often in a row a loop must be found at rest. Between two looks it asks for what came
# on its sockets; where its queue cannot be seen, callbacks may lead to callbacks.
_LOOKS: Final = 3
_LOOKS_FROM_OUTSIDE: Final = 16

_WATCHERS: Final[WeakKeyDictionary[_Loop, int]] = WeakKeyDictionary()


class JumpingClock:
    """
    A clock on which waiting takes no time, however many tasks wait.

    It jumps when somebody sleeps on it and nothing else can run: to the end of the
    first sleep, or of the first timeout scope where that comes before. A timeout alone
    makes it jump nowhere. Threads and other processes are not waited for: what they do
    takes no time on it.

    Attributes:
        slept: How many seconds it has jumped; two that sleep 2 s at once are 2 s.
        sleeps: The seconds of each sleep, in the order in which they began.
    """

    def __init__(self, *, monotonic: float = 1_000.0, wall: float = 1_700_000_000.0) -> None:
        self.slept = 0.0
        self.sleeps: list[float] = []
        self._monotonic = monotonic
        self._wall_ahead = wall - monotonic
        self._scopes: list[Scope] = []
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._watched: _Loop | None = None
        self._calm = 0

    def monotonic(self) -> float:
        """
        Seconds that only grow.
        """
        return self._monotonic

    def now(self) -> float:
        """
        The same, by the emulator's word for it.
        """
        return self._monotonic

    def wall(self) -> float:
        """
        Seconds since 1970.
        """
        return self._monotonic + self._wall_ahead

    async def sleep(self, seconds: float) -> None:
        """
        Wait until the clock has come so far.
        """
        self.sleeps.append(seconds)
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._sleepers, (self._monotonic + seconds, next(self._numbers), woken))
        self._watch(loop)
        await woken

    def advance(self, seconds: float) -> None:
        """
        Let time pass, and wake and end what it reaches.

        Raises:
            ValueError: Time does not go back.
        """
        if not seconds >= 0:
            raise ValueError(f"the clock goes ahead only, not by {seconds} s")
        self._monotonic += seconds
        for scope in self._scopes:
            scope.look(self._monotonic)
        self._wake()

    def timeout_at(self, when: float | None) -> Scope:
        """
        A scope that raises `TimeoutError` when this clock reaches *when*.
        """
        return Scope(self, self._scopes, when)

    def _watch(self, loop: _Loop) -> None:
        # A loop that was ended with somebody asleep on it is never heard of again.
        if self._watched is not loop:
            self._watched = loop
            self._look_soon(loop)

    def _look_soon(self, loop: _Loop) -> None:
        _WATCHERS[loop] = _WATCHERS.get(loop, 0) + 1
        loop.call_soon(self._look, loop)

    def _look(self, loop: _Loop) -> None:
        _WATCHERS[loop] -= 1
        if self._watched is not loop:
            return
        self._drop_those_gone(loop)
        if not self._sleepers:
            self._watched = None
            return
        ready = getattr(loop, "_ready", None)
        enough = _LOOKS if ready is not None else _LOOKS_FROM_OUTSIDE
        self._calm = self._calm + 1 if _is_at_rest(loop, ready) else 0
        if self._calm >= enough:
            self._calm = 0
            self._jump()
        self._look_soon(loop)

    def _drop_those_gone(self, loop: _Loop) -> None:
        # Those further back are in nobody's way.
        while self._sleepers and _is_gone(self._sleepers[0][2], loop):
            heapq.heappop(self._sleepers)

    def _jump(self) -> None:
        wake, end = self._sleepers[0][0], first(self._scopes)
        # At the same moment it is the timeout that counts.
        ends_first = end is not None and end <= wake
        target = max(self._monotonic, end if end is not None and ends_first else wake)
        self.slept += target - self._monotonic
        self._monotonic = target
        if ends_first:
            for scope in self._scopes:
                scope.look(target)
        else:
            self._wake()

    def _wake(self) -> None:
        while self._sleepers and self._sleepers[0][0] <= self._monotonic:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)


def _is_gone(sleeper: asyncio.Future[None], loop: _Loop) -> bool:
    return sleeper.done() or sleeper.get_loop() is not loop


def _is_at_rest(loop: _Loop, ready: Any) -> bool:  # noqa: ANN401  # asyncio's own queue
    if ready is not None:
        # What other clocks have in the queue are looks like this one.
        return len(ready) <= _WATCHERS.get(loop, 0)
    return not any(_can_run(task) for task in asyncio.all_tasks(loop))


def _can_run(task: asyncio.Task[Any]) -> bool:
    # anyio's wait_all_tasks_blocked() asks the same.
    waits_for = getattr(task, "_fut_waiter", None)
    return waits_for is None or waits_for.done()
