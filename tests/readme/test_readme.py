"""
Every block of Python in the README runs, and what it says of the code is true.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from aiohttp.test_utils import TestClient, TestServer

from connector_async import (
    Activity,
    ChannelAccount,
    ClientSecret,
    ConnectorClient,
    ConversationAccount,
    to_json,
)
from connector_async._operations import OPERATIONS
from connector_async._pipeline.retry import POLICY
from connector_async.emulator import APP_ID, APP_SECRET, TENANT_ID
from tests.readme.world import World, world

README = Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
SERVICE_URL = "https://smba.trafficmanager.net/emea/"
PEM = "-----BEGIN PRIVATE KEY-----\nZm9yIHRoZSBzaG93\n-----END PRIVATE KEY-----\n"


@pytest.fixture(scope="module")
def box():
    with world() as made:
        yield made


@pytest.fixture
def chat(box: World, monkeypatch: pytest.MonkeyPatch) -> str:
    chat = box.emulator.add_conversation(members=3)
    for name, value in box.environment.items():
        monkeypatch.setenv(name, value)
    for name, value in {
        "BOT_ID": APP_ID,
        "BOT_SECRET": APP_SECRET,
        "TENANT": TENANT_ID,
        "CONVERSATION": chat,
    }.items():
        monkeypatch.setenv(name, value)
    return chat


def run(block: str, names: dict[str, Any]) -> dict[str, Any]:
    """
    Run a block as a notebook would: `await` is allowed at the top.
    """
    code = compile(block, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    outcome = eval(code, names)
    if inspect.iscoroutine(outcome):
        asyncio.run(outcome)
    return names


def incoming(box: World, chat: str) -> Activity:
    user = ChannelAccount(id="29:member-0", name="Ada")
    said = {"type": "message", "text": "hi", "from": {"id": user.id}}
    return Activity(
        type="message",
        id=box.emulator.add_activity(chat, said),
        text="hi",
        service_url=SERVICE_URL,
        conversation=ConversationAccount(id=chat),
        from_=user,
        recipient=ChannelAccount(id="28:bot", name="Bot"),
    )


def the_block_with(text: str) -> str:
    (block,) = [block for block in BLOCKS if text in block]
    return block


APPLICATIONS = ("web.AppKey", "Starlette(", "async def announce")


@pytest.mark.parametrize(
    "block",
    [block for block in BLOCKS if not any(text in block for text in APPLICATIONS)],
    ids=lambda block: block.strip().splitlines()[0][:40],
)
def test_block_runs(
    block: str, box: World, chat: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """
    A block runs as it stands, with the names that the text around it speaks of.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bot.pfx").write_bytes(b"")
    credential = ClientSecret(APP_ID, APP_SECRET, tenant_id=TENANT_ID)
    connector = ConnectorClient(credential, service_url=SERVICE_URL)

    async def run_and_close() -> None:
        code = compile(block, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        outcome = eval(code, names)
        if inspect.iscoroutine(outcome):
            await outcome
        await connector.aclose()

    names: dict[str, Any] = {
        "__name__": "__main__",
        "Activity": Activity,
        "ConnectorClient": ConnectorClient,
        "app_id": APP_ID,
        "attachment_id": box.emulator.add_attachment(b"content", name="picture.png"),
        "azure_credential": AzureLike(),
        "connector": connector,
        "conversation_id": chat,
        "credential": credential,
        "fetch_token": lambda: "token",
        "incoming": incoming(box, chat),
        "message": Activity.message("pay attention"),
        "passphrase": "passphrase",
        "pem": PEM,
        "read_secret": lambda: APP_SECRET,
        "secret": APP_SECRET,
        "tenant": TENANT_ID,
        "thumbprint": "A1" * 20,
    }
    if "asyncio.run(" in block:
        run(block, names)
    else:
        asyncio.run(run_and_close())


class AzureLike:
    """
    What has the one method that azure-identity's credentials have.
    """

    def get_token(self, *scopes: str, **_: Any) -> Any:
        raise NotImplementedError(scopes)


def said_to_aiohttp(activity: Activity) -> int:
    """
    The status that the aiohttp bot answers with.
    """
    app = run(the_block_with("web.AppKey"), {"__name__": "bot"})["app"]

    async def say() -> int:
        async with TestClient(TestServer(app)) as client:
            answer = await client.post("/api/messages", data=to_json(activity))
            return answer.status

    return asyncio.run(say())


def test_aiohttp_recipe(box: World, chat: str):
    """
    The aiohttp bot answers where the incoming activity says.
    """
    assert 200 == said_to_aiohttp(incoming(box, chat))
    assert ["You said: hi"] == box.emulator.record.texts(chat)


@pytest.mark.parametrize("change", [{"type": "conversationUpdate"}, {"id": None}])
def test_aiohttp_recipe_and_no_message(box: World, chat: str, change: dict[str, Any]):
    """
    To what is no message it says nothing.
    """
    assert 200 == said_to_aiohttp(attrs.evolve(incoming(box, chat), **change))
    assert [] == box.emulator.record.texts(chat)


def test_aiohttp_recipe_that_is_blocked(box: World, chat: str, caplog: pytest.LogCaptureFixture):
    """
    Where its reply is refused, the channel is answered all the same, and the log tells.
    """
    box.emulator.block(chat)

    assert 200 == said_to_aiohttp(incoming(box, chat))
    assert "no reply, or not known" in caplog.messages


def test_asgi_recipe(box: World, chat: str):
    """
    The ASGI application makes the client in its lifespan, and sends with it.
    """
    app = run(the_block_with("Starlette("), {"__name__": "bot"})["app"]
    body = to_json(incoming(box, chat))

    async def say() -> int:
        async with app.router.lifespan_context(app) as state:

            async def with_state(scope, receive, send):
                await app({**scope, "state": dict(state)}, receive, send)

            transport = httpx.ASGITransport(with_state)
            async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
                return (await client.post("/api/messages", content=body)).status_code

    status = asyncio.run(say())

    assert 200 == status
    assert ["hello"] == box.emulator.record.texts(chat)


def test_worker_recipe(box: World, chat: str):
    """
    The worker writes to each stored reference, and tells where that failed.
    """
    announce = run(the_block_with("async def announce"), {"__name__": "worker"})["announce"]
    other, blocked = (box.emulator.add_conversation(members=1) for _ in range(2))
    box.emulator.block(blocked)
    stored = {each: to_json(incoming(box, each).reference()) for each in (blocked, chat, other)}
    stored["torn"] = "{"

    credential = ClientSecret(APP_ID, APP_SECRET, tenant_id=TENANT_ID)
    failed = asyncio.run(announce(credential, stored, "news"))

    assert ["news"] == box.emulator.record.texts(chat)
    assert ["news"] == box.emulator.record.texts(other)
    assert {"torn", blocked} == set(failed)


def test_policy_table_is_the_policy():
    """
    The table of what is repeated is that of the code.
    """
    rows = [
        f"| {rule.happened} | {rule.harmless.value} | {rule.message.value} |" for rule in POLICY
    ]
    table = "\n".join(
        [
            "<!-- policy -->",
            "| what happened | GET, PUT, DELETE, upload | send, reply, history, create |",
            "|---|---|---|",
            *rows,
            "<!-- /policy -->",
        ]
    )

    assert table in README


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_operations_are_listed(operation):
    """
    Each operation's coroutine stands in the README.
    """
    name = re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", operation.id)

    assert f"| `{name}(" in README


def test_commands_are_those_of_ci():
    """
    CI runs the test command as the README gives it.
    """
    ci = Path(__file__).parents[2].joinpath(".ci", "run").read_text(encoding="utf-8")
    command = "python -m pip install nox && python -m nox -s tests"

    assert f"```console\n{command}\n```" in README
    assert f"\n{command}\n" in ci
