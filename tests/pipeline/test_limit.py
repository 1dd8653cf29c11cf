"""
How a call waits for its turn; the arithmetic of the limits has tests of its own.
"""

import asyncio
from contextlib import suppress

import pytest

from connector_async import _operations as op
from connector_async import events
from connector_async._pipeline.limit import Limiter, limit, limits_for
from connector_async.errors import ConnectorError, LimitError, TransportError
from connector_async.limits import Limits, MemoryStore, windows
from connector_async.testing import VirtualClock, run_virtual
from tests.pipeline.script import Wire, a_call, a_request, accepted, answer, lost, never_left

READ = op.GET_CONVERSATION_PAGED_MEMBERS
SEND = op.SEND_TO_CONVERSATION

ONE_IN_TEN = Limits(
    **dict.fromkeys(["send", "create", "members", "conversations"], windows((1, 10))),
    unpaged_members=(),
    tenant=(),
)
NO_TENANT = Limits(tenant=())
# One per cent more, for the time on the way.
TEN = 10.1


class Service:
    """
    A handler that takes so long, answers by conversation, and knows when each request came.
    """

    def __init__(self, seconds=0.0, **answers):
        self.seconds = seconds
        self.answers = answers
        self.came = []

    async def __call__(self, request):
        self.came.append((request.url, round(VirtualClock().monotonic(), 6)))
        outcome = self.answers.get(request.url, accepted())
        if isinstance(outcome, list):
            outcome = outcome.pop(0)

        async def late(_):
            await asyncio.sleep(self.seconds)
            return outcome(request) if callable(outcome) else outcome

        return await Wire(late)(request)

    def times(self, name=None):
        return [when for came, when in self.came if name in {None, came}]


def a_limiter(store=None, app_id="bot"):
    return Limiter(MemoryStore() if store is None else store, clock=VirtualClock(), app_id=app_id)


def a_limit(service, limits=ONE_IN_TEN, limiter=None):
    return limit(limits, service, limiter=a_limiter() if limiter is None else limiter)


def named(name, operation=READ, *, deadline=None, **facts):
    """
    A request of the conversation of this name, from time 0.
    """
    facts.setdefault("conversation", name)
    call = a_call(operation, deadline=None, notify=facts.pop("notify", lambda _: None))
    call.started, call.deadline = 0.0, deadline
    return a_request(operation, call=call, url=name, **facts)


def begin(handle, *requests):
    return [asyncio.create_task(handle(request)) for request in requests]


async def in_turn(handle, *requests):
    for request in requests:
        await handle(request)


def crowd(limits, requests, **service):
    """
    When each of these, called at once, came to the service.
    """

    async def main():
        there = Service(**service)
        await asyncio.gather(*begin(a_limit(there, limits), *requests))
        return there

    return run_virtual(main())


def test_keeps_all_windows():
    """
    Reads keep to 14 in a second and 16 in two, with a margin for the way.
    """
    service = crowd(NO_TENANT, [named("a") for _ in range(20)])

    assert [0.0] * 14 + [1.01] * 2 + [2.02] * 4 == service.times()


def test_keeps_the_windows_of_sends():
    """
    Sends that go one by one keep to 7 in a second and 8 in two, to the letter.
    """

    async def main():
        service = Service()
        await in_turn(a_limit(service, NO_TENANT), *[named("a", SEND)] * 16)
        return service.times()

    assert [0.0] * 7 + [1.0] + [2.0] * 7 + [3.0] == run_virtual(main())


@pytest.mark.parametrize(
    "operation",
    [op.REPLY_TO_ACTIVITY, op.UPDATE_ACTIVITY, op.DELETE_ACTIVITY, op.SEND_CONVERSATION_HISTORY],
    ids=lambda operation: operation.id,
)
def test_writes_count_together(operation):
    """
    Sends, replies, updates and deletes of a conversation count together.
    """

    async def main():
        service = Service()
        await in_turn(a_limit(service), named("a", SEND), named("a", operation))
        return service.times()

    assert [0.0, 10.0] == run_virtual(main())


def test_reads_and_writes_count_apart():
    """
    Members calls, creates, lists and sends each have a log of their own.
    """
    rows = [SEND, READ, op.CREATE_CONVERSATION, op.GET_CONVERSATIONS]

    assert [0.0] * 4 == crowd(ONE_IN_TEN, [named("a", row) for row in rows]).times()


@pytest.mark.parametrize("operation", [op.UPLOAD_ATTACHMENT, op.GET_ATTACHMENT])
def test_the_rest_counts_for_the_tenant_only(operation):
    """
    What has no quota of its own is bound by the tenant's.
    """
    requests = [named("a", operation) for _ in range(60)]

    assert [0.0] * 50 + [1.01] * 10 == crowd(Limits(), requests).times()


