"""
Ids of all kinds: where a request goes is never theirs to say.

What arrived is compared as bytes on the wire: a target that has, segment by
segment, the operation's path, and in the places of the ids these ids when they
are unquoted once. Anything else is another path, or another id.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote

from rows.exchange import Answer, Request, answered
from rows.trial import Calls, Trial

WHAT: Final = "{ids} hostile and odd ids, each in 5 operations"

IDS: Final = (
    "..", ".", "../x", "../../x", "/../", "a/../b", "a/b", "/", "//", "//evil.example",
    "https://evil.example/", "@evil.example", ":80", "\\..\\", "a\\b", "%2e%2e", "%2E%2e/x",
    "..%2fx", "%2f", "%5c", "%00", "%", "%zz", "%25", "?", "?x=1", "a?b=c", "#", "#x", "a#b",
    ";", "a;messageid=1", "&x=1", "a b", "a+b", "a|b", "*", "\"<>", "{0}", "[a]", "^`", "~",
    "history", "v3", "...", ".hidden", "\u00e9\U0001f600", "e\u0301", "\uff0e\uff0e", "\u2025",
    "\u202e", "\ufeff", "x" * 200, "19:253b1f34@thread.tacv2;messageid=1481567603816",
    "", "a\nb", "a\r\nHost: evil.example", "\x00", "\t", "\ud800",
)  # fmt: skip
FULL: Final = {"ids": len(IDS)}
QUICK: Final = FULL

_EXAMPLES: Final = 12
_PLAIN: Final = "a:1"
_IN_PLACE: Final = "/v3/conversations/{0}/activities/{1}"
PATHS: Final = {
    "send": ("POST", "/v3/conversations/{0}/activities"),
    "reply": ("POST", _IN_PLACE),
    "update": ("PUT", _IN_PLACE),
    "delete": ("DELETE", _IN_PLACE),
    "member": ("GET", "/v3/conversations/{0}/members/{1}"),
}


class Row:
    """
    The service: notes what arrives, and after which mark.
    """

    def __init__(self, _: dict[str, Any]) -> None:
        self.doors: dict[str, str] = {}
        self._seen: dict[str, list[list[str]]] = {}
        self._mark = ""

    async def answer(self, request: Request) -> Answer:
        if request.target.startswith("/-/"):
            self._mark = request.target.removeprefix("/-/")
            return Answer(200)
        host = request.headers.get("host", "")
        is_here = self.doors["plain"] == f"http://{host}"
        line = [request.method, request.target if is_here else f"{host}{request.target}"]
        self._seen.setdefault(self._mark, []).append(line)
        return answered(request)

    def record(self) -> dict[str, Any]:
        return self._seen


async def carry_out(trial: Trial) -> dict[str, Any]:
    """
    One call after the other, so that each request belongs to one.
    """
    ends: dict[str, str] = {}
    async with trial.connected() as connect:
        calls = connect(trial.job.doors["plain"])
        for number, given in enumerate(IDS):
            for operation in PATHS:
                mark = f"{operation}-{number}"
                await trial.ask(mark)
                ends[mark] = await trial.outcome(_call(calls, operation, given))
    return {"ends": ends}


async def _call(calls: Calls, operation: str, given: str) -> object:
    if operation == "send":
        return await calls.send(given, "hello")
    if operation == "reply":
        return await calls.reply(_PLAIN, given, "hello")
    if operation == "update":
        return await calls.update(_PLAIN, given, "hello")
    if operation == "delete":
        return await calls.delete(_PLAIN, given)
    return await calls.member(_PLAIN, given)


def is_right(operation: str, given: str, line: list[str], reply_path: str = _IN_PLACE) -> bool:
    """
    Whether a request went where its operation goes.
    """
    method, path = PATHS[operation]
    path = reply_path if operation == "reply" else path
    ids = (given,) if operation == "send" else (_PLAIN, given)
    expected, segments = path.split("/"), line[1].split("/")
    if line[0] != method or len(expected) != len(segments):
        return False
    if operation == "reply" and "{1}" in path and given.lower() == "history":
        return False  # It is sendConversationHistory that stands there.
    return all(
        _is_id(segment, ids[int(part[1])]) if part.startswith("{") else segment == part
        for part, segment in zip(expected, segments, strict=True)
    )


def _is_id(segment: str, given: str) -> bool:
    if segment in {"", ".", ".."} or any(letter in segment for letter in "?#"):
        return False
    try:
        return unquote(segment, errors="strict") == given
    except UnicodeDecodeError:
        return False


def judge(calls: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    """
    Where each request went.
    """
    elsewhere, refused, right = [], 0, 0
    for mark, end in calls["ends"].items():
        operation, number = mark.split("-")
        given, lines = IDS[int(number)], record.get(mark, [])
        if not lines:
            refused += 1
        elif all(is_right(operation, given, line, calls["reply_path"]) for line in lines):
            right += 1
        else:
            elsewhere.append(f"{operation} {ascii(given)[:40]}: {lines[0][1][:80]} ({end})")
    return {
        "calls": len(calls["ends"]),
        "elsewhere": len(elsewhere),
        "examples": elsewhere[:_EXAMPLES],
        "refused": refused,
        "right": right,
    }


def cell(found: dict[str, Any]) -> str:
    """
    The same in short.
    """
    return (
        f"{found['elsewhere']} of {found['calls']} to another path or id; "
        f"{found['right']} right, {found['refused']} refused before sending"
    )
