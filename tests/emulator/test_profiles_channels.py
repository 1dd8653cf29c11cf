"""
What Web Chat, Direct Line and Slack do otherwise: their ids, their words, their rules.
"""

import re

import pytest

from connector_async.emulator import EmulatorLimits
from tests.emulator.channel import MESSAGE, a_channel, refusal

BOT = {"id": "BBOT:TTEAM"}
USER = {"id": "UUSER:TTEAM"}
CARD = {"contentType": "application/vnd.microsoft.card.hero", "content": {"title": "t"}}


@pytest.fixture(params=["webchat", "directline"])
async def web(request):
    async with a_channel(request.param) as channel:
        yield channel


@pytest.fixture
async def slack():
    async with a_channel("slack", kind="personal", members=1) as channel:
        yield channel


async def test_web_ids(web):
    """
    An activity's id is the conversation's, a bar, and a number that counts on.
    """
    ids = [(await web.send(text=str(number))).json()["id"] for number in range(2)]

    assert re.fullmatch("[A-Za-z0-9_-]{22}-us", web.conversation)
    assert [f"{web.conversation}|0000001", f"{web.conversation}|0000002"] == ids


async def test_web_sends_are_200(web):
    """
    A message is answered 200, with a card as well.
    """
    response = await web.send(attachments=[CARD])

    assert (200, ["id"]) == (response.status_code, list(response.json()))


@pytest.mark.parametrize(
    ("operation", "letter", "words"),
    [
        ("sendToConversation", "c", "Unknown conversation"),
        ("replyToActivity", "a", "Unknown activity"),
        ("getConversationMember", "m", "Unknown member"),
        ("getAttachmentInfo", "x", "Unknown attachment"),
    ],
)
async def test_web_words(web, operation, letter, words):
    """
    What is not there is a bad argument.
    """
    response = await web.ask(operation, **{letter: "nothing"})

    assert (404, "BadArgument") == refusal(response)
    assert words == response.json()["error"]["message"]


async def test_web_members(web):
    """
    A member has an id and a name, and nothing of a directory.
    """
    [first, *_] = (await web.ask("getConversationMembers")).json()

    assert {"id", "name"} == set(first)


async def test_web_has_no_rates(web):
    """
    No rate is published, and none is kept.
    """
    web.emulator.limits = EmulatorLimits()
    web.emulator.profile = web.emulator.profile.name
    async with a_channel(web.emulator.profile.name, limits=None) as unlimited:
        answers = [await unlimited.send(text=str(number)) for number in range(20)]

    assert [200] * 20 == [answer.status_code for answer in answers]


async def test_slack_opens_chats(slack):
    """
    A chat with one user is the same each time, and has the activity that it was opened with.
    """
    first = await slack.create(bot=BOT, members=[USER], activity=MESSAGE)
    second = await slack.create(bot=BOT, members=[USER])

    assert (201, 200) == (first.status_code, second.status_code)
    assert {"id", "activityId"} == set(first.json())
    assert {"id": first.json()["id"]} == second.json()
    assert re.fullmatch("BEMULATED:TEMULATED:D[0-9A-F]{8}", first.json()["id"])
    assert "hello" == slack.emulator.activities(first.json()["id"])[0]["text"]


async def test_slack_opens_groups(slack):
    """
    With several users there is a new group each time.
    """
    asked = {"bot": BOT, "members": [USER, {"id": "UTWO:TTEAM"}], "isGroup": True}

    ids = [(await slack.create(**asked)).json()["id"] for _ in range(2)]

    assert 2 == len(set(ids))
    assert all(":C" in group for group in ids)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"members": [USER]},
        {"bot": BOT},
        {"bot": USER, "members": [USER]},
        {"bot": BOT, "members": [BOT]},
        {"bot": BOT, "members": [USER, {"id": "29:x"}]},
    ],
)
async def test_slack_knows_ids_by_their_form(slack, asked):
    """
    A bot and its users have ids of Slack's form, or nothing is opened.
    """
    assert (400, "BadArgument") == refusal(await slack.create(**asked))
    assert 1 == len(slack.emulator.conversations())


@pytest.mark.parametrize("data", ["text", 1, ["list"]])
async def test_slack_knows_channel_data_as_an_object(slack, data):
    """
    Channel data is an object.
    """
    response = await slack.send(channelData=data)

    assert (400, "ServiceError") == refusal(response)
    assert "Invalid ChannelData" == response.json()["error"]["message"]


async def test_slack_ids(slack):
    """
    An activity's id is a word of its own.
    """
    ids = {(await slack.send(text=str(number))).json()["id"] for number in range(3)}

    assert 3 == len(ids)
    assert all(re.fullmatch("[0-9a-f]{16}", activity_id) for activity_id in ids)


async def test_slack_takes_one_a_second():
    """
    The platform behind it takes one message a second, and says when the next.
    """
    async with a_channel("slack", limits=None) as slack:
        response = await slack.send()

    assert (429, "1") == (response.status_code, response.headers["retry-after"])


@pytest.mark.parametrize("profile", ["slack", "webchat", "directline"])
async def test_pages_of_any_size(profile):
    """
    Where no size of pages is published, the size is what was asked for.
    """
    async with a_channel(profile, members=5) as channel:
        page = (await channel.ask("getConversationPagedMembers", query={"pageSize": 2})).json()

    assert 2 == len(page["members"])
    assert page["continuationToken"]
