"""
What Teams does otherwise: whom it lets be written to, what it splits, hides, measures and pages.
"""

import re

import pytest

from connector_async.emulator import APP_ID, APP_SECRET, TENANT_ID
from tests.emulator.channel import MESSAGE, WALL, a_channel, refusal

MEMBER = {"id": "29:new"}
TENANT = {"tenant": {"id": TENANT_ID}}
GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
CARD = {"contentType": "application/vnd.microsoft.card.hero", "content": {"title": "t"}}
OAUTH = {"contentType": "application/vnd.microsoft.card.oauth", "content": {"text": "t"}}
PICTURE = {"contentType": "image/png", "contentUrl": "data:image/png;base64," + "A" * 150_000}
LONGEST = 102_400


@pytest.fixture
async def teams():
    async with a_channel("teams") as channel:
        yield channel


@pytest.fixture
async def chat():
    async with a_channel("teams", kind="personal", members=1) as channel:
        yield channel


def a_chunk(text, number=None, stream_id=None, stream_type="streaming", kind="typing"):
    """
    A part of a stream.
    """
    info = {"type": "streaminfo", "streamType": stream_type}
    info |= {} if number is None else {"streamSequence": number}
    info |= {} if stream_id is None else {"streamId": stream_id}
    return {"type": kind, "text": text, "entities": [info]}


@pytest.mark.parametrize(
    "asked",
    [
        {"members": [MEMBER], "tenantId": TENANT_ID},
        {"members": [MEMBER], "channelData": TENANT},
        {"members": [MEMBER], "tenantId": TENANT_ID, "isGroup": False},
        {"members": [MEMBER], "tenantId": TENANT_ID, "bot": {"id": f"28:{APP_ID}"}},
        {"members": [{"id": GUID}], "tenantId": TENANT_ID},
    ],
)
async def test_creates_chats(teams, asked):
    """
    A chat needs one member and a tenant; a bot and an object id in place of the id may be given.
    """
    response = await teams.create(**asked)

    assert 201 == response.status_code
    assert re.fullmatch("a:[A-Za-z0-9_-]{43}", response.json()["id"])
    assert ["id"] == list(response.json())
    assert 1 == len(teams.emulator.members(response.json()["id"]))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"members": [MEMBER]}, (400, "BadArgument")),
        ({"members": [], "tenantId": "t"}, (400, "BadArgument")),
        ({"members": [{"aadObjectId": GUID}], "tenantId": "t"}, (400, "BadArgument")),
        ({"members": [{"id": "ann@example.com"}], "tenantId": "t"}, (400, "BadArgument")),
        ({"members": [MEMBER], "tenantId": "t", "isGroup": True}, (400, "BadSyntax")),
        (
            {"members": [MEMBER, {"id": "29:x"}], "tenantId": "t", "isGroup": True},
            (400, "BadSyntax"),
        ),
        (
            {
                "members": [MEMBER, {"id": "29:x"}, {"id": "29:y"}],
                "tenantId": "t",
                "isGroup": True,
                "bot": {"id": "28:bot"},
                "topicName": "t",
                "channelData": TENANT,
            },
            (400, "BadSyntax"),
        ),
        ({"members": [MEMBER, {"id": "29:x"}], "tenantId": "t"}, (400, "BadArgument")),
        ({"isGroup": True, "channelData": {"channel": {"id": "{c}"}}}, (400, "BadSyntax")),
        (
            {"channelData": {"channel": {"id": "19:nowhere"}}, "activity": MESSAGE},
            (404, "ConversationNotFound"),
        ),
    ],
)
async def test_refuses_to_create(teams, asked, expected):
    """
    What Teams does not make is refused, and nothing has come of it.
    """
    before = teams.emulator.conversations()
    channel = asked.get("channelData", {}).get("channel")
    if channel and channel["id"] == "{c}":
        asked = {**asked, "channelData": {"channel": {"id": teams.conversation}}}

    response = await teams.create(**asked)

    assert expected == refusal(response)
    assert before == teams.emulator.conversations()


async def test_finds_a_chat_again(teams):
    """
    Asked again there is the same chat, answered 200; nothing has happened.
    """
    first = await teams.create(members=[MEMBER], tenantId=TENANT_ID)
    done = len(teams.emulator.record.committed())
    second = await teams.create(members=[MEMBER], channelData=TENANT)

    assert (200, first.json()) == (second.status_code, second.json())
    assert done == len(teams.emulator.record.committed())


