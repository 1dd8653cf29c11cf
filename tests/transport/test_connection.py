"""
One connection: how answers are read, however they come, and when another may follow.
"""

import asyncio
import gc
import gzip
import socket
import threading
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_async import Timeouts
from connector_async._transport.answer import Wanted
from connector_async._transport.connection import _BUFFER, Connection
from connector_async._transport.failure import WireError
from connector_async._transport.network import begin_tls, connect
from connector_async._transport.over_pool import PoolExchange
from connector_async.testing import run_virtual
from tests.transport.peers import a_request, answer, breathe, fetch, serve, until
from tests.transport.wire import STREAMED, WHOLE, Lone, Wire, told

KEPT = answer(200, b"kept")
CHUNKED = b"HTTP/1.1 200 Said\r\nTransfer-Encoding: Chunked\r\n\r\n"
UNTIL_THE_END = b"HTTP/1.1 200 Said\r\n\r\n"
CLOSED = "the server closed the connection before its answer was whole"


def in_chunks(data, *, size=3):
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return (
        b"".join(b"%x;a=b\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\nx: y\r\n\r\n"
    )


PACKED = gzip.compress(b"kept")
HEAD_OF_PACKED = b"HTTP/1.1 200 Said\r\nContent-Encoding: gzip\r\n"
FRAMES = {
    "by length": (KEPT, True),
    "in chunks": (CHUNKED + in_chunks(b"kept"), True),
    "until the end": (UNTIL_THE_END + b"kept", False),
    "by length, packed": (answer(200, PACKED, content_encoding="gzip"), True),
    "in chunks, packed": (
        HEAD_OF_PACKED + b"Transfer-Encoding: chunked\r\n\r\n" + in_chunks(PACKED),
        True,
    ),
    "until the end, packed": (HEAD_OF_PACKED + b"\r\n" + PACKED, False),
    "after others": (answer(103, link="x") + b"HTTP/1.1 100 Go on\r\n\r\n" + KEPT, True),
}


async def result(data, cut, *, streamed, ends):
    """
    What comes of an answer that comes in two pieces, or byte by byte.
    """
    wire = Wire()
    pool = Lone(wire.connection)
    exchange = PoolExchange(pool, Timeouts())
    asking = asyncio.ensure_future(exchange(a_request("http://a/", streamed=streamed)))
    await breathe(3)
    if cut is None:
        wire.say(data, size=1)
    else:
        wire.say(data[:cut])
        wire.say(data[cut:])
    reusable = wire.connection._reusable
    if ends:
        wire.hang_up()
    response = await asking
    content = response.content
    if streamed:
        content = b"".join([chunk async for chunk in response.stream])
        await response.aclose()
    assert 1 == pool.given_back
    return response.status, content, response.flaw, reusable


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("data", "reusable"), FRAMES.values(), ids=FRAMES)
async def test_reads_an_answer_however_it_is_cut(data, reusable, streamed):
    """
    Wherever an answer is cut on its way, it is the same answer.
    """
    for cut in (None, *range(len(data))):
        got = await result(data, cut, streamed=streamed, ends=not reusable)

        assert (200, b"kept", None, reusable) == got, f"cut at {cut}"


@pytest.mark.parametrize(("data", "reusable"), FRAMES.values(), ids=FRAMES)
async def test_no_part_of_an_answer_is_all_of_it(data, reusable):
    """
    An answer that ends too early is not taken for whole, wherever it ends.
    """
    if not reusable:
        data = UNTIL_THE_END
    for length in range(len(data)):
        wire = Wire()
        asking = wire.ask()
        await breathe()
        wire.say(data[:length])
        wire.hang_up()
        [got] = await asyncio.gather(asking, return_exceptions=True)

        broken = got if isinstance(got, WireError) else got.broken
        assert CLOSED == str(broken), f"ends after {length}"


