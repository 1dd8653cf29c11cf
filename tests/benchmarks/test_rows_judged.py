"""
The others on the scoreboard's tests: what the service does, and how it is judged.
"""

from __future__ import annotations

import importlib
import json
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from connector_async.testing import run_virtual

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
WALL = datetime(2026, 11, 23, 12, 0, 0, 400_000, UTC).timestamp()


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> None:
    # The benchmarks are scripts, and no package.
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def module(name: str) -> ModuleType:
    return importlib.import_module(f"rows.{name}")


def request(target: str = "/", method: str = "POST", **facts: Any) -> Any:
    """
    A request as it arrived.
    """
    text = json.dumps({"type": "message", "text": facts.pop("text", "hello")}).encode()
    known = {"headers": {}, "body": text, "door": "plain", "at": 0.0, "wall": 0.0, **facts}
    return module("exchange").Request(method=method, target=target, **known)


def row(name: str, **plan: Any) -> Any:
    """
    A row's service.
    """
    service = module(name).Row(plan)
    service.doors = {
        "plain": "http://127.0.0.1:1",
        "tls": "https://127.0.0.1:2",
        "elsewhere": "http://127.0.0.1:3",
    }
    return service


# Answers that are lost


def test_ambiguity_loses_one_in_ten():
    """
    A tenth of the answers do not come, closed and reset in turn; all messages are taken.
    """
    service, fate = row("ambiguity"), module("exchange").Fate

    ends = [run_virtual(service.answer(request(text=f"m{number}"))) for number in range(1_000)]

    closed, reset = ends.count(fate.CLOSED), ends.count(fate.RESET)
    assert 1_000 == len(service.record()["taken"])
    assert closed + reset == len(service.record()["lost"])
    assert 70 < closed + reset < 130
    assert closed - reset in {0, 1}


def test_ambiguity_is_judged():
    """
    Twice taken is doubled, done but never taken is lost silently, and each error is told by type.
    """
    calls = {
        "ends": {"a": "done", "b": "unknown X", "c": "raised Y", "d": "done", "e": "done"},
        "refused": ["raised Z"],
    }
    record = {"taken": {"a": 2, "b": 1, "c": 1, "d": 1}, "lost": {"a": 1, "b": 1, "c": 1}}

    found = module("ambiguity").judge(calls, record)

    assert {
        "calls": 5,
        "lost": 3,
        "doubled": 1,
        "silently_lost": 1,
        "told": {"unknown X": 1, "raised Y": 1},
        "not_told": 1,
        "refused": {"raised Z": 1},
    } == found
    assert (
        "1 doubled, 1 lost silently; 1 of 3 lost answers raised as unknown (`X`); "
        "1 of 3 lost answers raised as another error (`Y`); where nothing was sent, `Z`"
    ) == module("ambiguity").cell(found)


# A refusal that says when to come back


def test_retry_after_refuses_once():
    """
    The first request of each call is refused, with the header, and the next is taken.
    """
    service = row("retry_after")

    answers = [
        run_virtual(service.answer(request("/v3/conversations/0/activities"))) for _ in range(2)
    ]

    assert [429, 201] == [answer.status for answer in answers]
    assert (("Retry-After", b"1"),) == answers[0].headers
    assert 1 == len(service.record()["0 POST"]["at"])


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a date", "Mon, 23 Nov 2026 12:00:02 GMT"),
        ("a date of RFC 850", "Monday, 23-Nov-26 12:00:02 GMT"),
        ("a date of asctime", "Mon Nov 23 12:00:02 2026"),
        ("a date of RFC 2822", "Mon, 23 Nov 2026 12:00:02 +0000"),
    ],
)
def test_dates_are_written(name, header):
    """
    A date is a full second, at least as far ahead as asked.
    """
    retry_after = module("retry_after")

    values, until = retry_after.written(retry_after.FORMS[name], WALL)

    assert [header] == values
    assert 1.6 == pytest.approx(until - WALL)


def seen(*, at: float = 0.0, wall: float = 0.0, until: float | None = None) -> dict[str, Any]:
    """
    A call that was refused at 0 and came back then.
    """
    return {"refused": 0.0, "until": until, "at": [at], "wall": [wall]}


