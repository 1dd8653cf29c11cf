"""
An attachment's content as a stream: read, saved, broken off, left.
"""

import asyncio
import functools
import gzip
import tracemalloc

import pytest

from connector_async import Timeouts
from connector_async.errors import ClientStateError, DecodeError, NotFoundError, TransportError
from tests.transport.peers import answer, answering, serve, until

MIB = 2**20


def chunked(*chunks, end=b"0\r\n\r\n"):
    """
    A handler that answers with these chunks.
    """

    async def handle(line):
        while await line.request() is not None:
            head = answer(content_type="image/png", transfer_encoding="chunked")
            await line.say(head.replace(b"content-length: 0\r\n", b""))
            for chunk in chunks:
                await line.say(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            await line.say(end)
            if not end:
                return

    return handle


async def long(line, size=2**40):
    await line.request()
    await line.say(answer(content_length=size))
    for _ in range(size // 65536):
        await line.say(bytes(65536))
        if line.writer.is_closing():
            return
    await line.gone()


async def stuck(line):
    await line.request()
    await line.say(answer(200, b"begun", content_length=9))
    await line.gone()


def pool_of(connector):
    return connector._chosen.pool


async def assert_nothing_is_open(connector, peer):
    """
    No connection stays on either side, and all places are free.
    """
    await until(lambda: not peer.open and not pool_of(connector).open_connections)
    assert 500 == pool_of(connector)._places._value


async def test_comes_in_chunks(connect):
    """
    The content comes as it was sent; type and size are known from the start.
    """
    async with (
        serve(chunked(b"one", b"two")) as peer,
        connect(peer.url).stream_attachment("a") as content,
    ):
        assert ("image/png", None) == (content.content_type, content.size)
        assert b"onetwo" == b"".join([chunk async for chunk in content])


async def test_knows_its_size(connect):
    """
    The size is what the service says, unless the content is compressed on the way.
    """
    packed = answer(200, gzip.compress(b"three"), content_encoding="gzip")
    async with serve(answering(answer(200, b"three"), packed)) as peer:
        connector, sizes = connect(peer.url), []
        for _ in range(2):
            async with connector.stream_attachment("a") as content:
                sizes.append(content.size)
                assert b"three" == b"".join([chunk async for chunk in content])

    assert [5, None] == sizes


async def test_frees_its_connection(connect):
    """
    A content that was read to its end leaves its connection to the next call.
    """
    async with serve(answering(answer(200, b"all"))) as peer:
        connector = connect(peer.url)
        for _ in range(3):
            async with connector.stream_attachment("a") as content:
                _ = [chunk async for chunk in content]

        assert (1, 1) == (len(peer.lines), pool_of(connector).open_connections)


async def test_saves(connect, tmp_path):
    """
    The content is saved to a file, in place of what was there, and nothing else is left.
    """
    file = tmp_path / "picture.png"
    file.write_bytes(b"what was there before")
    async with (
        serve(chunked(b"one", b"two")) as peer,
        connect(peer.url).stream_attachment("a") as content,
    ):
        assert 6 == await content.save(str(file))

    assert b"onetwo" == file.read_bytes()
    assert [file] == list(tmp_path.iterdir())


BROKEN = {
    "closed": (answer(200, b"half", content_length=9), {}, TransportError),
    "silent": (
        answer(200, b"half", content_length=9),
        {"timeouts": Timeouts(read=0.1)},
        TransportError,
    ),
    "too long": (answer(200, b"whole"), {"max_attachment_bytes": 4}, DecodeError),
    "strange": (answer(200, b"whole", content_encoding="br"), {}, DecodeError),
    "spoilt": (answer(200, b"whole", content_encoding="gzip"), {}, DecodeError),
    "half packed": (
        answer(200, gzip.compress(b"whole")[:-1], content_encoding="gzip"),
        {},
        DecodeError,
    ),
}


@pytest.mark.parametrize(("said", "options", "kind"), BROKEN.values(), ids=BROKEN)
async def test_saves_all_or_nothing(connect, tmp_path, said, options, kind):
    """
    Of a content that breaks off, is too long or cannot be read, nothing is saved.
    """
    file = tmp_path / "picture.png"
    file.write_bytes(b"what was there before")

    async def handle(line):
        await line.request()
        await line.say(said)
        if "timeouts" in options:
            await line.gone()

    async with serve(handle) as peer:
        connector = connect(peer.url, **options)
        async with connector.stream_attachment("a") as content:
            with pytest.raises(kind) as caught:
                await content.save(file)
        await assert_nothing_is_open(connector, peer)

    assert "getAttachment" == caught.value.operation
    assert not caught.value.may_have_happened
    assert b"what was there before" == file.read_bytes()
    assert [file] == list(tmp_path.iterdir())


async def test_a_content_of_just_the_allowed_length(connect):
    """
    A content may be as long as allowed, or of any length where that is allowed.
    """
    async with serve(answering(answer(200, b"whole"))) as peer:
        for most in (5, None):
            async with connect(peer.url, max_attachment_bytes=most).stream_attachment(
                "a"
            ) as content:
                assert b"whole" == b"".join([chunk async for chunk in content])


@pytest.mark.parametrize("read", [0, 1])
async def test_may_be_left_early(connect, read):
    """
    Leaving before the end closes the connection, for what is left would have to be read.
    """
    async with serve(long) as peer:
        connector = connect(peer.url)
        async with connector.stream_attachment("a") as content:
            for _ in range(read):
                async for _ in content:
                    break
        await assert_nothing_is_open(connector, peer)
        await until(lambda: not [task for task in asyncio.all_tasks() if "aclose" in repr(task)])


async def test_is_left_with_an_error(connect):
    """
    An error in the block comes through, and the connection is closed.
    """
    async with serve(long) as peer:
        connector = connect(peer.url)

        async def use():
            async with connector.stream_attachment("a") as content:
                async for _ in content:
                    raise KeyError

        with pytest.raises(KeyError):
            await use()
        await assert_nothing_is_open(connector, peer)


async def test_is_cancelled(connect, tmp_path):
    """
    A save that is cancelled while it waits for more leaves no file and no connection.
    """
    async with serve(stuck) as peer:
        connector = connect(peer.url)

        async def save():
            async with connector.stream_attachment("a") as content:
                await content.save(tmp_path / "picture.png")

        saving = asyncio.ensure_future(save())
        await until(lambda: list(tmp_path.iterdir()))
        saving.cancel()
        await asyncio.wait([saving])
        await assert_nothing_is_open(connector, peer)

    assert saving.cancelled()
    assert [] == list(tmp_path.iterdir())


async def test_ends_with_its_client(connect):
    """
    Closing the client breaks a content off.
    """
    async with serve(stuck) as peer:
        connector = connect(peer.url)
        async with connector.stream_attachment("a") as content:
            chunks = aiter(content)
            assert b"begun" == await anext(chunks)
            await connector.aclose()
            with pytest.raises(TransportError):
                await anext(chunks)
        await assert_nothing_is_open(connector, peer)


async def test_is_not_held(connect):
    """
    However long a content is, little of it is held.
    """
    async with (
        serve(functools.partial(long, size=32 * MIB)) as peer,
        connect(peer.url).stream_attachment("a") as content,
    ):
        tracemalloc.start()
        try:
            read = sum([len(chunk) async for chunk in content])
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert 32 * MIB == read
    assert 2 * MIB > peak


async def test_tells_what_there_is_not(connect):
    """
    An attachment that does not exist is told on entering, and its connection is kept.
    """
    async with serve(answering(answer(404, b"{}"))) as peer:
        connector = connect(peer.url)
        with pytest.raises(NotFoundError):
            async with connector.stream_attachment("a"):
                pass

        assert (1, 500) == (pool_of(connector).open_connections, pool_of(connector)._places._value)


async def test_is_read_once(connect):
    """
    A content is read once, and inside of its block.
    """
    async with serve(answering(answer(200, b"all"))) as peer:
        content = connect(peer.url).stream_attachment("a")
        with pytest.raises(ClientStateError):
            await anext(aiter(content))
        async with content:
            _ = [chunk async for chunk in content]
            with pytest.raises(ClientStateError):
                await anext(aiter(content))


async def test_follows_a_redirect_on_its_own_host(connect):
    """
    A redirect to another place on the same host is followed.
    """
    there = answer(302, location="/elsewhere?sig=1")
    async with (
        serve(answering(there, answer(200, b"all"))) as peer,
        connect(peer.url).stream_attachment("a") as content,
    ):
        assert b"all" == b"".join([chunk async for chunk in content])

    assert "GET /elsewhere?sig=1 HTTP/1.1" == peer.requests[1].line


@pytest.mark.parametrize(
    "where", ["http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "https://localhost:{port}/"]
)
async def test_follows_no_redirect_into_the_network(connect, where):
    """
    A redirect to another address inside of this network is refused before anything is sent there.
    """
    async with serve(answering()) as inside:
        there = answer(302, location=where.format(port=inside.port))
        async with serve(answering(there)) as peer:
            connector = connect(peer.url)
            with pytest.raises(
                TransportError, match="the attachment's content was not fetched"
            ) as caught:
                async with connector.stream_attachment("a"):
                    pass

        assert (True, False) == (caught.value.permanent, caught.value.may_have_happened)
        assert [] == inside.lines
