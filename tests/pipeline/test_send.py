import asyncio

import pytest

from connector_async import events
from connector_async._pipeline.send import send
from connector_async.errors import TransportError
from connector_async.testing import FakeClock
from tests.pipeline.script import Wire, a_request, accepted, answer, never_left

NAME = "sendToConversation"


async def test_hands_the_request_over():
    """
    The transport gets the request as it is, and its answer is handed up.
    """
    taken, request = accepted(), a_request(token="t")
    wire = Wire(taken)

    assert taken is await send(wire, clock=FakeClock())(request)
    assert request is wire.requests[0]


async def test_counts():
    """
    Each request that is handed over counts, whatever comes of it.
    """
    handle, request = send(Wire(never_left, accepted()), clock=FakeClock()), a_request()
    counts = [request.call.attempts]

    with pytest.raises(TransportError):
        await handle(request)
    counts.append(request.call.attempts)
    await handle(request)
    counts.append(request.call.attempts)

    assert [0, 1, 2] == counts


async def test_each_attempt_begins_anew():
    """
    What was known of the attempt before is forgotten.
    """
    request = a_request()
    request.call.left = request.call.answered = True
    seen = []

    async def wire(request):
        seen.append((request.call.left, request.call.answered))
        return accepted()

    await send(wire, clock=FakeClock())(request)

    assert [(False, False)] == seen


async def test_the_last_status():
    """
    The call knows its last status; an attempt without an answer does not change it.
    """
    handle, request = send(Wire(answer(503), never_left), clock=FakeClock()), a_request()

    await handle(request)
    with pytest.raises(TransportError):
        await handle(request)

    assert 503 == request.call.status


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("2.5", 2.5),
        ("Tue, 14 Nov 2023 22:13:27 GMT", 7.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("soon", None),
        ("-7", None),
    ],
)
async def test_reads_retry_after(header, seconds):
    """
    What the service asks to wait becomes seconds, of a date by the clock.
    """
    wire = Wire(answer(429, headers={"retry-after": header}))

    response = await send(wire, clock=FakeClock())(a_request())

    assert seconds == response.retry_after


async def test_no_retry_after():
    """
    Where nothing is asked, the answer is handed up unchanged.
    """
    refusal = answer(429)

    assert refusal is await send(Wire(refusal), clock=FakeClock())(a_request())


async def test_tells_of_an_answer():
    """
    The observers are told when a request goes, and what came back how fast.
    """
    told, clock = [], FakeClock()
    request = a_request(notify=told.append, attempt=2)

    async def slowly(_):
        clock.advance(1.5)
        return answer(404, headers={"ms-cv": "5f1c"})

    await send(Wire(slowly), clock=clock)(request)

    call = request.call.number
    assert [
        events.AttemptStarted(call=call, operation=NAME, attempt=2),
        events.AttemptEnded(
            call=call,
            operation=NAME,
            attempt=2,
            status=404,
            error=None,
            request_id="5f1c",
            seconds=1.5,
        ),
    ] == told


@pytest.mark.parametrize(
    ("outcome", "error"),
    [(never_left, "TransportError"), (asyncio.CancelledError(), "CancelledError")],
)
async def test_tells_of_no_answer(outcome, error):
    """
    What came instead of an answer is told by its name, cancellation too, and goes on.
    """
    told = []
    request = a_request(notify=told.append)

    with pytest.raises((TransportError, asyncio.CancelledError)):
        await send(Wire(outcome), clock=FakeClock())(request)

    assert (
        events.AttemptEnded(
            call=request.call.number,
            operation=NAME,
            attempt=1,
            status=None,
            error=error,
            request_id=None,
            seconds=0.0,
        )
        == told[-1]
    )
