"""
Each toxic, as a raw connection through the proxy sees it.
"""

import asyncio

import pytest

from connector_async.testing.chaos import (
    Bandwidth,
    HalfOpen,
    IdleClose,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
    Toxic,
    toxic_from_json,
)
from tests.transport.peers import until


def now():
    return asyncio.get_running_loop().time()


def since(before):
    # uvloop counts whole milliseconds: the rest is what floats make of them.
    return round(now() - before, 6)


async def seconds(awaitable):
    """
    How long something takes.
    """
    before = now()
    await awaitable
    return since(before)


async def there_and_back(client, data=b"hello"):
    client.say(data)
    return await client.hear(len(data))


async def test_leads_through(dial):
    """
    Without toxics bytes go through, in both directions, and so does the end.
    """
    client = await dial()

    heard = await there_and_back(client)
    client.writer.write_eof()

    assert b"hello" == heard
    assert (b"", "end") == await client.rest()


async def test_leads_much_through(dial, proxy):
    """
    More than fits is held back and passed on whole, and nothing is left behind.
    """
    data = bytes(range(256)) * 16_000
    client = await dial()

    client.say(data)

    assert data == await client.hear(len(data))
    client.writer.close()
    await until(lambda: proxy.open_connections == 0)


async def test_waits_for_who_does_not_read(dial):
    """
    A client that does not read is waited for, and nothing is lost meanwhile.
    """
    data = bytes(range(256)) * 80_000
    client = await dial()

    client.say(data)
    await asyncio.sleep(0.03)

    assert data == await client.hear(len(data))


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
async def test_latency(dial, proxy, stream):
    """
    What comes is so much later; not each piece after the other, but each after it came.
    """
    client = await dial()
    await there_and_back(client)
    proxy.add(Latency(latency=60, stream=stream))

    took = await seconds(there_and_back(client))
    client.say(b"a" * 5)
    await client.hears_nothing(0.02)
    client.say(b"b" * 5)
    both = await seconds(client.hear(10))

    assert 0.06 <= took < 0.3
    assert 0.05 <= both < 0.095


async def test_latency_varies(dial, proxy):
    """
    The jitter goes up and down.
    """
    client = await dial()
    proxy.add(Latency(latency=20, jitter=20))

    waits = [await seconds(there_and_back(client)) for _ in range(8)]

    assert max(waits) - min(waits) > 0.01


async def test_bandwidth(dial, proxy):
    """
    So many thousand bytes a second get through.
    """
    client = await dial()
    proxy.add(Bandwidth(rate=1000))

    client.say(b"x" * 50_000)
    took = await seconds(client.hear(50_000))

    assert 0.045 <= took < 0.25


async def test_slow_close(dial, proxy):
    """
    Bytes come in time, and the end of the stream late.
    """
    client = await dial()
    proxy.add(SlowClose(delay=30))

    quick = await seconds(there_and_back(client))
    client.writer.write_eof()
    took = await seconds(client.rest())

    assert quick < 0.025
    assert 0.03 <= took < 0.2


async def test_timeout(dial, proxy, server):
    """
    Nothing gets through; after so long a silence the connection is closed on both sides.
    """
    client = await dial()
    await there_and_back(client)
    proxy.add(Timeout(timeout=30))

    client.say(b"hello")
    before = now()
    ended = await client.rest()

    assert (b"", "end") == ended
    assert 0.03 <= since(before) < 0.2
    await until(lambda: not server.open)


async def test_timeout_begins_anew(dial, proxy):
    """
    It is the silence that counts: who goes on talking is closed later.
    """
    client = await dial()
    await there_and_back(client)
    proxy.add(Timeout(stream="upstream", timeout=60))
    before = now()

    for _ in range(3):
        client.say(b"hello")
        await client.hears_nothing(0.02)
    ended = await client.rest()

    assert (b"", "end") == ended
    assert 0.095 <= since(before) < 0.4


async def test_timeout_for_ever(dial, proxy):
    """
    A timeout of 0 lasts until the toxic is removed; what came is lost, and the connection closed.
    """
    client = await dial()
    await there_and_back(client)
    toxic = proxy.add(Timeout())

    client.say(b"hello")
    silent = await client.hears_nothing()
    proxy.remove(toxic)

    assert silent
    assert (b"", "end") == await client.rest()


@pytest.mark.parametrize("after", [0, 20])
async def test_reset_peer(dial, proxy, after):
    """
    What is to go through is answered by a reset.
    """
    client = await dial()
    await there_and_back(client)
    proxy.add(ResetPeer(timeout=after))

    client.say(b"hello")

    assert (b"", "reset") == await client.rest()


