"""
What the console's pages are told, and when.
"""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from connector_async.emulator import Emulator, EmulatorClock, EmulatorLimits, Record
from connector_async.emulator._console.console import console_routes
from connector_async.emulator._console.feed import Feed
from connector_async.emulator._console.views import Delivery
from tests.emulator.console.conftest import OURS


@pytest.fixture
def feed(emulator):
    return Feed(emulator)


async def at_once(_seconds):
    await asyncio.sleep(0)


async def test_tells_of_exchanges(feed, send):
    """
    An exchange is told of, with the conversation that it changed.
    """
    batches = feed.batches(at_once)
    news = asyncio.ensure_future(anext(batches))
    await asyncio.sleep(0)
    await send("hello")

    told = await news
    await batches.aclose()

    assert [(1, "hello")] == [(one["number"], one["text"]) for one in told["exchanges"]]
    assert [("19:c", 1)] == [(view["id"], view["activities"]) for view in told["conversations"]]
    assert (False, 0) == (told["cleared"], told["skipped"])


def test_keeps_the_latest_deliveries(feed):
    """
    What became of messages long ago is forgotten.
    """
    for number in range(5_001):
        feed.deliver("19:c", str(number), Delivery(status=200))

    assert (5_000, False) == (len(feed.deliveries), ("19:c", "0") in feed.deliveries)


async def test_tells_much_in_one_batch(feed, send):
    """
    What happens between two batches is told in one; of very much, how much was left out.
    """
    batches = feed.batches(at_once)
    news = asyncio.ensure_future(anext(batches))
    await asyncio.sleep(0)
    for number in range(305):
        await send(str(number))

    told = await news
    await batches.aclose()

    assert (300, 5) == (len(told["exchanges"]), told["skipped"])
    assert 1 == len(told["conversations"])


async def test_paces_itself(feed, send):
    """
    There are at most ten batches a second.
    """
    waits = []

    async def pace(seconds):
        waits.append(seconds)
        await send("more")

    batches = feed.batches(pace)
    news = asyncio.ensure_future(anext(batches))
    await asyncio.sleep(0)
    await send("hello")
    await news
    await anext(batches)
    await batches.aclose()

    assert [0.1] == waits


@pytest.mark.usefixtures("conversation")
async def test_tells_what_nobody_tells_of(emulator, feed):
    """
    What Python adds, moves or limits is seen without being told.
    """
    batches = feed.batches(at_once)
    news = asyncio.ensure_future(anext(batches))
    await asyncio.sleep(0)
    emulator.add_activity("19:c", {"type": "message", "text": "hi"})
    seen = await news
    emulator.clock.freeze()
    emulator.clock.advance(3600)
    moved = await anext(batches)
    emulator.limits = EmulatorLimits(send=((1, 1),))
    limited = await anext(batches)
    emulator.remove_conversation("19:c")
    removed = await anext(batches)
    await batches.aclose()

    assert ["19:c"] == [view["id"] for view in seen["conversations"]]
    assert (True, 1_700_003_600.5) == (moved["clock"]["frozen"], moved["clock"]["wall"])
    assert {"send": ((1, 1.0),), "tenant": ((50, 1.0),)} == limited["limits"]
    assert (True, []) == (removed["whole"], removed["conversations"])


@pytest.mark.usefixtures("conversation")
async def test_tells_of_touches(feed):
    """
    A conversation that changed in another way is told of when somebody says so.
    """
    batches = feed.batches(at_once)
    news = asyncio.ensure_future(anext(batches))
    await asyncio.sleep(0)
    feed.touch("19:c")

    told = await news
    await batches.aclose()

    assert ["19:c"] == [view["id"] for view in told["conversations"]]


@pytest.mark.parametrize("is_spoken", [True, False])
async def test_tells_of_a_clear(emulator, feed, send, is_spoken):
    """
    A clear by whomever is told of, and what came after it.
    """
    await send("same")
    await send("same")
    batches = feed.batches(at_once)
    news = asyncio.ensure_future(anext(batches))
    await asyncio.sleep(0)
    emulator.clear()
    if is_spoken:
        emulator.add_conversation("19:c")
        await send("after")

    told = await news
    await batches.aclose()

    assert told["cleared"]
    assert 0 == told["doubled"]["count"]
    assert (["after"] if is_spoken else []) == [seen.summary()["text"] for seen in feed.seen(None)]


