import asyncio

import pytest

from connector_async import _operations as op
from connector_async._pipeline.deadline import InFlight, deadline
from connector_async.errors import (
    ClientStateError,
    DeadlineError,
    DeliveryTimeoutError,
    DeliveryUnknownError,
    TransportError,
)
from connector_async.testing import FakeClock, VirtualClock, run_virtual
from tests.pipeline.script import START, Script, a_request, accepted, lost


def a_deadline(service, clock, in_flight=None):
    in_flight = InFlight() if in_flight is None else in_flight
    return deadline(service, in_flight=in_flight, clock=clock)


def takes(clock, seconds, *, left=False, answered=False, in_doubt=False):
    """
    A handler that takes so long, and where its request is meanwhile.
    """

    async def service(request):
        call = request.call
        call.attempts = 1
        call.left, call.answered, call.in_doubt = left, answered, in_doubt
        await clock.sleep(seconds)
        return accepted()

    return service


async def failure_of(handle, request):
    with pytest.raises(Exception) as failed:  # noqa: PT011  # which one is the matter of the test
        await handle(request)
    return failed.value


async def test_in_time():
    """
    What ends before the deadline is handed up.
    """
    clock = FakeClock()

    response = await a_deadline(takes(clock, 29.9), clock)(a_request(deadline=30.0))

    assert 201 == response.status


async def test_no_deadline():
    """
    None is never.
    """
    clock = FakeClock()

    response = await a_deadline(takes(clock, 10**6), clock)(a_request(deadline=None))

    assert 201 == response.status


async def test_out_of_time():
    """
    What takes longer ends at the deadline; where nothing was on the wire, nothing happened.
    """
    clock = FakeClock()

    error = await failure_of(a_deadline(takes(clock, 60.0), clock), a_request(deadline=30.0))

    assert DeadlineError is type(error)
    assert isinstance(error, TimeoutError)
    assert not error.may_have_happened
    assert START + 30.0 == clock.monotonic()
    assert (
        "sendToConversation: the deadline of 30 s passed, and nothing was done. Call again, or "
        "allow more with with_options(deadline=...)."
    ) == str(error)


async def test_over_all_that_is_below():
    """
    It holds for the waits, the token and all attempts together.
    """
    clock = FakeClock()

    async def service(_):
        for _ in range(4):
            await clock.sleep(9.0)
        return accepted()

    error = await failure_of(a_deadline(service, clock), a_request(deadline=30.0))

    assert DeadlineError is type(error)
    assert [9.0] * 4 == clock.slept
    assert START + 30.0 == clock.monotonic()


async def test_on_the_wire():
    """
    A send that is cut on the wire may have arrived, and the error says so.
    """
    clock = FakeClock()
    request = a_request(deadline=1.5)

    error = await failure_of(a_deadline(takes(clock, 60.0, left=True), clock), request)

    assert DeliveryTimeoutError is type(error)
    assert isinstance(error, DeliveryUnknownError)
    assert isinstance(error, TimeoutError)
    assert (None, 1.5, 1) == (error.status, error.elapsed, error.attempts)
    assert (
        "sendToConversation: the deadline of 1.5 s passed with the request on the wire: it may "
        "have arrived. Look before sending it again, or accept a double with "
        'with_options(delivery="at_least_once").'
    ) == str(error)


@pytest.mark.parametrize("operation", op.OPERATIONS, ids=lambda operation: operation.id)
@pytest.mark.parametrize(
    ("where", "unknown"),
    [
        ({}, False),
        ({"left": True}, True),
        ({"left": True, "answered": True}, False),
        ({"in_doubt": True}, True),
    ],
    ids=["not sent", "on the wire", "answered", "in doubt"],
)
async def test_unknown_if_and_only_if(operation, where, unknown):
    """
    It is unknown just where the service may have done it: on the wire, and no read.
    """
    clock = FakeClock()
    service = takes(clock, 60.0, **where)

    error = await failure_of(a_deadline(service, clock), a_request(operation))

    expected = DeliveryTimeoutError if unknown and not operation.safe else DeadlineError
    assert expected is type(error)
    assert operation.id == error.operation


async def test_errors_pass():
    """
    What fails before the deadline is raised as it is.
    """
    error = await failure_of(a_deadline(Script(lost), FakeClock()), a_request())

    assert TransportError is type(error)


async def test_timeouts_of_ours_pass():
    """
    An error that is a TimeoutError, too, is raised as it is.
    """
    inner = DeadlineError("another one's deadline")

    assert inner is await failure_of(a_deadline(Script(inner), FakeClock()), a_request())


