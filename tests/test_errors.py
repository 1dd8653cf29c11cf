import copy
import inspect
import pickle

import pytest

from connector_async import errors
from connector_async.errors import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    BotBlockedError,
    ClientStateError,
    ConflictError,
    ConnectorError,
    DeadlineError,
    DecodeError,
    DeliveryTimeoutError,
    DeliveryUnknownError,
    InvalidIdError,
    LimitError,
    NotFoundError,
    NotInRosterError,
    OperationNotSupportedError,
    PayloadTooLargeError,
    PermissionDeniedError,
    PreconditionFailedError,
    ServerError,
    ThrottledError,
    TokenError,
    TransportError,
    UntrustedServiceUrlError,
)
from connector_async.service_url import ServiceUrl

CALL = {"operation": "updateActivity", "attempts": 3}

API_FACTS = {
    **CALL,
    "status": 418,
    "code": "Teapot",
    "advice": "Send coffee.",
    "request_id": "5f1c",
    "retry_after": 1.5,
    "headers": {"retry-after": "1.5"},
    "content": b"\xff{}",
    "may_have_happened": True,
}

FACTS = {
    ConnectorError: {**CALL, "may_have_happened": True},
    TransportError: {**CALL, "left": True, "permanent": True, "may_have_happened": True},
    DeliveryUnknownError: {**CALL, "status": 502, "elapsed": 2.5},
    DeliveryTimeoutError: {**CALL, "status": 502, "elapsed": 2.5},
    DecodeError: {**CALL, "place": "$.members[3].id", "may_have_happened": True},
    TokenError: {**CALL, "code": "AADSTS7000215", "correlation_id": "c-1"},
    LimitError: {**CALL, "wait": 12.5, "left": 3.0},
    DeadlineError: {**CALL, "may_have_happened": True},
    ClientStateError: {**CALL, "may_have_happened": True},
    UntrustedServiceUrlError: {**CALL, "may_have_happened": True},
    InvalidIdError: {**CALL, "may_have_happened": True},
}

KINDS = [
    kind
    for kind in vars(errors).values()
    if inspect.isclass(kind) and issubclass(kind, ConnectorError)
]


def facts_of(kind):
    return API_FACTS if issubclass(kind, ApiError) else FACTS[kind]


def an_error(kind):
    return kind("No: \ud800 é.", **facts_of(kind))


def an_api_error(kind=ApiError, message="", *, status=418, operation="updateActivity", **facts):
    return kind(message, status=status, operation=operation, **facts)


each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


@each_kind
def test_keeps_its_facts(kind):
    """
    Each fact is an attribute of its name.
    """
    error = an_error(kind)

    assert facts_of(kind) == {name: getattr(error, name) for name in facts_of(kind)}


@each_kind
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles(kind, protocol):
    """
    Each error pickles, and keeps its class, its facts and its text.
    """
    error = an_error(kind)
    error.outcome = "not repeated, for a reason"
    error.add_note("seen by a test")

    twin = pickle.loads(pickle.dumps(error, protocol))

    assert type(twin) is kind
    assert vars(error) == vars(twin)
    assert error.args == twin.args
    assert str(error) == str(twin)


@each_kind
def test_copies(kind):
    """
    A copy has facts of its own.
    """
    error = an_error(kind)

    twin = copy.copy(error)
    twin.operation = "other"

    assert "updateActivity" == error.operation
    assert str(error) == str(twin).replace("other", "updateActivity")


@each_kind
def test_text_begins_with_the_operation(kind):
    """
    Each text says first what was tried, and last how often.
    """
    text = str(an_error(kind))

    assert text.startswith("updateActivity: ")
    assert text.endswith(" (3 attempts)")


@each_kind
def test_has_a_text_without_facts(kind):
    """
    Nothing but what it must have is needed for a text.
    """
    needed = {
        name: 1.0
        for name, parameter in inspect.signature(kind).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty
    }

    assert "no" in str(kind("no", **needed))


@each_kind
def test_is_drawn_in_the_tree(kind):
    """
    Each error has its place in the picture at the top of the module.
    """
    assert kind.__name__ in errors.__doc__


@pytest.mark.parametrize(
    ("kind", "parents"),
    [
        (BotBlockedError, {PermissionDeniedError, ApiError}),
        (NotInRosterError, {PermissionDeniedError, ApiError}),
        (BadRequestError, {ApiError}),
        (AuthenticationError, {ApiError}),
        (NotFoundError, {ApiError}),
        (OperationNotSupportedError, {ApiError}),
        (ConflictError, {ApiError}),
        (PreconditionFailedError, {ApiError}),
        (PayloadTooLargeError, {ApiError}),
        (ThrottledError, {ApiError}),
        (ServerError, {ApiError}),
        (DeliveryTimeoutError, {DeliveryUnknownError, TimeoutError}),
        (DeadlineError, {TimeoutError}),
        (ClientStateError, {RuntimeError}),
        (UntrustedServiceUrlError, {ValueError}),
        (InvalidIdError, {ValueError}),
    ],
)
def test_can_be_caught_as(kind, parents):
    """
    An error can be caught by the wider class, and where it is one by Python's own.
    """
    assert all(issubclass(kind, parent) for parent in (*parents, ConnectorError))


