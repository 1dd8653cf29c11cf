"""
A connection without a network, whose other side is quick.
"""

import asyncio


class Instant(asyncio.Transport):
    """
    A server that has answered before the request is written.

    Args:
        protocol: The client's side.
        answer: Gives the bytes of the answer to a request; none for no answer.
        extra: What else is known of the connection, as asyncio has it.
    """

    def __init__(self, protocol, answer, extra=None):
        super().__init__(extra)
        self._protocol = protocol
        self._answer = answer
        self._closing = False

    def write(self, data):
        answer = self._answer(data)
        if answer:
            self._protocol.get_buffer(len(answer))[: len(answer)] = answer
            self._protocol.buffer_updated(len(answer))

    def get_write_buffer_size(self):
        return 0

    def is_closing(self):
        return self._closing

    def abort(self):
        self._closing = True
