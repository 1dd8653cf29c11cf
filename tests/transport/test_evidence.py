"""
What is known of a request's fate at each moment at which something can fail, and what is told.
"""

import asyncio
import errno
import gzip
import socket
import ssl

import pytest

from connector_async import Activity, DeliveryUnknownError, RetryPolicy, Timeouts, events
from connector_async.errors import (
    BadRequestError,
    DeadlineError,
    DecodeError,
    DeliveryTimeoutError,
    PayloadTooLargeError,
    TransportError,
)
from tests.loops import ON_UVLOOP
from tests.transport.peers import a_deaf_port, a_free_port, answer, answering, serve, silent, until

IMPATIENT = Timeouts(connect=0.05, pool=0.05)
SILENCE_IS_SHORT = Timeouts(read=0.1)
LIST = answer(200, b"[]")


async def get(connector):
    return await connector.get_conversation_members("a:1")


async def send(connector, text="hello"):
    return await connector.send_to_conversation("a:1", Activity.message(text))


async def assert_never_left(connector, reason, *, permanent=False):
    """
    Neither a read nor a message was sent, and the error says so.
    """
    for call in (get, send):
        with pytest.raises(TransportError, match=rf"nothing was sent .*{reason}") as caught:
            await call(connector)

        error = caught.value
        assert (False, False) == (error.left, error.may_have_happened)
        assert (permanent, 1) == (error.permanent, error.attempts)


async def assert_may_have_left(connector, reason):
    """
    A read is without an answer; a message may have arrived.
    """
    with pytest.raises(TransportError, match=rf"no answer came .*{reason}") as caught:
        await get(connector)
    assert (True, False) == (caught.value.left, caught.value.may_have_happened)

    with pytest.raises(DeliveryUnknownError, match="the answer was lost") as caught:
        await send(connector)
    assert (None, True) == (caught.value.status, caught.value.may_have_happened)
    assert (True, True) == (caught.value.__cause__.left, caught.value.__cause__.may_have_happened)


async def hang_up(line):
    line.reset()


async def hang_up_later(line):
    await line.reader.read(1)
    line.reset()


async def read_and_reset(line):
    await line.request()
    line.reset()


async def read_and_close(line):
    await line.request()


def saying(data, then=None):
    """
    A handler that reads a request, says this, and closes, or does something else.
    """

    async def handle(line):
        await line.request()
        await line.say(data)
        if then is not None:
            await then(line)

    return handle


async def stay(line):
    await line.gone()


async def reset(line):
    line.reset()


async def test_unknown_names(connect, monkeypatch):
    """
    A name that cannot be looked up: nothing was sent.
    """

    async def getaddrinfo(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)

    await assert_never_left(connect("http://localhost:1"), "Name or service not known")


async def test_refused_connections(connect):
    """
    A port where nobody listens: nothing was sent.
    """
    with a_free_port() as port:
        await assert_never_left(connect(f"http://127.0.0.1:{port}"), f"Errno {errno.ECONNREFUSED}")


async def test_connections_that_are_not_taken(connect):
    """
    A server that does not take the connection in time: nothing was sent.
    """
    with a_deaf_port() as port:
        connector = connect(f"http://127.0.0.1:{port}", timeouts=IMPATIENT)

        await assert_never_left(connector, f"connecting to 127.0.0.1:{port} took too long")


async def test_silence_in_the_handshake(connect, ca_file):
    """
    A server that says nothing in the TLS handshake: nothing was sent.
    """
    async with serve(silent) as peer:
        connector = connect(f"https://127.0.0.1:{peer.port}", ca_file=ca_file, timeouts=IMPATIENT)

        await assert_never_left(connector, "the TLS handshake with 127.0.0.1 took too long")


async def test_a_reset_in_the_handshake(connect, ca_file):
    """
    A server that resets the connection in the TLS handshake: nothing was sent.
    """
    async with serve(hang_up_later) as peer:
        connector = connect(f"https://127.0.0.1:{peer.port}", ca_file=ca_file)

        await assert_never_left(connector, "no TLS with 127.0.0.1: .*reset by peer")


