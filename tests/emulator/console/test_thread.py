"""
Threads as the console tells them: what is there, what was there, and what has changed.
"""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from connector_async.emulator import Emulator, EmulatorClock, Record
from connector_async.emulator._console.console import console_routes
from connector_async.emulator._console.thread import Threads
from connector_async.emulator._console.views import encoded, seconds_of, text_of


def texts(thread):
    return [entry["activity"].get("text") for entry in thread["entries"]]


async def test_tells_bots_and_users_apart(ask, emulator, send):
    """
    What came by a call is the bot's; the rest is the members'.
    """
    await send("from the bot")
    emulator.add_activity("19:c", {"type": "message", "text": "from Ada", "from": {"name": "Ada"}})
    emulator.add_activity("19:c", {"text": "seeded", "from": {"id": "28:x", "role": "bot"}})

    thread = await ask("thread", conversation="19:c")

    assert [("bot", "Bot", 1), ("user", "Ada", None), ("bot", "28:x", None)] == [
        (entry["by"], entry["from"], entry["number"]) for entry in thread["entries"]
    ]


async def test_tells_whose_an_update_is(ask, client, conversation, send):
    """
    An update that does not say who sent it belongs to who sent the original.
    """
    activity_id = (await send("1", **{"from": {"id": "28:x", "name": "Greeter"}})).json()["id"]
    await client.put(f"{conversation}/activities/{activity_id}", json={"text": "2"})

    (entry,) = (await ask("thread", conversation="19:c"))["entries"]

    assert ("Greeter", "2", ["1"]) == (
        entry["from"],
        entry["activity"]["text"],
        [edit["text"] for edit in entry["edits"]],
    )


async def test_tells_changes_only(ask, client, conversation, send):
    """
    After a revision only what changed since is told: edits, deletes and what is new.
    """
    first = (await send("first")).json()["id"]
    second = (await send("second")).json()["id"]
    await send("third")
    before = await ask("thread", conversation="19:c")
    await client.put(f"{conversation}/activities/{first}", json={"text": "edited"})
    await client.delete(f"{conversation}/activities/{second}")
    await send("fourth")

    after = await ask(
        "thread", conversation="19:c", after=before["revision"], epoch=before["epoch"]
    )
    later = await ask("thread", conversation="19:c", after=after["revision"], epoch=after["epoch"])

    assert ["first", "second", "third"] == texts(before)
    assert ["edited", "second", "fourth"] == texts(after)
    assert [False, True, False] == [entry["deleted"] for entry in after["entries"]]
    assert [] == later["entries"]


async def test_remembers_what_was_deleted_before_it_looked(
    ask, client, conversation, emulator, send
):
    """
    What was deleted before anybody looked is in its place, with what it said last.
    """
    clock = emulator.clock
    await send("first")
    clock.advance(1)
    gone = (await send("gone")).json()["id"]
    await client.put(f"{conversation}/activities/{gone}", json={"text": "gone, edited"})
    await client.delete(f"{conversation}/activities/{gone}")
    clock.advance(1)
    emulator.add_activity("19:c", {"type": "message", "text": "a user's"})

    thread = await ask("thread", conversation="19:c")

    assert ["first", "gone, edited", "a user's"] == texts(thread)
    assert [False, True, False] == [entry["deleted"] for entry in thread["entries"]]


async def test_begins_anew_after_a_clear(ask, emulator, send):
    """
    A conversation that is made again after all was cleared has nothing of the old one.
    """
    await send("old")
    emulator.add_activity("19:c", {"type": "message", "text": "old, a user's"})
    before = await ask("thread", conversation="19:c")
    emulator.clear()
    emulator.add_conversation("19:c")
    emulator.add_activity("19:c", {"type": "message", "text": "new"})

    after = await ask(
        "thread", conversation="19:c", after=before["revision"], epoch=before["epoch"]
    )

    assert before["epoch"] != after["epoch"]
    assert ["new"] == texts(after)


