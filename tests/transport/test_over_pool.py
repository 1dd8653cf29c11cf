"""
Requests as bytes, refused before anything leaves, or left without a trace.
"""

import asyncio

import pytest

from connector_async import Timeouts
from connector_async._transport.over_pool import PoolExchange
from connector_async.errors import TransportError
from tests.transport.cut import cuts
from tests.transport.peers import Tunnel, a_request, answer, answering, fetch, serve, until
from tests.transport.wire import Lone, Wire

YES = answer(200, b"yes")


async def written(url="http://a/", **options):
    """
    What goes over the wire for a request.
    """
    wire = Wire()
    exchange = PoolExchange(Lone(wire.connection), Timeouts())
    asking = asyncio.ensure_future(exchange(a_request(url, **options)))
    await until(lambda: wire.written or asking.done())
    if not asking.done():
        wire.say(YES)
    await asking
    return bytes(wire.written)


async def test_writes_a_request():
    """
    A request is its line, the host, its headers, its token, its length, and its body.
    """
    assert (
        b"POST /v3?a=b HTTP/1.1\r\nhost: a.example:8080\r\nx-a: 1\r\nX-B: \xe4\r\n"
        b"authorization: Bearer t0ken\r\ncontent-length: 4\r\n\r\nbody"
    ) == await written(
        "https://a.example:8080/v3?a=b",
        method="POST",
        content=b"body",
        token="t0ken",
        headers={"x-a": "1", "X-B": "\xe4"},
    )


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("http://a", b"GET / HTTP/1.1"),
        ("http://a?b", b"GET /?b HTTP/1.1"),
        ("http://a/#b", b"GET / HTTP/1.1"),
        ("http://a/%C3%A4?b={c|d}", b"GET /%C3%A4?b={c|d} HTTP/1.1"),
        ("http://a/b c\t\xc3\xa4", b"GET /b%20c%09%C3%A4 HTTP/1.1"),
        ("http://a/ HTTP/1.1\r\nx: y\r\n", b"GET /%20HTTP/1.1%0D%0Ax:%20y%0D%0A HTTP/1.1"),
    ],
)
async def test_stays_within_the_line(url, line):
    """
    Whatever a URL holds, it stays within the request's line; what was quoted stays as it was.
    """
    said = await written(url)

    assert line + b"\r\nhost: a\r\n\r\n" == said


@pytest.mark.parametrize(
    "url",
    [
        "http://a\r\nx: y/",
        "http://a b/",
        "http://\xe4/",
        "http://me:s3cret@a/",
        "http:///",
        "ftp://a/",
        "/a",
        "http://a/\u20ac",
    ],
)
async def test_refuses_urls_that_cannot_be(url):
    """
    A URL that names no host, or more than a host there, goes nowhere.
    """
    with pytest.raises(TransportError, match=r"nothing was sent .the URL has char") as caught:
        await written(url)

    assert (False, True) == (caught.value.left, caught.value.permanent)
    assert "s3cret" not in str(caught.value)


INJECTED = {
    "a line end in a name": {"headers": {"x\r\ny": "1"}},
    "a colon in a name": {"headers": {"x:": "1"}},
    "a blank in a name": {"headers": {"x ": "1"}},
    "no name": {"headers": {"": "1"}},
    "no Latin name": {"headers": {"\xe4": "1"}},
    "a line end in a value": {"headers": {"x": "s3cret\r\ny: 1"}},
    "a carriage return in a value": {"headers": {"x": "s3cret\ry"}},
    "a line feed in a value": {"headers": {"x": "s3cret\ny"}},
    "a line feed behind a value": {"headers": {"x": "s3cret\n"}},
    "a null in a value": {"headers": {"x": "s3cret\0"}},
    "a line separator": {"headers": {"x": "s3cret\u2028y"}},
    "a line end in a token": {"token": "s3cret\r\ny: 1"},
    "no Latin token": {"token": "s3cret\u0100"},
}


@pytest.mark.parametrize("options", INJECTED.values(), ids=INJECTED)
async def test_writes_no_headers_of_somebody_elses_making(pools, options):
    """
    A header or a token that would be more than one is refused before anything leaves.
    """
    pool = pools(max_connections=1)
    async with serve(answering(YES)) as peer:
        exchange = PoolExchange(pool, Timeouts())
        with pytest.raises(TransportError, match=r"nothing was sent .* none may have") as caught:
            await exchange(a_request(peer.url, **options))
        assert 200 == (await fetch(pool, peer.url)).status

        assert (False, True) == (caught.value.left, caught.value.permanent)
        assert "s3cret" not in str(caught.value)
        assert 1 == len(peer.requests)


async def read(pool, url):
    """
    Read a streamed answer.
    """
    response = await PoolExchange(pool, Timeouts())(a_request(url, streamed=True))
    try:
        return b"".join([chunk async for chunk in response.stream])
    finally:
        await response.aclose()


async def in_pieces(line):
    await line.request()
    for piece in (YES[:9], YES[9:-2], YES[-2:]):
        await line.say(piece)
        await asyncio.sleep(0)
    await line.gone()


WAYS = {
    "plain": (False, None),
    "tls": (True, None),
    "a tunnel": (True, False),
    "a tunnel in tls": (True, True),
    "handed on": (False, False),
}


HOW = {
    "at once": (fetch, False),
    "late": (fetch, True),
    "streamed, at once": (read, False),
    "streamed, late": (read, True),
}


@pytest.mark.parametrize(("call", "late"), HOW.values(), ids=HOW)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_leaves_nothing_when_cancelled(run, tls, pools_of, way, call, late):  # noqa: PLR0917
    """
    Wherever a call is cancelled, no place stays taken, and no connection open beside the pool.
    """
    safe, proxied = way

    async def main():
        async with (
            serve(in_pieces, tls=tls if safe else None) as peer,
            serve(Tunnel() if safe else in_pieces, tls=tls if proxied else None) as proxy,
            pools_of(proxy=None if proxied is None else proxy.url, max_connections=1) as pool,
        ):

            async def anew():
                for connection in pool._idle.clear():
                    connection.abort()

            waits = 0
            async for waits in cuts(lambda: call(pool, peer.url), late=late, before=anew):
                assert (waits, 1, {}) == (waits, pool._places._value, pool._busy)
            await anew()
            await until(lambda: not peer.open and not proxy.open)
        return waits

    assert 1 < run(main())
