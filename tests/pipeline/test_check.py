import json

import pytest

from connector_async import _operations as op
from connector_async import events
from connector_async._pipeline.check import check
from connector_async.errors import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    BotBlockedError,
    ConflictError,
    NotFoundError,
    NotInRosterError,
    OperationNotSupportedError,
    PayloadTooLargeError,
    PermissionDeniedError,
    PreconditionFailedError,
    ServerError,
    ThrottledError,
)
from tests.pipeline.script import Script, a_request, answer


async def refusal(response, request=None):
    with pytest.raises(ApiError) as failed:
        await check(Script(response))(a_request() if request is None else request)
    return failed.value


def coded(status, code):
    return answer(status, content=json.dumps({"error": {"code": code}}).encode())


@pytest.mark.parametrize("status", [200, 201, 202, 204, 207, 299])
async def test_lets_success_pass(status):
    """
    Any 2xx is handed up as it is.
    """
    response = answer(status, content=b"<html>")

    assert response is await check(Script(response))(a_request())


STATUSES = [
    (400, BadRequestError),
    (401, AuthenticationError),
    (403, PermissionDeniedError),
    (404, NotFoundError),
    (405, OperationNotSupportedError),
    (409, ConflictError),
    (412, PreconditionFailedError),
    (413, PayloadTooLargeError),
    (429, ThrottledError),
    (500, ServerError),
    (501, OperationNotSupportedError),
    (502, ServerError),
    (503, ServerError),
    (504, ServerError),
    (599, ServerError),
    (199, ApiError),
    (300, ApiError),
    (302, ApiError),
    (402, ApiError),
    (415, ApiError),
    (418, ApiError),
]


@pytest.mark.parametrize(("status", "kind"), STATUSES)
async def test_class_by_status(status, kind):
    """
    The rest is raised, as the error that the status means.
    """
    error = await refusal(answer(status))

    assert kind is type(error)
    assert status == error.status


CODES = [
    (403, "BotDisabledByAdmin", BotBlockedError),
    (403, "ConversationBlockedByUser", BotBlockedError),
    (403, "MessageWritesBlocked", BotBlockedError),
    (403, "BotNotInConversationRoster", NotInRosterError),
    (403, "ForbiddenOperationException", NotInRosterError),
    (403, "InvalidBotApiHost", PermissionDeniedError),
    (403, "NotEnoughPermissions", PermissionDeniedError),
    (403, "SomethingNew", PermissionDeniedError),
    (400, "MessageSizeTooBig", PayloadTooLargeError),
    (413, "MessageSizeTooBig", PayloadTooLargeError),
    (400, "BadArgument", BadRequestError),
    (404, "ConversationNotFound", NotFoundError),
    (404, "BotNotInConversationRoster", NotFoundError),
    (429, "MessageWritesBlocked", ThrottledError),
    (502, "MessageSizeTooBig", ServerError),
]


@pytest.mark.parametrize(("status", "code", "kind"), CODES)
async def test_class_by_code(status, code, kind):
    """
    Where the status leaves it open, the code decides; it does not overrule the status.
    """
    error = await refusal(coded(status, code))

    assert kind is type(error)
    assert code == error.code


@pytest.mark.parametrize(
    "code",
    [
        "botnotinconversationroster",
        "BOTNOTINCONVERSATIONROSTER",
        "Bot Not In Conversation Roster",
        " BotNotInConversationRoster ",
    ],
)
async def test_codes_are_compared_without_case_and_blanks(code):
    """
    A code is known however it is spelled; the error has it as it came, but for the blanks.
    """
    error = await refusal(coded(403, code))

    assert NotInRosterError is type(error)
    assert code.replace(" ", "") == error.code


E4 = (
    b'{"errorCode":209,"message":"{\\r\\n  \\"subCode\\": \\"MessageWritesBlocked\\",\\r\\n  '
    b'\\"details\\": \\"Thread is blocked from message writes.\\",\\r\\n  \\"errorCode\\": null,'
    b'\\r\\n  \\"errorSubCode\\": null\\r\\n}"}'
)