@pytest.mark.usefixtures("conversation")
async def test_tells_old_activities_once(ask, client, conversation, emulator):
    """
    What was put away is not told again each time; only where it was changed.
    """
    first, *_ = [
        emulator.add_activity("19:c", {"type": "message", "text": str(number)})
        for number in range(5)
    ]
    emulator.add_conversation("19:busy")
    for _ in range(21_000):
        emulator.add_activity("19:busy", {"type": "message"})
    before = await ask("thread", conversation="19:c")
    since = {"conversation": "19:c", "after": before["revision"], "epoch": before["epoch"]}

    same = await ask("thread", **since)
    await client.put(f"{conversation}/activities/{first}", json={"text": "edited"})
    changed = await ask("thread", **since)

    assert ["0", "1", "2", "3", "4"] == texts(before)
    assert ([], ["edited"]) == (texts(same), texts(changed))


@pytest.mark.usefixtures("conversation")
async def test_begins_anew_with_another_conversation_of_the_same_id(ask, emulator):
    """
    Ids of activities begin anew too; what was said under them before is gone.
    """
    emulator.add_activity("19:c", {"type": "message", "text": "old"})
    before = await ask("thread", conversation="19:c")
    emulator.remove_conversation("19:c")
    emulator.add_conversation("19:c")
    emulator.add_activity("19:c", {"type": "message", "text": "new"})

    after = await ask(
        "thread", conversation="19:c", after=before["revision"], epoch=before["epoch"]
    )

    assert before["entries"][0]["id"] == after["entries"][0]["id"]
    assert (["old"], ["new"]) == (texts(before), texts(after))


async def test_begins_anew_after_the_record_was_cleared(ask, client, conversation, emulator, send):
    """
    What the record does not know any longer is not told, be it a call or a deletion.
    """
    asked = emulator.add_activity("19:c", {"type": "message", "text": "?"})
    first = await ask("thread", conversation="19:c")
    await client.delete(f"{conversation}/activities/{asked}")
    emulator.record.clear()
    second = await ask("thread", conversation="19:c")
    await send("answer")
    third = await ask("thread", conversation="19:c")
    emulator.record.clear()
    fourth = await ask("thread", conversation="19:c")

    assert [["?"], [], ["answer"], ["answer"]] == list(map(texts, (first, second, third, fourth)))
    assert (True, False, True) == (
        first["epoch"] != second["epoch"],
        second["epoch"] != third["epoch"],
        third["epoch"] != fourth["epoch"],
    )


async def test_knows_an_activity_that_was_put_back(ask, client, conversation, send):
    """
    What was deleted and is there again says what it says now.
    """
    activity_id = (await send("first")).json()["id"]
    before = await ask("thread", conversation="19:c")
    await client.delete(f"{conversation}/activities/{activity_id}")
    history = {"activities": [{"id": activity_id, "type": "message", "text": "again"}]}
    await client.post(f"{conversation}/activities/history", json=history)

    after = await ask(
        "thread", conversation="19:c", after=before["revision"], epoch=before["epoch"]
    )

    assert (["first"], ["again"]) == (texts(before), texts(after))


async def test_knows_its_own_run_only(tmp_path):
    """
    What a record with a file kept of another run is of other activities, though ids are the same.
    """
    for text in ("old", "new"):
        record = Record(db=tmp_path / "record.db")
        emulator = Emulator(record=record, clock=EmulatorClock.from_functions(lambda: 5.0))
        emulator.clock.freeze()
        emulator.add_conversation("19:c")
        async with httpx.AsyncClient(transport=emulator.transport()) as bot:
            url = "http://e/v3/conversations/19:c/activities"
            posted = (await bot.post(url, json={"type": "message", "text": text})).json()["id"]
            if text == "old":
                await bot.delete(f"{url}/{posted}")
                await bot.post(url, json={"type": "message", "text": "old"})
                await bot.delete(f"{url}/{posted}")
        thread = Threads(emulator, {}).changes("19:c", after=0, epoch=None)
        record.close()

    assert ["new"] == texts(thread)


@pytest.mark.usefixtures("conversation")
async def test_begins_anew_when_only_users_had_spoken(ask, emulator):
    """
    That holds where there was no call that the record could have forgotten.
    """
    emulator.add_activity("19:c", {"type": "message", "text": "old"})
    before = await ask("thread", conversation="19:c")
    emulator.clear()
    emulator.add_conversation("19:c")

    after = await ask(
        "thread", conversation="19:c", after=before["revision"], epoch=before["epoch"]
    )

    assert [] == after["entries"]
    assert before["epoch"] != after["epoch"]


