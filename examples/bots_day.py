"""
A bot's day against the service in a box, over real sockets, with signed tokens.

The emulator runs in a process of its own. It throttles, drops answers after
the commit and fails, as it is asked to. At the end its record of truth is
compared with what the client said: the exit status is 0 when nothing was lost
or doubled, and nothing is there that was said not to be.

    python examples/bots_day.py
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import attrs
import httpx

from connector_async import (
    Activity,
    AttachmentData,
    ClientSecret,
    Cloud,
    ConnectorClient,
    ConnectorError,
    ConversationParameters,
    DeliveryUnknownError,
    Limits,
    Transcript,
)
from connector_async.emulator import APP_ID, APP_SECRET, TENANT_ID
from connector_async.events import AttemptStarted, CallEnded, Event, TokenFetched, Waited
from connector_async.models import ChannelAccount

CONVERSATIONS = 12
MESSAGES = 60
MEMBERS = 1_200
POSTS = {"sendToConversation", "replyToActivity"}
PICTURE = random.Random(7).randbytes(150_000)


class Box:
    """
    The emulator in its own process, and how it is steered.
    """

    def __init__(self, url: str, ca_file: str) -> None:
        self.url = url
        self.ca_file = ca_file
        self._control = httpx.Client(
            base_url=f"{url}/emulator",
            verify=ssl.create_default_context(cafile=ca_file),
            trust_env=False,
        )

    def ask_for_fault(self, kind: str, operation: str, **how: Any) -> None:
        self._post("faults", {"kind": kind, "operation": operation, **how})

    def add_conversation(self, **what: Any) -> str:
        return str(self._post("conversations", what)["id"])

    def record(self) -> dict[str, Any]:
        return dict(self._control.get("record").raise_for_status().json())

    def close(self) -> None:
        self._control.close()

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return dict(self._control.post(path, json=body).raise_for_status().json())


@contextmanager
def emulator() -> Generator[Box]:
    """
    Start the emulator, and stop it at the end.
    """
    # A channel that has all fifteen operations; Teams has not.
    options = ["--tls", "--require-token", "--profile", "generic"]
    command = [sys.executable, "-m", "connector_async.emulator", *options]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        box = Box(told["url"], told["ca_file"])
        try:
            yield box
        finally:
            box.close()
            process.stdin.close()


@attrs.define
class Tally:
    """
    What was done, by operation, and a line that says so while it is being done.
    """

    calls: Counter[str] = attrs.field(factory=Counter)
    attempts: Counter[str] = attrs.field(factory=Counter)
    waited: defaultdict[str, float] = attrs.field(factory=lambda: defaultdict(float))
    failed: defaultdict[str, Counter[str]] = attrs.field(factory=lambda: defaultdict(Counter))
    tokens: int = 0

    def __call__(self, event: Event) -> None:
        match event:
            case AttemptStarted(operation=operation):
                self.attempts[operation] += 1
            case Waited(operation=operation, seconds=seconds):
                self.waited[operation] += seconds
            case CallEnded(operation=operation, error=error):
                self.calls[operation] += 1
                if error is not None:
                    self.failed[operation][error] += 1
                self.show()
            case TokenFetched():
                self.tokens += 1
            case _:
                pass

    def show(self) -> None:
        calls, attempts = self.calls.total(), self.attempts.total()
        live = sys.stdout.isatty()
        if live or calls % 20 == 0:
            waited = sum(self.waited.values())
            line = f"{calls} calls, {attempts} attempts, {waited:.1f} s waited, {self.tokens} token"
            print(line, end="\r" if live else "\n", flush=True)

    def table(self) -> Iterable[str]:
        yield f"{'operation':<30}{'calls':>6}{'attempts':>10}{'waits':>9}  result"
        for operation, calls in self.calls.items():
            failed = self.failed[operation]
            result = f"{calls - failed.total()} done"
            result += "".join(f", {count} {error}" for error, count in failed.items())
            yield (
                f"{operation:<30}{calls:>6}{self.attempts[operation]:>10}"
                f"{self.waited[operation]:>7.1f} s  {result}"
            )


@attrs.define
class Outcome:
    """
    What the client said of each message.
    """

    sent: set[str] = attrs.field(factory=set)
    unknown: set[str] = attrs.field(factory=set)
    refused: dict[str, ConnectorError] = attrs.field(factory=dict)


async def send_all(
    connector: ConnectorClient, conversations: list[str], outcome: Outcome
) -> list[tuple[str, str]]:
    """
    Send sixty messages at once, and sort them by what became of them.
    """
    done: list[tuple[str, str]] = []

    async def send(number: int) -> None:
        text = f"message {number}"
        conversation = conversations[number % len(conversations)]
        try:
            sent = await connector.send_to_conversation(conversation, Activity.message(text))
        except DeliveryUnknownError:
            outcome.unknown.add(text)
        except ConnectorError as error:
            outcome.refused[text] = error
        else:
            outcome.sent.add(text)
            if sent.id is not None:
                done.append((conversation, sent.id))

    async with asyncio.TaskGroup() as group:
        for number in range(MESSAGES):
            group.create_task(send(number))
    return done


async def live(box: Box, connector: ConnectorClient, outcome: Outcome) -> None:
    """
    The day.
    """
    created = [
        await connector.create_conversation(
            ConversationParameters(
                members=[ChannelAccount(id=f"29:user-{number}")], tenant_id=TENANT_ID
            )
        )
        for number in range(CONVERSATIONS)
    ]
    conversations = [conversation.id for conversation in created if conversation.id is not None]

    box.ask_for_fault("fail", "sendToConversation", status=429, retry_after=1, times=3)
    box.ask_for_fault("fail", "sendToConversation", status=503, retry_after=1, times=2)
    box.ask_for_fault("fail", "sendToConversation", status=412, times=2)
    box.ask_for_fault("drop", "sendToConversation", times=2)
    sent = await send_all(connector, conversations, outcome)

    for number, (conversation, activity) in enumerate(sent[:3]):
        reply = f"reply {number}"
        await connector.reply_to_activity(conversation, activity, Activity.message(reply))
        outcome.sent.add(reply)
    box.ask_for_fault("drop", "updateActivity")
    await connector.update_activity(*sent[0], Activity.message("corrected"))
    box.ask_for_fault("drop", "deleteActivity")
    await connector.delete_activity(*sent[1])

    team = box.add_conversation(members=MEMBERS)
    box.ask_for_fault("fail", "getConversationPagedMembers", status=502)
    everyone = [member async for member in connector.iter_conversation_members(team)]
    members = [member.id for member in everyone if member.id is not None]
    assert len(set(members)) == MEMBERS
    await connector.get_conversation_member(team, members[-1])

    await attach(connector, conversations[0])
    await upload_history(connector, conversations[1])


async def attach(connector: ConnectorClient, conversation: str) -> None:
    """
    Upload a picture and stream it back.
    """
    uploaded = await connector.upload_attachment(
        conversation,
        AttachmentData(name="picture.png", type="image/png", original_base64=PICTURE),
    )
    assert uploaded.id is not None
    await connector.get_attachment_info(uploaded.id)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "picture.png")
        async with connector.stream_attachment(uploaded.id) as content:
            await content.save(file)
        assert await anyio.Path(file).read_bytes() == PICTURE


async def upload_history(connector: ConnectorClient, conversation: str) -> None:
    """
    Upload what was said yesterday.
    """
    yesterday = datetime.now(UTC) - timedelta(days=1)
    activities = [
        Activity(
            type="message",
            id=f"old-{minute}",
            timestamp=yesterday + timedelta(minutes=minute),
            text=f"yesterday {minute}",
        )
        for minute in range(5)
    ]
    await connector.send_conversation_history(conversation, Transcript(activities=activities))


def judge(box: Box, outcome: Outcome) -> bool:
    """
    Compare what the client said with what the emulator recorded.
    """
    record = box.record()
    posted = [entry for entry in record["committed"] if entry["operation"] in POSTS]
    committed = Counter(entry["text"] for entry in posted)
    lost = sorted(text for text in outcome.sent if not committed[text])
    doubled = sorted(text for text, times in committed.items() if times > 1)
    # Said not to be there, and sent again by whoever believes it.
    denied = sorted(
        text
        for text, error in outcome.refused.items()
        if committed[text] and not error.may_have_happened
    )
    print(
        f"verdict: lost {len(lost)}, doubled {len(doubled)}, unknown {len(outcome.unknown)}, "
        f"refused {len(outcome.refused)}, over a limit {len(record['over_limit'])}"
    )
    for text in lost:
        print(f"  lost: {text}")
    for text in doubled:
        print(f"  doubled: {text}")
    for text in sorted(outcome.unknown):
        fate = "it had arrived" if committed[text] else "it had not arrived"
        print(f"  unknown: {text} ({fate})")
    for text, error in sorted(outcome.refused.items()):
        print(f"  refused: {text}: {error}")
    for text in denied:
        print(f"  refused, and there: {text}")
    return not (lost or doubled or denied or record["over_limit"])


async def main() -> int:
    with emulator() as box:
        tally, outcome = Tally(), Outcome()
        # A cloud of our own: the emulator gives the tokens, too.
        cloud = Cloud(
            name="box",
            login_url=box.url,
            bot_tenant=TENANT_ID,
            audience="https://api.botframework.com",
        )
        async with ConnectorClient(
            ClientSecret(APP_ID, APP_SECRET),
            service_url=f"{box.url}/teams",
            cloud=cloud,
            ca_file=box.ca_file,
            trusted_hosts=[box.url.removeprefix("https://")],
            limits=Limits(),
            observers=[tally],
        ) as connector:
            await live(box, connector, outcome)
        print("\n", *tally.table(), f"\ntoken requests: {tally.tokens}", sep="\n")
        return 0 if judge(box, outcome) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
