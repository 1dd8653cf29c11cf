"""
Secrets and tokens with known bytes, and a search for them in all that comes out.
"""

import itertools
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability import canary_places as places
from tests.reliability import canary_scenes as scenes
from tests.reliability.canary import PACKAGE, Haystack, value, written
from tests.reliability.canary_plugin import FOLDER
from tests.reliability.scoreboard import Measured, score

ROOT = Path(__file__).parent.parent.parent
# Of each fault so many operations in turn, and so many of the provider's answers.
WIDTH, KINDS = 1, 2
HIDING = ("calls", "calls on sockets", "token fetches", "commands")
LONGEST = 1800.0
# Of the suite what has rows of its own, and what cannot be right beside the plugin: it looks
# at what is logged or called at all, or has a variable that would be endless when written.
LEFT_OUT = ("tests/browser", "tests/reliability", "tests/mutation", "tests/test_cost.py")
TESTS_LEFT_OUT = (
    "tests/emulator/test_server.py::test_ends_while_a_bot_is_waited_for",
    "tests/emulator/test_state_file.py::test_refuses_aliases_of_aliases",
)


def a_haystack():
    return Haystack(
        secrets={
            "token": scenes.TOKEN,
            "fresh token": scenes.OTHER,
            "header": scenes.HEADER,
            "proxy's password": scenes.PROXY,
            "client secret": places.SECRET,
            "passphrase": places.PASSPHRASE,
            "assertion": places.ASSERTION,
            "identity header": places.MACHINE,
        }
    )


def play(haystack, folder, *, is_full):
    """
    All scenes, how much was done in each, and in how many a secret was there to be told.
    """
    width, kinds = (None, len(places.WRONG)) if is_full else (WIDTH, KINDS)
    parts = {
        "calls": lambda: scenes.in_process(haystack, width),
        "calls on sockets": lambda: scenes.on_sockets(haystack, width),
        "token fetches": lambda: places.at_the_provider(haystack, list(places.WRONG)[:kinds]),
        "refused arguments": lambda: places.mistakes(haystack),
        "pages of the emulator": lambda: places.in_the_box(haystack, folder),
        "commands": lambda: places.on_the_command_line(haystack, folder),
    }
    done, hid = {}, set()
    with scenes.listening(haystack):
        for name, part in parts.items():
            before = len(haystack.texts)
            done[name] = part()
            texts = itertools.islice(haystack.texts, before, None)
            if any("[hidden]" in text for text in texts):
                hid.add(name)
    return done, hid


