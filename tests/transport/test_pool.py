"""
Who gets which connection, over loopback sockets.
"""

import asyncio
import itertools
import random
import sys
from collections import Counter

import pytest

from connector_async import Timeouts
from connector_async._transport.over_pool import PoolExchange
from connector_async.errors import TransportError
from tests.transport.peers import (
    Gates,
    a_request,
    answer,
    answering,
    breathe,
    fetch,
    serve,
    silent,
    until,
)


def idle(pool):
    return list(pool._idle._origins)


async def all_ended(pool):
    """
    Wait until no idle connection can be used any more.
    """
    loop = asyncio.get_running_loop()
    await until(
        lambda: (
            not any(
                connection.is_reusable and connection.used_at > loop.time() - pool._keep_alive
                for connection in idle(pool)
            )
        )
    )


def said(response):
    return response.status, response.content


async def test_keeps_connections(pools):
    """
    One call after another, whatever its method, goes over one connection.
    """
    pool = pools()
    async with serve(answering()) as peer:
        for method in ("GET", "POST", "DELETE"):
            await fetch(pool, peer.url, method=method)

        assert 3 == len(peer.requests)
        assert 1 == len(peer.lines)


async def test_takes_the_last_used_first(pools):
    """
    Of several idle connections the one is taken that was used last.
    """
    pool, gates = pools(), Gates()
    async with serve(gates) as peer:
        calls = {
            path: asyncio.ensure_future(fetch(pool, peer.url + path)) for path in ("/a", "/b", "/c")
        }
        await until(lambda: len(gates.lines) == 3)
        for path in ("/a", "/c", "/b"):
            gates[path].set()
            await calls[path]
        for path in ("/first", "/again"):
            gates[path].set()
            await fetch(pool, peer.url + path)
        both = [asyncio.ensure_future(fetch(pool, peer.url + path)) for path in ("/d", "/e")]
        await until(lambda: "/e" in gates.lines)
        gates["/d"].set()
        gates["/e"].set()
        await asyncio.gather(*both)

    names = {line: path for path, line in gates.lines.items() if path in {"/a", "/b", "/c"}}
    taken = [names[gates.lines[path]] for path in ("/first", "/again", "/d", "/e")]
    assert ["/b", "/b", "/b", "/c"] == taken


async def test_keeps_hosts_apart(pools):
    """
    A connection is used for no other host, port or scheme.
    """
    pool = pools()
    async with serve(answering()) as one, serve(answering()) as other:
        await fetch(pool, one.url)
        await fetch(pool, other.url)
        await fetch(pool, f"http://localhost:{one.port}")

        assert [2, 1] == [len(one.lines), len(other.lines)]
        assert 3 == pool.open_connections


async def test_notices_that_the_server_closed(pools, security, believing):
    """
    An idle connection that the server has closed is not used again.
    """
    pool = pools(ssl_context=believing)

    async def once(line):
        await line.request()
        await line.say(answer())

    async with serve(once, tls=security) as peer:
        await fetch(pool, peer.url)
        await all_ended(pool)

        assert 200 == (await fetch(pool, peer.url, method="POST")).status
        assert 2 == len(peer.lines)


async def test_notices_a_reset(pools, security, believing):
    """
    An idle connection that was reset is not used again, with TLS neither.
    """
    pool = pools(ssl_context=believing)

    async def once(line):
        await line.request()
        await line.say(answer())
        line.reset()

    async with serve(once, tls=security) as peer:
        await fetch(pool, peer.url)
        await all_ended(pool)

        assert 200 == (await fetch(pool, peer.url, method="POST")).status


@pytest.mark.parametrize("idle_for", [0.5, 2.0])
async def test_asks_the_socket_after_a_while(pools, idle_for):
    """
    What the event loop could not see yet, the socket tells: after a second it is asked.
    """
    pool = pools()
    async with serve(answering()) as peer:
        await fetch(pool, peer.url)
        (connection,) = idle(pool)
        # As if this process had been held up: the end is there, and nobody has read it.
        connection.transport.pause_reading()
        await peer.lines[0].say(b"unread")
        await until(connection.is_readable)
        connection.used_at -= idle_for

        taken = await pool.take(peer.url, connect=5, pool=5)

        assert (idle_for < 1.0) is (taken is connection)
        pool.give_back(taken)


async def test_does_not_take_what_was_said_unasked(pools):
    """
    Bytes that come between two calls end the connection; they are nobody's answer.
    """
    pool, told = pools(), asyncio.Event()

    async def talkative(line):
        while await line.request() is not None:
            await line.say(answer())
            await told.wait()
            await line.say(answer(201, b"unasked"))

    async with serve(talkative) as peer:
        await fetch(pool, peer.url)
        told.set()
        await all_ended(pool)

        assert (200, b"") == said(await fetch(pool, peer.url, method="POST"))
        assert 2 == len(peer.lines)


