"""
The emulator on a socket: uvicorn in the running event loop, on a port of the loopback.

TLS has a certificate authority of its own, made for the occasion and gone with it.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
import tempfile
import warnings
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs
import trustme
import uvicorn
from uvicorn.server import ServerState

from connector_async.emulator._calls.hosts import Hosts, is_loopback
from connector_async.emulator._emulator import Emulator
from connector_async.emulator._identity.identity import IDENTITY_HEADER
from connector_async.emulator._serving.app import build_app
from connector_async.emulator._serving.wire import Peer
from connector_async.emulator._state.state import TENANT_ID

if TYPE_CHECKING:
    from uvicorn.server import Protocols

# As the front doors of the real service keep idle connections, at the least.
_KEEP_ALIVE_SECONDS: Final = 60

_LAST_PORT: Final = 65535

# For answers that are being made, and for connections that uvicorn does not know yet: their
# handshake may never end.
_LAST_WAIT_SECONDS: Final = 0.2

# Between two looks at a connection that is to be closed once it is idle.
_LOOK_SECONDS: Final = 0.05

# On, for zero seconds: what is closed is reset, and nothing is said in parting.
_NO_LINGER: Final = struct.pack("ii", 1, 0)


class PortTakenError(OSError):
    """
    Something else listens on the port that was asked for.

    Attributes:
        reason: The same in words, and what can be done.
    """

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(number, reason)
        self.reason = reason


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
        host: An address of this machine. Anyone who reaches it can steer the emulator:
            where others can, there is a warning.
        port: 0 takes a free one.
        names: Further hosts that it answers to, and that the certificate is good for, for
            a test that leads the real service's names here. Calls by any other name are
            answered 421.

    Yields:
        Where it is served.

    Raises:
        PortTakenError: The port is taken.
        OSError: The host is none of this machine's.
        ValueError: There is no such port.
    """
    if not is_loopback(host):
        warnings.warn(
            f"the emulator listens on {host}: whoever reaches it can steer it and read all"
            " that it was sent",
            stacklevel=3,
        )
    with tempfile.TemporaryDirectory() as folder, closing(_listener(host, port)) as listener:
        certificate = _certify(Path(folder), [host, *names]) if tls else None
        running = _uvicorn(emulator, certificate, Hosts.of(host, names))
        await running.startup(sockets=[listener])
        try:
            yield _server(listener, certificate)
        finally:
            await _stop(running)
            emulator.record.flush()


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
    if not 0 <= port <= _LAST_PORT:
        msg = f"a port is from 0 to {_LAST_PORT}, not {port}"
        raise ValueError(msg)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        msg = (
            f"port {port} of {host} is in use: end what listens there, or ask for another port"
            " (0 takes a free one)"
        )
        raise PortTakenError(errno.EADDRINUSE, msg) from error
    # asyncio would do so for each connection, had the socket not been made here: else
    # an answer's body waits 40 ms for its headers to be acknowledged.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _server(listener: socket.socket, certificate: _Certificate | None) -> Server:
    bound: str
    bound, port = listener.getsockname()[:2]
    # What listens everywhere is called by this machine here.
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
    host = here.get(bound, bound)
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if certificate is None:
        return Server(url=f"http://{authority}", ca_file=None)
    return Server(url=f"https://{authority}", ca_file=certificate.ca_file)


def _uvicorn(emulator: Emulator, certificate: _Certificate | None, hosts: Hosts) -> uvicorn.Server:
    connections = _Connections()
    config = uvicorn.Config(
        build_app(emulator, connections, hosts),
        ssl_certfile=None if certificate is None else certificate.key_and_chain_file,
        interface="asgi3",
        lifespan="off",
        ws="none",
        # The process may have logs of its own; they are not touched.
        log_config=None,
        proxy_headers=False,
        # None of uvicorn's own: the emulator says who it is.
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )
    config.load()
    running = uvicorn.Server(config)
    running.lifespan = config.lifespan_class(config)
    connections.state = running.server_state
    return running


class _Connections:
    """
    Those of one server.
    """

    state: ServerState

    def reset(self, peer: Peer) -> None:
        transport = self._of(peer)
        if transport is not None:
            _reset(transport)

    def end(self, peer: Peer, data: bytes = b"") -> None:
        transport = self._of(peer)
        if transport is not None and not transport.is_closing():
            if data:
                transport.write(data)
            transport.close()

    def end_idle(self, peer: Peer, seconds: float) -> None:
        def look() -> None:
            connection = self._connection(peer)
            if connection is None:
                return
            if _is_busy(connection):
                loop.call_later(max(seconds, _LOOK_SECONDS), look)
            else:
                self.end(peer)

        loop = asyncio.get_running_loop()
        loop.call_later(seconds, look)

    def _of(self, peer: Peer) -> asyncio.Transport | None:
        connection = self._connection(peer)
        return None if connection is None else connection.transport

    def _connection(self, peer: Peer) -> Protocols | None:
        for connection in self.state.connections:
            # Not every protocol of uvicorn's knows its peer.
            if getattr(connection, "client", None) == peer:
                return connection
        return None


def _is_busy(connection: Protocols) -> bool:
    cycle = getattr(connection, "cycle", None)
    return cycle is not None and not cycle.response_complete


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
    if running.server_state.tasks:
        # What waits for somebody else, as for a bot, does not hold up the end.
        _, late = await asyncio.wait(running.server_state.tasks, timeout=_LAST_WAIT_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late)
    with suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WAIT_SECONDS):
            for listening in running.servers:
                await listening.wait_closed()
