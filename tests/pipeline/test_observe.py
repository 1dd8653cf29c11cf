import asyncio
import logging

import attrs
import pytest

from connector_async import _operations as op
from connector_async import events
from connector_async._pipeline.observe import announce, observe
from connector_async.errors import ThrottledError, TransportError
from connector_async.testing import FakeClock
from tests.pipeline.script import Script, a_request, accepted, never_left, throttled

NAME = "sendToConversation"

SAMPLES = [
    (events.CallStarted(call=1, operation=NAME), logging.DEBUG),
    (events.AttemptStarted(call=1, operation=NAME, attempt=2), logging.DEBUG),
    (
        events.AttemptEnded(
            call=1,
            operation=NAME,
            attempt=2,
            status=201,
            error=None,
            request_id="5f1c",
            seconds=0.25,
        ),
        logging.DEBUG,
    ),
    (events.Waited(call=1, operation=NAME, reason="lane", seconds=2.0), logging.DEBUG),
    (events.Refused(call=1, operation=NAME, status=429, retry_after=7.0), logging.WARNING),
    (events.Warned(call=1, operation=NAME, message="no id"), logging.WARNING),
    (
        events.CallEnded(call=1, operation=NAME, status=201, error=None, attempts=2, seconds=2.25),
        logging.INFO,
    ),
    (events.TokenFetched(error=None, seconds=0.5), logging.INFO),
    (events.TokenFetched(error="TokenError", seconds=0.5), logging.WARNING),
]

EVENTS = [event for event, _ in SAMPLES]
NAMES = [type(event).__name__ for event in EVENTS]


@pytest.fixture
def logged(caplog):
    """
    What is logged, all of it.
    """
    caplog.set_level(logging.DEBUG, logger="connector_async")
    return caplog


async def test_tells_of_a_call():
    """
    The observers are told that a call began, and how it ended.
    """
    told, clock = [], FakeClock()
    request = a_request(notify=told.append)
    clock.advance(2.5)
    request.call.status = 201

    response = await observe(Script(accepted()), clock=clock)(request)

    call = request.call.number
    assert 201 == response.status
    assert [
        events.CallStarted(call=call, operation=NAME),
        events.CallEnded(
            call=call, operation=NAME, status=201, error=None, attempts=1, seconds=2.5
        ),
    ] == told


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (never_left, "TransportError"),
        (throttled(), "ThrottledError"),
        (asyncio.CancelledError(), "CancelledError"),
        (ZeroDivisionError(), "ZeroDivisionError"),
    ],
)
async def test_tells_of_a_failure(outcome, error):
    """
    A call that failed is told of by the error's name, and the error goes on; so is a cancelled one.
    """
    told = []
    request = a_request(op.GET_CONVERSATIONS, notify=told.append)

    with pytest.raises(BaseException) as failed:  # noqa: PT011  # which one is in the table
        await observe(Script(outcome), clock=FakeClock())(request)

    assert error == type(failed.value).__name__ == told[-1].error
    assert ("getConversations", None, 1) == (told[-1].operation, told[-1].status, told[-1].attempts)


def test_tells_all_observers():
    """
    Each observer is told of each event, in the order they were given.
    """
    told = []
    tell = announce(
        [lambda event: told.append(("a", event)), lambda event: told.append(("b", event))]
    )
    event, _ = SAMPLES[0]

    tell(event)

    assert [("a", event), ("b", event)] == told


def test_an_observer_that_fails(logged):
    """
    What an observer raises is logged with its traceback, and the others do not notice.
    """
    told = []

    def failing(_):
        raise ZeroDivisionError

    announce([failing, told.append])(SAMPLES[0][0])

    assert [SAMPLES[0][0]] == told
    assert "an observer failed on CallStarted" == logged.records[-1].getMessage()
    assert logging.ERROR == logged.records[-1].levelno
    assert ZeroDivisionError is logged.records[-1].exc_info[0]


async def test_a_failing_observer_does_not_fail_the_call():
    """
    A call goes on, whatever its observers raise.
    """

    def failing(_):
        raise ZeroDivisionError

    request = a_request(notify=announce([failing]))

    response = await observe(Script(accepted()), clock=FakeClock())(request)

    assert 201 == response.status


