"""
How a repeat goes: waits, deadline, budget, doubt, cancellation.
"""

import asyncio
import sys

import pytest

from connector_async import _operations as op
from connector_async import events
from connector_async._pipeline.retry import RetryPolicy, retry
from connector_async.errors import (
    DeliveryUnknownError,
    LimitError,
    NotFoundError,
    ServerError,
    ThrottledError,
    TokenError,
    TransportError,
)
from connector_async.limits.budget import RetryBudget
from connector_async.testing import FakeClock, VirtualClock, run_virtual
from tests.pipeline.script import (
    Chance,
    Script,
    a_request,
    accepted,
    answer,
    distrusted,
    lost,
    never_left,
    no_jitter,
    refused,
    throttled,
)


def a_retry(service, clock, *, policy=None, delivery="at_most_once", chance=no_jitter, budget=None):
    budget = RetryBudget() if budget is None else budget
    return retry(
        RetryPolicy() if policy is None else policy,
        service,
        delivery=delivery,
        budgets=lambda _: budget,
        clock=clock,
        chance=chance,
    )


async def refusal_of(handle, request, kind):
    with pytest.raises(kind) as failed:
        await handle(request)
    assert type(failed.value) is kind
    return failed.value


async def test_the_first_answer():
    """
    What succeeds at once is handed up as it is, without a wait.
    """
    clock, taken = FakeClock(), accepted(id="42")
    service = Script(taken)

    assert taken is await a_retry(service, clock)(a_request())
    assert [] == clock.slept
    assert [1] == [request.attempt for request in service.requests]


async def test_waits_as_long_as_the_service_asks():
    """
    A 429 with Retry-After is repeated after exactly that many seconds.
    """
    clock = FakeClock()
    service = Script(throttled(retry_after=7), accepted(id="42"))
    handle = a_retry(service, clock, policy=RetryPolicy(attempts=2))

    response = await handle(a_request(op.SEND_TO_CONVERSATION))

    assert 201 == response.status
    assert [7.0] == clock.slept
    assert [1, 2] == [request.attempt for request in service.requests]


async def test_jitter_is_drawn_from_chance():
    """
    Up to a tenth is added to it, so that those who were refused together do not come together.
    """
    clock = FakeClock()
    service = Script(throttled(retry_after=10), accepted())

    await a_retry(service, clock, chance=Chance(0.5))(a_request())

    assert [10.5] == pytest.approx(clock.slept)


async def test_backs_off():
    """
    Each wait after a fault is up to twice the last one.
    """
    clock = FakeClock()
    service = Script(never_left, never_left, never_left, accepted())

    await a_retry(service, clock, chance=Chance(1.0))(a_request())

    assert [0.25, 0.5, 1.0] == clock.slept


async def test_the_request_is_the_same():
    """
    A repeat sends what the first attempt sent, and but for its number is equal to it.
    """
    service = Script(throttled(retry_after=0), accepted())
    request = a_request(body=None, headers={"x": "1"})

    await a_retry(service, FakeClock())(request)

    first, second = service.requests
    assert request is first
    assert (first.url, first.headers, first.body) == (second.url, second.headers, second.body)
    assert first.call is second.call


@pytest.mark.parametrize("attempts", [1, 2, 4])
async def test_gives_up(attempts):
    """
    After all attempts the last refusal is raised, and says how many there were.
    """
    service = Script(*[throttled()] * attempts)
    handle = a_retry(service, FakeClock(), policy=RetryPolicy(attempts=attempts))

    error = await refusal_of(handle, a_request(), ThrottledError)

    assert attempts == error.attempts == len(service.requests)
    assert error.outcome is None


async def test_four_attempts_by_default():
    """
    Unless told, a call makes four attempts.
    """
    service = Script(*[never_left] * 4)

    error = await refusal_of(a_retry(service, FakeClock()), a_request(), TransportError)

    assert 4 == error.attempts


async def test_tells_of_each_wait():
    """
    The observers are told how long was waited, after each wait.
    """
    told = []
    service = Script(throttled(retry_after=7), throttled(retry_after=2), accepted())
    request = a_request(notify=told.append)

    await a_retry(service, FakeClock())(request)

    assert [
        events.Waited(
            call=request.call.number, operation="sendToConversation", reason="retry", seconds=7.0
        ),
        events.Waited(
            call=request.call.number, operation="sendToConversation", reason="retry", seconds=2.0
        ),
    ] == told


