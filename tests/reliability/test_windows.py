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
    made, failure = machines(max(20, count // 1000))
    text = (
        f"{exceeded} violations in {count:,} offers ({sent:,} sent, {disorder} conversations out "
        f"of order), {100 * (slowest - 1):.2f} % over the bound; {made:,} state machines: "
        f"{'none' if failure is None else 'at least one'} differs from the model"
    )
    met = exceeded == disorder == 0 and slowest <= 1.02 and failure is None
    return Measured(text, met, failure or "")


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
