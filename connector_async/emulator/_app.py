"""
The emulator as an ASGI app: the Connector, the identity endpoints, and the control endpoints.

Starlette carries the control endpoints; all else is read from the raw path and goes to
the emulator, for a framework would decode an id before it is known to be one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from connector_async.emulator._control import control_routes
from connector_async.emulator._emulator import Emulator
from connector_async.emulator._message import Arrival, Outcome

Peer: TypeAlias = tuple[str, int]

Abort: TypeAlias = Callable[[Peer], None]
"""
Resets the connection of a peer.
"""


def build_app(emulator: Emulator, abort: Abort) -> Starlette:
    """
    The app of one emulator, for a server that can reset connections.
    """
    return Starlette(
        routes=[
            Mount("/emulator", routes=control_routes(emulator)),
            Mount("/", app=_Wire(emulator, abort)),
        ]
    )


class _Wire:
    def __init__(self, emulator: Emulator, abort: Abort) -> None:
        self._emulator = emulator
        self._abort = abort

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        outcome = self._emulator.answer(_arrival(request, body))
        if outcome.delay and await _is_gone(receive, outcome.delay):
            return
        await self._give(outcome, scope, receive, send)

    async def _give(self, outcome: Outcome, scope: Scope, receive: Receive, send: Send) -> None:
        if outcome.reply is None:
            self._abort(scope["client"])
            # The server takes a return without an answer for a fault of the app's,
            # until it has seen that the connection is gone.
            await receive()
            return
        reply = outcome.reply
        response = Response(reply.body, status_code=reply.status, headers=dict(reply.headers))
        await response(scope, receive, send)


async def _is_gone(receive: Receive, seconds: float) -> bool:
    # The body has been read, so all that can be received is the end of the connection.
    gone = asyncio.ensure_future(receive())
    done, _ = await asyncio.wait({gone}, timeout=seconds)
    gone.cancel()
    return bool(done)


def _arrival(request: Request, body: bytes) -> Arrival:
    return Arrival(
        method=request.method,
        base_url=f"{request.url.scheme}://{request.url.netloc}",
        raw_path=request.scope["raw_path"],
        query_string=request.scope["query_string"],
        headers=request.headers,
        body=body,
    )