@pytest.mark.parametrize(
    ("form", "came", "earlier"),
    [
        ("seconds", seen(at=0.9), True),
        ("seconds", seen(at=1.0), False),
        ("a fraction", seen(at=0.8), True),
        ("zero", seen(at=0.0), False),
        ("a word", seen(at=0.0), False),
        ("a date", seen(wall=9.0, until=10.0), True),
        ("a date", seen(wall=10.0, until=10.0), False),
        ("seconds", {"refused": 0.0, "until": None, "at": [], "wall": []}, False),
    ],
)
def test_who_is_early(form, came, earlier):
    """
    Early is before the time that was asked for; nonsense asks for nothing.
    """
    retry_after = module("retry_after")
    key = f"{list(retry_after.FORMS).index(form)} GET"

    found = retry_after.judge({"ends": {key: "done"}}, {key: came})

    assert ([f"{form} (GET)"] if earlier else []) == found["earlier"]


def test_raising_is_no_crash():
    """
    An error of the client's own is one way to tell of a refusal; another error is a crash.
    """
    calls = {"ends": {"0 GET": "raised ApiError", "1 GET": "crashed KeyError", "2 GET": "waiting"}}

    found = module("retry_after").judge(calls, {})

    assert (1, 0) == (found["raised"], found["repeated"])
    assert ["leading zeros (GET): KeyError"] == found["crashed"]


# Ids


@pytest.mark.parametrize(
    ("operation", "given", "method", "target", "right"),
    [
        ("send", "a:1", "POST", "/v3/conversations/a:1/activities", True),
        ("send", "a:1", "POST", "/v3/conversations/a%3A1/activities", True),
        ("send", "a/b", "POST", "/v3/conversations/a%2Fb/activities", True),
        ("send", "a/b", "POST", "/v3/conversations/a/b/activities", False),
        ("send", "..", "POST", "/v3/activities", False),
        ("send", "..", "POST", "/v3/conversations/../activities", False),
        ("send", "", "POST", "/v3/conversations//activities", False),
        ("send", "%2e%2e", "POST", "/v3/conversations/%2e%2e/activities", False),
        ("send", "%2e%2e", "POST", "/v3/conversations/%252e%252e/activities", True),
        ("send", "\u00e9", "POST", "/v3/conversations/%C3%A9/activities", True),
        ("send", "\u00e9", "POST", "/v3/conversations/%E9/activities", False),
        ("member", "?x=1", "GET", "/v3/conversations/a:1/members/?x=1", False),
        ("member", "a", "GET", "/v3/conversations/a:1/members/a", True),
        ("update", "1", "POST", "/v3/conversations/a:1/activities/1", False),
        ("update", "history", "PUT", "/v3/conversations/a:1/activities/history", True),
        ("reply", "History", "POST", "/v3/conversations/a:1/activities/History", False),
    ],
)
def test_where_a_request_goes(operation, given, method, target, right):
    """
    Right is the operation's path, segment by segment, with these very ids in their places.
    """
    assert right is module("ids").is_right(operation, given, [method, target])


def test_a_reply_may_have_no_id_in_its_path():
    """
    A client whose replies are sends with a `replyToId` is judged by that path.
    """
    ids, path = module("ids"), "/v3/conversations/{0}/activities"

    assert ids.is_right("reply", "..", ["POST", "/v3/conversations/a:1/activities"], path)


def test_ids_are_judged():
    """
    A call without a request was refused; of the others, each request must be right.
    """
    ids = module("ids")
    first = ids.IDS.index("...")
    calls = {
        "ends": {f"send-{first}": "done", "send-0": "done", "send-1": "raised ValueError"},
        "reply_path": "/v3/conversations/{0}/activities/{1}",
    }
    record = {
        f"send-{first}": [["POST", f"/v3/conversations/{ids.IDS[first]}/activities"]],
        "send-0": [["POST", "/v3/activities"]],
    }

    found = ids.judge(calls, record)

    assert (1, 1, 1) == (found["right"], found["elsewhere"], found["refused"])
    assert ["send '..': /v3/activities (done)"] == found["examples"]


def test_there_are_enough_ids():
    """
    At least fifty, each another.
    """
    ids = module("ids").IDS

    assert len(ids) == len(set(ids)) >= 50


# Redirects