async def test_finds_a_chat_that_was_there(teams):
    """
    A chat that was put there is the chat with its member, in its tenant.
    """
    chat = teams.emulator.add_conversation("a:1", members=["29:new"])

    found = await teams.create(members=[MEMBER], tenantId=TENANT_ID)
    elsewhere = await teams.create(members=[MEMBER], tenantId="t")

    assert (200, {"id": chat}) == (found.status_code, found.json())
    assert chat != elsewhere.json()["id"]


async def test_sessions_are_new_chats(teams):
    """
    An app with sessions gets another chat each time.
    """
    teams.emulator.sessions = True

    ids = [
        (await teams.create(members=[MEMBER], tenantId=TENANT_ID)).json()["id"] for _ in range(3)
    ]

    assert teams.emulator.sessions
    assert 3 == len(set(ids))


async def test_a_deleted_chat_is_gone(teams):
    """
    The id of a chat that its user deleted is unknown for good; created again, it has another.
    """
    old = (await teams.create(members=[MEMBER], tenantId=TENANT_ID)).json()["id"]
    teams.emulator.remove_conversation(old)
    gone = await teams.send(old)
    new = (await teams.create(members=[MEMBER], tenantId=TENANT_ID)).json()["id"]

    assert (404, "ConversationNotFound") == refusal(gone)
    assert old != new
    assert (201, 404) == (
        (await teams.send(new)).status_code,
        (await teams.send(old)).status_code,
    )


async def test_posts_nothing_with_a_chat(teams):
    """
    An activity that comes with a chat is not posted, and the answer has no id of it.
    """
    response = await teams.create(members=[MEMBER], tenantId=TENANT_ID, activity=MESSAGE)

    assert ["id"] == list(response.json())
    assert [] == teams.emulator.activities(response.json()["id"])


async def test_an_object_id_is_somebody(teams):
    """
    The chat with an object id is the chat with whom it is of.
    """
    known = teams.emulator.members(teams.conversation)[0]

    by_object_id = await teams.create(members=[{"id": known["aadObjectId"]}], tenantId=TENANT_ID)
    by_id = await teams.create(members=[{"id": known["id"]}], tenantId=TENANT_ID)

    assert by_id.json() == by_object_id.json()


async def test_needs_the_app(teams):
    """
    Who has not the app in personal scope cannot be written to.
    """
    teams.emulator.uninstall("29:new")
    refused = await teams.create(members=[MEMBER], tenantId=TENANT_ID)
    teams.emulator.install("29:new")
    done = await teams.create(members=[MEMBER], tenantId=TENANT_ID)

    assert (403, "ForbiddenOperationException") == refusal(refused)
    assert 201 == done.status_code


async def test_a_blocked_chat_is_not_created(teams):
    """
    A member who blocked the bot is not found again either.
    """
    chat = (await teams.create(members=[MEMBER], tenantId=TENANT_ID)).json()["id"]
    teams.emulator.block(chat)

    response = await teams.create(members=[MEMBER], tenantId=TENANT_ID)

    assert (403, "ConversationBlockedByUser") == refusal(response)


@pytest.mark.parametrize(("bot", "status"), [(APP_ID, 201), ("28:another", 400)])
async def test_knows_the_bot_by_its_token(bot, status):
    """
    A caller with a token cannot create for another bot.
    """
    async with a_channel("teams") as channel:
        form = {
            "grant_type": "client_credentials",
            "client_id": APP_ID,
            "client_secret": APP_SECRET,
            "scope": "https://api.botframework.com/.default",
        }
        asked = await channel.client.post(
            f"https://login.example.net/{TENANT_ID}/oauth2/v2.0/token", data=form
        )
        token = asked.json()["access_token"]
        channel.client.headers["Authorization"] = f"Bearer {token}"
        response = await channel.create(members=[MEMBER], tenantId=TENANT_ID, bot={"id": bot})

    assert status == response.status_code


@pytest.mark.parametrize("extra", [{}, {"members": [MEMBER]}, {"tenantId": TENANT_ID}])
async def test_creates_threads(teams, extra):
    """
    A new thread of a channel has the channel's id and the root message's; members are ignored.
    """
    response = await teams.create(
        isGroup=True,
        channelData={"channel": {"id": teams.conversation}},
        activity=MESSAGE,
        **extra,
    )

    answer = response.json()
    assert 201 == response.status_code
    assert f"{teams.conversation};messageid={answer['activityId']}" == answer["id"]
    assert answer["activityId"] == teams.emulator.activities(teams.conversation)[-1]["id"]


