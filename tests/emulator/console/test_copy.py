"""
Exchanges as commands and tests: what is copied from the console, run again.
"""

import asyncio
import json
import subprocess
from contextlib import suppress
from urllib.parse import quote

import attrs
import httpx
import pytest

from connector_async.emulator import Arrival, Emulator, EmulatorLimits, serve
from connector_async.emulator._console.copy import as_curl, as_pytest


async def exchange_of(emulator, *arguments, **fields):
    async with httpx.AsyncClient(transport=emulator.transport(), base_url="http://e") as bot:
        with suppress(httpx.ReadError):
            await bot.request(*arguments, **fields)
    return emulator.record.exchange(emulator.record.next_number - 1)


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"message","text":"plain"}',
        '{"type":"message","text":"it\'s $HOME `x` \\\\ é"}'.encode(),
        b'{"type":"message",\n"text":"%s %d\\u0000"}',
        b"\xff\x00%",
    ],
)
@pytest.mark.usefixtures("conversation")
async def test_copies_run_as_curl(emulator, body):
    """
    The copied command sends the same bytes in a shell.
    """
    original = await exchange_of(
        emulator,
        "POST",
        "/v3/conversations/19%3Ac/activities?x=%26",
        content=body,
        headers={"Content-Type": "application/json", "X-Quote": "it's"},
    )
    async with serve(emulator) as server:
        command = as_curl(original, server.url)
        process = await asyncio.create_subprocess_shell(
            f"{command} --noproxy '*' -s", stdout=subprocess.PIPE
        )
        answer, _ = await process.communicate()
        if process.returncode == 127:
            pytest.skip("needs curl")
    again = emulator.record.exchange(emulator.record.next_number - 1)

    assert answer.startswith(b"HTTP/1.1 ")
    assert (original.path, original.query, original.request_body) == (
        again.path,
        again.query,
        again.request_body,
    )
    assert "it's" == again.request_headers["x-quote"]


@pytest.mark.usefixtures("conversation")
async def test_copies_no_token(emulator):
    """
    The token of a copied command comes from the environment.
    """
    exchange = await exchange_of(
        emulator, "GET", "/v3/conversations", headers={"Authorization": "Bearer secret"}
    )
    command = as_curl(exchange, "http://e")

    assert '"Authorization: Bearer $CONNECTOR_TOKEN"' in command
    assert "secret" not in command
    assert "uthorization" not in as_pytest(exchange)


def prepare_fail(emulator):
    emulator.fail_next("sendToConversation", status=503, retry_after=7)


def prepare_late_fail(emulator):
    emulator.fail_next("sendToConversation", status=504, after_commit=True)


def prepare_drop(emulator):
    emulator.drop_next("sendToConversation")


def prepare_reset(emulator):
    emulator.reset_next("sendToConversation")


def prepare_limit(emulator):
    emulator.limits = EmulatorLimits(send=((1, 60),))


def prepare_block(emulator):
    emulator.block("19:c")


def prepare_removal(emulator):
    emulator.remove_bot("19:c")


def prepare_doubt(emulator):
    emulator.require_token = True


def prepare_delay(emulator):
    emulator.delay_next("sendToConversation", 0.001)


SEND = ("POST", "/v3/conversations/19%3Ac/activities")
THREAD = {"channelData": {"channel": {"id": "19:c"}}, "activity": {"type": "message", "text": "a"}}
HELLO = {"json": {"type": "message", "text": 'it\'s "so" \\ é'}}


