"""
Which channel has which operation: a test for each row of the channel matrix.
"""

import pytest

from connector_async.emulator import OPERATIONS, PROFILES, Emulator, EmulatorLimits, Profile
from connector_async.emulator.__main__ import main
from tests.emulator.channel import MESSAGE, REQUESTS, a_channel

SUPPORTS_NOT = (405, {"error": {"code": "BadArgument", "message": "This channel does not support"}})
NO_METHOD = (405, {"message": "The requested resource does not support http method 'GET'."})
NO_RESOURCE = (404, {"statusCode": 404, "message": "Resource not found"})

# What is not here is done.
REFUSED = {
    "teams": {
        "getConversations": NO_METHOD,
        "sendConversationHistory": SUPPORTS_NOT,
        "deleteConversationMember": SUPPORTS_NOT,
        "uploadAttachment": NO_RESOURCE,
    },
    "webchat": {
        "createConversation": SUPPORTS_NOT,
        "updateActivity": SUPPORTS_NOT,
        "deleteActivity": SUPPORTS_NOT,
        "deleteConversationMember": SUPPORTS_NOT,
    },
    "directline": {
        "createConversation": SUPPORTS_NOT,
        "updateActivity": SUPPORTS_NOT,
        "deleteActivity": SUPPORTS_NOT,
        "deleteConversationMember": SUPPORTS_NOT,
    },
    "slack": {
        "getConversations": NO_METHOD,
        "sendConversationHistory": SUPPORTS_NOT,
    },
    "generic": {},
}

STATUSES = {
    "createConversation": {"teams": 201, "slack": 201, "generic": 201},
    "sendToConversation": {"teams": 201, "generic": 201},
    "replyToActivity": {"teams": 201, "generic": 201},
}


def cut(body):
    """
    A body whose message is cut to what the matrix has of it.
    """
    error = body.get("error")
    if error is None:
        return body
    return {"error": {**error, "message": error["message"].partition(" this operation")[0]}}


