"""
What is left of a call when it is over: nothing.
"""

import asyncio
import gc
import itertools
import tracemalloc

from connector_async import ConnectorClient
from connector_async.limits import Limits
from connector_async.testing import VirtualClock, run_virtual
from tests.promises.calls import CALLS, Wire
from tests.reliability import sockets
from tests.reliability.scoreboard import Measured, score
from tests.transport import peers

URL = "https://smba.trafficmanager.net/teams"

# Bytes a call, at one place and in all. What Python keeps for later is less than the first, and
# the smallest object that is kept of each call more.
LEAST, MOST = 6, 12

# What the measuring itself takes.
OTHERS = {tracemalloc.__file__, __file__}


async def grown(connector, call, count, settle):
    """
    By how many bytes a call the memory grew, and where it did so twice in a row.

    Args:
        connector: The client.
        call: The operation.
        count: How many calls are made at a time.
        settle: Is awaited before each look.
    """
    looks = []
    for _ in range(count):
        await call(connector)
    for _ in range(3):
        await settle(connector, call)
        gc.collect()
        looks.append(held())
        for _ in range(count):
            await call(connector)
    first, second = (
        {
            place: after.get(place, 0) - before.get(place, 0)
            for place in before.keys() | after.keys()
        }
        for before, after in itertools.pairwise(looks)
    )
    # What grows by the call does so both times; a cache that is filled does so once.
    both = {place: min(size, second.get(place, 0)) for place, size in first.items()}
    growing = [
        f"{place}: {size / count:.1f}" for place, size in both.items() if size > LEAST * count
    ]
    return min(sum(first.values()), sum(second.values())) / count, growing


def held():
    """
    How many bytes are held that were asked for at which place.
    """
    every = tracemalloc.take_snapshot().statistics("lineno")
    return {each.traceback: each.size for each in every if each.traceback[0].filename not in OTHERS}


async def forget(connector, call):
    """
    Let the longest of the limits' windows pass, so that their log may forget.
    """
    await asyncio.sleep(4000)
    await call(connector)


async def breathe(*_):
    await peers.breathe()


class Forgetful(Wire):
    """
    Answers as an emulator would, and keeps nothing.
    """

    async def handle_async_request(self, request):
        response = await super().handle_async_request(request)
        self.requests.clear()
        return response


async def answer(line):
    """
    The same on a socket.
    """
    while (asked := await line.head()) is not None:
        await line.reader.readexactly(int(asked.headers.get("content-length", 0)))
        await line.say(peers.answer())


async def each_grown(connector, calls, count, settle):
    """
    By how much which call grew the memory, and where.
    """
    # Python's own lists of what it keeps for later are filled once.
    await grown(connector, calls[0], 2 * count, settle)
    return [(call.operation, *await grown(connector, call, count, settle)) for call in calls]


async def over_sockets(calls, count):
    async with peers.serve(answer) as peer, sockets.a_client(peer) as connector:
        return await each_grown(connector, calls, count, breathe)


def traced(run, main):
    # What is there already need not be looked through each time.
    gc.collect()
    gc.freeze()
    tracemalloc.start()
    try:
        return run(main)
    finally:
        tracemalloc.stop()
        gc.unfreeze()


def measure(much):
    count, several, outside = much

    async def in_process(limits):
        async with ConnectorClient(
            None,
            service_url=URL,
            transport=Forgetful(),
            clock=VirtualClock(),
            limits=limits,
            deadline=None,
        ) as connector:
            return await each_grown(connector, CALLS, count, forget)

    inside = [each for limits in several for each in traced(run_virtual, in_process(limits))]
    calls = [call for call in CALLS if call.operation in outside] or CALLS
    on_sockets = traced(asyncio.run, over_sockets(calls, count))
    wrong = [
        f"{operation}: {place}"
        for operation, _, places in (*inside, *on_sockets)
        for place in places
    ]
    text = (
        f"at most {most(inside)} over a transport in process, {most(on_sockets)} over sockets "
        f"({len(calls)} operations); {len(wrong)} places grow by the call"
    )
    total = max(total for _, total, _ in (*inside, *on_sockets))
    return Measured(text, not wrong and total <= MOST, "\n".join(wrong[:20]))


def most(found):
    total, operation = max((total, operation) for operation, total, _ in found)
    return f"{total:.2f} bytes a call ({operation})"


def test_leak_per_call():
    """
    No operation leaves anything that grows by the call.
    """
    score(
        "leak_per_call",
        measure,
        what="tracemalloc over 1,000 calls of each operation, twice, over a transport in process "
        "with and without limits, and over sockets",
        target="nothing that grows by the call, both times: no place in the code by more than "
        f"{LEAST} bytes, nor all together by more than {MOST}",
        short=(200, [Limits.none()], ("sendToConversation", "getAttachment")),
        full=(1_000, [Limits.none(), Limits()], ()),
    )
