"""
What every client under test has in common: how its calls are made, counted and timed.

A peer is a script that calls `run()` with what makes its client. The client
sends one activity, given a conversation's id, and returns when the answer has
been read. `run()` takes one job as JSON, and prints what it saw as one line.

The calls are made by so many workers as shall be in flight, each with
conversations of its own, so that a client that keeps a conversation's order
has as many on the wire as one that does not. A first round opens the
connections, a second one tells the pace; they are not counted.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol

from machine import allow_sockets, rss_bytes, stay_on
from material import ACTIVITY

try:
    import resource
except ImportError:  # Windows has none.
    resource = None

_CONVERSATIONS: Final = 100
_MOST_CALLS: Final = 100_000

Send = Callable[[str], Awaitable[object]]


class Job(Protocol):
    """
    What a run is about.

    Attributes:
        url: Where the service is, without a slash at the end.
        ca_file: Whom to believe.
        in_flight: How many calls at a time.
    """

    url: str
    ca_file: str
    in_flight: int


class _Job:
    def __init__(self, told: dict[str, Any]) -> None:
        self.core: int | None = told.get("core")
        self.url: str = told["url"]
        self.door: str = told["door"]
        self.ca_file: str = told["ca_file"]
        self.in_flight: int = told["in_flight"]
        self.seconds: float = told["seconds"]
        self.latency: bool = told.get("latency", False)
        self.uvloop: bool = told.get("uvloop", False)


def cpu() -> tuple[float, float]:
    """
    The CPU seconds of this process, in itself and in the system.
    """
    if resource is None:
        return time.process_time(), 0.0
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime, used.ru_stime


def conversation(number: int) -> str:
    """
    A conversation's id, as Teams has them.
    """
    return f"19:7d1a9c0be2f94a53b7a4c9f0d2{number:06}@thread.tacv2"


def _ask(door: str, what: str) -> Any:
    with urllib.request.urlopen(f"{door}/{what}", timeout=10) as answer:
        return json.loads(answer.read())


async def _calls(
    send: Send, in_flight: int, count: int, latencies: list[float] | None = None
) -> dict[str, float]:
    """
    So many calls, so many at a time; what they took, from the first to the last.
    """
    numbers: Iterator[int] = iter(range(count))
    begin = asyncio.Event()

    async def work(worker: int) -> None:
        own = range(worker, max(in_flight, _CONVERSATIONS), in_flight)
        ids = [conversation(number) for number in own]
        await begin.wait()
        for number in numbers:
            if latencies is None:
                await send(ids[number % len(ids)])
                continue
            sent_at = time.perf_counter()
            await send(ids[number % len(ids)])
            latencies.append(time.perf_counter() - sent_at)

    async with asyncio.TaskGroup() as group:
        for worker in range(in_flight):
            group.create_task(work(worker))
        await asyncio.sleep(0)
        user, system = cpu()
        begun = time.perf_counter()
        begin.set()
    ended = time.perf_counter()
    user_then, system_then = cpu()
    return {
        "calls": count,
        "wall": ended - begun,
        "cpu_user": user_then - user,
        "cpu_system": system_then - system,
    }


def _percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def _measure(job: _Job, client: AbstractAsyncContextManager[Send]) -> dict[str, Any]:
    async with client as send:
        await send(conversation(0))
        arrived = _ask(job.door, "last")
        await _calls(send, job.in_flight, job.in_flight)
        warm = await _calls(send, job.in_flight, max(job.in_flight, _CONVERSATIONS))
        pace = warm["wall"] / warm["calls"]
        least = (5 if job.latency else 2) * job.in_flight
        count = min(max(int(job.seconds / pace), least), _MOST_CALLS)
        gc.collect()
        latencies: list[float] | None = [] if job.latency else None
        before = _ask(job.door, "cpu")
        report: dict[str, Any] = await _calls(send, job.in_flight, count, latencies)
        after = _ask(job.door, "cpu")
        report["rss"] = rss_bytes()
    report["server_share"] = (after["cpu"] - before["cpu"]) / report["wall"]
    report["differs"] = sorted(
        key for key in {*ACTIVITY, *arrived} if ACTIVITY.get(key) != arrived.get(key)
    )
    if latencies:
        latencies.sort()
        report["p50"] = _percentile(latencies, 0.50)
        report["p99"] = _percentile(latencies, 0.99)
    return report


def run(make: Callable[[Job], AbstractAsyncContextManager[Send]]) -> None:
    """
    Do the job that the command line tells.
    """
    job = _Job(json.loads(sys.argv[1]))
    stay_on(job.core)
    allow_sockets()
    factory = None
    if job.uvloop:
        import uvloop  # noqa: PLC0415

        factory = uvloop.new_event_loop

    async def main() -> dict[str, Any]:
        return await _measure(job, make(job))

    with asyncio.Runner(loop_factory=factory) as runner:
        print(json.dumps(runner.run(main())))
