"""
The console in a real browser: all that it shows, and all that its buttons do.
"""

import asyncio
import re
import time
from contextlib import suppress
from urllib.parse import quote

import httpx
import pytest

from connector_async.emulator import Emulator, EmulatorLimits, serve
from tests.browser.pictures import digest
from tests.browser.scene import ADA, LAUNCH, PLATFORM

expect = pytest.importorskip(
    "playwright.async_api", reason="needs Playwright: pip install playwright"
).expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

MANY = 10_000
MANY_SECONDS = 3.0


def conversation(page, conversation_id):
    return page.locator(f'[data-conversation="{conversation_id}"]')


def message(page, text):
    return page.locator(".message", has_text=text)


async def post(emulator, text, conversation_id="19:c", headers=None):
    """
    Send as a bot does; the status is returned, or None when the connection was reset.
    """
    url = f"http://emulator/v3/conversations/{quote(conversation_id, safe='')}/activities"
    async with httpx.AsyncClient(transport=emulator.transport(), timeout=0.05) as bot:
        try:
            response = await bot.post(url, json={"type": "message", "text": text}, headers=headers)
        except httpx.ReadError:
            return None
        return response.status_code


class Held:
    """
    Answers to a page that are made at once, and given when they are let go.
    """

    def __init__(self):
        self.came = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self, route):
        response = await route.fetch()
        self.came.set()
        await self.go.wait()
        await route.fulfill(response=response)


async def open_conversation(page, conversation_id, name):
    await conversation(page, conversation_id).click()
    await expect(page.locator("#thread-name")).to_have_text(name)


async def test_shows_what_was_said(open_console, scene):
    """
    The thread has edits, deletes, replies, cards, files and suggested actions.
    """
    async with open_console(scene.emulator, height=1400) as page:
        await open_conversation(page, ADA, "Ada Lovelace")

        edited = message(page, "The total is 412.60 EUR.")
        await edited.get_by_role("button", name="edited").click()
        reply = message(page, "Of course.")

        await expect(edited.locator(".versions")).to_have_text("The total is 421.60 EUR.")
        await expect(message(page, "Your manager is Charles.")).to_have_class(re.compile("deleted"))
        await expect(reply.locator(".quote")).to_have_text("Hi! I need to file my trip to Lisbon.")
        await expect(reply.locator("strong")).to_have_text("5 receipts")
        await expect(page.locator(".card h4")).to_have_text("Lisbon, February")
        await expect(page.locator(".card img")).to_have_js_property("complete", True)
        await expect(page.locator(".adaptive .ac-textBlock").first).to_have_text("Expense report")
        await expect(page.locator(".file b")).to_have_text("receipts-lisbon.pdf")
        await expect(page.locator("#suggested button")).to_have_text(["Yes, send it", "Not yet"])


async def test_says_what_buttons_say(open_console, scene):
    """
    Suggested actions and the buttons of cards speak for the user, with their values.
    """
    async with open_console(scene.emulator, height=1400) as page:
        await open_conversation(page, ADA, "Ada Lovelace")

        await page.get_by_role("button", name="Yes, send it").click()
        await expect(page.locator(".message.user").last).to_contain_text("Yes, send it")
        await page.locator(".card").get_by_role("button", name="Show the receipts").click()
        await expect(page.locator(".message.user").last).to_contain_text("Show receipts")
        await page.get_by_placeholder("A note for the approver").fill("Swift, please")
        await page.locator(".adaptive").get_by_role("button", name="Submit").click()
        await expect(page.locator(".message.user").last).to_contain_text("Swift, please")

    said = scene.emulator.activities(ADA)[-3:]
    assert ["Yes, send it", "Show receipts", None] == [one.get("text") for one in said]
    assert {"go": True, "note": "Swift, please"} == said[-1]["value"]


async def test_says_as_a_user(open_console, scene):
    """
    What is typed is said by the member who was chosen, letter for letter.
    """
    async with open_console(scene.emulator) as page:
        await open_conversation(page, PLATFORM, "Platform on call")
        await page.get_by_label("Who says it").select_option("Ken Thompson")
        await page.get_by_label("Say as a user").fill("  1 < 2 & 'so'  ")
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.locator(".message.user").last).to_contain_text("1 < 2 & 'so'")

    said = scene.emulator.activities(PLATFORM)[-1]
    assert ("  1 < 2 & 'so'  ", "Ken Thompson") == (said["text"], said["from"]["name"])


