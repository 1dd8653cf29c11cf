"""
Calls that come, wait, are refused and are cancelled in any order, through a whole client.
"""

import asyncio
import itertools
import random
from collections import defaultdict

import attrs
import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_async import ConnectorClient
from connector_async.errors import ThrottledError
from connector_async.limits import Limits, windows
from connector_async.limits.quota import SECOND
from connector_async.models import Model
from connector_async.testing import VirtualClock, run_virtual

from .windows import seconds, violations

CONVERSATION = ((2, 1), (3, 4), (6, 20))
TENANT = ((4, 1),)
LIMITS = Limits(
    send=windows(*CONVERSATION), members=windows(*CONVERSATION), tenant=windows(*TENANT)
)


@attrs.frozen
class Plan:
    """
    One call: when it comes, what it is, and when it is cancelled; None for never.
    """

    at: float
    conversation: int
    reads: bool
    cancelled_after: float | None


plans = st.lists(
    st.builds(
        Plan,
        at=st.integers(0, 6) | st.floats(0, 6),
        conversation=st.integers(0, 2),
        reads=st.booleans(),
        cancelled_after=st.none() | st.none() | st.just(0.0) | st.floats(0, 15),
    ),
    min_size=1,
    max_size=40,
)


class Service(httpx.AsyncBaseTransport):
    """
    Takes its time, refuses now and then, and notes what came.
    """

    def __init__(self, refusals):
        self.refusals = list(refusals)
        self.arrived = defaultdict(list)
        self.refused = []

    async def handle_async_request(self, request):
        conversation = request.url.raw_path.split(b"/")[4]
        now = round(asyncio.get_running_loop().time() * SECOND)
        self.arrived[conversation, request.method].append(now)
        retry_after = self.refusals.pop(0) if self.refusals else None
        await asyncio.sleep(0 if request.method == "GET" else 0.3)
        if retry_after is None:
            return httpx.Response(201, json={})
        answered = round(asyncio.get_running_loop().time() * SECOND)
        self.refused.append((conversation, answered, answered + retry_after * SECOND))
        return httpx.Response(429, headers={"retry-after": str(retry_after)})


def carry_out(calls, service):
    """
    Make the calls; their outcomes, and how many waiters are left of them.
    """

    async def make(connector, plan):
        await asyncio.sleep(plan.at)
        conversation = f"c{plan.conversation}"
        if plan.reads:
            return await connector.get_conversation_member(conversation, "29:1")
        return await connector.send_to_conversation(conversation, {"type": "message"})

    async def main():
        async with ConnectorClient(
            None,
            service_url="https://smba.trafficmanager.net/teams",
            transport=service,
            clock=VirtualClock(),
            chance=random.Random(7),
            limits=LIMITS,
            deadline=None,
        ) as connector:
            tasks = [asyncio.create_task(make(connector, plan)) for plan in calls]
            for plan, task in zip(calls, tasks, strict=True):
                if plan.cancelled_after is not None:
                    when = plan.at + plan.cancelled_after
                    asyncio.get_running_loop().call_later(when, task.cancel)
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            shared = connector._shared
            lines = shared.lanes, shared.limiter._conversations, shared.limiter._tenants
            return outcomes, sum(map(len, lines))

    return run_virtual(main())


@settings(max_examples=120, deadline=None)
@given(calls=plans, refusals=st.lists(st.none() | st.integers(0, 9), max_size=20))
def test_any_schedule(calls, refusals):
    """
    No window is exceeded, a refusal is obeyed, all end who were not cancelled, and none is left.
    """
    service = Service(refusals)

    outcomes, left = carry_out(calls, service)

    ended = [
        outcome
        for plan, outcome in zip(calls, outcomes, strict=True)
        if plan.cancelled_after is None
    ]
    arrived = list(service.arrived.values())
    together = sorted(itertools.chain(*arrived))
    assert 0 == left
    assert all(isinstance(outcome, Model | ThrottledError) for outcome in ended)
    assert [[]] * len(arrived) == [violations(times, seconds(*CONVERSATION)) for times in arrived]
    assert [] == violations(together, seconds(*TENANT))
    assert [] == [
        time
        for conversation, since, until in service.refused
        for method in ("GET", "POST")
        for time in service.arrived[conversation, method]
        if since < time < until
    ]
