"""
A server, a proxy before it, and a client that sees each byte and each end.
"""

import asyncio
import ssl
from contextlib import suppress

import pytest

from connector_async.testing.chaos import ChaosProxy
from tests.transport import peers


class Client:
    """
    A raw connection: what it reads, when, and how it ends.
    """

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    def say(self, data):
        self.writer.write(data)

    async def hear(self, size):
        """
        Read so many bytes.
        """
        async with asyncio.timeout(5):
            return await self.reader.readexactly(size)

    async def rest(self):
        """
        Read to the end; the bytes, and "end" or "reset".
        """
        heard = b""
        async with asyncio.timeout(5):
            try:
                while piece := await self.reader.read(65536):
                    heard += piece
            except ConnectionResetError:
                return heard, "reset"
        return heard, "end"

    async def hears_nothing(self, seconds=0.03):
        """
        Wait a little, and say whether nothing came in it, no end either.
        """
        try:
            async with asyncio.timeout(seconds):
                await self.reader.read(1)
        except TimeoutError:
            return True
        return False


async def echo(line):
    """
    A server that says what it hears.
    """
    with suppress(ConnectionError):
        while data := await line.reader.read(65536):
            await line.say(data)


@pytest.fixture
async def server():
    async with peers.serve(echo) as peer:
        yield peer


@pytest.fixture
async def proxy(server):
    async with ChaosProxy(server.url) as proxy:
        yield proxy


@pytest.fixture
async def dial(proxy):
    """
    Makes connections through the proxy, and closes them.
    """
    made = []

    async def dial(**options):
        client = Client(*await asyncio.open_connection("127.0.0.1", proxy.port, **options))
        made.append(client)
        return client

    yield dial
    for client in made:
        client.writer.transport.abort()
    await peers.breathe()


@pytest.fixture
def believing():
    """
    Makes TLS settings that believe a proxy's authority, and no other.
    """

    def make(proxy):
        return ssl.create_default_context(cafile=proxy.ca_file)

    return make