async def test_no_tls_at_all(connect, ca_file):
    """
    A server that does not speak TLS: nothing was sent.
    """

    async def plain(line):
        await line.reader.read(1)
        await line.say(answer(400))

    async with serve(plain) as peer:
        connector = connect(f"https://127.0.0.1:{peer.port}", ca_file=ca_file)

        await assert_never_left(connector, r"no TLS with 127.0.0.1: \[SSL")


async def test_certificates_of_strangers(connect, tls):
    """
    A certificate that nobody vouches for: nothing was sent, and it is not tried again.
    """
    async with serve(answering(), tls=tls) as peer:
        connector = connect(peer.url, retry=RetryPolicy(attempts=4))

        await assert_never_left(
            connector, "the certificate of 127.0.0.1 is not believed: unable to", permanent=True
        )


async def test_certificates_of_another_host(connect, ca, ca_file):
    """
    A certificate of another host: nothing was sent, and it is not tried again.
    """
    elsewhere = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("elsewhere.example").configure_cert(elsewhere)
    async with serve(answering(), tls=elsewhere) as peer:
        connector = connect(peer.url, ca_file=ca_file, retry=RetryPolicy(attempts=4))

        await assert_never_left(connector, "is not believed: IP address mismatch", permanent=True)


async def test_no_place_in_time(connect):
    """
    A call that gets no place in the pool in time: nothing was sent.
    """
    async with serve(silent) as peer:
        connector = connect(peer.url, max_connections=1)
        first = asyncio.ensure_future(get(connector))
        await until(lambda: peer.requests)

        await assert_never_left(
            connector.with_options(timeouts=IMPATIENT),
            "no connection became free within 0.05 s; allow more at once with max_connections",
        )
        assert 1 == len(peer.requests)
        first.cancel()


CLOSED = "the server closed the connection before its answer was whole"
RESET = "the connection was lost: .*reset by peer"
SILENT = "the server said nothing for 0.1 s"
NOT_HTTP = "the answer is not HTTP: "

LOST = {
    "reset in the middle of the request": (hang_up_later, "(reset by peer|Broken pipe)"),
    "reset after the request was read": (read_and_reset, RESET),
    "closed without an answer": (read_and_close, CLOSED),
    "no answer in time": (silent, SILENT),
    "half a status line": (saying(b"HTTP/1.1 20"), CLOSED),
    "half a status line, then silence": (saying(b"HTTP/1.1 20", stay), SILENT),
    "half the headers": (saying(LIST[:30]), CLOSED),
    "half the headers, then a reset": (saying(LIST[:30], reset), RESET),
    "headers without end": (
        saying(b"HTTP/1.1 200 OK\r\nx: " + b"x" * 200_000),
        "more than 65536 bytes of headers",
    ),
    "garbage": (saying(b"\x15\x03\x01\x00\x02\x02\x46" * 9), NOT_HTTP),
    "an older protocol's answer": (saying(b"[]"), NOT_HTTP),
    "a status that is none": (
        saying(b"HTTP/1.1 099 No\r\n\r\n"),
        "the answer has the status 99, which is none of ours",
    ),
    "nothing but a preliminary answer": (saying(answer(103)), CLOSED),
    "a change of protocol": (
        saying(b"HTTP/1.1 101 Switch\r\nUpgrade: h2c\r\n\r\n"),
        "the answer has the status 101, which is none of ours",
    ),
    "two lengths": (
        saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n[]"),
        f"{NOT_HTTP}Duplicate Content-Length",
    ),
}