def suite(folder, *what):
    """
    What the plugin finds in a run of pytest: secrets, characters, tests, hits.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.reliability.canary_plugin", *what]
    environment = {
        name: text for name, text in os.environ.items() if not name.startswith("RELIABILITY")
    }
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment | {FOLDER: str(folder)},
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    found = [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]
    assert found, done.stdout[-2000:] + done.stderr[-2000:]
    secrets = {secret for each in found for secret in each["secrets"]}
    # And what the run says as a whole: its report, and what its processes print.
    whole = Haystack(secrets={secret: secret for secret in secrets})
    whole.add("the report", done.stdout)
    whole.add("stderr", done.stderr)
    return {
        "secrets": len(secrets),
        "characters": sum(each["characters"] for each in found) + whole.characters,
        "tests": sum(each["tests"] for each in found),
        "hits": [hit for each in found for hit in each["hits"]] + whole.hits(),
        "ends": done.stdout.strip().splitlines()[-1],
    }


def measure_in(folder):
    def measure(size):
        haystack, is_full = a_haystack(), size == "full"
        done, hid = play(haystack, folder, is_full=is_full)
        # Else nothing was found since there was nothing to be found.
        assert set(HIDING) <= hid, hid
        hits, others = haystack.hits(), haystack.hits(counts=False)
        counted = ", ".join(f"{count:,} {what}" for what, count in done.items())
        text = (
            f"{len(hits)} hits of {len(haystack.secrets)} secrets in {haystack.characters:,} "
            f"characters ({counted}; {len(others)} in variables of other libraries' frames)"
        )
        if is_full:
            findings = folder / "findings"
            findings.mkdir()
            left_out = [f"--ignore={path}" for path in LEFT_OUT]
            left_out += [f"--deselect={test}" for test in TESTS_LEFT_OUT]
            found = suite(findings, "tests", "-n", "2", "-p", "no:cacheprovider", *left_out)
            hits = hits + found["hits"]
            text += (
                f"; {len(found['hits'])} hits of {found['secrets']:,} secrets in "
                f"{found['characters']:,} characters of {found['tests']:,} tests"
            )
            # What a process has found is lost with it, and a test that fails has not said all.
            ran = sum(map(int, re.findall(r"(\d+) (?:passed|skipped)", found["ends"])))
            assert found["tests"] == ran > 1_000, (found["tests"], found["ends"])
            assert "failed" not in found["ends"], found["ends"]
        return Measured(text, not hits, "\n".join(hits[:60]))

    return measure


def test_canary(tmp_path):
    """
    No secret and no token is in anything that comes out.
    """
    score(
        "canary",
        measure_in(tmp_path),
        what="secrets and tokens with known bytes, of each kind, through all operations, the "
        "iterators and the stream over faults and services that echo them, the identity "
        "provider, the emulator and the command line ({size}); logs, reprs, tracebacks with "
        "the variables of our frames, pickles, events, pages, files and output searched, cut "
        "and in every likely encoding; in full the secrets of all other tests, too, but the "
        "browser's, these rows' and the mutants', and seven that cannot pass beside the search, "
        "in what comes out of those: their first 5,000 records each, and of each text 100,000 "
        "characters",
        target="0 hits",
        short="short",
        full="full",
    )


@pytest.mark.parametrize("way", written("x"))
def test_finds_what_is_cut_and_encoded(way):
    """
    The middle of a secret is found in each way of writing it.
    """
    secret = value("a secret", odd="+/ é")
    haystack = Haystack(secrets={"a secret": secret})
    cut = secret[6:-6]

    haystack.add("a log", f"login failed: {written(cut)[way]}!")

    assert ["a log"] == [hit.partition(":")[0] for hit in haystack.hits()]


def test_finds_nothing_else():
    """
    Another secret is none of those that are looked for.
    """
    haystack = Haystack(secrets={"a secret": value("a secret")})
    for text in written(value("another")).values():
        haystack.add("a log", text)

    assert [] == haystack.hits()


def test_finds_what_is_logged():
    """
    A log that shows a token is found, in the text and in what the record carries.
    """
    haystack = a_haystack()
    with scenes.listening(haystack):
        logging.getLogger("connector_async").debug("sent with %s", scenes.TOKEN)

    where = {hit.partition(":")[0] for hit in haystack.hits()}
    assert {"a record of connector_async", "what a record of connector_async carries"} == where


@pytest.mark.parametrize(
    ("file", "counts"), [(f"{PACKAGE}/a.py", True), ("/x/httpx.py", False)], ids=["ours", "other"]
)
def test_finds_variables(file, counts):
    """
    A token in a variable of a frame of ours is found; of another library's it does not count.
    """
    haystack, names = a_haystack(), {}
    source = "def fail(given):\n    held = [given]\n    raise ValueError('no')"
    exec(compile(source, file, "exec"), names)
    try:
        names["fail"](scenes.TOKEN)
    except ValueError as error:
        haystack.tell("a call", error)

    assert counts == bool(haystack.hits())
    assert counts != bool(haystack.hits(counts=False))


PLANTED = """
import logging
import pytest
from connector_async.auth.tokens import Grant

TOKEN = "planted-0123456789-abcdef"

@pytest.mark.parametrize("leaks", [{leaks}])
def test_it(leaks):
    grant = Grant(token=TOKEN, expires_in=60)
    logging.getLogger("connector_async").debug("token %s", grant.token[{part}] if leaks else "")
"""


@pytest.mark.parametrize(("leaks", "hits"), [(True, 3), (False, 0)])
def test_the_plugin_finds(tmp_path, leaks, hits):
    """
    The plugin knows a test's token, and finds it where the test lets it be logged: in the
    record, in what that carries, and in the report.
    """
    file = tmp_path / "test_planted.py"
    file.write_text(PLANTED.format(leaks=leaks, part="2:-2"))

    found = suite(tmp_path, str(file), "-p", "no:cacheprovider")

    assert (1, 1, hits) == (found["tests"], found["secrets"], len(found["hits"]))
