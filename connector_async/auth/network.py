"""
How the identity provider is reached.
"""

from __future__ import annotations

import functools
import ssl
from typing import Any

import attrs

from connector_async._checks import is_seconds
from connector_async.auth._secret import Secretive


@attrs.frozen(kw_only=True)
class IdentityNetwork(Secretive):
    """
    How the identity provider is reached.

    Attributes:
        proxy: The URL of a proxy; None for what the environment says. Not for
            managed identities: their endpoint is on the machine itself.
        ssl_context: Decides alone which certificates are good, and holds the
            client's own, if any; `REQUESTS_CA_BUNDLE` and the like change
            nothing. None for the defaults of requests, where they count.
        connect_timeout: Seconds until a connection stands.
        read_timeout: Seconds between two parts of an answer.
    """

    # It may hold a password.
    proxy: str | None = attrs.field(default=None, repr=False)
    ssl_context: ssl.SSLContext | None = attrs.field(default=None, repr=False, eq=False)
    connect_timeout: float = attrs.field(default=5.0, validator=is_seconds)
    read_timeout: float = attrs.field(default=10.0, validator=is_seconds)

    def __reduce__(self) -> tuple[Any, ...]:
        if self.proxy is not None and "@" in self.proxy:
            return super().__reduce__()
        return functools.partial(IdentityNetwork, **attrs.asdict(self, recurse=False)), ()