def test_redirects_lead_elsewhere():
    """
    Each call is redirected to the other door, by the status and the host that it names.
    """
    service = row("redirects")

    answer = run_virtual(service.answer(request("/v3/conversations/307-localhost/x", door="tls")))

    assert 307 == answer.status
    assert (("Location", b"http://localhost:3/elsewhere"),) == answer.headers


@pytest.mark.parametrize(
    ("headers", "text", "found"),
    [
        ({"authorization": "Bearer secret"}, "for nobody else", (1, 1)),
        ({}, "for nobody else", (0, 1)),
        ({"authorization": "Bearer secret"}, "", (1, 0)),
    ],
)
def test_what_arrives_elsewhere_is_counted(headers, text, found):
    """
    Tokens and bodies are counted apart.
    """
    service = row("redirects")
    run_virtual(service.answer(request(door="elsewhere", headers=headers, text=text)))

    judged = module("redirects").judge({"ends": ["done"]}, service.record())

    assert found == (judged["tokens"], judged["bodies"])
    assert 1 == judged["followed"]


# Tokens


def test_the_identity_provider_gives_tokens():
    """
    Its configuration leads to itself, and each request gets another token; all are counted.
    """
    service = row("tokens")
    told = run_virtual(service.answer(request("/adfs/.well-known", "GET", door="tls")))
    first, second = (
        json.loads(run_virtual(service.answer(request("/adfs/token", door="tls"))).body)
        for _ in range(2)
    )

    assert "https://127.0.0.1:2/adfs/oauth2/token" == json.loads(told.body)["token_endpoint"]
    assert first["access_token"] != second["access_token"]
    assert (2, 1, 0) == tuple(service.record()[key] for key in ("asked", "configurations", "sent"))


def test_what_counts_is_before_there_is_a_token():
    """
    How long the loop stood still after the first message does not count.
    """
    calls = {"first": "cancelled", "ends": {"done": 9}, "still": [[1.0, 0.2], [3.0, 0.9]]}
    record = {"asked": 1, "configurations": 1, "sent": 9, "first": 2.0}

    found = module("tokens").judge(calls, record)

    assert 200 == found["stood_still_ms"]
    assert "1 token request; 0 failed; the loop stood still for 200 ms" == module("tokens").cell(
        found
    )


def test_the_middle_round_counts():
    """
    Of three rounds the one in the middle is told.
    """
    rounds = [{"stood_still_ms": late} for late in (30, 10, 20)]

    assert {"stood_still_ms": 20} == module("tokens").middle(rounds)


# An outage


def outage(kind: str = "503") -> Any:
    """
    A service that is out from the fifth second to the fifteenth.
    """
    kinds = module("outage").KINDS
    service = row("outage", before=5, seconds=10, after=5, kind=kinds[kind])
    run_virtual(service.answer(request("/-/begin", "GET", at=100.0)))
    return service


@pytest.mark.parametrize(("since", "status"), [(4.9, 201), (5.0, 503), (14.9, 503), (15.0, 201)])
def test_an_outage_begins_and_ends(since, status):
    """
    All fails from its beginning until its end, and nothing before or after.
    """
    service = outage()

    answer = run_virtual(service.answer(request("/t0/v3", at=100.0 + since)))

    assert status == answer.status
    assert (status == 503) == service.record()["requests"]


def test_an_outage_may_reset():
    """
    The other kind of outage resets the connections.
    """
    answer = run_virtual(outage("reset").answer(request("/t0/v3", at=110.0)))

    assert module("exchange").Fate.RESET is answer


def test_an_outage_is_judged():
    """
    Requests in relation to the calls, and the slowest URL's first success.
    """
    first = {"t0": 0.1, "t1": 0.2, "t2": 0.3, "t3": 0.4}

    found = module("outage").judge({"during": 100, "ends": {}}, {"requests": 150, "first": first})

    assert (1.5, 0.4) == (found["ratio"], found["first_success"])
    assert "1.50 requests a call; health after 0.40 s" == module("outage").cell(found)


def test_a_url_that_stays_away_is_told():
    """
    Where one of the four has no success, there is no time to tell.
    """
    found = module("outage").judge(
        {"during": 100, "ends": {}}, {"requests": 100, "first": {"t0": 0.1}}
    )

    assert found["first_success"] is None
    assert "not all four URLs again" in module("outage").cell(found)
