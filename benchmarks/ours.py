"""
Our client, as all benchmarks have it: everything on, and limits that never bind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import urlsplit

from material import TOKEN

from connector_async import ConnectorClient, Limits, Timeouts, TokenCallable
from connector_async._transport.connection import Wanted
from connector_async.limits import windows

_HIGH: Final = windows((10**9, 1), (10**9, 2), (10**9, 30), (10**9, 3600))
LIMITS: Final = Limits(
    send=_HIGH,
    create=_HIGH,
    members=_HIGH,
    unpaged_members=_HIGH,
    conversations=_HIGH,
    tenant=windows((10**9, 1)),
)


def connector_at(url: str, ca_file: str | None = None, **options: Any) -> ConnectorClient:
    """
    A client of the server at this URL; patient enough for thousands of handshakes at once.
    """
    if ca_file is not None and "transport" not in options:
        options["ca_file"] = ca_file
    return ConnectorClient(
        TokenCallable(lambda: (TOKEN, 86_400)),
        service_url=url,
        trusted_hosts=[urlsplit(url).netloc],
        limits=LIMITS,
        deadline=120,
        timeouts=Timeouts(connect=60, read=60, write=60, pool=60),
        **options,
    )


class Bare:
    """
    The transport behind a client, used without it: bytes made beforehand go out.
    """

    def __init__(self, connector: ConnectorClient, url: str) -> None:
        pool = connector._chosen.pool  # noqa: SLF001
        assert pool is not None
        self._pool = pool
        self._url = url
        self._netloc = urlsplit(url).netloc

    def written(self, method: str, target: str, body: bytes = b"") -> bytes:
        """
        A request as bytes.
        """
        head = (
            f"{method} {target} HTTP/1.1\r\nHost: {self._netloc}\r\n"
            f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    async def exchange(self, request: bytes) -> bytes:
        """
        The body of the answer to a request.
        """
        connection = await self._pool.take(self._url, connect=60, pool=60)
        try:
            answer = await connection.exchange(request, _whole, read=60, write=60)
        finally:
            self._pool.give_back(connection)
        return bytes(answer.content)

    async def stream(self, request: bytes) -> AsyncIterator[bytes]:
        """
        The same, as it comes.
        """
        connection = await self._pool.take(self._url, connect=60, pool=60)
        try:
            await connection.exchange(request, _streamed, read=60, write=60)
            async for chunk in connection.stream():
                yield chunk
        finally:
            self._pool.give_back(connection)


_whole: Final = Wanted(success=4 * 2**20, refusal=0)
_streamed: Final = Wanted(success=0, refusal=0, streamed=True)
