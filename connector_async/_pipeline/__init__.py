"""
How a request travels: nine steps, composed here, each in the file named after it.

A step is a function that takes the next handler and returns a handler. It
imports `message`, the errors, the events, time, and the one thing that it
drives; never another step. From outside, this module is all there is, but for
the transport, which takes `message` by itself.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable

import attrs

from connector_async._clock import Clock
from connector_async._lines import Lines
from connector_async._pipeline.authorize import authorize
from connector_async._pipeline.check import check
from connector_async._pipeline.deadline import InFlight, deadline
from connector_async._pipeline.lane import lane
from connector_async._pipeline.limit import Limiter, limit, limits_for
from connector_async._pipeline.message import Call, Handler, Request, Response
from connector_async._pipeline.observe import announce, observe
from connector_async._pipeline.redirect import Resolve, redirect, resolve
from connector_async._pipeline.retry import Delivery, RetryPolicy, retry
from connector_async._pipeline.send import Exchange, send
from connector_async.auth.tokens import TokenProvider
from connector_async.limits import Limits
from connector_async.limits.budget import RetryBudget

__all__ = [
    "Call",
    "Delivery",
    "Exchange",
    "Handler",
    "InFlight",
    "Limiter",
    "Policies",
    "Request",
    "Response",
    "RetryPolicy",
    "Shared",
    "announce",
    "build",
    "resolve",
]


@attrs.frozen(kw_only=True)
class Policies:
    """
    What one client, or one of its siblings, was told.
    """

    retry: RetryPolicy
    delivery: Delivery
    limits: Limits


@attrs.frozen(kw_only=True, eq=False)
class Shared:
    """
    What a client and its siblings have in common.
    """

    clock: Clock
    chance: random.Random
    tokens: TokenProvider | None
    limiter: Limiter
    resolve: Resolve | None
    lanes: Lines = attrs.field(factory=Lines)
    in_flight: InFlight = attrs.field(factory=InFlight)
    budgets: dict[str, RetryBudget] = attrs.field(factory=dict[str, RetryBudget])

    def budget_of(self, host: str) -> RetryBudget:
        """
        The budget for repeats to a host.
        """
        budget = self.budgets.get(host)
        if budget is None:
            budget = self.budgets[host] = RetryBudget()
        return budget


def build(policies: Policies, shared: Shared, exchange: Exchange) -> Handler:
    """
    Compose the steps.
    """
    clock = shared.clock
    return _stacked(
        # It sees the whole of a call, waits included.
        lambda below: observe(below, clock=clock),
        # It holds for all below: waits, tokens and every attempt.
        lambda below: deadline(below, in_flight=shared.in_flight, clock=clock),
        # A call keeps its place while it is repeated, so that order holds.
        lambda below: lane(
            below,
            lines=shared.lanes,
            clock=clock,
            foresee=_foresee(policies.limits, shared.limiter),
        ),
        # Each attempt has a token, a check and a turn of its own.
        lambda below: retry(
            policies.retry,
            below,
            delivery=policies.delivery,
            budgets=shared.budget_of,
            clock=clock,
            chance=shared.chance,
        ),
        # Before the turn: behind a slow token fetch no crowd must gather.
        # Above the check: it is the 401 that it answers.
        lambda below: authorize(shared.tokens, below),
        # Above it there are no statuses.
        check,
        # It counts what goes on the wire, a 401's replay too.
        lambda below: limit(
            policies.limits,
            below,
            limiter=shared.limiter,
            waiting=lambda request: _in_lane(shared.lanes, request),
        ),
        # Where an attachment's content lies, the service's limits do not hold.
        lambda below: redirect(below, resolve=shared.resolve),
        innermost=send(exchange, clock=clock),
    )


def _stacked(*steps: Callable[[Handler], Handler], innermost: Handler) -> Handler:
    return functools.reduce(lambda below, step: step(below), reversed(steps), innermost)


def _in_lane(lanes: Lines, request: Request) -> int:
    return lanes.ahead(request.conversation or "") if request.operation.lane else 1


def _foresee(limits: Limits, limiter: Limiter) -> Callable[[Request, int], None]:
    def look(request: Request, ahead: int) -> None:
        limiter.foresee(limiter.claims(limits_for(limits, request), request), request.call, ahead)

    return look
