"""
What is made of an answer, readable or not.
"""

import pytest

from connector_async import Activity, ConversationParameters
from connector_async.errors import DecodeError
from connector_async.events import Warned
from connector_async.models import (
    ChannelAccount,
    ConversationResourceResponse,
    PagedMembersResult,
    ResourceResponse,
)

MESSAGE = Activity(type="message", text="hello")
UNREADABLE = [
    b"<html>ok</html>",
    b"[]",
    b'"1728"',
    b'{"id": ["1"]}',
    b"{",
    b"\xff",
]


@pytest.fixture
def seen():
    return []


@pytest.mark.parametrize("status", [200, 201, 202, 204, 207, 299])
@pytest.mark.parametrize("body", [b"", b" \r\n", b"{}", b"null", b"\xef\xbb\xbf{}"])
async def test_takes_any_success(connector, router, status, body):
    """
    Any 2xx is a success, with an empty body, too.
    """
    router.route().respond(status, content=body)

    assert ResourceResponse() == await connector.send_to_conversation("a:1", MESSAGE)


@pytest.mark.parametrize("content_type", ["text/html", "application/octet-stream", "nonsense"])
async def test_ignores_the_content_type(connector, router, content_type):
    """
    JSON is JSON, whatever the header says.
    """
    router.route().respond(content=b'{"id":"1"}', headers={"content-type": content_type})

    assert ResourceResponse(id="1") == await connector.send_to_conversation("a:1", MESSAGE)


async def test_keeps_unknown_fields(connector, router):
    """
    What is not known of an answer is kept.
    """
    router.route().respond(json={"id": "1", "region": {"name": "emea"}})

    sent = await connector.send_to_conversation("a:1", MESSAGE)

    assert ResourceResponse(id="1", extra={"region": {"name": "emea"}}) == sent


@pytest.mark.parametrize("body", UNREADABLE)
async def test_message_with_unreadable_answer(connector, router, seen, body):
    """
    A message that was taken counts as sent though its answer cannot be read; observers are warned.
    """
    route = router.route().respond(content=body)
    watched = connector.with_options(observers=[seen.append])

    sent = await watched.send_to_conversation("a:1", MESSAGE)

    (warning,) = [event for event in seen if isinstance(event, Warned)]
    assert ResourceResponse() == sent
    assert 1 == route.call_count
    assert "sendToConversation" == warning.operation
    assert warning.message.startswith("done, but its answer cannot be read: ")


async def test_conversation_with_unreadable_answer(connector, router):
    """
    A conversation that was created is not created again because of its answer.
    """
    route = router.route().respond(content=b"[]")
    parameters = ConversationParameters(activity=MESSAGE)

    assert ConversationResourceResponse() == await connector.create_conversation(parameters)
    assert 1 == route.call_count


async def test_place_of_what_cannot_be_read(connector, router):
    """
    A read answer that is not what it should be raises, and says where.
    """
    router.route().respond(json={"members": [{"id": "29:1"}, {"id": {}}]})

    with pytest.raises(DecodeError) as raised:
        await connector.get_conversation_paged_members("a:1")
    assert "$.members[1].id" == raised.value.place
    assert "expected text, got object" == raised.value.reason
    assert "getConversationPagedMembers" == raised.value.operation
    assert 1 == raised.value.attempts
    assert raised.value.may_have_happened is False
    assert "getConversationPagedMembers: expected text, got object @ $.members[1].id" == str(
        raised.value
    )


async def test_update_with_unreadable_answer(connector, router):
    """
    An update that was taken, but whose answer cannot be read, may have happened.
    """
    router.route().respond(content=b"[]")

    with pytest.raises(DecodeError) as raised:
        await connector.update_activity("a:1", "17", MESSAGE)
    assert raised.value.may_have_happened is True


async def test_deletion_ignores_its_answer(connector, router):
    """
    A deletion has no answer of interest.
    """
    router.route().respond(content=b"<html>gone</html>")

    await connector.delete_activity("a:1", "17")


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"[null]"])
async def test_no_members(connector, router, body):
    """
    No members at all is an empty list.
    """
    router.route().respond(content=body)

    assert [] == await connector.get_conversation_members("a:1")


async def test_too_long_an_answer(connector, router):
    """
    An answer that is longer than allowed is not read to its end.
    """
    router.route().respond(content=b'{"members":[]}')

    assert PagedMembersResult() == await connector.with_options(
        max_response_bytes=14
    ).get_conversation_paged_members("a:1")
    with pytest.raises(DecodeError, match="longer than 13 bytes"):
        await connector.with_options(max_response_bytes=13).get_conversation_paged_members("a:1")


async def test_too_long_an_attachment(connector, router):
    """
    Content has a limit of its own, or none.
    """
    router.route().respond(content=b"12345")

    assert b"12345" == await connector.with_options(
        max_attachment_bytes=None, max_response_bytes=1
    ).get_attachment("x")
    with pytest.raises(DecodeError, match="longer than 4 bytes"):
        await connector.with_options(max_attachment_bytes=4).get_attachment("x")


async def test_wrong_kinds_of_scalars(connector, router):
    """
    A number where text should be is kept as it came.
    """
    router.route().respond(json={"id": 17})

    assert ChannelAccount(id=17) == await connector.get_conversation_member("a:1", "29:1")
