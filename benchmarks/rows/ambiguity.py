"""
Answers that are lost after the commit.

Every message has a text of its own. One answer in ten does not come: the message
was taken, and the connection ends, closed or reset in turn. Beforehand a few are
sent to where nobody listens, to see by which error such a failure is told.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from rows.exchange import Answer, Fate, Request, answered
from rows.trial import Connect, Trial

WHAT: Final = "{count:,} messages, {in_flight} in flight; 10 % of the answers lost after the commit"
FULL: Final = {"count": 2_000, "in_flight": 50}
QUICK: Final = {"count": 500, "in_flight": 50}
_REFUSED: Final = 5


class Row:
    """
    The service: takes every message, and loses some of the answers.
    """

    def __init__(self, _: dict[str, Any]) -> None:
        self.doors: dict[str, str] = {}
        self._chance = random.Random(7)
        self._taken: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()

    async def answer(self, request: Request) -> Answer | Fate:
        self._taken[request.text] += 1
        if self._chance.random() >= 0.1:
            return answered(request)
        self._lost[request.text] += 1
        return Fate.CLOSED if self._lost.total() % 2 else Fate.RESET

    def record(self) -> dict[str, Any]:
        return {"taken": self._taken, "lost": self._lost}


async def carry_out(trial: Trial) -> dict[str, Any]:
    """
    Send them all, so many at a time.
    """
    count, in_flight = trial.job.plan["count"], trial.job.plan["in_flight"]
    ends: dict[str, str] = {}
    async with trial.connected() as connect:
        refused = await _refused(trial, connect)
        calls, numbers = connect(trial.job.doors["plain"]), iter(range(count))

        async def work(worker: int, numbers: Iterator[int]) -> None:
            for number in numbers:
                text = f"message {number}"
                ends[text] = await trial.outcome(calls.send(f"a:{worker}", text))

        await asyncio.gather(*(work(worker, numbers) for worker in range(in_flight)))
    return {"ends": ends, "refused": refused}


async def _refused(trial: Trial, connect: Connect) -> list[str]:
    calls = connect(trial.job.doors["nowhere"])
    sends = (trial.outcome(calls.send(f"a:{number}", "hello")) for number in range(_REFUSED))
    return await asyncio.gather(*sends)


def judge(calls: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    """
    What became of them all.
    """
    ends: dict[str, str] = calls["ends"]
    taken, lost = record["taken"], record["lost"]
    told = Counter(end for text, end in ends.items() if text in lost and end != "done")
    return {
        "calls": len(ends),
        "lost": len(lost),
        "doubled": sum(times > 1 for times in taken.values()),
        "silently_lost": sum(end == "done" and text not in taken for text, end in ends.items()),
        "told": dict(told),
        "not_told": sum(ends[text] == "done" for text in lost),
        "refused": dict(Counter(calls["refused"])),
    }


def cell(found: dict[str, Any]) -> str:
    """
    The same in short.
    """
    unknown = [end for end in found["told"] if end.startswith("unknown")]
    others = [end for end in found["told"] if not end.startswith("unknown")]
    parts = [f"{found['doubled']} doubled, {found['silently_lost']} lost silently"]
    for kinds, how in ((unknown, "as unknown"), (others, "as another error")):
        if kinds:
            times = sum(found["told"][end] for end in kinds)
            parts.append(f"{times} of {found['lost']} lost answers raised {how} ({_names(kinds)})")
    parts.append(f"where nothing was sent, {_names(found['refused'])}")
    return "; ".join(parts)


def _names(ends: Iterable[str]) -> str:
    return ", ".join(sorted(f"`{end.split()[-1]}`" for end in ends))
