"""
A minute in which everything fails, and the moment when it is over; in real time.

A hundred calls a second, sends and fetches of a member in turn, over four
service URLs. During the outage a request is answered with a 503, or its
connection is reset when it has been read.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any, Final

from rows.exchange import Answer, Fate, Request, answered
from rows.trial import Calls, Trial

WHAT: Final = (
    "{seconds} s of total failure, {kind}, at 100 calls a second over 4 service URLs, then health"
)
KINDS: Final = {"503": "503 to all", "reset": "connections reset"}
FULL: Final = {"seconds": 60, "before": 5, "after": 5}
QUICK: Final = {"seconds": 10, "before": 2, "after": 4}

_RATE: Final = 100
_TENANTS: Final = 4
_CONVERSATIONS: Final = 1_000
_TAKES: Final = 0.02


class Row:
    """
    The service: well, then ill, then well.
    """

    def __init__(self, plan: dict[str, Any]) -> None:
        self.doors: dict[str, str] = {}
        self._plan = plan
        self._began = 0.0
        self._requests = 0
        self._first: dict[str, float] = {}

    async def answer(self, request: Request) -> Answer | Fate:
        if request.target == "/-/begin":
            self._began = request.at
            return Answer(200)
        since = request.at - self._began - self._plan["before"]
        if 0 <= since < self._plan["seconds"]:
            self._requests += 1
            await asyncio.sleep(_TAKES)
            return Fate.RESET if self._plan["kind"] == KINDS["reset"] else Answer(503, b"{}")
        await asyncio.sleep(_TAKES)
        if since >= self._plan["seconds"]:
            tenant = request.target.split("/")[1]
            late = time.monotonic() - self._began - self._plan["before"] - self._plan["seconds"]
            self._first.setdefault(tenant, late)
        return answered(request)

    def record(self) -> dict[str, Any]:
        return {"requests": self._requests, "first": self._first}


async def carry_out(trial: Trial) -> dict[str, Any]:
    """
    Begin a hundred calls a second, whatever became of those before.
    """
    plan = trial.job.plan
    before, end = plan["before"], plan["before"] + plan["seconds"]
    tasks: list[asyncio.Task[str]] = []
    during = number = 0
    async with trial.connected() as connect:
        at = [connect(f"{trial.job.doors['plain']}/t{tenant}") for tenant in range(_TENANTS)]
        await trial.ask("begin")
        began = time.monotonic()
        while (since := time.monotonic() - began) < end + plan["after"]:
            during += before <= since < end
            call = _call(at[number % _TENANTS], number)
            tasks.append(asyncio.create_task(trial.outcome(call)))
            number += 1
            await asyncio.sleep(number / _RATE - (time.monotonic() - began))
        ends = await asyncio.gather(*tasks)
    return {"during": during, "ends": dict(Counter(ends))}


async def _call(calls: Calls, number: int) -> object:
    conversation = f"a:{number % _CONVERSATIONS}"
    if number // _TENANTS % 2:
        return await calls.send(conversation, "hello")
    return await calls.member(conversation, "29:1")


def judge(calls: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    """
    How much the outage was multiplied, and how soon its end was noticed.
    """
    first = record["first"]
    return {
        "calls": calls["during"],
        "requests": record["requests"],
        "ratio": round(record["requests"] / calls["during"], 3),
        "tenants": len(first),
        "first_success": round(max(first.values()), 2) if len(first) == _TENANTS else None,
        "ends": calls["ends"],
    }


def cell(found: dict[str, Any]) -> str:
    """
    The same in short.
    """
    late = found["first_success"]
    health = "not all four URLs again" if late is None else f"health after {late:.2f} s"
    return f"{found['ratio']:.2f} requests a call; {health}"
