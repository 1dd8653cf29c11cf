"""
The life of a client with real sockets, in real processes, to its end.
"""

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter

import httpx
import pytest

from connector_async import Activity, ConnectorClient, TokenCallable
from connector_async.errors import (
    ClientStateError,
    DeliveryUnknownError,
)
from tests.transport.cut import cuts
from tests.transport.peers import answer, answering, breathe, serve, silent, until

TAKEN = answer(201, b'{"id":"42"}')


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """
    What the machine's environment says of proxies does not matter.
    """
    monkeypatch.setenv("NO_PROXY", "*")


class Watched(httpx.MockTransport):
    """
    A transport that notes its close.
    """

    def __init__(self):
        super().__init__(lambda _: httpx.Response(201, json={"id": "42"}))
        self.closed = []

    async def aclose(self):
        self.closed.append(True)


def client(peer, **options):
    return ConnectorClient(None, service_url=f"{peer.url}/teams", **options)


async def send(connector, conversation_id="a:1"):
    return await connector.send_to_conversation(conversation_id, Activity.message("hello"))


async def test_a_block_closes():
    """
    At the end of its block a client has closed its connections.
    """
    async with serve(answering(TAKEN)) as peer:
        async with client(peer) as connector:
            await send(connector)
            assert 1 == len(peer.open)
        await until(lambda: not peer.open)


async def test_a_block_closes_after_an_error():
    """
    An error in its block comes through, and the client is closed.
    """
    async with serve(answering(TAKEN)) as peer:
        connector = client(peer)

        async def use():
            async with connector:
                await send(connector)
                raise KeyError

        with pytest.raises(KeyError):
            await use()
        await until(lambda: not peer.open)
        with pytest.raises(ClientStateError):
            await send(connector)


async def test_needs_no_block():
    """
    A client can be made anywhere, and closed by hand.
    """
    async with serve(answering(TAKEN)) as peer:
        connector = client(peer)
        assert "42" == (await send(connector)).id
        await connector.aclose()
        await until(lambda: not peer.open)

        assert 0 == connector._chosen.pool.open_connections


async def test_siblings_end_with_their_client():
    """
    After its close a client and all its siblings refuse with one text, and nothing is sent.
    """
    async with serve(answering(TAKEN)) as peer:
        connector = client(peer)
        siblings = [connector.at(f"{peer.url}/emea"), connector.with_options(deadline=5)]
        pages = siblings[0].iter_conversation_members("a:1")
        content = siblings[1].stream_attachment("a")
        await connector.aclose()
        texts = set()
        for use in (
            *(send(one) for one in (connector, *siblings)),
            anext(aiter(pages)),
            content.__aenter__(),
            send(connector.at(f"{peer.url}/later")),
        ):
            with pytest.raises(ClientStateError) as caught:
                await use
            texts.add(str(caught.value))

        assert 1 == len(texts)
        assert [] == peer.lines


async def test_ends_two_hundred_calls_in_time():
    """
    A close with 200 calls under way, in lanes, for places and on the wire, comes in time.
    """
    async with serve(silent) as peer:
        connector = client(peer, max_connections=50)
        calls = [asyncio.ensure_future(send(connector, f"a:{n % 120}")) for n in range(200)]
        await until(lambda: len(peer.requests) == 50)
        began = time.monotonic()
        await connector.aclose(drain=0.05)
        took = time.monotonic() - began
        ends = await asyncio.gather(*calls, return_exceptions=True)
        await until(lambda: not peer.open)

        assert {DeliveryUnknownError: 50, ClientStateError: 150} == Counter(map(type, ends))
        assert 50 == len(peer.requests)
        assert 1.0 > took


async def test_lets_two_hundred_calls_end():
    """
    A close waits for 200 calls that end in time, and then for no longer.
    """
    async with serve(answering(TAKEN)) as peer:
        connector = client(peer, max_connections=20)
        calls = [asyncio.ensure_future(send(connector, f"a:{n % 120}")) for n in range(200)]
        await breathe(1)
        began = time.monotonic()
        await connector.aclose(drain=60)
        took = time.monotonic() - began
        ends = await asyncio.gather(*calls)

    assert {"42": 200} == Counter(end.id for end in ends)
    assert 10 > took


async def test_a_close_can_be_cancelled():
    """
    A close that is cancelled, wherever it waits, has closed everything all the same.
    """
    async with serve(silent_on_messages) as peer:
        made = []

        async def begin():
            made[:] = await a_busy_client(peer)

        def close():
            return made[0].aclose()

        waits = []
        async for at in cuts(close, late=False, before=begin):
            waits.append(at)
            connector, call = made
            await asyncio.wait([call])
            await until(lambda: not peer.open)
            assert isinstance(call.exception(), DeliveryUnknownError)
            assert 0 == connector._chosen.pool.open_connections
            assert connector._cache._flight.done()
            with pytest.raises(ClientStateError):
                await send(connector)
        with pytest.raises(DeliveryUnknownError):
            await made[1]

    assert 3 < len(waits)


