"""
The published limits under millions of offers, and their log under anything that can happen.
"""

import random

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.limits.test_memory_machine import Store
from tests.promises.crowd import SEND_WINDOWS, TENANT_WINDOWS, Offer, lower_bound, serve, violations
from tests.reliability.scoreboard import Measured, score

# So many are offered at once; more would be a test of the machine's memory.
AT_ONCE = 100_000


def offers(count, seed):
    """
    Conversations of ten tenants, twenty of them busy; one offer in five is cancelled.
    """
    chance = random.Random(seed)
    for number in range(count):
        busy = number % 2 == 0
        conversation = chance.randrange(20) if busy else 20 + chance.randrange(480)
        fate = chance.random()
        after = None if fate < 0.8 else 0 if fate < 0.85 else chance.uniform(0, 200)
        yield Offer(conversation % 10, conversation, after)


def measure(count):
    exceeded, slowest, disorder, sent = 0, 0.0, 0, 0
    for seed in range(-(-count // AT_ONCE)):
        service, ended = serve(list(offers(min(count, AT_ONCE), seed)))
        sent += len(ended)
        for of, windows in (("conversation", SEND_WINDOWS), ("tenant", TENANT_WINDOWS)):
            exceeded += sum(violations(times, windows) for times in service.times(of).values())
        texts = service.texts().values()
        disorder += sum(sorted(each, key=int) != each for each in texts)
        slowest = max(slowest, service.arrivals[-1].time / lower_bound(service))
    examples = max(20, count // 1000)
    run_state_machine_as_test(
        Store, settings=settings(max_examples=examples, stateful_step_count=60, deadline=None)
    )
    text = (
        f"{exceeded} violations in {count:,} offers ({sent:,} sent, {disorder} conversations out "
        f"of order), {100 * (slowest - 1):.2f} % over the bound; {examples:,} state machines: 0"
    )
    return Measured(text, exceeded == 0 and disorder == 0 and slowest <= 1.02)


def test_windows():
    """
    No window is exceeded, and next to no time is lost.
    """
    score(
        "windows",
        measure,
        what="{size} offers in virtual time, a fifth cancelled; state machines with cancels, "
        "pauses and changing quotas",
        target="0 violations; within 2 % of the largest lower bound of any single key",
        short=20_000,
        full=1_000_000,
    )