async def test_a_wait_beyond_the_deadline_is_not_begun():
    """
    Where the service asks for more than is left, its refusal is raised at once, with both numbers.
    """
    clock = FakeClock()
    service = Script(
        throttled(retry_after=1.6), refused(429, content=b'{"code":"Throttled"}', retry_after=120.0)
    )
    request = a_request(op.UPDATE_ACTIVITY, deadline=30.0)

    error = await refusal_of(a_retry(service, clock), request, ThrottledError)

    assert [1.6] == clock.slept
    assert 120.0 == error.retry_after
    assert 2 == error.attempts
    assert (
        "updateActivity: 429 Throttled: not repeated, the service asked for 120.0 s and 28.4 s "
        "were left of 30.0 s (2 attempts)."
    ) == str(error)


async def test_a_wait_that_just_fits():
    """
    A wait that ends before the deadline is begun; one that ends on it is not.
    """
    fits, late = FakeClock(), FakeClock()

    await a_retry(Script(throttled(9.9), accepted()), fits)(a_request(deadline=10.0))
    await refusal_of(
        a_retry(Script(throttled(10.0)), late), a_request(deadline=10.0), ThrottledError
    )

    assert [9.9] == fits.slept
    assert [] == late.slept


@pytest.mark.parametrize("max_wait", [30.0, 5.0])
async def test_a_wait_that_ends_on_the_deadline(max_wait):
    """
    Where no time would be left, that is the reason, however long we are ready to wait.
    """
    handle = a_retry(Script(throttled(10.0)), FakeClock(), policy=RetryPolicy(max_wait=max_wait))

    error = await refusal_of(handle, a_request(deadline=10.0), ThrottledError)

    assert (
        "not repeated, the service asked for 10.0 s and 10.0 s were left of 10.0 s" == error.outcome
    )


@pytest.mark.parametrize(("taken", "left"), [(9.5, 0.5), (12.0, 0.0)])
async def test_what_is_left_after_a_slow_answer(taken, left):
    """
    The time that an attempt took is not there for the wait.
    """
    clock = FakeClock()

    def slow(request):
        clock.advance(taken)
        return throttled(0.7)(request)

    error = await refusal_of(a_retry(Script(slow), clock), a_request(deadline=10.0), ThrottledError)

    assert [] == clock.slept
    assert (
        f"not repeated, the service asked for 0.7 s and {left} s were left of 10.0 s"
        == error.outcome
    )


async def test_a_failure_is_raised_as_it_is():
    """
    What the last attempt raised is what the caller gets, with no cause but its own.
    """
    failure = TokenError("no token")

    with pytest.raises(TokenError) as failed:
        await a_retry(Script(failure), FakeClock())(a_request())

    assert failure is failed.value
    assert failure.__cause__ is None


async def test_jitter_does_not_fit():
    """
    Where only the jitter is too much, the text has the wait and not what the service asked.
    """
    handle = a_retry(Script(throttled(9.6)), FakeClock(), chance=Chance(1.0))

    error = await refusal_of(handle, a_request(deadline=10.0), ThrottledError)

    assert "not repeated, the wait would be 10.6 s and 10.0 s were left of 10.0 s" == error.outcome


@pytest.mark.parametrize("wait", [5.0, 6.0])
async def test_a_back_off_beyond_the_deadline(wait):
    """
    A wait of our own that does not fit is not begun either.
    """
    service, clock = Script(never_left), FakeClock()
    handle = a_retry(service, clock, policy=RetryPolicy(base=wait), chance=Chance(1.0))

    error = await refusal_of(handle, a_request(deadline=5.0), TransportError)

    assert [] == clock.slept
    assert (
        "sendToConversation: nothing was sent (ConnectError): not repeated, the wait would be "
        f"{wait} s and 5.0 s were left of 5.0 s."
    ) == str(error)


@pytest.mark.parametrize(
    ("deadline", "left"),
    [
        (None, ""),
        (120.0, " and 120.0 s were left of 120.0 s"),
    ],
)
async def test_a_long_wait_is_not_begun(deadline, left):
    """
    Where the service asks for more than 30 s, its refusal is raised, however much is left.
    """
    clock = FakeClock()
    handle = a_retry(Script(throttled(31.0)), clock)

    error = await refusal_of(handle, a_request(deadline=deadline), ThrottledError)

    assert [] == clock.slept
    assert 31.0 == error.retry_after
    assert (
        f"not repeated, the service asked for 31.0 s, at most 30.0 s are waited{left}"
        == error.outcome
    )


