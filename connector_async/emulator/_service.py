"""
What becomes of each request, decided in one place and without waiting.

In this order: the route, the token, faults at the door, limits, the operation, faults on
the way back.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from email.utils import formatdate
from typing import Final

import attrs

from connector_async.emulator._bodies import channel_in, member_in, read_payload, tenant_in
from connector_async.emulator._faults import Faults
from connector_async.emulator._identity import Caller, Identity
from connector_async.emulator._limits import (
    Counter,
    Limiter,
    counters_of,
    nanoseconds,
    thread_root,
)
from connector_async.emulator._message import (
    UNAUTHORIZED,
    Arrival,
    Outcome,
    Reply,
    as_object,
    error_reply,
)
from connector_async.emulator._operations import Call, Effect, Operations
from connector_async.emulator._record import Received, Record
from connector_async.emulator._routes import Route, find_route
from connector_async.emulator._state import TENANT_ID, State

_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


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

    def answer(self, arrival: Arrival) -> Outcome:
        """
        Decide what becomes of a request; it has taken effect when this returns.
        """
        return self.identity.answer(arrival) or self._connect(arrival)

    def _connect(self, arrival: Arrival) -> Outcome:
        at = self.now()
        caller = self.identity.caller(arrival.headers.get("authorization"))
        route = find_route(arrival)
        if isinstance(route, Reply):
            return self._settled(None, caller, at, _Decision(outcome=Outcome(reply=route)))
        call = _call(arrival, route)
        return self._settled(call, caller, at, self._decide(call, caller, at))

    def _decide(self, call: Call, caller: Caller, at: float) -> _Decision:
        if self.require_token and not caller.is_valid:
            return _Decision(outcome=Outcome(reply=UNAUTHORIZED))
        fault = self.faults.take(call.operation, call.conversation_id, before_commit=True)
        if fault is not None:
            return _Decision(outcome=fault.outcome(None), fault=fault.kind)
        counters = self._counters(call, caller)
        wait = self.limiter.admit(counters, nanoseconds(at))
        if wait:
            outcome = Outcome(reply=_throttled(wait))
            return _Decision(outcome=outcome, throttled=True, counters=counters)
        return self._perform(call, counters)

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
        self, call: Call | None, caller: Caller, at: float, decision: _Decision
    ) -> Outcome:
        reply = decision.outcome.reply
        received = Received(
            number=self.record.next_number,
            time=at,
            operation=None if call is None else call.operation,
            conversation_id=None if call is None else call.conversation_id,
            token=caller.label,
            status=None if reply is None else reply.status,
            fault=decision.fault,
            throttled=decision.throttled,
            counters=decision.counters,
        )
        self.record.receive(received)
        if decision.effect is not None:
            self.record.commit(received, decision.effect)
        if reply is None:
            return decision.outcome
        return attrs.evolve(decision.outcome, reply=self._stamped(reply, received.number))

    def _stamped(self, reply: Reply, number: int) -> Reply:
        headers = {
            "Date": formatdate(self.wall(), usegmt=True),
            "X-Correlating-OperationId": f"00000000-0000-0000-0000-{number:012d}",
            "MS-CV": f"emulated.{number}",
        }
        return attrs.evolve(reply, headers={**headers, **reply.headers})

    def _counters(self, call: Call, caller: Caller) -> tuple[Counter, ...]:
        return counters_of(
            call.operation,
            app=caller.app_id,
            subject=_subject(call),
            tenant=self._tenant(call),
        )

    def _tenant(self, call: Call) -> str:
        conversation = self.state.find(call.conversation_id or "")
        if conversation is not None:
            return conversation.tenant_id
        return tenant_in(as_object(call.payload)) or call.tenant_id or TENANT_ID


def _call(arrival: Arrival, route: Route) -> Call:
    return Call(
        operation=route.operation,
        ids=route.ids,
        query=arrival.query,
        body=arrival.body,
        payload=read_payload(arrival.body),
        tenant_id=next(filter(_GUID.fullmatch, route.prefix), None),
    )


def _subject(call: Call) -> str:
    if call.conversation_id is not None:
        return thread_root(call.conversation_id)
    asked = as_object(call.payload)
    return channel_in(asked) or (member_in(asked) or {}).get("id", "")


def _throttled(wait: int) -> Reply:
    headers = {"Retry-After": str(math.ceil(wait / nanoseconds(1)))}
    return error_reply(429, "Throttled", "API calls quota exceeded.", headers)
