"""
The way to the emulator inside one process: a transport for httpx.

It tells what a socket would tell: the same errors, the same timeouts, the same trace.
What can be told by bytes on a socket only, it refuses to tell.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import httpx

from connector_async.emulator._calls.message import Arrival, Outcome, Reply

Sleep: TypeAlias = Callable[[float], Awaitable[object]]


class PortOnlyError(BaseException):
    """
    A fault was to strike a call inside one process, that can be seen on a port only.

    It is no Exception: a client takes those for trouble on the way, and may call again. This
    one is for whoever wrote the test.
    """


class EmulatorTransport(httpx.AsyncBaseTransport):
    """
    Hands requests over and answers as the outcome says.
    """

    def __init__(
        self,
        answer: Callable[[Arrival], Outcome],
        at_the_door: Callable[[Arrival], Outcome | None],
        sleep: Sleep,
    ) -> None:
        self._answer = answer
        self._at_the_door = at_the_door
        self._sleep = sleep

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        Send one request.

        Raises:
            httpx.WriteError: The connection was reset while the request was sent.
            httpx.ReadError: The connection was reset.
            httpx.ReadTimeout: The answer is later than the request waits.
            PortOnlyError: What was asked for cannot be told without a socket.
        """
        async with _step(request, "send_request_headers"):
            turned_away = self._at_the_door(_arrival(request, b""))
        async with _step(request, "send_request_body"):
            if turned_away is not None:
                raise httpx.WriteError("Connection reset by the emulator.", request=request)
            body = await request.aread()
        async with _step(request, "receive_response_headers") as returned:
            reply = await self._received(request, self._answer(_arrival(request, body)))
            headers = [
                (name.encode(), value.encode("latin-1")) for name, value in reply.headers.items()
            ]
            returned["return_value"] = (b"HTTP/1.1", reply.status, b"", headers)
        return httpx.Response(reply.status, headers=headers, content=reply.body)

    async def _received(self, request: httpx.Request, outcome: Outcome) -> Reply:
        try:
            return await self._given(request, outcome)
        finally:
            if outcome.ended is not None:
                outcome.ended()

    async def _given(self, request: httpx.Request, outcome: Outcome) -> Reply:
        if outcome.delay:
            await self._wait(request, outcome.delay)
        if outcome.way is not None:
            if outcome.way.manner != "never":
                msg = (
                    f"an answer of the kind {outcome.way.manner!r} can be seen on a port only:"
                    " serve the emulator with serve(), and call it there"
                )
                raise PortOnlyError(msg)
            await self._wait(request, None)
        if outcome.reply is None:
            raise httpx.ReadError("Connection reset by the emulator.", request=request)
        return outcome.reply

    async def _wait(self, request: httpx.Request, delay: float | None) -> None:
        patience: float | None = request.extensions.get("timeout", {}).get("read")
        if patience is None and delay is None:
            # For good: until it is cancelled.
            await asyncio.get_running_loop().create_future()
        if delay is not None and (patience is None or delay <= patience):
            await self._sleep(delay)
        elif patience is not None:
            await self._sleep(patience)
            raise httpx.ReadTimeout("The emulator answers late.", request=request)


def _arrival(request: httpx.Request, body: bytes) -> Arrival:
    raw_path, _, query_string = request.url.raw_path.partition(b"?")
    return Arrival(
        method=request.method,
        base_url=f"{request.url.scheme}://{request.url.netloc.decode()}",
        raw_path=raw_path,
        query_string=query_string,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )


@asynccontextmanager
async def _step(request: httpx.Request, name: str) -> AsyncGenerator[dict[str, Any], None]:
    # The names and the order are httpcore's; what it gathers as evidence, a caller may.
    trace = request.extensions.get("trace")
    returned: dict[str, Any] = {"return_value": None}
    if trace is None:
        yield returned
        return
    await trace(f"http11.{name}.started", {"request": request})
    try:
        yield returned
    except BaseException as error:
        await trace(f"http11.{name}.failed", {"exception": error})
        raise
    await trace(f"http11.{name}.complete", returned)
