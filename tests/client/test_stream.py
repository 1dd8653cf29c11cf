"""
An attachment's content as a stream.
"""

import httpx
import pytest

from connector_async import ConnectorClient
from connector_async.errors import (
    ClientStateError,
    DecodeError,
    InvalidIdError,
    NotFoundError,
    TransportError,
)


class Chunks(httpx.AsyncByteStream):
    """
    A body in chunks, that knows whether it was closed; an exception among them is raised.
    """

    closed = False

    def __init__(self, *chunks):
        self._chunks = chunks

    async def __aiter__(self):
        for chunk in self._chunks:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk

    async def aclose(self):
        self.closed = True


async def read(content, into):
    """
    Read chunk by chunk, keeping what came before an error.
    """
    async for chunk in content:
        into += [chunk]


def served(body, status=200, **headers):
    """
    A client to whom everything is answered with this body.
    """
    headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(_):
        return httpx.Response(status, headers=headers, stream=body)

    return ConnectorClient(None, transport=httpx.MockTransport(answer))


@pytest.fixture
def body():
    return Chunks(b"\x89P", b"NG")


@pytest.fixture
async def connector(body):
    async with served(body, content_type="image/png", content_length="4") as connector:
        yield connector


async def test_comes_in_chunks(connector, body):
    """
    The content comes as it is sent, and its connection is free afterwards.
    """
    async with connector.stream_attachment("x") as content:
        assert [b"\x89P", b"NG"] == [chunk async for chunk in content]

    assert body.closed


async def test_tells_type_and_size(connector):
    """
    What is known of the content is known on entering, and not before.
    """
    stream = connector.stream_attachment("x")
    assert (None, None) == (stream.content_type, stream.size)

    async with stream as content:
        assert ("image/png", 4) == (content.content_type, content.size)


@pytest.mark.parametrize(
    "headers",
    [{}, {"content_length": "x"}, {"content_length": "4", "content_encoding": "gzip"}],
)
async def test_untold_size(headers):
    """
    A size that is not told, or that is another form's, is None.
    """
    async with (
        served(Chunks(b""), **headers) as connector,
        connector.stream_attachment("x") as content,
    ):
        assert content.size is None


async def test_need_not_be_read(connector, body):
    """
    A stream that is left unread is closed.
    """
    async with connector.stream_attachment("x"):
        pass

    assert body.closed


async def test_is_closed_when_it_is_left_early(connector, body):
    """
    So is one that is left in the middle, by an error or a break.
    """
    async with connector.stream_attachment("x") as content:
        assert b"\x89P" == await anext(aiter(content))

    assert body.closed


async def test_saves(connector, tmp_path):
    """
    The content is written to a file, which is there when all of it has come.
    """
    target = tmp_path / "picture.png"
    target.write_bytes(b"before")

    async with connector.stream_attachment("x") as content:
        assert 4 == await content.save(target)

    assert b"\x89PNG" == target.read_bytes()
    assert [target] == list(tmp_path.iterdir())


async def test_saves_by_name(connector, tmp_path):
    """
    A path may be text.
    """
    async with connector.stream_attachment("x") as content:
        await content.save(str(tmp_path / "picture.png"))

    assert b"\x89PNG" == (tmp_path / "picture.png").read_bytes()


async def test_saves_nothing_that_is_cut(tmp_path):
    """
    Content that is cut off leaves the file as it was, and nothing beside it.
    """
    target = tmp_path / "picture.png"
    target.write_bytes(b"before")
    body = Chunks(b"\x89P", httpx.ReadError("reset"))

    async with served(body) as connector, connector.stream_attachment("x") as content:
        with pytest.raises(TransportError):
            await content.save(target)

    assert b"before" == target.read_bytes()
    assert [target] == list(tmp_path.iterdir())


async def test_says_that_it_was_cut():
    """
    Content that is cut off raises, after what came.
    """
    seen = []
    body = Chunks(b"\x89P", httpx.ReadError("reset"))
    async with served(body) as connector, connector.stream_attachment("x") as content:
        with pytest.raises(TransportError, match="reset"):
            await read(content, into=seen)

    assert [b"\x89P"] == seen
    assert body.closed


async def test_is_entered_first(connector):
    """
    A stream that was not entered has nothing to read.
    """
    stream = connector.stream_attachment("x")

    with pytest.raises(ClientStateError, match="read once, inside of `async with"):
        await anext(aiter(stream))


async def test_is_read_once(connector, tmp_path):
    """
    What was read already is not there again: a second reading is refused, not empty.
    """
    async with connector.stream_attachment("x") as content:
        assert 4 == await content.save(tmp_path / "first")
        with pytest.raises(ClientStateError, match="read once"):
            await content.save(tmp_path / "second")

    assert [tmp_path / "first"] == list(tmp_path.iterdir())


async def test_is_over_when_it_is_left(connector):
    """
    After its block a stream has nothing to read.
    """
    async with connector.stream_attachment("x") as content:
        pass

    with pytest.raises(ClientStateError, match="read once"):
        await anext(aiter(content))


async def test_has_a_bound(connector):
    """
    Content that is longer than the client allows is not read to its end.
    """
    seen = []
    async with connector.with_options(max_attachment_bytes=3).stream_attachment("x") as content:
        with pytest.raises(DecodeError, match=r"longer than 3 bytes; allow more with") as raised:
            await read(content, into=seen)

    assert [b"\x89P"] == seen
    assert "getAttachment" == raised.value.operation


async def test_bound_is_what_may_come(connector):
    """
    Content of exactly the bound is read, and without a bound any.
    """
    for bound in (4, None):
        sibling = connector.with_options(max_attachment_bytes=bound)
        async with sibling.stream_attachment("x") as content:
            assert b"\x89PNG" == b"".join([chunk async for chunk in content])


async def test_refusal():
    """
    A refusal is raised on entering.
    """
    body = Chunks(b'{"error":{"code":"NotFound"}}')

    async with served(body, 404) as connector:
        with pytest.raises(NotFoundError) as raised:
            await connector.stream_attachment("x").__aenter__()

    assert "NotFound" == raised.value.code
    assert body.closed


async def test_refuses_an_id_at_once(connector):
    """
    An id that cannot be is refused before anything is entered.
    """
    with pytest.raises(InvalidIdError):
        connector.stream_attachment("")


async def test_can_be_entered_again(connector):
    """
    Entering again fetches again.
    """
    stream = connector.stream_attachment("x")
    for _ in range(2):
        async with stream as content:
            assert b"\x89PNG" == b"".join([chunk async for chunk in content])
