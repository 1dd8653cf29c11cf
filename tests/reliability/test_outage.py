"""
A minute in which everything fails, and the moment when it is over.
"""

import asyncio
import itertools
import random

import httpx

from connector_async import ConnectorClient
from connector_async.errors import ConnectorError
from connector_async.testing import VirtualClock, run_virtual
from tests.reliability.scoreboard import Measured, score

URL = "https://smba.trafficmanager.net/t{}"
TENANTS, RATE = 4, 100
BEFORE, SECONDS, AFTER = 5.0, 60.0, 5.0

FAILURES = {
    "refused": lambda: httpx.ConnectError("refused"),
    "reset": lambda: httpx.ReadError("reset"),
    "no answer": lambda: httpx.ReadTimeout("no answer"),
    "500": lambda: httpx.Response(500),
    "502": lambda: httpx.Response(502),
    "503": lambda: httpx.Response(503),
    "503, to wait 1 s": lambda: httpx.Response(503, headers={"retry-after": "1"}),
    "504": lambda: httpx.Response(504),
}
SLOW = {"no answer": 10.0}


class Service(httpx.AsyncBaseTransport):
    """
    Fails from one time to another, and notes each request.
    """

    def __init__(self, kind, seconds):
        self.kind = kind
        self.until = BEFORE + seconds
        self.requests = 0
        self.first_success = {}

    async def handle_async_request(self, request):
        clock = VirtualClock()
        if BEFORE <= clock.monotonic() < self.until:
            self.requests += 1
            await asyncio.sleep(SLOW.get(self.kind, 0.02))
            outcome = FAILURES[self.kind]()
            if isinstance(outcome, Exception):
                raise outcome
            return outcome
        await asyncio.sleep(0.02)
        if clock.monotonic() >= self.until:
            tenant = request.url.path.split("/")[1]
            self.first_success.setdefault(tenant, clock.monotonic() - self.until)
        return httpx.Response(201, json={"id": "1"})


async def one(connector, number):
    conversation = f"c{number % 1000}"
    try:
        if number // TENANTS % 2:
            await connector.send_to_conversation(conversation, {"type": "message", "text": "x"})
        else:
            await connector.get_conversation_member(conversation, "29:1")
    except ConnectorError as error:
        return error
    return None


def carry_out(kind, seconds, delivery):
    service = Service(kind, seconds)
    calls = 0

    async def main():
        nonlocal calls
        clock = VirtualClock()
        async with ConnectorClient(
            None,
            service_url=URL.format(0),
            transport=service,
            clock=clock,
            chance=random.Random(7),
            delivery=delivery,
        ) as connector:
            at = [
                connector.at(URL.format(n)).with_options(tenant_id=f"t{n}") for n in range(TENANTS)
            ]
            tasks, number = [], 0
            while clock.monotonic() < service.until + AFTER:
                calls += BEFORE <= clock.monotonic() < service.until
                tasks.append(asyncio.ensure_future(one(at[number % TENANTS], number)))
                number += 1
                await clock.sleep(number / RATE - clock.monotonic())
            await asyncio.gather(*tasks)

    run_virtual(main())
    slowest = max(service.first_success.values())
    return service.requests / calls, slowest, len(service.first_success)


def measure(ways):
    worst, slowest, wrong = 0.0, 0.0, []
    for kind, delivery in ways:
        times, late, tenants = carry_out(kind, SECONDS, delivery)
        worst, slowest = max(worst, times), max(slowest, late)
        if times > 1.15 or late > 2 or tenants != TENANTS:
            wrong.append(f"{kind}, {delivery}: {times:.3f} times, health after {late:.2f} s")
    text = (
        f"at most {worst:.3f} times the calls; first success of the slowest tenant after "
        f"{slowest:.2f} s ({len(ways)} ways to fail)"
    )
    return Measured(text, not wrong, "\n".join(wrong))


def test_outage():
    """
    An outage is not multiplied, and its end is noticed at once.
    """
    score(
        "outage",
        measure,
        what="60 s of total failure at 100 calls a second over 4 tenants, then health "
        "(virtual time)",
        target="at most 1.15 times the calls; first success within 2 s of health",
        short=[("refused", "at_most_once"), ("504", "at_least_once")],
        full=list(itertools.product(FAILURES, ("at_most_once", "at_least_once"))),
    )
