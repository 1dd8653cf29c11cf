"""
Answers that chance, or a fuzzer, has changed.
"""

import asyncio
import gzip
import importlib.util
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from connector_async import ConnectorClient, RetryPolicy
from connector_async._error_body import read_refusal
from connector_async._retry_after import retry_after
from connector_async.errors import ConnectorError
from connector_async.limits import Limits
from connector_async.testing import VirtualClock, run_virtual
from tests.promises.calls import CALLS, Call
from tests.promises.test_answers import Chunks
from tests.reliability import sockets
from tests.reliability.resident import begin_anew, most_resident
from tests.reliability.scoreboard import Measured, score
from tests.transport import peers

URL = "https://smba.trafficmanager.net/teams"
CAP = 4 * 2**20
# An error keeps the beginning of an answer, and pages come whole.
QUOTED = 128 * 1024

# By one client: in half a year of virtual time a float can no longer tell nanoseconds.
AT_ONCE = 1_000

# Of how many answers one more goes over a socket, and one input is the fuzzer's own.
SLICE = 50
FUZZER = importlib.util.find_spec("atheris") is not None
ROOT = Path(__file__).parents[2]
SEEDS = [
    json.dumps(each).encode()
    for each in (
        {"id": "1:abc"},
        {"error": {"code": "BadSyntax", "message": "no", "innerHttpError": {"statusCode": 1}}},
        {"errorCode": 209, "message": '{\n "subCode": "x"}'},
        {"error": "invalid_request", "error_description": "AADSTS700016: no"},
        {"Message": "No HTTP resource was found", "MessageDetail": "x"},
        {"conversations": [{"id": "a", "members": [{"id": "b"}]}], "continuationToken": "x"},
        {"members": [{"id": "29:1", "name": "n", "aadObjectId": "o"}], "continuationToken": ""},
        [{"id": "29:1", "name": "n", "tenantId": "t", "userRole": "user"}],
        {"activityId": "1", "serviceUrl": "https://smba.trafficmanager.net/emea/", "id": "a:1"},
        {"name": "f", "type": "image/png", "views": [{"viewId": "original", "size": 7}]},
        {"timestamp": "2026-11-23T12:34:56.1234567Z", "id": "x", "members": [{"properties": {}}]},
    )
] + [b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head></html>", b"", b"null"]
WORDS = [
    b"null", b"true", b"NaN", b"Infinity", b"-1", b"1e999", b"1e-999", b"[]", b"{}", b'""', b'"',
    b"[", b"{", b"]", b"}", b",", b":", b"\\", b"\\u0000", b"\\ud800", b"\xff", b"\xef\xbb\xbf",
    b"\x00", b"9" * 30, b'{"id":', b'"id"', b'"members":', b'"views":', b'"error":',
    b'"0001-01-01T00:00:00Z"', b'"9999-12-31T23:59:59.9999999+14:00"', b"[" * 200, b'{"a":' * 100,
]  # fmt: skip
HEADERS = [
    ("retry-after", ["1", "-1", "nan", "Fri, 31 Dec 9999 23:59:59 GMT", "\xff", "9" * 50]),
    ("content-encoding", ["gzip", "deflate", "br", "identity", ",", "gzip, gzip"]),
    ("content-type", ["application/json", "text/html; charset=x", "", "\xff"]),
    ("content-length", ["0", "-1", "x", "99999999999"]),
    ("location", ["https://evil.net", "//", "http://[::1", "\xff"]),
    ("x-ms-request-id", ["", "\xff", "x" * 500]),
]
STATUSES = [200, 200, 200, 201, 202, 204, 206, 299, 300, 302, 304, 400, 401, 403, 404, 405, 408,
            409, 412, 413, 429, 500, 501, 502, 503, 504, 599, 600, 999]  # fmt: skip


def changed(body, chance):
    """
    A body with some of its bytes gone, turned, doubled, or others put between.
    """
    for _ in range(chance.randint(0, 5)):
        at = chance.randint(0, len(body))
        end = min(len(body), at + chance.choice([0, 1, 1, 2, 8, 64]))
        middle = chance.choice(
            [b"", body[at:end] * 2, chance.randbytes(1), chance.choice(WORDS), body[end:at:-1]]
        )
        body = body[:at] + middle + body[end:]
    return body


def an_answer(chance):
    """
    Some status, some headers, some body.
    """
    body = changed(chance.choice(SEEDS), chance)
    headers = [
        (name.encode(), chance.choice(values).encode("latin-1"))
        for name, values in HEADERS
        if chance.random() < 0.2
    ]
    if chance.random() < 0.1:
        body = changed(gzip.compress(body, 1), chance)
        headers.append((b"content-encoding", b"gzip"))
    error = httpx.ReadError("reset") if chance.random() < 0.05 else None
    status = chance.choice(STATUSES)
    return httpx.Response(status, headers=headers, stream=Chunks(body, error=error))


async def walk(pages):
    async for _ in pages:
        pass


# All operations, and what goes from page to page.
EVERY = (
    *CALLS,
    Call("getConversations", 0, "", lambda c: walk(c.iter_conversations())),
    Call("getConversationPagedMembers", 1, "", lambda c, x: walk(c.iter_conversation_members(x))),
)


class Mutating(httpx.AsyncBaseTransport):
    """
    Answers by chance.
    """

    def __init__(self, make):
        self.make = make

    async def handle_async_request(self, request):  # noqa: ARG002
        return self.make()


def through_a_client(count, make, calls=EVERY):
    """
    Make so many calls, and return what came of them that is none of ours.
    """
    wrong, results = [], 0

    async def main(numbers):
        nonlocal results
        async with ConnectorClient(
            None,
            service_url=URL,
            transport=Mutating(make),
            clock=VirtualClock(),
            limits=Limits.none(),
            retry=RetryPolicy(attempts=1),
        ) as connector:
            for number in numbers:
                call = calls[number % len(calls)]
                # Whatever was asked for, an hour is the longest that is waited.
                await asyncio.sleep(3700)
                is_result, fault = await end(call, connector)
                results += is_result
                wrong.extend(filter(None, [fault]))

    for first in range(0, count, AT_ONCE):
        run_virtual(main(range(first, min(count, first + AT_ONCE))))
    return wrong, results


async def end(call, connector):
    """
    Whether a call came to a result, and what of its end is none of ours.
    """
    try:
        await call(connector)
    except ConnectorError as error:
        is_long = len(f"{error}{error!r}") > 3000
        return (
            False,
            f"{call.operation}: an error of {len(str(error))} letters" if is_long else None,
        )
    except Exception as error:  # noqa: BLE001
        return False, f"{call.operation}: {error!r}"
    return True, None


def spoilt(chance):
    """
    Such an answer as bytes, its head changed as well as its body, or not at all.
    """
    # A redirect might be followed to where no test may go.
    headers = {
        name.replace("-", "_"): chance.choice(values)
        for name, values in HEADERS
        if name != "location" and chance.random() < 0.2
    }
    answer = peers.answer(chance.choice(STATUSES), changed(chance.choice(SEEDS), chance), **headers)
    return changed(answer, chance) if chance.random() < 0.5 else answer


async def over_sockets(count, chance):
    """
    The same over the client's own connections, a new client for each call.
    """
    wrong, results = [], 0

    async def say_once(line):
        await line.request()
        await line.say(spoilt(chance))

    async with peers.serve(say_once) as peer:
        for number in range(count):
            async with sockets.a_client(peer) as connector:
                is_result, fault = await end(EVERY[number % len(EVERY)], connector)
            results += is_result
            wrong.extend(filter(None, [fault]))
    return wrong, results


def parse(data):
    """
    What a fuzzer is let loose on: all that reads what the service says.
    """
    read_refusal(data)
    retry_after(data.decode("latin-1"), 1_700_000_000.0)
    for status in (200, 400):
        wrong, _ = through_a_client(
            len(EVERY), lambda status=status: httpx.Response(status, stream=Chunks(data))
        )
        assert not wrong, wrong


def fuzzed(runs):
    """
    What the fuzzer says when something is wrong; None for nothing.
    """
    command = [sys.executable, "-m", "tests.reliability.fuzz", f"-runs={runs}", "-seed=7"]
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate([*SEEDS, *WORDS]):
            Path(folder, str(number)).write_bytes(seed)
        run = subprocess.run(
            [*command, f"-artifact_prefix={folder}/", folder],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    return None if run.returncode == 0 else f"{run.stdout[-1000:]}{run.stderr[-3000:]}"


LARGE = {
    "a long text": b'{"id":"' + b"x" * (CAP - 20) + b'"}',
    "too long": b'{"id":"' + b"x" * (3 * CAP) + b'"}',
    "no JSON": b"x" * (CAP - 1),
    "a page": b"<html>" + b"x" * (2 * CAP),
}


def resident(name):
    """
    By how many caps the process grew over one call with a large answer.
    """
    small, large = httpx.Response(200), httpx.Response(200, stream=Chunks(LARGE[name]))
    answers = [small, large]
    before = 0

    def make():
        nonlocal before
        before = begin_anew()
        return answers.pop(0)

    through_a_client(2, make, calls=[CALLS[0]])
    return (most_resident() - before) / CAP


def memory():
    """
    The most memory, in caps, that a large answer took beside itself: what is resident.

    A process for each, since what counts is the most that a process ever had.
    """
    code = "import sys; from tests.reliability.test_replies import *; print(resident(sys.argv[1]))"
    return max(
        float(subprocess.check_output([sys.executable, "-c", code, name], timeout=60))
        for name in LARGE
    )


def measure(count):
    chance = random.Random(7)
    inside, results = through_a_client(count, lambda: an_answer(chance))
    outside, others = asyncio.run(over_sockets(count // SLICE, random.Random(8)))
    wrong = [*inside, *outside]
    parsed = changed_by_chance(count // 10, chance)
    runs = count // SLICE if FUZZER else 0
    if runs:
        wrong.extend(filter(None, [fuzzed(runs)]))
    caps = memory()
    text = (
        f"{count:,} answers over a transport in process ({results:,} results), "
        f"{count // SLICE:,} over sockets ({others:,} results), {parsed:,} inputs to the parsers, "
        f"{runs:,} runs of the fuzzer: {len(wrong)} errors outside our tree; at most {caps:.2f} of "
        "the cap in memory"
    )
    return Measured(text, not wrong and caps * CAP <= 2 * CAP + QUOTED, "\n".join(wrong[:20]))


def changed_by_chance(count, chance):
    """
    Let chance loose on the parsers.
    """
    for _ in range(count):
        body = changed(chance.choice([*SEEDS, *WORDS]), chance)
        read_refusal(body)
        retry_after(body.decode("latin-1"), 1_700_000_000.0)
    return count


def test_replies():
    """
    Whatever an answer is, it is a result or an error of this library, and takes little memory.
    """
    score(
        "replies",
        measure,
        what="{size} mutated answers to all operations and both iterators over a transport in "
        "process; "
        f"1 / {SLICE} as many over sockets, their heads mutated, too; "
        f"{'coverage-guided fuzzing' if FUZZER else 'mutation only, atheris is not installed'}; "
        "answers as long as the cap, and longer",
        target="nothing outside our error tree; memory at most twice the cap, and what an error "
        "keeps of the answer (128 KiB)",
        short=6_000,
        full=500_000,
    )