async def test_the_longest_wait():
    """
    30 s are waited, and with jitter more; what the limit is can be told.
    """
    clock, patient = FakeClock(), FakeClock()

    await a_retry(Script(throttled(30.0), accepted()), clock, chance=Chance(1.0))(
        a_request(deadline=None)
    )
    await a_retry(Script(throttled(300.0), accepted()), patient, policy=RetryPolicy(max_wait=600))(
        a_request(deadline=None)
    )

    assert [33.0] == pytest.approx(clock.slept)
    assert [300.0] == patient.slept


async def test_the_budget_is_spent():
    """
    A repeat after a fault costs 3, after a throttle 1; each success gives a tenth back.
    """
    budget, clock = RetryBudget(), FakeClock()
    handle = a_retry(Script(never_left, throttled(), accepted()), clock, budget=budget)

    await handle(a_request())

    # 100 - 3 - 1 + 0.1
    assert not budget.spend(96.2, clock.monotonic())
    assert budget.spend(96.05, clock.monotonic())


async def test_out_of_budget():
    """
    When the budget is spent, failures are raised as they come, and say so.
    """
    budget, clock = RetryBudget(), FakeClock()
    budget.spend(100.0, clock.monotonic())
    service = Script(never_left)

    error = await refusal_of(a_retry(service, clock, budget=budget), a_request(), TransportError)

    assert 1 == len(service.requests)
    assert (
        "not repeated, too many calls to smba.trafficmanager.net fail at present" == error.outcome
    )


async def test_one_a_second_is_always_allowed():
    """
    A spent budget allows a repeat a second, so that a recovery is seen.
    """
    budget, clock = RetryBudget(), FakeClock()
    budget.spend(100.0, clock.monotonic())
    clock.advance(1.0)
    service = Script(never_left, accepted())

    response = await a_retry(service, clock, budget=budget)(a_request())

    assert 201 == response.status


async def test_a_refusal_of_time_costs_nothing():
    """
    A repeat that is not made is not paid for.
    """
    budget, clock = RetryBudget(), FakeClock()

    await refusal_of(
        a_retry(Script(throttled(60.0)), clock, budget=budget), a_request(), ThrottledError
    )

    assert budget.spend(100.0, clock.monotonic())


async def test_an_outage_is_not_multiplied():
    """
    While a host is down, a hundred calls make far fewer than four hundred requests.
    """
    budget, clock = RetryBudget(), FakeClock()
    service = Script(*[never_left] * 400)
    handle = a_retry(service, clock, budget=budget)

    for _ in range(100):
        await refusal_of(handle, a_request(), TransportError)

    assert 100 + 34 >= len(service.requests)


async def test_the_budget_is_the_hosts():
    """
    The budget that is spent is that of the request's host.
    """
    asked = []

    def budgets(host):
        asked.append(host)
        return RetryBudget()

    handle = retry(
        RetryPolicy(),
        Script(accepted()),
        delivery="at_most_once",
        budgets=budgets,
        clock=FakeClock(),
        chance=no_jitter,
    )
    await handle(a_request(host="smba.infra.gcc.teams.microsoft.com"))

    assert ["smba.infra.gcc.teams.microsoft.com"] == asked


async def test_a_read_is_repeated_once_after_500():
    """
    A GET that meets a second 500 is not repeated again.
    """
    service = Script(refused(500), refused(500), accepted())

    error = await refusal_of(
        a_retry(service, FakeClock()), a_request(op.GET_CONVERSATION_MEMBER), ServerError
    )

    assert 2 == len(service.requests)
    assert not error.may_have_happened


async def test_a_read_is_repeated_once_after_500_whatever_comes_between():
    """
    The one repeat after a 500 is the call's, and not each failure's.
    """
    service = Script(refused(500), refused(502), refused(500), accepted())

    await refusal_of(
        a_retry(service, FakeClock()), a_request(op.GET_CONVERSATION_MEMBER), ServerError
    )

    assert 3 == len(service.requests)


async def test_500_says_that_it_may_have_happened():
    """
    A send that met a 500 is not repeated, and its error says what is known.
    """
    error = await refusal_of(a_retry(Script(refused(500)), FakeClock()), a_request(), ServerError)

    assert error.may_have_happened
    assert "sendToConversation: 500. It may have happened all the same." == str(error)


