"""
The way to a bot: what users say is posted to it, signed, and its answers come back as calls.
"""

import asyncio
import json

import httpx
import jwt
import pytest

from connector_async import Activity, ConnectorClient
from connector_async.emulator import APP_ID, TENANT_ID, Emulator, EmulatorLimits, serve
from connector_async.emulator._bot import Said, add_arrival, deliver, emulator_say

BOT = "http://127.0.0.1:3978/api/messages"
SERVICE = "http://127.0.0.1:8080"


class Bot:
    """
    Takes activities, and answers as it is told.
    """

    def __init__(self, status=200):
        self.status = status
        self.requests = []
        self.transport = httpx.MockTransport(self._take)

    async def _take(self, request):
        self.requests.append(request)
        return httpx.Response(self.status)

    @property
    def activity(self):
        return json.loads(self.requests[-1].content)


@pytest.fixture
def emulator():
    emulator = Emulator(limits=EmulatorLimits.off())
    emulator.bot_url = BOT
    emulator.add_conversation("19:c", members=2, name="Team", kind="groupChat")
    return emulator


@pytest.fixture
def bot():
    return Bot()


@pytest.fixture
def say(emulator, bot):
    async def say(text="hello", **fields):
        return await emulator_say(
            emulator, "19:c", text, service_url=SERVICE, transport=bot.transport, **fields
        )

    return say


async def test_posts_what_is_said(emulator, bot, say):
    """
    The bot gets the activity that is in the conversation, with all that an inbound one has.
    """
    said = await say("hello")

    (posted,) = emulator.activities("19:c")
    assert posted == bot.activity
    assert Said(activity_id=posted["id"], status=200) == said
    assert ("POST", BOT) == (bot.requests[0].method, str(bot.requests[0].url))
    assert {
        "type": "message",
        "text": "hello",
        "textFormat": "plain",
        "locale": "en-US",
        "channelId": "msteams",
        "serviceUrl": SERVICE,
        "recipient": {"id": f"28:{APP_ID}", "name": "Bot", "role": "bot"},
        "conversation": {
            "id": "19:c",
            "conversationType": "groupChat",
            "tenantId": TENANT_ID,
            "isGroup": True,
            "name": "Team",
        },
        "channelData": {"tenant": {"id": TENANT_ID}},
    }.items() <= posted.items()
    assert {"id", "timestamp", "from"} <= set(posted)


async def test_signs_as_the_service_does(bot, say):
    """
    The token is for the bot's app, from the service's issuer, and names the service URL.
    """
    await say()

    scheme, _, token = bot.requests[0].headers["authorization"].partition(" ")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert "Bearer" == scheme
    assert "RS256" == jwt.get_unverified_header(token)["alg"]
    assert (APP_ID, "https://api.botframework.com", SERVICE) == (
        claims["aud"],
        claims["iss"],
        claims["serviceurl"],
    )


async def test_signs_for_the_first_app(bot):
    """
    With apps of its own, the emulator's bot is the first of them.
    """
    emulator = Emulator(apps={"app-1": "secret", "app-2": "secret"})
    emulator.bot_url = BOT
    emulator.add_conversation("19:c")

    await emulator_say(emulator, "19:c", "hello", transport=bot.transport)

    assert "28:app-1" == bot.activity["recipient"]["id"]


async def test_says_it_as_a_member(emulator, bot, say):
    """
    The first member says it, or the one who is named.
    """
    first, second = emulator.members("19:c")

    await say()
    await say(from_id=second["id"])

    senders = [json.loads(request.content)["from"] for request in bot.requests]
    assert [first["id"], second["id"]] == [sender["id"] for sender in senders]
    assert {"user"} == {sender["role"] for sender in senders}
    assert {"id", "name", "aadObjectId", "role"} == set(senders[0])


async def test_sends_values(bot, say):
    """
    What a button sends goes along; a message of a value alone has no text.
    """
    await say(None, value={"go": True})

    assert {"go": True} == bot.activity["value"]
    assert "text" not in bot.activity


@pytest.mark.parametrize(
    ("profile", "channel"), [("webchat", "webchat"), ("slack", "slack"), ("generic", "emulator")]
)
async def test_speaks_for_its_channel(bot, profile, channel):
    """
    The activity is one of the channel's; only Teams has its channel data.
    """
    emulator = Emulator(profile=profile, service_url="http://localhost:1/x")
    emulator.bot_url = BOT
    emulator.add_conversation("c")

    await emulator_say(emulator, "c", "hello", transport=bot.transport)

    assert channel == bot.activity["channelId"]
    assert "http://localhost:1/x" == bot.activity["serviceUrl"]
    assert "channelData" not in bot.activity


async def test_speaks_in_threads(emulator, bot):
    """
    In a thread of a channel the conversation is the thread.
    """
    emulator.add_conversation("19:channel")

    await emulator_say(emulator, "19:channel;messageid=1", "hello", transport=bot.transport)

    assert "19:channel;messageid=1" == bot.activity["conversation"]["id"]
    assert 1 == len(emulator.activities("19:channel"))


async def test_needs_no_bot(emulator):
    """
    Without a bot it is said all the same, and nothing is posted.
    """
    emulator.bot_url = None

    said = await emulator_say(emulator, "19:c", "hello")

    assert (None, None) == (said.status, said.error)
    assert ["hello"] == [activity["text"] for activity in emulator.activities("19:c")]