def test_cancelling_is_no_timeout():
    """
    A call that is cancelled ends as cancelled, and is no longer counted.
    """

    async def main():
        clock, in_flight = VirtualClock(), InFlight()
        handle = a_deadline(takes(clock, 60.0, left=True), clock, in_flight)
        task = asyncio.create_task(handle(a_request(deadline=None)))
        await asyncio.sleep(1)
        before = len(in_flight)
        task.cancel()
        await asyncio.wait([task])
        return before, task.cancelled(), len(in_flight)

    assert (1, True, 0) == run_virtual(main())


async def test_nothing_to_drain():
    """
    Where no call is under way, closing waits for nothing.
    """
    clock, in_flight = FakeClock(), InFlight()

    await in_flight.drain(60.0, clock)

    assert [] == clock.slept


def drained(service, *, seconds, calls=1, operation=op.SEND_TO_CONVERSATION):
    """
    Drain while these calls are under way; their outcomes, and when it was done.
    """

    async def main():
        clock, in_flight = VirtualClock(), InFlight()
        handle = a_deadline(service, clock, in_flight)
        tasks = [
            asyncio.create_task(handle(a_request(operation, deadline=None))) for _ in range(calls)
        ]
        await asyncio.sleep(0)
        await in_flight.drain(seconds, clock)
        ended = clock.monotonic()
        assert all(task.done() for task in tasks) or not len(in_flight)
        return await asyncio.gather(*tasks, return_exceptions=True), ended

    return run_virtual(main())


def test_drain_waits():
    """
    Closing waits for calls that end in time, and no longer.
    """
    outcomes, ended = drained(takes(VirtualClock(), 2.0), seconds=10.0, calls=3)

    assert [201] * 3 == [outcome.status for outcome in outcomes]
    assert 2.0 == ended


def test_drain_ends_what_takes_longer():
    """
    Calls that take longer are ended; what was not sent is refused.
    """
    outcomes, ended = drained(takes(VirtualClock(), 60.0), seconds=10.0, calls=3)

    assert [ClientStateError] * 3 == [type(outcome) for outcome in outcomes]
    assert 10.0 == ended
    assert (
        "sendToConversation: the client was closed before this was answered, and nothing was "
        "done. Allow more time with aclose(drain=...)."
    ) == str(outcomes[0])


def test_drain_ends_what_is_on_the_wire():
    """
    What was on the wire when the client was closed may have arrived.
    """
    (error,), _ = drained(takes(VirtualClock(), 60.0, left=True), seconds=1.0)

    assert DeliveryUnknownError is type(error)
    assert 1 == error.attempts
    assert (
        "sendToConversation: the client was closed with the request on the wire: it may have "
        "arrived. Allow more time with aclose(drain=...)."
    ) == str(error)


def test_drain_ends_a_read():
    """
    A read that was on the wire is refused: nothing can have happened.
    """
    service = takes(VirtualClock(), 60.0, left=True)

    (error,), _ = drained(service, seconds=1.0, operation=op.GET_CONVERSATIONS)

    assert ClientStateError is type(error)


def test_drain_waits_for_the_way_out():
    """
    Closing returns when the calls that were ended have cleaned up.
    """
    clean = []

    async def service(_):
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(2)
            clean.append(True)

    _, ended = drained(service, seconds=1.0)

    assert [True] == clean
    assert 3.0 == ended


def test_drain_meets_a_deadline():
    """
    A call whose deadline has just passed, and that is cleaning up, does not break the closing.
    """

    async def main():
        clock, in_flight = VirtualClock(), InFlight()

        async def service(_):
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(2)

        request = a_request(deadline=None)
        request.call.deadline = 1.0
        task = asyncio.create_task(a_deadline(service, clock, in_flight)(request))
        await asyncio.sleep(0)
        await in_flight.drain(1.5, clock)
        await asyncio.wait([task])
        return clock.monotonic(), task.exception()

    ended, error = run_virtual(main())

    assert 3.0 == ended
    # Its own deadline ended it, not the closing.
    assert isinstance(error, DeadlineError)


def test_drain_can_be_cancelled():
    """
    Who closes and loses patience can be cancelled; the calls are ended then.
    """

    async def main():
        clock, in_flight = VirtualClock(), InFlight()
        handle = a_deadline(takes(clock, 5.0), clock, in_flight)
        call = asyncio.create_task(handle(a_request(deadline=None)))
        await asyncio.sleep(0)
        closing = asyncio.create_task(in_flight.drain(60.0, clock))
        await asyncio.sleep(1)
        closing.cancel()
        await asyncio.wait([closing, call])
        return closing.cancelled(), type(call.exception()), clock.monotonic()

    assert (True, ClientStateError, 1.0) == run_virtual(main())
