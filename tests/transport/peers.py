"""
What a connection meets on the other side: servers on loopback sockets that follow a script.
"""

import asyncio
import socket
import struct
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager, suppress

import attrs

from connector_async import Timeouts
from connector_async import _operations as op
from connector_async._pipeline import Call, Request
from connector_async._transport.over_pool import PoolExchange

NO_LINGER = struct.pack("ii", 1, 0)


@attrs.frozen
class Asked:
    """
    One request, as it came.
    """

    line: str
    headers: dict[str, str]
    body: bytes


class Line:
    """
    One connection, seen from the server.
    """

    def __init__(self, peer, reader, writer):
        self.peer = peer
        self.reader = reader
        self.writer = writer

    async def head(self):
        """
        Read a request's headers; None when the other side has gone.
        """
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        line, *rest = head.decode().rstrip().split("\r\n")
        headers = dict(header.split(": ", 1) for header in rest)
        return Asked(line, {name.lower(): value for name, value in headers.items()}, b"")

    async def request(self):
        """
        Read a request; None when the other side has gone.
        """
        asked = await self.head()
        if asked is not None:
            length = int(asked.headers.get("content-length", 0))
            asked = attrs.evolve(asked, body=await self.reader.readexactly(length))
            self.peer.requests.append(asked)
        return asked

    async def say(self, data):
        if self.writer.is_closing():
            return
        self.writer.write(data)
        with suppress(ConnectionError):
            await self.writer.drain()

    def reset(self):
        """
        End it with a reset, as a machine does that knows nothing of the connection.
        """
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self.writer.transport.abort()

    async def gone(self):
        """
        Wait until the other side has gone.
        """
        with suppress(ConnectionError):
            while await self.reader.read(65536):
                pass


@attrs.define(eq=False)
class Peer:
    """
    A server.

    Attributes:
        port: Where it listens.
        url: The same as a URL.
        requests: What it was asked, in order.
        lines: All connections that were ever made to it.
        open: Those that are open.
    """

    port: int
    url: str
    requests: list[Asked] = attrs.field(factory=list)
    lines: list[Line] = attrs.field(factory=list)
    open: set[Line] = attrs.field(factory=set)


@asynccontextmanager
async def serve(handler, *, tls=None, host="127.0.0.1"):
    """
    Serve each connection by `handler(line)`, at the end of which it is closed.
    """
    tasks = set()

    async def run(line):
        peer.lines.append(line)
        peer.open.add(line)
        try:
            await handler(line)
        finally:
            peer.open.discard(line)
            line.writer.close()

    def accept(reader, writer):
        tasks.add(asyncio.ensure_future(run(Line(peer, reader, writer))))

    server = await asyncio.start_server(accept, host, 0, ssl=tls, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    peer = Peer(port, f"{'http' if tls is None else 'https'}://{shown}:{port}")
    try:
        yield peer
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        for line in peer.lines:
            # Python 3.13's transports know no loop any more once they are closed.
            with suppress(AttributeError):
                line.writer.transport.abort()
        await breathe()
    for end in ends:
        if isinstance(end, Exception):
            raise end


@contextmanager
def a_free_port():
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@contextmanager
def a_deaf_port(host="127.0.0.1", port=0):
    """
    A port where connections are neither taken nor refused: its queue is full.
    """
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((host, port), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def answer(status=200, body=b"", **headers):
    """
    An answer as bytes; a header's underscores are hyphens.
    """
    named = {"content_length": len(body), **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + body


def answering(*answers):
    """
    A handler that gives each request of a connection the next answer, and the last one for good.
    """

    async def handle(line):
        left = list(answers) or [answer()]
        while await line.request() is not None:
            await line.say(left.pop(0) if len(left) > 1 else left[0])

    return handle


class Gates:
    """
    A handler that answers a request when its gate is opened.
    """

    def __init__(self):
        self._events = {}
        self.lines = {}
        self.order = []
        self.present = 0
        self.most = 0

    def __getitem__(self, path):
        return self._events.setdefault(path, asyncio.Event())

    async def __call__(self, line):
        while (asked := await line.request()) is not None:
            path = asked.line.split()[1]
            self.lines[path] = line
            self.order.append(path)
            self.present += 1
            self.most = max(self.most, self.present)
            await self[path].wait()
            self.present -= 1
            await line.say(answer())


class Tunnel:
    """
    A handler that carries bytes to where it is asked to.
    """

    def __init__(self):
        self.asked = []

    async def __call__(self, line):
        asked = await line.head()
        if asked is None:
            return
        self.asked.append(asked)
        host, port = asked.line.split()[1].rsplit(":", 1)
        # A name that stands for this machine, where only a proxy knows it.
        host = host.replace("service.example", "127.0.0.1")
        reader, writer = await asyncio.open_connection(host, int(port))
        await line.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
        carrying = [
            asyncio.ensure_future(carry(line.reader, writer)),
            asyncio.ensure_future(carry(reader, line.writer)),
        ]
        try:
            await asyncio.wait(carrying, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in carrying:
                one.cancel()
            writer.transport.abort()


async def carry(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)


async def silent(line):
    """
    A handler that reads requests and never answers.
    """
    await line.request()
    await line.gone()


def a_request(url, *, method="GET", content=None, **options):
    """
    A request of a call that nobody made.
    """
    operation = attrs.evolve(op.GET_CONVERSATIONS, method=method)
    call = Call(operation=operation, notify=lambda _: None)
    return Request(call=call, url=url, host="", body=content, **options)


async def fetch(pool, url, /, *, method="GET", content=None, **timeouts):
    """
    Send a request through a pool, and read its answer.
    """
    exchange = PoolExchange(pool, Timeouts(**timeouts))
    return await exchange(a_request(url, method=method, content=content))


async def breathe(turns=10):
    """
    Let the event loop do what is due, such as closing sockets.
    """
    for _ in range(turns):
        await asyncio.sleep(0)


async def until(holds):
    """
    Wait for what the other side of a socket is about to see.
    """
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110  # it is not ours to tell
            await asyncio.sleep(0)
