"""
Cancellation at each moment at which it can come.
"""

import asyncio


class Cut:
    """
    A coroutine that is cancelled where it waits for the *at*-th time.

    Args:
        coroutine: What is run.
        at: The number of the wait; 0 for none.
        late: Whether the cancellation comes when what is waited for has come,
            but the coroutine does not know yet; else it comes at once.

    Attributes:
        waits: How often it waited.
    """

    def __init__(self, coroutine, at=0, *, late=False):
        self.waits = 0
        self._coroutine = coroutine
        self._at = at
        self._late = late

    def __await__(self):
        steps = self._coroutine.__await__()
        step, value = steps.send, None
        while True:
            try:
                awaited = step(value)
            except StopIteration as end:
                return end.value
            self.waits += 1
            if self.waits == self._at:
                self._cancel(awaited)
            try:
                step, value = steps.send, (yield awaited)
            except BaseException as error:  # noqa: BLE001  # handed on as it is
                step, value = steps.throw, error

    def _cancel(self, awaited):
        task = asyncio.current_task()
        if self._late and awaited is not None:
            # Before the task itself is told.
            awaited.add_done_callback(lambda _: task.cancel())
        else:
            task.cancel()

    async def run(self):
        return await self


async def cuts(make, *, late, before=None):
    """
    Run what *make* makes, cancelled at its first wait, then at its second, and so on to its end.

    Args:
        make: Makes a coroutine.
        late: As of `Cut`.
        before: Is awaited before each.

    Yields:
        The number of each wait, when the coroutine that was cancelled there
        has ended; what it does with the cancellation has been checked.
    """
    at = 0
    while True:
        at += 1
        if before is not None:
            await before()
        cut = Cut(make(), at, late=late)
        task = asyncio.ensure_future(cut.run())
        await asyncio.wait([task])
        if cut.waits < at:
            task.result()
            return
        assert task.cancelled(), f"cancelled at its wait {at}, and ended {task!r}"
        yield at
