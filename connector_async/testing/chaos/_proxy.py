"""
The proxy: it listens, leads each connection on, and keeps the toxics.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlsplit

from connector_async.testing.chaos._link import Connection, Link, Side
from connector_async.testing.chaos._tls import Authority, TlsFault
from connector_async.testing.chaos._toxics import CutError, Toxic

T = TypeVar("T", bound=Toxic)

_HANDSHAKE: Final = 10.0

# For what was written and not yet taken when a connection ended.
_LAST_WORDS: Final = 10.0


class ChaosProxy:
    """
    A proxy on a real socket, between any client and any server, where things go wrong.

        async with ChaosProxy(server.url) as proxy:
            slow = proxy.add(Latency(latency=50, jitter=10))
            ...  # talk to proxy.url
            proxy.remove(slow)

    Toxics can be added and removed while it runs; connections that are open
    are struck, too. They work in the order in which they were added. Where the
    proxy ends TLS, it needs asyncio's own event loop: uvloop's makes no
    server's side of TLS out of a connection that is open.

    Args:
        upstream: Where connections lead: `host:port`, or a URL, whose path is
            kept in `url`.
        tls: Whether clients speak TLS with the proxy itself, which speaks to
            the server without; else bytes go through as they are. With it
            `ca_file` is whom clients must believe.
        host: An address of this machine to listen on.
        port: 0 takes a free one.

    Attributes:
        accepted: How many connections were taken.
        deceived: How many clients took a certificate that no client should.
    """

    def __init__(
        self, upstream: str, *, tls: bool = False, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        parts = urlsplit(upstream if "//" in upstream else f"tcp://{upstream}")
        ports = {"http": 80, "https": 443}
        upstream_port = parts.port or ports.get(parts.scheme)
        if parts.hostname is None or upstream_port is None:
            raise ValueError(f"upstream is host:port or a URL, not {upstream!r}")
        self._upstream = (parts.hostname, upstream_port)
        self._scheme = "https" if tls else parts.scheme
        self._path = parts.path
        self._tls = tls
        self._host, self._port = host, port
        self._authority: Authority | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._server: asyncio.Server | None = None
        self._toxics: dict[Toxic, random.Random] = {}
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.accepted = 0
        self.deceived = 0

    @property
    def port(self) -> int:
        """
        Where it listens.
        """
        return self._port

    @property
    def url(self) -> str:
        """
        The upstream's URL, but at the proxy.
        """
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{self._scheme}://{host}:{self._port}{self._path}"

    @property
    def ca_file(self) -> str:
        """
        PEM of the proxy's own authority.
        """
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory()
        file = Path(self._folder.name, "ca.pem")
        if not file.exists():
            file.write_bytes(self._own_authority().pem)
        return str(file)

    @property
    def toxics(self) -> tuple[Toxic, ...]:
        """
        Those that are there, in order.
        """
        return tuple(self._toxics)

    @property
    def open_connections(self) -> int:
        """
        How many connections lead through it now.
        """
        return len(self._connections)

    async def __aenter__(self) -> Self:
        await self.enable()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.disable()
        if self._folder is not None:
            self._folder.cleanup()
            # It may be entered again.
            self._folder = None

    async def enable(self) -> None:
        """
        Listen; after `disable()` on the same port again.

        Raises:
            RuntimeError: The proxy ends TLS, and the event loop is not asyncio's own.
        """
        loop = asyncio.get_running_loop()
        if self._tls and not isinstance(loop, asyncio.BaseEventLoop):
            raise RuntimeError(
                "a proxy with tls=True needs asyncio's own event loop, and this is "
                f"{type(loop).__module__}'s: run it on another thread's loop, or without TLS"
            )
        self._server = await loop.create_server(
            lambda: Side(self._accept), self._host, self._port, backlog=1024
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def disable(self) -> None:
        """
        Refuse connections, and reset those that are open.
        """
        if self._server is not None:
            self._server.close()
        self.reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # The sockets are closed by the event loop, a turn later; two with TLS.
        for _ in range(3):
            await asyncio.sleep(0)

    def reset(self) -> None:
        """
        Reset all connections that are open.
        """
        for connection in self._connections:
            connection.close(reset=True)

    def add(self, toxic: T) -> T:
        """
        Let something go wrong from now on.

        Returns:
            The toxic, for `remove()`.

        Raises:
            ValueError: It is there already.
        """
        if toxic in self._toxics:
            raise ValueError(f"{toxic!r} is there already")
        self._toxics[toxic] = random.Random(toxic.seed)  # noqa: S311 - it only has to be the same again
        for connection in self._connections:
            self._apply(toxic, connection)
        return toxic

    def remove(self, toxic: Toxic) -> None:
        """
        Let it go well again.

        Raises:
            KeyError: It is not there.
        """
        del self._toxics[toxic]
        for connection in self._connections:
            for link in connection.links:
                link.remove(toxic)

    def clear(self) -> None:
        """
        Let everything go well again.
        """
        for toxic in self.toxics:
            self.remove(toxic)

    @contextmanager
    def having(self, toxic: T) -> Generator[T, None, None]:
        """
        Let something go wrong while the context lasts.
        """
        self.add(toxic)
        try:
            yield toxic
        finally:
            with suppress(KeyError):
                self.remove(toxic)

    def _own_authority(self) -> Authority:
        if self._authority is None:
            self._authority = Authority()
        return self._authority

    def _apply(self, toxic: Toxic, connection: Connection) -> bool:
        chance = self._toxics[toxic]
        if chance.random() >= toxic.toxicity:
            return False
        if not _is_of_tls(toxic) or toxic.silences:
            for link in _struck(toxic, connection):
                link.apply(toxic, chance)
        return True

    def _accept(self, client: Side) -> None:
        self.accepted += 1
        # Nothing is read before it is known whether it is TLS.
        client.transport.pause_reading()
        connection = Connection(client)
        self._connections.add(connection)
        struck = [toxic for toxic in self._toxics if self._apply(toxic, connection)]
        task = asyncio.ensure_future(self._serve(connection, struck))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: Connection, struck: list[Toxic]) -> None:
        try:
            try:
                await self._lead(connection, [toxic for toxic in struck if _is_of_tls(toxic)])
            except (OSError, CutError):
                connection.close(reset=False)
            async with asyncio.timeout(_LAST_WORDS):
                await connection.gone()
        except TimeoutError:
            connection.close(reset=True)
        except asyncio.CancelledError:
            connection.close(reset=True)
            raise
        finally:
            self._connections.discard(connection)

    async def _lead(self, connection: Connection, faults: list[Toxic]) -> None:
        if (self._tls or faults) and not any(fault.silences for fault in faults):
            await self._shake_hands(connection, faults[0] if faults else None)
        else:
            connection.client.transport.resume_reading()
        await connection.run(await self._reach())

    async def _shake_hands(self, connection: Connection, fault: Toxic | None) -> None:
        client = connection.client
        context = self._own_authority().context(fault)
        # A handshake that fails closes the transport itself.
        secured: Any = await asyncio.get_running_loop().start_tls(
            client.transport,
            client,
            context,
            server_side=True,
            ssl_handshake_timeout=_HANDSHAKE,
        )
        if secured is None:
            raise CutError
        client.transport = secured
        if fault is not None:
            # TLS 1.3: the client's distrust comes after our handshake's end.
            self.deceived += await connection.up.has_word()
            raise CutError

    async def _reach(self) -> Side:
        loop = asyncio.get_running_loop()
        _, side = await loop.create_connection(Side, *self._upstream)
        return side


def _is_of_tls(toxic: Toxic) -> bool:
    return isinstance(toxic, TlsFault)


def _struck(toxic: Toxic, connection: Connection) -> tuple[Link, ...]:
    if toxic.both_ways:
        return connection.links
    return (connection.up if toxic.stream == "upstream" else connection.down,)
