"""
A plugin of pytest that learns the secrets of each test, and looks for them in what comes out of it.

A secret is learned where it enters the package: as a credential's, as the proof
that is shown to an identity provider, as a token that one granted. Those count
that could not be found by chance: of eight characters at least, and no plain
word. What the plugin found goes into the folder that `CANARY_FINDINGS` names,
a file a process.
"""

import functools
import json
import logging
import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from connector_async import ClientCertificate, ClientSecret
from connector_async.auth import msal
from connector_async.auth.tokens import AccessToken, Grant
from tests.reliability.canary import Haystack
from tests.reliability.canary_scenes import Log

FOLDER = "CANARY_FINDINGS"
LEAST = 8
MOST_RECORDS = 5_000
MOST_HELD = 20_000_000
PLAIN = re.compile(r"[A-Za-z]*")
HOLDERS = {
    ClientSecret: ("secret",),
    ClientCertificate: ("private_key", "passphrase"),
    Grant: ("token",),
    AccessToken: ("token",),
}


def counts(secret):
    """
    Whether a secret's bytes are known from all else.
    """
    return len(secret) >= LEAST and PLAIN.fullmatch(secret) is None


class Canary:
    """
    What one process of pytest learned and found.
    """

    def __init__(self):
        self.secrets, self.lasting = set(), set()
        self.hits, self.characters, self.tests = [], 0, 0
        self.now, self.learned = Haystack(most=100_000), set()
        self.in_test = False
        self.records = 0

    def learn(self, secret):
        if not isinstance(secret, str):
            return
        for part in _lines(secret):
            if counts(part):
                self.learned.add(part)
                self.secrets.add(part)
                if not self.in_test:
                    self.lasting.add(part)

    def end(self, name):
        """
        Look through what came out of a test.
        """
        self.search(name)
        self.tests += 1
        self.learned.clear()
        self.records = 0
        logging.getLogger().setLevel(logging.DEBUG)

    def search(self, name):
        known = self.learned | self.lasting
        self.now.secrets = {f"{secret[:3]}…{secret[-3:]}": secret for secret in known}
        self.hits += [f"{name}: {hit}" for hit in self.now.hits()]
        self.characters += self.now.characters
        self.now.clear()

    def relieve(self):
        """
        Search already where a test says so much that it would fill the memory.
        """
        if self.now.held > MOST_HELD:
            self.search("a long test")

    def write(self, folder):
        found = {
            "secrets": sorted(self.secrets),
            "characters": self.characters,
            "tests": self.tests,
            "hits": self.hits,
        }
        Path(folder, f"{os.getpid()}.json").write_text(json.dumps(found))


def _lines(secret):
    """
    Of a PEM its lines, since what stands around them is no secret; of all else all.
    """
    if "-----BEGIN" not in secret:
        return [secret]
    return [line for line in secret.splitlines() if len(line) == 64][1:9:3]


class FirstOf(Log):
    """
    Takes down the first records of each test: some make a million calls.
    """

    def emit(self, record):
        CANARY.records += 1
        if CANARY.records > MOST_RECORDS:
            logging.getLogger().setLevel(logging.CRITICAL)
            return
        super().emit(record)
        CANARY.relieve()


CANARY = Canary()


def after(owner, name, see):
    """
    Have a function's arguments and result seen after each of its calls.
    """
    original = getattr(owner, name)

    @functools.wraps(original)
    def seeing(*given, **named):
        result = original(*given, **named)
        see(result, *given)
        return result

    type.__setattr__(owner, name, seeing) if isinstance(owner, type) else setattr(
        owner, name, seeing
    )


def _learn_of(_, holder, *__):
    for name in HOLDERS[type(holder)]:
        CANARY.learn(getattr(holder, name))


def _learn_all(secrets, *_):
    for secret in secrets:
        CANARY.learn(secret)


def _hear(done, *_):
    CANARY.now.add("a command's output", done.output)
    if done.exception is not None:
        CANARY.now.tell("a command", done.exception)


def _read(captured, *_):
    for text in captured:
        CANARY.now.add("what a test printed", text)


def _caught(_, __, ___, error, *____):
    if error is not None:
        CANARY.now.tell("an error that was expected", error)
        CANARY.relieve()


def pytest_configure():
    for holder in HOLDERS:
        after(holder, "__init__", _learn_of)
    after(msal, "_secrets", _learn_all)
    after(msal, "_sent", _learn_all)
    after(CliRunner, "invoke", _hear)
    after(pytest.CaptureFixture, "readouterr", _read)
    after(type(pytest.raises(ValueError, match=r"\.")), "__exit__", _caught)
    root = logging.getLogger()
    root.addHandler(FirstOf(CANARY.now))
    root.setLevel(logging.DEBUG)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_call():
    CANARY.in_test = True
    yield
    CANARY.in_test = False


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if call.excinfo is not None:
        CANARY.now.tell("the error of a test", call.excinfo.value)
    for name, text in report.sections:
        CANARY.now.add(name, text)
    if call.when == "teardown":
        CANARY.end(item.nodeid)


def pytest_warning_recorded(warning_message):
    CANARY.now.add("a warning", str(warning_message))


def pytest_sessionfinish():
    if CANARY.tests:
        CANARY.write(os.environ[FOLDER])
