"""
One connection through the proxy: two sockets, and a link for each direction between them.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from connector_async.testing.chaos._toxics import Applied, CutError, HalfOpen, Stream, Toxic

# On, for zero seconds: what is closed is reset, and nothing is said in parting.
_NO_LINGER: Final = struct.pack("ii", 1, 0)

# How much may wait here to be passed on before the sender has to.
_WAITING: Final = 256 * 1024


class Side(asyncio.Protocol):
    """
    One of a connection's two sockets.
    """

    def __init__(self, made: Callable[[Side], None] | None = None) -> None:
        self.link: Link | None = None
        self.transport: Any = None
        self.gone = asyncio.Event()
        self._made = made
        self._below: Any = None
        self._closed = False
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # TLS puts another transport over it.
        self.transport = self._below = transport
        if self._made is not None:
            self._made(self)

    def data_received(self, data: bytes) -> None:
        if self.link is not None:
            self.link.feed(data)

    def eof_received(self) -> bool:
        if self.link is not None:
            self.link.feed(b"")
        # Over TLS there is no half of a connection.
        return self.transport is self._below

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()
        self._writable.set()
        if self.link is not None:
            self.link.feed(None if exc is not None else b"")

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def write(self, data: bytes) -> None:
        """
        Send, and wait while the other side does not take it.

        Raises:
            CutError: It has gone.
        """
        if self.transport.is_closing():
            raise CutError
        self.transport.write(data)
        await self._writable.wait()

    def end(self) -> None:
        """
        Say that no more will be sent.
        """
        if self.transport.can_write_eof():
            with suppress(OSError):
                self.transport.write_eof()
        else:
            self.transport.close()

    def close(self, *, reset: bool) -> None:
        """
        Close it, or reset it.
        """
        if reset:
            connection = self._below.get_extra_info("socket")
            with suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self._below.abort()
        elif not self._closed:
            self.transport.close()
        self._closed = True


class Link:
    """
    One direction: what came and was not passed on yet, and the toxics between.
    """

    def __init__(self, stream: Stream, connection: Connection) -> None:
        self.stream: Stream = stream
        self.applied: list[Applied] = []
        self._connection = connection
        self._waiting: deque[tuple[float, bytes | None]] = deque()
        self._size = 0
        self._news = asyncio.Event()
        self._source: Side | None = None

    def come_from(self, side: Side) -> None:
        """
        Take what this side receives.
        """
        self._source = side
        side.link = self

    def feed(self, data: bytes | None) -> None:
        """
        Bytes came; none for the stream's end, None for a reset.
        """
        if data:
            self._connection.saw(self.stream)
        now = asyncio.get_running_loop().time()
        self._waiting.append((now, data))
        self._size += len(data or b"")
        if self._size > _WAITING and self._source is not None:
            self._source.transport.pause_reading()
        self._news.set()

    def apply(self, toxic: Toxic, chance: random.Random) -> None:
        """
        Put a toxic at the end of those that are there.
        """
        self.applied.append(Applied(toxic=toxic, chance=chance))
        self._news.set()

    def remove(self, toxic: Toxic) -> None:
        """
        Take a toxic away.
        """
        for applied in self.applied:
            if applied.toxic is toxic:
                applied.removed.set()
        self.applied = [applied for applied in self.applied if applied.toxic is not toxic]
        self._news.set()

    async def has_word(self) -> bool:
        """
        Wait for what comes first, and say whether it is more than an end.
        """
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        return bool(self._waiting[0][1])

    async def run(self, sink: Side) -> None:
        """
        Pass on what comes, to the stream's end.

        Raises:
            CutError: The whole connection ends.
        """
        while True:
            silencing = next((each for each in self.applied if each.toxic.silences), None)
            if silencing is not None:
                await self._swallow(silencing)
            if not self._waiting:
                self._news.clear()
                await self._news.wait()
                continue
            received, data = self._take()
            if data is None:
                raise CutError(reset=True)
            applied = tuple(self.applied)
            if not data:
                await self._end(received, applied)
                sink.end()
                return
            await self._push(data, received, applied, sink)

    def _take(self) -> tuple[float, bytes | None]:
        received, data = self._waiting.popleft()
        before, self._size = self._size, self._size - len(data or b"")
        source = self._source
        if before > _WAITING >= self._size and source is not None and not source.gone.is_set():
            source.transport.resume_reading()
        return received, data

    async def _swallow(self, applied: Applied) -> None:
        loop, silence = asyncio.get_running_loop(), applied.toxic.silence()
        until = None if silence is None else loop.time() + silence
        while not applied.removed.is_set():
            while self._waiting:
                _, data = self._take()
                if data and silence is not None:
                    until = loop.time() + silence
            self._news.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._news.wait()
            except TimeoutError:
                break
        raise CutError(reset=isinstance(applied.toxic, HalfOpen))

    async def _push(
        self, data: bytes, received: float, applied: Sequence[Applied], sink: Side
    ) -> None:
        if not applied:
            await sink.write(data)
            return
        first, *rest = applied
        if first.removed.is_set():
            await self._push(data, received, rest, sink)
            return
        first.received, first.exchanges = received, self._connection.exchanges
        async for piece in first.toxic.pass_on(data, first):
            await self._push(piece, received, rest, sink)

    async def _end(self, received: float, applied: Sequence[Applied]) -> None:
        for each in applied:
            each.received = received
            await each.toxic.end(each)


class Connection:
    """
    A client's connection, and the one to where it leads.
    """

    def __init__(self, client: Side) -> None:
        self.client = client
        self.server: Side | None = None
        self.up = Link("upstream", self)
        self.down = Link("downstream", self)
        self.exchanges = 0
        self._last: Stream = "upstream"
        self.up.come_from(client)

    @property
    def links(self) -> tuple[Link, Link]:
        """
        Both directions.
        """
        return self.up, self.down

    def saw(self, stream: Stream) -> None:
        """
        Count how often the client begins after an answer.
        """
        if (stream, self._last) == ("upstream", "downstream"):
            self.exchanges += 1
        self._last = stream

    async def run(self, server: Side) -> None:
        """
        Let everything through that toxics let through, until both sides have ended.
        """
        self.server = server
        self.down.come_from(server)
        directions = [
            asyncio.ensure_future(self.up.run(server)),
            asyncio.ensure_future(self.down.run(self.client)),
        ]
        try:
            await asyncio.gather(*directions)
        except CutError as cut:
            self.close(reset=cut.reset)
        else:
            self.close(reset=False)
        finally:
            for direction in directions:
                direction.cancel()
            await asyncio.gather(*directions, return_exceptions=True)

    async def gone(self) -> None:
        """
        Wait until both sockets are closed.
        """
        await self.client.gone.wait()
        if self.server is not None:
            await self.server.gone.wait()

    def close(self, *, reset: bool) -> None:
        """
        Close both sides, or reset them.
        """
        self.client.close(reset=reset)
        if self.server is not None:
            self.server.close(reset=reset)
