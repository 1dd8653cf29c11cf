"""
One request over the client's own pool: what goes out, what comes back, and whether it had left.

Promise 1 rests on the last, and here it is known: nothing has left until the
request is handed to its connection, and all may have from then on.
"""

from __future__ import annotations

import functools
import re
import string
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final
from urllib.parse import quote

from connector_async._pipeline.message import Request, Response, Turn
from connector_async._transport.answer import Answer, Wanted
from connector_async._transport.connection import Connection, Way
from connector_async._transport.failure import WireError, failed
from connector_async._transport.inflate import FlawError, Inflater, inflated
from connector_async._transport.pool import Pool
from connector_async._transport.timeouts import Timeouts
from connector_async.errors import DecodeError

REFUSAL_KEPT: Final = 64 * 1024

_URL: Final = re.compile(
    r"""(https?://([\w.:%\[\]~-]+))((?:[/?][\x00-"$-\xff]*)?)(?:#.*)?""", re.ASCII | re.DOTALL
)
_VISIBLE: Final = string.punctuation
_PLAIN: Final = re.compile(r"[!-~]*")


class PoolExchange:
    """
    Requests over the client's own connections.

    Args:
        pool: Whose connections.
        timeouts: How long each part of an attempt may take.
    """

    def __init__(self, pool: Pool, timeouts: Timeouts) -> None:
        self._pool = pool
        self._timeouts = timeouts
        # The same ones go out again and again. They may be secrets, so this goes with the client.
        self._lines = functools.lru_cache(32)(_lines)

    async def __call__(self, request: Request) -> Response:
        """
        Send, and read the answer.
        """
        try:
            connection, answer = await self._exchange(request)
        except WireError as error:
            raise failed(request.call, str(error), permanent=error.permanent) from error
        if request.streamed and answer.is_success:
            return self._streamed(request, answer, connection)
        self._pool.give_back(connection)
        return _whole(request, answer)

    async def _exchange(self, request: Request) -> tuple[Connection, Answer]:
        times = self._timeouts
        origin, host, target = _split(request.url)
        connection = await self._pool.take(origin, connect=times.connect, pool=times.pool)
        turn = request.call.turn
        while turn is not None and turn.is_stale:
            connection = await self._in_turn(turn, origin, connection)
        request.call.turn = None
        try:
            written = self._written(request, host, target, connection.way)
            request.call.left = True
            answer = await connection.exchange(
                written, _wanted(request), read=times.read, write=times.write
            )
        except BaseException:
            self._pool.give_back(connection)
            raise
        return connection, answer

    async def _in_turn(self, turn: Turn, origin: str, connection: Connection) -> Connection:
        """
        A connection for a request that was held up: this one, if it may go now.
        """
        is_now = False
        try:
            is_now = await turn.renew()
        finally:
            if not is_now or not connection.is_open:
                # Others may go on it meanwhile.
                self._pool.give_back(connection)
        if is_now and connection.is_open:
            return connection
        if is_now:
            raise WireError(f"{origin} hung up before the request was sent")
        await turn.take()
        times = self._timeouts
        return await self._pool.take(origin, connect=times.connect, pool=times.pool)

    def _written(self, request: Request, host: str, target: str, way: Way) -> _Written:
        try:
            return _written(request, host, target, way, self._lines(tuple(request.headers.items())))
        except WireError as error:
            # Without its frames, whose variables have the token in them.
            raise error.with_traceback(None) from None

    def _streamed(self, request: Request, answer: Answer, connection: Connection) -> Response:
        async def stream() -> AsyncGenerator[bytes, None]:
            pieces = inflated(connection.stream(), answer.headers.get("content-encoding", ""))
            try:
                async with aclosing(pieces):
                    async for piece in pieces:
                        yield piece
            except WireError as error:
                raise failed(request.call, str(error)) from error
            except FlawError as error:
                raise DecodeError(
                    f"content {error}",
                    operation=request.operation.id,
                    attempts=request.call.attempts,
                ) from error

        return Response(
            status=answer.status,
            headers=answer.headers,
            stream=stream(),
            aclose=_Once(self._pool, connection),
        )