@pytest.mark.parametrize(
    "first",
    [answer(200, b"asked"), answer(204, content_length=7)],
    ids=["behind a body", "behind no body"],
)
async def test_does_not_take_what_was_said_at_once_with_an_answer(pools, first):
    """
    Bytes that come in one piece with an answer, but after its end, end the connection, too.
    """
    pool = pools()
    async with serve(answering(first + answer(201, b"unasked"))) as peer:
        one = await fetch(pool, peer.url)
        other = await fetch(pool, peer.url, method="POST")

        assert said(one) == said(other)
        assert 2 == len(peer.lines)


async def test_keeps_no_connection_that_the_server_will_close(pools):
    """
    After `Connection: close` a connection is closed here, too.
    """
    pool = pools()
    async with serve(answering(answer(connection="close"))) as peer:
        await fetch(pool, peer.url)

        assert 0 == pool.open_connections


async def test_keeps_connections_for_a_while(pools):
    """
    A connection that was idle for longer than it is kept is not used again.
    """
    pool = pools(keep_alive=0.005)
    async with serve(answering()) as peer:
        await fetch(pool, peer.url)
        await all_ended(pool)
        await fetch(pool, peer.url)
        await until(lambda: [peer.lines[1]] == list(peer.open))

        assert 1 == pool.open_connections


async def test_drops_old_connections_to_other_hosts(pools):
    """
    A connection to a host that is not called any more is closed when its time is over.
    """
    pool = pools(keep_alive=0.005)
    async with serve(answering()) as once, serve(answering()) as often:
        await fetch(pool, once.url)
        await all_ended(pool)
        await fetch(pool, often.url)
        await until(lambda: not once.open)

        assert 0 == len(once.open)


async def test_keeps_so_many_idle_and_no_more(pools):
    """
    Beyond the idle connections that are kept, the longest unused are closed, whatever their host.
    """
    pool, gates = pools(max_idle=3), Gates()
    async with serve(gates) as peer, serve(answering()) as other:
        await fetch(pool, other.url)
        calls = [asyncio.ensure_future(fetch(pool, f"{peer.url}/{n}")) for n in range(5)]
        await until(lambda: len(gates.lines) == 5)
        for n in range(5):
            gates[f"/{n}"].set()
            await calls[n]
        await until(lambda: len(peer.open) == 3)

        assert 3 == pool.open_connections
        assert {gates.lines[f"/{n}"] for n in (2, 3, 4)} == peer.open
        assert set() == other.open


async def test_may_keep_none(pools):
    """
    Where no idle connection is to be kept, each is closed after its call.
    """
    pool = pools(max_idle=0)
    async with serve(answering()) as peer:
        await fetch(pool, peer.url)
        await until(lambda: not peer.open)

        assert 0 == pool.open_connections


async def test_has_no_more_requests_on_the_wire_than_told(pools):
    """
    With 5 places, 40 calls at once are served, never more than 5 at a time, over 5 connections.
    """
    pool, gates = pools(max_connections=5), Gates()
    async with serve(gates) as peer:
        for n in range(40):
            gates[f"/{n}"].set()
        await asyncio.gather(*(fetch(pool, f"{peer.url}/{n}") for n in range(40)))

    assert 40 == len(gates.order)
    assert 5 >= gates.most
    assert 5 == len(peer.lines)


async def test_serves_in_turn(pools):
    """
    Calls that wait for a place get it in the order in which they came.
    """
    pool, gates = pools(max_connections=1), Gates()
    async with serve(gates) as peer:
        calls = [asyncio.ensure_future(fetch(pool, f"{peer.url}/{n}")) for n in range(6)]
        await until(lambda: gates.order)
        calls[3].cancel()
        for n in range(6):
            gates[f"/{n}"].set()
        await asyncio.wait(calls)

    assert ["/0", "/1", "/2", "/4", "/5"] == gates.order


async def test_waits_for_a_place_only_so_long(pools):
    """
    A call that gets no place in time fails, and takes nobody's place.
    """
    pool, gates = pools(max_connections=1), Gates()
    async with serve(gates) as peer:
        first = asyncio.ensure_future(fetch(pool, f"{peer.url}/first"))
        await until(lambda: gates.order)
        with pytest.raises(
            TransportError, match=r"nothing was sent .no connection became free within 0\.001 s"
        ):
            await fetch(pool, f"{peer.url}/second", pool=0.001)
        gates["/first"].set()
        gates["/third"].set()
        await first

        assert 200 == (await fetch(pool, f"{peer.url}/third", pool=5)).status
        assert ["/first", "/third"] == gates.order


async def test_counts_its_connections(pools):
    """
    `open_connections` counts those in use and those that are idle, and no others.
    """
    pool, gates = pools(), Gates()
    counts = [pool.open_connections]
    async with serve(gates) as peer:
        calls = [asyncio.ensure_future(fetch(pool, f"{peer.url}/{n}")) for n in range(2)]
        await until(lambda: len(gates.order) == 2)
        counts.append(pool.open_connections)
        gates["/0"].set()
        await calls[0]
        counts.append(pool.open_connections)
        calls[1].cancel()
        await asyncio.wait(calls)
        counts.append(pool.open_connections)
        await pool.aclose()
        counts.append(pool.open_connections)

    assert [0, 2, 2, 1, 0] == counts


