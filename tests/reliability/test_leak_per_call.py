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
from tests.reliability.scoreboard import Measured, score

URL = "https://smba.trafficmanager.net/teams"

# Python keeps some objects for later; of the smallest of its own a thousand take more.
LEAST = 6 * 1024

# What the measuring itself takes.
OTHERS = [tracemalloc.Filter(False, tracemalloc.__file__), tracemalloc.Filter(False, __file__)]


async def grown(connector, call, count):
    """
    By how many bytes a call the memory grew, and where it did so twice in a row.
    """
    snapshots = []
    for _ in range(count):
        await call(connector)
    for _ in range(3):
        await settle(connector, call)
        snapshots.append(tracemalloc.take_snapshot().filter_traces(OTHERS))
        for _ in range(count):
            await call(connector)
    first, second = (
        {each.traceback: each.size_diff for each in after.compare_to(before, "lineno")}
        for before, after in itertools.pairwise(snapshots)
    )
    # What grows by the call does so both times; a cache that is filled does so once.
    both = {place: min(size, second.get(place, 0)) for place, size in first.items()}
    growing = [f"{place}: {size / count:.1f}" for place, size in both.items() if size > LEAST]
    return sum(second.values()) / count, growing


async def settle(connector, call):
    """
    Let the longest of the limits' windows pass, so that their log may forget.
    """
    await asyncio.sleep(4000)
    await call(connector)
    gc.collect()


class Forgetful(Wire):
    """
    Answers as an emulator would, and keeps nothing.
    """

    async def handle_async_request(self, request):
        response = await super().handle_async_request(request)
        self.requests.clear()
        return response


def measure(much):
    count, several = much
    wrong, worst = [], (0.0, "")

    async def main(limits):
        nonlocal worst
        async with ConnectorClient(
            None,
            service_url=URL,
            transport=Forgetful(),
            clock=VirtualClock(),
            limits=limits,
            deadline=None,
        ) as connector:
            # Python's own lists of what it keeps for later are filled once.
            await grown(connector, CALLS[0], 2 * count)
            for call in CALLS:
                total, places = await grown(connector, call, count)
                worst = max(worst, (total, call.operation))
                wrong.extend(f"{call.operation}: {place}" for place in places)

    for limits in several:
        tracemalloc.start()
        try:
            run_virtual(main(limits))
        finally:
            tracemalloc.stop()
    text = f"at most {worst[0]:.2f} bytes a call ({worst[1]}); {len(wrong)} places grow by the call"
    return Measured(text, not wrong, "\n".join(wrong[:20]))


def test_leak_per_call():
    """
    No operation leaves anything that grows by the call.
    """
    score(
        "leak_per_call",
        measure,
        what="tracemalloc over 1,000 calls of each operation, twice, with and without limits",
        target="nothing that grows by the call",
        short=(150, [Limits.none()]),
        full=(1_000, [Limits.none(), Limits()]),
    )