async def test_reset_peer_that_is_removed(dial, proxy):
    """
    Removed while it waits, it resets nothing.
    """
    client = await dial()
    toxic = proxy.add(ResetPeer(timeout=5000))

    client.say(b"hello")
    await client.hears_nothing(0.01)
    proxy.remove(toxic)

    assert b"hello" == await client.hear(5)


@pytest.mark.parametrize(("size", "variation", "least"), [(10, 0, 10), (10, 5, 7)])
async def test_slicer(dial, proxy, size, variation, least):
    """
    Bytes come in pieces, one after the other.
    """
    client = await dial()
    proxy.add(Slicer(average_size=size, size_variation=variation, delay=1000))
    data = bytes(range(100))

    client.say(data)
    pieces = []
    while sum(map(len, pieces)) < 100:
        pieces.append(await client.reader.read(1000))

    assert data == b"".join(pieces)
    assert least <= len(pieces) <= 21


async def test_slicer_that_is_removed(dial, proxy):
    """
    When it is removed, the rest comes at once.
    """
    client = await dial()
    toxic = proxy.add(Slicer(average_size=1, delay=10_000_000))

    client.say(b"hello")
    first = await client.hear(1)
    proxy.remove(toxic)

    assert b"h" == first
    assert b"ello" == await client.hear(4)


@pytest.mark.parametrize(("reset", "end"), [(False, "end"), (True, "reset")])
async def test_limit_data(dial, proxy, reset, end):
    """
    So many bytes get through, and then the connection is closed.
    """
    client = await dial()
    proxy.add(LimitData(bytes=7, reset=reset))

    first = await there_and_back(client)
    client.say(b"world")
    second = await client.hear(2)

    assert (b"hello", b"wo") == (first, second)
    assert (b"", end) == await client.rest()


async def test_toxics_follow_each_other(dial, proxy):
    """
    Several work one after the other, in the order in which they were added.
    """
    client = await dial()
    proxy.add(Slicer(average_size=5, delay=1000))
    proxy.add(LimitData(bytes=12))

    client.say(b"x" * 20)

    assert (b"x" * 12, "end") == await client.rest()


@pytest.mark.parametrize(("reset", "end"), [(False, "end"), (True, "reset")])
async def test_idle_close(dial, proxy, server, reset, end):
    """
    The first exchange goes well; the next one is cut when it begins, and does not get through.
    """
    client = await dial()
    proxy.add(IdleClose(reset=reset))

    first = await there_and_back(client)
    client.say(b"hello")

    assert b"hello" == first
    assert (b"", end) == await client.rest()
    await until(lambda: not server.open)


async def test_half_open(dial, proxy):
    """
    Nothing comes through, no end either; when the machine is back, it resets the connection.
    """
    client = await dial()
    await there_and_back(client)
    gone = proxy.add(HalfOpen())

    client.say(b"hello")
    silent = await client.hears_nothing()
    proxy.remove(gone)

    assert silent
    assert (b"", "reset") == await client.rest()


async def test_half_open_hides_the_end(proxy, server, dial):
    """
    That the server has ended is not told either.
    """
    client = await dial()
    await there_and_back(client)
    proxy.add(HalfOpen())

    for line in server.lines:
        line.writer.close()

    assert await client.hears_nothing()


JSON = {
    "name": "slow",
    "type": "latency",
    "stream": "upstream",
    "toxicity": 0.5,
    "attributes": {"latency": 1000, "jitter": 100},
}


def test_reads_toxiproxys_own_form():
    """
    What toxiproxy's HTTP API takes, type, stream, toxicity and attributes, is taken here.
    """
    toxic = toxic_from_json(JSON)

    assert isinstance(toxic, Latency)
    assert (1000, 100) == (toxic.latency, toxic.jitter)
    assert ("upstream", 0.5) == (toxic.stream, toxic.toxicity)
    assert isinstance(toxic_from_json({"type": "slow_close"}), SlowClose)
    with pytest.raises(ValueError, match="no toxic 'noise'; there are latency, bandwidth"):
        toxic_from_json({"type": "noise"})


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (Latency, {"latency": -1}),
        (Bandwidth, {"rate": 0}),
        (Slicer, {"average_size": 3, "size_variation": 3}),
        (Toxic, {"stream": "sideways"}),
        (Toxic, {"toxicity": 1.1}),
        (IdleClose, {"after": 0}),
    ],
)
def test_refuses_what_cannot_be(kind, arguments):
    """
    Arguments that mean nothing are refused.
    """
    with pytest.raises(ValueError, match=r".+"):
        kind(**arguments)
