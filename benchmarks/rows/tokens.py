"""
A cold stampede: a thousand callers at a client that has no token, the first of whom goes away.

The identity provider takes its time for each answer, its configuration's
included. Until there is a token, a ticker of ten milliseconds sees how long the
event loop stands still: what it was late, less what the loop's own thread spent
of CPU or waited for a core, so that work is no fault here, and waiting is.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from rows.exchange import Answer, Request, answered, encoded
from rows.trial import Trial

WHAT: Final = (
    "{calls:,} calls at once without a token, the first caller cancelled; "
    "the identity provider takes 300 ms an answer"
)
FULL: Final = {"calls": 1_000}
QUICK: Final = {"calls": 300}
ROUNDS: Final = 3

_TAKES: Final = 0.3
_TICK: Final = 0.01
_CANCEL_AFTER: Final = 0.1
_SCHEDULED: Final = Path("/proc/thread-self/schedstat")


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(encoded(value)).decode().rstrip("=")


def a_token(number: int) -> str:
    """
    A token that looks like one, for those who look into it.
    """
    claims = {"aud": "https://api.botframework.com", "appid": "app", "exp": 4_102_444_800}
    return f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}.{_part(number)}"


class Row:
    """
    The service, and the identity provider behind its `tls` door.
    """

    def __init__(self, _: dict[str, Any]) -> None:
        self.doors: dict[str, str] = {}
        self._asked = 0
        self._configurations = 0
        self._sent = 0
        self._first = 0.0

    async def answer(self, request: Request) -> Answer:
        if request.door == "plain":
            self._sent += 1
            self._first = self._first or request.wall
            return answered(request)
        if request.method == "POST":
            self._asked += 1
            number = self._asked
            await asyncio.sleep(_TAKES)
            return Answer(200, encoded(self._grant(number)))
        self._configurations += 1
        await asyncio.sleep(_TAKES)
        return Answer(200, encoded(self._configuration(request)))

    def record(self) -> dict[str, Any]:
        return {
            "asked": self._asked,
            "configurations": self._configurations,
            "sent": self._sent,
            "first": self._first,
        }

    def _grant(self, number: int) -> dict[str, Any]:
        return {"token_type": "Bearer", "expires_in": 3_600, "access_token": a_token(number)}

    def _configuration(self, request: Request) -> dict[str, str]:
        tenant = f"{self.doors['tls']}/{request.target.split('/')[1]}"
        return {
            "issuer": tenant,
            "authorization_endpoint": f"{tenant}/oauth2/authorize",
            "token_endpoint": f"{tenant}/oauth2/token",
        }


async def carry_out(trial: Trial) -> dict[str, Any]:
    """
    All at once.
    """
    count = trial.job.plan["calls"]
    async with trial.without_token() as connect:
        calls = connect(trial.job.doors["plain"])
        ticker = _Ticker()
        ticking = asyncio.create_task(ticker.tick())
        await asyncio.sleep(3 * _TICK)
        tasks = [
            asyncio.create_task(trial.outcome(calls.send(f"a:{number}", "hello")))
            for number in range(count)
        ]
        asyncio.get_running_loop().call_later(_CANCEL_AFTER, tasks[0].cancel)
        await asyncio.wait(tasks)
        ticking.cancel()
    ends = ["cancelled" if task.cancelled() else task.result() for task in tasks]
    return {"first": ends[0], "ends": dict(Counter(ends[1:])), "still": ticker.still}


class _Ticker:
    def __init__(self) -> None:
        self.still: list[tuple[float, float]] = []

    async def tick(self) -> None:
        while True:
            wall, began, busy = time.time(), time.monotonic(), _busy()
            await asyncio.sleep(_TICK)
            late = time.monotonic() - began - _TICK
            self.still.append((wall, late - (_busy() - busy)))


def _busy() -> float:
    """
    How long this thread has run, and waited for a core: neither is the client's fault.
    """
    try:
        # Of Linux: nanoseconds on a core, and ready for one.
        ran, queued, _ = _SCHEDULED.read_text().split()
    except OSError:
        return time.thread_time()
    return (int(ran) + int(queued)) / 1e9


def judge(calls: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    """
    How often the provider was asked, and what came of the others.
    """
    still = [late for wall, late in calls["still"] if wall < record["first"]]
    return {
        "requests": record["asked"],
        "configurations": record["configurations"],
        "done": calls["ends"].get("done", 0),
        "failed": {end: times for end, times in calls["ends"].items() if end != "done"},
        "first": calls["first"],
        "stood_still_ms": round(max(still, default=0.0) * 1_000),
    }


def middle(found: list[dict[str, Any]]) -> dict[str, Any]:
    """
    Of several rounds the one whose event loop stood still neither longest nor shortest.
    """
    return sorted(found, key=lambda each: each["stood_still_ms"])[len(found) // 2]


def cell(found: dict[str, Any]) -> str:
    """
    The same in short.
    """
    failed = sum(found["failed"].values())
    requests = (
        "1 token request" if found["requests"] == 1 else f"{found['requests']} token requests"
    )
    return f"{requests}; {failed} failed; the loop stood still for {found['stood_still_ms']} ms"
