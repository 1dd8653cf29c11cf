"""
Redirects are not followed, except for an attachment's content, and then without the token.

The content may lie in a store of its own, behind a signed URL. Whoever names
the next hop could name an address inside our own network, so it must be https,
and every address that its name stands for must be a public one.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import attrs

from connector_async._operations import GET_ATTACHMENT
from connector_async._pipeline.message import Handler, Request, Response
from connector_async.errors import TransportError

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_HOPS: Final = 5

Resolve = Callable[[str, int], Awaitable[Sequence[str] | None]]


async def resolve(host: str, port: int) -> Sequence[str]:
    """
    The addresses that a name stands for.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def redirect(next_: Handler, *, resolve: Resolve | None) -> Handler:
    """
    Follow an attachment's content to where it lies.

    Args:
        next_: The step below.
        resolve: How names are looked up. It gives None, and is None, where a
            proxy does that for us.
    """

    async def handle(request: Request) -> Response:
        response = await next_(request)
        if request.operation is not GET_ATTACHMENT:
            return response
        for _ in range(_HOPS):
            if response.status not in _REDIRECTS:
                return _of_the_store(request, response)
            request = await _hop(request, response, resolve)
            response = await next_(request)
        if response.status in _REDIRECTS:
            raise _refused(request, f"redirected more than {_HOPS} times")
        return _of_the_store(request, response)

    return handle


def _of_the_store(request: Request, response: Response) -> Response:
    """
    What came after a hop is no answer of the service: its 401 says nothing of
    our token, and its 429 nothing of the service's limits.
    """
    if not request.elsewhere or 200 <= response.status < 300:
        return response
    raise TransportError(
        f"the attachment's content was not fetched: {request.host}, where it lies, answered "
        f"{response.status}",
        left=True,
        permanent=response.status < 500,
        operation=request.operation.id,
        attempts=request.call.attempts,
    )


async def _hop(request: Request, response: Response, resolve: Resolve | None) -> Request:
    if _has_token(request, response):
        raise _refused(request, "redirected to a URL with the token in it")
    location = response.headers.get("location", "")
    target = _target(request, location)
    origin = f"{target.scheme}://{target.netloc}"
    if not request.url.startswith(f"{origin}/"):
        await _check_public(request, target, resolve)
    headers = {name: request.headers[name] for name in _KEPT if name in request.headers}
    return attrs.evolve(
        request,
        url=target.geturl(),
        host=target.netloc,
        headers=headers,
        token=None,
        elsewhere=True,
    )


def _has_token(request: Request, response: Response) -> bool:
    # It would be shown to whoever serves that URL, or looks its host up.
    location = response.headers.get("location", "")
    return request.is_token_in(f"{location} {unquote(location)}")


_KEPT: Final = ("accept", "accept-encoding", "user-agent")


def _target(request: Request, location: str) -> SplitResult:
    try:
        target = urlsplit(location)
        _ = target.port
    except ValueError:
        raise _refused(request, "redirected to what is no URL") from None
    if location.startswith("/") and not location.startswith("//"):
        base = urlsplit(request.url)
        return base._replace(path=target.path, query=target.query, fragment="")
    same = request.url.startswith(f"{target.scheme}://{target.netloc}/")
    plain = location.isascii() and location.isprintable() and " " not in location
    if not plain or not target.hostname or target.username is not None:
        raise _refused(request, "redirected to what is no plain URL")
    if target.scheme != "https" and not same:
        raise _refused(request, f"redirected to {target.hostname}, but not by https")
    return target._replace(fragment="")


async def _check_public(request: Request, target: SplitResult, resolve: Resolve | None) -> None:
    host = target.hostname or ""
    if host == "localhost" or (_is_address(host) and not _is_public(host)):
        # Whoever looks names up, this needs no looking up.
        raise _refused(request, f"redirected to {host}, which is an address inside a network")
    if resolve is None or _is_address(host):
        return
    try:
        addresses = await resolve(host, target.port or 443)
    except (OSError, UnicodeError) as error:  # the latter where it is no name at all
        raise TransportError(
            f"{host}, where the content lies, cannot be looked up ({error})",
            operation=request.operation.id,
            attempts=request.call.attempts,
        ) from error
    if addresses is not None and not (addresses and all(map(_is_public, addresses))):
        raise _refused(request, f"redirected to {host}, which is an address inside a network")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _is_public(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_global


def _refused(request: Request, reason: str) -> TransportError:
    return TransportError(
        f"the attachment's content was not fetched: {reason}",
        permanent=True,
        operation=request.operation.id,
        attempts=request.call.attempts,
    )
