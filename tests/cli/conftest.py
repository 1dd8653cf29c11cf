"""
The command line, run in this process against an emulator on a port.
"""

import os

import pytest
from click.testing import CliRunner

from connector_async.cli._main import group
from connector_async.emulator import EmulatorLimits
from connector_async.testing.kit import SharedEmulator, serving

CHAT = "19:chat@thread.v2"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch):
    """
    What the machine's environment says of bots and proxies does not count here.
    """
    for name in list(os.environ):
        if name.startswith("CONNECTOR_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def emulator():
    """
    An emulator with one conversation of three.
    """
    emulator = SharedEmulator(limits=EmulatorLimits.off())
    emulator.add_conversation(CHAT, members=3)
    return emulator


@pytest.fixture
def url(emulator):
    """
    Where it is served.
    """
    with serving(emulator) as server:
        yield server.url


@pytest.fixture
def run(tmp_path, monkeypatch):
    """
    Runs a command in an empty folder; what is no word of an exit code is raised.
    """
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments, **options):
        return CliRunner().invoke(
            group, [str(each) for each in arguments], catch_exceptions=False, **options
        )

    return invoke


@pytest.fixture
def call(run, url):
    """
    Runs a command that speaks to the emulator.
    """

    def invoke(command, *arguments, **options):
        return run(*command.split(), "--service-url", url, *arguments, **options)

    return invoke