@pytest.mark.parametrize(("handler", "reason"), LOST.values(), ids=LOST)
async def test_lost_answers(connect, ca_file, security, handler, reason):
    """
    Once a request was begun to be written, it may have arrived.
    """
    async with serve(handler, tls=security) as peer:
        trust = {} if security is None else {"ca_file": ca_file}
        timeouts = SILENCE_IS_SHORT if reason is SILENT else Timeouts()
        connector = connect(peer.url, timeouts=timeouts, **trust)

        await assert_may_have_left(connector, reason)


async def test_hangs_up_at_once(connect):
    """
    A reset before the request was read: it may have arrived, unless it was not begun to be written.

    Which of the two it is, is the event loop's: uvloop sees the reset first.
    """
    async with serve(hang_up) as peer:
        connector = connect(peer.url)
        if not ON_UVLOOP:
            reason = "(reset by peer|Broken pipe|closed the conn)"
            await assert_may_have_left(connector, reason)
        else:
            await assert_never_left(connector, "hung up at once")


async def test_writing_to_a_dead_connection(connect):
    """
    A kept connection that dies when it is taken again: the request may have left.
    """
    async with serve(answering(LIST)) as peer:

        def kill(event):
            if isinstance(event, events.AttemptStarted):
                peer.lines[-1].reset()

        connector = connect(peer.url)
        await get(connector)
        with pytest.raises(DeliveryUnknownError) as caught:
            await send(connector.with_options(observers=[kill]))
        await get(connector)
        with pytest.raises(TransportError) as caught_too:
            await get(connector.with_options(observers=[kill]))

        assert caught.value.__cause__.left
        assert caught_too.value.left


async def test_a_server_that_does_not_read(connect):
    """
    A request that is not taken whole in time may have arrived nevertheless.
    """

    async def deaf(line):
        line.writer.transport.pause_reading()
        await asyncio.Event().wait()

    async with serve(deaf) as peer:
        connector = connect(peer.url, timeouts=Timeouts(write=0.1), max_request_bytes=2**25)
        with pytest.raises(DeliveryUnknownError) as caught:
            await send(connector, "x" * 2**24)

    assert "the server took no more of the request for 0.1 s" in str(caught.value.__cause__)


async def test_answers_before_the_request_was_read(connect):
    """
    A server that says no before it has read all is heard.
    """

    async def hasty(line):
        await line.head()
        await line.say(answer(413, connection="close"))
        await line.gone()

    async with serve(hasty) as peer:
        connector = connect(peer.url, max_request_bytes=2**25)

        with pytest.raises(PayloadTooLargeError):
            await send(connector, "x" * 2**22)


async def test_preliminary_answers(connect):
    """
    Preliminary answers are passed over.
    """
    hints = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    async with serve(answering(hints + answer(201, b'{"id":"42"}'))) as peer:
        assert "42" == (await send(connect(peer.url))).id


CUT = {
    "closed": saying(answer(201, b'{"id":', content_length=11)),
    "reset": saying(answer(201, b'{"id":', content_length=11), reset),
    "silence": saying(answer(201, b'{"id":', content_length=11), stay),
    "no body": saying(answer(201, content_length=11)),
    "no chunk": saying(
        answer(201, b"garbage\r\n", content_length=0).replace(
            b"content-length: 0", b"transfer-encoding: chunked"
        )
    ),
}


@pytest.mark.parametrize("handler", CUT.values(), ids=CUT)
async def test_answers_that_break_off(connect, handler):
    """
    Where the answer to a message says that it was done and breaks off, it was done.
    """
    told = []
    async with serve(handler) as peer:
        sent = await send(connect(peer.url, timeouts=SILENCE_IS_SHORT, observers=[told.append]))

    assert sent.id is None
    assert ["done, but its answer cannot be read"] == [
        event.message[:35] for event in told if isinstance(event, events.Warned)
    ]


@pytest.mark.parametrize("handler", CUT.values(), ids=CUT)
async def test_results_that_break_off(connect, handler):
    """
    Where a result breaks off, there is no answer.
    """
    async with serve(handler) as peer:
        with pytest.raises(TransportError, match="no answer came") as caught:
            await get(connect(peer.url, timeouts=SILENCE_IS_SHORT))

    assert (True, False) == (caught.value.left, caught.value.may_have_happened)