async def test_tells_what_a_bot_refuses(emulator):
    """
    A bot that answers with an error did not take it, and the error says so.
    """
    bot = Bot(status=500)

    said = await emulator_say(emulator, "19:c", "hello", transport=bot.transport)

    assert (500, f"{BOT} answered 500") == (said.status, said.error)
    assert 1 == len(bot.requests)


async def test_follows_no_redirects(emulator):
    """
    A redirect takes the token nowhere.
    """
    bot = Bot(status=307)

    said = await emulator_say(emulator, "19:c", "hello", transport=bot.transport)

    assert f"{BOT} answered 307" == said.error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ConnectError("Connection refused"), f"{BOT}: Connection refused"),
        (httpx.ReadTimeout(""), f"{BOT}: ReadTimeout"),
        (httpx.InvalidURL("no"), f"{BOT}: no"),
    ],
)
async def test_tells_what_did_not_arrive(emulator, error, expected):
    """
    A bot that cannot be reached is no failure here, but told of.
    """

    async def fail(_request):
        raise error

    said = await emulator_say(emulator, "19:c", "hello", transport=httpx.MockTransport(fail))

    assert (None, expected) == (said.status, said.error)


@pytest.mark.parametrize("url", ["nowhere", "ftp://127.0.0.1/", "http://[", "http://127.0.0.1:1"])
async def test_tells_of_bad_urls(emulator, url):
    """
    A URL that leads nowhere is told of likewise.
    """
    emulator.bot_url = url

    said = await emulator_say(emulator, "19:c", "hello")

    assert said.error.startswith(f"{url}: ")


async def test_refuses_who_is_not_there(emulator, say):
    """
    Only members of a conversation that there is say something, and nothing is posted else.
    """
    with pytest.raises(KeyError, match="19:none"):
        await emulator_say(emulator, "19:none", "hello")
    with pytest.raises(ValueError, match="no member has the id '29:none'"):
        await say(from_id="29:none")

    assert [] == emulator.activities("19:c")


async def test_refuses_empty_conversations(emulator):
    """
    Where nobody is, nobody says anything.
    """
    emulator.add_conversation("19:empty", members=[])

    with pytest.raises(ValueError, match="nobody is in the conversation"):
        await emulator_say(emulator, "19:empty", "hello")


async def test_lets_bots_and_members_arrive(emulator, bot):
    """
    A bot hears of a conversation that it is in now, with who else is.
    """
    arrival = add_arrival(emulator, "19:c", service_url=SERVICE)

    await deliver(emulator, arrival, transport=bot.transport)

    assert emulator.activities("19:c") == [bot.activity]
    assert ("conversationUpdate", SERVICE) == (bot.activity["type"], bot.activity["serviceUrl"])
    assert [f"28:{APP_ID}", *(one["id"] for one in emulator.members("19:c"))] == [
        one["id"] for one in bot.activity["membersAdded"]
    ]
    assert "text" not in bot.activity


async def test_takes_answers_as_calls(emulator):
    """
    What the bot answers while it is told arrives as a call, and is in the thread.
    """

    async def echo(request):
        activity = json.loads(request.content)
        path = f"/v3/conversations/19:c/activities/{activity['id']}"
        async with httpx.AsyncClient(
            transport=emulator.transport(), base_url=activity["serviceUrl"]
        ) as client:
            answer = {"type": "message", "text": f"you said {activity['text']}"}
            assert 201 == (await client.post(path, json=answer)).status_code
        return httpx.Response(202)

    said = await emulator_say(
        emulator,
        "19:c",
        "hello",
        service_url=SERVICE,
        transport=httpx.MockTransport(echo),
    )

    assert 202 == said.status
    assert ["hello", "you said hello"] == [one["text"] for one in emulator.activities("19:c")]
    assert ["replyToActivity"] == [one.operation for one in emulator.record.committed()]


async def test_talks_to_a_bot_over_sockets(emulator):
    """
    A bot elsewhere verifies the token by the emulator's keys, and replies with our client.
    """

    async def take(reader, writer):
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = [line.split(": ", 1) for line in lines if line]
        headers = {name.lower(): value for name, value in pairs}
        requests.append((first, headers["authorization"]))
        length = int(headers["content-length"])
        activity = json.loads(await reader.readexactly(length))
        async with ConnectorClient(None, service_url=activity["serviceUrl"]) as connector:
            answer = Activity(type="message", text=f"you said {activity['text']}")
            await connector.reply_to_activity("19:c", activity["id"], answer)
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    requests = []
    async with (
        serve(emulator) as server,
        await asyncio.start_server(take, "127.0.0.1", 0) as listener,
        httpx.AsyncClient(base_url=server.url, trust_env=False) as page,
    ):
        emulator.bot_url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/api/messages"
        said = await page.post(
            "/emulator/console/api/say",
            json={"conversation": "19:c", "text": "hello"},
            headers={"X-Emulator-Console": "1", "Origin": server.url},
        )
        metadata = (await page.get("/v1/.well-known/openidconfiguration")).json()
        keys = jwt.PyJWKSet.from_dict((await page.get(metadata["jwks_uri"])).json())

    assert {"status": 202, "error": None}.items() <= said.json().items()
    assert ["hello", "you said hello"] == [one["text"] for one in emulator.activities("19:c")]
    ((first, authorization),) = requests
    token = authorization.removeprefix("Bearer ")
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(
        token, key, ["RS256"], audience=APP_ID, issuer="https://api.botframework.com"
    )
    assert "POST /api/messages HTTP/1.1" == first
    assert server.url == claims["serviceurl"]
