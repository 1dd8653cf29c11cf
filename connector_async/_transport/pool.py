"""
A pool of connections that costs the same however many there are.

The connections are httpcore's; what is here is who gets which: the one that was
used last, since it is the likeliest to be alive, else a new one. A place in the
pool is held by a request, not by a connection, so none is lost with it.
"""

from __future__ import annotations

import asyncio
import functools
import ssl
import urllib.request
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from connector_async._transport.network import AsyncioBackend


class Pool(httpx.AsyncBaseTransport):
    """
    Connections to any number of hosts.

    Args:
        ssl_context: Whom to believe; httpx's own default where None.
        proxy: The proxy's URL; the environment's where None (`HTTPS_PROXY`, `NO_PROXY`, …).
        max_connections: How many requests may be on the wire at once.
        max_idle: How many connections are kept for later, to all hosts together.
        keep_alive: For how many seconds.

    Raises:
        ValueError: A proxy that cannot be.
    """

    def __init__(
        self,
        *,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        max_connections: int = 500,
        max_idle: int = 100,
        keep_alive: float = 30.0,
    ) -> None:
        self._ssl_context = httpx.create_ssl_context() if ssl_context is None else ssl_context
        self._proxy = proxy
        if proxy is not None:
            _proxy_at(proxy)
        self._places = asyncio.Semaphore(max_connections)
        self._max_idle = max_idle
        self._keep_alive = keep_alive
        self._idle = _Idle()
        self._busy: dict[httpcore.AsyncConnectionInterface, bytes] = {}
        self._closed = False
        self._makers: dict[str | None, httpcore.AsyncConnectionPool] = {}

    @property
    def open_connections(self) -> int:
        """
        How many connections are open, idle ones included.
        """
        return len(self._busy) + len(self._idle)

    def proxy_for(self, scheme: str, host: str) -> str | None:
        """
        The proxy through which a host is reached; None for none.
        """
        return self._proxy or _proxy_of_environment(scheme, host)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        Send a request; its body must be bytes.
        """
        timeouts = request.extensions.get("timeout", {})
        await _announce(request, "pool.wait.started")
        with in_httpx_words():
            await self._take_place(timeouts.get("pool"))
            try:
                return await self._exchange(request)
            except BaseException:
                self._places.release()
                raise

    async def aclose(self) -> None:
        """
        Close all connections, those in use included; no other is made.
        """
        self._closed = True
        connections = [*self._busy, *self._idle.clear()]
        self._busy.clear()
        for connection in connections:
            await connection.aclose()
        # The sockets are closed by the event loop, a turn later; two with TLS.
        for _ in range(3):
            await asyncio.sleep(0)

    async def _take_place(self, timeout: float | None) -> None:  # noqa: ASYNC109
        try:
            async with asyncio.timeout(timeout):
                await self._places.acquire()
        except TimeoutError:
            raise httpcore.PoolTimeout("no connection became free in time") from None

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        if self._closed:
            raise RuntimeError("the pool is closed")
        asked = _for_httpcore(request)
        origin = asked.url.origin
        connection = await self._connection(origin)
        self._busy[connection] = _key(origin)
        try:
            answer = await connection.handle_async_request(asked)
        except BaseException:
            await self._discard(connection)
            raise
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer, functools.partial(self._finish, connection)),
        )

    async def _connection(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
        key = _key(origin)
        while (connection := self._idle.take(key)) is not None:
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return self._maker(origin).create_connection(origin)

    def _maker(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionPool:
        # httpcore's pool is used for what it knows of making connections
        # (TLS, tunnels, SOCKS), never as a pool.
        proxy = self.proxy_for(origin.scheme.decode("ascii"), origin.host.decode("ascii"))
        maker = self._makers.get(proxy)
        if maker is None:
            maker = self._makers[proxy] = httpcore.AsyncConnectionPool(
                ssl_context=self._ssl_context,
                proxy=None if proxy is None else self._httpcore_proxy(proxy),
                keepalive_expiry=self._keep_alive,
                network_backend=AsyncioBackend(),
            )
        return maker

    def _httpcore_proxy(self, url: str) -> httpcore.Proxy:
        proxy = _proxy_at(url)
        return httpcore.Proxy(
            _httpcore_url(proxy.url),
            auth=proxy.raw_auth,
            headers=proxy.headers.raw,
            ssl_context=self._ssl_context if proxy.url.scheme == "https" else None,
        )

    async def _discard(self, connection: httpcore.AsyncConnectionInterface) -> None:
        self._busy.pop(connection, None)
        await connection.aclose()

    async def _finish(self, connection: httpcore.AsyncConnectionInterface) -> None:
        """
        A request is done with its connection.
        """
        self._places.release()
        key = self._busy.pop(connection, None)
        # Without a key, the pool was closed meanwhile.
        if key is None or not connection.is_idle() or _holds_more(connection):
            await connection.aclose()
            return
        self._idle.put(key, connection)
        while (oldest := self._idle.drop(self._max_idle)) is not None:
            await oldest.aclose()


class _Idle:
    """
    Connections between two requests.

    The one that was used last at a host is taken first, and the one that was
    used longest ago, at whatever host, is the first to be dropped.
    """

    def __init__(self) -> None:
        # Both in the order in which they were put.
        self._keys: OrderedDict[httpcore.AsyncConnectionInterface, bytes] = OrderedDict()
        self._at: dict[bytes, deque[httpcore.AsyncConnectionInterface]] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def put(self, key: bytes, connection: httpcore.AsyncConnectionInterface) -> None:
        self._keys[connection] = key
        self._at.setdefault(key, deque()).append(connection)

    def take(self, key: bytes) -> httpcore.AsyncConnectionInterface | None:
        if key not in self._at:
            return None
        connection = self._at[key].pop()
        self._forget(connection, key)
        return connection

    def drop(self, most: int) -> httpcore.AsyncConnectionInterface | None:
        """
        Drop the oldest, if it has ended or there are more than *most*.
        """
        oldest = next(iter(self._keys), None)
        if oldest is None or (len(self._keys) <= most and not oldest.has_expired()):
            return None
        key = self._keys[oldest]
        self._at[key].popleft()
        self._forget(oldest, key)
        return oldest

    def clear(self) -> list[httpcore.AsyncConnectionInterface]:
        connections = list(self._keys)
        self._keys.clear()
        self._at.clear()
        return connections

    def _forget(self, connection: httpcore.AsyncConnectionInterface, key: bytes) -> None:
        del self._keys[connection]
        if not self._at[key]:
            del self._at[key]


class _Body(httpx.AsyncByteStream):
    """
    An answer's body, and what becomes of its connection afterwards.
    """

    def __init__(self, answer: httpcore.Response, finish: Callable[[], Awaitable[None]]) -> None:
        self._answer = answer
        self._finish: Callable[[], Awaitable[None]] | None = finish

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with in_httpx_words():
            async for chunk in self._answer.aiter_stream():
                yield chunk

    async def aclose(self) -> None:
        finish, self._finish = self._finish, None
        if finish is None:
            return
        try:
            with in_httpx_words():
                await self._answer.aclose()
        finally:
            await finish()


@contextmanager
def in_httpx_words() -> Generator[None]:
    """
    Raise httpx's errors for httpcore's, as a transport of httpx has to.
    """
    try:
        yield
    except Exception as error:
        for kind in type(error).__mro__:
            if kind.__module__.startswith("httpcore"):
                raise getattr(httpx, kind.__name__)(str(error)) from error
        raise


def _proxy_of_environment(scheme: str, host: str) -> str | None:
    proxies = urllib.request.getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _proxy_at(url: str) -> httpx.Proxy:
    try:
        proxy = httpx.Proxy(url)
    except (ValueError, httpx.InvalidURL):
        proxy = None
    if proxy is None or not proxy.url.host:
        # It may hold a password, and is not shown.
        raise ValueError(
            "the proxy has no URL of a proxy: that is http://, https:// or socks5://, then "
            "user:password@ if need be, then host:port"
        )
    return proxy


def _holds_more(connection: Any) -> bool:  # noqa: ANN401  # httpcore's insides have no types
    """
    Whether the server said more than its answer.

    It would be taken for the beginning of the next one. httpcore does not look,
    and has no public way to.
    """
    while hasattr(connection, "_connection"):
        connection = connection._connection  # noqa: SLF001  # as above
    parser = getattr(connection, "_h11_state", None)
    return parser is not None and parser.trailing_data != (b"", False)


def _key(origin: httpcore.Origin) -> bytes:
    return b"%b://%b:%d" % (origin.scheme, origin.host, origin.port)


def _for_httpcore(request: httpx.Request) -> httpcore.Request:
    return httpcore.Request(
        request.method,
        _httpcore_url(request.url),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


def _httpcore_url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


async def _announce(request: httpx.Request, event: str) -> None:
    # From the first event on, whoever traces knows that nothing has left yet.
    trace = request.extensions.get("trace")
    if trace is not None:
        await trace(event, {"request": request})
