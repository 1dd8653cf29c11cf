"""
Every operation against the service in a box: what is done is done there.
"""

import re

import pytest

from connector_async import Activity, AttachmentData, ConnectorClient, ConversationParameters
from connector_async._operations import OPERATIONS
from connector_async.emulator import TENANT_ID, Emulator
from connector_async.errors import NotFoundError, PermissionDeniedError
from connector_async.models import AttachmentView, ChannelAccount

HELLO = Activity(type="message", text="hello")


@pytest.fixture
def emulator():
    return Emulator(profile="generic", conversations_per_page=2)


@pytest.fixture
async def connector(emulator):
    async with ConnectorClient(
        None, service_url="http://localhost/teams", transport=emulator.transport()
    ) as connector:
        yield connector


@pytest.fixture
def conversation(emulator):
    """
    A conversation with three members, and an id that has to be quoted.
    """
    return emulator.add_conversation("19:a/b?c@thread.tacv2", members=3)


def asked(emulator):
    return [received.operation for received in emulator.record.received()]


async def test_get_conversations(connector, emulator):
    """
    A page of conversations, and where the next one begins.
    """
    ids = [emulator.add_conversation(f"a:{number}") for number in range(3)]

    page = await connector.get_conversations()

    assert ids[:2] == [conversation.id for conversation in page.conversations]
    assert page.continuation_token
    assert ids == [conversation.id async for conversation in connector.iter_conversations()]
    assert {"getConversations"} == set(asked(emulator))


async def test_create_conversation(connector, emulator):
    """
    A conversation that was created can be spoken in.
    """
    created = await connector.create_conversation(
        ConversationParameters(members=[ChannelAccount(id="29:1")], tenant_id=TENANT_ID)
    )
    await connector.send_to_conversation(created.id, HELLO)

    assert ["hello"] == emulator.record.texts(created.id)


async def test_send_to_conversation(connector, emulator, conversation):
    """
    A message that was sent is there, under the id that came back.
    """
    sent = await connector.send_to_conversation(conversation, HELLO)

    (there,) = emulator.activities(conversation)
    assert ("hello", sent.id) == (there["text"], there["id"])


async def test_send_conversation_history(connector, emulator, conversation):
    """
    The activities of a transcript are taken.
    """
    past = {"activities": [{"type": "message", "id": "1", "timestamp": "2024-05-01T12:00:00Z"}]}

    await connector.send_conversation_history(conversation, past)

    assert ["sendConversationHistory"] == asked(emulator)


async def test_reply_to_activity(connector, emulator, conversation):
    """
    A reply names what it replies to.
    """
    question = emulator.add_activity(conversation, {"type": "message", "text": "hello?"})

    reply = await connector.reply_to_activity(conversation, question, HELLO)

    _, there = emulator.activities(conversation)
    assert (reply.id, question) == (there["id"], there["replyToId"])


async def test_update_activity(connector, emulator, conversation):
    """
    An update replaces what was said.
    """
    sent = await connector.send_to_conversation(conversation, HELLO)

    await connector.update_activity(conversation, sent.id, Activity(type="message", text="bye"))

    assert ["bye"] == [there["text"] for there in emulator.activities(conversation)]


async def test_delete_activity(connector, emulator, conversation):
    """
    What was deleted is gone.
    """
    sent = await connector.send_to_conversation(conversation, HELLO)

    await connector.delete_activity(conversation, sent.id)

    assert [] == emulator.activities(conversation)
    with pytest.raises(NotFoundError):
        await connector.delete_activity(conversation, sent.id)


async def test_get_activity_members(connector, emulator, conversation):
    """
    Those who could see an activity.
    """
    sent = await connector.send_to_conversation(conversation, HELLO)

    members = await connector.get_activity_members(conversation, sent.id)

    assert [member["id"] for member in emulator.members(conversation)] == [
        member.id for member in members
    ]


async def test_get_conversation_members(connector, conversation):
    """
    All members at once.
    """
    members = await connector.get_conversation_members(conversation)

    assert ["29:member-0", "29:member-1", "29:member-2"] == [member.id for member in members]


async def test_get_conversation_paged_members(connector, emulator):
    """
    The members page by page, and all of them in order.
    """
    conversation = emulator.add_conversation(members=120)

    page = await connector.get_conversation_paged_members(conversation, page_size=50)
    members = connector.iter_conversation_members(conversation, page_size=50)

    assert 50 == len(page.members)
    assert page.continuation_token
    assert [f"29:member-{number}" for number in range(120)] == [
        member.id async for member in members
    ]
    assert 1 + 3 == len(asked(emulator))


async def test_get_conversation_member(connector, conversation):
    """
    One member.
    """
    assert (
        "29:member-1" == (await connector.get_conversation_member(conversation, "29:member-1")).id
    )


async def test_delete_conversation_member(connector, emulator, conversation):
    """
    A member that was removed is no member.
    """
    await connector.delete_conversation_member(conversation, "29:member-1")

    assert ["29:member-0", "29:member-2"] == [
        member["id"] for member in emulator.members(conversation)
    ]


async def test_upload_attachment(connector, conversation):
    """
    What was uploaded can be fetched.
    """
    uploaded = await connector.upload_attachment(
        conversation, AttachmentData(type="image/png", name="a.png", original_base64=b"\x89PNG")
    )

    assert b"\x89PNG" == await connector.get_attachment(uploaded.id)


async def test_get_attachment_info(connector, emulator):
    """
    An attachment's name, type and views.
    """
    attachment = emulator.add_attachment(b"\x89PNG", type="image/png", name="a.png")

    info = await connector.get_attachment_info(attachment)

    assert ("a.png", "image/png") == (info.name, info.type)
    assert AttachmentView(view_id="original", size=4) in info.views


async def test_get_attachment(connector, emulator, tmp_path):
    """
    An attachment's content, held or streamed.
    """
    attachment = emulator.add_attachment(b"\x89PNG", thumbnail=b"p")

    assert b"\x89PNG" == await connector.get_attachment(attachment)
    assert b"p" == await connector.get_attachment(attachment, "thumbnail")
    async with connector.stream_attachment(attachment) as content:
        assert 4 == await content.save(tmp_path / "a.png")


async def test_refuses_as_the_service_does(connector, emulator, conversation):
    """
    A refusal has the service's own words.
    """
    emulator.fail_next("sendToConversation", status=403)

    with pytest.raises(PermissionDeniedError) as raised:
        await connector.send_to_conversation(conversation, HELLO)

    assert raised.value.code
    assert raised.value.message


def test_every_operation_is_here():
    """
    Each operation has its test in this file.
    """
    names = [re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", row.id) for row in OPERATIONS]

    assert [] == [name for name in names if f"test_{name}" not in globals()]
