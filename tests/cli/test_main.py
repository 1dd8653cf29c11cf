"""
The program as a whole.
"""

import json
import subprocess
import sys

import pytest

from connector_async import __version__
from connector_async.cli._main import group

COMMANDS = ["attachment", "doctor", "emulator", "history", "members", "send"]


def test_help_lists_commands_and_exit_codes(run):
    """
    The help tells what there is, and what the exit codes mean.
    """
    done = run("--help")

    assert 0 == done.exit_code
    assert COMMANDS == sorted(name for name in group.commands or group.list_commands(None))
    assert all(f"\n  {name}" in done.stdout for name in COMMANDS)
    assert "\n    3  the message may have been delivered, or not\n" in done.stdout


@pytest.mark.parametrize("command", [*COMMANDS, "attachment up", "attachment down"])
def test_each_command_has_help_and_json(run, command):
    """
    Each command can be asked what it does, and speaks JSON.
    """
    done = run(*command.split(), "--help")

    assert 0 == done.exit_code
    assert command == "attachment" or "--json" in done.stdout


def test_version(run):
    """
    The version is the package's.
    """
    assert f"connector-async, version {__version__}\n" == run("--version").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["frobnicate"], "No such command 'frobnicate'. See connector-async --help."),
        (["members"], "Missing argument 'CONVERSATION'. See connector-async members --help."),
        (["attachment", "down"], "See connector-async attachment down --help."),
    ],
)
def test_misuse_is_told_in_a_line(run, arguments, told):
    """
    What is no command ends with 2, and one line that says where there is help.
    """
    done = run(*arguments)

    assert 2 == done.exit_code
    assert told in done.stderr
    assert 1 == len(done.stderr.splitlines())


@pytest.mark.parametrize(
    "arguments",
    [
        ["members", "x", "--frobnicate", "--json"],
        ["--frobnicate", "members", "x", "--json"],
        ["members", "--json"],
    ],
)
def test_misuse_as_json(run, arguments):
    """
    Where JSON was asked for, misuse is told so, too, even if the words were not understood.
    """
    done = run(*arguments)

    told = json.loads(done.stderr)
    assert (2, 2, "") == (done.exit_code, told["exit_code"], done.stdout)
    assert "--help" in told["text"]


def test_misuse_without_json(run):
    """
    What comes after -- is no option.
    """
    done = run("members", "--frobnicate", "--", "--json")

    assert done.stderr.startswith("connector-async: No such option")


@pytest.mark.parametrize("arguments", [[], ["attachment"]])
def test_no_command_shows_the_help(run, arguments):
    """
    Where no command is named, the help says which there are, in its lines.
    """
    done = run(*arguments)

    assert 2 == done.exit_code
    assert done.stderr.startswith("Usage: connector-async")
    assert 5 < len(done.stderr.splitlines())


def test_missing_extra():
    """
    Without click and rich the program says what to install.
    """
    script = (
        "import sys; sys.modules.update(click=None, rich=None); import connector_async.cli as c"
    )

    done = subprocess.run(
        [sys.executable, "-c", f"{script}; c.main([])"], capture_output=True, text=True, check=False
    )

    told = 'connector-async needs click and rich: pip install "connector-async[cli]"\n'
    assert (2, "", told) == (done.returncode, done.stdout, done.stderr)


def test_runs_as_a_module():
    """
    `python -m connector_async.cli` is the program; it loads no emulator that is not wanted.
    """
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-X",
            "importtime",
            "-m",
            "connector_async.cli",
            "--version",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, f"connector-async, version {__version__}\n") == (done.returncode, done.stdout)
    assert "starlette" not in done.stderr
