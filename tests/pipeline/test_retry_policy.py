"""
What is repeated, cell by cell, and how long is waited.
"""

import asyncio

import pytest

from connector_async import _operations as op
from connector_async._pipeline.retry import (
    FAULT,
    FINAL,
    ODD_FAULT,
    POLICY,
    Action,
    RetryPolicy,
    retry,
    rule_for,
)
from connector_async.errors import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ConnectorError,
    DeliveryUnknownError,
    LimitError,
    NotFoundError,
    OperationNotSupportedError,
    PayloadTooLargeError,
    PermissionDeniedError,
    ServerError,
    TokenError,
    TransportError,
)
from connector_async.limits.budget import RetryBudget
from connector_async.testing import FakeClock
from tests.pipeline.script import (
    Chance,
    Script,
    a_request,
    accepted,
    distrusted,
    lost,
    never_left,
    no_jitter,
    refused,
)

PERSONAL = {"members": [{"id": "29:1"}]}
CHANNEL = {"isGroup": True, "channelData": {"channel": {"id": "19:1"}}}

READS = {
    "getConversations": a_request(op.GET_CONVERSATIONS),
    "getConversationMember": a_request(op.GET_CONVERSATION_MEMBER),
    "getAttachment": a_request(op.GET_ATTACHMENT),
}
HARMLESS = {
    "updateActivity": a_request(op.UPDATE_ACTIVITY),
    "deleteActivity": a_request(op.DELETE_ACTIVITY),
    "deleteConversationMember": a_request(op.DELETE_CONVERSATION_MEMBER),
    "uploadAttachment": a_request(op.UPLOAD_ATTACHMENT),
    "create 1:1 on Teams": a_request(op.CREATE_CONVERSATION, body=PERSONAL),
}
MESSAGES = {
    "sendToConversation": a_request(op.SEND_TO_CONVERSATION),
    "replyToActivity": a_request(op.REPLY_TO_ACTIVITY),
    "sendConversationHistory": a_request(op.SEND_CONVERSATION_HISTORY),
    "create channel thread": a_request(op.CREATE_CONVERSATION, body=CHANNEL),
    "create 1:1 with message": a_request(
        op.CREATE_CONVERSATION, body={**PERSONAL, "activity": {"text": "hello"}}
    ),
    "create group": a_request(
        op.CREATE_CONVERSATION, body={"members": [{"id": "29:1"}, {"id": "29:2"}]}
    ),
    "create 1:1 elsewhere": a_request(op.CREATE_CONVERSATION, body=PERSONAL, teams=False),
}
REQUESTS = {**READS, **HARMLESS, **MESSAGES}

REPEATED = "repeated"
UNKNOWN = DeliveryUnknownError

# What happened -> what is done with reads, other harmless ones, messages.
TABLE = {
    "never left": (never_left, REPEATED, REPEATED, REPEATED),
    "lost": (lost, REPEATED, REPEATED, UNKNOWN),
    "429": (refused(429), REPEATED, REPEATED, REPEATED),
    "429, 7 s": (refused(429, retry_after=7.0), REPEATED, REPEATED, REPEATED),
    "412": (refused(412), REPEATED, REPEATED, REPEATED),
    "412, 7 s": (refused(412, retry_after=7.0), REPEATED, REPEATED, REPEATED),
    "503, 7 s": (refused(503, retry_after=7.0), REPEATED, REPEATED, REPEATED),
    "503, 0 s": (refused(503, retry_after=0.0), REPEATED, REPEATED, REPEATED),
    "503": (refused(503), REPEATED, REPEATED, UNKNOWN),
    "408": (refused(408), REPEATED, REPEATED, UNKNOWN),
    "502": (refused(502), REPEATED, REPEATED, UNKNOWN),
    "502, 7 s": (refused(502, retry_after=7.0), REPEATED, REPEATED, UNKNOWN),
    "504": (refused(504), REPEATED, REPEATED, UNKNOWN),
    "500": (refused(500), REPEATED, ServerError, ServerError),
    "301": (refused(301), *[ApiError] * 3),
    "400": (refused(400), *[BadRequestError] * 3),
    "401": (refused(401), *[AuthenticationError] * 3),
    "403": (refused(403), *[PermissionDeniedError] * 3),
    "404": (refused(404), *[NotFoundError] * 3),
    "405": (refused(405), *[OperationNotSupportedError] * 3),
    "409": (refused(409), *[ConflictError] * 3),
    "413": (refused(413), *[PayloadTooLargeError] * 3),
    "418": (refused(418), *[ApiError] * 3),
    "507": (refused(507), *[ServerError] * 3),
    "520": (refused(520), *[ServerError] * 3),
    "501": (refused(501), *[OperationNotSupportedError] * 3),
    "505": (refused(505), *[ServerError] * 3),
    "certificate": (distrusted, *[TransportError] * 3),
    "no token": (TokenError("no token"), *[TokenError] * 3),
    "no turn": (LimitError("no turn", wait=9.0, left=3.0), *[LimitError] * 3),
}


CELLS = [
    pytest.param(kind, outcome, what, id=f"{happened}-{kind}")
    for happened, (outcome, *done) in TABLE.items()
    for kinds, what in zip((READS, HARMLESS, MESSAGES), done, strict=True)
    for kind in kinds
]


def a_retry(service, clock, *, policy=None, delivery="at_most_once", chance=no_jitter):
    budget = RetryBudget()
    return retry(
        policy or RetryPolicy(),
        service,
        delivery=delivery,
        budgets=lambda _: budget,
        clock=clock,
        chance=chance,
    )


