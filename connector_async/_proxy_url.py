"""
How a proxy's URL is read, for the calls and for the token fetch.
"""

from __future__ import annotations

import base64
from typing import Final
from urllib.parse import unquote, urlsplit

import attrs

NO_PROXY: Final = (
    "the proxy has no URL of a proxy: that is http:// or https://, then user:password@ "
    "if need be, then host:port. For SOCKS bring an http_client that speaks it."
)

_PORTS: Final = {"http": 80, "https": 443}


@attrs.frozen
class ProxyUrl:
    """
    What a proxy's URL says.

    Attributes:
        scheme: How the proxy itself is spoken to: `http` or `https`.
        host: Its name or address.
        port: Its port.
        authorization: Who we are to it, as `Proxy-Authorization` has it; None for nobody.
    """

    scheme: str
    host: str
    port: int
    authorization: str | None = attrs.field(repr=False)


def read_proxy(url: str) -> ProxyUrl | None:
    """
    What a URL says of a proxy; None where it means none that can be used here.

    It may hold a password, so whoever complains (`NO_PROXY`) does not show it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if (
        not parts.hostname
        or parts.scheme not in _PORTS
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
    ):
        return None
    return ProxyUrl(
        parts.scheme,
        parts.hostname,
        port or _PORTS[parts.scheme],
        _authorization(parts.username, parts.password),
    )


def _authorization(user: str | None, password: str | None) -> str | None:
    if user is None:
        return None
    pair = f"{unquote(user)}:{unquote(password or '')}".encode()
    return f"Basic {base64.b64encode(pair).decode('ascii')}"
