"""
Compressed bodies: undone, refused, and bounded.
"""

import gzip
import time
import tracemalloc
import zlib
from contextlib import aclosing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_async import Activity
from connector_async._transport.inflate import ACCEPTED, FlawError, Inflater, inflated
from connector_async.errors import BadRequestError, DecodeError
from tests.transport.peers import answer, answering, serve

TEXT = b'[{"id":"29:1"}]' * 100
MIB = 2**20


def raw_deflate(data):
    machine = zlib.compressobj(wbits=-15)
    return machine.compress(data) + machine.flush()


async def inflate(chunks, encoding):
    async def say():
        for chunk in chunks:
            yield chunk

    return b"".join([piece async for piece in inflated(say(), encoding)])


@pytest.mark.parametrize("encoding", ["", "identity", "Identity, identity"])
async def test_leaves_alone_what_is_not_compressed(encoding):
    """
    Without an encoding the chunks come through as they are.
    """
    assert b"ab" == await inflate([b"a", b"b"], encoding)


@pytest.mark.parametrize(
    ("compress", "encoding"),
    [
        (gzip.compress, "gzip"),
        (gzip.compress, "X-GZip"),
        (gzip.compress, "identity, gzip"),
        (zlib.compress, "deflate"),
    ],
)
@pytest.mark.parametrize("size", [1, 7, MIB])
async def test_undoes_what_was_asked_for(compress, encoding, size):
    """
    Both gzip and deflate are undone, in whatever pieces they come.
    """
    data = compress(TEXT)
    chunks = [data[at : at + size] for at in range(0, len(data), size)]

    assert TEXT == await inflate(chunks, encoding)
    assert "gzip" == ACCEPTED


@settings(max_examples=30, deadline=None)
@given(parts=st.lists(st.binary(max_size=200), min_size=1, max_size=4), cut=st.integers(1, 50))
async def test_undoes_several_parts(parts, cut):
    """
    What was compressed in several parts is put together again (RFC 1952 §2.2).
    """
    data = b"".join(map(gzip.compress, parts))
    chunks = [data[at : at + cut] for at in range(0, len(data), cut)]

    assert b"".join(parts) == await inflate(chunks, "gzip")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_an_empty_body_is_empty(encoding):
    """
    A body without bytes is empty, whatever it is said to be.
    """
    assert b"" == await inflate([], encoding)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip, br", "*", "deflate;q=1"])
async def test_refuses_what_was_not_asked_for(encoding):
    """
    An encoding that was not asked for, or two of them, cannot be undone.
    """
    with pytest.raises(FlawError, match="which was not asked for"):
        await inflate([gzip.compress(gzip.compress(TEXT))], encoding)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("br", "'br'"),
        ("GZIP, x-gzip", "'GZIP, x-gzip'"),
        ("gzip, " * 500 + "br", f"'{'gzip, ' * 6}gzip'"),
        ("gzip, hush", "something unknown"),
        ("x" * 5000, "something unknown"),
    ],
)
async def test_shows_names_of_encodings(encoding, shown):
    """
    Forty characters of what an encoding may be called are shown, of all else nothing.
    """
    with pytest.raises(FlawError) as caught:
        await inflate([b""], encoding)

    assert f"encoded as {shown}, which was not asked for" == str(caught.value)


PACKED = gzip.compress(TEXT)
SPOILT = {
    "plain": (TEXT, "not compressed as it says"),
    "raw": (raw_deflate(TEXT), "not compressed as it says"),
    "no end": (PACKED[:-9], "cut off in the middle of its compression"),
    "next to nothing": (PACKED[:1], "cut off in the middle of its compression"),
    "another sum": (PACKED[:-8] + bytes(8), "not compressed as it says"),
    "more behind it": (PACKED + b"and more", "not compressed as it says"),
}


@pytest.mark.parametrize(("data", "flaw"), SPOILT.values(), ids=SPOILT)
async def test_tells_what_is_no_compression(data, flaw):
    """
    Data that is not what it says, or not all of it, is no body.
    """
    with pytest.raises(FlawError, match=flaw):
        await inflate([data], "gzip")


@pytest.mark.parametrize("zeros", [1, 511, 70_000])
async def test_zeros_behind_the_end_mean_nothing(zeros):
    """
    Padding behind the end of a compressed body is left out, as gzip's own tools do.
    """
    assert TEXT == await inflate([PACKED + bytes(zeros)], "gzip")


async def test_comes_in_small_pieces():
    """
    However much a chunk holds, it comes in pieces of 256 KiB at the most, none of them empty.
    """

    async def say():
        yield gzip.compress(bytes(10 * MIB))

    async with aclosing(inflated(say(), "gzip")) as pieces:
        sizes = [len(piece) async for piece in pieces]

    assert 10 * MIB == sum(sizes)
    assert (True, 256 * 1024) == (min(sizes) > 0, max(sizes))


async def test_many_parts():
    """
    A body of ten thousand parts with nothing in them is undone in a moment.
    """
    inflater = Inflater("gzip")
    begun = time.process_time()
    pieces = list(inflater.feed(bytearray(gzip.compress(b"") * 10_000)))
    inflater.end()

    assert [] == pieces
    assert 0.5 > time.process_time() - begun


@pytest.mark.parametrize("part", [b"", b"x"])
async def test_too_many_parts(part):
    """
    One more is refused, or millions of them would hold up the event loop.
    """
    with pytest.raises(FlawError, match="compressed in more than 10000 parts"):
        await inflate([gzip.compress(part) * 10_001], "gzip")


async def test_closes_what_it_reads_from():
    """
    Whoever stops reading ends what is read from.
    """
    ended = []

    async def say():
        try:
            while True:
                yield zlib.compress(TEXT)[:20]
        finally:
            ended.append(True)

    for encoding in ("identity", "deflate"):
        async with aclosing(inflated(say(), encoding)) as pieces:
            await anext(pieces)

    assert [True, True] == ended


@pytest.mark.parametrize("status", [200, 400])
async def test_holds_no_more_than_is_allowed(connect, status):
    """
    A body that inflates a thousandfold is read no further than is allowed, and never held twice.
    """
    bomb = answer(status, gzip.compress(bytes(50 * MIB)), content_encoding="gzip")
    allowed = 4 * MIB
    async with serve(answering(bomb)) as peer:
        connector = connect(peer.url)
        tracemalloc.start()
        try:
            with pytest.raises((DecodeError, BadRequestError)):
                await connector.get_conversation_members("a:1")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert 2 * allowed > peak


async def test_reads_compressed_answers(connect):
    """
    A compressed answer is read like any other, one that cannot be read is told.
    """
    good = answer(200, gzip.compress(b'[{"id":"29:1"}]'), content_encoding="gzip")
    strange = answer(200, b"[]", content_encoding="br")
    async with serve(answering(good, strange)) as peer:
        connector = connect(peer.url)

        assert "29:1" == (await connector.get_conversation_members("a:1"))[0].id
        with pytest.raises(DecodeError, match="the answer is encoded as 'br'"):
            await connector.get_conversation_members("a:1")
        assert "gzip" == peer.requests[0].headers["accept-encoding"]


async def test_a_message_is_taken_however_its_answer_is_packed(connect):
    """
    A message whose answer cannot be unpacked was taken all the same.
    """
    async with serve(answering(answer(201, b"{}", content_encoding="gzip"))) as peer:
        sent = await connect(peer.url).send_to_conversation("a:1", Activity.message("hello"))

    assert sent.id is None