def test_the_unpaged_members_call():
    """
    The unpaged members call keeps to its own limit, and counts as a members call, too.
    """
    unpaged = [named("a", op.GET_CONVERSATION_MEMBERS) for _ in range(6)]
    mixed = [*unpaged[:5], *(named("a") for _ in range(10))]

    assert [0.0] * 5 + [60.6] == crowd(NO_TENANT, unpaged).times()
    assert [0.0] * 14 + [1.01] == crowd(NO_TENANT, mixed).times()


def test_the_tenants_limit():
    """
    All conversations of a tenant together keep to 50 in a second; another tenant does not wait.
    """
    requests = [named(f"a{number}", tenant="t") for number in range(60)]
    other = [named("b", tenant="u")]

    service = crowd(Limits(), requests + other)

    assert [0.0] * 51 + [1.01] * 10 == service.times()
    assert [0.0] == service.times("b")


def test_apps_count_apart():
    """
    Two bots that share a store do not share its logs.
    """

    async def main():
        store, service = MemoryStore(), Service()
        for app in ("one", "other"):
            await a_limit(service, limiter=a_limiter(store, app))(named("a"))
        return service.times()

    assert [0.0, 0.0] == run_virtual(main())


def test_siblings_count_together():
    """
    Two steps that share a limiter count in the same logs, though their limits differ.
    """

    async def main():
        service, limiter = Service(), a_limiter()
        await a_limit(service, NO_TENANT, limiter)(named("a"))
        await a_limit(service, ONE_IN_TEN, limiter)(named("a"))
        return service.times()

    assert [0.0, TEN] == run_virtual(main())


@pytest.mark.parametrize(
    ("limits", "teams", "second"),
    [
        (Limits.teams(), True, 1.01),
        (Limits.teams(), False, 0.0),
        (Limits(), False, 1.01),
        (Limits.none(), True, 0.0),
    ],
)
def test_where_they_hold(limits, teams, second):
    """
    The published limits hold on Teams only, those that are asked for everywhere.
    """
    requests = [named("a", teams=teams) for _ in range(15)]

    assert second == crowd(limits, requests).times()[-1]
    assert (limits if second else Limits.none()) == limits_for(limits, requests[0])


def test_a_read_counts_from_its_start():
    """
    A call that may have company is entered when it begins, in windows that are a little longer.
    """
    assert [0.0, TEN] == crowd(ONE_IN_TEN, [named("a"), named("a")], seconds=3.0).times()


def test_a_send_counts_from_its_answer():
    """
    A call that is alone in its lane is entered when its answer came.
    """

    async def main():
        service = Service(3.0)
        await in_turn(a_limit(service), *[named("a", SEND)] * 3)
        return service.times()

    assert [0.0, 13.0, 26.0] == run_virtual(main())


@pytest.mark.parametrize(
    ("outcome", "second"), [(never_left, 0.0), (lost, 10.0), (answer(500), 10.0)]
)
def test_counts_what_left(outcome, second):
    """
    A send that never left is not entered; one whose answer was lost, or that failed, is.
    """

    async def main():
        service = Service(a=[outcome, accepted()])
        handle = a_limit(service)
        await asyncio.gather(handle(named("a", SEND)), return_exceptions=True)
        await handle(named("a", SEND))
        return service.times()

    assert [0.0, second] == run_virtual(main())


def test_counts_what_is_cancelled_on_the_wire():
    """
    A send that is cancelled on the wire may have arrived, so it counts from then.
    """

    async def main():
        service = Service(60.0)
        handle = a_limit(service)
        (call,) = begin(handle, named("a", SEND))
        await asyncio.sleep(5)
        call.cancel()
        await asyncio.wait([call])
        service.seconds = 0.0
        await handle(named("a", SEND))
        return service.times()

    assert [0.0, 15.0] == run_virtual(main())


@pytest.mark.parametrize("outcome", [accepted(), lost, never_left])
def test_nothing_is_left_of_a_turn(outcome):
    """
    When a request has ended, however it did, its call has no turn.
    """
    request = named("a")

    with suppress(TransportError):
        run_virtual(a_limit(Service(a=outcome))(request))

    assert request.call.turn is None


class Noted(MemoryStore):
    """
    A log that tells what was withdrawn, and may fail at it.
    """

    def __init__(self, **fails):
        super().__init__()
        self.withdrawn, self.fails = [], fails

    async def withdraw(self, claims, at):
        self.withdrawn.append((claims[-1].key, at))
        if "withdraw" in self.fails:
            raise ZeroDivisionError("no")
        await super().withdraw(claims, at)

    async def admit(self, claims, now):
        if self.withdrawn and "admit" in self.fails:
            raise ZeroDivisionError("no")
        return await super().admit(claims, now)


