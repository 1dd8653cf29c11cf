"""
A world in which the README's code runs as it stands.

The names of the real service and of the real identity provider lead to an
emulator: through a proxy that tunnels every host to it, and a certificate
authority of the test's own, both named by the environment only.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import attrs

from connector_async.emulator import Emulator, serve

NAMES = ("smba.trafficmanager.net", "login.microsoftonline.com")


@attrs.frozen
class World:
    """
    Where the emulator is, and the environment that leads to it.
    """

    emulator: Emulator
    environment: Mapping[str, str]


@contextmanager
def world() -> Generator[World]:
    """
    The world, served by a thread while the block runs.
    """
    emulator = Emulator(profile="generic", require_token=True)
    ready = threading.Event()
    environment: dict[str, str] = {}
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def run() -> None:
        # A managed identity's endpoint is on the machine itself, and without TLS.
        async with serve(emulator) as plain, serve(emulator, tls=True, names=NAMES) as server:
            port = int(server.url.rpartition(":")[2])
            tunnels: set[asyncio.Task[None]] = set()
            proxy = await asyncio.start_server(_tunnel_to(port, tunnels), "127.0.0.1", 0)
            async with proxy:
                proxy_port = proxy.sockets[0].getsockname()[1]
                environment.update(
                    {
                        "HTTPS_PROXY": f"http://127.0.0.1:{proxy_port}",
                        "NO_PROXY": "localhost,127.0.0.1",
                        "SSL_CERT_FILE": str(server.ca_file),
                        "REQUESTS_CA_BUNDLE": str(server.ca_file),
                        **plain.managed_identity,
                    }
                )
                ready.set()
                await ended.wait()
                proxy.close()
                for tunnel in tunnels:
                    tunnel.cancel()
                await asyncio.gather(*tunnels, return_exceptions=True)

    def serve_all() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(run())

    thread = threading.Thread(target=serve_all)
    thread.start()
    try:
        assert ready.wait(timeout=10)
        yield World(emulator, environment)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()


def _tunnel_to(port: int, tunnels: set[asyncio.Task[None]]):
    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Kept, since a task that nobody holds may vanish in the middle of its work.
        tunnels.add(asyncio.ensure_future(serve_one(reader, writer)))

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await asyncio.gather(_pipe(reader, up_writer), _pipe(up_reader, writer))
        finally:
            writer.close()
            up_writer.close()

    return accept


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        if not writer.is_closing() and writer.can_write_eof():
            writer.write_eof()