BODIES = [
    (400, b'{"error":{"code":"BadSyntax","message":"No."}}', BadRequestError, "BadSyntax", "No."),
    (
        401,
        b'{"message":"Authorization denied."}',
        AuthenticationError,
        None,
        "Authorization denied.",
    ),
    (405, b'{"message":"No GET."}', OperationNotSupportedError, None, "No GET."),
    (403, E4, BotBlockedError, "MessageWritesBlocked", "Thread is blocked from message writes."),
    (400, b'{"error":"no","error_description":"Why."}', BadRequestError, "no", "Why."),
    (404, b'{"statusCode":404,"message":"Not there"}', NotFoundError, None, "Not there"),
    (502, b"<html><h1>Bad Gateway</h1></html>", ServerError, None, "Bad Gateway"),
    (429, b"", ThrottledError, None, ""),
    (404, b'"no token"', NotFoundError, None, "no token"),
]


@pytest.mark.parametrize(
    ("status", "content", "kind", "code", "message"), BODIES, ids=[f"E{n}" for n in range(1, 10)]
)
async def test_all_bodies(status, content, kind, code, message):
    """
    Each of the nine bodies that exist in the wild becomes an error with its code and sentence.
    """
    error = await refusal(answer(status, content=content))

    assert (kind, code, message) == (type(error), error.code, error.message)
    assert content == error.content


async def test_the_facts():
    """
    The error has the answer's facts, and the call's.
    """
    request = a_request(op.GET_ATTACHMENT_INFO)
    request.call.attempts = 2
    headers = {"retry-after": "7", "ms-cv": "abc"}

    error = await refusal(answer(429, headers=headers, retry_after=7.0), request)

    assert "getAttachmentInfo" == error.operation
    assert 3 == error.attempts
    assert 7.0 == error.retry_after
    assert headers == error.headers


@pytest.mark.parametrize(
    "name",
    ["x-correlating-operationid", "ms-cv", "x-ms-request-id", "request-id", "contextid"],
)
async def test_request_ids(name):
    """
    The id for the vendor's support is found under each of its names, and stands in the text.
    """
    error = await refusal(answer(404, headers={name: "5f1c"}))

    assert "5f1c" == error.request_id
    assert "(request 5f1c)" in str(error)


async def test_the_documented_request_id_comes_first():
    """
    Of several ids the documented one is told.
    """
    headers = {"ms-cv": "b", "contextid": "c", "x-correlating-operationid": "a"}

    assert "a" == (await refusal(answer(404, headers=headers))).request_id


async def test_no_request_id():
    """
    Where the answer has none, there is none.
    """
    assert (await refusal(answer(404, headers={"date": "today"}))).request_id is None


ADVICE = [
    (404, "ActivityNotFoundInConversation", "drop what refers to it"),
    (403, "BotDisabledByAdmin", "stop sending to it"),
    (403, "BotNotInConversationRoster", "Install the app there first"),
    (401, "BotNotRegistered", "check the registration"),
    (403, "ConversationBlockedByUser", "wait until the user writes"),
    (404, "ConversationNotFound", "use the serviceUrl of its last activity"),
    (403, "ForbiddenOperationException", "not installed for that user"),
    (403, "InvalidBotApiHost", "https://smba.infra.gcc.teams.microsoft.com/teams"),
    (413, "MessageSizeTooBig", "Split it"),
    (403, "MessageWritesBlocked", "stop sending"),
    (403, "NotEnoughPermissions", "a consent is missing"),
    (401, None, "check the app type (single- or multi-tenant), the tenant and the cloud"),
    (405, None, "This channel does not offer the operation."),
    (412, None, "Something else writes to the conversation at the same time."),
    (501, "SomethingNew", "This channel does not offer the operation."),
]


@pytest.mark.parametrize(("status", "code", "advice"), ADVICE)
async def test_advice(status, code, advice):
    """
    Where it is known what the reader can do, the text says it.
    """
    error = await refusal(coded(status, code))

    assert advice in error.advice
    assert advice in str(error)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 429, 500])
async def test_no_advice(status):
    """
    Where it is not, nothing is said.
    """
    assert (await refusal(answer(status))).advice is None


