"""
An hour of a busy bot's life, in real time and over real sockets.

The service is another process, so that what is resident here is the client's, and the
load's. What the load notes of its calls and readings has its place from the beginning.
"""

import asyncio
import os
import re
import statistics
import sys
import threading
import time
from array import array
from collections import Counter
from contextlib import suppress

import attrs

from connector_async import ConnectorClient
from connector_async.limits import Limits, MemoryStore, windows
from tests.reliability.busy import (
    CANCELLED,
    CANCELS,
    CROWD,
    DONE,
    LATEST,
    RATE,
    REFUSED,
    ROUND,
    SENDS,
    UNKNOWN,
    Load,
    is_post,
)
from tests.reliability.resident import ME
from tests.reliability.scoreboard import Measured, score
from tests.reliability.soaking import FAULTS, TENANTS, a_service, faults
from tests.reliability.trends import grown, lateness, rise

MIB = 1024 * 1024
HOUR = 3600

CONNECTIONS = 100

# What the client may have besides what its calls need, for a renewal of the token.
TASKS, THREADS = 1, 1

# Of 100 calls one is cancelled, and one is struck.
DONE_AT_LEAST = 0.95

# Calls that wait for a slow answer are now more, now fewer.
RISE = 5


@attrs.frozen(kw_only=True)
class Size:
    """
    How much is done.

    Attributes:
        seconds: For how long.
        warm_up: For how long of it what is kept may still fill.
        every: Seconds between two readings.
        lifetime: Seconds that a token lives.
        limits: What the client keeps to.
        keys: How many of them the limits' log keeps.
        flat: What has to be as low in the last third of the time after the warm-up as in
            the first.
        growth: By how many bytes an hour the memory may grow after the warm-up.
        crest: It is the most within so many seconds that may not grow more: a dict that many
            keys go through is rebuilt now and then, and has two tables meanwhile.
        late: By how many milliseconds 99 % of the calls may be begun late.
    """

    seconds: int
    warm_up: int
    every: int
    lifetime: int
    limits: Limits
    keys: int
    flat: tuple[str, ...]
    growth: float
    crest: int
    late: int

    def __str__(self):
        return f"{self.seconds / 60:g} min"

    @property
    def calls(self):
        return self.seconds * RATE


FLAT = ("sockets", "used_sockets", "strange_sockets", "tasks", "strange_tasks", "threads",
        "others")  # fmt: skip

# A log forgets what can bind no longer: after two seconds, and not after an hour.
BRIEFLY = Limits(
    send=windows((7, 1), (8, 2)),
    create=windows((7, 1), (8, 2)),
    members=windows((14, 1), (16, 2)),
    unpaged_members=windows((5, 2)),
    conversations=windows((14, 1), (16, 2)),
)
SHORT = Size(
    seconds=60,
    warm_up=25,
    every=1,
    lifetime=20,
    limits=BRIEFLY,
    keys=4_000,
    # What a machine with other work does to a minute would be told of the client.
    flat=(),
    # By 32 MiB until the end, which calls that have to wait there may need.
    growth=32 * MIB * HOUR / 35,
    crest=1,
    late=LATEST,
)
FULL = Size(
    seconds=HOUR,
    warm_up=1200,
    every=5,
    lifetime=600,
    limits=Limits(),
    # As many as it keeps where nobody says anything.
    keys=100_000,
    flat=FLAT,
    growth=MIB,
    crest=900,
    late=1_000,
)


class Readings:
    """
    What the process has, read now and then: a column for each thing.
    """

    NAMES = ("second", "memory", "sockets", "used_sockets", "strange_sockets", "tasks",
             "strange_tasks", "threads", "keys", "others")  # fmt: skip

    def __init__(self, count):
        # With other numbers than zero, so that the memory is really there.
        self._columns = {name: array("q", [-1]) * count for name in self.NAMES}
        self._count = 0

    def __getitem__(self, name):
        return self._columns[name][: self._count]

    def add(self, **values):
        if self._count < len(self._columns["second"]):
            for name, value in values.items():
                self._columns[name][self._count] = value
            self._count += 1

    def after(self, second):
        """
        The columns from a second on.
        """
        begin = next(i for i, at in enumerate(self["second"]) if at >= second)
        return {name: self[name][begin:] for name in self.NAMES}


def memory():
    """
    How many bytes the process has written and not given back, swapped out or not.

    What it has of files, which it may share with others, does not count: that is
    more or less as the rest of the machine will have it.
    """
    rollup = (ME / "smaps_rollup").read_text()
    return sum(
        int(re.search(rf"^{name}:\s+(\d+) kB", rollup, re.MULTILINE)[1]) * 1024
        for name in ("Anonymous", "Swap")
    )


