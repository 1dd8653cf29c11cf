"""
What every client under test has in common here: its calls, and how they ended.

A peer is a script that calls `run()` with a `Client`. It takes one job as JSON,
carries out the calls of its row, and prints what it saw as one line. What is
counted is counted by the service; a client only tells how its calls ended.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import sys
import urllib.request
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from machine import allow_sockets


class Calls(Protocol):
    """
    The operations that the rows call, at one service URL.

    Each sends or fetches, and returns when the answer has been read.
    """

    async def send(self, conversation_id: str, text: str) -> object: ...

    async def reply(self, conversation_id: str, activity_id: str, text: str) -> object: ...

    async def update(self, conversation_id: str, activity_id: str, text: str) -> object: ...

    async def delete(self, conversation_id: str, activity_id: str) -> object: ...

    async def member(self, conversation_id: str, member_id: str) -> object: ...


Connect = Callable[[str], Calls]


@dataclass(frozen=True)
class Job:
    """
    What a client is told.

    Attributes:
        row: Which row.
        doors: Where the service is: `plain`, `tls`, `elsewhere`, and `nowhere`, where nobody is.
        ca_file: Whom to believe.
        token: What to show.
        plan: How much is done.
        careful: Whether its settings against what the row does are made; else as it comes.
        fetches_tokens: Whether it gets its tokens itself, from the identity
            provider behind the `tls` door.
    """

    row: str
    doors: dict[str, str]
    ca_file: str
    token: str
    plan: dict[str, Any]
    careful: bool
    fetches_tokens: bool = False


@dataclass(frozen=True)
class Client:
    """
    A client under test.

    Attributes:
        make: Makes it, ready to connect to any URL.
        own: The errors that it is said to raise.
        unknown: Those that say that it may have happened.
        reply_path: Where its replies go, `{0}` and `{1}` standing for the ids.
    """

    make: Callable[[Job], AbstractAsyncContextManager[Connect]]
    own: tuple[type[BaseException], ...]
    unknown: tuple[type[BaseException], ...] = ()
    reply_path: str = "/v3/conversations/{0}/activities/{1}"


@dataclass(frozen=True)
class Trial:
    """
    A client, and what it is to do.
    """

    client: Client
    job: Job

    def connected(self) -> AbstractAsyncContextManager[Connect]:
        """
        A client of its own, with a token at hand.
        """
        return self.client.make(self.job)

    def without_token(self) -> AbstractAsyncContextManager[Connect]:
        """
        A client that has yet to get one.
        """
        return self.client.make(replace(self.job, fetches_tokens=True))

    async def outcome(self, call: Awaitable[object]) -> str:
        """
        How a call ended: `done`, or `unknown`, `raised` or `crashed` with the error's type.
        """
        try:
            await call
        except Exception as error:  # noqa: BLE001
            return f"{self._kind(error)} {type(error).__name__}"
        return "done"

    async def ask(self, what: str) -> None:
        """
        Tell the service something about what comes now.
        """
        await asyncio.to_thread(_asked, f"{self.job.doors['plain']}/-/{what}")

    def _kind(self, error: Exception) -> str:
        if isinstance(error, self.client.unknown):
            return "unknown"
        return "raised" if isinstance(error, self.client.own) else "crashed"


def _asked(url: str) -> None:
    with urllib.request.urlopen(url, timeout=10) as answer:
        answer.read()


def run(client: Client) -> None:
    """
    Do the job that the command line tells.
    """
    told = json.loads(sys.argv[1])
    told.pop("core", None)
    job = Job(**told)
    # What fails here fails on purpose; the logs of it would cost more than the calls.
    logging.disable(logging.CRITICAL)
    allow_sockets()
    row = importlib.import_module(f"rows.{job.row}")
    seen = asyncio.run(row.carry_out(Trial(client, job)))
    print(json.dumps({**seen, "reply_path": client.reply_path}), flush=True)
    # A thread of a client may still sleep; there is nothing to wait for.
    os._exit(0)