def held_up(store, limits=ONE_IN_TEN, *, count=1, by=0.006, **facts):
    """
    What renewing the last turn of so many said, when its request was held up on its way.
    """

    async def way(request):
        await asyncio.sleep(by)
        turn = request.call.turn
        said.append((turn.is_stale, turn.is_stale and await turn.renew(), turn.is_stale))
        return accepted()

    async def main():
        handle = a_limit(way, limits, limiter=a_limiter(store))
        await in_turn(handle, *(named("a", **facts) for _ in range(count)))
        return said[-1]

    said = []
    return run_virtual(main())


@pytest.mark.parametrize(
    ("by", "said"), [(0.005, (False, False, False)), (0.005000001, (True, True, False))]
)
def test_a_turn_holds_for_a_moment(by, said):
    """
    For five milliseconds it is as it was; then it is to be renewed, and holds as long again.
    """
    assert said == held_up(Noted(), by=by)


def test_a_turn_that_was_waited_for():
    """
    One that was waited for is taken back from the time at which it came.
    """
    store = Noted()

    assert (True, True, False) == held_up(store, count=2)
    assert round(10.106 * 10**9) == store.withdrawn[-1][1]


def test_a_turn_that_is_lost():
    """
    Where others took its place meanwhile, it holds no longer.
    """
    store = Noted(withdraw=True)

    assert (True, False, True) == held_up(store)


def test_a_log_that_takes_nothing_back():
    """
    It is told of, and the turn is looked for as any other is.
    """
    told = []

    held_up(Noted(withdraw=True), notify=told.append)

    (warned,) = [event for event in told if isinstance(event, events.Warned)]
    assert "the limit store failed: ZeroDivisionError: no" == warned.message


def test_a_log_that_fails_at_a_renewal():
    """
    Nothing is sent then, and the error says which call it was.
    """
    with pytest.raises(ConnectorError, match="not sent: the limit store failed") as failed:
        held_up(Noted(admit=True))

    assert "getConversationPagedMembers" == failed.value.operation


def test_errors_pass():
    """
    What happens below is raised as it is.
    """

    async def main():
        with pytest.raises(TransportError):
            await a_limit(Service(a=never_left))(named("a"))

    run_virtual(main())


def test_goes_in_call_order():
    """
    Who waits for one conversation goes in the order of the calls.
    """

    async def main():
        service = Service()
        requests = [named(str(number), conversation="a") for number in range(5)]
        await asyncio.gather(*begin(a_limit(service), *requests))
        return service.came

    assert [(str(number), round(number * TEN, 6)) for number in range(5)] == run_virtual(main())


@pytest.mark.parametrize(
    ("limits", "conversations"),
    [(ONE_IN_TEN, "aaa"), (Limits(tenant=windows((1, 10))), "abc")],
    ids=["conversation", "tenant"],
)
def test_nobody_overtakes(limits, conversations):
    """
    Who comes when others wait stands behind them, though it comes when a turn is free.
    """

    async def main():
        service = Service()
        handle = a_limit(service, limits)
        requests = [named(str(n), conversation=name) for n, name in enumerate(conversations)]
        calls = begin(handle, *requests[:2])
        # At that very moment, but before the one who waits wakes up.
        asyncio.get_running_loop().call_at(TEN, lambda: calls.extend(begin(handle, requests[2])))
        await asyncio.sleep(TEN + 1)
        await asyncio.gather(*calls)
        return service.came

    assert [("0", 0.0), ("1", TEN), ("2", 2 * TEN)] == run_virtual(main())


def test_a_throttled_conversation_holds_nobody_up():
    """
    A conversation that waits does not hold up one that is free.
    """

    async def main():
        service = Service()
        handle = a_limit(service)
        waiting = begin(handle, *(named("a") for _ in range(5)))
        await asyncio.sleep(1)
        await handle(named("b"))
        for call in waiting:
            call.cancel()
        return service.times("b")

    assert [1.0] == run_virtual(main())


def test_a_cancelled_waiter_costs_nothing():
    """
    The turn of who is cancelled goes to the next one, be it the head of the line.
    """

    async def main():
        service = Service()
        requests = [named(str(number), conversation="a") for number in range(4)]
        calls = begin(a_limit(service), *requests)
        await asyncio.sleep(5)
        calls[1].cancel()
        calls[2].cancel()
        await asyncio.wait(calls)
        return service.came, [call.cancelled() for call in calls]

    came, cancelled = run_virtual(main())

    assert [("0", 0.0), ("3", TEN)] == came
    assert [False, True, True, False] == cancelled