async def test_frees_a_place_once(pools):
    """
    An answer that is closed twice gives its place back once.
    """
    pool = pools(max_connections=1)
    async with serve(answering()) as peer:
        exchange = PoolExchange(pool, Timeouts())
        response = await exchange(a_request(peer.url, streamed=True))
        for _ in range(2):
            await response.aclose()

        assert 1 == pool._places._value
        assert 1 == pool.open_connections


async def test_makes_no_connection_after_its_close(pools):
    """
    A pool that was closed makes no connection any more, and keeps no place.
    """
    pool = pools(max_connections=1)
    async with serve(answering()) as peer:
        await pool.aclose()
        for _ in range(2):
            with pytest.raises(TransportError, match=r"nothing was sent .the client was closed"):
                await fetch(pool, peer.url)

        assert [] == peer.lines
        assert 1 == pool._places._value


async def test_closes_with_calls_in_flight(pools):
    """
    Closing closes the connections in use, too; who waits there is told.
    """
    pool = pools()
    async with serve(silent) as peer:
        call = asyncio.ensure_future(fetch(pool, peer.url))
        await until(lambda: peer.requests)
        await pool.aclose()
        with pytest.raises(TransportError, match=r"no answer came .the client was closed"):
            await call
        await until(lambda: not peer.open)

        assert 0 == pool.open_connections


async def test_keeps_nothing_that_was_begun_before_the_close(pools, tls, believing):
    """
    However far a connection was made when the pool was closed, it does not stay.
    """
    async with serve(answering(), tls=tls) as peer:
        for turns in itertools.count():
            pool = pools(ssl_context=believing)
            call = asyncio.ensure_future(fetch(pool, peer.url))
            await breathe(turns)
            if pool.open_connections:
                break
            await pool.aclose()
            with pytest.raises(TransportError, match=r"nothing was sent .the client was closed"):
                await call
            assert 0 == pool.open_connections
        await call
        await until(lambda: len(peer.open) == 1)

    assert 3 < turns


async def test_serves_a_thousand_at_once(pools):
    """
    A thousand calls at once are all served, over as many connections as there are places.
    """
    pool = pools(max_connections=100)
    async with serve(answering(answer(200, b"yes"))) as peer:
        responses = await asyncio.gather(*(fetch(pool, peer.url) for _ in range(1000)))

        assert Counter({b"yes": 1000}) == Counter(response.content for response in responses)
        assert 100 == len(peer.lines)
        assert 100 == pool.open_connections


async def test_costs_the_same_however_many_there_are(pools):
    """
    What a call costs in the pool does not grow with the calls and connections beside it.
    """
    pool = pools(max_connections=200, max_idle=200)
    async with serve(answering()) as peer:

        async def work(calls):
            with Work() as work:
                await asyncio.gather(*(fetch(pool, peer.url) for _ in range(calls)))
            return work.done / calls

        await work(200)
        alone = await work(1)
        together = [await work(200), await work(400)]

    # What waits for a place is called once more when it gets it.
    assert max(together) <= 1.2 * alone


class Work:
    """
    Counts the calls of functions that are made in the pool, and by it.
    """

    def __init__(self):
        self.done = 0

    def __enter__(self):
        self._before = sys.getprofile()
        sys.setprofile(self._count)
        return self

    def __exit__(self, *_):
        sys.setprofile(self._before)

    def _count(self, frame, event, _):
        name = frame.f_code.co_filename
        if event in {"call", "c_call"} and "_transport" in name:
            self.done += 1


@pytest.mark.parametrize("patience", [10.0, 0.0005])
async def test_loses_no_place_however_much_is_cancelled(pools, patience):
    """
    After 2,000 rounds of 50 calls for 5 places, cancelled at random moments, all places are free.
    """
    pool, chance = pools(max_connections=5), random.Random(5)
    async with serve(answering()) as peer:

        def begin():
            return asyncio.ensure_future(fetch(pool, peer.url, pool=patience))

        calls = [begin() for _ in range(50)]
        for _ in range(2000):
            chosen = chance.randrange(50)
            calls[chosen].cancel()
            if chance.random() < 0.5:
                await asyncio.sleep(0)
            if calls[chosen].done():
                _ = calls[chosen].cancelled() or calls[chosen].exception()
                calls[chosen] = begin()
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await until(lambda: len(peer.open) == pool.open_connections)

        assert 5 == pool._places._value
        assert len(idle(pool)) == pool.open_connections
        assert 5 >= pool.open_connections
        responses = await asyncio.gather(*(fetch(pool, peer.url, pool=5) for _ in range(20)))
        assert {200} == {response.status for response in responses}
