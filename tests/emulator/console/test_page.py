"""
What the console's page asks for, and who may ask; the page itself is tested in a browser.
"""

import json
from contextlib import suppress

import httpx
import pytest

from connector_async.emulator import serve
from tests.emulator.console.conftest import OURS


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/app.js", "text/javascript"),
        ("/console.css", "text/css"),
        ("/icon.svg", "image/svg+xml"),
        ("/vendor/adaptivecards.min.js", "text/javascript"),
        ("/vendor/adaptivecards.LICENSE.txt", "text/plain"),
    ],
)
async def test_serves_its_files(console, path, kind):
    """
    Each file has its type, and the policy that nothing else may run or be loaded.
    """
    response = await console.get(path)

    assert 200 == response.status_code
    assert response.headers["content-type"].startswith(kind)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert "nosniff" == response.headers["x-content-type-options"]


async def test_page_needs_nothing_from_elsewhere(console):
    """
    The page names no other host, and has neither scripts nor styles in its text.
    """
    page = (await console.get("/")).text

    assert "http" not in page
    assert "<style" not in page
    assert " style=" not in page
    assert page.count("<script") == page.count("<script defer src=") + page.count(
        '<script type="module" src='
    )


@pytest.mark.parametrize(
    "path", ["/nothing.js", "/..%2f_emulator.py", "/%2e%2e/_emulator.py", "/vendor", "/api/nothing"]
)
async def test_serves_nothing_else(console, path):
    """
    What is no file of the console's is not served.
    """
    assert 404 == (await console.get(path)).status_code


async def test_tells_what_there_is(ask, send):
    """
    The page begins with the profile, the clock, the limits and the conversations.
    """
    await send("the  latest\nnews")

    state = await ask("state")

    assert ("generic", "http://127.0.0.1", None) == (
        state["profile"],
        state["service_url"],
        state["bot_url"],
    )
    assert {"wall": 1_700_000_000.5, "frozen": False, "movable": True} == state["clock"]
    assert {"send": [], "tenant": []} == state["limits"]
    assert 15 == len(state["operations"])
    (shown,) = state["conversations"]
    assert ("19:c", 3, 1, False) == (
        shown["id"],
        shown["members"],
        shown["activities"],
        shown["blocked"],
    )
    assert {"text": "the latest news", "by": "bot", "at": 1_700_000_000.5} == shown["last"]
    assert {"count": 0, "items": []} == state["doubled"]


async def test_lists_exchanges(ask, client, send):
    """
    Exchanges are listed in order, of one conversation with its threads, or of all.
    """
    await send("one")
    await client.get("/v3/conversations")
    await client.post("/v3/conversations/19:c;messageid=1/activities", json={"text": "in a thread"})

    of_all = (await ask("exchanges"))["exchanges"]
    of_one = (await ask("exchanges", conversation="19:c"))["exchanges"]

    assert [1, 2, 3] == [exchange["number"] for exchange in of_all]
    assert [(1, "one"), (3, "in a thread")] == [
        (exchange["number"], exchange["text"]) for exchange in of_one
    ]


async def test_counts_attempts(ask, emulator, send):
    """
    The same call after one that failed is its next attempt, and tells how long it waited.
    """
    emulator.fail_next("sendToConversation", status=429, retry_after=2)
    emulator.drop_next("sendToConversation")
    for wait in (0, 2, 0.5):
        emulator.clock.advance(wait)
        with suppress(httpx.ReadError):
            await send("again")
    await send("again")

    found = [await ask("exchange", number=number) for number in (1, 2, 3, 4)]

    assert [
        (1, [1, 2, 3], None, None),
        (2, [1, 2, 3], 2.0, "2"),
        (3, [1, 2, 3], 0.5, None),
        (1, [4], None, None),
    ] == [(one["attempt"], one["attempts"], one["wait"], one["asked"]) for one in found]
    assert [False, False, True, True] == [one["repeated"] for one in found]


async def test_shows_exchanges_in_full(ask, send):
    """
    An exchange is shown as it was, both ways, but for its token.
    """
    await send("hello")

    exchange = await ask("exchange", number=1)

    assert ("POST", "/teams/v3/conversations/19:c/activities") == (
        exchange["method"],
        exchange["path"],
    )
    assert {"type": "message", "text": "hello"} == json.loads(exchange["request_body"])
    assert ["id"] == list(json.loads(exchange["response_body"]))
    assert exchange["curl"].startswith("curl -i -X POST http://127.0.0.1/teams/v3/")


async def test_tells_the_rates(ask, emulator, send):
    """
    By second: how many sends were taken and how many refused, in a span of time.
    """
    emulator.fail_next("sendToConversation", status=429)
    await send("1")
    await send("2")
    emulator.clock.advance(2)
    await send("3")
    emulator.clock.advance(100)
    await send("4")

    whole = await ask("timeline", conversation="19:c")
    late = await ask("timeline", span=50)

    assert (1_700_000_102.5, 1) == (whole["now"], whole["tenants"])
    assert [[1_700_000_000, 1, 1], [1_700_000_002, 1, 0], [1_700_000_102, 1, 0]] == whole["seconds"]
    assert [[1_700_000_102, 1, 0]] == late["seconds"]