async def test_passes_over_preliminary_answers():
    """
    Preliminary answers are passed over, also where each comes by itself.
    """
    got, connection = await told(answer(103), b"HTTP/1.1 100 Go on\r\n\r\n", answer(102), KEPT)

    assert (200, b"kept") == (got.status, got.content)
    assert connection.is_reusable


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 150 Said\r\nContent-Length: 99\r\n\r\n" + KEPT,
        b"HTTP/1.1 150 Said\r\nTransfer-Encoding: chunked\r\n\r\n" + in_chunks(KEPT),
    ],
)
async def test_a_preliminary_answer_has_no_body(said):
    """
    A preliminary answer with a body is none; others would see an answer in that body.
    """
    with pytest.raises(WireError, match="a preliminary answer has a body"):
        await told(said)


async def test_takes_the_first_of_two_answers():
    """
    Of two answers in one piece the first is taken, and nothing else over that connection.
    """
    got, connection = await told(KEPT + answer(500, b"smuggled"))

    assert (200, b"kept") == (got.status, got.content)
    assert not connection.is_reusable


@pytest.mark.parametrize("rest", [b"x", b"H", b"\0", KEPT])
@pytest.mark.parametrize("said", [KEPT, answer(204), CHUNKED + in_chunks(b"a")])
@pytest.mark.parametrize("together", [True, False])
async def test_is_spoilt_by_what_nobody_asked_for(said, rest, together):
    """
    A connection on which more is said than the answer is not used again.
    """
    got, connection = await told(*([said + rest] if together else [said, rest]))

    assert got.broken is None
    assert not connection.is_reusable


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("more", ["", "Content-Length: 9\r\n", "Transfer-Encoding: chunked\r\n"])
async def test_some_answers_have_no_body(status, more):
    """
    A 204 and a 304 end with their headers, whatever these say.
    """
    got, connection = await told(f"HTTP/1.1 {status} Said\r\n{more}\r\n".encode())

    assert (status, b"", None) == (got.status, got.content, got.broken)
    assert connection.is_reusable


@pytest.mark.parametrize(
    "said",
    [
        answer(200, b"kept", connection="close"),
        KEPT.replace(b"1.1", b"1.0"),
        answer(200, b"kept", connection="keep-alive").replace(b"1.1", b"1.0"),
        CHUNKED.replace(b"1.1", b"1.0") + in_chunks(b"kept"),
    ],
)
async def test_is_not_used_after_a_last_answer(said):
    """
    After `Connection: close` and after HTTP/1.0 no other request follows.
    """
    got, connection = await told(said)

    assert (b"kept", None) == (got.content, got.broken)
    assert not connection.is_reusable


CODINGS = ["gzip, chunked", "chunked, gzip", "xchunked", "identity"]


@pytest.mark.parametrize("coding", CODINGS)
async def test_knows_one_transfer_coding(coding):
    """
    An answer in another transfer coding than chunks has no body that could be read.
    """
    head = f"HTTP/1.1 200 Said\r\nTransfer-Encoding: {coding}\r\n\r\n".encode()
    got, connection = await told(head + in_chunks(b"kept"), ends=True)

    assert f"the answer is sent as '{coding}', which nobody asked for" == str(got.broken)
    assert not connection.is_reusable


AMBIGUOUS = {
    "two lengths": "Content-Length: 4\r\nContent-Length: 4\r\n",
    "a list of lengths": "Content-Length: 4, 4\r\n",
    "a length with a sign": "Content-Length: +4\r\n",
    "no length": "Content-Length: \r\n",
    "a length beyond measure": "Content-Length: 99999999999999999999\r\n",
    "a length and chunks": "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    "chunks and a length": "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    "a folded header": "X: a\r\n b\r\nContent-Length: 4\r\n",
    "a blank before the colon": "X : a\r\nContent-Length: 4\r\n",
    "a bare line feed": "X: a\nContent-Length: 4\r\n",
    "a bare carriage return": "X: a\rY: b\r\nContent-Length: 4\r\n",
    "a null": "X: a\0b\r\nContent-Length: 4\r\n",
}


@pytest.mark.parametrize("headers", AMBIGUOUS.values(), ids=AMBIGUOUS)
async def test_refuses_what_could_be_read_in_two_ways(headers):
    """
    Headers in which another reader could see another answer are no answer.
    """
    with pytest.raises(WireError, match="the answer is not HTTP: "):
        await told(f"HTTP/1.1 200 Said\r\n{headers}\r\n".encode() + b"4\r\nkept\r\n0\r\n\r\n")


