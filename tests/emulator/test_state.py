"""
What an emulator holds: conversations, teams, pages, files, and what can be seen of them.
"""

import json

import pytest

from connector_async.emulator import TENANT_ID, ConversationView, Emulator
from tests.emulator.channel import MESSAGE, a_channel


async def walked(channel, operation, **query):
    """
    All pages of a list, each as it came.
    """
    pages, token = [], ""
    while token is not None:
        page = (await channel.ask(operation, query={**query, "continuationToken": token})).json()
        pages.append(page)
        token = page.get("continuationToken")
    return pages


def test_shows_conversations():
    """
    A view says what a conversation is, and how much is in it.
    """
    emulator = Emulator()
    chat = emulator.add_conversation("a:1", members=["29:ann"], name="Ann", tenant_id="t")
    emulator.add_activity(chat, MESSAGE)
    emulator.block(chat)
    emulator.add_conversation("19:all@thread.v2", members=3)

    assert [
        ConversationView(
            id="a:1",
            name="Ann",
            tenant_id="t",
            kind="personal",
            members=1,
            activities=1,
            is_blocked=True,
        ),
        ConversationView(
            id="19:all@thread.v2",
            name=None,
            tenant_id=TENANT_ID,
            kind="groupChat",
            members=3,
            activities=0,
            is_blocked=False,
        ),
    ] == emulator.conversations()


@pytest.mark.parametrize(
    ("conversation_id", "members", "kind"),
    [
        ("a:1", 3, "personal"),
        ("19:1@thread.v2", 1, "groupChat"),
        ("19:1@thread.tacv2", 1, "channel"),
        ("19:1", 1, "channel"),
        ("any", 1, "personal"),
        ("any", 2, "channel"),
    ],
)
def test_reads_the_kind_from_the_id(conversation_id, members, kind):
    """
    Where no kind is given, the id tells it, or the size.
    """
    emulator = Emulator()
    emulator.add_conversation(conversation_id, members=members)

    assert kind == emulator.conversations()[0].kind


@pytest.mark.parametrize(
    ("kind", "beginning", "end"),
    [
        ("personal", "a:", ""),
        ("groupChat", "19:", "@thread.v2"),
        ("channel", "19:", "@thread.tacv2"),
    ],
)
def test_makes_up_ids_of_a_kind(kind, beginning, end):
    """
    An id that is made up is of its kind's form.
    """
    emulator = Emulator()
    made_up = emulator.add_conversation(kind=kind)

    assert made_up.startswith(beginning)
    assert made_up.endswith(end)
    assert kind == emulator.conversations()[0].kind


def test_refuses_unknown_kinds():
    """
    There are three kinds.
    """
    with pytest.raises(ValueError, match="'room'; there are personal, groupChat, channel"):
        Emulator().add_conversation(kind="room")


def test_does_not_make_up_what_there_is():
    """
    An id is made up that nobody has, and that is not reserved.
    """
    emulator = Emulator()
    emulator.add_conversation("19:emulator-0@thread.tacv2")
    emulator.reserve(["19:emulator-1@thread.tacv2"])

    assert "19:emulator-2@thread.tacv2" == emulator.add_conversation()


def test_adds_teams():
    """
    A team's channels share its members; the General channel has the team's id.
    """
    emulator = Emulator()
    ids = emulator.add_team(
        "19:team", name="Contoso", channels=["News", {"id": "19:x", "name": "X"}], members=4
    )

    assert ["19:team", "19:emulator-0@thread.tacv2", "19:x"] == ids
    assert [("Contoso", "channel", 4), ("News", "channel", 4), ("X", "channel", 4)] == [
        (view.name, view.kind, view.members) for view in emulator.conversations()
    ]
    assert emulator.members("19:team") == emulator.members("19:x")


def test_adds_a_team_whole_or_not():
    """
    Where one of its channels cannot be, there is no team.
    """
    emulator = Emulator()
    emulator.add_conversation("19:x")

    with pytest.raises(ValueError, match="19:x"):
        emulator.add_team("19:team", channels=[{"id": "19:x"}])
    assert 1 == len(emulator.conversations())


def test_holds_thousands_of_members():
    """
    Thousands of members have each their own id, name and object id.
    """
    emulator = Emulator()
    chat = emulator.add_conversation(members=5_000)
    members = emulator.members(chat)

    assert 5_000 == len({member["id"] for member in members})
    assert 5_000 == len({member["aadObjectId"] for member in members})


