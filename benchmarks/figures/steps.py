"""
What our own steps take, over a transport that answers at once: all of a call, and each step.

A call's own cost is all of it, less its encoding and its decoding. A step's is
what a request takes longer with it than without, from the innermost outwards;
what is before and behind the pipeline (checks, the path, the result) is the rest.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from adapter import conversation
from material import ACTIVITY
from ours import LIMITS, connector_at
from timing import job, microseconds, tell

from connector_async import Activity, from_json, from_plain, to_json
from connector_async._clock import SystemClock
from connector_async._lines import Lines
from connector_async._pipeline import Limiter, Policies, Response, RetryPolicy, build
from connector_async._pipeline.authorize import authorize
from connector_async._pipeline.check import check
from connector_async._pipeline.deadline import InFlight, deadline
from connector_async._pipeline.lane import lane
from connector_async._pipeline.limit import limit
from connector_async._pipeline.message import Handler, Request
from connector_async._pipeline.observe import observe
from connector_async._pipeline.redirect import redirect
from connector_async._pipeline.retry import retry
from connector_async._pipeline.send import send
from connector_async.limits import MemoryStore
from connector_async.limits.budget import RetryBudget
from connector_async.models import ResourceResponse

_ANSWER: Final = b'{"id":"1728640934763"}'
_CALLS: Final = 2_000
_ROUNDS: Final = 15
_CONVERSATIONS: Final = 100


async def null(request: Request) -> Response:
    """
    A transport that answers at once.
    """
    request.call.left = True
    return Response(status=201, headers={"content-type": "application/json"}, content=_ANSWER)


async def spent(call: Callable[[int], Awaitable[object]]) -> float:
    """
    Microseconds of CPU a call, one after the other.
    """
    begun = time.process_time()
    for number in range(_CALLS):
        await call(number % _CONVERSATIONS)
    return (time.process_time() - begun) / _CALLS * 1e6


def _fits(_request: Request, _ahead: int) -> None:
    pass


def growing(tokens: Any) -> dict[str, Handler]:
    """
    The pipeline with ever more of its steps, from the innermost outwards.
    """
    clock, chance, budget = SystemClock(), random.Random(0), RetryBudget()
    limiter = Limiter(MemoryStore(), clock=clock, app_id="app")
    steps: dict[str, Callable[[Handler], Handler]] = {
        "redirect": functools.partial(redirect, resolve=None),
        "limit": lambda below: limit(LIMITS, below, limiter=limiter),
        "check": check,
        "authorize": lambda below: authorize(tokens, below),
        "retry": lambda below: retry(
            RetryPolicy(),
            below,
            delivery="at_most_once",
            budgets=lambda _: budget,
            clock=clock,
            chance=chance,
        ),
        "lane": lambda below: lane(below, lines=Lines(), clock=clock, foresee=_fits),
        "deadline": functools.partial(deadline, in_flight=InFlight(), clock=clock),
        "observe": functools.partial(observe, clock=clock),
    }
    stacked = {"send": send(null, clock=clock)}
    for name, step in steps.items():
        stacked[name] = step(list(stacked.values())[-1])
    return stacked


async def main(url: str) -> dict[str, float]:
    activity = from_plain(Activity, ACTIVITY)
    ids = [conversation(number) for number in range(_CONVERSATIONS)]
    async with connector_at(url) as connector:
        options, shared = connector._options, connector._shared  # noqa: SLF001
        policies = Policies(retry=options.retry, delivery=options.delivery, limits=options.limits)
        seen: list[Request] = []

        def remember(request: Request) -> Awaitable[Response]:
            seen.append(request)
            return null(request)

        def over(exchange: Callable[[Request], Awaitable[Response]]) -> None:
            connector._handler = build(policies, shared, exchange)  # noqa: SLF001

        async def call(number: int) -> object:
            return await connector.send_to_conversation(ids[number], activity)

        over(remember)
        await spent(call)
        requests = seen[-_CONVERSATIONS:]
        over(null)
        ways = {
            name: lambda number, handler=handler: handler(requests[number])
            for name, handler in growing(shared.tokens).items()
        }
        ways["all"] = call
        rounds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(_ROUNDS):
            for name, way in ways.items():
                rounds[name].append(await spent(way))
    return {name: statistics.median(times) for name, times in rounds.items()}


told = job()
gc.freeze()
costs = asyncio.run(main(told["url"]))
message = from_plain(Activity, ACTIVITY)
encode, decode = microseconds(
    lambda: to_json(message), lambda: from_json(ResourceResponse, _ANSWER)
)
whole = costs.pop("all")
steps, below = {}, 0.0
for name, cost in costs.items():
    steps[name], below = cost - below, cost
tell(
    own=whole - encode - decode,
    whole=whole,
    encode=encode,
    decode=decode,
    **{f"step {name}": cost for name, cost in steps.items()},
)
