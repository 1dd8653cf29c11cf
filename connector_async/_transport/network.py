"""
Connections over asyncio's own transports, for httpcore.

httpcore's own backend goes through anyio, which costs more per read than the
read does, and leaves a socket behind when a TLS handshake is cancelled. So
does asyncio's own race between addresses when it is cancelled, and uvloop has
none; the one here has neither fault.
"""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import socket
import ssl
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any, Final

import httpcore

# RFC 8305's: how long an address may take before the next is tried, too.
_HAPPY_EYEBALLS: Final = 0.25

# How much may wait here to be read before the other side has to.
_UNREAD: Final = 128 * 1024

_SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)


@contextmanager
def _as(timeout: type[Exception], failure: type[Exception]) -> Generator[None]:
    try:
        yield
    except TimeoutError as error:
        raise timeout(str(error)) from error
    except (OSError, ssl.SSLError) as error:
        raise failure(str(error)) from error


class _Stream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """
    One connection.

    asyncio's streams would do but for two things: they forget what was received
    when a reset follows it, and they do not tell whether they hold anything.
    """

    def __init__(self) -> None:
        self.connect_by: float | None = None
        self._received = bytearray()
        self._ended = False
        self._failure: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) > _UNREAD:
            self._transport.pause_reading()
        _wake(self._reader)

    def eof_received(self) -> None:
        self._ended = True
        _wake(self._reader)

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._failure = exc
        _wake(self._reader)
        _wake(self._writer)

    def pause_writing(self) -> None:
        self._writer = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        _wake(self._writer)
        self._writer = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        with _as(httpcore.ReadTimeout, httpcore.ReadError):
            if not self._received and not self._ended:
                self._reader = asyncio.get_running_loop().create_future()
                async with asyncio.timeout(timeout):
                    await self._reader
            if not self._received and self._failure is not None:
                raise self._failure
        was_full = len(self._received) > _UNREAD
        data = bytes(self._received[:max_bytes])
        del self._received[:max_bytes]
        if was_full and len(self._received) <= _UNREAD and not self._transport.is_closing():
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        with _as(httpcore.WriteTimeout, httpcore.WriteError):
            if self._transport.is_closing():
                raise self._failure or ConnectionResetError("the connection is closed")
            self._transport.write(buffer)
            if self._writer is not None:
                async with asyncio.timeout(timeout):
                    await self._writer

    async def aclose(self) -> None:
        self.abort()

    def abort(self) -> None:
        """
        Close at once.

        A graceful close can be cancelled and can hang; what is to be read has
        been read, and what is not yet written must not be.
        """
        self._transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        try:
            with _as(httpcore.ConnectTimeout, httpcore.ConnectError):
                # Not a time of its own: it is a part of connecting.
                async with asyncio.timeout_at(self.connect_by):
                    self._transport = await asyncio.get_running_loop().start_tls(
                        self._transport, self, ssl_context, server_hostname=server_hostname
                    )
        except BaseException:
            self.abort()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  # as httpcore has it
        if info == "is_readable":
            # On an idle connection anything to read, the end included, means
            # that the server has done with it.
            return bool(self._received) or self._ended or self._transport.is_closing()
        return self._transport.get_extra_info(info)


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


class AsyncioBackend(httpcore.AsyncNetworkBackend):
    """
    How connections are made.
    """

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[_SocketOption] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        by = None if timeout is None else asyncio.get_running_loop().time() + timeout
        with _as(httpcore.ConnectTimeout, httpcore.ConnectError):
            async with asyncio.timeout_at(by):
                stream = await _first(await _addresses(host, port), port)
        stream.connect_by = by
        return stream


async def _addresses(host: str, port: int) -> list[str]:
    """
    The addresses that a name stands for, the families in turn (RFC 8305).
    """
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host!r} is no name of a host") from error
    families: dict[int, list[str]] = {}
    for family, _, _, _, address in found:
        families.setdefault(family, []).append(str(address[0]))
    in_turn = itertools.chain.from_iterable(itertools.zip_longest(*families.values()))
    return list(dict.fromkeys(filter(None, in_turn)))


async def _first(addresses: list[str], port: int) -> _Stream:
    """
    The first connection that is made; whatever becomes of this call, no other stays.
    """
    loop = asyncio.get_running_loop()
    untried = deque(addresses)
    running: set[asyncio.Task[_Stream]] = set()
    failures: list[BaseException] = []
    try:
        while untried or running:
            if untried:
                running.add(loop.create_task(_connect(untried.popleft(), port)))
            done, _ = await asyncio.wait(
                running,
                timeout=_HAPPY_EYEBALLS if untried else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                running.remove(task)
                failure = task.exception()
                if failure is None:
                    return task.result()
                failures.append(failure)
        raise OSError("; ".join(dict.fromkeys(map(str, failures))))
    finally:
        for task in running:
            task.cancel()
            task.add_done_callback(_hang_up)


async def _connect(address: str, port: int) -> _Stream:
    _, stream = await asyncio.get_running_loop().create_connection(_Stream, address, port)
    return stream


def _hang_up(task: asyncio.Task[_Stream]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().abort()
