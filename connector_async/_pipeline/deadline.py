"""
One limit over everything a call does: waits, tokens and all attempts.

The transport's own timeouts are per read, so a slow drip passes them for ever.
A client that is closed ends the calls that are still under way here, too.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from connector_async._clock import Clock, Scope
from connector_async._pipeline.message import Call, Handler, Request, Response
from connector_async.errors import (
    ClientStateError,
    ConnectorError,
    DeadlineError,
    DeliveryTimeoutError,
    DeliveryUnknownError,
)


class InFlight:
    """
    The calls under way, so that closing can wait for them and then end them.
    """

    def __init__(self) -> None:
        self._scopes: set[Scope] = set()
        self._empty: asyncio.Future[None] | None = None
        self.closing = False

    def __len__(self) -> int:
        return len(self._scopes)

    def add(self, scope: Scope) -> None:
        """
        A call began.
        """
        self._scopes.add(scope)

    def remove(self, scope: Scope) -> None:
        """
        A call ended.
        """
        self._scopes.discard(scope)
        if not self._scopes and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)

    async def drain(self, seconds: float, clock: Clock) -> None:
        """
        Wait for the calls under way, and end those that take longer.

        Where the waiting is cancelled, they are ended at once.
        """
        try:
            if await self._run_dry(clock.monotonic() + seconds, clock):
                return
        finally:
            self._end(clock.monotonic())
        await self._run_dry(None, clock)

    def _end(self, now: float) -> None:
        self.closing = True
        for scope in self._scopes:
            # One whose own deadline has just passed cannot be moved, and ends anyway.
            with suppress(RuntimeError):
                scope.reschedule(now)

    async def _run_dry(self, until: float | None, clock: Clock) -> bool:
        if self._scopes:
            self._empty = asyncio.get_running_loop().create_future()
            try:
                async with clock.timeout_at(until):
                    await self._empty
            except TimeoutError:
                return False
        return True


def deadline(next_: Handler, *, in_flight: InFlight, clock: Clock) -> Handler:
    """
    End each call by its deadline, or when the client is closed.
    """

    async def handle(request: Request) -> Response:
        call = request.call
        try:
            async with clock.timeout_at(call.deadline) as scope:
                in_flight.add(scope)
                try:
                    return await next_(request)
                finally:
                    in_flight.remove(scope)
        except ConnectorError:
            # Some of these are TimeoutErrors, too, but none of this scope's making.
            raise
        except TimeoutError:
            now = clock.monotonic()
            is_over = call.deadline is not None and now >= call.deadline
            if in_flight.closing and not is_over:
                raise _closed(call, now) from None
            raise _over(call, now) from None

    return handle


def _over(call: Call, now: float) -> ConnectorError:
    limit = (call.deadline or now) - call.started
    if call.may_have_happened:
        return DeliveryTimeoutError(
            f"the deadline of {limit:g} s passed with the request on the wire: it may have "
            "arrived. Look before sending it again, or accept a double with "
            'with_options(delivery="at_least_once").',
            elapsed=now - call.started,
            operation=call.operation.id,
            attempts=call.attempts,
        )
    return DeadlineError(
        f"the deadline of {limit:g} s passed, and nothing was done. Call again, or allow "
        "more with with_options(deadline=...).",
        operation=call.operation.id,
        attempts=call.attempts,
    )


def _closed(call: Call, now: float) -> ConnectorError:
    if call.may_have_happened:
        return DeliveryUnknownError(
            "the client was closed with the request on the wire: it may have arrived. Allow "
            "more time with aclose(drain=...).",
            elapsed=now - call.started,
            operation=call.operation.id,
            attempts=call.attempts,
        )
    return ClientStateError(
        "the client was closed before this was answered, and nothing was done. Allow more time "
        "with aclose(drain=...).",
        operation=call.operation.id,
        attempts=call.attempts,
    )
