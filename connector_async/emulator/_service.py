"""
What becomes of each request, decided in one place and without waiting.

In this order: faults before the body is read, the identity endpoints, the route, the token,
faults before the commit, two writers at once, limits, the operation, faults on the way back.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Final

import attrs

from connector_async.emulator._calls.bodies import (
    GUID,
    channel_in,
    member_in,
    read_payload,
    tenant_in,
)
from connector_async.emulator._calls.call import Call, Effect
from connector_async.emulator._calls.message import (
    UNAUTHORIZED,
    Arrival,
    Outcome,
    Reply,
    as_object,
    error_reply,
)
from connector_async.emulator._calls.routes import Route, find_route
from connector_async.emulator._channel.limits import (
    Counter,
    Limiter,
    counters_of,
    nanoseconds,
    thread_root,
)
from connector_async.emulator._channel.writers import Writers
from connector_async.emulator._faults.faults import Faults
from connector_async.emulator._identity.identity import Identity
from connector_async.emulator._identity.tokens import Caller
from connector_async.emulator._operations.operations import Operations
from connector_async.emulator._record.exchange import Received
from connector_async.emulator._record.record import Record
from connector_async.emulator._state.state import TENANT_ID, State


@attrs.frozen(kw_only=True)
class _Decision:
    outcome: Outcome
    fault: str | None = None
    throttled: bool = False
    counters: tuple[Counter, ...] = ()
    effect: Effect | None = None


@attrs.define(kw_only=True)
class Service:
    """
    The Connector and its identity endpoints.
    """

    state: State
    operations: Operations
    identity: Identity
    record: Record
    faults: Faults
    limiter: Limiter
    require_token: bool
    now: Callable[[], float]
    wall: Callable[[], float]
    is_pretty: bool = False
    writers: Writers = attrs.field(factory=Writers)

    def answer(self, arrival: Arrival) -> Outcome:
        """
        Decide what becomes of a request; it has taken effect when this returns.
        """
        return self.identity.answer(arrival) or self._connect(arrival)

    def at_the_door(self, arrival: Arrival) -> Outcome | None:
        """
        Decide on a request whose body has not been read; None lets it in.
        """
        if not self.faults.is_any_at_the_door:
            return None
        route = find_route(arrival)
        if isinstance(route, Reply):
            return None
        call = _call(arrival, route)
        fault = self.faults.take(
            call.operation, call.conversation_id, before_commit=True, at_the_door=True
        )
        if fault is None:
            return None
        caller = self.identity.caller(arrival.headers.get("authorization"))
        decision = _Decision(outcome=fault.outcome(None), fault=fault.kind)
        return self._settled(call, caller, self.now(), decision, arrival)

    def _connect(self, arrival: Arrival) -> Outcome:
        at = self.now()
        caller = self.identity.caller(arrival.headers.get("authorization"))
        route = find_route(arrival)
        if isinstance(route, Reply):
            is_unknown = route.status == HTTPStatus.NOT_FOUND
            reply = self.operations.profile.no_route if is_unknown else route
            decision = _Decision(outcome=Outcome(reply=reply))
            return self._settled(None, caller, at, decision, arrival)
        call = _call(arrival, route, caller.app_id if caller.is_valid else None)
        return self._settled(call, caller, at, self._decide(call, caller, at), arrival)

    def _decide(self, call: Call, caller: Caller, at: float) -> _Decision:
        if self.require_token and not caller.is_valid:
            return _Decision(outcome=Outcome(reply=UNAUTHORIZED))
        fault = self.faults.take(call.operation, call.conversation_id, before_commit=True)
        if fault is not None:
            return _Decision(outcome=fault.outcome(None), fault=fault.kind)
        if self.writers.is_busy(call, at):
            return _Decision(outcome=Outcome(reply=_OVERLAPPING))
        weight = self.operations.weight(call)
        counters = self._counters(call, caller)
        wait = self.limiter.admit(counters, nanoseconds(at), weight)
        counted = counters * weight
        if wait:
            outcome = Outcome(reply=self._throttled(wait))
            return _Decision(outcome=outcome, throttled=True, counters=counted)
        decision = self._perform(call, counted)
        outcome = self.writers.entered(call, decision.outcome, at)
        return decision if outcome is decision.outcome else attrs.evolve(decision, outcome=outcome)

    def _perform(self, call: Call, counters: tuple[Counter, ...]) -> _Decision:
        result = self.operations.perform(call)
        done = _Decision(
            outcome=Outcome(reply=result.reply), counters=counters, effect=result.effect
        )
        fault = self.faults.take(call.operation, call.conversation_id, before_commit=False)
        if fault is None:
            return done
        return attrs.evolve(done, outcome=fault.outcome(result.reply), fault=fault.kind)

    def _settled(
        self,
        call: Call | None,
        caller: Caller,
        at: float,
        decision: _Decision,
        arrival: Arrival,
    ) -> Outcome:
        number = self.record.next_number
        wall = self.wall()
        reply = decision.outcome.reply
        if reply is not None:
            reply = self._stamped(reply, number, wall)
        received = Received(
            number=number,
            time=at,
            operation=None if call is None else call.operation,
            conversation_id=None if call is None else call.conversation_id,
            token=caller.label,
            status=None if reply is None else reply.status,
            fault=decision.fault,
            throttled=decision.throttled,
            counters=decision.counters,
        )
        self.record.write(
            received,
            wall=wall,
            arrival=arrival,
            reply=reply,
            effect=decision.effect,
            activity_id=None if call is None else call.ids.get("activityId"),
        )
        if reply is None:
            return decision.outcome
        return attrs.evolve(decision.outcome, reply=reply)

    def _stamped(self, reply: Reply, number: int, wall: float) -> Reply:
        headers = {"Date": _date(int(wall))}
        for name, value in self.operations.profile.correlation.items():
            headers[name] = value.format(number)
        headers.update(reply.headers)
        body = _pretty(reply) if self.is_pretty else reply.body
        return Reply(status=reply.status, headers=headers, body=body)

    def _throttled(self, wait: int) -> Reply:
        headers: dict[str, str] = {}
        if self.limiter.limits.retry_after:
            headers["Retry-After"] = str(math.ceil(wait / nanoseconds(1)))
        return error_reply(429, "Throttled", "API calls quota exceeded.", headers)

    def _counters(self, call: Call, caller: Caller) -> tuple[Counter, ...]:
        return counters_of(
            call.operation,
            app=caller.app_id,
            subject=_subject(call),
            tenant=self._tenant(call),
            is_chunk=self.operations.is_chunk(call),
        )

    def _tenant(self, call: Call) -> str:
        conversation = self.state.find(call.conversation_id or "")
        if conversation is not None:
            return conversation.tenant_id
        return tenant_in(as_object(call.payload)) or call.tenant_id or TENANT_ID


def _call(arrival: Arrival, route: Route, app_id: str | None = None) -> Call:
    return Call(
        operation=route.operation,
        ids=route.ids,
        query=arrival.query,
        body=arrival.body,
        payload=read_payload(arrival.body),
        tenant_id=next(filter(GUID.fullmatch, route.prefix), None),
        app_id=app_id,
    )


def _subject(call: Call) -> str:
    if call.conversation_id is not None:
        return thread_root(call.conversation_id)
    asked = as_object(call.payload)
    return channel_in(asked) or (member_in(asked) or {}).get("id", "")


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _pretty(reply: Reply) -> bytes:
    if "json" not in reply.headers.get("Content-Type", ""):
        return reply.body
    try:
        value = json.loads(reply.body)
    # What is sent on purpose need not be what it says that it is.
    except ValueError:
        return reply.body
    return json.dumps(value, indent=2).replace("\n", "\r\n").encode()


_OVERLAPPING: Final = error_reply(
    412, "PreconditionFailed", "Precondition failed: another operation is going on there."
)
