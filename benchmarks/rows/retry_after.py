"""
A refusal that says when to come back, in every form of the header.

Each form refuses one send and one fetch of a member with a 429, and takes what
comes then. A client that tells its caller of the refusal, instead of coming back,
does nothing wrong: it has raised. What it must not do is to come back sooner than
asked, or to end in an error that is none of its own.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from rows.exchange import Answer, Request, answered
from rows.trial import Trial

WHAT: Final = "{forms} forms of `Retry-After` on a 429, each to a send and to a GET"

# What a timer may be early by.
_SLACK: Final = 0.005
_PATIENCE: Final = 20.0

IMF: Final = "%a, %d %b %Y %H:%M:%S GMT"


@dataclass(frozen=True)
class Form:
    """
    A form of the header.

    Attributes:
        said: Its values; a date's form where it is one.
        asked: For how many seconds it asks; None for nonsense, which asks for nothing.
        dated: Whether it is a date, `asked` seconds ahead.
    """

    said: tuple[str, ...]
    asked: float | None = None
    dated: bool = False


FORMS: Final = {
    "seconds": Form(("1",), 1.0),
    "leading zeros": Form(("001",), 1.0),
    "blanks around": Form(("   1  ",), 1.0),
    "zero": Form(("0",), 0.0),
    "a fraction": Form(("0.9",), 0.9),
    "a whole fraction": Form(("1.0",), 1.0),
    "a fraction without its zero": Form((".9",), 0.9),
    "a dot at its end": Form(("1.",), 1.0),
    "many digits": Form(("1.0000000000000001",), 1.0),
    "a date": Form((IMF,), 1.0, dated=True),
    "a date of RFC 850": Form(("%A, %d-%b-%y %H:%M:%S GMT",), 1.0, dated=True),
    "a date of asctime": Form(("%a %b %d %H:%M:%S %Y",), 1.0, dated=True),
    "a date of RFC 2822": Form(("%a, %d %b %Y %H:%M:%S +0000",), 1.0, dated=True),
    "a date now": Form((IMF,), 0.0, dated=True),
    "a date in the past": Form((IMF,), -3_600.0, dated=True),
    "a date far in the past": Form(("Thu, 01 Jan 1970 00:00:00 GMT",)),
    "a date before that": Form(("Mon, 01 Jan 0001 00:00:00 GMT",)),
    "a date beyond all": Form(("Fri, 31 Dec 99999 23:59:59 GMT",)),
    "a date that is none": Form(("Wed, 31 Feb 2024 25:61:61 GMT",)),
    "a date of ISO 8601": Form(("2023-11-14T22:13:29Z",)),
    "half a date": Form(("Wed, 21 Oct",)),
    "none": Form(()),
    "negative": Form(("-1",)),
    "negative zero": Form(("-0",)),
    "a plus": Form(("+1",)),
    "nan": Form(("nan",)),
    "inf": Form(("inf",)),
    "negative infinity": Form(("-inf",)),
    "an exponent": Form(("1e0",)),
    "hexadecimal": Form(("0x1",)),
    "underscores": Form(("0_1",)),
    "other digits": Form(("\u00b2",)),
    "empty": Form(("",)),
    "a word": Form(("soon",)),
    "words": Form(("in a while, perhaps",)),
    "a unit": Form(("1s",)),
    "a duration": Form(("PT1S",)),
    "a clock": Form(("00:00:01",)),
    "json": Form(('{"seconds": 1}',)),
    "several": Form(("1, 1",)),
    "two headers": Form(("1", "1")),
}
FULL: Final = {"forms": len(FORMS)}
QUICK: Final = FULL

_NAMES: Final = tuple(FORMS)


def written(form: Form, wall: float) -> tuple[list[str], float | None]:
    """
    The header's values, and until when by the wall clock they ask to wait, if a date does.
    """
    if not form.dated or form.asked is None:
        return list(form.said), None
    until = math.ceil(wall + form.asked)
    return [datetime.fromtimestamp(until, UTC).strftime(said) for said in form.said], until


def _form(key: str) -> Form:
    return FORMS[_NAMES[int(key.partition(" ")[0])]]


class Row:
    """
    The service: refuses each first request, and takes the next.
    """

    def __init__(self, _: dict[str, Any]) -> None:
        self.doors: dict[str, str] = {}
        self._seen: dict[str, dict[str, Any]] = {}

    async def answer(self, request: Request) -> Answer:
        key = f"{request.target.split('/')[3]} {request.method}"
        if key in self._seen:
            self._seen[key]["at"].append(time.monotonic())
            self._seen[key]["wall"].append(time.time())
            return answered(request)
        values, until = written(_form(key), time.time())
        self._seen[key] = {"refused": time.monotonic(), "until": until, "at": [], "wall": []}
        headers = tuple(("Retry-After", value.encode("latin-1")) for value in values)
        return Answer(429, b"{}", headers)

    def record(self) -> dict[str, Any]:
        return self._seen


async def carry_out(trial: Trial) -> dict[str, Any]:
    """
    Both calls of every form at the same time, each form with a client of its own.
    """
    ends: dict[str, str] = {}

    async def one(number: int) -> None:
        async with trial.connected() as connect:
            calls = connect(trial.job.doors["plain"])
            sent, fetched = await asyncio.gather(
                _outcome(trial, calls.send(str(number), "hello")),
                _outcome(trial, calls.member(str(number), "29:1")),
            )
        ends[f"{number} POST"], ends[f"{number} GET"] = sent, fetched

    await asyncio.gather(*(one(number) for number in range(len(FORMS))))
    return {"ends": ends}


async def _outcome(trial: Trial, call: Awaitable[object]) -> str:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await trial.outcome(call)
    except TimeoutError:
        return "waiting"


def judge(calls: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    """
    Who came back, and when.
    """
    earlier, crashed, repeated, raised = [], [], 0, 0
    for key, end in calls["ends"].items():
        number, method = key.split()
        name, seen = f"{_NAMES[int(number)]} ({method})", record.get(key)
        repeated += end == "done"
        raised += end.startswith("raised")
        if end.startswith("crashed"):
            crashed.append(f"{name}: {end.split()[1]}")
        if seen is not None and _is_earlier(_form(key), seen):
            earlier.append(name)
    return {
        "calls": len(calls["ends"]),
        "repeated": repeated,
        "raised": raised,
        "earlier": earlier,
        "crashed": crashed,
    }


def _is_earlier(form: Form, seen: dict[str, Any]) -> bool:
    if not seen["at"] or form.asked is None:
        return False
    if seen["until"] is not None:
        return bool(seen["wall"][0] < seen["until"] - _SLACK)
    return bool(seen["at"][0] - seen["refused"] < form.asked - _SLACK)


def cell(found: dict[str, Any]) -> str:
    """
    The same in short.
    """
    return (
        f"{len(found['earlier'])} earlier than asked, {len(found['crashed'])} crashed; "
        f"{found['repeated']} came back and succeeded, {found['raised']} raised"
    )
