"""
One request over what a caller brings: a client of httpx, or a transport for one.

Promise 1 rests on knowing whether a request had left. A transport that traces
(httpcore's do) tells when the first byte of a request is written. Of any other
it is assumed that a request leaves when it is handed over, unless the error
itself says that no connection was had.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import aclosing, suppress
from typing import Any, Final, cast

import attrs
import httpx

from connector_async._pipeline.message import Call, Request, Response
from connector_async._transport.failure import failed
from connector_async._transport.inflate import FlawError, inflated
from connector_async._transport.over_pool import REFUSAL_KEPT
from connector_async._transport.timeouts import Timeouts
from connector_async.errors import DecodeError, TransportError

_NEVER_LEFT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_PERMANENT: Final = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


class HttpxExchange:
    """
    Requests over a transport of httpx, or over a caller's client.

    Args:
        http: A transport is called as it is. A client keeps its hooks, mounts,
            proxies and default headers, but not its `auth`, `cookies`,
            `params` and `follow_redirects`, nor an Authorization of its own.
        timeouts: How long each part of an attempt may take.
    """

    def __init__(
        self, http: httpx.AsyncClient | httpx.AsyncBaseTransport, timeouts: Timeouts
    ) -> None:
        self._http = http
        self._timeouts = attrs.asdict(timeouts)

    async def __call__(self, request: Request) -> Response:
        """
        Send, and read the answer.
        """
        answer = await self._answer(request)
        if request.streamed and answer.is_success:
            return _streamed(request, answer)
        try:
            return await _read(request, answer)
        finally:
            # What goes wrong in closing takes nothing from the answer.
            with suppress(Exception):
                await answer.aclose()

    async def _answer(self, request: Request) -> httpx.Response:
        try:
            return await self._send(request, _Evidence(request.call))
        except Exception as error:  # noqa: BLE001  # hooks and transports raise what they like
            if isinstance(error, _NEVER_LEFT) and not _was_connected(error):
                request.call.left = False
            failure = _failure(request, error)
        try:
            # Here, or the error would be this one's context.
            raise failure
        finally:
            # Or it would be behind itself, by way of this frame.
            del failure

    async def _send(self, request: Request, evidence: _Evidence) -> httpx.Response:
        message = httpx.Request(
            request.operation.method,
            request.url,
            headers=self._headers(request),
            content=request.body,
            extensions={"timeout": self._timeouts, "trace": evidence},
        )
        if isinstance(self._http, httpx.AsyncClient):
            request.call.left = not self._http.is_closed
            try:
                return await self._http.send(
                    message, stream=True, auth=None, follow_redirects=False
                )
            except httpx.HTTPStatusError as refusal:
                # A hook's `raise_for_status()`: what a status means is decided above.
                return refusal.response
        request.call.left = True
        return await self._http.handle_async_request(message)

    def _headers(self, request: Request) -> dict[str, str]:
        headers = dict(request.headers)
        if isinstance(self._http, httpx.AsyncClient) and not request.elsewhere:
            headers = {**self._http.headers, **headers}
            # A secret of the client's must not go where a token may not.
            headers.pop("authorization", None)
        if request.token is not None:
            headers["authorization"] = f"Bearer {request.token}"
        return headers


class _Evidence:
    """
    What the transport tells of the request on its way.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._begun = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if not self._begun:
            # It traces, so it will tell when the request leaves.
            self._begun = True
            self._call.left = False
        if event.endswith("send_request_headers.started") and not _is_connect(info):
            self._call.left = True
        elif event.endswith("send_request_headers.failed"):
            # Headers that cannot be are refused before anything is written.
            self._call.left &= type(info["exception"]).__name__ != "LocalProtocolError"


def _is_connect(info: Mapping[str, Any]) -> bool:
    # A tunnel through a proxy is asked for in a request of its own.
    return getattr(info.get("request"), "method", None) == b"CONNECT"