async def test_shows_what_the_bot_did_not_take(open_console):
    """
    A message that the bot could not be given says so, and why.
    """
    emulator = Emulator()
    emulator.bot_url = "http://127.0.0.1:1/api/messages"
    emulator.add_conversation("19:c", name="Ada")
    async with open_console(emulator) as page:
        await expect(page.locator("#link")).to_have_text("bot at http://127.0.0.1:1/api/messages")
        await page.get_by_label("Say as a user").fill("anybody there?")
        await page.keyboard.press("Enter")
        await expect(page.locator(".marks .bad")).to_contain_text("not delivered")
        await expect(page.locator(".notice.bad")).to_contain_text("did not take it")


async def test_shows_scripts_and_runs_none(open_console):
    """
    HTML is text wherever it shows: in bubbles, names, ids, cards, titles and raw exchanges.
    """
    hostile = "<img src=x onerror=\"window.ran='yes'\"><script>window.ran='yes'</script>"
    emulator = Emulator(limits=EmulatorLimits.off())
    emulator.add_conversation(
        f"a:{hostile}", name=hostile, members=[{"id": "29:x", "name": hostile}]
    )
    adaptive = {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [{"type": "TextBlock", "text": hostile}],
        "actions": [
            {"type": "Action.OpenUrl", "title": hostile, "url": "javascript:window.ran='yes'"}
        ],
    }
    hero = {
        "title": hostile,
        "text": f"[click](javascript:window.ran='yes') {hostile}",
        "images": [{"url": "javascript:window.ran='yes'", "alt": hostile}],
        "buttons": [{"type": "openUrl", "title": hostile, "value": "javascript:window.ran='yes'"}],
    }
    for activity in [
        {"text": hostile, "from": {"id": "28:b", "name": hostile}},
        {"text": f"**{hostile}** `{hostile}`", "textFormat": "xml"},
        {
            "attachments": [
                {"contentType": "application/vnd.microsoft.card.hero", "content": hero},
                {"contentType": "application/vnd.microsoft.card.adaptive", "content": adaptive},
                {"contentType": hostile, "name": hostile, "contentUrl": "javascript:1"},
            ],
            "suggestedActions": {
                "actions": [{"type": hostile, "title": hostile, "value": hostile}]
            },
        },
    ]:
        emulator.add_activity(f"a:{hostile}", {"type": "message", **activity})
    async with open_console(emulator, height=1400) as page:
        await expect(page.locator(".message")).to_have_count(3)
        await post(emulator, f"{hostile} again", f"a:{hostile}", headers={"X-Note": hostile})
        await message(page, "again").click()
        await expect(page.locator("#exchange .raw").first).to_contain_text("<script>")
        await page.locator("#exchange details").first.locator("summary").click()

        assert await page.evaluate("window.ran") is None
        assert [] == await page.evaluate(
            """[...document.querySelectorAll(
                 "#thread script, #thread [onerror], a[href^=javascript]")]"""
        )
        assert hostile == await page.locator(".message .body").first.inner_text()


async def test_bears_odd_activities(open_console):
    """
    Activities that are not what they should be are shown as well as can be.
    """
    emulator = Emulator(limits=EmulatorLimits.off())
    emulator.add_conversation("19:c", name="Odd")
    kinds = ["hero", "thumbnail", "adaptive", "receipt", "signin", "animation", "unheard-of"]
    contents = [None, 7, "text", [], {}, {"images": 7, "buttons": "x", "facts": 7, "items": "ab"}]
    odd = [
        {"text": 7, "from": "nobody", "attachments": "none", "suggestedActions": 7},
        {"text": "x" * 100_000},
        {"text": "[" * 50_000, "textFormat": "markdown"},
        {"attachments": [None, 7, {}, {"contentType": 7, "contentUrl": {}, "name": []}]},
        {"type": "event", "name": {"a": 1}},
        {"replyToId": {"a": 1}, "value": {"a": 1}},
        {"suggestedActions": {"actions": [None, 7, {}]}},
        *(
            {
                "attachments": [
                    {"contentType": f"application/vnd.microsoft.card.{kind}", "content": content}
                    for content in contents
                ]
            }
            for kind in kinds
        ),
    ]
    for activity in odd:
        emulator.add_activity("19:c", {"type": "message", **activity})
    async with open_console(emulator, forgiving=True) as page:
        await page.keyboard.press("m")
        for _ in range(len(odd)):
            await page.keyboard.press("ArrowUp")
        await expect(page.locator(".message.marked .body")).to_have_text("(no text)")
        await post(emulator, "still here")
        await expect(page.locator("#newer")).to_have_text("↓ 1 new")
        await page.keyboard.press("End")
        await expect(page.locator(".message.marked .body")).to_have_text("still here")


