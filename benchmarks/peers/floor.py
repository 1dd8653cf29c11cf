"""
The floor: bytes made beforehand, on a bare asyncio.Protocol; a read is an answer.

No client can be here. It shows what the sockets and the event loop cost.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from adapter import Job, Send, run
from material import ACTIVITY, TOKEN, compact

_BODY = compact(ACTIVITY)


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._answered: asyncio.Future[None] | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        # The head and a few bytes: they come at once, or the floor is not one.
        if not data.endswith(b"}") or self._answered is None:
            raise RuntimeError(f"half an answer: {data!r}")
        self._answered.set_result(None)

    def ask(self, message: bytes) -> asyncio.Future[None]:
        self._answered = asyncio.get_running_loop().create_future()
        self.transport.write(message)
        return self._answered


@asynccontextmanager
async def client(job: Job) -> AsyncIterator[Send]:
    parts = urlsplit(job.url)
    tls = ssl.create_default_context(cafile=job.ca_file) if parts.scheme == "https" else None
    loop = asyncio.get_running_loop()
    idle: list[_Connection] = []
    messages: dict[str, bytes] = {}

    def message(conversation_id: str) -> bytes:
        head = (
            f"POST /v3/conversations/{conversation_id}/activities HTTP/1.1\r\n"
            f"Host: {parts.netloc}\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(_BODY)}\r\n\r\n"
        )
        return messages.setdefault(conversation_id, head.encode() + _BODY)

    async def send(conversation_id: str) -> None:
        if idle:
            connection = idle.pop()
        else:
            _, connection = await loop.create_connection(
                _Connection, parts.hostname, parts.port, ssl=tls
            )
        await connection.ask(messages.get(conversation_id) or message(conversation_id))
        idle.append(connection)

    yield send
    for connection in idle:
        connection.transport.close()


if __name__ == "__main__":
    run(client)