async def test_a_team_is_its_general_channel(teams):
    """
    The team's id, given for a channel's, posts to the General channel.
    """
    team, news = teams.emulator.add_team("19:team@thread.tacv2", channels=["News"])

    response = await teams.create(channelData={"channel": {"id": team}}, activity=MESSAGE)

    assert response.json()["id"].startswith("19:team@thread.tacv2;messageid=")
    assert [] == teams.emulator.activities(news)


async def test_a_channel_without_the_bot_has_no_threads(teams):
    """
    A channel of a team that has not the app is refused.
    """
    teams.emulator.remove_bot(teams.conversation)

    response = await teams.create(
        channelData={"channel": {"id": teams.conversation}}, activity=MESSAGE
    )

    assert (403, "BotNotInConversationRoster") == refusal(response)


async def test_ids_are_milliseconds(teams):
    """
    An activity's id is the time in milliseconds, later than any before.
    """
    ids = [(await teams.send(text=str(number))).json()["id"] for number in range(2)]

    assert [str(int(WALL * 1000) + 1), str(int(WALL * 1000) + 2)] == ids


async def test_splits_messages(teams):
    """
    Text with a card becomes two messages, and the answer is 202 without an id.
    """
    response = await teams.send(text="both", attachments=[CARD])

    assert (202, b"") == (response.status_code, response.content)
    text, card = teams.emulator.activities(teams.conversation)[-2:]
    assert ("both", None) == (text["text"], text.get("attachments"))
    assert (None, [CARD]) == (card.get("text"), card["attachments"])


async def test_a_card_alone_is_one_message(teams):
    """
    A card without text has an id.
    """
    response = await teams.ask("sendToConversation", {"type": "message", "attachments": [CARD]})

    assert (201, ["id"]) == (response.status_code, list(response.json()))


async def test_hides_the_id_of_a_sign_in(teams):
    """
    A card that asks to sign in is shown, and has no id.
    """
    response = await teams.ask("sendToConversation", {"type": "message", "attachments": [OAUTH]})

    assert (202, b"") == (response.status_code, response.content)
    assert [OAUTH] == teams.emulator.activities(teams.conversation)[-1]["attachments"]


@pytest.mark.parametrize("kind", ["trace", "endOfConversation", "handoff"])
async def test_drops_what_it_does_not_show(teams, kind):
    """
    Other types are accepted without an id, and nothing is there.
    """
    response = await teams.ask("sendToConversation", {"type": kind, "name": "x"})

    assert (200, {}) == (response.status_code, response.json())
    assert 1 == len(teams.emulator.activities(teams.conversation))


async def test_refuses_unknown_attachments(teams):
    """
    A file by its URL is no attachment that Teams knows.
    """
    attachment = {"contentType": "application/pdf", "contentUrl": "https://example.com/a.pdf"}

    response = await teams.send(attachments=[attachment])

    assert (400, "BadArgument") == refusal(response)
    assert "Unknown attachment type" == response.json()["error"]["message"]


@pytest.mark.parametrize(("more", "status"), [(0, 201), (1, 413)])
@pytest.mark.parametrize("letter", ["a", "é", "😀"])
async def test_measures_in_utf_16(teams, letter, more, status):
    """
    A message has 100 KB, counted as UTF-16, and not a character more.
    """
    empty = len('{"type":"message","text":""}') * 2
    size = len(letter.encode("utf-16-le"))
    room = (LONGEST - empty) // size
    body = {"type": "message", "text": letter * (room + more)}

    response = await teams.ask("sendToConversation", body)

    assert status == response.status_code
    assert status == 201 or (413, "MessageSizeTooBig") == refusal(response)


async def test_does_not_measure_pictures(teams):
    """
    A picture in the message is not counted.
    """
    response = await teams.ask("sendToConversation", {"type": "message", "attachments": [PICTURE]})

    assert 201 == response.status_code


