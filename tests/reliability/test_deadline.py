"""
Deadlines, whatever takes its time.
"""

import asyncio
import itertools
import random

import attrs
import httpx

from connector_async import ConnectorClient, TokenCallable
from connector_async.errors import ConnectorError
from connector_async.limits import Limits, windows
from connector_async.testing import VirtualClock, run_virtual
from connector_async.testing.chaos import (
    Bandwidth,
    ChaosProxy,
    HalfOpen,
    Latency,
    Slicer,
    Timeout,
    TlsHang,
)
from tests.promises.calls import CALLS
from tests.reliability.scoreboard import Measured, score
from tests.transport import peers

URL = "https://smba.trafficmanager.net/teams"
TIGHT = Limits(send=windows((1, 2.0)), members=windows((2, 3.0)), tenant=windows((5, 1.0)))
AT_ONCE = 50


class Drip(httpx.AsyncByteStream):
    """
    A body that comes piece by piece.
    """

    def __init__(self, chance):
        self.pause = chance.uniform(0.01, 3)
        self.pieces = chance.choice([2, 10, 10_000])

    async def __aiter__(self):
        for _ in range(self.pieces):
            await asyncio.sleep(self.pause)
            yield b" "


class Service(httpx.AsyncBaseTransport):
    """
    Takes its time, in some way.
    """

    def __init__(self, chance):
        self.chance = chance

    async def handle_async_request(self, request):  # noqa: ARG002
        chance = self.chance
        way = chance.randrange(7)
        if way == 0:
            await asyncio.sleep(10**9)
        await asyncio.sleep(chance.choice([0, 0.01, chance.uniform(0, 20)]))
        if way == 1:
            return httpx.Response(200, stream=Drip(chance))
        if way == 2:
            wait = str(chance.choice([0, 1, 3, 29, 31, chance.uniform(0, 40)]))
            return httpx.Response(chance.choice([429, 503]), headers={"retry-after": wait})
        if way == 3:
            return httpx.Response(chance.choice([412, 429, 502, 503, 504, 500, 401, 404]))
        if way == 4:
            raise chance.choice([httpx.ReadError, httpx.ConnectError, httpx.ConnectTimeout])("x")
        return httpx.Response(200)


def credential(chance):
    async def fetch():
        await asyncio.sleep(chance.choice([0, 0, 0.5, chance.uniform(0, 70)]))
        if chance.random() < 0.2:
            raise ConnectionError("away")
        return "abc", chance.choice([20, 3600])

    return TokenCallable(fetch)


async def timed(call, deadline):
    """
    By how much a call passed its deadline, and what was none of ours.
    """
    loop = asyncio.get_running_loop()
    began, wrong = loop.time(), None
    try:
        await call
    except ConnectorError:
        pass
    except Exception as error:  # noqa: BLE001
        wrong = repr(error)
    return loop.time() - began - deadline, wrong


async def schedule(seed):
    chance = random.Random(seed)
    deadline = chance.choice([0.05, 1.0, 5.0, 30.0, chance.uniform(0.01, 60)])
    async with ConnectorClient(
        credential(chance) if chance.random() < 0.5 else None,
        service_url=URL,
        transport=Service(chance),
        clock=VirtualClock(),
        chance=chance,
        deadline=deadline,
        delivery=chance.choice(["at_most_once", "at_least_once"]),
        limits=chance.choice([TIGHT, Limits.none()]),
    ) as connector:
        calls = chance.choices(CALLS, k=chance.randint(1, 6))
        return await asyncio.gather(*(timed(call(connector), deadline) for call in calls))


def virtually(count):
    over, wrong = [], []
    for first in range(0, count, AT_ONCE):

        async def main(first=first):
            return await asyncio.gather(*map(schedule, range(first, min(count, first + AT_ONCE))))

        for seed, ends in enumerate(run_virtual(main()), first):
            over.extend((late, seed) for late, _ in ends)
            wrong.extend(f"schedule {seed}: {fault}" for _, fault in ends if fault)
    return max(over), len(over), wrong


TOXICS = (
    TlsHang(),
    Latency(latency=60_000),
    Latency(latency=60_000, stream="upstream"),
    Bandwidth(rate=1),
    Slicer(average_size=1, delay=5_000),
    Timeout(),
    HalfOpen(),
)

# A machine that is busy is late once; what is late each time is the library.
TRIES = 5


@attrs.define
class Really:
    """
    By how much calls over real sockets passed their deadlines.

    Attributes:
        over: For each case by how much in the best try, and its toxic.
        first: By how much in the first try.
        repeated: How many had more than one.
        wrong: What was raised that is none of ours.
    """

    over: list[tuple[float, str]] = attrs.field(factory=list)
    first: list[float] = attrs.field(factory=list)
    repeated: int = 0
    wrong: list[str] = attrs.field(factory=list)

    @property
    def most(self):
        return max(self.over)


async def really(deadline):
    found = Really()
    body = b'{"conversations":[' + b" " * 20_000 + b"]}"
    async with peers.serve(peers.answering(peers.answer(body=body))) as server:
        for tls, toxic, call in itertools.product((False, True), TOXICS, (CALLS[0], CALLS[2])):
            async with ChaosProxy(server.url, tls=tls) as proxy:
                proxy.add(toxic)
                late = [await late_by(proxy, call, deadline, found.wrong)]
                while min(late) > 0.1 and len(late) < TRIES:
                    late.append(await late_by(proxy, call, deadline, found.wrong))
                found.over.append((min(late), toxic.type))
                found.first.append(late[0])
                found.repeated += len(late) > 1
    return found


async def late_by(proxy, call, deadline, wrong):
    async with ConnectorClient(
        None,
        service_url=proxy.url,
        ca_file=proxy.ca_file if proxy.url.startswith("https") else None,
        deadline=deadline,
    ) as connector:
        late, fault = await timed(call(connector), deadline)
    if fault is not None:
        wrong.append(f"{proxy.url}, {call.operation}: {fault}")
    return late


def measure(count):
    (late, seed), calls, wrong = virtually(count)
    real = asyncio.run(really(0.05 if count < 10_000 else 1.0))
    (really_late, toxic), faults = real.most, [*wrong, *real.wrong]
    text = (
        f"virtual: {calls:,} calls in {count:,} schedules, over by {max(0.0, late) * 1000:.3f} ms "
        f"at most; real: {len(real.over)} calls, over by {max(0.0, really_late) * 1000:.1f} ms at "
        f"most ({toxic}), at the first try by {max(0.0, *real.first) * 1000:.1f} ms "
        f"({real.repeated} tried again); {len(faults)} errors not ours"
    )
    seldom = 7 * real.repeated <= len(real.over)
    met = late <= 0.02 and really_late <= 0.1 and seldom and not faults
    return Measured(text, met, f"schedule {seed}\n" + "\n".join(faults[:20]))


def test_deadline():
    """
    No call outlives its deadline, whatever it waits for.
    """
    score(
        "deadline",
        measure,
        what="drip, hang, slow TLS, throttling, slow tokens: {size} random schedules in virtual "
        f"time; seven toxics on a real socket, where a call that is late is tried up to {TRIES} "
        "times, the best of which counts, and no more than one in seven may need that",
        target="never over by 20 ms (virtual) or 100 ms (real)",
        short=1_000,
        full=10_000,
    )