@pytest.mark.parametrize(
    ("prepare", "call", "fields"),
    [
        (None, SEND, HELLO),
        (None, ("GET", "/v3/conversations?continuationToken="), {}),
        (None, ("GET", "/v3/nothing"), {}),
        (None, ("GET", "/v3/conversations/19:none/members"), {}),
        (None, ("POST", "/v3/conversations"), {"json": {"members": [{"id": "29:x"}]}}),
        (None, ("POST", "/v3/conversations"), {"json": THREAD}),
        (None, ("GET", "/v3/conversations/19:c/members/29%3Amember-2"), {}),
        (None, ("DELETE", "/v3/conversations/19:c/members/29%3Amember-2"), {}),
        (None, ("PUT", "/v3/conversations/19:c/activities/{id}"), HELLO),
        (None, ("DELETE", "/v3/conversations/19:c/activities/{id}"), {}),
        (None, ("GET", "/v3/conversations/19:c/activities/{id}/members"), {}),
        (None, ("POST", "/v3/conversations/19:c/activities/{id}?x=1"), HELLO),
        (prepare_fail, SEND, HELLO),
        (prepare_late_fail, SEND, HELLO),
        (prepare_drop, SEND, HELLO),
        (prepare_reset, SEND, HELLO),
        (prepare_limit, SEND, HELLO),
        (prepare_block, SEND, HELLO),
        (prepare_removal, ("GET", "/v3/conversations/19:c/members"), {}),
        (prepare_doubt, SEND, HELLO),
        (prepare_delay, SEND, HELLO),
    ],
)
@pytest.mark.usefixtures("conversation")
async def test_copies_run_as_tests(emulator, prepare, call, fields):
    """
    The copied test passes on an emulator of its own, and sends the same.
    """
    before = emulator.add_activity("19:c", {"type": "message", "text": "before"})
    if prepare is not None:
        prepare(emulator)
    if prepare is prepare_limit:
        await exchange_of(emulator, *SEND, json={"type": "message", "text": "first"})
    original = await exchange_of(emulator, call[0], call[1].replace("{id}", before), **fields)
    written = as_pytest(original, "generic")
    names = {}
    exec(compile(written, "copied.py", "exec"), names)
    (test,) = [value for name, value in names.items() if name.startswith("test_")]
    fresh = Emulator(profile="generic")
    await test(fresh)
    again = fresh.record.exchange(1)

    assert (original.method, original.status, original.request_body, original.committed) == (
        again.method,
        again.status,
        again.request_body,
        again.committed,
    )
    assert (
        original.path.partition(before)[0] == again.path[: len(original.path.partition(before)[0])]
    )


@pytest.mark.parametrize(
    ("method", "status"), [("PUT", 200), ("DELETE", 200), ("PUT", 403), ("DELETE", 403)]
)
async def test_copies_know_whose_an_activity_is(method, status):
    """
    What the bot could change it can change in the copied test, and what it could not it cannot.
    """
    statuses = []
    emulator = Emulator()
    emulator.add_conversation("19:c")
    before = emulator.add_activity("19:c", {"type": "message"}, by_bot=status == 200)
    fields = HELLO if method == "PUT" else {}
    url = f"/v3/conversations/19:c/activities/{before}"
    original = await exchange_of(emulator, method, url, **fields)
    names = {}
    exec(compile(as_pytest(original), "copied.py", "exec"), names)
    (test,) = [value for name, value in names.items() if name.startswith("test_")]
    fresh = Emulator()
    await test(fresh)
    statuses = [original.status, fresh.record.exchange(1).status]

    assert [status, status] == statuses


def begin_a_write(emulator):
    emulator.delay_next("sendToConversation", 60)
    emulator.answer(
        Arrival(
            method="POST",
            base_url="http://e",
            raw_path=SEND[1].encode(),
            query_string=b"",
            headers={},
            body=b'{"type":"message","text":"first"}',
        )
    )


CHUNK = {
    "json": {
        "type": "typing",
        "text": "a",
        "entities": [{"type": "streaminfo", "streamType": "streaming", "streamSequence": 1}],
    }
}