def test_an_observer_may_end_the_program():
    """
    What is no mistake, such as Ctrl-C, is not held back.
    """

    def interrupted(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        announce([interrupted])(SAMPLES[0][0])


@pytest.fixture
def with_records(request):
    """
    Records are made by an application's own function.
    """
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(request.param)
    yield
    logging.setLogRecordFactory(before)


def with_our_names(*args, **kwargs):
    """
    A record that has the names of all our facts already.
    """
    record = logging.LogRecord(*args, **kwargs)
    for event in EVENTS:
        vars(record).update({"note": "", **attrs.asdict(event), "message": ""})
    return record


@pytest.mark.parametrize("with_records", [with_our_names], indirect=True)
@pytest.mark.parametrize("event", EVENTS, ids=NAMES)
def test_a_record_that_has_our_names(with_records, event, logged):  # noqa: ARG001
    """
    Where an application gives all records a `request_id`, or whatever we say, the text says it.
    """
    announce([])(event)

    assert [type(event).__name__] == [line.split()[0] for line in logged.messages]


def failing_factory(name, *args, **kwargs):
    """
    No record of ours.
    """
    if name == "connector_async":
        raise ZeroDivisionError
    return logging.LogRecord(name, *args, **kwargs)


@pytest.mark.parametrize("with_records", [failing_factory], indirect=True)
async def test_a_log_that_fails(with_records, logged):  # noqa: ARG001
    """
    A call goes on, and the observers are told, whatever the application's logging raises.
    """
    told = []

    def failing(_):
        raise ZeroDivisionError

    request = a_request(notify=announce([failing, told.append]))
    response = await observe(Script(accepted()), clock=FakeClock())(request)

    assert 201 == response.status
    assert ["CallStarted", "CallEnded"] == [type(event).__name__ for event in told]


@pytest.mark.parametrize(("event", "level"), SAMPLES, ids=NAMES)
def test_levels(event, level, logged):
    """
    A person should know the warnings; how a call ended is information, the rest is for debugging.
    """
    announce([])(event)

    assert [("connector_async", level)] == [
        (record.name, record.levelno) for record in logged.records
    ]


@pytest.mark.parametrize("event", EVENTS, ids=NAMES)
def test_facts(event, logged):
    """
    A log record has the event's facts as attributes; `message`, which logging keeps, is `note`.
    """
    announce([])(event)

    facts = attrs.asdict(event)
    if "message" in facts:
        facts["note"] = facts.pop("message")
    assert facts == {name: getattr(logged.records[0], name) for name in facts}


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (SAMPLES[0][0], "CallStarted call=1 operation=sendToConversation"),
        (
            SAMPLES[4][0],
            "Refused call=1 operation=sendToConversation status=429 retry_after=7.000",
        ),
        (
            SAMPLES[6][0],
            "CallEnded call=1 operation=sendToConversation status=201 attempts=2 seconds=2.250",
        ),
        (SAMPLES[7][0], "TokenFetched seconds=0.500"),
        (SAMPLES[8][0], "TokenFetched error=TokenError seconds=0.500"),
    ],
)
def test_sentences(event, text, logged):
    """
    A record's text has the facts that there are.
    """
    announce([])(event)

    assert text == logged.records[0].getMessage()


def test_a_text_with_percent_signs(logged):
    """
    What the service says is not taken for a format.
    """
    announce([])(events.Warned(call=1, operation=NAME, message="100 %s %d"))

    assert (
        "Warned call=1 operation=sendToConversation message=100 %s %d"
        == logged.records[0].getMessage()
    )


async def test_no_secret_is_told(logged):
    """
    Neither events nor log records have a token, a header's value, a URL or a message's text.
    """
    told = []
    request = a_request(
        notify=announce([told.append]),
        token="SECRET-token",
        headers={"x-key": "SECRET-header"},
        body=b'{"text":"SECRET-text"}',
        url="https://smba.trafficmanager.net/SECRET-path",
    )

    with pytest.raises(ThrottledError):
        await observe(Script(throttled()), clock=FakeClock())(request)

    assert 2 == len(told) == len(logged.records)
    assert "SECRET" not in repr(told)
    assert "SECRET" not in repr([vars(record) for record in logged.records])


def test_silent_unless_asked(caplog, capfd):
    """
    An application that does not configure logging sees nothing of it.
    """
    logger = logging.getLogger("connector_async")
    assert any(isinstance(handler, logging.NullHandler) for handler in logger.handlers)

    with caplog.at_level(logging.ERROR, logger="connector_async"):
        announce([])(events.Warned(call=1, operation=NAME, message="no id"))

    assert [] == caplog.records
    assert ("", "") == capfd.readouterr()


async def test_failures_below_are_not_wrapped():
    """
    The error that goes up is the one that came.
    """
    inner = TransportError("nothing was sent")

    with pytest.raises(TransportError) as failed:
        await observe(Script(inner), clock=FakeClock())(a_request())

    assert inner is failed.value