async def silent_on_messages(line):
    while (asked := await line.request()) is not None:
        if asked.line.startswith("GET"):
            await line.say(answer(200, b"{}"))


async def a_busy_client(peer):
    """
    A client with a call on the wire, an idle connection, and a fetch of a token that does not end.
    """
    tokens = ["abc"]

    async def fetch():
        if not tokens:
            await asyncio.Event().wait()
        return tokens.pop(), 3600

    connector = ConnectorClient(
        TokenCallable(fetch),
        service_url=f"{peer.url}/teams",
        trusted_hosts=[f"127.0.0.1:{peer.port}"],
        drain=0.01,
    )
    await asyncio.gather(connector.get_conversations(), connector.get_conversations())
    call = asyncio.ensure_future(send(connector))
    await until(lambda: peer.requests[-1].line.startswith("POST"))
    connector._cache._under_way()
    return connector, call


async def test_a_cancelled_close_leaves_no_connection():
    """
    After a close that was cancelled no connection is open, and none is made any more.
    """
    async with serve(silent) as peer:
        connector = client(peer, max_connections=1)
        calls = [asyncio.ensure_future(send(connector, f"a:{n}")) for n in range(3)]
        await until(lambda: peer.requests)
        closing = asyncio.ensure_future(connector.aclose(drain=60))
        await breathe()
        closing.cancel()
        await asyncio.wait(calls)
        await until(lambda: not peer.open)
        errors = [call.exception() for call in calls]

        assert closing.cancelled()
        assert [DeliveryUnknownError, ClientStateError, ClientStateError] == [*map(type, errors)]
        assert "the client was closed before this was answered" in str(errors[1])
        assert 1 == len(peer.lines)
        assert 0 == connector._chosen.pool.open_connections


def test_belongs_to_one_event_loop():
    """
    A client that was used in one event loop is refused in another one, its close included.
    """
    with asyncio.Runner() as one, asyncio.Runner() as other:

        async def begin():
            serving = serve(answering(TAKEN))
            peer = await serving.__aenter__()
            connector = client(peer)
            await send(connector)
            return serving, connector

        serving, connector = one.run(begin())
        for use in (
            send(connector),
            connector.aclose(),
            connector.at("http://localhost/x").get_conversations(),
        ):
            with pytest.raises(ClientStateError, match="belongs to another event loop"):
                other.run(use)

        async def end():
            again = await send(connector)
            await connector.aclose()
            await serving.__aexit__(None, None, None)
            return again.id

        assert "42" == one.run(end())