@pytest.mark.parametrize("act", ["block", "unblock", "remove_bot", "remove_conversation"])
def test_knows_what_there_is_not(act):
    """
    Nothing can be done to a conversation that there is not.
    """
    with pytest.raises(KeyError, match="19:nowhere"):
        getattr(Emulator(), act)("19:nowhere")


async def test_clears():
    """
    After a clear there is nothing: no conversations, files, faults, record, or used up limits.
    """
    async with a_channel("teams", limits=None) as channel:
        emulator = channel.emulator
        emulator.fail_next("getConversationMembers", status=500, times=100)
        while (await channel.send()).status_code != 429:
            pass
        emulator.clear()

        assert [] == emulator.conversations()
        assert [] == emulator.record.received() == emulator.record.committed()
        emulator.add_conversation(channel.conversation)
        assert 201 == (await channel.send()).status_code
        assert 200 == (await channel.ask("getConversationMembers")).status_code
        assert 404 == (await channel.ask("getAttachmentInfo")).status_code


async def test_uneven_pages():
    """
    Pages are smaller, without a list, larger, and overlap; everybody comes, and in order.
    """
    async with a_channel("teams", members=400) as channel:
        channel.emulator.uneven_pages = True
        pages = await walked(channel, "getConversationPagedMembers", pageSize=100)

    assert channel.emulator.uneven_pages
    assert [50, None, 150, 101, 50, None, 50] == [
        len(page["members"]) if "members" in page else None for page in pages
    ]
    seen = [member["id"] for page in pages for member in page.get("members", ())]
    assert [f"29:member-{number}" for number in range(400)] == list(dict.fromkeys(seen))
    assert 401 == len(seen)


async def test_uneven_lists_of_conversations():
    """
    The list of conversations may be uneven as well; a page may hold none.
    """
    async with a_channel("generic", conversations_per_page=2) as channel:
        for _ in range(5):
            channel.emulator.add_conversation()
        channel.emulator.uneven_pages = True
        pages = await walked(channel, "getConversations")

    assert [1, 0, 3, 3] == [len(page["conversations"]) for page in pages]


async def test_redirects_to_a_store():
    """
    A file that lies elsewhere is answered 302 with the place.
    """
    async with a_channel("teams") as channel:
        attachment_id = channel.emulator.add_attachment(
            b"", location="https://store.example.net/1?sig=2"
        )
        response = await channel.ask("getAttachment", x=attachment_id)

    assert (302, b"") == (response.status_code, response.content)
    assert "https://store.example.net/1?sig=2" == response.headers["location"]


async def test_pretty_json():
    """
    JSON comes indented, with CR and LF, if that is asked for; all else as it is.
    """
    async with a_channel("teams") as channel:
        channel.emulator.pretty_json = True
        sent = await channel.send()
        typing = await channel.ask("sendToConversation", {"type": "typing"})
        picture = await channel.ask("getAttachment")

    assert channel.emulator.pretty_json
    assert b'{\r\n  "id": "1700000000501"\r\n}' == sent.content
    assert {"id": "1700000000501"} == json.loads(sent.content)
    assert (b"", b"picture") == (typing.content, picture.content)


async def test_pretty_json_spoils_nothing():
    """
    A body that is not the JSON that it says it is comes as it is.
    """
    async with a_channel("teams") as channel:
        channel.emulator.pretty_json = True
        channel.emulator.fail_next(
            "sendToConversation",
            status=502,
            body=b"{",
            headers={"Content-Type": "application/json"},
        )
        response = await channel.send()

    assert (502, b"{") == (response.status_code, response.content)


async def test_conversations_without_the_bot_are_not_listed():
    """
    The list has the conversations that the bot is part of.
    """
    async with a_channel("webchat") as channel:
        other = channel.emulator.add_conversation()
        channel.emulator.remove_bot(channel.conversation)
        listed = (await channel.ask("getConversations")).json()["conversations"]

    assert [other] == [conversation["id"] for conversation in listed]


async def test_replies_know_what_they_reply_to():
    """
    A reply is kept with the id of what it replies to, where it does not say so itself.
    """
    async with a_channel("teams") as channel:
        await channel.ask("replyToActivity")
        await channel.ask("replyToActivity", {**MESSAGE, "replyToId": "other"})

    assert [None, channel.activity, "other"] == [
        activity.get("replyToId") for activity in channel.emulator.activities(channel.conversation)
    ]
