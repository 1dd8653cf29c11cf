"""
The innermost step: one request over the wire, and what is known of its fate.
"""

from __future__ import annotations

from typing import Protocol

import attrs

from connector_async import events
from connector_async._clock import Clock
from connector_async._pipeline.message import Handler, Request, Response
from connector_async._retry_after import retry_after


class Exchange(Protocol):
    """
    What carries a request over the wire.

    It keeps `call.left` true to what it knows, since a call may be cut at any
    moment, and raises `TransportError` for all that goes wrong below HTTP. Where
    the way to the wire is its own, it renews `call.turn` before, if that is stale.
    """

    async def __call__(self, request: Request) -> Response:
        """
        Send, and read the answer.
        """
        ...


def send(exchange: Exchange, *, clock: Clock) -> Handler:
    """
    Hand each request to the transport, and tell of it.
    """

    async def handle(request: Request) -> Response:
        call = request.call
        call.attempts += 1
        call.left = call.answered = False
        response = await (told if call.heard else exchange)(request)
        call.status = response.status
        asked = retry_after(response.headers.get("retry-after"), clock.wall())
        return response if asked is None else attrs.evolve(response, retry_after=asked)

    async def told(request: Request) -> Response:
        _started(request)
        started = clock.monotonic()
        try:
            response = await exchange(request)
        except BaseException as error:
            _ended(request, None, type(error).__name__, clock.monotonic() - started)
            raise
        _ended(request, response, None, clock.monotonic() - started)
        return response

    return handle


def _started(request: Request) -> None:
    request.call.notify(
        events.AttemptStarted(
            call=request.call.number, operation=request.operation.id, attempt=request.attempt
        )
    )


def _ended(request: Request, response: Response | None, error: str | None, seconds: float) -> None:
    request.call.notify(
        events.AttemptEnded(
            call=request.call.number,
            operation=request.operation.id,
            attempt=request.attempt,
            status=None if response is None else response.status,
            error=error,
            request_id=None if response is None else _id_of(request, response),
            seconds=seconds,
        )
    )


def _id_of(request: Request, response: Response) -> str | None:
    told = response.request_id
    # A service that says again what it was told: events go into logs.
    return None if told and request.is_token_in(told) else told
