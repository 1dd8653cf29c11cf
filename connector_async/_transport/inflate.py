"""
Compressed bodies, undone with a bound.

What a chunk holds can be a thousand times its size. Here no more is inflated
than may be kept.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from typing import Final

from connector_async._transport.answer import named

# What we say that we can read. Not deflate: half of the servers mean zlib's form by it.
ACCEPTED: Final = "gzip"

_PIECE: Final = 256 * 1024
_SLICE: Final = 16 * 1024
# Each costs a microsecond or two, whatever it holds, in which nothing else runs.
_MOST_PARTS: Final = 10_000


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
    inflater = Inflater(encoding)
    async with aclosing(chunks):
        async for chunk in chunks:
            for piece in inflater.feed(chunk):
                yield piece
    inflater.end()


class Inflater:
    """
    Undoes one body's Content-Encoding.

    Raises:
        FlawError: An encoding that was not asked for.
    """

    def __init__(self, encoding: str) -> None:
        words = [word.strip() for word in encoding.lower().split(",")]
        words = [word for word in words if word not in {"", "identity"}]
        if words and (len(words) > 1 or words[0] not in {"gzip", "x-gzip", "deflate"}):
            raise FlawError(f"encoded as {named(encoding)}, which was not asked for")
        self._is_plain = not words
        self._begun = False
        self._parts = 1
        self._machine = zlib.decompressobj(wbits=47)

    def feed(self, chunk: bytes | bytearray) -> Generator[bytes]:
        """
        What a chunk holds, in pieces of 256 KiB at the most.

        Raises:
            FlawError: It is not what it says.
        """
        if self._is_plain:
            yield bytes(chunk)
            return
        # What zlib has not come to yet it copies each time, and a chunk may
        # consist of thousands of parts with nothing in them.
        for at in range(0, len(chunk), _SLICE):
            yield from self._inflate(bytes(chunk[at : at + _SLICE]))

    def _inflate(self, rest: bytes) -> Generator[bytes]:
        while rest:
            self._begun = True
            if self._machine.eof:
                # Behind the end zeros may stand, which mean nothing.
                rest = rest.lstrip(b"\0")
                if not rest:
                    return
                # Compressed in several parts, one after the other (RFC 1952 §2.2).
                self._parts += 1
                if self._parts > _MOST_PARTS:
                    raise FlawError(f"compressed in more than {_MOST_PARTS} parts")
                self._machine = zlib.decompressobj(wbits=47)
            piece = self._piece(rest)
            if piece:
                yield piece
            rest = self._machine.unconsumed_tail or self._machine.unused_data

    def end(self) -> None:
        """
        That was all.

        Raises:
            FlawError: It was cut off.
        """
        if self._begun and not self._machine.eof:
            raise FlawError("cut off in the middle of its compression")

    def _piece(self, data: bytes) -> bytes:
        try:
            return self._machine.decompress(data, _PIECE)
        except zlib.error as error:
            raise FlawError(f"not compressed as it says ({error})") from error
