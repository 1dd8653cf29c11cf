"""
Very many calls at once, over few sockets.
"""

import asyncio
import time
from collections import Counter

from connector_async import ConnectorClient, Timeouts
from connector_async.errors import ConnectorError
from connector_async.limits import Limits
from tests.reliability.scoreboard import Measured, score
from tests.transport import peers

SOCKETS = 100
DEADLINE = 30.0


async def carry_out(count):
    ends, slowest, most = Counter(), 0.0, 0
    answering = peers.answering(peers.answer(201, b'{"id":"1"}'))

    async def one(connector, number):
        nonlocal slowest, most
        began = time.perf_counter()
        try:
            await connector.send_to_conversation(f"c{number}", {"type": "message", "text": "x"})
            ends["done"] += 1
        except ConnectorError as error:
            ends[type(error).__name__] += 1
        except Exception as error:  # noqa: BLE001
            ends[f"not ours: {error!r}"] += 1
        slowest = max(slowest, time.perf_counter() - began)
        most = max(most, connector._chosen.pool.open_connections)

    async with (
        peers.serve(answering) as peer,
        ConnectorClient(
            None,
            service_url=peer.url,
            max_connections=SOCKETS,
            deadline=DEADLINE,
            limits=Limits.none(),
            timeouts=Timeouts(pool=DEADLINE),
        ) as connector,
    ):
        await asyncio.gather(*(one(connector, number) for number in range(count)))
        left = len(connector._shared.lanes) + len(connector._shared.in_flight)
        return ends, slowest, most, len(peer.lines), left


def measure(count):
    ends, slowest, most, sockets, left = asyncio.run(carry_out(count))
    told = ", ".join(f"{number:,} {end}" for end, number in ends.most_common())
    text = f"{told}; the last after {slowest:.1f} s; {sockets} sockets, {most} at once"
    met = (
        sum(ends.values()) == count
        and slowest <= DEADLINE + 0.1
        and most <= SOCKETS
        and left == 0
        and not any(end.startswith("not ours") for end in ends)
    )
    return Measured(text, met)


def test_burst():
    """
    However many come at once, each ends in time, and the sockets are no more than allowed.
    """
    score(
        "burst",
        measure,
        what="{size} tasks at once on 100 sockets",
        target="all done or a typed error within the deadline",
        short=3_000,
        full=10_000,
    )
