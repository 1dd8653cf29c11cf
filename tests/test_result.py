import pytest

from connector_async import _operations as op
from connector_async import events
from connector_async._result import result_of
from connector_async.errors import DecodeError
from connector_async.models import (
    ChannelAccount,
    ConversationResourceResponse,
    PagedMembersResult,
    ResourceResponse,
)
from tests.pipeline.script import a_request, answer

SENDS = [op.SEND_TO_CONVERSATION, op.REPLY_TO_ACTIVITY, op.SEND_CONVERSATION_HISTORY]
READ_OR_REPEATABLE = [op.GET_CONVERSATION_MEMBER, op.UPDATE_ACTIVITY, op.UPLOAD_ATTACHMENT]
UNREADABLE = [b"<html>", b"[]", b'"42"', b"\xff", b"{", b"[" * 100_000, b'{"id":NaN}']


def result(operation, content=b"", *, told=None, **facts):
    request = a_request(operation, notify=(lambda _: None) if told is None else told.append)
    request.call.attempts = 2
    return result_of(operation, request, answer(200, content=content, **facts))


def test_a_model():
    """
    An answer becomes the operation's model.
    """
    assert ResourceResponse(id="42") == result(op.SEND_TO_CONVERSATION, b'{"id":"42"}')


def test_a_list():
    """
    An answer that is a list becomes a list of models.
    """
    content = b'[{"id":"29:1"},{"id":"29:2"}]'

    assert [ChannelAccount(id="29:1"), ChannelAccount(id="29:2")] == result(
        op.GET_CONVERSATION_MEMBERS, content
    )


def test_bytes():
    """
    Content is handed over as it is.
    """
    assert b"\x89PNG\x00" == result(op.GET_ATTACHMENT, b"\x89PNG\x00")


@pytest.mark.parametrize("content", [b"", b"{}", b"<html>", b"\xff"])
@pytest.mark.parametrize("operation", [op.DELETE_ACTIVITY, op.DELETE_CONVERSATION_MEMBER])
def test_nothing(operation, content):
    """
    Where nothing is expected, what came is not looked at.
    """
    assert result(operation, content, flaw="cut off after 3 bytes") is None


@pytest.mark.parametrize(
    ("operation", "empty"),
    [
        (op.SEND_TO_CONVERSATION, ResourceResponse()),
        (op.CREATE_CONVERSATION, ConversationResourceResponse()),
        (op.GET_CONVERSATION_PAGED_MEMBERS, PagedMembersResult()),
        (op.GET_CONVERSATION_MEMBERS, []),
        (op.GET_ATTACHMENT, b""),
    ],
)
@pytest.mark.parametrize("content", [b"", b" \r\n"])
def test_an_empty_answer(operation, empty, content):
    """
    An empty body is an empty result, and no error.
    """
    if operation is op.GET_ATTACHMENT:
        content = b""

    assert empty == result(operation, content)


@pytest.mark.parametrize("content", UNREADABLE)
@pytest.mark.parametrize("operation", SENDS)
def test_a_message_was_taken(operation, content):
    """
    A message whose answer cannot be read is a success without an id, and the observers are warned.
    """
    told = []

    assert ResourceResponse() == result(operation, content, told=told)
    assert [events.Warned] == [type(event) for event in told]


def test_the_warning():
    """
    The warning says that it was done, of which call, and what could not be read.
    """
    told = []

    result(op.SEND_TO_CONVERSATION, b"[]", told=told)

    assert op.SEND_TO_CONVERSATION.id == told[0].operation
    assert told[0].message.startswith("done, but its answer cannot be read: ")
    assert told[0].message.endswith(" @ $")


def test_a_message_whose_answer_was_cut():
    """
    An answer that is not whole is not read, though it may look whole.
    """
    told = []

    sent = result(
        op.SEND_TO_CONVERSATION, b'{"id":"42"}', told=told, flaw="longer than 4194304 bytes"
    )

    assert ResourceResponse() == sent
    assert "done, but its answer cannot be read: the answer is longer than 4194304 bytes @ $" == (
        told[0].message
    )


@pytest.mark.parametrize("content", [b"<html>", b"\xff", b"{"])
@pytest.mark.parametrize("operation", READ_OR_REPEATABLE)
def test_nothing_was_posted(operation, content):
    """
    Where nothing was posted, an answer that cannot be read is an error with the call's facts.
    """
    with pytest.raises(DecodeError) as failed:
        result(operation, content)

    assert operation.id == failed.value.operation
    assert 2 == failed.value.attempts
    assert operation.safe is not failed.value.may_have_happened


def test_the_place():
    """
    The error names the place, and says it once.
    """
    with pytest.raises(DecodeError) as failed:
        result(op.GET_CONVERSATION_PAGED_MEMBERS, b'{"members":[{"id":"1"},7]}')

    assert "$.members[1]" == failed.value.place
    assert f"getConversationPagedMembers: {failed.value.reason} @ $.members[1] (2 attempts)" == str(
        failed.value
    )


def test_content_that_is_too_long():
    """
    An attachment longer than allowed is an error, and not the first part of it.
    """
    with pytest.raises(DecodeError, match="the answer is longer than 10 bytes"):
        result(op.GET_ATTACHMENT, b"0123456789", flaw="longer than 10 bytes")


def test_a_personal_chat_on_teams():
    """
    A 1:1 on Teams can be created again, so its unreadable answer is an error.
    """
    request = a_request(op.CREATE_CONVERSATION, body={"members": [{"id": "29:1"}]}, teams=True)

    with pytest.raises(DecodeError) as failed:
        result_of(op.CREATE_CONVERSATION, request, answer(201, content=b"<html>"))

    assert failed.value.may_have_happened


def test_a_channel_thread():
    """
    A channel thread cannot, so it is a success without an id.
    """
    told = []
    request = a_request(op.CREATE_CONVERSATION, body={"isGroup": True}, notify=told.append)

    created = result_of(op.CREATE_CONVERSATION, request, answer(201, content=b"<html>"))

    assert ConversationResourceResponse() == created
    assert [events.Warned] == [type(event) for event in told]
