"""
Behind our client: httpcore's public connections, in a pool that looks at none but the last used.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import httpcore
import httpx
from behind import measure


class _Body(httpx.AsyncByteStream):
    def __init__(self, pool: Pool, connection: httpcore.AsyncConnectionInterface, answer) -> None:  # noqa: ANN001
        self._pool, self._connection, self._answer = pool, connection, answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._answer.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()
        self._pool.idle.append(self._connection)


class Pool(httpx.AsyncBaseTransport):
    """
    One host's connections.
    """

    def __init__(self, ssl_context: ssl.SSLContext) -> None:
        self.idle: list[httpcore.AsyncConnectionInterface] = []
        self._ssl_context = ssl_context

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        asked = httpcore.Request(
            request.method,
            httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        connection = (
            self.idle.pop()
            if self.idle
            else httpcore.AsyncHTTPConnection(asked.url.origin, ssl_context=self._ssl_context)
        )
        answer = await connection.handle_async_request(asked)
        body = _Body(self, connection, answer)
        return httpx.Response(answer.status, headers=answer.headers, stream=body)

    async def aclose(self) -> None:
        for connection in self.idle:
            await connection.aclose()


measure(lambda job: Pool(ssl.create_default_context(cafile=job.ca_file)))
