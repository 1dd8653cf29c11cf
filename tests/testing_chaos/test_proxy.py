"""
The proxy itself: whom it strikes, what it leads where, and that it can be away.
"""

import asyncio

import pytest
import uvloop

from connector_async.testing.chaos import ChaosProxy, Latency, LimitData, Timeout
from tests.transport import peers
from tests.transport.peers import breathe

from .test_toxics import there_and_back


async def test_strikes_by_chance(server):
    """
    A toxicity strikes a share of the connections, the same ones with the same seed.
    """

    async def struck():
        ends = []
        async with ChaosProxy(server.url) as proxy:
            proxy.add(LimitData(bytes=0, stream="upstream", toxicity=0.5, seed=3))
            for _ in range(20):
                reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
                writer.write(b"x")
                ends.append(await reader.read(1))
                writer.transport.abort()
        return ends

    first = await struck()

    assert first == await struck()
    assert 4 <= first.count(b"") <= 16


def test_tls_on_another_loop():
    """
    Where the event loop cannot do it, the proxy says so, instead of spoiling each connection.
    """

    async def main():
        async with ChaosProxy("127.0.0.1:9", tls=True):
            pass

    with (
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        pytest.raises(RuntimeError, match="needs asyncio's own event loop, and this is uvloop's"),
    ):
        runner.run(main())


async def test_comes_and_goes(dial, proxy):
    """
    Toxics are added and removed while connections are open; each is there once.
    """
    client = await dial()
    await there_and_back(client)
    with proxy.having(Timeout(stream="upstream")) as toxic:
        there = proxy.toxics
        await breathe()
        with pytest.raises(ValueError, match="there already"):
            proxy.add(toxic)
    proxy.add(Latency())
    proxy.clear()

    assert (toxic,) == there
    assert () == proxy.toxics
    assert (b"", "end") == await client.rest()
    assert b"hello" == await there_and_back(await dial())


async def test_resets_what_is_open(dial, proxy):
    """
    All open connections can be reset at once.
    """
    client = await dial()
    await there_and_back(client)

    proxy.reset()

    assert (b"", "reset") == await client.rest()


async def test_passes_a_reset_on(dial, server):
    """
    Where the server resets, the client gets what was sent before, and the reset.
    """
    client = await dial()
    await there_and_back(client)

    server.lines[0].writer.write(b"last words")
    await asyncio.sleep(0.01)
    server.lines[0].reset()

    assert (b"last words", "reset") == (await client.hear(10), (await client.rest())[1])


async def test_is_away_and_back(dial, proxy):
    """
    Disabled it refuses connections and resets those it has; enabled it has the same port.
    """
    client = await dial()
    await there_and_back(client)
    port = proxy.port

    await proxy.disable()
    ended = await client.rest()
    with pytest.raises(ConnectionRefusedError):
        await dial()
    await proxy.enable()

    assert (b"", "reset") == ended
    assert port == proxy.port
    assert b"hello" == await there_and_back(await dial())


async def test_a_server_that_is_away():
    """
    Where nobody listens, the connection is closed.
    """
    with peers.a_free_port() as port:
        async with ChaosProxy(f"127.0.0.1:{port}") as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            heard = await reader.read()
            writer.close()
            await breathe()

    assert b"" == heard
    assert 1 == proxy.accepted


def test_knows_its_url():
    """
    The upstream's URL at the proxy, path and all; by name of the scheme that clients speak.
    """
    assert "http://127.0.0.1:8/teams" == ChaosProxy("http://localhost:9/teams", port=8).url
    assert "https://[::1]:8/x" == ChaosProxy("http://localhost/x", tls=True, host="::1", port=8).url
    with pytest.raises(ValueError, match="host:port or a URL"):
        ChaosProxy("nowhere")