@pytest.mark.usefixtures("conversation")
async def test_says_as_a_user(tell, emulator):
    """
    What the page says is in the conversation, by the first member or the one who was named.
    """
    await tell("say", conversation="19:c", text="hello")
    await tell(
        "say", **{"conversation": "19:c", "from": "29:member-2", "text": "hi", "value": {"a": 1}}
    )

    first, second = emulator.activities("19:c")
    assert ("hello", "29:member-0", "user") == (
        first["text"],
        first["from"]["id"],
        first["from"]["role"],
    )
    assert ("hi", "29:member-2", {"a": 1}) == (
        second["text"],
        second["from"]["id"],
        second["value"],
    )


@pytest.mark.usefixtures("conversation")
async def test_lists_members(ask):
    """
    The page knows who can say something.
    """
    assert ["29:member-0", "29:member-1", "29:member-2"] == [
        member["id"] for member in (await ask("members", conversation="19:c"))["members"]
    ]


@pytest.mark.usefixtures("conversation")
async def test_steers_the_emulator(ask, tell, emulator, send):
    """
    The buttons block, fail, drop, clear faults, add conversations and clear everything.
    """
    blocked = await tell("block", conversation="19:c", blocked=True)
    refused = await send("blocked")
    unblocked = await tell("block", conversation="19:c", blocked=False)
    await tell("fail", operation="sendToConversation", status=503, retry_after="7", times=2)
    failed = await send("fails")
    await tell("drop", conversation="19:c")
    waiting = (await ask("faults"))["faults"]
    await tell("faults/clear")
    accepted = await send("works")
    added = await tell("conversations", id="19:new", members=2)
    await tell("clear")

    assert (True, 403, False) == (
        blocked["blocked"],
        refused.status_code,
        unblocked["blocked"],
    )
    assert (503, "7") == (failed.status_code, failed.headers["retry-after"])
    assert [
        "sendToConversation: fail 503",
        "sendToConversation: drop in 19:c",
        "replyToActivity: drop in 19:c",
    ] == waiting
    assert (201, 2) == (accepted.status_code, added["members"])
    assert [] == emulator.conversations()


async def test_moves_the_clock(tell, emulator):
    """
    The clock is frozen, advanced and let run on.
    """
    before = emulator.clock.now()

    frozen = await tell("clock", frozen=True)
    await tell("clock", advance=60)
    running = await tell("clock", frozen=False)

    assert (True, False) == (frozen["frozen"], running["frozen"])
    assert 60.0 == emulator.clock.now() - before


@pytest.mark.parametrize(
    ("name", "asked", "status"),
    [
        ("say", {"conversation": "19:none", "text": "x"}, 404),
        ("say", {"text": "x"}, 404),
        ("say", {"conversation": "19:c", "text": "x", "from": "29:none"}, 400),
        ("block", {"conversation": "19:none", "blocked": True}, 404),
        ("fail", {"operation": "explode", "status": 500}, 400),
        ("fail", {"operation": "getConversations", "status": 7}, 400),
        ("drop", {"operation": "explode"}, 400),
        ("clock", {"advance": -1}, 400),
        ("clock", {"advance": "soon"}, 400),
        ("clock", {"advance": 1e300}, 400),
        ("conversations", {"id": "19:c"}, 400),
        ("conversations", {"members": -1}, 400),
        ("conversations", {"members": 1_000_001}, 400),
        ("conversations", {"members": 1.5}, 400),
    ],
)
@pytest.mark.usefixtures("conversation")
async def test_refuses_what_it_cannot_do(console, name, asked, status):
    """
    What cannot be done is answered with the reason.
    """
    response = await console.post(f"/api/{name}", json=asked, headers=OURS)

    assert (status, ["error"]) == (response.status_code, list(response.json()))


