"""
A service that redirects to another origin: from TLS to plain HTTP, at another port.
"""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any, Final

from rows.exchange import Answer, Request, answered
from rows.trial import Calls, Trial

WHAT: Final = "{statuses} statuses, 2 other origins, 5 operations: each call is redirected"

STATUSES: Final = (301, 302, 303, 307, 308)
OPERATIONS: Final = ("send", "reply", "update", "delete", "member")
FULL: Final = {"statuses": len(STATUSES)}
QUICK: Final = FULL
_TEXT: Final = "for nobody else"


class Row:
    """
    The service: sends everybody elsewhere, and notes what arrives there.
    """

    def __init__(self, _: dict[str, Any]) -> None:
        self.doors: dict[str, str] = {}
        self._redirected = 0
        self._arrived: list[dict[str, Any]] = []

    async def answer(self, request: Request) -> Answer:
        if request.door == "elsewhere":
            token = "bearer" in request.headers.get("authorization", "").lower()
            line = f"{request.method} {request.target}"
            self._arrived.append({"line": line, "token": token, "body": request.text == _TEXT})
            return answered(request)
        self._redirected += 1
        status, host = request.target.split("/")[3].split("-")
        origin = self.doors["elsewhere"].replace("127.0.0.1", host)
        location = ("Location", f"{origin}/elsewhere".encode())
        return Answer(int(status), b"{}", (location,))

    def record(self) -> dict[str, Any]:
        return {"redirected": self._redirected, "arrived": self._arrived}


async def carry_out(trial: Trial) -> dict[str, Any]:
    """
    Each operation, each status, each other origin.
    """
    async with trial.connected() as connect:
        calls = connect(trial.job.doors["tls"])
        ways = itertools.product(STATUSES, ("127.0.0.1", "localhost"), OPERATIONS)
        return {
            "ends": [
                await trial.outcome(_call(calls, operation, f"{status}-{host}"))
                for status, host, operation in ways
            ]
        }


async def _call(calls: Calls, operation: str, conversation: str) -> object:
    if operation == "send":
        return await calls.send(conversation, _TEXT)
    if operation == "reply":
        return await calls.reply(conversation, "1", _TEXT)
    if operation == "update":
        return await calls.update(conversation, "1", _TEXT)
    if operation == "delete":
        return await calls.delete(conversation, "1")
    return await calls.member(conversation, "29:1")


def judge(calls: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    """
    What went on to the other origin.
    """
    return {
        "calls": len(calls["ends"]),
        "redirected": record["redirected"],
        "followed": len(record["arrived"]),
        "tokens": sum(each["token"] for each in record["arrived"]),
        "bodies": sum(each["body"] for each in record["arrived"]),
        "ends": dict(Counter(calls["ends"])),
    }


def cell(found: dict[str, Any]) -> str:
    """
    The same in short.
    """
    crashed = {end.split()[1]: n for end, n in found["ends"].items() if end.startswith("crashed")}
    parts = [
        f"{found['tokens']} tokens, {found['bodies']} bodies there",
        f"{found['followed']} of {found['redirected']} followed",
        *(f"{times} crashed (`{kind}`)" for kind, times in crashed.items()),
    ]
    return "; ".join(parts)
