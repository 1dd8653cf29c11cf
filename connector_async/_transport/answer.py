"""
What comes back over a connection, and what of it is wanted.
"""

from __future__ import annotations

import functools
from typing import Final

import attrs

from connector_async._transport.failure import WireError


@attrs.define(eq=False)
class Answer:
    """
    What came back.

    Attributes:
        status: The HTTP status.
        headers: Names in lower case; values of one name are joined by commas.
        content: The body, as far as it was wanted and came; empty where it is streamed.
        is_long: Whether the body is longer than was wanted.
        broken: Why the body is not whole; None where it is.
    """

    status: int
    # The service may say again what it was told.
    headers: dict[str, str] = attrs.field(repr=False)
    content: bytearray = attrs.field(factory=bytearray, repr=False)
    is_long: bool = False
    broken: WireError | None = None

    @property
    def is_success(self) -> bool:
        """
        Whether the status is a 2xx.
        """
        return 200 <= self.status < 300


@attrs.frozen(kw_only=True)
class Wanted:
    """
    What is wanted of an answer.

    Attributes:
        success: How many bytes of a 2xx's body.
        refusal: How many of another's.
        streamed: Whether a 2xx's body is left to `Connection.stream`.
        tunnel: Whether a 2xx has no body, and what follows is another's (CONNECT).
    """

    success: int
    refusal: int
    streamed: bool = False
    tunnel: bool = False


def joined(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """
    An answer's headers by their names in lower case; the values of one name with commas.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name = _name(raw_name) if len(raw_name) < _LONG else _lower(raw_name)
        value = raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _lower(raw: bytes) -> str:
    return raw.decode("latin-1").lower()


# Servers have few names, and use them again and again.
_name: Final = functools.lru_cache(256)(_lower)
_LONG: Final = 64


def named(codings: str) -> str:
    """
    What a service calls the encoding of its answer, to be quoted; nothing of what is no name of
    one, since it may be what the service was told.
    """
    words = (
        word.strip().removeprefix("x").removeprefix("-") for word in codings.lower().split(",")
    )
    return repr(codings[:_SHOWN]) if _CODINGS.issuperset(words) else "something unknown"


_SHOWN: Final = 40
_CODINGS: Final = frozenset({"br", "chunked", "compress", "deflate", "gzip", "identity", "zstd"})