def run(script, *arguments):
    """
    Run a script in a process of its own.
    """
    return subprocess.run(
        [sys.executable, "-W", "always", "-c", textwrap.dedent(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env={**os.environ, "NO_PROXY": "*"},
    )


@pytest.fixture
def port():
    """
    A server in a thread, for clients in other processes.
    """
    started, stop = threading.Event(), []

    async def main():
        async with serve(answering(TAKEN)) as peer:
            ended = asyncio.Event()
            loop = asyncio.get_running_loop()
            stop.extend([lambda: loop.call_soon_threadsafe(ended.set), peer.port])
            started.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    started.wait(5)
    yield stop[1]
    stop[0]()
    thread.join()


BEGIN = """
    import asyncio, gc, os, sys, threading, time
    from connector_async import Activity, ConnectorClient, TokenCallable
    from connector_async.errors import ClientStateError, ConnectorError

    async def send():
        return (await connector.send_to_conversation("a:1", Activity.message("hello"))).id

    URL = f"http://127.0.0.1:{sys.argv[1]}/teams"
    connector = ConnectorClient(None, service_url=URL)
"""


def test_a_forgotten_close_warns_once(port):
    """
    A client that is used and never closed warns once, whatever siblings it has; the process ends.
    """
    done = run(
        BEGIN
        + """
    async def main():
        await send()
        for n in range(3):
            await connector.at(f"{URL}/{n}").send_to_conversation("a:1", {"type": "typing"})
        print("sent")

    asyncio.run(main())
    """,
        port,
    )

    assert (0, "sent\n") == (done.returncode, done.stdout)
    assert 1 == done.stderr.count("ResourceWarning: unclosed <ConnectorClient")
    # Its event loop was closed before it, so the connection is left to asyncio, which tells of it.
    assert 1 == done.stderr.count("ResourceWarning: unclosed transport")
    assert 2 == done.stderr.count("Warning: ") == done.stderr.count("unclosed")
    assert "Exception" not in done.stderr


UNCLOSED = "unclosed <ConnectorClient"


async def test_a_forgotten_client_closes_its_connections():
    """
    What nobody closed closes its connections when nobody has it any more, and warns once.
    """
    async with serve(answering(TAKEN)) as peer:
        connector = client(peer)
        await asyncio.gather(*(send(connector, f"a:{n}") for n in range(3)))
        assert 3 == len(peer.open)
        with pytest.warns(ResourceWarning, match=UNCLOSED) as warned:
            del connector
        await until(lambda: not peer.open)

    assert 1 == len(warned)


async def test_a_sibling_keeps_the_connections():
    """
    While one sibling is left the connections are, too, and they end with the last one.
    """
    async with serve(answering(TAKEN)) as peer:
        sibling = client(peer).with_options(deadline=5).at(f"{peer.url}/emea")
        await send(sibling)
        gc.collect()
        await breathe()

        assert "42" == (await send(sibling)).id
        assert 1 == len(peer.lines) == len(peer.open)

        with pytest.warns(ResourceWarning, match=UNCLOSED):
            del sibling
        await until(lambda: not peer.open)


async def test_a_stream_keeps_its_connection():
    """
    A stream is read to its end, though its client was forgotten meanwhile.
    """

    async def in_two_parts(line):
        await line.request()
        await line.say(answer(200, b"", content_length=4) + b"ab")
        await more.wait()
        await line.say(b"cd")

    more = asyncio.Event()
    async with serve(in_two_parts) as peer:
        content = client(peer).stream_attachment("1")
        async with content:
            gc.collect()
            await breathe()
            more.set()
            chunks = [chunk async for chunk in content]

        assert b"abcd" == b"".join(chunks)

        with pytest.warns(ResourceWarning, match=UNCLOSED):
            del content


async def test_is_forgotten_in_any_thread():
    """
    The garbage collector runs in whatever thread; the connections end in their event loop's.
    """
    # In which an event loop sees to it that other threads ask as they should.
    asyncio.get_running_loop().set_debug(True)
    async with serve(answering(TAKEN)) as peer:
        held = [client(peer)]
        await send(held[0])
        with pytest.warns(ResourceWarning, match=UNCLOSED):
            await asyncio.to_thread(held.clear)
        await until(lambda: not peer.open)


async def test_a_forgotten_client_leaves_what_is_the_callers():
    """
    A transport that the caller brought stays open.
    """
    transport = Watched()
    connector = ConnectorClient(None, service_url="http://localhost/teams", transport=transport)
    await send(connector)

    with pytest.warns(ResourceWarning, match=UNCLOSED):
        del connector
    await breathe()

    assert [] == transport.closed


def test_nothing_warns_when_all_is_closed(port):
    """
    A process whose client was closed, and one whose client was never used, end without a word.
    """
    done = run(
        BEGIN
        + """
    unused = ConnectorClient(None)

    async def main():
        async with connector:
            print(await asyncio.gather(*(send() for _ in range(3))))

    asyncio.run(main())
    """,
        port,
    )

    assert (0, "['42', '42', '42']\n", "") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("busy", ["on the wire", "in a thread"])
def test_a_process_ends_with_calls_under_way(port, busy):
    """
    A process that ends with calls under way and an open client does not hang.
    """
    done = run(
        BEGIN
        + f"""
    def fetch():
        time.sleep(0.2)
        return "abc", 3600

    if {busy == "in a thread"}:
        connector = ConnectorClient(
            TokenCallable(fetch), service_url=URL, trusted_hosts=[f"127.0.0.1:{{sys.argv[1]}}"]
        )

    async def main():
        calls = [asyncio.ensure_future(send()) for _ in range(5)]
        await asyncio.sleep(0)
        print("began")

    asyncio.run(main())
    """,
        port,
    )

    assert (0, "began\n") == (done.returncode, done.stdout)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_owns_nothing(port):
    """
    On the other side of a fork calls are refused, a close does nothing, and nothing warns.
    """
    done = run(
        BEGIN
        + """
    def other_side():
        try:
            asyncio.run(send())
        except ClientStateError as error:
            print(str(error)[:34])
        asyncio.run(connector.aclose())

    async def main():
        print(await send())
        inside = os.fork()
        if inside == 0:
            return False
        os.waitpid(inside, 0)
        print(await asyncio.wait_for(send(), 5))
        await connector.aclose()
        return True

    loop = asyncio.new_event_loop()
    here = loop.run_until_complete(main())
    if not here:
        other_side()
        sys.stdout.flush()
        del connector
        gc.collect()
        loop.run_until_complete(asyncio.sleep(0))
        os._exit(0)
    loop.close()
    """,
        port,
    )

    assert "" == done.stderr
    assert ["42", "the client was made before a fork", "42"] == [
        line.rstrip(",") for line in done.stdout.splitlines()
    ]
