"""
One HTTP/1.1 connection: a request out, an answer in, one at a time.

llhttp reads the answers (Node's parser, through httptools); what is here is
when to wait, how long, and when the connection may be used again. It is an
asyncio protocol, since a stream would wake its reader for every packet and
allocate 256 KiB for each.
"""

from __future__ import annotations

import asyncio
import select
import ssl
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final

import attrs
import httptools

from connector_async._transport.answer import Answer, Wanted, joined, named
from connector_async._transport.failure import WireError

# Heads of answers, chunk sizes and trailers, between two bytes of content.
_MOST_OVERHEAD: Final = 64 * 1024
_MOST_HEADERS: Final = 500

# How much of a streamed body may wait here before the other side has to, and
# what to hold a chunk costs beside its bytes: they may be as short as one byte.
_UNREAD: Final = 128 * 1024
_A_CHUNK: Final = 64

# What is left of a request when it is as good as taken; asyncio and uvloop
# begin to speak of writes that do not get on when there is more.
_HARDLY_ANY: Final = 64 * 1024


class _Buffer(threading.local):
    """
    What sockets are read into.

    It is emptied before anything else can happen in its thread, so that all
    connections there can share it; one for each would be most of what a
    connection costs. It takes whatever asyncio's TLS reads at once (256 KiB):
    what it does not take would be lost where the connection ends just then.
    """

    def __init__(self) -> None:
        self.view = memoryview(bytearray(256 * 1024))


_BUFFER: Final = _Buffer()


@attrs.frozen
class Way:
    """
    What the way to the server wants said in each request.

    Attributes:
        origin: Before the target, for a proxy that hands requests on.
        headers: Such a proxy's, each with its line end.
    """

    origin: str = ""
    headers: bytes = attrs.field(default=b"", repr=False)


_DIRECT: Final = Way()