async def test_keeps_few_threads(ask, emulator):
    """
    Threads that nobody looked at for long are read again.
    """
    for number in range(10):
        emulator.add_conversation(f"19:{number}")

    first = await ask("thread", conversation="19:0")
    for number in range(1, 10):
        await ask("thread", conversation=f"19:{number}")
    again = await ask("thread", conversation="19:0")

    assert first["epoch"] != again["epoch"]


@pytest.mark.usefixtures("conversation")
async def test_shows_the_newest_of_very_many(ask, emulator, monkeypatch):
    """
    Of a thread that is longer than a page can bear, the newest part is told, and how much is not.
    """
    monkeypatch.setattr("connector_async.emulator._console.thread._MOST_SHOWN", 3)
    for number in range(5):
        emulator.add_activity("19:c", {"type": "message", "text": str(number)})

    thread = await ask("thread", conversation="19:c")

    assert (2, ["2", "3", "4"]) == (thread["hidden"], texts(thread))


async def test_reads_long_threads_in_parts(ask, send, monkeypatch):
    """
    A record that is longer than one reading is read to its end.
    """
    monkeypatch.setattr("connector_async.emulator._console.thread._READ_AT_ONCE", 2)
    for number in range(5):
        await send(str(number))

    thread = await ask("thread", conversation="19:c")

    assert [1, 2, 3, 4, 5] == [entry["number"] for entry in thread["entries"]]


async def test_shows_messages_of_a_creation(ask, client):
    """
    The first message of a new chat is its creator's.
    """
    response = await client.post(
        "/v3/conversations",
        json={"members": [{"id": "29:x"}], "activity": {"type": "message", "text": "welcome"}},
    )

    (entry,) = (await ask("thread", conversation=response.json()["id"]))["entries"]

    assert ("bot", 1, "welcome") == (entry["by"], entry["number"], entry["activity"]["text"])


async def test_knows_the_halves_of_split_messages():
    """
    Where a message was split and has no id, what has no sender is the bot's.
    """
    emulator = Emulator(profile="slack")
    emulator.add_conversation("B:T:C")
    app = Starlette(routes=console_routes(emulator))
    picture = {"contentType": "image/png", "contentUrl": "https://example.com/a.png"}
    async with httpx.AsyncClient(transport=emulator.transport(), base_url="http://e") as bot:
        await bot.post(
            "/v3/conversations/B:T:C/activities",
            json={"type": "message", "text": "both", "attachments": [picture]},
        )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://e"
    ) as page:
        thread = (await page.get("/api/thread", params={"conversation": "B:T:C"})).json()

    assert {"bot"} == {entry["by"] for entry in thread["entries"]}


@pytest.mark.usefixtures("conversation")
async def test_shows_what_became_of_a_delivery(ask, tell, emulator):
    """
    A message that the bot could not be given says so.
    """
    emulator.bot_url = "http://127.0.0.1:1/api/messages"

    said = await tell("say", conversation="19:c", text="hello")
    (entry,) = (await ask("thread", conversation="19:c"))["entries"]

    assert said["error"].startswith("http://127.0.0.1:1/api/messages: ")
    assert {"status": None, "error": said["error"]} == entry["delivery"]