async def test_keeps_what_is_typed_into_cards(open_console, scene):
    """
    Messages that arrive and are marked do not empty a card that is being filled in.
    """
    async with open_console(scene.emulator, height=1400) as page:
        await open_conversation(page, ADA, "Ada Lovelace")
        field = page.get_by_placeholder("A note for the approver")
        await field.fill("half a sen")
        await scene.send(ADA, "By the way, the museum is closed on Mondays.")
        await expect(message(page, "museum")).to_be_visible()
        await message(page, "museum").click()
        await message(page, "Expense report").locator(".ac-textBlock").first.click()

        await expect(field).to_have_value("half a sen")


async def test_refuses_scripts_from_elsewhere(open_console, scene):
    """
    Even a hole in the page would run nothing: inline scripts and raw HTML are forbidden.
    """
    async with open_console(scene.emulator, forgiving=True) as page:
        refused = await page.evaluate(
            """() => {
              try { document.body.innerHTML = "<b>x</b>"; return "taken"; }
              catch (error) { return error.name; }
            }"""
        )
        ran = await page.evaluate(
            """() => {
              const script = document.createElement("script");
              try { script.text = "window.ran = 'yes'"; document.body.append(script); } catch {}
              return window.ran ?? null;
            }"""
        )
        response = await page.request.get(page.url)

        assert ("TypeError", None) == (refused, ran)
        assert "unsafe" not in response.headers["content-security-policy"]


async def test_counts_what_is_unread(open_console, scene):
    """
    What arrived and was not looked at is counted, in the list and in the title.
    """
    async with open_console(scene.emulator) as page:
        await open_conversation(page, ADA, "Ada Lovelace")
        count = conversation(page, LAUNCH).locator(".unread-count")
        await expect(count).to_have_text("41")
        await open_conversation(page, LAUNCH, "Launch")
        await expect(count).to_have_text("")
        await open_conversation(page, ADA, "Ada Lovelace")
        await scene.send(LAUNCH, "One more region is live")
        await expect(count).to_have_text("1")
        await expect(page).to_have_title(re.compile(r"^\(\d+\) Emulator$"))


async def test_filters_conversations(open_console, scene):
    """
    The list can be narrowed by text, by kind, and to what is unread.
    """
    async with open_console(scene.emulator) as page:
        names = page.locator(".conversation .name")
        await expect(names).to_have_count(10)
        await page.get_by_label("Filter conversations").fill("lentil")
        await expect(names).to_have_text(["Karen Jones"])
        await page.get_by_label("Filter conversations").fill("")
        await page.get_by_role("button", name="Channels").click()
        await expect(names).to_have_text(["Launch"])
        await page.get_by_role("button", name="Groups").click()
        await expect(names).to_have_text(["Platform on call"])
        await page.get_by_role("button", name="Unread").click()
        await expect(names).to_have_count(10)
        await open_conversation(page, LAUNCH, "Launch")
        await expect(conversation(page, PLATFORM)).to_have_count(0)


async def test_keeps_calls_that_come_while_it_asks(open_console):
    """
    A call that comes after the list was made and before it is there is not lost.
    """
    emulator = Emulator()
    emulator.add_conversation("19:c")
    async with open_console(emulator) as page:
        count = page.locator("#exchange-count")
        await post(emulator, "before")
        await expect(count).to_have_text("1")
        held = Held()
        await page.route("**/api/exchanges*", held)
        await page.locator("#exchanges-all").click()
        await held.came.wait()
        await post(emulator, "meanwhile")
        await expect(message(page, "meanwhile")).to_be_visible()
        held.go.set()
        await expect(count).to_have_text("2")


