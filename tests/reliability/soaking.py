"""
The service of a soak, in a process of its own, and what it saw there.

It is the emulator, made to bear any number of conversations: one comes to be when it is
first written to, and is forgotten long after the last who could ask for it has ended.
What was posted how often is counted for good.
"""

import asyncio
import base64
import json
import re
import subprocess
import sys
import zlib
from collections import Counter, deque
from contextlib import contextmanager
from pathlib import Path

import attrs

from connector_async import ClientSecret, Cloud
from connector_async.emulator import (
    APP_ID,
    APP_SECRET,
    TENANT_ID,
    BadGateway,
    CloseIdle,
    Delay,
    Drip,
    Drop,
    Emulator,
    EmulatorLimits,
    Failure,
    Garbage,
    HalfBody,
    Hang,
    Reset,
    serve,
)

TENANTS = 8
ROSTERS = 64
MEMBERS = tuple(f"29:{number}" for number in range(60))
FAULTS = 0.01

# At 300 a second, more than a minute's: the deadline of a call is half of that.
CONVERSATIONS_KEPT = 20_000
EXCHANGES_KEPT = 5_000

POSTING = ("sendToConversation", "replyToActivity")
NAMED = re.compile(rb"/19%3Asoak-(\d+)%40")


def tenant_id(number):
    return f"7e0a0000-0000-4000-8000-{number % TENANTS:012}"


def conversation_id(number):
    return f"19:soak-{number}@thread.v2"


def roster_id(number):
    return f"19:roster-{number % ROSTERS}@thread.v2"


def faults(share):
    """
    Of each kind a few, which together strike this share of the requests.
    """
    kinds = (
        (Failure, {"status": 429, "retry_after": 1}),
        (Failure, {"status": 503, "retry_after": 1}),
        (Failure, {"status": 503}),
        (Failure, {"status": 500, "after_commit": True}),
        (BadGateway, {"after_commit": True}),
        (Drop, {}),
        (Reset, {"when": "before"}),
        (Reset, {"when": "after"}),
        (Delay, {"seconds": 2}),
        (Hang, {}),
        (HalfBody, {}),
        (Garbage, {}),
        (Drip, {"seconds": 0.01}),
        (CloseIdle, {}),
    )
    each = {"operation": None, "times": None, "share": share / len(kinds)}
    return [kind(seed=seed, **how, **each) for seed, (kind, how) in enumerate(kinds)]


class Endless(Emulator):
    """
    An emulator for any number of calls.

    It refuses none for a limit: on a busy machine what was sent in time arrives in crowds.

    Attributes:
        posted: By the number that a message has for a text: how often it took effect.
        struck: What was done on purpose, and how often.
    """

    def __init__(self, count):
        super().__init__(profile="generic", limits=EmulatorLimits.off(), require_token=True)
        self.posted = bytearray(count)
        self.struck = Counter()
        self._known = set()
        self._oldest = deque()
        self._clear_at = EXCHANGES_KEPT
        for number in range(ROSTERS):
            self.add_conversation(
                roster_id(number), members=MEMBERS, tenant_id=tenant_id(number), kind="channel"
            )
        for fault in faults(FAULTS):
            self.add_fault(fault)
        self.record.listen(self._note)

    def answer(self, arrival):
        if named := NAMED.search(arrival.raw_path):
            self._open(int(named[1]))
        if self.record.next_number >= self._clear_at:
            self.record.clear()
            self._clear_at = self.record.next_number + EXCHANGES_KEPT
        return super().answer(arrival)

    def verdict(self):
        posted = base64.b64encode(zlib.compress(bytes(self.posted))).decode()
        return {
            "posted": posted,
            "struck": dict(self.struck),
            "tokens": len(self.identity.requests),
        }

    def _open(self, number):
        if number in self._known:
            return
        self.add_conversation(conversation_id(number), tenant_id=tenant_id(number))
        self._known.add(number)
        self._oldest.append(number)
        if len(self._oldest) > CONVERSATIONS_KEPT:
            forgotten = self._oldest.popleft()
            self._known.discard(forgotten)
            self.remove_conversation(conversation_id(forgotten))

    def _note(self, exchange):
        if exchange.fault is not None:
            self.struck[exchange.fault] += 1
        if exchange.committed and exchange.operation in POSTING:
            number = int(json.loads(exchange.request_body)["text"])
            self.posted[number] = min(255, self.posted[number] + 1)


async def main(count, lifetime):
    """
    Serve until the standard input is closed, then say what was seen.
    """
    emulator = Endless(count)
    emulator.identity.set_lifetime(lifetime)
    async with serve(emulator, tls=True) as server:
        tell({"url": server.url, "ca_file": server.ca_file})
        await asyncio.to_thread(sys.stdin.read)
    tell(emulator.verdict())


def tell(what):
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


@attrs.define
class Box:
    """
    The service, seen from the client's process.

    Attributes:
        verdict: What it saw, once it has ended.
    """

    process: subprocess.Popen
    url: str
    ca_file: str
    verdict: dict = attrs.field(factory=dict)

    @property
    def credential(self):
        return ClientSecret(APP_ID, APP_SECRET)

    @property
    def options(self):
        """
        What a client needs to come here, for its tokens, too.
        """
        cloud = Cloud(
            name="box",
            login_url=self.url,
            bot_tenant=TENANT_ID,
            audience="https://api.botframework.com",
        )
        return {
            "service_url": self.url,
            "cloud": cloud,
            "ca_file": self.ca_file,
            "trusted_hosts": [self.url.removeprefix("https://")],
        }

    def end(self):
        told, _ = self.process.communicate(timeout=60)
        self.verdict = json.loads(told)
        self.verdict["posted"] = zlib.decompress(base64.b64decode(self.verdict["posted"]))


@contextmanager
def a_service(count, lifetime):
    """
    The service for so many calls, whose tokens live for so many seconds.
    """
    command = [sys.executable, "-m", __name__, str(count), str(lifetime)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            box = Box(process, **json.loads(process.stdout.readline()))
            yield box
            box.end()
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