@pytest.mark.usefixtures("conversation")
async def test_forgets_deliveries_of_what_was_cleared(tell, emulator):
    """
    A bot that answers after all was cleared leaves nothing behind.
    """
    async with asyncio.timeout(5):
        asked = asyncio.Event()
        answer = asyncio.Event()

        async def serve_slowly(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            asked.set()
            await answer.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        bot = await asyncio.start_server(serve_slowly, "127.0.0.1", 0)
        async with bot:
            port = bot.sockets[0].getsockname()[1]
            emulator.bot_url = f"http://127.0.0.1:{port}/"
            saying = asyncio.create_task(tell("say", conversation="19:c", text="hello"))
            await asked.wait()
            await tell("clear")
            answer.set()
            said = await saying

    assert 200 == said["status"]
    assert [] == emulator.conversations()


async def test_tells_hostile_things_as_json(ask, send, emulator):
    """
    Half a surrogate pair and NaN, which JSON can carry, do not break the page.
    """
    await send("\\ud800", content=None)
    emulator.add_activity("19:c", {"type": "message", "value": [float("nan"), {"a": [1.5]}]})
    emulator.add_activity("19:c", {"type": "message", "text": "\ud800"})

    thread = await ask("thread", conversation="19:c")
    state = await ask("state")

    assert [None, [None, {"a": [1.5]}], None] == [
        entry["activity"].get("value") for entry in thread["entries"]
    ]
    assert "\ud800" == state["conversations"][0]["last"]["text"]


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        ({"text": " a\n b "}, "a b"),
        ({"summary": "in short"}, "in short"),
        ({"text": 7, "attachments": [{"content": {"title": "Trip"}}]}, "Trip"),
        ({"attachments": [{"content": {"body": [{}, {"text": "Card"}]}}]}, "Card"),
        ({"attachments": [{"name": "a.pdf"}]}, "a.pdf"),
        ({"attachments": [{"contentType": "image/png"}]}, "image/png"),
        ({"attachments": [None]}, "attachment"),
        ({"attachments": "none", "type": "typing"}, "typing"),
        ({}, "message"),
    ],
)
def test_says_activities_in_a_line(activity, expected):
    """
    Whatever an activity is, something short can be said of it.
    """
    assert expected == text_of(activity)


def test_writes_plain_json():
    """
    JSON of the console's is ASCII, and has no NaN.
    """
    assert '{"a":["\\u00e9",null,1]}' == encoded({"a": ("é", float("inf"), 1)})


@pytest.mark.parametrize("timestamp", [None, "soon", "0001-01-01T00:00:00Z", 7])
def test_knows_no_time_where_none_is_told(timestamp):
    """
    An activity without a good timestamp has none.
    """
    assert seconds_of({"timestamp": timestamp}) <= 0.0


async def test_shows_what_a_user_said_and_the_bot_changed(ask, client, conversation, emulator):
    """
    What was said by no call has no earlier versions but those that a call made.
    """
    said = emulator.add_activity("19:c", {"type": "message", "text": "a user's"})
    for text in ("1", "2"):
        await client.put(f"{conversation}/activities/{said}", json={"text": text})

    (entry,) = (await ask("thread", conversation="19:c"))["entries"]

    assert ("2", ["1"]) == (entry["activity"]["text"], [edit["text"] for edit in entry["edits"]])


async def test_leaves_out_what_was_gone_before_it_looked(ask, client, conversation, emulator):
    """
    What a member said, and was deleted before anybody looked, is known to nobody.
    """
    said = emulator.add_activity("19:c", {"type": "message", "text": "a user's"})
    await client.delete(f"{conversation}/activities/{said}")

    assert [] == (await ask("thread", conversation="19:c"))["entries"]


async def test_leaves_out_what_was_refused(ask, emulator, send):
    """
    A call that had no effect is not in the thread.
    """
    emulator.fail_next("sendToConversation", status=503)
    await send("refused")
    await send("accepted")

    assert ["accepted"] == texts(await ask("thread", conversation="19:c"))


async def test_puts_what_is_gone_in_its_place(ask, client, conversation, emulator, send):
    """
    Of several that were deleted before anybody looked, each is where it was said.
    """
    gone = []
    for text in "abcdef":
        emulator.clock.advance(1)
        said = (await send(text)).json()["id"]
        gone += [said] if text in "abdf" else []
    for activity_id in gone:
        await client.delete(f"{conversation}/activities/{activity_id}")

    thread = await ask("thread", conversation="19:c")

    assert list("abcdef") == texts(thread)
    assert [True, True, False, True, False, True] == [one["deleted"] for one in thread["entries"]]


async def test_begins_anew_when_all_was_deleted_before(ask, client, conversation, emulator, send):
    """
    What was deleted before a clear is not shown after it.
    """
    said = (await send("old")).json()["id"]
    await client.delete(f"{conversation}/activities/{said}")
    before = await ask("thread", conversation="19:c")
    emulator.clear()
    emulator.add_conversation("19:c")

    assert ["old"] == texts(before)
    assert [] == texts(await ask("thread", conversation="19:c"))
