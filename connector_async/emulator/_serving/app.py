"""
The emulator as an ASGI app: the Connector, the identity endpoints, the control endpoints,
and the console.

Starlette carries what is the emulator's own; all else is read from the raw path and goes
to the emulator, for a framework would decode an id before it is known to be one.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from connector_async.emulator._calls.hosts import Hosts, is_same_origin
from connector_async.emulator._calls.message import Reply
from connector_async.emulator._console.console import console_routes
from connector_async.emulator._emulator import Emulator
from connector_async.emulator._serving.control import control_routes
from connector_async.emulator._serving.wire import Connections, Wire, headers_of, respond

_CONSOLE: Final = "/emulator/console/"

_SAFE: Final = ("GET", "HEAD", "OPTIONS")


def build_app(emulator: Emulator, connections: Connections, hosts: Hosts) -> ASGIApp:
    """
    The app of one emulator, for a server that gives access to its connections.

    Args:
        emulator: What answers.
        connections: To those of the server.
        hosts: The names that it answers to.
    """
    wire = Wire(emulator, connections)
    own = Starlette(
        routes=[
            Mount(
                "/emulator",
                routes=[
                    Mount("/console", routes=console_routes(emulator)),
                    *control_routes(emulator),
                ],
            )
        ]
    )

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        raw_path: bytes = scope["raw_path"]
        refusal = _refusal(scope, hosts)
        if refusal is not None:
            await respond(send, refusal)
        elif raw_path.startswith(b"/emulator/") or raw_path == b"/emulator":
            await own(scope, receive, send)
        elif raw_path == b"/" and "text/html" in headers_of(scope).get("accept", ""):
            await respond(send, Reply(status=307, headers={"Location": _CONSOLE}))
        else:
            await wire(scope, receive, send)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # A server that stops cancels what is still going on, when nobody hears the answer
        # any longer; it would take the error for a fault of the app's, and say so.
        with suppress(asyncio.CancelledError):
            await answer(scope, receive, send)

    return app


def _refusal(scope: Scope, hosts: Hosts) -> Reply | None:
    host = origin = ""
    for name, value in scope["headers"]:
        if name == b"host":
            host = value.decode("latin-1")
        elif name == b"origin":
            origin = value.decode("latin-1")
    if not hosts.own(host):
        return _text(421, hosts.refusal(host))
    # Bots send none; and what a page could write elsewhere, the console would show.
    if origin and scope["method"] not in _SAFE and not is_same_origin(origin, host):
        return _text(403, f"The emulator is not steered from {origin}.\n")
    return None


def _text(status: int, text: str) -> Reply:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    return Reply(status=status, headers=headers, body=text.encode())