def test_a_waiter_for_the_tenant_that_is_cancelled():
    """
    The same where the tenant is what is waited for.
    """

    async def main():
        service = Service()
        calls = begin(
            a_limit(service, Limits(tenant=windows((1, 10)))), *map(named, ["0", "1", "2"])
        )
        await asyncio.sleep(5)
        calls[1].cancel()
        await asyncio.wait(calls)
        return service.came

    assert [("0", 0.0), ("2", TEN)] == run_virtual(main())


@pytest.mark.parametrize(("asked", "pause"), [(7.0, 7.0), (0.5, 0.5), (0.0, 0.0), (None, 1.0)])
def test_a_429_pauses(asked, pause):
    """
    After a 429 the conversation rests for as long as the service asks, or for a second.
    """

    async def main():
        service = Service(a=[answer(429, retry_after=asked), accepted()])
        handle = a_limit(service, Limits.none())
        refusal = await handle(named("a"))
        await handle(named("b"))
        await handle(named("a"))
        return refusal.status, service.times("a"), service.times("b")

    assert (429, [0.0, pause], [0.0]) == run_virtual(main())


def test_the_longest_pause():
    """
    A pause lasts an hour at the most, whatever the service asks.
    """

    async def main():
        service = Service(a=[answer(429, retry_after=1e18), accepted()])
        await in_turn(a_limit(service, Limits.none()), named("a"), named("a"))
        return service.times()

    assert [0.0, 3600.0] == run_virtual(main())


@pytest.mark.parametrize("status", [412, 503])
def test_other_refusals_do_not_pause(status):
    """
    Only a 429 speaks of the limits.
    """

    async def main():
        service = Service(a=[answer(status, retry_after=7.0), accepted()])
        await in_turn(a_limit(service, Limits.none()), named("a"), named("a"))
        return service.times()

    assert [0.0, 0.0] == run_virtual(main())


def test_a_pause_that_is_prolonged():
    """
    Who waits for the end of a pause sees that it has become longer.
    """

    async def main():
        service = Service(a=[answer(429, retry_after=5.0), accepted()])
        limiter = a_limiter()
        handle = a_limit(service, Limits.none(), limiter)
        await handle(named("a"))
        (call,) = begin(handle, named("a"))
        await asyncio.sleep(2)
        await limiter.refused(limiter.claims(Limits.none(), named("a")), 18.0)
        await call
        return service.times()

    assert [0.0, 20.0] == run_virtual(main())


def refusals(*when, conversations=None, wait=60.0):
    """
    When a free conversation goes, after these were refused, each at its time.
    """

    async def main():
        limiter, service = a_limiter(), Service()
        names = [f"a{number}" for number in range(len(when))]
        for name, at in zip(conversations or names, when, strict=True):
            await asyncio.sleep(at - VirtualClock().monotonic())
            claims = limiter.claims(Limits.none(), named(name, tenant="t"))
            await limiter.refused(claims, wait)
        handle = a_limit(service, Limits.none(), limiter)
        await asyncio.gather(handle(named("free", tenant="t")), handle(named("u", tenant="u")))
        return service.times("free"), service.times("u")

    return run_virtual(main())


def test_three_conversations_pause_the_tenant():
    """
    Three conversations refused within a second mean the tenant; another tenant goes on.
    """
    assert ([60.875], [0.875]) == refusals(0.0, 0.5, 0.875)


def test_two_conversations_do_not():
    """
    Two are no more than two.
    """
    assert ([0.5], [0.5]) == refusals(0.0, 0.5)


def test_three_conversations_in_more_than_a_second():
    """
    Nor are three, where the first was refused a second before.
    """
    assert ([1.0], [1.0]) == refusals(0.0, 0.5, 1.0)


def test_one_conversation_thrice():
    """
    Nor is one that is refused three times.
    """
    assert ([0.2], [0.2]) == refusals(0.0, 0.1, 0.2, conversations=["a", "a", "a"])


def test_the_tenant_rests_for_the_longest():
    """
    The tenant rests until the last of the three may go.
    """

    async def main():
        limiter, service = a_limiter(), Service()
        for name, wait in [("a", 5.0), ("b", 20.0), ("c", 10.0)]:
            await limiter.refused(limiter.claims(Limits.none(), named(name)), wait)
        await a_limit(service, Limits.none(), limiter)(named("free"))
        return service.times()

    assert [20.0] == run_virtual(main())


