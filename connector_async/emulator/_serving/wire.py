"""
How outcomes become bytes on a connection: the part of the app that answers calls.

It speaks ASGI by itself: a framework between would cost as much as the emulator does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from email.utils import formatdate
from typing import Protocol, TypeAlias, cast

import attrs
from starlette.types import Message, Receive, Scope, Send

from connector_async.emulator._calls.message import Arrival, Outcome, Reply, Way
from connector_async.emulator._emulator import Emulator

Peer: TypeAlias = tuple[str, int]

_NO_BODY = (204, 304)

# What was uploaded is answered on the console's origin: whatever it is, a browser that is
# led to it runs nothing of it, and takes it for what it is said to be.
_GUARDS = (
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"x-content-type-options", b"nosniff"),
)


class Connections(Protocol):
    """
    What can be done to a connection beneath HTTP.
    """

    def reset(self, peer: Peer) -> None:
        """
        End it at once, by a reset.
        """
        ...

    def end(self, peer: Peer, data: bytes = b"") -> None:
        """
        Send bytes as they are, and close it in order.
        """
        ...

    def end_idle(self, peer: Peer, seconds: float) -> None:
        """
        Close it in order after so many seconds; later, where it is in use then.
        """
        ...


class Wire:
    """
    The Connector and its identity endpoints, on connections.
    """

    def __init__(self, emulator: Emulator, connections: Connections) -> None:
        self._emulator = emulator
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Answer one request.
        """
        headers = headers_of(scope)
        turned_away = self._emulator.at_the_door(_arrival(scope, headers, b""))
        if turned_away is not None:
            await self._turn_away(turned_away, scope, receive)
            return
        body = await _body(receive)
        if body is None:
            return
        outcome = self._emulator.answer(_arrival(scope, headers, body))
        try:
            await self._give(outcome, scope, receive, send)
        finally:
            if outcome.ended is not None:
                outcome.ended()

    async def _give(self, outcome: Outcome, scope: Scope, receive: Receive, send: Send) -> None:
        if outcome.delay and await self._is_gone(receive, outcome.delay):
            return
        if outcome.way is not None:
            await self._mislead(outcome.reply, outcome.way, scope, receive, send)
        elif outcome.reply is None:
            await self._reset(scope, receive)
        else:
            await respond(send, self._dated(outcome.reply))

    def _dated(self, reply: Reply) -> Reply:
        if "Date" in reply.headers:
            return reply
        date = formatdate(self._emulator.clock.wall(), usegmt=True)
        return attrs.evolve(reply, headers={"Date": date, **reply.headers})

    async def _turn_away(self, outcome: Outcome, scope: Scope, receive: Receive) -> None:
        if outcome.way is not None:
            # A part of the body, or its end.
            await receive()
        await self._reset(scope, receive)

    async def _reset(self, scope: Scope, receive: Receive) -> None:
        self._connections.reset(scope["client"])
        await _gone(receive)

    async def _mislead(
        self, reply: Reply | None, way: Way, scope: Scope, receive: Receive, send: Send
    ) -> None:
        peer: Peer = scope["client"]
        if way.manner == "never":
            await _gone(receive)
        elif way.manner == "garbage" or reply is None:
            self._connections.end(peer, way.data)
            await _gone(receive)
        elif way.manner == "half":
            await send(_start(reply, length=max(1, len(reply.body))))
            await send(_part(reply.body[: len(reply.body) // 2], more=True))
            self._connections.end(peer)
            await _gone(receive)
        elif way.manner == "drip":
            await self._drip(reply, way, receive, send)
        else:
            await respond(send, reply)
            # The connection is the server's again, and idle.
            self._connections.end_idle(peer, way.seconds)

    async def _drip(self, reply: Reply, way: Way, receive: Receive, send: Send) -> None:
        await send(_start(reply))
        for at in range(0, len(reply.body), way.size_bytes):
            if await self._is_gone(receive, way.seconds):
                return
            await send(_part(reply.body[at : at + way.size_bytes], more=True))
        await send(_part(b""))

    async def _is_gone(self, receive: Receive, seconds: float) -> bool:
        # The body has been read, so all that can be received is the end of the connection.
        gone = asyncio.ensure_future(receive())
        slept = asyncio.ensure_future(self._emulator.clock.sleep(seconds))
        try:
            await asyncio.wait({gone, slept}, return_when=asyncio.FIRST_COMPLETED)
            return gone.done()
        finally:
            gone.cancel()
            slept.cancel()


async def respond(send: Send, reply: Reply) -> None:
    """
    Send an answer as it should be.
    """
    await send(_start(reply))
    await send(_part(reply.body))


def headers_of(scope: Scope) -> dict[str, str]:
    """
    A request's headers; of a repeated one, the last.
    """
    pairs = cast("Iterable[tuple[bytes, bytes]]", scope["headers"])
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}


async def _body(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _gone(receive: Receive) -> None:
    # The server takes a return without an answer for a fault of the app's, until it has
    # seen that the connection is gone.
    while (await receive())["type"] != "http.disconnect":
        pass


def _arrival(scope: Scope, headers: Mapping[str, str], body: bytes) -> Arrival:
    return Arrival(
        method=scope["method"],
        base_url=f"{scope['scheme']}://{headers.get('host', '')}",
        raw_path=scope["raw_path"],
        query_string=scope["query_string"],
        headers=headers,
        body=body,
    )


def _start(reply: Reply, *, length: int | None = None) -> Message:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in reply.headers.items()
    ]
    told = {name for name, _ in headers}
    if reply.status not in _NO_BODY and b"content-length" not in told:
        announced = len(reply.body) if length is None else length
        headers.append((b"content-length", str(announced).encode()))
    headers.extend(guard for guard in _GUARDS if guard[0] not in told)
    return {"type": "http.response.start", "status": reply.status, "headers": headers}


def _part(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}