def test_there_are_five():
    """
    The profiles are known by their names, and what they refuse is one of the fifteen.
    """
    assert ["teams", "webchat", "directline", "slack", "generic"] == list(PROFILES)
    assert list(REFUSED) == [profile.name for profile in PROFILES.values()]
    assert {name: set(rows) for name, rows in REFUSED.items()} == {
        name: set(profile.refused) for name, profile in PROFILES.items()
    }
    assert set(REQUESTS) == set(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("profile", PROFILES)
async def test_row(profile, operation):
    """
    An operation is done, or refused in the shape in which the channel refuses it.
    """
    async with a_channel(profile) as channel:
        before = len(channel.emulator.record.committed())
        response = await channel.ask(operation)
        committed = len(channel.emulator.record.committed()) - before

    if operation in REFUSED[profile]:
        assert REFUSED[profile][operation] == (response.status_code, cut(response.json()))
        assert 0 == committed
    else:
        assert STATUSES.get(operation, {}).get(profile, 200) == response.status_code
        is_reading = REQUESTS[operation][0] == "GET"
        assert (0 if is_reading else 1) == committed


@pytest.mark.parametrize("profile", ["teams", "slack"])
async def test_allows_another_method(profile):
    """
    A 405 of the front door says which method there is.
    """
    async with a_channel(profile) as channel:
        response = await channel.ask("getConversations")

    assert "POST" == response.headers["allow"]


@pytest.mark.parametrize(
    ("profile", "content_type"),
    [
        ("teams", "application/json; charset=utf-8"),
        ("generic", "application/json; charset=utf-8"),
        ("webchat", "text/html; charset=utf-8"),
        ("directline", "text/html; charset=utf-8"),
        ("slack", "text/html; charset=utf-8"),
    ],
)
async def test_knows_no_other_paths(profile, content_type):
    """
    What is no operation is 404, from a gateway in JSON or from a web server in HTML.
    """
    async with a_channel(profile) as channel:
        response = await channel.client.get("/v3/other")

    assert (404, content_type) == (response.status_code, response.headers["content-type"])
    assert (b"<html>" in response.content) == content_type.startswith("text/html")


@pytest.mark.parametrize(
    ("profile", "names"),
    [
        ("teams", {"date", "x-correlating-operationid", "ms-cv", "contextid"}),
        ("webchat", {"date", "x-correlating-operationid", "x-ms-request-id"}),
        ("directline", {"date", "x-correlating-operationid", "x-ms-request-id"}),
        ("slack", {"date", "x-correlating-operationid", "request-id"}),
        ("generic", {"date", "x-correlating-operationid", "ms-cv"}),
    ],
)
async def test_names_its_answers(profile, names):
    """
    Each channel has its own headers for support to ask for; they differ from answer to answer.
    """
    async with a_channel(profile) as channel:
        first = (await channel.send(text="1")).headers
        second = (await channel.send(text="2")).headers

    assert names == set(first) - {"content-type", "content-length"}
    assert all(first[name] != second[name] for name in names - {"date"})


@pytest.mark.parametrize("profile", PROFILES)
async def test_blocks(profile):
    """
    A user who blocked the bot hears nothing from it, until it is unblocked; reading goes on.
    """
    async with a_channel(profile) as channel:
        channel.emulator.block(channel.conversation)
        blocked = await channel.send(text="blocked")
        members = await channel.ask("getConversationMembers")
        channel.emulator.unblock(channel.conversation)
        unblocked = await channel.send(text="unblocked")

    assert (403, 200) == (blocked.status_code, members.status_code)
    assert unblocked.is_success
    assert "blocked" not in channel.emulator.record.texts()
    code = "MessageWritesBlocked" if profile == "teams" else "ConversationBlockedByUser"
    assert code in blocked.text


@pytest.mark.parametrize("profile", PROFILES)
async def test_takes_the_bot_off(profile):
    """
    A bot that is not on the roster can neither write nor read there.
    """
    async with a_channel(profile) as channel:
        channel.emulator.remove_bot(channel.conversation)
        answers = [await channel.send(), await channel.ask("getConversationMembers")]

    assert [(403, "BotNotInConversationRoster")] * 2 == [
        (answer.status_code, answer.json()["error"]["code"]) for answer in answers
    ]


@pytest.mark.parametrize("profile", PROFILES)
async def test_typing(profile):
    """
    A typing indicator is accepted without a body anywhere.
    """
    async with a_channel(profile) as channel:
        response = await channel.ask("sendToConversation", {"type": "typing"})

    assert (202, b"") == (response.status_code, response.content)


def test_refuses_unknown_profiles():
    """
    A profile that there is not is refused, and those that there are are named.
    """
    with pytest.raises(ValueError, match="'skype'; there are teams, webchat, directline"):
        Emulator(profile="skype")


def test_refuses_unknown_profiles_at_the_door(capsys):
    """
    On the command line an unknown profile ends with 2, and those that there are are named.
    """
    with pytest.raises(SystemExit) as ended:
        main(["--profile", "skype"])

    assert 2 == ended.value.code
    assert "teams" in capsys.readouterr().err


def test_can_be_exchanged():
    """
    The channel can be another from now on; what is held stays, limits follow the channel.
    """
    emulator = Emulator()
    chat = emulator.add_conversation("a:1")

    emulator.profile = "webchat"

    assert "webchat" == emulator.profile.name
    assert [chat] == [conversation.id for conversation in emulator.conversations()]
    assert EmulatorLimits.off() == emulator.limits


def test_keeps_limits_that_were_asked_for():
    """
    Limits of one's own stay when the channel is exchanged.
    """
    limits = EmulatorLimits(send=((3, 1),))
    emulator = Emulator(limits=limits)

    emulator.profile = PROFILES["slack"]

    assert limits == emulator.limits


async def test_takes_a_profile_of_ones_own():
    """
    A channel that nobody thought of is a row of its own.
    """
    mine = Profile(
        name="mine",
        channel_id="mine",
        naming=PROFILES["generic"].naming,
        limits=EmulatorLimits(send=((1, 60),)),
        posted=299,
    )
    async with a_channel(mine, limits=None) as channel:
        response = await channel.send()

    assert (429, "60") == (response.status_code, response.headers["retry-after"])
    assert ["before"] == channel.emulator.record.texts()


@pytest.mark.parametrize("profile", PROFILES)
async def test_says_nothing_for_nothing(profile):
    """
    A message that shows nothing is refused everywhere.
    """
    async with a_channel(profile) as channel:
        response = await channel.ask("sendToConversation", {**MESSAGE, "text": ""})

    assert (400, "BadSyntax") == (response.status_code, response.json()["error"]["code"])