async def test_joins_headers_of_one_name():
    """
    Headers are known by their names in lower case; those of one name are joined by commas.
    """
    long = "X-" + "y" * 100
    got, _ = await told(
        f"HTTP/1.1 204 Said\r\nX-A: 1\r\nEmpty:\r\n{long}: \xe4\r\nx-a: 2\r\n\r\n".encode("latin-1")
    )

    assert {"x-a": "1, 2", "empty": "", long.lower(): "\xe4"} == got.headers


ENDLESS = {
    "headers": (b"HTTP/1.1 200 Said\r\n", b"x: " + b"y" * 500 + b"\r\n", "bytes of headers"),
    "small headers": (b"HTTP/1.1 200 Said\r\n", b"x:\r\n", "more than 500 headers"),
    "one header": (b"HTTP/1.1 200 Said\r\nx: ", b"y" * 100, "bytes of headers"),
    "a reason": (b"HTTP/1.1 200 ", b"y" * 100, "bytes of headers"),
    "preliminary answers": (b"", answer(103), "bytes of headers"),
}


@pytest.mark.parametrize("size", [7, 65536])
@pytest.mark.parametrize(("begin", "again", "reason"), ENDLESS.values(), ids=ENDLESS)
async def test_reads_only_so_much_before_an_answer(begin, again, reason, size):
    """
    What comes before a body and does not end is read only so far, and little of it is held.
    """
    with pytest.raises(WireError, match=reason):
        await told(begin + again * (200_000 // len(again)), size=size)


ENDLESS_BEHIND = {
    "trailers": (b"1\r\na\r\n0\r\n", b"x: " + b"y" * 500 + b"\r\n", "bytes of headers"),
    "small trailers": (b"1\r\na\r\n0\r\n", b"x:\r\n", "more than 500 headers"),
    "a chunk's extension": (b"1\r\na\r\n1;", b"y" * 100, "bytes of headers"),
}


@pytest.mark.parametrize("size", [7, 65536])
@pytest.mark.parametrize(("begin", "again", "reason"), ENDLESS_BEHIND.values(), ids=ENDLESS_BEHIND)
async def test_reads_only_so_much_behind_a_body(begin, again, reason, size):
    """
    What comes behind a body or between its chunks and does not end is read only so far.
    """
    got, connection = await told(CHUNKED + begin + again * (200_000 // len(again)), size=size)

    assert reason in str(got.broken)
    assert len(connection._headers) <= 500


async def test_takes_long_headers_before_a_long_body():
    """
    The bound for headers is none for what comes in one piece with them.
    """
    said = answer(200, b"x" * 900, long="y" * 60_000)
    for size in (len(said), 65_000, 1_000):
        got, connection = await told(said, size=size)

        assert (900, None) == (len(got.content), got.broken)
        assert connection.is_reusable


async def test_reads_no_more_than_is_wanted():
    """
    Of a body that is longer than wanted the beginning is kept, and the connection is closed.
    """
    got, connection = await told(answer(200, b"x" * 700 + b"y" * 700), size=100)

    assert (b"x" * 700 + b"y" * 300, True) == (got.content, got.is_long)
    assert not connection.is_open


@pytest.mark.parametrize("untaken", [0, 1])
async def test_is_not_used_with_half_a_request_in_it(untaken):
    """
    An answer that comes before its request was taken counts, but no other request follows.
    """
    wire = Wire()
    wire.untaken = untaken
    asking = wire.ask()
    await breathe()
    wire.say(KEPT)

    assert b"kept" == (await asking).content
    assert (untaken == 0) == wire.connection.is_reusable


def test_is_not_used_with_half_a_request_in_it_on_any_loop(run, security, pools_of):
    """
    The same over a socket, where what waits to be taken may be hidden within TLS.
    """

    async def hasty(line):
        await line.head()
        await line.say(answer(413))
        line.writer.transport.pause_reading()
        await asyncio.Event().wait()

    async def main():
        async with serve(hasty, tls=security) as peer, pools_of() as pool:
            response = await fetch(pool, peer.url, method="POST", content=bytes(2**24))
            return response.status, pool.open_connections

    assert (413, 0) == run(main())


# A streamed body.


async def test_pauses_what_nobody_reads():
    """
    A server has to wait when so much of a body waits to be read, until it has been.
    """
    wire = Wire()
    asking = wire.ask(STREAMED)
    await breathe()
    wire.say(answer(content_length=2**20))
    paused_at = 0
    while not wire.paused:
        wire.say(b"x" * 10_000)
        paused_at += 10_000
    await asking
    chunks = wire.connection.stream()
    await anext(chunks)
    await anext(chunks)

    assert 130_000 <= paused_at <= 150_000
    assert not wire.paused
    assert not wire.connection.is_reusable
    await chunks.aclose()


async def test_pauses_for_small_chunks_sooner():
    """
    What it costs to hold a chunk counts, too: thousands of one byte are not held.
    """
    wire = Wire()
    asking = wire.ask(STREAMED)
    await breathe()
    wire.say(CHUNKED)
    await asking
    while not wire.paused:
        wire.say(b"1\r\nx\r\n")

    assert 2_100 > len(wire.connection._chunks)


async def test_is_used_again_after_a_streamed_body():
    """
    After a body that was paused, and read to its end, another request may follow.
    """
    wire = Wire()
    asking = wire.ask(STREAMED)
    await breathe()
    wire.say(answer(200, b"x" * 500_000), size=50_000)
    await asking
    read = [len(chunk) async for chunk in wire.connection.stream()]

    assert 500_000 == sum(read)
    assert wire.connection.is_reusable


async def test_the_rest_of_a_body_is_not_the_next_ones():
    """
    A connection with a body that was not read is not used again, though all of it has come.
    """
    _, connection = await told(KEPT, wanted=STREAMED)

    assert not connection.is_reusable
    assert [b"kept"] == [chunk async for chunk in connection.stream()]
    assert connection.is_reusable


async def test_a_body_is_not_read_beyond_its_answer():
    """
    Whoever keeps the chunks of an answer gets none of the next one's.
    """
    wire = Wire()
    asking = wire.ask(STREAMED)
    await breathe()
    wire.say(KEPT)
    await asking
    kept = wire.connection.stream()
    assert b"kept" == await anext(kept)
    asking = wire.ask(STREAMED)
    await breathe()
    wire.say(answer(200, b"secret"))
    await asking

    with pytest.raises(WireError, match="its connection is another answer's by now"):
        await anext(kept)
    assert [b"secret"] == [chunk async for chunk in wire.connection.stream()]


async def test_tells_who_waits_why_it_was_closed():
    """
    A connection that is closed from here says why to those who wait for an answer or for more.
    """
    wire = Wire()
    asking = wire.ask()
    await breathe()
    wire.connection.abort("for a reason")
    with pytest.raises(WireError, match="for a reason"):
        await asking
    with pytest.raises(WireError, match="for a reason"):
        await wire.ask()

    _, connection = await told(answer(content_length=9), wanted=STREAMED)
    more = asyncio.ensure_future(anext(connection.stream()))
    await breathe()
    connection.abort("for a reason")
    with pytest.raises(WireError, match="for a reason"):
        await more


async def test_a_loss_without_words_has_a_name():
    """
    Where a connection is lost to an error without text, its name is told.
    """
    wire = Wire()
    asking = wire.ask()
    await breathe()
    wire.connection.connection_lost(TimeoutError())

    with pytest.raises(WireError, match="the connection was lost: TimeoutError"):
        await asking


# Time.


def timed(play, wanted=WHOLE, *, read=10.0, write=5.0):
    """
    Ask, while *play* is played on the wire; both in virtual time.

    Returns:
        The answer or the error, and the time when it came.
    """

    async def main():
        wire = Wire()
        playing = asyncio.ensure_future(play(wire))
        await breathe()
        [got] = await asyncio.gather(
            wire.ask(wanted, read=read, write=write), return_exceptions=True
        )
        at = round(asyncio.get_running_loop().time(), 3)
        playing.cancel()
        return got if isinstance(got, WireError) else got.broken or got, at

    return run_virtual(main())


def test_waits_for_the_first_byte():
    """
    A server that says nothing is waited for as long as told.
    """

    async def play(_):
        pass

    error, at = timed(play)

    assert ("the server said nothing for 10 s", 10.0) == (str(error), at)


@pytest.mark.parametrize("said", [KEPT[:-2], CHUNKED + b"3\r\nab", KEPT[:9]])
def test_waits_between_bytes(said):
    """
    The time is from byte to byte, not for the whole of an answer.
    """

    async def play(wire):
        for at in range(len(said)):
            await asyncio.sleep(9)
            wire.say(said[at : at + 1])

    error, at = timed(play)

    assert "the server said nothing for 10 s" == str(error)
    assert 9.0 * len(said) + 10 == at


def test_waits_for_a_request_to_be_taken():
    """
    A server that takes nothing of a long request is waited for as long as told.
    """

    async def play(wire):
        wire.untaken = 10**6

    error, at = timed(play)

    assert ("the server took no more of the request for 5 s", 5.0) == (str(error), at)


def test_waits_while_a_request_is_being_taken():
    """
    The time is for each part of a request, and the answer's begins when that was taken.
    """

    async def play(wire):
        wire.untaken = 10**6
        while wire.untaken:
            await asyncio.sleep(4)
            wire.untaken -= 10**5

    error, at = timed(play)

    assert "the server said nothing for 10 s" == str(error)
    # When it was taken is looked for four times in the time for it.
    assert 50 <= at <= 52


def test_waits_for_more_only_when_asked():
    """
    A body that is read slowly does not time out; one that does not come does.
    """

    async def main():
        loop = asyncio.get_running_loop()
        wire = Wire()
        asking = wire.ask(STREAMED)
        await breathe()
        wire.say(answer(200, b"begun", content_length=9))
        await asking
        chunks = wire.connection.stream()
        await asyncio.sleep(1000)
        assert b"begun" == await anext(chunks)
        await asyncio.sleep(1000)
        with pytest.raises(WireError, match="the server said nothing for 10 s"):
            await anext(chunks)
        return loop.time()

    assert 2010 == run_virtual(main())


@pytest.mark.parametrize("said", [KEPT, b"HTTP", b""])
def test_leaves_no_timer(said):
    """
    Whatever an exchange ends with, no timer outlives it.
    """

    async def main():
        wire = Wire()
        asking = wire.ask()
        await breathe()
        wire.say(said)
        asking.cancel()
        await asyncio.wait([asking])
        wire.connection.abort()
        await breathe()
        return asyncio.get_running_loop()._scheduled

    assert [] == [timer for timer in run_virtual(main()) if not timer.cancelled()]


# TLS, and other threads.


@pytest.mark.parametrize("politely", [True, False])
def test_an_end_within_tls_is_said(run, tls, believing, politely):
    """
    A body that lasts until the end is whole where the server says so, not where the wire is cut.
    """

    async def say(line):
        await line.request()
        await line.say(UNTIL_THE_END + b"all")
        if not politely:
            line.writer.transport.abort()

    async def main():
        async with serve(say, tls=tls) as peer:
            by = asyncio.get_running_loop().time() + 5
            connection = await connect("127.0.0.1", peer.port, by=by)
            await begin_tls(connection, believing, "localhost", by=by)
            request = b"GET / HTTP/1.1\r\na: b\r\n\r\n"
            got = await connection.exchange(request, WHOLE, read=5, write=5)
            return got.content, None if got.broken is None else str(got.broken)

    assert (b"all", None if politely else CLOSED) == run(main())


@pytest.mark.parametrize("who", ["server", "client"])
def test_ended_connection_leaves_no_tls_to_the_garbage_collector(run, tls, believing, who):
    """
    What TLS has for a connection is gone with it: it is far more than the collector takes it for.
    """

    async def say(line):
        await line.request()
        await line.say(KEPT)
        if who == "server":
            line.reset()
        await line.gone()

    async def main():
        async with serve(say, tls=tls) as peer:
            by = asyncio.get_running_loop().time() + 5
            connection = await connect("127.0.0.1", peer.port, by=by)
            await begin_tls(connection, believing, "localhost", by=by)
            await connection.exchange(b"GET / HTTP/1.1\r\na: b\r\n\r\n", WHOLE, read=5, write=5)
            kept = weakref.ref(connection.transport.get_extra_info("ssl_object"))
            if who == "client":
                connection.abort()
            await until(lambda: not connection.is_open)
            await breathe()
            return kept()

    gc.disable()
    try:
        assert run(main()) is None
    finally:
        gc.enable()


def test_reads_all_that_came_before_an_end(run, security, believing):
    """
    However much comes at once with the end of the connection, all of it is read.
    """

    async def say(line):
        await line.request()
        await line.say(answer(200, bytes(2**20), connection="close"))

    async def main():
        async with serve(say, tls=security) as peer:
            by = asyncio.get_running_loop().time() + 5
            connection = await connect("127.0.0.1", peer.port, by=by)
            if security:
                await begin_tls(connection, believing, "localhost", by=by)
            request = b"GET / HTTP/1.1\r\na: b\r\n\r\n"
            got = await connection.exchange(request, STREAMED, read=5, write=5)
            assert got.is_success
            await breathe(50)
            read = 0
            async for chunk in connection.stream():
                read += len(chunk)
                await breathe(20)
            return read

    assert 2**20 == run(main())


def test_reads_all_that_came_at_once_with_an_end(run, security, believing):
    """
    What lies ready together with the end of the connection is read, also by a late reader.
    """

    async def say(line):
        await line.request()
        await line.say(answer(200, bytes(200_000)))
        line.writer.transport.abort()

    async def main():
        async with serve(say, tls=security) as peer:
            by = asyncio.get_running_loop().time() + 5
            connection = await connect("127.0.0.1", peer.port, by=by)
            if security:
                await begin_tls(connection, believing, "localhost", by=by)
            wire = connection._wire
            wire.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
            wire.pause_reading()
            request = b"GET / HTTP/1.1\r\na: b\r\n\r\n"
            asking = asyncio.ensure_future(
                connection.exchange(request, Wanted(success=2**20, refusal=0), read=5, write=5)
            )
            await until(lambda: peer.lines and not peer.open)
            await breathe(50)
            wire.resume_reading()
            got = await asking
            return len(got.content), got.broken

    assert (200_000, None) == run(main())


def test_threads_do_not_share_what_they_read_into():
    """
    Two event loops in two threads do not read into one place: answers would be mixed.
    """
    views = [_BUFFER.view]

    async def look():
        views.append(Connection().get_buffer(-1))

    thread = threading.Thread(target=lambda: asyncio.run(look()))
    thread.start()
    thread.join()

    assert views[0] is not views[1]
    assert views[0] is _BUFFER.view


# Whatever comes.

WORDS = [
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 204 No\r\n",
    b"HTTP/1.1 103 Hint\r\n",
    b"HTTP/1.0 404 No\r\n",
    b"Content-Length: 4\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"Connection: upgrade\r\nUpgrade: x\r\n",
    b"\r\n",
    b"kept",
    b"4\r\n",
    b"0\r\n",
    b"\0",
    b"x: y",
]


@settings(max_examples=100, deadline=None)
@given(
    words=st.lists(st.sampled_from(WORDS) | st.binary(max_size=4), max_size=12),
    size=st.integers(1, 50),
    wanted=st.sampled_from([WHOLE, STREAMED]),
)
async def test_whatever_comes_is_an_answer_or_an_error(words, size, wanted):
    """
    Whatever a server says ends an exchange, and leaves a connection that is sound or closed.
    """
    try:
        got, connection = await told(*words, wanted=wanted, size=size, ends=True)
        if got.is_success and wanted is STREAMED:
            _ = [chunk async for chunk in connection.stream()]
    except WireError:
        return

    assert not connection.is_reusable
    assert not connection.is_open


async def test_answers_belong_to_their_requests(security, believing):
    """
    Many exchanges follow each other over one connection, each with its own answer.
    """

    async def echo(line):
        while (asked := await line.request()) is not None:
            await line.say(answer(200, asked.line.encode()))

    async with serve(echo, tls=security) as peer:
        by = asyncio.get_running_loop().time() + 5
        connection = await connect("127.0.0.1", peer.port, by=by)
        if security:
            await begin_tls(connection, believing, "localhost", by=by)
        for number in range(20):
            line = b"GET /%d HTTP/1.1" % number
            got = await connection.exchange(line + b"\r\na: b\r\n\r\n", WHOLE, read=5, write=5)
            assert line == got.content
            assert connection.is_reusable
        connection.abort()
        await until(lambda: not peer.open)