async def test_guards_what_others_said(teams):
    """
    A bot cannot change or delete what it has not sent.
    """
    theirs = teams.emulator.add_activity(teams.conversation, MESSAGE)

    assert (403, "NotEnoughPermissions") == refusal(await teams.ask("updateActivity", a=theirs))
    assert (403, "NotEnoughPermissions") == refusal(await teams.ask("deleteActivity", a=theirs))


async def test_a_change_is_text_or_card(teams):
    """
    A message can become a card, but not a text and a card.
    """
    both = await teams.ask("updateActivity", {**MESSAGE, "attachments": [CARD]})
    card = await teams.ask("updateActivity", {"type": "message", "attachments": [CARD]})

    assert (400, "BadSyntax") == refusal(both)
    assert (200, {"id": teams.activity}) == (card.status_code, card.json())


async def test_the_path_says_what_is_changed(teams):
    """
    Another id in the new content is ignored.
    """
    response = await teams.ask("updateActivity", {**MESSAGE, "id": "another"})

    assert (200, {"id": teams.activity}) == (response.status_code, response.json())
    assert [teams.activity] == [
        activity["id"] for activity in teams.emulator.activities(teams.conversation)
    ]


async def test_says_the_object_id_twice(teams):
    """
    A member's object id comes as `aadObjectId` and as `objectId`, in every roster.
    """
    [first, *_] = (await teams.ask("getConversationMembers")).json()
    [paged, *_] = (await teams.ask("getConversationPagedMembers")).json()["members"]
    [viewer, *_] = (await teams.ask("getActivityMembers")).json()
    one = (await teams.ask("getConversationMember")).json()

    assert first == paged == viewer == one
    assert first["aadObjectId"] == first["objectId"]
    assert "objectId" not in teams.emulator.members(teams.conversation)[0]


async def test_finds_members_by_object_id(teams):
    """
    A member is found by its object id, too; an object id of somebody else's is not.
    """
    known = teams.emulator.members(teams.conversation)[1]
    elsewhere = teams.emulator.add_conversation(members=["29:elsewhere"])
    other = teams.emulator.members(elsewhere)[0]

    found = await teams.ask("getConversationMember", m=known["aadObjectId"].upper())
    missing = await teams.ask("getConversationMember", m=other["aadObjectId"])

    assert known["id"] == found.json()["id"]
    assert (404, "MemberNotFoundInConversation") == refusal(missing)


@pytest.mark.parametrize(
    ("kind", "asked", "sizes"),
    [
        ("channel", None, 200),
        ("channel", 1, 50),
        ("channel", 300, 300),
        ("channel", 1000, 500),
        ("groupChat", 50, 600),
        ("personal", 50, 600),
    ],
)
async def test_pages_channels_only(kind, asked, sizes):
    """
    The roster of a channel has pages of 50 to 500, that of a chat is one page.
    """
    async with a_channel("teams", kind=kind, members=600) as channel:
        query = {} if asked is None else {"pageSize": asked}
        page = (await channel.ask("getConversationPagedMembers", query=query)).json()

    assert sizes == len(page["members"])
    assert ("continuationToken" in page) == (sizes < 600)


async def test_streams(chat):
    """
    The first chunk has an id, the others have none; in the end there is one message.
    """
    first = await chat.ask("sendToConversation", a_chunk("Let me see", 1, None, "informative"))
    stream_id = first.json()["id"]
    informative = a_chunk("Nearly", 2, stream_id, "informative")
    rest = [
        await chat.ask("sendToConversation", chunk)
        for chunk in (
            informative,
            a_chunk("It", 3, stream_id),
            a_chunk("It is", 4, stream_id),
            a_chunk("It is done.", None, stream_id, "final", "message"),
        )
    ]

    assert 201 == first.status_code
    assert [(202, {})] * 4 == [(answer.status_code, answer.json()) for answer in rest]
    [_, message] = chat.emulator.activities(chat.conversation)
    assert (stream_id, "message", "It is done.") == (
        message["id"],
        message["type"],
        message["text"],
    )
    assert ["before", "It is done."] == chat.emulator.record.texts()


@pytest.mark.parametrize("number", [2, 3])
async def test_drops_late_chunks(chat, number):
    """
    A chunk that a later one has overtaken is accepted, and changes nothing; again is too late.
    """
    stream_id = (await chat.ask("sendToConversation", a_chunk("a", 1))).json()["id"]
    await chat.ask("sendToConversation", a_chunk("abc", 3, stream_id))

    late = await chat.ask("sendToConversation", a_chunk("ab", number, stream_id))

    assert 202 == late.status_code
    assert "ContentStreamSequenceOrderPreConditionFailed" == late.json()["code"]