def _failure(request: Request, error: Exception) -> TransportError:
    """
    The error that a call ends with, its cause behind it unless that quotes the token.
    """
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    what = request.without_token(what)
    failure = failed(request.call, what, permanent=_is_permanent(error))
    if not any(request.is_token_in(f"{each!r} {each}") for each in _all_behind(error)):
        _forget_requests(error)
        failure.__cause__ = error
    return failure


def _forget_requests(error: BaseException) -> None:
    """
    Take from the errors of httpx what their requests have but a method and a URL: the token.

    A pickle of them would have it, too. An answer may have it in what it says.
    """
    for each in _all_behind(error):
        if isinstance(each, httpx.HTTPError):
            # There may be none.
            with suppress(RuntimeError):
                each.request = httpx.Request(each.request.method, each.request.url)
        if isinstance(each, httpx.HTTPStatusError):
            each.response = httpx.Response(each.response.status_code, request=each.request)


def _all_behind(error: BaseException) -> Generator[BaseException]:
    """
    An error and all those behind it and in it, each once.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            group = cast("BaseExceptionGroup[BaseException]", each)
            waiting += group.exceptions


def _was_connected(error: BaseException) -> bool:
    """
    Whether what a transport calls a failure to connect is the end of a connection.

    httpx-aiohttp's does so, and a message would go out twice.
    """
    return any(
        isinstance(each, ConnectionResetError | BrokenPipeError)
        or type(each).__name__ == "ServerDisconnectedError"
        for each in _chain(error)
    )


def _chain(error: BaseException | None) -> Generator[BaseException]:
    """
    An error and those behind it, each once: one that is raised anew may be behind itself.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_permanent(error: Exception) -> bool:
    if not isinstance(error, httpx.HTTPError | OSError):
        # A hook's or a transport's own mistake.
        return True
    return isinstance(error, _PERMANENT) or _is_distrust(error)


def _is_distrust(error: BaseException) -> bool:
    return any(isinstance(each, ssl.SSLCertVerificationError) for each in _chain(error))


async def _body(request: Request, answer: httpx.Response) -> AsyncGenerator[bytes, None]:
    try:
        async with aclosing(_chunks(answer)) as chunks:
            async for chunk in chunks:
                yield chunk
    except FlawError:
        raise
    except Exception as error:  # noqa: BLE001  # as above
        failure = _failure(request, error)
    else:
        return
    try:
        raise failure
    finally:
        del failure


def _chunks(answer: httpx.Response) -> AsyncGenerator[bytes, None]:
    if answer.is_stream_consumed:
        # A hook, or a transport that answers from memory, has read it already.
        return _once(answer.content)
    raw = cast("AsyncGenerator[bytes, None]", answer.aiter_raw())
    return inflated(raw, answer.headers.get("content-encoding", ""))


async def _once(content: bytes) -> AsyncGenerator[bytes, None]:
    yield content


async def _read(request: Request, answer: httpx.Response) -> Response:
    limit = request.max_bytes if answer.is_success else REFUSAL_KEPT
    content = bytearray()
    flaw: str | None = None
    try:
        async with aclosing(_body(request, answer)) as chunks:
            async for chunk in chunks:
                content += chunk
                if len(content) > limit:
                    flaw = f"longer than {limit} bytes"
                    del content[limit:]
                    break
    except FlawError as error:
        flaw = str(error)
    except TransportError:
        if answer.is_success and request.repeatable:
            raise
        # The status says that it was done; a repeat would do it twice.
        flaw = f"cut off after {len(content)} bytes"
    if flaw is not None and answer.is_success:
        # Half a result is none, and need not be held twice.
        content.clear()
    return _response(answer, content=bytes(content), flaw=flaw)


def _streamed(request: Request, answer: httpx.Response) -> Response:
    async def stream() -> AsyncGenerator[bytes, None]:
        try:
            async with aclosing(_body(request, answer)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except FlawError as error:
            raise DecodeError(
                f"content {error}", operation=request.operation.id, attempts=request.call.attempts
            ) from error

    return _response(answer, stream=stream(), aclose=answer.aclose)


def _response(answer: httpx.Response, **rest: Any) -> Response:  # noqa: ANN401  # as Response has it
    return Response(status=answer.status_code, headers=dict(answer.headers.items()), **rest)
