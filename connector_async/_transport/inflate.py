"""
Compressed bodies, undone with a bound.

httpx inflates whatever a chunk holds, which can be a thousand times its size.
Here no more is inflated than may be kept.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

# What we say that we can read; the two that the standard library bounds.
ACCEPTED: Final = "gzip, deflate"

_PIECE: Final = 256 * 1024


class FlawError(Exception):
    """
    A body that cannot be had whole, and why; a repeat would not help.
    """


async def inflated(
    chunks: AsyncGenerator[bytes, None], encoding: str
) -> AsyncGenerator[bytes, None]:
    """
    The body behind a Content-Encoding, in pieces of 256 KiB at the most.

    Raises:
        FlawError: An encoding that was not asked for, or data that is not what it says.
    """
    words = [word.strip() for word in encoding.lower().split(",")]
    words = [word for word in words if word not in {"", "identity"}]
    if not words:
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk
        return
    if len(words) > 1 or words[0] not in {"gzip", "x-gzip", "deflate"}:
        raise FlawError(f"encoded as {encoding[:40]!r}, which was not asked for")
    machine = zlib.decompressobj(wbits=47)
    begun = False
    async with aclosing(chunks):
        async for chunk in chunks:
            begun = True
            rest = chunk
            while rest:
                if machine.eof:
                    # Compressed in several parts, one after the other (RFC 1952 §2.2).
                    machine = zlib.decompressobj(wbits=47)
                piece = _piece(machine.decompress, rest)
                if piece:
                    yield piece
                rest = machine.unconsumed_tail or machine.unused_data
    if begun and not machine.eof:
        raise FlawError("cut off in the middle of its compression")


def _piece(inflate: Callable[[bytes, int], bytes], data: bytes) -> bytes:
    try:
        return inflate(data, _PIECE)
    except zlib.error as error:
        raise FlawError(f"not compressed as it says ({error})") from error
