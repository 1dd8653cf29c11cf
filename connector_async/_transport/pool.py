"""
A pool of connections that costs the same however many there are.

Who gets which: the one that was used last, since it is the likeliest to be
alive, else a new one. A place in the pool is held by a request, not by a
connection, so none is lost with it; and it is given back without waiting, so
none is lost in a cancellation.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import OrderedDict
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from connector_async._transport.connection import Connection
from connector_async._transport.failure import WireError
from connector_async._transport.network import begin_tls, connect
from connector_async._transport.proxy import Proxy, proxy_at, proxy_of_environment, tunnel
from connector_async._transport.tls import usual_context

_PORTS: Final = {"http": 80, "https": 443}
# How long ago a connection may have been used to be taken as it is.
_LATELY: Final = 1.0
_CLOSED: Final = "the client was closed"


class Pool:
    """
    Connections to any number of hosts.

    Args:
        ssl_context: Whom to believe; the usual authorities where None.
        proxy: The proxy's URL; the environment's where None (`HTTPS_PROXY`, `NO_PROXY`, …).
        max_connections: How many requests may be on the wire at once.
        max_idle: How many connections are kept for later, to all hosts together; None
            for as many as there may be at once, so that none is made twice in a burst.
        keep_alive: After so many seconds of idleness one is not used again, and it is
            closed when the next one is given back.

    Raises:
        ValueError: A proxy that cannot be.
    """

    def __init__(
        self,
        *,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        max_connections: int = 500,
        max_idle: int | None = None,
        keep_alive: float = 30.0,
    ) -> None:
        self._ssl_context = ssl_context
        self._proxy = None if proxy is None else proxy_at(proxy)
        self._places = asyncio.Semaphore(max_connections)
        self._max_idle = max_connections if max_idle is None else max_idle
        self._keep_alive = keep_alive
        self._idle = _Idle()
        self._busy: dict[Connection, str] = {}
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def open_connections(self) -> int:
        """
        How many connections are open, idle ones included.
        """
        return len(self._busy) + len(self._idle)

    def is_proxied(self, scheme: str, host: str, port: int) -> bool:
        """
        Whether a host is reached through a proxy, one that cannot be included.
        """
        return self._proxy is not None or proxy_of_environment(scheme, host, port) is not None

    async def take(self, origin: str, *, connect: float, pool: float) -> Connection:
        """
        A connection that no other has; to each belongs one `give_back`.

        Args:
            origin: Scheme, host and port, as they stand in a URL.
            connect: Seconds for making one, the TLS handshake included.
            pool: Seconds until a place is free.

        Raises:
            WireError: None was had.
        """
        await self._take_place(pool)
        try:
            connection = self._alive(origin) or await self._made(origin, connect)
        except BaseException:
            self._places.release()
            raise
        self._busy[connection] = origin
        return connection

    def give_back(self, connection: Connection) -> None:
        """
        A request is done with its connection, whatever became of it.
        """
        self._places.release()
        origin = self._busy.pop(connection, None)
        # Without an origin, the pool was closed meanwhile.
        if origin is None or not connection.is_reusable:
            connection.abort()
            return
        now = connection.used_at = asyncio.get_running_loop().time()
        self._idle.put(origin, connection)
        while (oldest := self._idle.drop(self._max_idle, now - self._keep_alive)) is not None:
            oldest.abort()

    async def aclose(self) -> None:
        """
        Close all connections, those in use included; no other is made.
        """
        self._closed = True
        self._abort_all()
        # The sockets are closed by the event loop, a turn later; two with TLS.
        for _ in range(3):
            await asyncio.sleep(0)

    def abandon(self) -> None:
        """
        Close all connections a little later, in whatever thread nobody is left to await it.

        Those of an event loop that is closed are left to it, since only it could close them.
        """
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._abort_all)

    def _abort_all(self) -> None:
        connections = [*self._busy, *self._idle.clear()]
        self._busy.clear()
        for connection in connections:
            connection.abort(_CLOSED)

    async def _take_place(self, seconds: float) -> None:
        if not self._places.locked():
            await self._places.acquire()
            return
        try:
            async with asyncio.timeout(seconds):
                await self._places.acquire()
        except TimeoutError:
            raise WireError(
                f"no connection became free within {seconds:g} s; allow more at once with "
                "max_connections"
            ) from None

    def _alive(self, origin: str) -> Connection | None:
        now = asyncio.get_running_loop().time()
        oldest = now - self._keep_alive
        while (connection := self._idle.take(origin)) is not None:
            if (
                connection.is_reusable
                and connection.used_at > oldest
                and not _has_ended(connection, now)
            ):
                return connection
            connection.abort()
        return None

    async def _made(self, origin: str, seconds: float) -> Connection:
        if self._closed:
            raise WireError(_CLOSED)
        self._loop = asyncio.get_running_loop()
        by = self._loop.time() + seconds
        parts = urlsplit(origin)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        proxy = self._proxy_for(parts.scheme, host, port)
        if "https" in {parts.scheme, proxy and proxy.scheme}:
            # What fails here must leave no socket behind.
            self._tls()
        if proxy is None:
            connection = await connect(host, port, by=by)
        else:
            connection = await self._through(proxy, origin, host, port, by)
        if parts.scheme == "https":
            await begin_tls(connection, self._tls(), host, by=by)
        if self._closed or not connection.is_open:
            connection.abort()
            raise WireError(_CLOSED if self._closed else f"{origin} hung up at once")
        return connection

    def _tls(self) -> ssl.SSLContext:
        # Made when it is needed: it takes the time of some hundred calls.
        if self._ssl_context is None:
            try:
                self._ssl_context = usual_context()
            except ValueError as error:
                raise WireError(str(error), permanent=True) from error
        return self._ssl_context

    def _proxy_for(self, scheme: str, host: str, port: int) -> Proxy | None:
        if self._proxy is not None:
            return self._proxy
        url = proxy_of_environment(scheme, host, port)
        try:
            return None if url is None else proxy_at(url)
        except ValueError as error:
            # It may hold a password, and tools report the variables of a traceback.
            del url
            raise WireError(f"the environment's proxy: {error}", permanent=True) from None

    async def _through(
        self, proxy: Proxy, origin: str, host: str, port: int, by: float
    ) -> Connection:
        connection = await connect(proxy.host, proxy.port, by=by)
        if proxy.scheme == "https":
            await begin_tls(connection, self._tls(), proxy.host, by=by)
        if origin.startswith("https:"):
            await tunnel(connection, proxy, host, port, by=by)
        else:
            connection.way = proxy.way_to(origin)
        return connection


def _has_ended(connection: Connection, now: float) -> bool:
    """
    Whether the other side has closed it, and the event loop has not come to see that.

    So it is after the process was held up, or its machine was frozen. What was
    used a moment ago is not asked: the answer would cost more than it is worth.
    """
    return now - connection.used_at > _LATELY and connection.is_readable()


class _Idle:
    """
    Connections between two requests; what the server closes is forgotten at once.

    The one that was used last at a host is taken first, and the one that was
    used longest ago, at whatever host, is the first to be dropped.
    """

    def __init__(self) -> None:
        # Both in the order in which they were put.
        self._origins: OrderedDict[Connection, str] = OrderedDict()
        self._at: dict[str, dict[Connection, None]] = {}

    def __len__(self) -> int:
        return len(self._origins)

    def put(self, origin: str, connection: Connection) -> None:
        self._origins[connection] = origin
        self._at.setdefault(origin, {})[connection] = None
        connection.on_lost = self.forget

    def take(self, origin: str) -> Connection | None:
        if origin not in self._at:
            return None
        connection = next(reversed(self._at[origin]))
        self.forget(connection)
        return connection

    def drop(self, most: int, expired: float) -> Connection | None:
        """
        Drop the oldest, if it has ended, was used so long ago, or there are more than *most*.
        """
        oldest = next(iter(self._origins), None)
        if oldest is None:
            return None
        if len(self._origins) <= most and oldest.is_reusable and oldest.used_at > expired:
            return None
        self.forget(oldest)
        return oldest

    def clear(self) -> list[Connection]:
        connections = list(self._origins)
        for connection in connections:
            self.forget(connection)
        return connections

    def forget(self, connection: Connection) -> None:
        """
        It is idle no longer, or gone.
        """
        connection.on_lost = None
        origin = self._origins.pop(connection)
        del self._at[origin][connection]
        if not self._at[origin]:
            del self._at[origin]