def test_the_tenants_quota_shrinks():
    """
    Where it is the tenant that is throttled, all of its conversations together are allowed less.
    """
    limits = Limits(tenant=windows((10, 1)))

    async def main():
        limiter, service = a_limiter(), Service()
        for name in "abc":
            await limiter.refused(limiter.claims(limits, named(name)), 0.0)
        requests = [named(f"d{number}") for number in range(11)]
        await asyncio.gather(*begin(a_limit(service, limits, limiter), *requests))
        return service.times().count(0.0)

    assert 7 == run_virtual(main())


def test_the_oldest_refusals_are_forgotten():
    """
    Of too many tenants the one goes whose last refusal is the oldest.
    """

    async def main():
        limiter = a_limiter()
        for tenant in (*range(10_000), 0, 10_000):
            claims = limiter.claims(Limits.none(), named("a", tenant=str(tenant)))
            await limiter.refused(claims, 0.0)
        return [key for key in ("0", "1", "2", "10000") if f"tenant bot {key}" in limiter._refusals]

    assert ["0", "2", "10000"] == run_virtual(main())


def test_refusals_are_forgotten():
    """
    Of tenants long ago nothing is kept.
    """

    async def main():
        limiter = a_limiter()
        for number in range(10_050):
            claims = limiter.claims(Limits.none(), named("a", tenant=str(number)))
            await limiter.refused(claims, 0.0)
        return len(limiter._refusals)

    assert 10_000 == run_virtual(main())


def test_a_429_shrinks_the_quota():
    """
    Where the service refused what the windows allowed, less is allowed, and later all again.
    """
    limits = Limits(members=windows((10, 1)), tenant=())

    async def main():
        service = Service(a=[answer(429, retry_after=0.0), *[accepted()] * 100])
        handle = a_limit(service, limits)
        await handle(named("a"))
        at_once = []
        for start in (2.0, 10.0, 31.0):
            await asyncio.sleep(start - VirtualClock().monotonic())
            await asyncio.gather(*begin(handle, *(named("a") for _ in range(11))))
            at_once.append(service.times().count(start))
        return at_once

    # 1 - 0.3 * (28 / 30)**3, and so on.
    assert [7, 9, 10] == run_virtual(main())


def test_it_shrinks_again():
    """
    Each further refusal takes its part of what is allowed by then; those at once count as one.
    """
    limits = Limits(members=windows((100, 1)), tenant=())

    async def main():
        limiter, service = a_limiter(), Service()
        for start in (0.0, 0.0, 5.0):
            await asyncio.sleep(start - VirtualClock().monotonic())
            await limiter.refused(limiter.claims(limits, named("a")), 0.0)
        await asyncio.gather(
            *begin(a_limit(service, limits, limiter), *(named("a") for _ in range(80)))
        )
        return service.times().count(5.0)

    # 0.7 of what has grown back to 0.826.
    assert 57 == run_virtual(main())


def refused_at_once(limits, *requests, service=None):
    """
    What came of these calls, and how many had come back before any time passed.
    """

    async def main():
        there = Service() if service is None else service
        calls = begin(a_limit(there, limits), *requests)
        for _ in range(3):
            await asyncio.sleep(0)
        early = [call for call in calls if call.done() and call.exception() is not None]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        return outcomes, len(early), there

    return run_virtual(main())


def test_a_turn_after_the_deadline():
    """
    Whose turn would come too late is refused at once, with the numbers, and is not sent.
    """
    limits = Limits(members=windows((1, 100)), tenant=())

    outcomes, early, service = refused_at_once(limits, named("a"), named("a", deadline=30.0))

    error = outcomes[1]
    assert LimitError is type(error)
    assert (101.0, 30.0) == (error.wait, error.left)
    assert 1 == early == len(service.came)
    assert not error.may_have_happened
    assert (
        "getConversationPagedMembers: not sent: under the limits its turn would come in 101.0 s, "
        "and 30.0 s are left. Send less often, or allow more with with_options(deadline=...)."
    ) == str(error)


def test_those_ahead_count():
    """
    What is foreseen takes those into account who wait already.
    """
    requests = [named("a", deadline=25.0) for _ in range(5)]

    outcomes, early, service = refused_at_once(ONE_IN_TEN, *requests)

    assert [0.0, TEN, 2 * TEN] == service.times()
    assert [LimitError] * 2 == [type(outcome) for outcome in outcomes[3:]]
    assert 2 == early