@pytest.mark.parametrize(
    ("chunks", "expected", "words"),
    [
        ([a_chunk("", 1)], (400, "BadRequest"), "include text"),
        ([a_chunk("a", 1, None, "final", "message")], (400, "BadRequest"), "include text"),
        ([a_chunk("a", 1), a_chunk("b", 1)], (403, "ContentStreamNotAllowed"), "not allowed"),
        (
            [a_chunk("a", 1), a_chunk("ab", 2, "{s}"), a_chunk("b", 3, "{s}")],
            (403, "ContentStreamNotAllowed"),
            "previously streamed",
        ),
        (
            [
                a_chunk("a", 1),
                a_chunk("ab", None, "{s}", "final", "message"),
                a_chunk("abc", 3, "{s}"),
            ],
            (403, "ContentStreamNotAllowed"),
            "already completed",
        ),
        ([a_chunk("a", 2, "1")], (404, "ActivityNotFoundInConversation"), "not found"),
    ],
)
async def test_refuses_chunks(chat, chunks, expected, words):
    """
    A stream begins with text, one at a time, grows, and ends once.
    """
    response, stream_id = None, None
    for chunk in chunks:
        [info] = chunk["entities"]
        filled = info | ({"streamId": stream_id} if info.get("streamId") == "{s}" else {})
        response = await chat.ask("sendToConversation", {**chunk, "entities": [filled]})
        stream_id = stream_id or (response.json().get("id") if response.is_success else None)

    assert expected == refusal(response)
    assert words in response.json()["error"]["message"]


async def test_chunks_need_no_numbers(chat):
    """
    Chunks without a number are taken as they come.
    """
    stream_id = (await chat.ask("sendToConversation", a_chunk("a"))).json()["id"]
    answers = [
        await chat.ask("sendToConversation", a_chunk(text, None, stream_id))
        for text in ("ab", "abc")
    ]

    assert [202, 202] == [answer.status_code for answer in answers]


async def test_streams_end_with_their_message(chat):
    """
    A stream whose message was deleted is not known any longer, and another can begin.
    """
    stream_id = (await chat.ask("sendToConversation", a_chunk("a", 1))).json()["id"]
    deleted = await chat.ask("deleteActivity", a=stream_id)

    ended = await chat.ask("sendToConversation", a_chunk("ab", None, stream_id, "final", "message"))
    another = await chat.ask("sendToConversation", a_chunk("b", 1))

    assert (200, 404, 201) == (deleted.status_code, ended.status_code, another.status_code)


async def test_streams_end_in_time():
    """
    After two minutes a stream is over.
    """
    at = [WALL]
    clock = Moving(at)
    async with a_channel("teams", kind="personal", members=1, clock=clock) as chat:
        stream_id = (await chat.ask("sendToConversation", a_chunk("a", 1))).json()["id"]
        at[0] += 120
        in_time = await chat.ask("sendToConversation", a_chunk("ab", 2, stream_id))
        at[0] += 1
        late = await chat.ask("sendToConversation", a_chunk("abc", 3, stream_id))
        again = await chat.ask("sendToConversation", a_chunk("new", 1))

    assert 202 == in_time.status_code
    assert (403, "ContentStreamNotAllowed") == refusal(late)
    assert "exceeded streaming time" in late.json()["error"]["message"]
    assert 201 == again.status_code


async def test_streams_are_for_chats(teams):
    """
    In a channel nothing is streamed.
    """
    response = await teams.ask("sendToConversation", a_chunk("a", 1))

    assert (403, "ContentStreamNotAllowed") == refusal(response)


async def test_several_infos_are_none(chat):
    """
    Of several stream infos none counts.
    """
    chunk = a_chunk("a", 1)

    response = await chat.ask(
        "sendToConversation", {**chunk, "entities": chunk["entities"] + chunk["entities"]}
    )

    assert (202, b"") == (response.status_code, response.content)


class Moving:
    """
    A clock that a test moves.
    """

    def __init__(self, at):
        self.at = at

    def now(self):
        return self.at[0]

    def wall(self):
        return self.at[0]

    async def sleep(self, seconds):
        self.at[0] += seconds
