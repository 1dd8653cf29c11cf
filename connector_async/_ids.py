"""
Ids as path segments: quoted or refused, never cut and never rewritten.
"""

from __future__ import annotations

import functools
import re
from typing import Final
from urllib.parse import quote

from connector_async.errors import InvalidIdError


def segment(name: str, value: str) -> str:
    """
    Quote an id as exactly one path segment.

    Only RFC 3986's unreserved characters stay; the rest is percent-encoded.

    Raises:
        InvalidIdError: Empty, `.`, `..`, control characters or lone surrogates.
        TypeError: Not text.
    """
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]: callers without types
        raise TypeError(f"{name} is text, not {type(value).__name__}; ids are never numbers here")
    return _segment(name, value)


# A conversation is written to again and again.
@functools.lru_cache(4096)
def _segment(name: str, value: str) -> str:
    reason = _reason_to_refuse(value)
    if reason is not None:
        raise InvalidIdError(f"{name} {value!a} {reason}; nothing was sent")
    return quote(value, safe="")


def _reason_to_refuse(value: str) -> str | None:
    if not value:
        return "is empty; pass the id that the channel gave"
    if value in {".", ".."}:
        # URL libraries collapse these, even percent-encoded, into another path.
        return "would change the path"
    if _CONTROL.search(value):
        return "has control characters, which no channel's id has"
    if _HALF.search(value):
        return "has half a surrogate pair and cannot be written as UTF-8"
    return None


_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_HALF: Final = re.compile("[\ud800-\udfff]")