@pytest.mark.parametrize(
    ("prepare", "fields", "reason"),
    [
        (begin_a_write, HELLO, "another operation was going on in the conversation"),
        (None, CHUNK, "the chunks of a stream are answered for what came before them"),
    ],
)
async def test_copies_say_what_cannot_be_had_again(prepare, fields, reason):
    """
    What depends on other calls is not asked for again; the test says so.
    """
    emulator = Emulator()
    emulator.add_conversation("19:c", kind="personal")
    if prepare is not None:
        prepare(emulator)
    written = as_pytest(await exchange_of(emulator, *SEND, **fields))
    names = {}
    exec(compile(written, "copied.py", "exec"), names)
    (test,) = [value for name, value in names.items() if name.startswith("test_")]

    with pytest.raises(pytest.skip.Exception, match=reason):
        await test(Emulator())


CHAT = {"members": [{"id": "29:x"}], "tenantId": "t"}


def nothing(_emulator):
    pass


def know_a_chat(emulator):
    emulator.answer(
        Arrival(
            method="POST",
            base_url="http://e",
            raw_path=b"/v3/conversations",
            query_string=b"",
            headers={},
            body=json.dumps(CHAT).encode(),
        )
    )


@pytest.mark.parametrize(
    ("profile", "prepare", "call", "reason"),
    [
        ("generic", nothing, ("GET", "/v3/attachments/{file}"), "the file was stored before"),
        (
            "generic",
            nothing,
            ("GET", "/v3/attachments/{file}/views/original"),
            "the file was stored before",
        ),
        (
            "generic",
            nothing,
            ("GET", "/v3/conversations?continuationToken={token}"),
            "the page before told where this one begins",
        ),
        ("teams", know_a_chat, ("POST", "/v3/conversations"), "the chat was there before"),
        (
            "teams",
            lambda emulator: emulator.uninstall("29:x"),
            ("POST", "/v3/conversations"),
            "the bot was blocked, removed or not installed before",
        ),
    ],
)
async def test_copies_say_what_came_before(profile, prepare, call, reason):
    """
    What is answered for what was there before is not asked for again either.
    """
    emulator = Emulator(profile=profile, conversations_per_page=1)
    emulator.add_conversation("19:c")
    emulator.add_conversation("19:d")
    prepare(emulator)
    first = await exchange_of(emulator, "GET", "/v3/conversations")
    token = quote(json.loads(first.response_body).get("continuationToken", ""))
    url = call[1].format(file=emulator.add_attachment(b"cat"), token=token)
    fields = {"json": CHAT} if call[0] == "POST" else {}
    names = {}
    original = await exchange_of(emulator, call[0], url, **fields)
    exec(compile(as_pytest(original, profile), "copied.py", "exec"), names)
    (test,) = [value for name, value in names.items() if name.startswith("test_")]

    with pytest.raises(pytest.skip.Exception, match=reason):
        await test(Emulator())


@pytest.mark.parametrize("fault", ["half_body", "close_idle"])
async def test_copies_know_what_happens_on_the_way(fault):
    """
    A fault on the way does not change the status, and is not asked for.
    """
    emulator = Emulator()
    emulator.add_conversation("19:c")
    original = attrs.evolve(await exchange_of(emulator, *SEND, **HELLO), fault=fault)

    assert "_next(" not in as_pytest(original)


async def test_copies_say_what_needs_a_socket(emulator):
    """
    A fault that cannot be had without a socket is not asked for; the test says so.
    """
    emulator.add_conversation("19:c")
    emulator.hang_next("sendToConversation")
    async with httpx.AsyncClient(transport=emulator.transport(), timeout=0.001) as bot:
        with suppress(httpx.ReadTimeout):
            await bot.post(f"http://e{SEND[1]}", **HELLO)

    written = as_pytest(emulator.record.exchange(1))

    assert """pytest.skip("the fault 'hang' is seen on a socket only")""" in written


async def test_copies_have_no_needless_headers(emulator):
    """
    What each client sends of itself is not copied.
    """
    exchange = attrs.evolve(
        await exchange_of(emulator, "GET", "/v3/conversations"), request_headers={"host": "e"}
    )

    assert "headers" not in as_pytest(exchange)
    assert "-H" not in as_curl(exchange, "http://e")
