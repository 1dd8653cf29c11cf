"""
What stands behind a client: its own pool, or what the caller brings.
"""

from __future__ import annotations

import functools
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import attrs

from connector_async._pipeline import Exchange
from connector_async._transport.over_pool import PoolExchange
from connector_async._transport.pool import Pool
from connector_async._transport.timeouts import Timeouts
from connector_async._transport.tls import StrPath, tls_context

if TYPE_CHECKING:
    import httpx

Resolve = Callable[[str, int], Awaitable[Sequence[str] | None]]


@attrs.frozen(kw_only=True)
class Chosen:
    """
    What stands behind a client.

    Attributes:
        exchange: Makes what carries requests, with timeouts.
        pool: The client's own connections; None where the caller brought others.
        tls: The TLS settings that were asked for; None for the defaults.
    """

    exchange: Callable[[Timeouts], Exchange]
    pool: Pool | None
    tls: ssl.SSLContext | None

    def looking_up(self, resolve: Resolve) -> Resolve:
        """
        The same, but None for names that are looked up by a proxy or a caller's own means.
        """

        async def look_up(host: str, port: int) -> Sequence[str] | None:
            if self.pool is None or self.pool.is_proxied("https", host, port):
                return None
            return await resolve(host, port)

        return look_up


def choose(
    *,
    http_client: httpx.AsyncClient | None,
    transport: httpx.AsyncBaseTransport | None,
    proxy: str | None,
    ca_file: StrPath | None,
    ssl_context: ssl.SSLContext | None,
    client_certificate: StrPath | tuple[StrPath, StrPath] | None,
    max_connections: int,
) -> Chosen:
    """
    Choose by the options that were given.

    Raises:
        ValueError: Options that exclude each other, or that cannot be.
        TypeError: A client or transport that is none.
    """
    tls = tls_context(
        ca_file=ca_file, ssl_context=ssl_context, client_certificate=client_certificate
    )
    if http_client is None and transport is None:
        pool = Pool(ssl_context=tls, proxy=proxy, max_connections=max_connections)
        return Chosen(exchange=functools.partial(PoolExchange, pool), pool=pool, tls=tls)
    if proxy is not None or tls is not None or (http_client is not None and transport is not None):
        raise ValueError(
            "http_client and transport bring their own proxy and TLS settings: give one of "
            "them, or else proxy, ca_file, ssl_context and client_certificate"
        )
    # Who brings something of httpx has imported it.
    import httpx  # noqa: PLC0415

    from connector_async._transport.over_httpx import HttpxExchange  # noqa: PLC0415

    http = transport if http_client is None else http_client
    if not isinstance(http, httpx.AsyncClient | httpx.AsyncBaseTransport):
        raise TypeError(
            "http_client is an httpx.AsyncClient and transport an httpx.AsyncBaseTransport, "
            f"not {type(http).__name__}"
        )
    return Chosen(exchange=functools.partial(HttpxExchange, http), pool=None, tls=None)