async def test_a_lost_answer():
    """
    A send whose answer was lost raises an error that says so, with what was seen as its cause.
    """
    clock = FakeClock()
    request = a_request()
    clock.advance(2.5)

    error = await refusal_of(a_retry(Script(lost), clock), request, DeliveryUnknownError)

    assert isinstance(error.__cause__, TransportError)
    assert (None, 2.5, 1) == (error.status, error.elapsed, error.attempts)
    assert (
        "sendToConversation: the answer was lost: it may have arrived. Look before sending it "
        'again, or accept a double with with_options(delivery="at_least_once").'
    ) == str(error)


@pytest.mark.parametrize("status", [408, 502, 503, 504])
async def test_a_gateways_answer(status):
    """
    A send that a gateway answered may have arrived; the error has the gateway's status.
    """
    error = await refusal_of(
        a_retry(Script(refused(status)), FakeClock()), a_request(), DeliveryUnknownError
    )

    assert status == error.status
    assert error.may_have_happened
    assert f"sendToConversation: a gateway answered {status}: it may have arrived. " in str(error)


@pytest.mark.parametrize("operation", [op.UPDATE_ACTIVITY, op.DELETE_ACTIVITY])
async def test_a_write_that_stays_lost(operation):
    """
    A write whose every answer was lost may have happened, too.
    """
    error = await refusal_of(
        a_retry(Script(*[lost] * 4), FakeClock()), a_request(operation), DeliveryUnknownError
    )

    assert 4 == error.attempts


@pytest.mark.parametrize(
    ("happened", "kind"), [(lost, TransportError), (refused(502), ServerError)]
)
async def test_a_read_that_stays_lost(happened, kind):
    """
    Of a read nothing can have happened, so the failure itself is raised.
    """
    error = await refusal_of(
        a_retry(Script(*[happened] * 4), FakeClock()), a_request(op.GET_CONVERSATIONS), kind
    )

    assert not error.may_have_happened


@pytest.mark.parametrize(
    ("later", "status"),
    [
        (never_left, None),
        (throttled(), 429),
        (refused(500), 500),
        (refused(403), 403),
        (TokenError("no token"), None),
        (LimitError("no turn", wait=9.0, left=3.0), None),
    ],
)
async def test_doubt_stays(later, status):
    """
    Where an earlier attempt of a send may have arrived, no later failure makes it surely undone.
    """
    service = Script(lost, *[later] * 3)
    handle = a_retry(service, FakeClock(), delivery="at_least_once")

    error = await refusal_of(handle, a_request(), DeliveryUnknownError)

    assert status == error.status
    assert "an earlier attempt's answer was lost: it may have arrived. " in str(error)


async def test_doubt_says_why_it_was_not_repeated():
    """
    Where a send of unknown fate was to be repeated, and there was no time, the error says so.
    """
    policy = RetryPolicy(base=6.0)
    handle = a_retry(
        Script(lost), FakeClock(), policy=policy, chance=Chance(1.0), delivery="at_least_once"
    )

    error = await refusal_of(handle, a_request(deadline=5.0), DeliveryUnknownError)

    assert str(error).endswith(
        " Not repeated, the wait would be 6.0 s and 5.0 s were left of 5.0 s."
    )


async def test_doubt_ends_with_success():
    """
    Where a later attempt is taken, the call succeeds.
    """
    handle = a_retry(Script(lost, never_left, accepted()), FakeClock(), delivery="at_least_once")

    response = await handle(a_request())

    assert 201 == response.status


async def test_doubt_of_a_write_is_a_fact_of_the_refusal():
    """
    A repeatable write that is refused in the end may have happened before, and the refusal says so.
    """
    service = Script(lost, refused(403))

    error = await refusal_of(
        a_retry(service, FakeClock()),
        a_request(op.UPDATE_ACTIVITY),
        type(refused(403)(a_request())),
    )

    assert error.may_have_happened


@pytest.mark.parametrize("later", [never_left, distrusted])
async def test_doubt_of_a_write_that_never_left_again(later):
    """
    A repeatable write that could not be sent again may have happened before.
    """
    service = Script(lost, *[later] * 3)

    await refusal_of(
        a_retry(service, FakeClock()), a_request(op.UPDATE_ACTIVITY), DeliveryUnknownError
    )


async def test_no_doubt_without_a_lost_answer():
    """
    Attempts that never left leave no doubt.
    """
    error = await refusal_of(
        a_retry(Script(*[never_left] * 4), FakeClock(), delivery="at_least_once"),
        a_request(),
        TransportError,
    )

    assert not error.may_have_happened


