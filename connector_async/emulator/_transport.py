"""
The way to the emulator inside one process: a transport for httpx.

It tells what a socket would tell: the same errors, the same timeouts, the same trace.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import httpx

from connector_async.emulator._message import Arrival, Outcome, Reply

Sleep: TypeAlias = Callable[[float], Awaitable[object]]


class EmulatorTransport(httpx.AsyncBaseTransport):
    """
    Hands requests over and answers as the outcome says.
    """

    def __init__(self, answer: Callable[[Arrival], Outcome], sleep: Sleep) -> None:
        self._answer = answer
        self._sleep = sleep

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        Send one request.

        Raises:
            httpx.ReadError: The connection was reset.
            httpx.ReadTimeout: The answer is later than the request waits.
        """
        async with _step(request, "send_request_headers"):
            pass
        async with _step(request, "send_request_body"):
            body = await request.aread()
        async with _step(request, "receive_response_headers") as returned:
            reply = await self._received(request, self._answer(_arrival(request, body)))
            headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
            returned["return_value"] = (b"HTTP/1.1", reply.status, b"", headers)
        return httpx.Response(reply.status, headers=headers, content=reply.body)

    async def _received(self, request: httpx.Request, outcome: Outcome) -> Reply:
        if outcome.delay:
            await self._wait(request, outcome.delay)
        if outcome.reply is None:
            raise httpx.ReadError("Connection reset by the emulator.", request=request)
        return outcome.reply

    async def _wait(self, request: httpx.Request, delay: float) -> None:
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is None or delay <= patience:
            await self._sleep(delay)
            return
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
