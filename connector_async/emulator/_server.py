"""
The emulator on a socket: uvicorn in the running event loop, on a port of the loopback.

TLS has a certificate authority of its own, made for the occasion and gone with it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Final

import attrs
import trustme
import uvicorn

from connector_async.emulator._app import Peer, build_app
from connector_async.emulator._emulator import Emulator
from connector_async.emulator._identity import IDENTITY_HEADER
from connector_async.emulator._state import TENANT_ID

# As the front doors of the real service keep idle connections, at the least.
_KEEP_ALIVE_SECONDS: Final = 60

# For connections that uvicorn does not know yet: their handshake may never end.
_LAST_WAIT_SECONDS: Final = 0.2

# On, for zero seconds: what is closed is reset, and nothing is said in parting.
_NO_LINGER: Final = struct.pack("ii", 1, 0)


@attrs.frozen(kw_only=True)
class Server:
    """
    Where an emulator is served.

    Attributes:
        url: A service URL; a path may be added to it, as in `/teams`.
        ca_file: The certificate authority, as PEM; None without TLS.
    """

    url: str
    ca_file: str | None

    @property
    def authority(self) -> str:
        """
        The authority for msal, with `instance_discovery=False`.
        """
        return f"{self.url}/{TENANT_ID}"

    @property
    def managed_identity(self) -> Mapping[str, str]:
        """
        The environment variables that lead msal to the managed identity.
        """
        return {"IDENTITY_ENDPOINT": f"{self.url}/msi/token", "IDENTITY_HEADER": IDENTITY_HEADER}


@asynccontextmanager
async def serve(
    emulator: Emulator,
    *,
    tls: bool = False,
    host: str = "127.0.0.1",
    port: int = 0,
    names: Sequence[str] = (),
) -> AsyncGenerator[Server, None]:
    """
    Serve an emulator while the context lasts.

    Args:
        emulator: What is served.
        tls: Whether by https, with a certificate of `Server.ca_file`.
        host: An address of this machine. Anyone who reaches it can steer the emulator.
        port: 0 takes a free one.
        names: Further hosts that the certificate is good for, for a test that
            leads the real service's names here.

    Yields:
        Where it is served.

    Raises:
        OSError: The port is taken, or the host is none of this machine's.
    """
    with tempfile.TemporaryDirectory() as folder, closing(_listener(host, port)) as listener:
        certificate = _certify(Path(folder), [host, *names]) if tls else None
        running = _uvicorn(emulator, certificate)
        await running.startup(sockets=[listener])
        try:
            yield _server(listener, certificate)
        finally:
            await _stop(running)


@attrs.frozen(kw_only=True)
class _Certificate:
    ca_file: str
    key_and_chain_file: str


def _certify(folder: Path, names: Sequence[str]) -> _Certificate:
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    leaf = authority.issue_cert(*{*names, "localhost", "127.0.0.1", "::1"})
    leaf_file = folder / "server.pem"
    leaf.private_key_and_cert_chain_pem.write_to_path(str(leaf_file))
    return _Certificate(ca_file=str(ca_file), key_and_chain_file=str(leaf_file))


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=1024)
    # asyncio would do so for each connection, had the socket not been made here: else
    # an answer's body waits 40 ms for its headers to be acknowledged.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _server(listener: socket.socket, certificate: _Certificate | None) -> Server:
    host, port = listener.getsockname()[:2]
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if certificate is None:
        return Server(url=f"http://{authority}", ca_file=None)
    return Server(url=f"https://{authority}", ca_file=certificate.ca_file)


def _uvicorn(emulator: Emulator, certificate: _Certificate | None) -> uvicorn.Server:
    def abort(peer: Peer) -> None:
        for connection in running.server_state.connections:
            # Not every protocol of uvicorn's knows its peer.
            if getattr(connection, "client", None) == peer:
                _reset(connection.transport)

    config = uvicorn.Config(
        build_app(emulator, abort),
        ssl_certfile=None if certificate is None else certificate.key_and_chain_file,
        interface="asgi3",
        lifespan="off",
        ws="none",
        # The process may have logs of its own; they are not touched.
        log_config=None,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )
    config.load()
    running = uvicorn.Server(config)
    running.lifespan = config.lifespan_class(config)
    return running


def _reset(transport: asyncio.Transport) -> None:
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()


async def _stop(running: uvicorn.Server) -> None:
    # Not `shutdown()`: it waits for peers to close what they would rather keep.
    for listening in running.servers:
        listening.close()
    for connection in list(running.server_state.connections):
        connection.transport.abort()
    await asyncio.gather(*running.server_state.tasks)
    with suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WAIT_SECONDS):
            for listening in running.servers:
                await listening.wait_closed()