@pytest.mark.parametrize("kind", [TransportError, LimitError, TokenError, DecodeError, ApiError])
def test_is_no_timeout(kind):
    """
    Only what time has ended is a TimeoutError.
    """
    assert not issubclass(kind, TimeoutError)


def test_delivery_unknown_may_have_happened():
    """
    A send whose fate is unknown says so.
    """
    assert DeliveryUnknownError("the answer was lost").may_have_happened


@pytest.mark.parametrize("kind", [TokenError, LimitError])
def test_nothing_was_sent(kind):
    """
    What ends before anything is sent did not happen.
    """
    assert not an_error(kind).may_have_happened


def test_one_attempt_is_not_counted():
    """
    A text without repeats does not speak of them.
    """
    error = ConnectorError("it failed", operation="updateActivity", attempts=1)

    assert "updateActivity: it failed" == str(error)


def test_text_of_a_refusal():
    """
    Operation, status, code, the service's own sentence, and the id for its support.
    """
    error = an_api_error(
        NotInRosterError,
        "The bot is not part of the conversation roster.",
        status=403,
        code="BotNotInConversationRoster",
        request_id="5f1c",
        operation="sendToConversation",
    )

    assert (
        "sendToConversation: 403 BotNotInConversationRoster: The bot is not part of the "
        "conversation roster. (request 5f1c)"
    ) == str(error)


def test_text_of_an_untrusted_url():
    """
    The host that was not sent a token, and what to pass where it is the caller's.
    """
    with pytest.raises(UntrustedServiceUrlError) as refused:
        ServiceUrl("https://smba.example.net/")

    assert (
        "https://smba.example.net/ was not sent a token. If the host is yours, pass "
        'trusted_hosts=["smba.example.net"].'
    ) == str(refused.value)


def test_text_of_a_refusal_that_is_not_repeated():
    """
    Why it was not repeated, and after how many attempts.
    """
    error = an_api_error(ThrottledError, status=429, code="Throttled", attempts=2)
    error.outcome = "not repeated, the service asked for 120.0 s and 28.4 s were left of 30.0 s"

    assert (
        "updateActivity: 429 Throttled: not repeated, the service asked for 120.0 s and 28.4 s "
        "were left of 30.0 s (2 attempts)."
    ) == str(error)


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, "updateActivity: 418"),
        ({"operation": None}, "418"),
        ({"code": "Teapot"}, "updateActivity: 418 Teapot"),
        ({"message": "No tea."}, "updateActivity: 418: No tea."),
        ({"request_id": "5f1c"}, "updateActivity: 418 (request 5f1c)"),
        ({"advice": "Send coffee."}, "updateActivity: 418. Send coffee."),
        (
            {"message": "No tea", "advice": "Send coffee."},
            "updateActivity: 418: No tea. Send coffee.",
        ),
        (
            {"message": "No tea!", "advice": "Send coffee."},
            "updateActivity: 418: No tea! Send coffee.",
        ),
        (
            {"message": "Bad Gateway", "may_have_happened": True},
            "updateActivity: 418: Bad Gateway. It may have happened all the same.",
        ),
        (
            {"request_id": "5f1c", "may_have_happened": True, "attempts": 2},
            "updateActivity: 418 (request 5f1c) It may have happened all the same. (2 attempts)",
        ),
    ],
)
def test_text_of_what_is_known(facts, text):
    """
    A refusal's text is made of what is known of it, in sentences.
    """
    assert text == str(an_api_error(**facts))


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("nothing was sent (ConnectError)", "nothing was sent (ConnectError): not repeated, so."),
        ("It failed.", "It failed. Not repeated, so."),
    ],
)
def test_text_of_an_outcome(message, text):
    """
    Why it was not repeated follows as a clause, or after a sentence as a sentence.
    """
    error = TransportError(message)
    error.outcome = "not repeated, so"

    assert text == str(error)


def test_text_of_an_unreadable_answer():
    """
    What was found, and where.
    """
    error = DecodeError("text expected, not a list", place="$.members[3].id")

    assert "text expected, not a list @ $.members[3].id" == str(error)


def test_headers_are_the_errors_own():
    """
    What is done to the mapping that it was made with does not reach the error.
    """
    headers = {"ms-cv": "1"}
    error = an_api_error(headers=headers)
    headers.clear()

    assert {"ms-cv": "1"} == error.headers


@pytest.mark.parametrize("message", [None, 7, b"\xff", "\x00", "\ud800", "{}", "%s", "x" * 10_000])
@each_kind
def test_str_never_raises(kind, message):
    """
    Whatever it was made with, there is a text, and a repr.
    """
    error = an_error(kind)
    error.args = (message,)

    assert str(error)
    assert repr(error)