class _Written(bytes):
    """
    A request as bytes, the token among them: it is a variable of frames that a failure reports.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<a request of {len(self)} bytes>"


class _Once:
    """
    Gives a connection back, once.
    """

    def __init__(self, pool: Pool, connection: Connection) -> None:
        self._pool = pool
        self._connection: Connection | None = connection

    async def __call__(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.give_back(connection)


def _split(url: str) -> tuple[str, str, str]:
    """
    A URL's origin, its host as the server is told it, and what is asked for there.

    Raises:
        WireError: It would not stay within its line, or names no host.
    """
    match = _URL.fullmatch(url)
    if match is None:
        raise WireError("the URL has characters that none may have", permanent=True)
    origin, host, target = match.groups()
    if not target.startswith("/"):
        target = f"/{target}"
    if _PLAIN.fullmatch(target) is None:
        # A redirect's, whose header was read as Latin-1, so that these are its bytes.
        target = quote(target, safe=_VISIBLE, encoding="latin-1")
    return origin, host, target


def _wanted(request: Request) -> Wanted:
    return Wanted(success=request.max_bytes, refusal=REFUSAL_KEPT, streamed=request.streamed)


def _written(request: Request, host: str, target: str, way: Way, headers: str) -> _Written:
    """
    The request as bytes.

    Raises:
        WireError: A header that cannot be.
    """
    body = request.body
    lines = [
        f"{request.operation.method} {way.origin}{target} HTTP/1.1\r\nhost: {host}\r\n",
        headers,
    ]
    if request.token is not None:
        lines.append(_line("authorization", f"Bearer {request.token}"))
    if body is not None:
        lines.append(f"content-length: {len(body)}\r\n")
    head = "".join(lines).encode("latin-1") + way.headers + b"\r\n"
    return _Written(head if body is None else head + body)


def _lines(headers: tuple[tuple[str, str], ...]) -> str:
    return "".join(_line(name, value) for name, value in headers)


def _line(name: str, value: str) -> str:
    # RFC 9110 §5: a line end in either would begin a header of somebody else's making.
    if not _NAME.fullmatch(name) or not (_is_plain(value) or _VALUE.fullmatch(value)):
        raise WireError(f"the header {name!r} has characters that none may have", permanent=True)
    return f"{name}: {value}\r\n"


def _is_plain(value: str) -> bool:
    # A token is two thousand characters long; this is much faster.
    return value.isascii() and value.isprintable()


_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def _whole(request: Request, answer: Answer) -> Response:
    content, flaw = answer.content, None
    if answer.is_long:
        flaw = f"longer than {len(content)} bytes"
    elif answer.broken is not None:
        if answer.is_success and request.repeatable:
            raise failed(request.call, str(answer.broken)) from answer.broken
        # The status says that it was done; a repeat would do it twice.
        flaw = f"cut off after {len(content)} bytes"
    if "content-encoding" in answer.headers:
        content, flaw = _inflated(request, answer, flaw)
    if flaw is not None and answer.is_success:
        # Half a result is none, and need not be held twice.
        content.clear()
    return Response(status=answer.status, headers=answer.headers, content=bytes(content), flaw=flaw)


def _inflated(request: Request, answer: Answer, flaw: str | None) -> tuple[bytearray, str | None]:
    limit = request.max_bytes if answer.is_success else REFUSAL_KEPT
    content = bytearray()
    try:
        inflater = Inflater(answer.headers["content-encoding"])
        for piece in inflater.feed(answer.content):
            content += piece
            if len(content) > limit:
                del content[limit:]
                return content, f"longer than {limit} bytes"
        if flaw is None:
            inflater.end()
    except FlawError as error:
        flaw = flaw or str(error)
    return content, flaw
