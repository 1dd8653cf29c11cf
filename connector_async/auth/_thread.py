"""
Blocking work beside the event loop.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from anyio import CapacityLimiter

T = TypeVar("T")


class WorkerThread:
    """
    Runs blocking functions, one at a time, without taking a place from the process's other threads.
    """

    def __init__(self) -> None:
        self._limiter: CapacityLimiter | None = None

    async def run(self, function: Callable[[], T]) -> T:
        """
        What the function returns; when the caller is cancelled it is left to end by itself.
        """
        # Here, since it takes its time to import, and the client may never need it.
        from anyio import CapacityLimiter, to_thread  # noqa: PLC0415

        if self._limiter is None:
            self._limiter = CapacityLimiter(1)
        return await to_thread.run_sync(function, abandon_on_cancel=True, limiter=self._limiter)

    async def call(self, function: Callable[[], object]) -> object:
        """
        What the function returns, async or not; in the thread unless it says that it is async.
        """
        if is_async(function):
            given = function()
        else:
            given = (await self.run(lambda: _Kept(function()))).value
        return await given if inspect.isawaitable(given) else given


class _Kept:
    """
    What a thread gives, a token perhaps: asyncio's debug mode logs the `repr` of that.
    """

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


def is_async(function: object) -> bool:
    """
    Whether calling it gives a coroutine, as far as can be seen without calling it.
    """
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004  # an object with an async __call__
    )
