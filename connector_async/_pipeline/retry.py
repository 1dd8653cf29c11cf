"""
What is repeated, and when.

There is no idempotency key: a second POST is a second message. So an attempt
whose fate is unknown is repeated only where a second one does no harm, or
where the caller would rather have two than none. `POLICY` is the whole of it.

The first attempt costs nothing here: tenacity's machinery is built when an
attempt has failed, one for each call, since one that is shared mixes calls up.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal, cast

import attrs

from connector_async._checks import is_count, is_seconds_or_zero
from connector_async._clock import Clock
from connector_async._pipeline.message import (
    Call,
    Handler,
    Request,
    Response,
    is_fault,
    refuses_for_now,
)
from connector_async.errors import (
    ApiError,
    ConnectorError,
    DeliveryUnknownError,
    NotFoundError,
    TransportError,
)
from connector_async.limits.budget import RetryBudget

if TYPE_CHECKING:
    from tenacity import RetryCallState

Delivery = Literal["at_most_once", "at_least_once"]


class Action(Enum):
    """
    What is done after a failed attempt.
    """

    REPEAT = "repeated"
    WAIT = "repeated, after the wait"
    REPEAT_READ = (
        "a GET is repeated once; else raised, and the error says that it may have happened"
    )
    UNKNOWN = "raised as `DeliveryUnknownError`"
    TELL = "raised; it may have happened, and the error says so"
    RAISE = "raised"


@attrs.frozen
class Rule:
    """
    One row of the policy.

    Attributes:
        happened: What the attempt came to.
        harmless: What is done where a second one does no more than the first.
        message: What is done where a second one is a second message.
    """

    happened: str
    harmless: Action
    message: Action


NEVER_LEFT: Final = Rule(
    "It surely never left: DNS, refused, connect timeout, TLS hang, no free connection",
    Action.REPEAT,
    Action.REPEAT,
)
REFUSED: Final = Rule("Refused: 429, 412, 503 with Retry-After", Action.WAIT, Action.WAIT)
GATEWAY: Final = Rule("408, 502, 503 without Retry-After, 504", Action.REPEAT, Action.UNKNOWN)
LOST: Final = Rule(
    "Sent, and the answer lost (for a message, its head): read timeout, reset, cut or garbage",
    Action.REPEAT,
    Action.UNKNOWN,
)
FAULT: Final = Rule("500", Action.REPEAT_READ, Action.TELL)
ODD_FAULT: Final = Rule("Any other 5xx, but 501 and 505", Action.TELL, Action.TELL)
FINAL: Final = Rule("Any other answer", Action.RAISE, Action.RAISE)

POLICY: Final = (NEVER_LEFT, REFUSED, GATEWAY, LOST, FAULT, ODD_FAULT, FINAL)

_GATEWAY: Final = frozenset({408, 502, 503, 504})

# No cap is reached later, and no float is large enough for thousands.
_DOUBLINGS: Final = 64


def rule_for(error: ConnectorError) -> Rule:
    """
    Which row of the policy an attempt's failure falls under.
    """
    if isinstance(error, TransportError):
        return _transport_rule(error)
    if not isinstance(error, ApiError):
        return FINAL
    if refuses_for_now(error.status, error.retry_after):
        return REFUSED
    if error.status in _GATEWAY:
        return GATEWAY
    if error.status == 500:
        return FAULT
    return ODD_FAULT if is_fault(error.status) else FINAL


def _transport_rule(error: TransportError) -> Rule:
    if error.permanent:
        return FINAL
    return LOST if error.left else NEVER_LEFT


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """
    How often and how patiently a call is repeated.

    Attributes:
        attempts: All attempts together; 1 for no repeats.
        base: Seconds, the first wait after a fault at the most; it doubles.
        throttle_base: The same after a refusal that names no time.
        cap: Seconds, the longest such wait.
        max_wait: Seconds; where the service asks for longer, its refusal is raised.
    """

    attempts: int = attrs.field(default=4, validator=is_count)
    base: float = attrs.field(default=0.25, validator=is_seconds_or_zero)
    throttle_base: float = attrs.field(default=1.0, validator=is_seconds_or_zero)
    cap: float = attrs.field(default=8.0, validator=is_seconds_or_zero)
    max_wait: float = attrs.field(default=30.0, validator=is_seconds_or_zero)

    def wait(self, error: ConnectorError, attempt: int, chance: random.Random) -> float:
        """
        Seconds until the next attempt.

        What the service asks for is waited exactly, plus up to 10 per cent;
        else it is any time up to the base, doubled with each attempt.
        """
        asked = error.retry_after if isinstance(error, ApiError) else None
        if asked is not None:
            return asked * (1 + 0.1 * chance.random())
        base = self.throttle_base if rule_for(error) is REFUSED else self.base
        return min(self.cap, base * 2.0 ** min(attempt - 1, _DOUBLINGS)) * chance.random()


def retry(
    policy: RetryPolicy,
    next_: Handler,
    *,
    delivery: Delivery,
    budgets: Callable[[str], RetryBudget],
    clock: Clock,
    chance: random.Random,
) -> Handler:
    """
    Repeat what may be repeated, and say of the rest what is known.

    Args:
        policy: How often and how patiently.
        next_: The step below.
        delivery: Whether a message of unknown fate is repeated.
        budgets: The budget of a host.
        clock: The time.
        chance: What the jitter is drawn from.
    """

    async def handle(request: Request) -> Response:
        budget = budgets(request.host)
        try:
            response = await next_(request)
        except ConnectorError as error:
            response = await _Repeats(
                policy=policy,
                next_=next_,
                request=request,
                failure=error,
                delivery=delivery,
                budget=budget,
                clock=clock,
                chance=chance,
            ).run()
        budget.succeed()
        return response

    return handle


@attrs.define(kw_only=True, eq=False)
class _Repeats:
    """
    What follows a first attempt that failed.
    """

    policy: RetryPolicy
    next_: Handler
    request: Request
    failure: ConnectorError | None
    delivery: Delivery
    budget: RetryBudget
    clock: Clock
    chance: random.Random
    _read_again: bool = False

    async def run(self) -> Response:
        # Here, since most calls go well.
        from tenacity import AsyncRetrying, retry_if_exception  # noqa: PLC0415

        machine = AsyncRetrying(
            retry=retry_if_exception(self._may_repeat),
            wait=self._wait,
            stop=self._gives_up,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return await machine(self._attempt)
        except ConnectorError as error:
            if _deleted_before(error, self.request):
                return Response(status=204)
            final = _final(error, self.request, self.clock.monotonic())
            if final is error:
                raise
            final.outcome = error.outcome
            raise final from error

    async def _attempt(self) -> Response:
        if self.failure is not None:
            # The machinery's first attempt is the one that was made without it.
            failure, self.failure = self.failure, None
            raise failure
        self.request = attrs.evolve(self.request, attempt=self.request.attempt + 1)
        return await self.next_(self.request)

    def _may_repeat(self, error: BaseException) -> bool:
        if not isinstance(error, ConnectorError):
            return False
        rule = rule_for(error)
        match rule.harmless if self.request.repeatable else rule.message:
            case Action.REPEAT | Action.WAIT:
                return True
            case Action.UNKNOWN:
                return self.delivery == "at_least_once"
            case Action.REPEAT_READ:
                return self.request.operation.safe and not self._read_again
            case _:
                return False

    def _wait(self, state: RetryCallState) -> float:
        return self.policy.wait(_failure(state), self.request.attempt, self.chance)

    def _gives_up(self, state: RetryCallState) -> bool:
        error = _failure(state)
        if self.request.attempt >= self.policy.attempts:
            return True
        error.outcome = self._reason_to_give_up(error, state.upcoming_sleep)
        if error.outcome is not None:
            return True
        self._read_again = self._read_again or rule_for(error) is FAULT
        self.request.call.in_doubt |= error.may_have_happened
        return False

    def _reason_to_give_up(self, error: ConnectorError, wait: float) -> str | None:
        now = self.clock.monotonic()
        late = _out_of_time(error, wait, self.request.call, now, self.policy.max_wait)
        if late is not None:
            return f"not repeated, {late}"
        cost = RetryBudget.THROTTLE if rule_for(error) is REFUSED else RetryBudget.FAULT
        if not self.budget.spend(cost, now):
            return f"not repeated, too many calls to {self.request.host} fail at present"
        return None

    async def _sleep(self, seconds: float) -> None:
        await self.clock.sleep(seconds)
        self.request.call.waited("retry", seconds)


def _out_of_time(
    error: ConnectorError, wait: float, call: Call, now: float, max_wait: float
) -> str | None:
    asked = error.retry_after if isinstance(error, ApiError) else None
    too_long = asked is not None and asked > max_wait
    if call.deadline is None:
        left, rest = math.inf, ""
    else:
        left = max(0.0, call.deadline - now)
        rest = f" and {left:.1f} s were left of {call.deadline - call.started:.1f} s"
    if asked is not None and (asked >= left or too_long):
        most = f", at most {max_wait:.1f} s are waited" if asked < left else ""
        return f"the service asked for {asked:.1f} s{most}{rest}"
    return f"the wait would be {wait:.1f} s{rest}" if wait >= left else None


def _failure(state: RetryCallState) -> ConnectorError:
    # What `_may_repeat` let through, and so nothing else.
    return cast("ConnectorError", state.outcome and state.outcome.exception())


def _deleted_before(error: ConnectorError, request: Request) -> bool:
    # The attempt whose answer was lost has done it.
    return (
        isinstance(error, NotFoundError)
        and request.operation.method == "DELETE"
        and request.call.in_doubt
    )


def _final(error: ConnectorError, request: Request, now: float) -> ConnectorError:
    """
    What the caller is told, seeing all attempts and not only the last.
    """
    call = request.call
    if call.operation.safe:
        return error
    status = error.status if isinstance(error, ApiError) else None
    if _is_lost(error):
        seen = "the answer was lost" if status is None else f"a gateway answered {status}"
        return _unknown(seen, status, call, now)
    if call.in_doubt and (isinstance(error, TransportError) or not request.repeatable):
        return _unknown("an earlier attempt's answer was lost", status, call, now)
    error.may_have_happened |= call.in_doubt
    return error


def _is_lost(error: ConnectorError) -> bool:
    # What would fail alike at another attempt may have left all the same.
    left = isinstance(error, TransportError) and error.left
    return left or rule_for(error) is GATEWAY


def _unknown(seen: str, status: int | None, call: Call, now: float) -> DeliveryUnknownError:
    return DeliveryUnknownError(
        f"{seen}: it may have arrived. Look before sending it again, or accept a double with "
        'with_options(delivery="at_least_once").',
        status=status,
        elapsed=now - call.started,
        operation=call.operation.id,
        attempts=call.attempts,
    )
