"""
Each operation cancelled wherever it waits, over sockets, alone and among others.
"""

import asyncio
import tempfile
import threading
from pathlib import Path

from connector_async.emulator import Emulator, EmulatorLimits, serve
from tests import test_cancellation as cancellation
from tests.reliability.scoreboard import Measured, score

# Threads that read and write files wait a while for more to do; they must not be more with time.
KEPT = 4


async def on_a_scene(tls, trial, *arguments):
    """
    Carry out one trial of `tests/test_cancellation.py`, on a scene of its own.
    """
    emulator = Emulator(profile="generic", limits=EmulatorLimits.off())
    emulator.add_conversation(cancellation.CONVERSATION, members=200)
    emulator.add_conversation("19:many", members=60)
    with tempfile.TemporaryDirectory() as folder:
        async with serve(emulator, tls=tls) as server:
            scene = cancellation.Scene(emulator, server, Path(folder))
            await trial(scene, *arguments)
    return len(emulator.record.received())


def trials(security, operations, victims):
    for tls in security:
        for name in operations:
            call = cancellation.CALLS[name]
            for warm in (False, True):
                yield f"{name}, {tls=}, {warm=}", tls, cancellation.test_leaves_nothing, call, warm
        for victim in victims:
            yield f"call {victim} of six, {tls=}", tls, cancellation.test_harms_no_other, victim


async def carry_out(much):
    """
    How many requests each trial made, what was wrong, and how many threads there were at the end.

    All trials have one event loop, so that what it keeps for later would add up.
    """
    requests, wrong = [], []
    for name, tls, trial, *arguments in trials(*much):
        try:
            requests.append(await on_a_scene(tls, trial, *arguments))
        except (AssertionError, TimeoutError) as error:
            requests.append(0)
            wrong.append(f"{name}: {error!r}")
    return requests, wrong, threading.active_count()


def measure(much):
    before = threading.active_count()
    requests, wrong, kept = asyncio.run(carry_out(much))
    after = threading.active_count()
    text = (
        f"{len(requests)} trials with {sum(requests):,} requests: {len(wrong)} left something or "
        f"harmed a later call; threads: {before} before, {kept} after all, {after} when the event "
        "loop had ended"
    )
    met = not wrong and 0 not in requests and kept <= before + KEPT and after <= before
    return Measured(text, met, "\n".join(wrong))


def test_cancel_everywhere():
    """
    A call that is cancelled leaves nothing behind and harms nobody.
    """
    score(
        "cancel_everywhere",
        measure,
        what="each operation cancelled at its k-th suspension for every k, over sockets, "
        "alone and under contention",
        target="0 leaked connections, turns, places, tasks, threads; later calls unharmed",
        # All of it is part of every test run: tests/test_cancellation.py.
        short=((False,), ("send_to_conversation", "get_attachment"), (1,)),
        full=((False, True), tuple(cancellation.CALLS), range(6)),
    )