async def test_refuses_what_is_not_json(console):
    """
    Half a brace asks for nothing.
    """
    response = await console.post("/api/clear", content=b"{", headers=OURS)

    assert 400 == response.status_code


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/thread?conversation=19:none", 404),
        ("/api/thread", 404),
        ("/api/thread?conversation=19:c&after=x", 400),
        ("/api/exchange?number=7", 404),
        ("/api/exchange?number=x", 400),
        ("/api/members?conversation=19:none", 404),
        ("/api/timeline?span=x", 400),
        ("/api/timeline?span=inf", 400),
    ],
)
@pytest.mark.usefixtures("conversation")
async def test_refuses_questions_without_an_answer(console, path, status):
    """
    A question about what there is not is answered so.
    """
    response = await console.get(path)

    assert (status, ["error"]) == (response.status_code, list(response.json()))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Emulator-Console": "0"},
        {**OURS, "Origin": "https://evil.example"},
        {**OURS, "Origin": "null"},
        {**OURS, "Sec-Fetch-Site": "cross-site"},
        {**OURS, "Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.usefixtures("conversation")
async def test_takes_orders_from_its_own_page_only(console, emulator, headers):
    """
    Another site's page cannot give orders, whatever it sends.
    """
    response = await console.post("/api/clear", json={}, headers=headers)

    assert 403 == response.status_code
    assert 1 == len(emulator.conversations())


@pytest.mark.parametrize(
    "headers",
    [OURS, {**OURS, "Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-origin"}],
)
async def test_takes_orders_from_its_own_page(console, headers):
    """
    Its own page can, and so can a tool that says what it wants.
    """
    assert 200 == (await console.post("/api/clear", json={}, headers=headers)).status_code


@pytest.mark.usefixtures("conversation")
async def test_streams_events(emulator):
    """
    Over a socket, what is new arrives as server-sent events; the server ends with it open.
    """
    async with serve(emulator) as server, httpx.AsyncClient(base_url=server.url) as client:
        async with client.stream("GET", "/emulator/console/api/events") as response:
            lines = response.aiter_lines()
            first = await anext(lines)
            await client.post(
                "/v3/conversations/19:c/activities", json={"type": "message", "text": "hello"}
            )
            async for line in lines:
                if line.startswith("data: "):
                    break

        assert "retry: 500" == first
        assert "text/event-stream; charset=utf-8" == response.headers["content-type"]
        assert "hello" == json.loads(line.removeprefix("data: "))["exchanges"][0]["text"]


async def test_leads_browsers_to_the_console(emulator):
    """
    Who opens the server in a browser is led to the page; who calls it is not.
    """
    async with serve(emulator) as server, httpx.AsyncClient(base_url=server.url) as client:
        led = await client.get("/", headers={"Accept": "text/html"}, follow_redirects=True)
        bare = await client.get("/emulator/console", follow_redirects=True)

    assert ("/emulator/console/", 200) == (led.url.path, led.status_code)
    assert ("/emulator/console/", 200) == (bare.url.path, bare.status_code)


@pytest.mark.usefixtures("conversation")
async def test_blocks_in_threads(tell, send):
    """
    Who blocks the bot in a thread blocks it in the channel.
    """
    answer = await tell("block", conversation="19:c;messageid=1", blocked=True)

    assert ("19:c", True) == (answer["id"], answer["blocked"])
    assert 403 == (await send("hello")).status_code


@pytest.mark.parametrize("reply_first", [True, False])
async def test_strikes_whichever_message_comes_next(
    tell, client, conversation, emulator, reply_first
):
    """
    A fault for the next message strikes a send or a reply, and only one of them.
    """
    asked = emulator.add_activity("19:c", {"type": "message", "text": "?"})
    paths = [f"{conversation}/activities", f"{conversation}/activities/{asked}"]
    await tell("fail", operation=None, status=503)

    statuses = [
        (await client.post(path, json={"type": "message", "text": path})).status_code
        for path in (reversed(paths) if reply_first else paths)
    ]

    assert [503, 201] == statuses
    assert [] == emulator.faults()


async def test_strikes_no_more_than_asked(tell, client, conversation, emulator):
    """
    A fault for three messages strikes three, in whichever ways they come.
    """
    asked = emulator.add_activity("19:c", {"type": "message", "text": "?"})
    send, reply = f"{conversation}/activities", f"{conversation}/activities/{asked}"
    await tell("fail", operation=None, status=503, times=3)

    statuses = [
        (await client.post(path, json={"type": "message", "text": str(number)})).status_code
        for number, path in enumerate([send, reply, send, reply, reply])
    ]

    assert [503, 503, 503, 201, 201] == statuses
    assert [] == emulator.faults()


async def test_strikes_for_good(tell, emulator, send):
    """
    A fault without an end goes on.
    """
    await tell("fail", operation=None, status=503, times=None)

    assert [503] * 3 == [(await send(str(number))).status_code for number in range(3)]
    assert 2 == len(emulator.faults())


async def test_keeps_faults_that_strike_again(tell, emulator, send):
    """
    A fault for several messages goes on until it has struck as often as it was to.
    """
    await tell("fail", operation=None, status=503, times=2)
    emulator.fail_next("sendToConversation", status=500)

    statuses = [(await send(str(number))).status_code for number in range(4)]

    assert [503, 503, 500, 201] == statuses
    assert [] == emulator.faults()


async def test_tells_the_bot_of_new_conversations(tell, emulator):
    """
    A conversation that is made on the page begins with the bot's arrival; without one, empty.
    """
    alone = await tell("conversations", id="19:alone")
    emulator.bot_url = "http://127.0.0.1:1/api/messages"
    told = await tell("conversations", id="19:told")

    assert (None, 0) == (alone["error"], alone["activities"])
    assert told["error"].startswith(emulator.bot_url)
    assert ["conversationUpdate"] == [one["type"] for one in emulator.activities("19:told")]