def fresh(kind):
    """
    The request of a kind, with a call of its own.
    """
    request = REQUESTS[kind]
    return a_request(request.operation, repeatable=request.repeatable, teams=request.teams)


async def outcome_of(service, request, clock, *, delivery):
    handle = a_retry(service, clock, delivery=delivery)
    try:
        response = await handle(request)
    except ConnectorError as error:
        return type(error)
    assert 201 == response.status
    return REPEATED


@pytest.mark.parametrize(("kind", "happened", "done"), CELLS)
async def test_at_most_once(kind, happened, done):
    """
    By default nothing is repeated that may make a second message.
    """
    service = Script(happened, accepted())

    what = await outcome_of(service, fresh(kind), FakeClock(), delivery="at_most_once")

    assert done == what
    assert (2 if done is REPEATED else 1) == len(service.requests)


@pytest.mark.parametrize(("kind", "happened", "done"), CELLS)
async def test_at_least_once(kind, happened, done):
    """
    Who would rather have two than none has the unknown ones repeated, too, and nothing else.
    """
    service = Script(happened, accepted())

    what = await outcome_of(service, fresh(kind), FakeClock(), delivery="at_least_once")

    assert (REPEATED if done is UNKNOWN else done) == what
    assert (2 if what is REPEATED else 1) == len(service.requests)


def test_the_policy_is_told_in_rows():
    """
    Each row says what happened and what is done, and none is there twice.
    """
    assert 7 == len(POLICY) == len({rule.happened for rule in POLICY})
    assert all(isinstance(rule.harmless, Action) for rule in POLICY)
    assert all(isinstance(rule.message, Action) for rule in POLICY)


@pytest.mark.parametrize(
    ("status", "rule"),
    [(404, FINAL), (501, FINAL), (505, FINAL), (500, FAULT), (507, ODD_FAULT), (599, ODD_FAULT)],
)
def test_row_of_a_status(status, rule):
    """
    An unlisted 5xx has a row of its own.
    """
    assert rule is rule_for(refused(status)(a_request()))


def test_every_row_is_in_the_table():
    """
    The table above meets every row of the policy.
    """
    request = a_request()
    errors = [outcome(request) if callable(outcome) else outcome for outcome, *_ in TABLE.values()]

    assert set(POLICY) == {rule_for(error) for error in errors}


@pytest.mark.parametrize("seconds", [0.0, 0.5, 7.0, 30.0])
@pytest.mark.parametrize("status", [408, 412, 429, 500, 502, 503, 504])
def test_waits_as_the_service_asks(status, seconds):
    """
    Retry-After is waited exactly where chance adds nothing, whatever the status.
    """
    error = refused(status, retry_after=seconds)(a_request())

    assert seconds == RetryPolicy().wait(error, 1, Chance(0.0))


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 20.0), (0.5, 21.0), (1.0, 22.0)])
def test_adds_a_tenth_at_most(chance, seconds):
    """
    Chance adds up to 10 per cent to what the service asks, and never takes off.
    """
    error = refused(429, retry_after=20.0)(a_request())

    assert seconds == pytest.approx(RetryPolicy().wait(error, 3, Chance(chance)))


@pytest.mark.parametrize(
    ("happened", "seconds"),
    [
        (never_left, [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0]),
        (lost, [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0]),
        (refused(502), [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0]),
        (refused(500), [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0]),
        (refused(429), [1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0]),
        (refused(412), [1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0]),
    ],
)
def test_doubles_up_to_the_cap(happened, seconds):
    """
    The longest wait begins at a quarter, after a throttle at one second, and doubles up to 8.
    """
    error = happened(a_request())

    assert seconds == [RetryPolicy().wait(error, n, Chance(1.0)) for n in range(1, 8)]


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 0.0), (0.25, 0.5), (1.0, 2.0)])
def test_full_jitter(chance, seconds):
    """
    Chance takes any part of it, so that a crowd comes apart.
    """
    error = refused(502)(a_request())

    assert seconds == RetryPolicy().wait(error, 4, Chance(chance))


def test_patience_without_end():
    """
    The thousandth wait is as long as the tenth.
    """
    error = refused(502)(a_request())

    assert 8.0 == RetryPolicy(attempts=9_999).wait(error, 5_000, Chance(1.0))


def test_can_be_told():
    """
    Base, throttle base and cap are the caller's to say.
    """
    policy = RetryPolicy(base=1.0, throttle_base=3.0, cap=5.0)
    request = a_request()

    assert [1.0, 2.0, 4.0, 5.0] == [policy.wait(lost(request), n, Chance(1.0)) for n in range(1, 5)]
    assert [3.0, 5.0] == [policy.wait(refused(429)(request), n, Chance(1.0)) for n in (1, 2)]


@pytest.mark.parametrize(
    "options",
    [{"attempts": 0}, {"base": -1.0}, {"throttle_base": -1.0}, {"cap": -1.0}, {"max_wait": -1.0}],
)
def test_refuses_what_cannot_be(options):
    """
    Fewer than one attempt, and times that run backwards, are misuse.
    """
    with pytest.raises(ValueError, match=next(iter(options))):
        RetryPolicy(**options)


async def test_cancelling_is_not_repeated():
    """
    Whatever the delivery, a cancelled attempt is the last one.
    """
    service = Script(asyncio.CancelledError(), accepted())

    with pytest.raises(asyncio.CancelledError):
        await a_retry(service, FakeClock(), delivery="at_least_once")(a_request())

    assert 1 == len(service.requests)