def open_sockets():
    count = 0
    for name in os.listdir(ME / "fd"):  # noqa: PTH208  # a path for each would be garbage
        try:
            count += os.readlink(ME / "fd" / name).startswith("socket:")  # noqa: PTH115
        except FileNotFoundError:
            # It was the listing's own.
            continue
    return count


def keyed(connector):
    """
    How many keys the limits' log has, and how many things there are by all the other keys.
    """
    shared, pool = connector._shared, connector._chosen.pool
    limiter = shared.limiter
    others = (
        limiter._store._brakes, limiter._conversations, limiter._tenants, limiter._refusals,
        shared.lanes, shared.in_flight, shared.budgets, pool._idle._at, pool._busy,
    )  # fmt: skip
    return len(limiter._store._logs), sum(map(len, others)) + cached()


def held_by_calls(connector):
    """
    How many places in lines and connections are taken: none when no call is under way.
    """
    shared, pool = connector._shared, connector._chosen.pool
    limiter = shared.limiter
    return sum(
        map(len, (limiter._conversations, limiter._tenants, shared.lanes, shared.in_flight,
                  pool._busy))
    )  # fmt: skip


def cached():
    """
    How much the package's caches hold that have no end of their own.
    """
    return sum(
        value.cache_info().currsize
        for name, module in list(sys.modules.items())
        if name.startswith("connector_async") and module is not None
        for value in vars(module).values()
        if hasattr(value, "cache_info") and value.cache_info().maxsize is None
    )


@attrs.frozen(kw_only=True)
class Soaked:
    """
    What was found.

    Attributes:
        load: The calls.
        verdict: What the service saw.
        readings: What the process had meanwhile.
        cap: Of the keys of the limits' log.
        left: How many places are taken when the calls have ended; and how many more sockets,
            tasks and threads there are than before.
    """

    load: Load
    verdict: dict
    readings: Readings
    cap: int
    left: tuple[int, int, int, int]


def soak(size):
    threads = threading.active_count()
    load, verdict, readings, left = asyncio.run(carry_out(size))
    left = (*left, threads_left(threads))
    return Soaked(load=load, verdict=verdict, readings=readings, cap=size.keys, left=left)


