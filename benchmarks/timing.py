"""
How long a small thing takes.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

from machine import stay_on

_ROUND = 0.02


def job() -> dict[str, Any]:
    """
    What the command line tells; this process stays on its core from now on.
    """
    told: dict[str, Any] = json.loads(sys.argv[1])
    stay_on(told.get("core"))
    return told


def tell(**figures: float) -> None:
    """
    Print what came out, as one line of JSON.
    """
    print(json.dumps(figures))


def microseconds(
    *work: Callable[[], object], rounds: int = 21, seconds: float = _ROUND
) -> list[float]:
    """
    The CPU that each of these takes, in microseconds: medians of interleaved rounds.
    """
    counts = [_count(one, seconds) for one in work]
    taken: list[list[float]] = [[] for _ in work]
    gc.collect()
    for _ in range(rounds):
        for one, count, times in zip(work, counts, taken, strict=True):
            times.append(_spent(one, count) / count * 1e6)
    return [statistics.median(times) for times in taken]


def finish(coroutine: Coroutine[Any, Any, object]) -> object:
    """
    Run a coroutine that never waits, without an event loop.
    """
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("it waits")


def _count(work: Callable[[], object], seconds: float) -> int:
    count = 1
    while _spent(work, count) < seconds:
        count *= 2
    return count


def _spent(work: Callable[[], object], count: int) -> float:
    begun = time.process_time()
    for _ in range(count):
        work()
    return time.process_time() - begun