async def test_bears_a_list_that_does_not_come(open_console):
    """
    Without an answer the list has what comes from now on, and nothing goes wrong.
    """
    emulator = Emulator()
    emulator.add_conversation("19:c")
    errors = []
    async with open_console(emulator, forgiving=True) as page:
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.route("**/api/exchanges*", lambda route: route.abort())
        async with page.expect_event("requestfailed"):
            await page.locator("#exchanges-all").click()
        await post(emulator, "afterwards")
        await expect(page.locator("#exchange-count")).to_have_text("1")

    assert [] == errors


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("hang", "No answer: the connection was left open"),
        ("drop", "No answer: the connection was reset"),
    ],
)
async def test_says_why_there_was_no_answer(open_console, fault, words):
    """
    A call that was left unanswered is not said to have been reset.
    """
    emulator = Emulator()
    emulator.add_conversation("19:c")
    getattr(emulator, f"{fault}_next")(None)
    with suppress(httpx.ReadTimeout):
        await post(emulator, "hello")
    async with open_console(emulator) as page:
        await page.locator('#exchanges [data-number="1"]').click()
        await expect(page.locator("#exchange")).to_contain_text(words)


async def test_shows_raw_exchanges(open_console, scene):
    """
    A message leads to its request and response, its attempts and their waits.
    """
    async with open_console(scene.emulator) as page:
        await open_conversation(page, PLATFORM, "Platform on call")
        await message(page, "Checking the dashboards").click()
        detail = page.locator("#exchange")

        await expect(detail.locator("h3")).to_have_text("sendToConversation")
        await expect(detail).to_contain_text("2 of 2")
        await expect(detail).to_contain_text("2 s since the attempt before")
        await expect(detail.locator(".raw").first).to_contain_text("Checking the dashboards…")
        await expect(detail.locator(".raw").last).to_contain_text('"id"')

        await detail.locator("dd button").first.click()
        await expect(detail.locator(".top .status")).to_have_text("503")
        await expect(detail).to_contain_text("fail, on purpose")

        await page.get_by_role("button", name="Trouble").click()
        await expect(page.locator(".row .status")).to_have_text(["503", "none", "201"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Copy as curl", "curl -i -X POST http://127.0.0.1"), ("Copy as pytest", "async def test_")],
)
async def test_copies_exchanges(open_console, scene, name, expected):
    """
    An exchange is copied as a command, and as a test.
    """
    async with open_console(scene.emulator) as page:
        await open_conversation(page, PLATFORM, "Platform on call")
        await message(page, "Checking the dashboards").click()
        await page.get_by_role("button", name=name).click()
        await expect(page.locator(".notice")).to_contain_text("copied")

        assert expected in await page.evaluate("navigator.clipboard.readText()")


async def test_draws_the_rates(open_console, scene):
    """
    The timeline has a lane for each window with its line, for one conversation and for all.
    """
    async with open_console(scene.emulator) as page:
        await open_conversation(page, LAUNCH, "Launch")
        lines = page.locator("#rates-plot .limit-line")
        await expect(lines).to_have_count(3)
        await expect(page.locator("#rates-accepted")).to_have_text("40")
        await expect(page.locator("#rates-refused")).to_have_text("16")
        limits = [await lines.nth(index).get_attribute("data-limit") for index in range(3)]
        bars = await page.locator("#rates-plot rect.accepted").count()
        await page.locator("#rates").get_by_role("button", name="All").click()
        await expect(lines).to_have_count(1)

        assert ["7", "8", "60"] == limits
        assert 10 == bars
        assert "50" == await lines.first.get_attribute("data-limit")


async def test_draws_no_limit_for_several_tenants(open_console):
    """
    Each tenant has its limit for itself; over all of them there is none.
    """
    emulator = Emulator()
    emulator.add_conversation("19:c", name="Ada")
    emulator.add_conversation("19:d", tenant_id="another", name="Grace")
    await post(emulator, "hello")
    async with open_console(emulator) as page:
        await page.locator("#rates-all").click()
        await expect(page.locator("#rates-plot")).to_contain_text("2 tenants")
        await expect(page.locator("#rates-plot .limit-line")).to_have_count(0)


async def test_tells_what_was_doubled(open_console, scene):
    """
    The badge turns red when something was doubled, says what, and leads to it.
    """
    async with open_console(scene.emulator) as page:
        badge = page.locator("#doubled")
        await expect(badge).to_have_text("1 doubled")
        await expect(badge).to_have_class(re.compile(r"\bred\b"))
        await badge.click()
        found = page.locator("#doubled-list button")
        await expect(found).to_contain_text("Disk on db-3 is at 91 %")
        await found.click()
        await expect(page.locator("#thread-name")).to_have_text("Platform on call")
        await expect(page.locator(".message.marked")).to_contain_text("doubled")


async def test_leads_to_what_was_doubled_under_traffic(open_console):
    """
    It is led to even while the page waits for news of another conversation.
    """
    emulator = Emulator()
    emulator.add_conversation("19:c", name="Busy")
    emulator.add_conversation("19:d", name="Doubled")
    for text in ("same", "same"):
        await post(emulator, text, "19:d")
    async with open_console(emulator) as page:
        await open_conversation(page, "19:c", "Busy")
        held = Held()
        await page.route("**/api/thread?conversation=19%3Ac*", held)
        await post(emulator, "news")
        await held.came.wait()
        await page.locator("#doubled").click()
        await page.locator("#doubled-list button").click()
        await expect(page.locator("#thread-name")).to_have_text("Doubled")
        held.go.set()
        await expect(page.locator(".message.marked")).to_contain_text("doubled")


async def test_badge_is_calm_without_doubles(open_console):
    """
    As long as nothing was doubled the badge says so; it turns red by itself.
    """
    emulator = Emulator()
    emulator.add_conversation("19:c")
    async with open_console(emulator) as page:
        await expect(page.locator("#doubled")).to_have_text("Nothing doubled")
        await post(emulator, "same")
        await post(emulator, "same")
        await expect(page.locator("#doubled")).to_have_text("1 doubled")


async def test_steers_the_emulator(open_console):
    """
    Buttons block the bot, let calls fail, drop an answer, and clear everything.
    """
    emulator = Emulator()
    emulator.add_conversation("19:c", members=1, kind="personal", name="Ada")
    async with open_console(emulator) as page:
        await page.get_by_role("button", name="Block the bot").click()
        await expect(page.get_by_role("button", name="Bot is blocked")).to_be_visible()
        blocked = await post(emulator, "anyone?")
        await page.get_by_role("button", name="Bot is blocked").click()
        await expect(page.get_by_role("button", name="Block the bot")).to_be_visible()
        unblocked = await post(emulator, "hello again")

        await page.get_by_role("button", name="Fail next…").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Answer").select_option("503")
        await dialog.get_by_label("Retry-After").fill("7")
        await dialog.get_by_role("button", name="Fail", exact=True).click()
        await expect(page.locator(".notice").last).to_contain_text("503")
        failed = await post(emulator, "will fail")

        await page.get_by_role("button", name="Drop next answer").click()
        await expect(page.locator(".notice").last).to_contain_text("lost")
        dropped = await post(emulator, "is dropped")
        await expect(message(page, "is dropped")).to_be_visible()

        await page.get_by_role("button", name="Clear", exact=True).click()
        await dialog.get_by_role("button", name="Clear").click()
        await expect(page.locator("#conversations")).to_contain_text("No conversations")
        await expect(page.locator("#exchanges")).to_contain_text("No calls yet")

    assert (403, 201, 503, None) == (blocked, unblocked, failed, dropped)
    assert [] == emulator.conversations()


async def test_moves_the_clock(open_console):
    """
    The clock is frozen, moved ahead and let run on.
    """
    emulator = Emulator()
    async with open_console(emulator) as page:
        await page.get_by_role("button", name="Freeze").click()
        frozen = page.get_by_role("button", name="Frozen")
        await expect(frozen).to_have_attribute("aria-pressed", "true")
        before = emulator.clock.now()
        await page.get_by_role("button", name="Advance…").click()
        await page.get_by_role("button", name="1 h").click()
        await expect(page.locator(".notice")).to_contain_text("3600 s ahead")
        after = emulator.clock.now()
        await frozen.click()
        await expect(page.get_by_role("button", name="Freeze")).to_be_visible()

    assert pytest.approx(3600.0) == after - before
    assert not emulator.clock.frozen


async def test_begins_empty(open_console):
    """
    An emulator with nothing in it says so, and offers to begin.
    """
    emulator = Emulator()
    async with open_console(emulator) as page:
        await page.get_by_role("button", name="New conversation").last.click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Id").fill("19:first")
        await dialog.get_by_role("button", name="Add").click()
        await expect(page.locator("#thread-name")).to_have_text("19:first")
        await expect(page.locator("#say")).to_be_focused()

    assert ["19:first"] == [view.id for view in emulator.conversations()]


async def test_shows_ten_thousand_messages(open_console):
    """
    A conversation of ten thousand messages is there in seconds, and most of it is not drawn.
    """
    emulator = Emulator(limits=EmulatorLimits.off())
    emulator.add_conversation("19:c", name="Long")
    for number in range(MANY):
        emulator.add_activity("19:c", {"type": "message", "text": f"message {number}"})
    async with open_console(emulator) as page:
        began = time.monotonic()
        await page.reload()
        await expect(message(page, f"message {MANY - 1}")).to_be_visible()
        took = time.monotonic() - began
        drawn = await page.locator(".message").count()
        scrolled = await page.evaluate(
            """async () => {
              const thread = document.getElementById("thread");
              const began = performance.now();
              for (let step = 0; step < 100; step += 1) {
                thread.scrollTop = thread.scrollHeight * (step * 37 % 100) / 100;
                await new Promise(requestAnimationFrame);
              }
              thread.scrollTop = 0;
              return (performance.now() - began) / 100;
            }"""
        )
        await expect(message(page, re.compile(r"message 0$"))).to_be_visible()
        drawn += await page.locator(".message").count()

        assert took < MANY_SECONDS
        assert drawn < 200
        assert scrolled < 100


async def test_keeps_up_with_many_arriving(open_console):
    """
    A thousand messages in a burst arrive, and the page stays at the end.
    """
    emulator = Emulator(limits=EmulatorLimits.off())
    emulator.add_conversation("19:c", name="Burst")
    async with open_console(emulator) as page:
        for number in range(1_000):
            await post(emulator, f"message {number}")
        await expect(message(page, "message 999")).to_be_visible()
        await expect(page.locator("#exchange-count")).to_have_text("1,000")


async def test_comes_back_after_a_break(browser):
    """
    A page whose emulator is gone says so, and goes on when it is there again.
    """
    emulator = Emulator()
    emulator.add_conversation("19:c", name="Ada")
    page = await browser.new_page()
    async with serve(emulator) as server:
        port = int(server.url.rpartition(":")[2])
        await page.goto(f"{server.url}/emulator/console/")
        await expect(page.locator("#thread-name")).to_have_text("Ada")
        await page.wait_for_selector("html[data-ready]")
    await expect(page.locator("#link")).to_have_text("not connected")
    emulator.add_activity("19:c", {"type": "message", "text": "while you were away"})
    emulator.add_conversation("19:d", name="New")
    async with serve(emulator, port=port):
        await expect(message(page, "while you were away")).to_be_visible()
        await expect(conversation(page, "19:d")).to_be_visible()
        await expect(page.locator("#link")).to_have_text("")
        await page.close()


async def test_leaves_what_is_gone(open_console):
    """
    A conversation that was removed is closed, and opened again when it is there again.
    """
    emulator = Emulator()
    emulator.add_conversation("19:c", name="Ada")
    async with open_console(emulator) as page:
        await expect(page.locator("#thread-name")).to_have_text("Ada")
        emulator.remove_conversation("19:c")
        await expect(page.locator("#thread-name")).to_have_text("No conversation")
        emulator.add_conversation("19:c", name="Ada again")
        await expect(page.locator("#thread-name")).to_have_text("Ada again")


async def test_works_with_the_keyboard_alone(open_console, scene):
    """
    Conversations, messages, exchanges, dialogs and the message box are reached by keys.
    """
    async with open_console(scene.emulator) as page:
        keys = page.keyboard
        await keys.press("/")
        await keys.type("on call")
        await keys.press("Enter")
        await expect(page.locator("#thread-name")).to_have_text("Platform on call")
        await expect(page.locator(".message")).to_have_count(5)
        await keys.press("m")
        for _ in range(2):
            await keys.press("ArrowUp")
        await expect(page.locator(".message.marked")).to_contain_text("Disk on db-3")
        await expect(page.locator("#exchange h3")).to_have_text("sendToConversation")
        await keys.press("e")
        await keys.press("Home")
        await expect(page.locator("#exchange .top .status")).to_have_text("503")
        await keys.press("Enter")
        await expect(page.locator("#exchange")).to_be_focused()
        await keys.press("c")
        await keys.type("typed, not clicked")
        await keys.press("Enter")
        await expect(page.locator(".message.user").last).to_contain_text("typed, not clicked")
        await keys.press("Escape")
        await keys.press("f")
        await expect(page.locator("#faults-dialog")).to_be_visible()
        await keys.press("Escape")
        await expect(page.locator("#faults-dialog")).to_be_hidden()
        await keys.press("z")
        await expect(page.get_by_role("button", name="Frozen")).to_be_visible()
        await keys.press("t")
        await expect(page.locator("#rates-all")).to_have_attribute("aria-pressed", "true")
        await keys.press("?")
        await expect(page.locator("#help-dialog")).to_be_visible()
        await keys.press("Escape")


async def test_every_control_has_a_focus_ring_and_a_name(open_console, scene):
    """
    The Tab key stops at controls only, each with a name and a visible ring.
    """
    async with open_console(scene.emulator) as page:
        stops = []
        for _ in range(60):
            await page.keyboard.press("Tab")
            stop = await page.evaluate(
                """() => {
                  const at = document.activeElement;
                  const style = getComputedStyle(at);
                  const name = at.ariaLabel ?? at.getAttribute("aria-label") ?? at.textContent
                    ?? at.placeholder;
                  return [at.tagName + "#" + at.id, Boolean(name && name.trim()),
                          style.outlineStyle !== "none"];
                }"""
            )
            if stop[0].startswith("BODY"):
                break
            stops.append(stop)

        assert [] == [stop for stop in stops if not (stop[1] and stop[2])]
        assert {"BUTTON#doubled", "INPUT#filter", "DIV#thread", "TEXTAREA#say"} <= {
            stop[0] for stop in stops
        }


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_is_readable(open_console, scene, scheme):
    """
    Text stands out from what is behind it by 4.5 to 1, in light and in dark.
    """
    async with open_console(scene.emulator, scheme=scheme, width=1600, height=1000) as page:
        await open_conversation(page, PLATFORM, "Platform on call")
        await message(page, "Checking the dashboards").click()
        await expect(page.locator("#exchange h3")).to_be_visible()
        faint = await page.evaluate(CONTRAST)

        assert [] == faint


CONTRAST = """() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const shine = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((part) => {
      const value = part / 255;
      return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const box = element.getBoundingClientRect();
    if (!walker.currentNode.textContent.trim() || !box.width || !box.height) continue;
    if (element.closest("svg, noscript, option, [disabled], .skip")) continue;
    const [one, other] = [shine(parse(getComputedStyle(element).color)), shine(behind(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) {
      faint.push([element.className, element.textContent.slice(0, 30), ratio.toFixed(2)]);
    }
  }
  return faint;
}"""


@pytest.mark.parametrize("width", [1280, 1600])
async def test_nothing_runs_over(open_console, scene, width):
    """
    At usual widths nothing is wider than its place.
    """
    async with open_console(scene.emulator, width=width) as page:
        await open_conversation(page, ADA, "Ada Lovelace")
        await message(page, "Shall I send it").click()
        wide = await page.evaluate(
            """() => [...document.querySelectorAll(
                   "body, .bar, .panes, .pane, .pane-head, .detail")]
                 .filter((element) => element.scrollWidth > element.clientWidth + 1)
                 .map((element) => element.className)"""
        )

        assert [] == wide


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pictures(open_console, scene, screenshots, scheme):
    """
    The pictures of the README are made here.
    """
    async with open_console(scene.emulator, scheme=scheme, width=1600, height=1000) as page:
        for name, conversation_id, title, chosen in [
            ("cards", ADA, "Ada Lovelace", "Shall I send it"),
            ("limits", LAUNCH, "Launch", "Smoke test 12"),
            ("doubled", PLATFORM, "Platform on call", "Disk on db-3"),
        ]:
            await open_conversation(page, conversation_id, title)
            await message(page, chosen).last.click()
            await expect(page.locator("#exchange h3")).to_be_visible()
            await page.evaluate(
                "document.getElementById('address').textContent = 'http://127.0.0.1:3979'"
            )
            await page.mouse.move(0, 0)
            picture = await page.screenshot(animations="disabled", caret="hide")
            if screenshots is not None:
                (screenshots / f"console-{name}-{scheme}.png").write_bytes(picture)
                (screenshots / "made_of.txt").write_text(digest(), "utf-8")

            assert len(picture) > 50_000