async def carry_out(size):
    store = MemoryStore(max_keys=size.keys)
    had = (open_sockets(), len(asyncio.all_tasks()), threading.active_count())
    readings = Readings(size.seconds // size.every + 60)
    with a_service(size.calls, size.lifetime) as box:
        async with ConnectorClient(
            box.credential,
            limit_store=store,
            limits=size.limits,
            max_connections=CONNECTIONS,
            **box.options,
        ) as connector:
            load = Load(connector, box.url, size.calls)
            reading = asyncio.create_task(read_on(readings, connector, load, had, size.every))
            await load.run()
            reading.cancel()
            with suppress(asyncio.CancelledError):
                # What it failed with is raised here.
                await reading
            held = held_by_calls(connector)
        await settle(had)
        left = held, open_sockets() - had[0], len(asyncio.all_tasks()) - had[1]
    return load, box.verdict, readings, left


async def read_on(readings, connector, load, had, every):
    """
    Read now and then what the process has, and what of it is no call's.
    """
    began = time.monotonic()
    pool = connector._chosen.pool
    while True:
        sockets = open_sockets() - had[0]
        # This one is none of the client's.
        tasks = len(asyncio.all_tasks()) - had[1] - 1
        keys, others = keyed(connector)
        readings.add(
            second=int(time.monotonic() - began),
            memory=memory(),
            sockets=sockets,
            used_sockets=sockets - len(pool._idle),
            strange_sockets=sockets - pool.open_connections,
            tasks=tasks,
            # Of those that have ended some are not told of yet.
            strange_tasks=max(0, tasks - len(load.calls)),
            threads=threading.active_count() - had[2],
            keys=keys,
            others=others,
        )
        await asyncio.sleep(every)


async def settle(had):
    """
    Let a thread that fetches a token when the client is closed find out that nobody waits for it.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            while open_sockets() > had[0]:  # noqa: ASYNC110  # no event tells of it
                await asyncio.sleep(0.01)


def threads_left(before):
    """
    How many more threads there are than before, once those that end have ended.
    """
    until = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.01)
    return threading.active_count() - before


def delivery(fates, posted):
    """
    What the service's count says of what the callers were told.
    """
    counts = Counter()
    for number, (fate, times) in enumerate(zip(fates, posted, strict=True)):
        counts["doubled"] += times > 1
        counts["lost"] += fate == DONE and times == 0 and is_post(number)
        counts["denied"] += fate == REFUSED and times > 0
        counts["unknown"] += fate == UNKNOWN
        counts["arrived"] += fate == UNKNOWN and times > 0
        counts["untold"] += fate not in (DONE, UNKNOWN, REFUSED, CANCELLED)
    return counts


def growth(size, steady):
    """
    By how many bytes an hour the memory grows.
    """
    return grown(steady["second"], steady["memory"], size.crest)


def faults_of(size, found):
    """
    What is not as it was promised, in words.
    """
    load, verdict = found.load, found.verdict
    steady = found.readings.after(size.warm_up)
    told = delivery(load.fates, verdict["posted"])
    checks = {
        "the memory grows": growth(size, steady) > size.growth,
        **{f"{name} rise": rise(steady[name]) > RISE for name in size.flat},
        "sockets that are not the pool's": statistics.median(steady["strange_sockets"]) > 1,
        "tasks that are no calls": statistics.median(steady["strange_tasks"]) > TASKS,
        "more sockets than allowed": max(steady["sockets"]) > CONNECTIONS + 1,
        "too many threads": max(found.readings["threads"]) > THREADS,
        "keys over their cap": max(found.readings["keys"]) > found.cap,
        "readings are missing": found.readings["second"][-1] < 0.95 * size.seconds - size.every,
        "too few calls are done": load.ends["done"] < DONE_AT_LEAST * size.calls,
        "the rate was not kept": lateness(load.late, 0.01) > size.late,
        f"left, of places, sockets, tasks, threads: {found.left}": any(found.left),
        f"neither a result, a typed error nor a cancel: {list(load.wrong)}": load.wrong,
        f"delivery: {told}": told["doubled"] or told["lost"] or told["denied"] or told["untold"],
        "too few faults": sum(verdict["struck"].values()) < 0.8 * FAULTS * size.calls,
        "too few cancels": load.ends["cancelled"] < 0.8 * CANCELS * size.calls,
        "too few tokens": verdict["tokens"] < 4,
    }
    return [name for name, holds in checks.items() if holds]


def told_of(size, found):
    """
    What was measured, for a person.
    """
    load, verdict = found.load, found.verdict
    steady = found.readings.after(size.warm_up)
    told = delivery(load.fates, verdict["posted"])
    low, high = min(steady["memory"]) / MIB, max(steady["memory"]) / MIB
    return (
        f"{growth(size, steady) / MIB:+.2f} MiB/h (of the most within {size.crest / 60:.0f} min) "
        f"at {low:.0f} to {high:.0f} MiB; {span(steady['sockets'])} sockets, "
        f"{span(steady['tasks'])} tasks, {span(steady['threads'])} threads, and "
        f"{', '.join(map(str, found.left[1:]))} left after closing; at most "
        f"{max(found.readings['keys']):,} keys of {found.cap:,}, {max(steady['others'])} others; "
        f"{len(load.fates):,} calls: {load.ends['done']:,} done, "
        f"{load.ends['cancelled']:,} cancelled, {told['unknown']:,} unknown "
        f"({told['arrived']:,} had arrived), {told['doubled']} doubled, {told['lost']} lost, "
        f"{len(load.wrong)} untyped; {sum(verdict['struck'].values()):,} faults, "
        f"{verdict['tokens']} tokens; 99 % of the calls "
        f"begun at most {lateness(load.late, 0.01)} ms late"
    )


def span(values):
    return f"{min(values)} to {max(values)}"


def measure(size):
    found = soak(size)
    wrong = faults_of(size, found)
    return Measured(told_of(size, found), not wrong, "\n".join(wrong))


def test_soak():
    """
    A busy client does not grow, nor does it leave anything when it is closed.
    """
    score(
        "soak",
        measure,
        what=f"{{size}} at {RATE} calls a second over {TENANTS} tenants, the first {CROWD:,} at "
        f"once, and never more; of {ROUND} calls {SENDS} are sends, each to a conversation of its "
        f"own; {len(faults(FAULTS))} kinds of faults in {FAULTS:.0%} of the requests, "
        f"{CANCELS:.0%} of the calls cancelled at any point of their life; TLS, at most "
        f"{CONNECTIONS} connections, to the emulator in a process of its own; tokens by msal "
        f"that live {FULL.lifetime // 60} minutes; the slope is measured after "
        f"{FULL.warm_up // 60} minutes of warm-up, when the limits' log has long been full",
        target="memory slope at most 1 MiB/h after warm-up; sockets, tasks, threads flat; "
        "keyed state under its cap",
        short=SHORT,
        full=FULL,
    )
