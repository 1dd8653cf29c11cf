"""
Every operation, run by this library's client against every channel.
"""

import attrs
import pytest

from connector_async import (
    Activity,
    AttachmentData,
    ChannelAccount,
    ConnectorClient,
    ConversationParameters,
    Transcript,
)
from connector_async._operations import OPERATIONS as ROWS
from connector_async.emulator import OPERATIONS, PROFILES, TENANT_ID, Emulator
from connector_async.errors import BotBlockedError, NotFoundError, OperationNotSupportedError
from connector_async.models import (
    AttachmentInfo,
    ConversationResourceResponse,
    ConversationsResult,
    PagedMembersResult,
    ResourceResponse,
)

HELLO = Activity.message("hello")
BOT = ChannelAccount(id="B1:T1")


@attrs.frozen
class On:
    """
    A client, and what is in the channel that it calls.
    """

    it: ConnectorClient
    slack: bool
    chat: str
    sent: str
    member: str
    file: str


def creation(on):
    """
    What a channel wants to know of a new chat.
    """
    member = ChannelAccount(id="U1:T1" if on.slack else "29:new")
    return ConversationParameters(
        bot=BOT if on.slack else None, members=[member], tenant_id=TENANT_ID
    )


CALLS = {
    "getConversations": lambda on: on.it.get_conversations(),
    "createConversation": lambda on: on.it.create_conversation(creation(on)),
    "sendToConversation": lambda on: on.it.send_to_conversation(on.chat, HELLO),
    "sendConversationHistory": lambda on: on.it.send_conversation_history(
        on.chat, Transcript(activities=[attrs.evolve(HELLO, id="1")])
    ),
    "replyToActivity": lambda on: on.it.reply_to_activity(on.chat, on.sent, HELLO),
    "updateActivity": lambda on: on.it.update_activity(on.chat, on.sent, HELLO),
    "deleteActivity": lambda on: on.it.delete_activity(on.chat, on.sent),
    "getActivityMembers": lambda on: on.it.get_activity_members(on.chat, on.sent),
    "getConversationMembers": lambda on: on.it.get_conversation_members(on.chat),
    "getConversationPagedMembers": lambda on: on.it.get_conversation_paged_members(on.chat),
    "getConversationMember": lambda on: on.it.get_conversation_member(on.chat, on.member),
    "deleteConversationMember": lambda on: on.it.delete_conversation_member(on.chat, on.member),
    "uploadAttachment": lambda on: on.it.upload_attachment(
        on.chat, AttachmentData(type="image/png", original_base64=b"x")
    ),
    "getAttachmentInfo": lambda on: on.it.get_attachment_info(on.file),
    "getAttachment": lambda on: on.it.get_attachment(on.file, "original"),
}

RETURNS = {
    "getConversations": ConversationsResult,
    "createConversation": ConversationResourceResponse,
    "sendToConversation": ResourceResponse,
    "sendConversationHistory": ResourceResponse,
    "replyToActivity": ResourceResponse,
    "updateActivity": ResourceResponse,
    "getActivityMembers": list,
    "getConversationMembers": list,
    "getConversationPagedMembers": PagedMembersResult,
    "getConversationMember": ChannelAccount,
    "uploadAttachment": ResourceResponse,
    "getAttachmentInfo": AttachmentInfo,
    "getAttachment": bytes,
}

RAISES = {405: OperationNotSupportedError, 404: NotFoundError}


@pytest.fixture(params=PROFILES)
def profile(request):
    return PROFILES[request.param]


@pytest.fixture
async def on(profile):
    emulator = Emulator(profile=profile)
    chat = emulator.add_conversation(members=3)
    async with ConnectorClient(
        None, service_url="http://localhost/channel", transport=emulator.transport()
    ) as connector:
        sent = await connector.send_to_conversation(chat, Activity.message("before"))
        emulator.limits = emulator.limits.off()
        yield On(
            it=connector,
            slack=profile.name == "slack",
            chat=chat,
            sent=sent.id,
            member=emulator.members(chat)[0]["id"],
            file=emulator.add_attachment(b"picture", type="image/png"),
        )


def test_calls_all_of_them():
    """
    There is a call for each row of the client's table, and for each operation of the emulator.
    """
    assert sorted(CALLS) == sorted(OPERATIONS) == sorted(row.id for row in ROWS)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_runs(on, profile, operation):
    """
    An operation gives what the client promises, or the error that tells what the channel lacks.
    """
    refused = profile.refused.get(operation)
    if refused is not None:
        with pytest.raises(RAISES[refused.status]):
            await CALLS[operation](on)
        return

    result = await CALLS[operation](on)

    assert isinstance(result, RETURNS.get(operation, type(None)))


async def test_reads_blocks(profile):
    """
    That a user blocked the bot is one error, in whatever shape a channel says it.
    """
    emulator = Emulator(profile=profile)
    chat = emulator.add_conversation()
    emulator.block(chat)
    async with ConnectorClient(
        None, service_url="http://localhost/channel", transport=emulator.transport()
    ) as connector:
        with pytest.raises(BotBlockedError):
            await connector.send_to_conversation(chat, HELLO)


async def test_walks_uneven_pages():
    """
    Pages of any size, empty ones and overlaps included, leave nobody out.
    """
    emulator = Emulator()
    emulator.uneven_pages = True
    channel = emulator.add_conversation(members=1_200)
    async with ConnectorClient(
        None, service_url="http://localhost", transport=emulator.transport()
    ) as connector:
        seen = [member.id async for member in connector.iter_conversation_members(channel)]

    assert [f"29:member-{number}" for number in range(1_200)] == list(dict.fromkeys(seen))


async def test_reads_pretty_json():
    """
    JSON in many lines is read as JSON in one.
    """
    emulator = Emulator()
    emulator.pretty_json = True
    chat = emulator.add_conversation(members=2)
    async with ConnectorClient(
        None, service_url="http://localhost", transport=emulator.transport()
    ) as connector:
        members = await connector.get_conversation_members(chat)

    assert ["29:member-0", "29:member-1"] == [member.id for member in members]
    assert all(member.aad_object_id for member in members)


async def test_a_split_message_has_no_id():
    """
    A message that Teams splits is a success without an id.
    """
    emulator = Emulator()
    chat = emulator.add_conversation()
    card = {"contentType": "application/vnd.microsoft.card.hero", "content": {"title": "t"}}
    async with ConnectorClient(
        None, service_url="http://localhost", transport=emulator.transport()
    ) as connector:
        sent = await connector.send_to_conversation(
            chat, {"type": "message", "text": "t", "attachments": [card]}
        )

    assert sent.id is None
    assert 2 == len(emulator.activities(chat))