class Connection(asyncio.BufferedProtocol):
    """
    One connection to a server.

    Attributes:
        transport: asyncio's.
        way: What it wants said in each request.
        used_at: When it was used last, in the event loop's time.
        on_lost: Whom to tell that it has ended; None for nobody.

    A call that is cancelled leaves it in the middle of an exchange; it is then
    good for nothing but `abort()`.
    """

    def __init__(self) -> None:
        self.transport: Any = None
        self.way = _DIRECT
        self.used_at = 0.0
        self.on_lost: Callable[[Connection], None] | None = None
        self._loop = asyncio.get_running_loop()
        self._parser: Any = httptools.HttpResponseParser(self)
        # The socket's own, which TLS lies on.
        self._wire: Any = None
        self._ended = False
        self._failure: Exception | None = None
        # The exchange under way.
        self._wanted: Wanted | None = None
        self._done: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._read = self._write = 0.0
        self._heard = 0.0
        self._untaken = 0
        # Its answer.
        self._headers: list[tuple[bytes, bytes]] = []
        self._answer: Answer | None = None
        self._broken: WireError | None = None
        self._overhead = 0
        self._room = 0
        self._until_end = False
        # Its answer's body, where that is streamed.
        self._is_streaming = False
        self._chunks: deque[bytes] = deque()
        self._unread = 0
        self._is_paused = False
        # What it leaves behind; nothing as yet.
        self._reusable = True

    # What the pool asks.

    @property
    def is_open(self) -> bool:
        """
        Whether neither side has closed it.
        """
        return not self._ended and not self.transport.is_closing()

    @property
    def is_reusable(self) -> bool:
        """
        Whether an exchange may begin, as the first or behind another.
        """
        # What nobody read of a body must not become the next one's.
        return self._reusable and not self._chunks and not self._is_paused and self.is_open

    def is_readable(self) -> bool:
        """
        Whether something to read waits in the socket, its end included.
        """
        number = self.transport.get_extra_info("socket").fileno()
        if not hasattr(select, "poll"):
            return bool(select.select([number], [], [], 0)[0])
        poll = select.poll()
        poll.register(number, select.POLLIN)
        return bool(poll.poll(0))

    def abort(self, reason: str = "the connection was given up") -> None:
        """
        Close at once.

        A graceful close can be cancelled and can hang; what is to be read has
        been read, and what is not yet written must not be.

        Args:
            reason: What an exchange that is under way ends with.
        """
        self._fail(WireError(reason))
        self.transport.abort()
        self._let_go()

    # One exchange.

    async def exchange(
        self, request: bytes, wanted: Wanted, *, read: float, write: float
    ) -> Answer:
        """
        Write a request, and read the answer.

        Args:
            request: Head and body.
            wanted: What of the answer.
            read: Seconds until the next bytes of an answer come.
            write: Seconds until more of the request is taken.

        Raises:
            WireError: No answer.
        """
        if not self.is_open:
            raise self._broken or self._end()
        self._wanted, self._answer, self._overhead = wanted, None, 0
        self._reusable = self._is_streaming = False
        self._read, self._write = read, write
        done = self._done = self._loop.create_future()
        self.transport.write(request)
        # Of a proxy's tunnel it has the password in it, and a failure reports our variables.
        del request
        self._arm()
        try:
            await done
        finally:
            self._disarm()
        answer = self._answer_so_far()
        if answer is None:
            raise self._broken or self._end()
        return answer

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """
        The body of the streamed answer that has just come.

        Raises:
            WireError: It is not whole.
        """
        answer = self._answer
        while self._answer is answer:
            if self._chunks:
                yield self._next()
            elif self._broken is not None:
                raise self._broken
            elif self._wanted is None:
                return
            else:
                await self._more()
        raise WireError("its connection is another answer's by now")

    def begin_anew(self) -> None:
        """
        Behind a tunnel speaks another server.
        """
        self._parser = httptools.HttpResponseParser(self)

    # What asyncio tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = self._wire = transport

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  # as asyncio has it
        return _BUFFER.view

    def buffer_updated(self, nbytes: int) -> None:
        if self._wanted is None:
            # Nobody asked; it would be taken for the beginning of the next answer.
            self._reusable = False
            self.transport.abort()
            return
        self._heard = self._loop.time()
        self._overhead += nbytes
        try:
            self._parser.feed_data(_BUFFER.view[:nbytes])
        except httptools.HttpParserError as error:
            self._fail(WireError(f"the answer is not HTTP: {error}"))
        if self._overhead > _MOST_OVERHEAD:
            self._fail(WireError(f"the answer has more than {_MOST_OVERHEAD} bytes of headers"))

    def eof_received(self) -> None:
        self._ended = True
        if self._answer is not None and self._until_end and self._was_told_the_end():
            self.on_message_complete()
        # What is not yet written would be waited for, and nothing would come of it.
        self._fail(self._end())

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._failure = exc
        self._fail(self._end())
        self._let_go()
        if self.on_lost is not None:
            self.on_lost(self)

    # What the parser tells.

    def on_message_begin(self) -> None:
        # There may be another one in the same breath, which nobody asked for.
        self._reusable = False
        self._headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self._headers) < _MOST_HEADERS:
            self._headers.append((name, value))
        else:
            self._fail(WireError(f"the answer has more than {_MOST_HEADERS} headers"))

    def on_headers_complete(self) -> None:
        wanted, status = self._wanted, self._parser.get_status_code()
        if wanted is None:
            return
        if status < 200:
            # Preliminary: the answer is still to come (RFC 9110 §15.2).
            if status < 100 or status == 101:
                self._fail(WireError(f"the answer has the status {status}, which is none of ours"))
            return
        answer = self._answer = Answer(status, joined(self._headers))
        self._is_streaming = wanted.streamed and answer.is_success
        self._room = wanted.success if answer.is_success else wanted.refusal
        if wanted.tunnel and answer.is_success:
            # Without a body, whatever its headers say (RFC 9110 §9.3.6).
            self._wanted, self._reusable = None, True
            self._wake()
            return
        self._frame(answer)
        if self._is_streaming:
            self._wake()

    def on_body(self, data: bytes) -> None:
        self._overhead = 0
        if self._wanted is None:
            self._reusable = False
        elif self._answer is None:
            # No such thing (RFC 9110 §15.2), and others may see the next answer in it.
            self._fail(WireError("a preliminary answer has a body"))
        elif self._is_streaming:
            self._put(data)
        elif len(self._answer.content) + len(data) > self._room:
            self._answer.is_long = True
            self._answer.content += data[: self._room - len(self._answer.content)]
            # The rest is not wanted, and the connection is full of it.
            self._wanted = None
            self.transport.abort()
            self._wake()
        else:
            self._answer.content += data

    def on_message_complete(self) -> None:
        if self._answer is None or self._wanted is None:
            return
        self._wanted = None
        # An answer before its request was taken leaves half of that behind.
        # Connections of HTTP/1.0 and what is said there of lasting are not worth their doubts.
        self._reusable = (
            self._parser.should_keep_alive()
            and self._parser.get_http_version() == "1.1"
            and self._unwritten() == 0
        )
        self._wake()

    def _frame(self, answer: Answer) -> None:
        """
        See where an answer's body ends; the parser does, but for the end of the connection.
        """
        coding = answer.headers.get("transfer-encoding")
        self._until_end = not (
            "content-length" in answer.headers or coding or answer.status in {204, 304}
        )
        if coding is not None and coding.lower() != "chunked":
            self._fail(WireError(f"the answer is sent as {named(coding)}, which nobody asked for"))

    # A streamed body.

    def _put(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._unread += len(chunk) + _A_CHUNK
        if self._unread > _UNREAD and not self._is_paused:
            # Not TLS's own way of it, which forgets what it holds when the other side hangs up.
            self._is_paused = True
            self._wire.pause_reading()
        self._wake()

    def _next(self) -> bytes:
        chunk = self._chunks.popleft()
        self._unread -= len(chunk) + _A_CHUNK
        if self._is_paused and self._unread <= _UNREAD:
            self._is_paused = False
            self._wire.resume_reading()
        return chunk

    async def _more(self) -> None:
        done = self._done = self._loop.create_future()
        self._arm()
        try:
            await done
        finally:
            self._disarm()

    # Waiting.

    def _answer_so_far(self) -> Answer | None:
        # What a type checker has seen set may have been changed by the parser since.
        return self._answer

    def _arm(self) -> None:
        self._heard = self._loop.time()
        self._untaken = self._unwritten()
        self._look_later()

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_later(self) -> None:
        # One timer an exchange; to move it with each packet would cost more. Nobody
        # tells what is taken of a request within TLS, so that is looked for.
        until = self._heard + self._read
        if self._untaken > _HARDLY_ANY:
            until = min(self._heard + self._write, self._loop.time() + self._write / 4)
        self._timer = self._loop.call_at(until, self._look)

    def _look(self) -> None:
        self._timer = None
        now, before, self._untaken = self._loop.time(), self._untaken, self._unwritten()
        is_stuck = self._untaken > _HARDLY_ANY
        if before > _HARDLY_ANY and self._untaken < before:
            self._heard = now
        if now < self._heard + (self._write if is_stuck else self._read):
            self._look_later()
        elif is_stuck:
            self._fail(WireError(f"the server took no more of the request for {self._write:g} s"))
        else:
            self._fail(WireError(f"the server said nothing for {self._read:g} s"))

    def _unwritten(self) -> int:
        """
        How many bytes of the request wait to be taken; TLS knows of its own only.
        """
        if self._wire.is_closing():
            return 0
        waiting: int = self._wire.get_write_buffer_size()
        if self.transport is not self._wire:
            waiting += self.transport.get_write_buffer_size()
        return waiting

    def _was_told_the_end(self) -> bool:
        """
        Whether it was the server that ended the connection.

        Within TLS it says so; whoever merely cuts the wire cannot (RFC 9112 §9.8).
        """
        tls = self.transport.get_extra_info("ssl_object")
        try:
            return tls is None or tls.read(1) == b""
        except ssl.SSLError:
            return False

    def _fail(self, error: WireError) -> None:
        self._reusable = False
        if self._wanted is None:
            return
        self._wanted, self._broken = None, error
        if self._answer is not None and not self._is_streaming:
            self._answer.broken = error
        self.transport.abort()
        self._wake()

    def _let_go(self) -> None:
        # Both hold us: what TLS has, 300 KB, would wait for the garbage collector.
        self._parser, self.transport = None, self._wire

    def _end(self) -> WireError:
        if self._failure is None:
            return WireError("the server closed the connection before its answer was whole")
        words = str(self._failure) or type(self._failure).__name__
        error = WireError(f"the connection was lost: {words}")
        error.__cause__ = self._failure
        return error

    def _wake(self) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_result(None)
