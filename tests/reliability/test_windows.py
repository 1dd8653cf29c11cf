"""
The published limits under millions of offers, and their log under anything that can happen.
"""

import asyncio
import random
from collections import Counter

import attrs
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.limits.test_memory_machine import Store
from tests.promises.crowd import (
    CALLS,
    TENANT_WINDOWS,
    WINDOWS,
    Offer,
    Service,
    exceeded,
    lower_bound,
    serve,
    violations,
)
from tests.reliability.scoreboard import Measured, score

# So many are offered at once; more would be a test of the machine's memory.
AT_ONCE = 100_000

# Of the other two crowds each is so much smaller than the first.
SMALLER = 5

# Seconds on the way: the windows' margin is 1 %, of the shortest one 10 ms.
WITHIN_THE_MARGIN = [number / 1000 for number in range(10)]
AT_ANY_LATENCY = [0.001] * 20 + [0.5, 1.5]

WRITES = ("send", "reply", "update")


class Far(Service):
    """
    The same, where requests and answers take one of these times on the way.
    """

    def __init__(self, times, seed):
        super().__init__()
        self.times_on_the_way = times
        self.chance = random.Random(seed)

    async def on_the_way(self):
        await asyncio.sleep(self.chance.choice(self.times_on_the_way))

    async def handle_async_request(self, request):
        await self.on_the_way()
        response = await super().handle_async_request(request)
        await self.on_the_way()
        return response


def offers(count, seed, *, busy=20, others=480, calls=("send",)):
    """
    Conversations of ten tenants, some of them busy; one offer in five is cancelled.
    """
    chance = random.Random(seed)
    for number in range(count):
        is_busy = number % 2 == 0
        conversation = chance.randrange(busy) if is_busy else busy + chance.randrange(others)
        fate = chance.random()
        after = None if fate < 0.8 else 0 if fate < 0.85 else chance.uniform(0, 200)
        yield Offer(conversation % 10, conversation, after, chance.choice(calls))


def batches(count):
    """
    So many in batches, each with its seed.
    """
    return [(min(AT_ONCE, count - done), done // AT_ONCE) for done in range(0, count, AT_ONCE)]


def machines(count):
    """
    How many state machines were run, and what the first one that failed says; None if none did.
    """
    made = 0

    def make():
        nonlocal made
        made += 1
        return Store()

    try:
        run_state_machine_as_test(
            make, settings=settings(max_examples=count, stateful_step_count=60, deadline=None)
        )
    except Exception as error:  # noqa: BLE001
        return made, repr(error)
    return made, None


@attrs.define
class Found:
    """
    What came of it.

    Attributes:
        exceeded: How often a window was exceeded, by what it is of.
        disorder: How many conversations were out of order.
        sent: How many calls of the first crowd were made.
        slowest: How long that took, in relation to the least that it can take.
    """

    exceeded: Counter = attrs.field(factory=Counter)
    disorder: int = 0
    sent: int = 0
    slowest: float = 0.0

    def add(self, service, *quotas):
        """
        Count what a service saw, of the tenants and these quotas.
        """
        of_tenants = service.times("tenant").values()
        seen = {
            **exceeded(service),
            "tenant": sum(violations(times, TENANT_WINDOWS) for times in of_tenants),
        }
        self.exceeded.update({quota: seen[quota] for quota in quotas})
        texts = service.texts().values()
        self.disorder += sum(sorted(each, key=int) != each for each in texts)


def at_once(found, count):
    """
    Sends, to a service that answers at once.
    """
    for size, seed in batches(count):
        service, ended = serve(list(offers(size, seed)))
        found.add(service, "send", "tenant")
        found.sent += len(ended)
        found.slowest = max(found.slowest, service.arrivals[-1].time / lower_bound(service))


def mixed(found, count):
    """
    Calls of all quotas, with some time on the way that is within the margin.
    """
    for size, seed in batches(count):
        crowd = offers(size, seed, busy=10, others=90, calls=tuple(CALLS))
        service, _ = serve(list(crowd), Far(WITHIN_THE_MARGIN, seed))
        found.add(service, *WINDOWS, "tenant")


def far_away(found, count):
    """
    Writes, that may take any time on the way.
    """
    for size, seed in batches(count):
        crowd = offers(size, seed, busy=10, others=90, calls=WRITES)
        service, _ = serve(list(crowd), Far(AT_ANY_LATENCY, seed))
        found.add(service, "send")


def measure(count):
    found = Found()
    at_once(found, count)
    mixed(found, count // SMALLER)
    far_away(found, count // SMALLER)
    made, failure = machines(max(20, count // 1000))
    text = (
        f"{found.exceeded.total()} violations in {count + 2 * (count // SMALLER):,} offers, "
        f"{found.disorder} conversations out of order; of the first {count:,} {found.sent:,} were "
        f"sent, {100 * (found.slowest - 1):.2f} % over the bound; {made:,} state machines: "
        f"{'none' if failure is None else 'at least one'} differs from the model"
    )
    met = (
        found.exceeded.total() == found.disorder == 0 and found.slowest <= 1.02 and failure is None
    )
    return Measured(text, met, f"{dict(found.exceeded)} {failure or ''}")


def test_windows():
    """
    No window is exceeded, and next to no time is lost.
    """
    score(
        "windows",
        measure,
        what="{size} sends offered in virtual time, a fifth cancelled (what is cancelled on its "
        "way there never comes), to a service that answers at once; "
        f"1 / {SMALLER} as many calls of all quotas, mixed, up to 9 ms on either way, "
        f"which is within the margin; 1 / {SMALLER} as many writes, up to 1.5 s on either way; "
        "state machines with cancels, pauses and changing quotas",
        target="0 violations where the service counts, but for the tenants' in the last of these; "
        "the first within 2 % of the largest lower bound of any single key",
        short=20_000,
        full=1_000_000,
    )