def test_the_tenants_turn_after_the_deadline():
    """
    A turn that the tenant's limit puts too late is refused, too.
    """
    requests = [named(f"a{number}", deadline=5.0) for number in range(2)]

    outcomes, early, _ = refused_at_once(Limits(tenant=windows((1, 10))), *requests)

    assert LimitError is type(outcomes[1])
    assert 1 == early


def test_a_turn_on_the_deadline():
    """
    A turn that comes just in time is waited for.
    """
    outcomes, _, service = refused_at_once(
        ONE_IN_TEN, named("a"), named("a", deadline=TEN), service=Service()
    )

    assert [201, 201] == [outcome.status for outcome in outcomes]
    assert [0.0, TEN] == service.times()


def test_without_a_deadline():
    """
    Who has no deadline waits however long it takes.
    """
    limits = Limits(members=windows((1, 3600)), tenant=())

    outcomes, early, service = refused_at_once(limits, named("a"), named("a"))

    assert 201 == outcomes[1].status
    assert 0 == early
    assert [0.0, 3636.0] == service.times()


def test_a_pause_while_waiting():
    """
    Who waits, and sees its turn put off beyond the deadline, is refused then, and not later.
    """

    async def main():
        limiter = a_limiter()
        handle = a_limit(Service(), ONE_IN_TEN, limiter)
        await handle(named("a"))
        (call,) = begin(handle, named("a", deadline=30.0))
        await asyncio.sleep(5)
        await limiter.refused(limiter.claims(ONE_IN_TEN, named("a")), 60.0)
        await asyncio.wait([call])
        return call.exception(), VirtualClock().monotonic()

    error, when = run_virtual(main())

    assert LimitError is type(error)
    assert TEN == pytest.approx(when)
    assert (54.9, 19.9) == pytest.approx((error.wait, error.left))


def test_what_the_refusal_knows():
    """
    The error of a turn that is too late has the numbers of its call.
    """

    async def main():
        limiter, request = a_limiter(), named("a", SEND, deadline=0.5)
        request.call.attempts = 2
        with pytest.raises(LimitError) as refused:
            limiter.foresee(limiter.claims(ONE_IN_TEN, request), request.call, 1)
        return refused.value

    error = run_virtual(main())

    assert ("sendToConversation", 2) == (error.operation, error.attempts)
    assert (10.0, 0.5) == (error.wait, error.left)


ONE_FOR_THE_TENANT = Limits(tenant=windows((1, 10)))


def test_those_ahead_in_the_tenants_line_count():
    """
    What is foreseen takes those into account who stand for the tenant already.
    """
    crowd = [named(f"a{number}") for number in range(4)]

    outcomes, early, service = refused_at_once(ONE_FOR_THE_TENANT, *crowd, named("d", deadline=35))

    assert 1 == early
    assert pytest.approx(4 * TEN) == outcomes[-1].wait
    assert 4 == len(service.came)


def test_those_behind_in_the_tenants_line_do_not_count():
    """
    Who has more to send than those who wait is foreseen to go before them, and does.
    """

    async def main():
        service = Service()
        handle = limit(
            ONE_FOR_THE_TENANT,
            service,
            limiter=a_limiter(),
            waiting=lambda request: 5 if request.url == "d" else 1,
        )
        crowd = [named(f"a{number}") for number in range(4)]
        await asyncio.gather(*begin(handle, *crowd, named("d", deadline=25.0)))
        return service.times("d")

    assert [2 * TEN] == run_virtual(main())


def test_foresees_no_line_without_a_rank():
    """
    Who is still in its lane, and has no rank, is refused for the tenant's log only.
    """

    async def main():
        limiter, request = a_limiter(), named("d", SEND, deadline=15.0)
        calls = begin(a_limit(Service(), ONE_FOR_THE_TENANT, limiter), *map(named, "abc"))
        await asyncio.sleep(0)
        limiter.foresee(limiter.claims(ONE_FOR_THE_TENANT, request), request.call, 0)
        await asyncio.gather(*calls)

    run_virtual(main())


def test_the_longest_line_goes_first():
    """
    Where there are no lanes, the conversation with the most calls in its line goes first.
    """

    async def main():
        service = Service()
        requests = [named(name, conversation=name[0]) for name in ("g", "h", "x", "y1", "y2")]
        await asyncio.gather(*begin(a_limit(service, ONE_FOR_THE_TENANT), *requests))
        return [name for name, _ in service.came]

    assert ["g", "h", "y1", "x", "y2"] == run_virtual(main())