async def test_results_that_break_off_are_asked_for_again(connect):
    """
    A read whose answer broke off is repeated; a message whose answer broke off is not.
    """
    async with serve(saying(answer(200, b"[", content_length=2))) as peer:
        connector = connect(peer.url, retry=RetryPolicy(attempts=3, base=0.0))
        with pytest.raises(TransportError):
            await get(connector)
        await send(connector)

    assert ["GET", "GET", "GET", "POST"] == [asked.line.split()[0] for asked in peer.requests]


async def test_refusals_that_break_off(connect):
    """
    A refusal counts by its status, though its body breaks off.
    """
    async with serve(saying(answer(400, b"{", content_length=99))) as peer:
        for call in (get, send):
            with pytest.raises(BadRequestError) as caught:
                await call(connect(peer.url))
            assert b"{" == caught.value.content


async def test_packed_refusals_that_break_off(connect):
    """
    What there is of a compressed refusal is told.
    """
    packed = gzip.compress(b'{"error":{"code":"BadArgument","message":"No."}}')
    said = answer(400, packed[:-9], content_encoding="gzip", content_length=len(packed))
    async with serve(saying(said)) as peer:
        with pytest.raises(BadRequestError) as caught:
            await get(connect(peer.url))

    assert caught.value.content.startswith(b'{"error":{"code":"BadArg')


async def test_gateways_that_break_off(connect):
    """
    What a gateway says counts by its status, too.
    """
    async with serve(saying(answer(502, b"<html>", content_length=99))) as peer:
        with pytest.raises(DeliveryUnknownError) as caught:
            await send(connect(peer.url))

    assert 502 == caught.value.status


async def test_long_refusals(connect):
    """
    Of a refusal the first 64 KiB are kept.
    """
    async with serve(answering(answer(400, b"x" * 100_000))) as peer:
        with pytest.raises(BadRequestError) as caught:
            await get(connect(peer.url))

    assert 65_536 == len(caught.value.content)


async def test_long_results(connect):
    """
    A result that is longer than allowed cannot be read; a message was taken all the same.
    """
    async with serve(answering(answer(200, b'["' + b"x" * 2000 + b'"]'))) as peer:
        connector = connect(peer.url, max_response_bytes=1000)
        with pytest.raises(DecodeError, match="longer than 1000 bytes"):
            await get(connector)

        assert (await send(connector)).id is None


async def test_a_deadline_before_the_request_has_left(connect, ca_file):
    """
    A deadline that passes while a connection is made: nothing was done.
    """
    async with serve(silent) as peer:
        connector = connect(f"https://127.0.0.1:{peer.port}", ca_file=ca_file, deadline=0.05)

        with pytest.raises(DeadlineError, match="nothing was done"):
            await send(connector)


async def test_a_deadline_in_the_queue_for_a_connection(connect):
    """
    A deadline that passes while a call waits for a place: nothing was done.
    """
    async with serve(silent) as peer:
        connector = connect(peer.url, max_connections=1)
        first = asyncio.ensure_future(get(connector))
        await until(lambda: peer.requests)
        with pytest.raises(DeadlineError, match="nothing was done"):
            await send(connector.with_options(deadline=0.02))
        first.cancel()


@pytest.mark.parametrize(
    "said",
    [b"", LIST[:30], answer(201, b"{", content_length=9)],
    ids=["silent", "half the headers", "half the body"],
)
async def test_a_deadline_after_the_request_has_left(connect, said):
    """
    A deadline that passes before all of the answer is there: it may have arrived.
    """
    async with serve(saying(said, stay)) as peer:
        with pytest.raises(DeliveryTimeoutError, match="it may have arrived"):
            await send(connect(peer.url, deadline=0.15))