async def test_text_of_a_refusal():
    """
    The text is the service's sentence with its facts, and what to do.
    """
    content = json.dumps(
        {
            "error": {
                "code": "BotNotInConversationRoster",
                "message": "The bot is not part of the conversation roster.",
            }
        }
    ).encode()

    error = await refusal(answer(403, content=content, headers={"ms-cv": "5f1c"}))

    assert (
        "sendToConversation: 403 BotNotInConversationRoster: The bot is not part of the "
        "conversation roster. (request 5f1c) Install the app there first; wait for its "
        "conversationUpdate or installationUpdate."
    ) == str(error)


async def test_a_large_body():
    """
    Of 64 KiB the error keeps all, and its text quotes a line.
    """
    content = b"x" * 65_536

    error = await refusal(answer(502, content=content))

    assert content == error.content
    assert 300 > len(str(error))


MESSAGES = [op.SEND_TO_CONVERSATION, op.REPLY_TO_ACTIVITY, op.CREATE_CONVERSATION]
WRITES = [op.UPDATE_ACTIVITY, op.DELETE_ACTIVITY, op.UPLOAD_ATTACHMENT]
READS = [op.GET_CONVERSATIONS, op.GET_CONVERSATION_MEMBER, op.GET_ATTACHMENT]


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 507, 520, 599])
@pytest.mark.parametrize("operation", MESSAGES + WRITES)
async def test_may_have_happened(operation, status):
    """
    Where a gateway answered, or the service fell, a write may have been done.
    """
    error = await refusal(answer(status), a_request(operation))

    assert error.may_have_happened
    assert "It may have happened all the same." in str(error)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 412, 413, 418, 429, 501, 505])
@pytest.mark.parametrize("operation", MESSAGES + WRITES)
async def test_did_not_happen(operation, status):
    """
    What was refused was not done.
    """
    assert not (await refusal(answer(status), a_request(operation))).may_have_happened


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520])
@pytest.mark.parametrize("operation", READS)
async def test_a_read_does_nothing(operation, status):
    """
    Of a read nothing can have happened.
    """
    assert not (await refusal(answer(status), a_request(operation))).may_have_happened


async def test_unavailable_with_a_time():
    """
    A 503 that names a time was refused, and not done.
    """
    error = await refusal(answer(503, retry_after=0.0))

    assert ServerError is type(error)
    assert not error.may_have_happened


@pytest.mark.parametrize(
    ("status", "facts", "answered"),
    [
        (404, {}, True),
        (429, {}, True),
        (503, {"retry_after": 7.0}, True),
        (503, {}, False),
        (500, {}, False),
        (504, {}, False),
    ],
)
async def test_the_calls_story(status, facts, answered):
    """
    What was refused is no longer on the wire; what may have been done is, as far as is known.
    """
    request = a_request()
    request.call.left = True

    await refusal(answer(status, **facts), request)

    assert answered is request.call.answered
    assert answered is not request.call.may_have_happened


@pytest.mark.parametrize(
    ("status", "retry_after"), [(429, None), (429, 7.0), (412, None), (503, 7.0), (503, 0.0)]
)
async def test_tells_of_refusals_for_now(status, retry_after):
    """
    The observers are told of what the service refuses for now, and for how long.
    """
    told = []
    request = a_request(notify=told.append)

    await refusal(answer(status, retry_after=retry_after), request)

    assert [
        events.Refused(
            call=request.call.number,
            operation="sendToConversation",
            status=status,
            retry_after=retry_after,
        )
    ] == told


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 502, 503])
async def test_does_not_tell_of_others(status):
    """
    What is refused for good, or has failed, is told by the call's end.
    """
    told = []

    await refusal(answer(status), a_request(notify=told.append))

    assert [] == told


@pytest.mark.parametrize(
    ("flaw", "quoted"), [("longer than 24 bytes", b"[hidden]"), (None, b"eyJhbGciOiJub25lIn0.")]
)
async def test_hides_the_begin_of_a_token_where_the_answer_was_cut(flaw, quoted):
    """
    An answer that is not whole may end in the middle of the token; one that is whole does not.
    """
    request = a_request(token="eyJhbGciOiJub25lIn0.hush.hush")

    error = await refusal(answer(403, content=b"no: eyJhbGciOiJub25lIn0.", flaw=flaw), request)

    assert b"no: " + quoted == error.content