def test_a_sibling_without_the_tenants_limit():
    """
    Who keeps to no limit of the tenant does not stand in its line, though it had to wait.
    """

    async def main():
        service, limiter = Service(), a_limiter()
        crowd = begin(a_limit(service, ONE_FOR_THE_TENANT, limiter), *map(named, "vwxyz"))
        await asyncio.sleep(0)
        handle = a_limit(service, ONE_IN_TEN, limiter)
        await asyncio.gather(*begin(handle, named("b"), named("b")), *crowd)
        return service.times("b")

    assert [0.0, TEN] == run_virtual(main())


def test_the_longest_lane_goes_first():
    """
    Of those who wait for the tenant the one goes first in whose lane the most wait.
    """
    waiting = {"gone": 1, "head": 1, "short": 2, "long": 5}

    async def main():
        service = Service()
        handle = limit(
            Limits(tenant=windows((1, 10))),
            service,
            limiter=a_limiter(),
            waiting=lambda request: waiting[request.url],
        )
        await asyncio.gather(*begin(handle, *map(named, waiting)))
        return service.came

    assert ["gone", "head", "long", "short"] == [name for name, _ in run_virtual(main())]


def test_throttled_while_it_waits_for_the_tenant():
    """
    Who stands for the tenant, and whose conversation is throttled meanwhile, steps aside.
    """

    async def main():
        service = Service(5.0, a1=answer(429, retry_after=60.0))
        handle = a_limit(service, Limits(tenant=windows((1, 10))))
        requests = [named("a1", conversation="a"), named("a2", conversation="a"), named("b")]
        await asyncio.gather(*begin(handle, *requests))
        return service.came

    assert [("a1", 0.0), ("b", TEN), ("a2", 65.0)] == run_virtual(main())


def test_tells_of_the_wait():
    """
    Who waited is told how long; who did not is told nothing.
    """

    async def main():
        told = []
        await asyncio.sleep(5)
        requests = [named("a", notify=told.append) for _ in range(2)]
        await asyncio.gather(*begin(a_limit(Service()), *requests))
        return told, requests[1].call.number

    told, number = run_virtual(main())

    assert [
        events.Waited(
            call=number,
            operation="getConversationPagedMembers",
            reason="limit",
            seconds=TEN,
        )
    ] == told


def test_tells_of_no_wait():
    """
    Who finds its tenant's line empty has not waited.
    """
    told = []

    crowd(Limits(), [named("a", notify=told.append)])

    assert [] == told


def test_a_free_turn_does_not_suspend():
    """
    Who need not wait goes without giving way to other tasks.
    """

    async def main():
        limiter = a_limiter()
        request = named("a")
        turn = limiter.take_turn(limiter.claims(ONE_IN_TEN, request), request.call, lambda: 1)
        with pytest.raises(StopIteration):
            turn.send(None)

    run_virtual(main())


def test_foresees_nothing_without_a_deadline():
    """
    Who has time is not refused, whoever is ahead.
    """

    async def main():
        limiter, request = a_limiter(), named("a", SEND)
        limiter.foresee(limiter.claims(ONE_IN_TEN, request), request.call, 1000)

    run_virtual(main())


@pytest.mark.parametrize(("ahead", "refused"), [(1, False), (2, False), (3, True)])
def test_foresees(ahead, refused):
    """
    So many ahead, at one in ten seconds, come after 25 s or they do not.
    """

    async def main():
        limiter, request = a_limiter(), named("a", SEND, deadline=25.0)
        try:
            limiter.foresee(limiter.claims(ONE_IN_TEN, request), request.call, ahead)
        except LimitError:
            return True
        return False

    assert refused is run_virtual(main())


def test_whose_log():
    """
    A log is kept by quota, app and conversation, and the tenant's by app and tenant.

    A pause is kept by app and conversation, whatever the quota.
    """

    async def main():
        return a_limiter().claims(NO_TENANT, named("a", op.GET_CONVERSATION_MEMBERS, tenant="t"))

    claims = run_virtual(main())

    assert "conversation bot a" == claims.conversation.key
    assert ["members bot a", "unpaged_members bot a"] == [claim.key for claim in claims.quotas]
    assert "tenant bot t" == claims.tenant.key
    assert [*claims.own, claims.tenant] == list(claims.all)


def test_what_is_about_no_conversation():
    """
    What is about no conversation is paused by its quota.
    """

    async def main():
        request = named("a", op.GET_CONVERSATIONS, conversation=None)
        return a_limiter().claims(NO_TENANT, request)

    assert "conversation bot conversations" == run_virtual(main()).conversation.key


class BrokenStore(MemoryStore):
    """
    A store that cannot be reached for some of its work.
    """

    def __init__(self, *broken):
        super().__init__()
        for name in broken:
            setattr(self, name, self._fail)

    async def _fail(self, *_):
        raise TimeoutError("no route to the store")