@pytest.mark.parametrize("before", [lost, refused(502), refused(504)])
@pytest.mark.parametrize("operation", [op.DELETE_ACTIVITY, op.DELETE_CONVERSATION_MEMBER])
async def test_deleted_before(operation, before):
    """
    A 404 on a delete after an attempt whose answer was lost is success: that attempt has done it.
    """
    service = Script(before, refused(404))

    response = await a_retry(service, FakeClock())(a_request(operation))

    assert 204 == response.status


@pytest.mark.parametrize("before", [[], [never_left], [throttled()]])
async def test_never_there(before):
    """
    A 404 on a delete is an error where no attempt can have done it.
    """
    service = Script(*before, refused(404))

    await refusal_of(a_retry(service, FakeClock()), a_request(op.DELETE_ACTIVITY), NotFoundError)


async def test_not_found_is_success_for_deletes_only():
    """
    A 404 on an update after a lost answer is an error.
    """
    service = Script(lost, refused(404))

    await refusal_of(a_retry(service, FakeClock()), a_request(op.UPDATE_ACTIVITY), NotFoundError)


async def test_a_certificate_is_not_repeated():
    """
    A certificate that is not trusted will not be at the next attempt; nothing was sent.
    """
    service = Script(distrusted)

    error = await refusal_of(
        a_retry(service, FakeClock(), delivery="at_least_once"), a_request(), TransportError
    )

    assert 1 == len(service.requests)
    assert not error.may_have_happened


@pytest.mark.parametrize("delivery", ["at_most_once", "at_least_once"])
async def test_what_fails_alike_may_have_left(delivery):
    """
    A send that left, and failed in a way that no repeat mends, is of unknown fate all the same.
    """
    service = Script(TransportError("a hook failed", left=True, permanent=True))

    error = await refusal_of(
        a_retry(service, FakeClock(), delivery=delivery), a_request(), DeliveryUnknownError
    )

    assert 1 == len(service.requests)
    assert "sendToConversation: the answer was lost: it may have arrived. " in str(error)


def test_cancelled_while_it_waits():
    """
    A call that is cancelled before its next attempt ends at once, and makes none.
    """

    async def main():
        service = Script(throttled(20.0), accepted())
        handle = a_retry(service, VirtualClock(), delivery="at_least_once")
        task = asyncio.create_task(handle(a_request(deadline=None)))
        await asyncio.sleep(5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return VirtualClock().monotonic(), len(service.requests)

    assert (5.0, 1) == run_virtual(main())


async def test_cancelled_in_a_later_attempt():
    """
    A later attempt that is cancelled is the last one.
    """
    service = Script(throttled(), asyncio.CancelledError(), accepted())

    with pytest.raises(asyncio.CancelledError):
        await a_retry(service, FakeClock(), delivery="at_least_once")(a_request())

    assert 2 == len(service.requests)


async def test_what_is_no_error_of_ours_passes():
    """
    What a hook or an observer of the caller's raises is neither repeated nor changed.
    """
    service = Script(throttled(), ZeroDivisionError(), accepted())

    with pytest.raises(ZeroDivisionError):
        await a_retry(service, FakeClock())(a_request())

    assert 2 == len(service.requests)


async def test_calls_do_not_mix():
    """
    Calls that are repeated at the same time each get their own answer.
    """

    async def service(request):
        await asyncio.sleep(0)
        if request.attempt < 3:
            raise throttled()(request)
        return answer(201, content=request.url.encode())

    handle = a_retry(service, FakeClock())
    urls = [f"https://smba.trafficmanager.net/{number}" for number in range(50)]

    responses = await asyncio.gather(*(handle(a_request(url=url, deadline=None)) for url in urls))

    assert urls == [response.content.decode() for response in responses]


async def modules_that_ran(handle, request):
    ran = set()

    def look(frame, event, _):
        if event == "call":
            ran.add(frame.f_globals.get("__name__", "").partition(".")[0])

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        await handle(request)
    finally:
        sys.setprofile(before)
    return ran


async def test_the_first_attempt_costs_nothing():
    """
    The machinery of a repeat is not touched before one is needed.
    """
    clock = FakeClock()

    without = await modules_that_ran(a_retry(Script(accepted()), clock), a_request())
    repeated = await modules_that_ran(a_retry(Script(throttled(), accepted()), clock), a_request())

    assert "tenacity" not in without
    assert "tenacity" in repeated
