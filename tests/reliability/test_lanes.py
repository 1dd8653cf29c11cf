"""
Order in each conversation, and free conversations beside throttled ones.
"""

import asyncio
import random
from collections import defaultdict
from contextlib import suppress

import attrs
import httpx

from connector_async import ConnectorClient
from connector_async.errors import ConnectorError
from connector_async.events import AttemptStarted
from connector_async.testing import VirtualClock, run_virtual
from tests.promises.crowd import URL, Service
from tests.reliability.scoreboard import Measured, score

EACH = 20
AT_ONCE = 1_000
TENANTS = 10


class Faulty(Service):
    """
    Takes some time, and fails in one of twenty cases, before or after the commit.
    """

    def __init__(self, chance):
        super().__init__()
        self.chance = chance
        self.faults = 0

    async def handle_async_request(self, request):
        await asyncio.sleep(self.chance.choice([0.01, 0.02, 0.3]))
        kind = self.chance.randrange(100)
        self.faults += kind < 5
        if kind == 0:
            return httpx.Response(429, headers={"retry-after": "1"})
        if kind == 1:
            return httpx.Response(503, headers={"retry-after": "0.5"})
        if kind == 2:
            raise httpx.ConnectError("refused")
        response = await super().handle_async_request(request)
        if kind == 3:
            raise httpx.ReadError("lost after the commit")
        if kind == 4:
            return httpx.Response(504)
        return response


@attrs.define
class Trial:
    """
    Many conversations at once, some of their calls cancelled.
    """

    conversations: int
    chance: random.Random
    waits: list = attrs.field(factory=list)
    cancelled: set = attrs.field(factory=set)

    async def send(self, connector, conversation, number):
        message = {"type": "message", "text": str(number)}
        try:
            await connector.send_to_conversation(conversation, message)
        except ConnectorError:
            pass
        except asyncio.CancelledError:
            # Order is promised to those that end by themselves.
            self.cancelled.add((conversation, str(number)))

    async def free(self, connector, tasks):
        """
        One call after the other, each in a conversation that has done nothing yet.
        """
        number = 0
        while not all(task.done() for task in tasks):
            number += 1
            before = VirtualClock().monotonic()

            def note(event, before=before):
                if isinstance(event, AttemptStarted) and event.attempt == 1:
                    self.waits.append(VirtualClock().monotonic() - before)

            watched = connector.with_options(tenant_id="quiet", observers=[note])
            with suppress(ConnectorError):
                await watched.send_to_conversation(
                    f"free-{number}", {"type": "message", "text": "0"}
                )
            await asyncio.sleep(1.0)

    async def run(self, service):
        loop = asyncio.get_running_loop()
        async with ConnectorClient(
            None,
            service_url=URL,
            transport=service,
            clock=VirtualClock(),
            chance=self.chance,
            deadline=None,
        ) as connector:
            at = [connector.with_options(tenant_id=f"t{number}") for number in range(TENANTS)]
            tasks = []
            for number in range(EACH):
                for conversation in range(self.conversations):
                    sending = self.send(at[conversation % TENANTS], f"c{conversation}", number)
                    tasks.append(asyncio.ensure_future(sending))
                    if self.chance.random() < 0.05:
                        loop.call_later(self.chance.uniform(0, 60), tasks[-1].cancel)
            await asyncio.gather(*tasks, self.free(connector, tasks), return_exceptions=True)


def carry_out(conversations, seed):
    """
    How many conversations were out of order, the longest wait of a free lane, and what was done.
    """
    trial = Trial(conversations, random.Random(seed))
    service = Faulty(trial.chance)
    run_virtual(trial.run(service))
    came = defaultdict(list)
    for arrival in service.arrivals:
        is_ours = arrival.conversation.startswith("c")
        if is_ours and (arrival.conversation, arrival.text) not in trial.cancelled:
            came[arrival.conversation].append(int(arrival.text))
    disorder = sum(sorted(numbers) != numbers for numbers in came.values())
    return disorder, max(trial.waits), service.faults, len(trial.cancelled)


def measure(conversations):
    disorder = faults = cancelled = 0
    longest = 0.0
    for seed in range(-(-conversations // AT_ONCE)):
        found = carry_out(min(conversations, AT_ONCE), seed)
        disorder += found[0]
        longest = max(longest, found[1])
        faults += found[2]
        cancelled += found[3]
    text = (
        f"{disorder} conversations out of order ({faults:,} faults, {cancelled:,} cancelled); "
        f"a free lane waited {longest * 1000:.1f} ms at most"
    )
    return Measured(text, disorder == 0 and longest < 0.005 and cancelled > 0 < faults)


def test_lanes():
    """
    Messages come in the order in which they were sent, and nobody waits for another conversation.
    """
    score(
        "lanes",
        measure,
        what="{size} conversations, 20 messages each, 5 % faults, 5 % cancels (virtual time)",
        target="0 out of order; a free lane waits under 5 ms while others are throttled",
        short=300,
        full=10_000,
    )