async def test_tells_of_a_cleared_record(emulator, feed, send):
    """
    A record that is cleared alone is told of too.
    """
    await send("hello")
    batches = feed.batches(at_once)
    news = asyncio.ensure_future(anext(batches))
    await asyncio.sleep(0)
    emulator.record.clear()

    told = await news
    await batches.aclose()

    assert (True, [], []) == (told["cleared"], told["exchanges"], told["conversations"])


async def test_keeps_only_so_many_failures(emulator, send, monkeypatch):
    """
    Calls that failed and never came again are forgotten in the end.
    """
    monkeypatch.setattr("connector_async.emulator._console.feed._KEPT", 2)
    feed = Feed(emulator)
    emulator.fail_next("sendToConversation", status=500, times=3)
    for text in ("1", "2", "3", "1", "3"):
        await send(text)

    assert [1, 2] == [seen.attempt for seen in feed.seen(None)]


async def test_does_without_a_clock_that_moves():
    """
    A clock that only tells the time cannot be moved, and the page knows.
    """

    class Plain:
        def now(self):
            return 1.0

        def wall(self):
            return 2.0

        async def sleep(self, _seconds):
            await asyncio.sleep(0)

    emulator = Emulator(clock=Plain())
    feed = Feed(emulator)
    app = Starlette(routes=console_routes(emulator))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://e"
    ) as page:
        response = await page.post("/api/clock", json={"frozen": True}, headers=OURS)

    assert {"wall": 2.0, "frozen": False, "movable": False} == feed.clock()
    assert 400 == response.status_code


async def test_shows_exchanges_older_than_it_kept(emulator, send, monkeypatch):
    """
    An exchange of which nothing is known any longer is shown as a single attempt.
    """
    monkeypatch.setattr("connector_async.emulator._console.feed._KEPT", 1)
    feed = Feed(emulator)
    emulator.fail_next("sendToConversation", status=500, times=2)
    await send("one")
    await send("two")
    first = feed.of(emulator.record.exchange(1))

    assert [2] == [seen.exchange.number for seen in feed.seen(None)]
    assert (1, [1]) == (first.attempt, first.attempts)


async def test_knows_what_was_before_it(emulator, send):
    """
    A console that is opened late knows the exchanges and the doubles that were before.
    """
    await send("same")
    await send("same")

    feed = Feed(emulator)

    assert [1, 2] == [seen.exchange.number for seen in feed.seen("19:c")]
    assert [(2, "19:c", "same")] == [
        (item["number"], item["conversation_id"], item["text"]) for item in feed.doubled()["items"]
    ]


async def test_leaves_nothing_behind(emulator, send):
    """
    A console that is gone is not told any longer.
    """
    feed = Feed(emulator)
    listening = len(emulator.record._listeners)
    del feed
    await send("hello")

    assert (1, 0) == (listening, len(emulator.record._listeners))


async def test_reads_a_database(tmp_path):
    """
    A console over a record that was kept in a file knows what is in it.
    """
    first = Emulator(record=Record(db=tmp_path / "record.db"))
    first.add_conversation("19:c")
    async with httpx.AsyncClient(transport=first.transport()) as bot:
        await bot.post("http://e/v3/conversations/19:c/activities", json={"text": "hello"})
    first.record.close()
    again = Emulator(
        record=Record(db=tmp_path / "record.db"),
        clock=EmulatorClock.from_functions(lambda: 1.0, lambda: 2.0),
    )

    assert [1] == [seen.exchange.number for seen in Feed(again).seen(None)]
    again.record.close()


@pytest.mark.usefixtures("conversation")
async def test_keeps_quiet_without_news(feed):
    """
    Where nothing has changed nothing is told.
    """
    batches = feed.batches(at_once)
    news = asyncio.ensure_future(anext(batches))
    await asyncio.sleep(0)
    feed.touch("19:none")
    for _ in range(5):
        await asyncio.sleep(0)
    was_quiet = not news.done()
    feed.touch("19:c")

    told = await news
    await batches.aclose()

    assert was_quiet
    assert ["19:c"] == [view["id"] for view in told["conversations"]]


async def test_tells_every_page(emulator, feed, send):
    """
    Each page is told of a clear, whoever noticed it first.
    """
    await send("hello")
    pages = [feed.batches(at_once) for _ in range(2)]
    news = [asyncio.ensure_future(anext(page)) for page in pages]
    await asyncio.sleep(0)
    emulator.clear()

    told = await asyncio.gather(*news)
    for page in pages:
        await page.aclose()

    assert [True, True] == [one["cleared"] for one in told]
