"""
The way through a proxy: which one, and what is said to it.

A host by https is reached through a tunnel (CONNECT); a request by http is
handed on. SOCKS is left to a caller's own client of httpx.
"""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Final

import attrs

from connector_async._proxy_url import NO_PROXY, read_proxy
from connector_async._transport.answer import Wanted
from connector_async._transport.connection import Connection, Way
from connector_async._transport.failure import WireError

_DAY: Final = 86_400.0
_TUNNEL: Final = Wanted(success=0, refusal=0, tunnel=True)


@attrs.frozen
class Proxy:
    """
    A proxy.

    Attributes:
        scheme: How the proxy itself is spoken to: `http` or `https`.
        host: Its name or address.
        port: Its port.
        authorization: The header that it wants, with its line end; or nothing.
    """

    scheme: str
    host: str
    port: int
    authorization: bytes = attrs.field(repr=False)

    def way_to(self, origin: str) -> Way:
        """
        What it wants said in requests that it hands on.
        """
        return Way(origin, self.authorization)


def proxy_at(url: str) -> Proxy:
    """
    The proxy that a URL means.

    Raises:
        ValueError: It means none that can be used here.
    """
    read = read_proxy(url)
    if read is None:
        # It may hold a password, and is not shown, not as a variable either.
        del url
        raise ValueError(NO_PROXY)
    said = read.authorization
    header = "" if said is None else f"proxy-authorization: {said}\r\n"
    return Proxy(read.scheme, read.host, read.port, header.encode("ascii"))


def proxy_of_environment(scheme: str, host: str, port: int) -> str | None:
    """
    The URL of the proxy that the environment names for a host; None for none.

    There is never one for this machine: its loopback is not ours, and a token
    by plain http would be shown to it.
    """
    if _is_loopback(host):
        return None
    # Here, since the standard library's own client comes along.
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415

    proxies = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if not proxy or proxy_bypass(f"[{host}]:{port}" if ":" in host else f"{host}:{port}"):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def tunnel(connection: Connection, proxy: Proxy, host: str, port: int, *, by: float) -> None:
    """
    Ask a proxy for a tunnel; what fails closes the connection.

    Raises:
        WireError: There is none.
    """
    try:
        async with asyncio.timeout_at(by):
            await _ask(connection, proxy, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    except (WireError, TimeoutError) as error:
        connection.abort()
        reason = str(error) or "it took too long"
        raise WireError(
            f"no tunnel through the proxy {proxy.host}:{proxy.port}: {reason}"
        ) from error
    except BaseException:
        connection.abort()
        raise
    connection.begin_anew()


async def _ask(connection: Connection, proxy: Proxy, where: str) -> None:
    head = f"CONNECT {where} HTTP/1.1\r\nhost: {where}\r\n".encode("ascii")
    # A part of connecting, which is over before.
    answer = await connection.exchange(
        head + proxy.authorization + b"\r\n", _TUNNEL, read=_DAY, write=_DAY
    )
    if not answer.is_success:
        raise WireError(f"it answered {answer.status}")
    if not connection.is_reusable:
        # In the tunnel the client speaks first, so this is nobody's answer.
        raise WireError("it said more than its answer, or hung up")