def test_a_store_that_cannot_admit():
    """
    Nothing is sent where the store cannot be asked, and the error says so.
    """

    async def main():
        service, request = Service(), named("a", SEND)
        request.call.attempts = 2
        handle = a_limit(service, limiter=a_limiter(BrokenStore("admit")))
        with pytest.raises(
            ConnectorError, match="not sent: the limit store failed: TimeoutError"
        ) as failed:
            await handle(request)
        return service.came, failed.value

    came, error = run_virtual(main())

    assert [] == came
    assert ("sendToConversation", 2) == (error.operation, error.attempts)


def test_a_store_that_is_lost_while_it_waits():
    """
    Who waits for its turn when the store is lost is told the same.
    """

    class Lost(MemoryStore):
        async def admit(self, claims, now):
            if now:
                raise TimeoutError("no route to the store")
            return await super().admit(claims, now)

    async def main():
        handle = a_limit(Service(), limiter=a_limiter(Lost()))
        outcomes = await asyncio.gather(
            *begin(handle, named("a"), named("a")), return_exceptions=True
        )
        return outcomes[1]

    error = run_virtual(main())

    assert type(error) is ConnectorError
    assert "getConversationPagedMembers" == error.operation


def test_a_store_that_never_looks_ahead():
    """
    Without any foresight the turns are the same, and the observers are told why.
    """
    told = []

    class Blind:
        def __init__(self):
            self.store = MemoryStore()

        def outlook(self, *_, **__):
            raise TimeoutError("no route to the store")

        def __getattr__(self, name):
            return getattr(self.store, name)

    async def main():
        service = Service()
        requests = [named("a", notify=told.append) for _ in range(3)]
        await asyncio.gather(*begin(a_limit(service, limiter=a_limiter(Blind())), *requests))
        return service.times()

    assert [0.0, TEN, 2 * TEN] == run_virtual(main())
    assert {"the limit store failed: TimeoutError: no route to the store"} == {
        event.message for event in told if isinstance(event, events.Warned)
    }


def test_a_store_that_cannot_look_ahead():
    """
    What cannot be foreseen is not refused; the observers are warned, and the call waits its turn.
    """
    told = []

    class Blind(MemoryStore):
        def outlook(self, *_, **__):
            raise TimeoutError("no route to the store")

        async def admit(self, claims, now):
            return MemoryStore.outlook(self, claims, now)

    async def main():
        service = Service()
        limiter = a_limiter(Blind())
        requests = [named("a", SEND, notify=told.append, deadline=100.0) for _ in range(2)]
        limiter.foresee(limiter.claims(ONE_IN_TEN, requests[0]), requests[0].call, 1000)
        await asyncio.gather(*begin(a_limit(service, limiter=limiter), *requests))
        return len(service.came)

    assert 2 == run_virtual(main())
    assert any(isinstance(event, events.Warned) for event in told)


def test_a_store_that_cannot_note():
    """
    An answer is not lost because the store cannot note it; the observers are warned.
    """
    told = []

    async def main():
        service = Service(b=answer(429))
        handle = a_limit(service, limiter=a_limiter(BrokenStore("settle", "pause")))
        return [(await handle(named(name, SEND, notify=told.append))).status for name in "ab"]

    assert [201, 429] == run_virtual(main())
    warnings = [event.message for event in told if isinstance(event, events.Warned)]
    assert ["the limit store failed: TimeoutError: no route to the store"] * 3 == warnings


def test_who_has_no_limits_waits_for_nobody():
    """
    A call to another channel does not stand behind the crowd of a tenant on Teams.
    """

    async def main():
        limits = Limits.teams()
        service, limiter = Service(), a_limiter()
        handle = a_limit(service, limits, limiter)
        crowd = begin(handle, *(named(f"c{n}", SEND, teams=True) for n in range(200)))
        await asyncio.sleep(0.5)
        await handle(named("slack", SEND, teams=False, host="slack.botframework.com"))
        for call in crowd:
            call.cancel()
        await asyncio.wait(crowd)
        return service.times("slack")

    assert [0.5] == run_virtual(main())


def test_a_refusal_elsewhere_pauses_no_tenant_on_teams():
    """
    What other channels refuse says nothing of the tenant's calls on Teams.
    """

    async def main():
        limits = Limits.teams()
        refusals = {f"s{n}": answer(429, retry_after=300.0) for n in range(3)}
        service = Service(**refusals)
        handle = a_limit(service, limits)
        await in_turn(handle, *(named(name, SEND, host="slack", teams=False) for name in refusals))
        await handle(named("teams", SEND, teams=True))
        return service.times("teams")

    assert [0.0] == run_virtual(main())
