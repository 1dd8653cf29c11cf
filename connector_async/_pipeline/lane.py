"""
One at a time in a conversation: sends, replies, updates and deletes, in call order.

So order holds, and the service's 412 (several writers at once) stays away.
Order is promised for calls that ended by themselves: one that is cancelled on
the wire gives its place up, and may still be delivered.
"""

from __future__ import annotations

from collections.abc import Callable

from connector_async._clock import Clock
from connector_async._lines import Lines
from connector_async._pipeline.message import Handler, Request, Response

Foresee = Callable[[Request, int], None]


def lane(next_: Handler, *, lines: Lines, clock: Clock, foresee: Foresee) -> Handler:
    """
    Let the calls of one conversation pass one by one.

    Args:
        next_: The step below.
        lines: The lanes, shared by all who write to the same conversations.
        clock: The time.
        foresee: Told how many are ahead, raises where the limits say that the
            turn would come after the deadline anyway.
    """

    async def handle(request: Request) -> Response:
        if not request.operation.lane or request.conversation is None:
            return await next_(request)
        ahead = lines.ahead(request.conversation)
        if ahead:
            foresee(request, ahead)
        before = ahead and clock.monotonic()
        await lines.enter(request.conversation)
        try:
            if ahead:
                request.call.waited("lane", clock.monotonic() - before)
            return await next_(request)
        finally:
            lines.leave(request.conversation)

    return handle
