"""
Order in each conversation, and free conversations beside throttled ones.
"""

import asyncio
import random

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

# Conversations of one more tenant, too few to fill its window: they are throttled, and it is not.
ROOMY, MANY = 5, 100


class Faulty(Service):
    """
    Takes some time, and fails in one of twenty cases, before or after the commit.

    Where it is looked for free lanes it does not: three refusals are the whole tenant's.
    """

    def __init__(self, chance):
        super().__init__()
        self.chance = chance
        self.faults = 0

    async def handle_async_request(self, request):
        await asyncio.sleep(self.chance.choice([0.01, 0.02, 0.3]))
        is_spared = "/conversations/c" not in str(request.url)
        kind = 100 if is_spared else self.chance.randrange(100)
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
    failed: set = attrs.field(factory=set)
    wrong: list = attrs.field(factory=list)

    async def send(self, connector, conversation, number):
        message = {"type": "message", "text": str(number)}
        try:
            await connector.send_to_conversation(conversation, message)
        except ConnectorError:
            self.failed.add((conversation, str(number)))
        except asyncio.CancelledError:
            self.cancelled.add((conversation, str(number)))

    async def free(self, connector, tenant, tasks):
        """
        A tenant's calls, one after the other, each in a conversation that has done nothing yet.
        """
        number = 0
        while not all(task.done() for task in tasks):
            number += 1
            watched = connector.with_options(tenant_id=tenant, observers=[self.waited()])
            await watched.send_to_conversation(
                f"{tenant}-{number}", {"type": "message", "text": "0"}
            )
            await asyncio.sleep(1.0)

    def crowded(self, connector):
        """
        Calls of a tenant with room whose conversations have none.
        """
        roomy = connector.with_options(tenant_id="roomy")
        return [
            asyncio.ensure_future(self.send(roomy, f"throttled-{conversation}", number))
            for number in range(MANY)
            for conversation in range(ROOMY)
        ]

    def waited(self):
        """
        Notes how long a call that begins now waits for its first attempt.
        """
        before = VirtualClock().monotonic()

        def note(event):
            if isinstance(event, AttemptStarted) and event.attempt == 1:
                self.waits.append(VirtualClock().monotonic() - before)

        return note

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
            crowded = self.crowded(connector)
            ends = await asyncio.gather(
                *tasks,
                *crowded,
                self.free(connector, "quiet", tasks),
                self.free(connector, "roomy", crowded),
                return_exceptions=True,
            )
            self.wrong.extend(repr(end) for end in ends if end is not None)


@attrs.define
class Found:
    """
    What came of it.

    Attributes:
        disorder: How many conversations were out of order, cancelled messages included.
        longest: The longest wait of a free lane.
        frees: How many waits there were.
        arrived: How many messages came that nobody cancelled.
        lost: How many neither came nor failed nor were cancelled.
        faults: How many requests the service failed.
        cancelled: How many messages were cancelled.
        wrong: What ended in none of ours.
    """

    disorder: int = 0
    longest: float = 0.0
    frees: int = 0
    arrived: int = 0
    lost: int = 0
    faults: int = 0
    cancelled: int = 0
    wrong: list[str] = attrs.field(factory=list)


def carry_out(found, conversations, seed):
    """
    Add what came of so many conversations.
    """
    trial = Trial(conversations, random.Random(seed))
    service = Faulty(trial.chance)
    run_virtual(trial.run(service))
    came = {
        conversation: [int(text) for text in texts]
        for conversation, texts in service.texts().items()
        if conversation.startswith("c")
    }
    known = {
        (conversation, str(number)) for conversation in came for number in came[conversation]
    } - trial.cancelled
    sent = {
        (f"c{conversation}", str(number))
        for conversation in range(conversations)
        for number in range(EACH)
    }
    found.disorder += sum(sorted(numbers) != numbers for numbers in came.values())
    found.longest = max(found.longest, *trial.waits)
    found.frees += len(trial.waits)
    found.arrived += len(known)
    found.lost += len(sent - known - trial.failed - trial.cancelled)
    found.faults += service.faults
    found.cancelled += len(trial.cancelled)
    found.wrong += trial.wrong


def measure(conversations):
    found = Found()
    for seed in range(-(-conversations // AT_ONCE)):
        carry_out(found, min(conversations, AT_ONCE), seed)
    text = (
        f"{found.disorder} conversations out of order; {found.arrived:,} messages came "
        f"({found.faults:,} faults, {found.cancelled:,} cancelled), {found.lost} were lost; "
        f"{found.frees:,} free lanes waited {found.longest * 1000:.1f} ms at most; "
        f"{len(found.wrong)} errors not ours"
    )
    met = (
        found.disorder == found.lost == 0
        and not found.wrong
        and found.longest < 0.005
        and found.arrived > 0.9 * EACH * conversations
        and found.cancelled > 0 < found.faults
    )
    return Measured(text, met, "\n".join(found.wrong[:20]))


def test_lanes():
    """
    Messages come in the order in which they were sent, and nobody waits for another conversation.
    """
    score(
        "lanes",
        measure,
        what=f"{{size}} conversations, {AT_ONCE:,} at a time, {EACH} messages each, 5 % faults, "
        "5 % cancels (what is cancelled on its way there never comes); each second a free "
        "conversation of two more tenants: one that does nothing else, and one whose other "
        "conversations are throttled while itself has room (virtual time)",
        target="0 out of order; a free lane waits under 5 ms while others are throttled",
        short=300,
        full=10_000,
    )
