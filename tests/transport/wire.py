"""
A connection whose other side is the test itself, byte by byte and second by second.
"""

import asyncio

from connector_async._transport.answer import Wanted
from connector_async._transport.connection import Connection
from tests.transport.peers import breathe

WHOLE = Wanted(success=1000, refusal=1000)
STREAMED = Wanted(success=0, refusal=1000, streamed=True)


class Wire(asyncio.Transport):
    """
    What a connection writes to.

    Attributes:
        written: What was written.
        untaken: How much of it the other side has not taken, for all that is known.
        paused: Whether nothing is read.
        connection: The connection.
    """

    def __init__(self):
        super().__init__()
        self.written = bytearray()
        self.untaken = 0
        self.paused = False
        self.connection = Connection()
        self.connection.connection_made(self)
        self._closing = False

    def ask(self, wanted=WHOLE, *, read=10.0, write=10.0):
        """
        Begin an exchange.
        """
        return asyncio.ensure_future(
            self.connection.exchange(b"GET", wanted, read=read, write=write)
        )

    def say(self, data, *, size=65536):
        """
        Let the connection read this, in pieces of such a size.
        """
        for at in range(0, len(data), size):
            piece = data[at : at + size]
            self.connection.get_buffer(-1)[: len(piece)] = piece
            self.connection.buffer_updated(len(piece))

    def hang_up(self):
        """
        Say that this was all.
        """
        self.connection.eof_received()

    def write(self, data):
        self.written += data

    def get_write_buffer_size(self):
        return self.untaken

    def pause_reading(self):
        self.paused = True

    def resume_reading(self):
        self.paused = False

    def abort(self):
        if not self._closing:
            self._closing = True
            asyncio.get_running_loop().call_soon(self.connection.connection_lost, None)

    def is_closing(self):
        return self._closing


async def told(*pieces, wanted=WHOLE, size=65536, ends=False):
    """
    Ask, and be told these pieces.

    Returns:
        The answer, and the connection.
    """
    wire = Wire()
    asking = wire.ask(wanted)
    await breathe()
    for piece in pieces:
        wire.say(piece, size=size)
    if ends:
        wire.hang_up()
    return await asking, wire.connection


class Lone:
    """
    A pool with one connection.
    """

    def __init__(self, connection):
        self._connection = connection
        self.given_back = 0

    async def take(self, *_, **__):
        return self._connection

    def give_back(self, connection):
        assert connection is self._connection
        self.given_back += 1
