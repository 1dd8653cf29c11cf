"""
`connector-async emulator`: what it refuses here, and how it serves as a process of its own.
"""

import json
import os
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

PROGRAM = (sys.executable, "-W", "error", "-m", "connector_async.cli")


@contextmanager
def started(*arguments, **environment):
    """
    The program, with the first line that it says; it is ended by SIGTERM.
    """
    process = subprocess.Popen(
        [*PROGRAM, "emulator", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        yield process, process.stdout.readline()
    finally:
        process.terminate()
        process.communicate(timeout=20)


def program(*arguments):
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_what_is_sent_shows_up():
    """
    The URL comes first; what the program sends there has arrived when it says so.
    """
    with started() as (process, line):
        url = line.strip()
        done = program("send", "--service-url", url, "-c", "demo", "hello")
        record = httpx.get(f"{url}/emulator/record").json()
        process.terminate()
        said, errors = process.stdout.read(), process.stderr.read()

    assert 0 == done.returncode
    assert ["hello"] == [each["text"] for each in record["committed"]]
    assert f"console {url}/emulator/console" == said.splitlines()[0]
    assert f"try connector-async send --service-url {url} -c demo hello" == said.splitlines()[1]
    assert (0, "") == (process.wait(), errors)


def test_hint_over_tls(tmp_path):
    """
    What it says to try works as it stands: with its authority, and quoted for a shell.
    """
    state = tmp_path / "state.json"
    state.write_text(json.dumps({"conversations": [{"id": "a chat; true"}]}))

    with started("--tls", "--state", state) as (process, _):
        hint = next(line for line in process.stdout if line.startswith("try "))
        _, name, *words = shlex.split(hint)
        done = program(*words)

    assert "connector-async" == name
    assert (0, "sent") == (done.returncode, done.stdout[:4])


def test_no_hint_with_tokens():
    """
    Where a token is wanted, there is nothing to try without one.
    """
    with started("--require-token") as (process, _):
        process.terminate()
        said = process.stdout.read()

    assert "console" in said
    assert "try" not in said


def test_json_and_tls():
    """
    With --json all that another program needs is in one line; Ctrl-C ends it in peace.
    """
    with started("--json", "--tls", "--require-token", "--no-limits") as (process, line):
        told = json.loads(line)
        authority = Path(told["ca_file"]).read_text()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)

    assert told["url"].startswith("https://127.0.0.1:")
    assert "BEGIN CERTIFICATE" in authority
    assert ["demo"] == told["conversations"]
    assert 0 == process.returncode


def test_record_survives_a_restart(tmp_path):
    """
    With --db the record goes on where it ended.
    """
    db = tmp_path / "record.db"
    for text in ("one", "two"):
        with started("--db", db) as (_, line):
            chat = f"{line.strip()}/v3/conversations/demo/activities"
            httpx.post(chat, json={"type": "message", "text": text})
            record = httpx.get(f"{line.strip()}/emulator/record").json()

    assert ["one", "two"] == [each["text"] for each in record["committed"]]


def test_state(tmp_path):
    """
    With --state there are the conversations of the file, and no others.
    """
    state = tmp_path / "state.json"
    state.write_text(json.dumps({"conversations": [{"id": "19:mine", "members": 2}]}))

    with started("--json", "--state", state) as (_, line):
        told = json.loads(line)

    assert ["19:mine"] == told["conversations"]


def test_taken_port(run):
    """
    A port that is taken is told, and another one is advised.
    """
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        done = run("emulator", "--port", port)

    told = f"connector-async: 127.0.0.1:{port} is taken: choose another --port, or 0 for a free one"
    assert (2, "", f"{told}\n") == (done.exit_code, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--profile", "nope"], "'nope'"),
        (["--bot", "localhost:3978"], "is no URL like http://localhost:3978/api/messages"),
        (["--bot", "http://[x"], "--bot 'http://[x'"),
        (["--host", "192.0.2.1"], "cannot listen on 192.0.2.1:0"),
        (["--port", "70000"], "70000 is not in the range 0<=x<=65535"),
        (["--state", "none.yaml"], "none.yaml"),
        (["--state", "broken.json"], "broken.json"),
        (["--state", "wrong.json"], "wrong.json"),
        (["--db", "no/where.db"], "no/where.db"),
        (["--db", "text.db"], "text.db"),
        (["--db", "other.db"], "other.db"),
    ],
)
@pytest.mark.filterwarnings("ignore:the emulator listens on:UserWarning")
def test_bad_input(run, tmp_path, arguments, told):
    """
    What cannot be is told in a line with its place; it ends with 2, and the files are as before.
    """
    tmp_path.joinpath("broken.json").write_text('{"conversations": [')
    tmp_path.joinpath("wrong.json").write_text('{"conversations": [{"members": "many"}]}')
    tmp_path.joinpath("text.db").write_text("no database " * 100)
    with closing(sqlite3.connect("other.db")) as other:
        other.execute("create table things (name text)")
        other.commit()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    done = run("emulator", *arguments)

    assert (2, "") == (done.exit_code, done.stdout)
    assert told in done.stderr
    assert done.stderr.splitlines()[-1].startswith("connector-async: ")
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_db_of_another_version(run, tmp_path):
    """
    A database that another version wrote is refused, naming both, and left as it is.
    """
    with started("--db", tmp_path / "record.db"):
        pass
    with closing(sqlite3.connect(tmp_path / "record.db")) as db:
        version = db.execute("pragma user_version").fetchone()[0]
        db.execute(f"pragma user_version = {version + 41}")
        db.commit()

    done = run("emulator", "--db", "record.db")

    assert 2 == done.exit_code
    assert "record.db" in done.stderr
    assert str(version) in done.stderr
    assert str(version + 41) in done.stderr


def test_missing_extra():
    """
    Without what the emulator needs, it says what to install.
    """
    script = (
        "import sys; sys.modules['starlette'] = None; "
        "from connector_async.cli import main; main(['emulator'])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )

    assert (2, "") == (done.returncode, done.stdout)
    assert 'needs starlette: pip install "connector-async[emulator,cli]"' in done.stderr
    assert 1 == len(done.stderr.splitlines())


def test_warns_off_the_loopback():
    """
    Where others can reach it, it says so in a line, and serves; the URL is one that works here.
    """
    with started("--host", "0.0.0.0") as (process, line):
        process.terminate()
        errors = process.stderr.read()

    assert line.startswith("http://127.0.0.1:")
    assert errors.startswith("connector-async: the emulator listens on 0.0.0.0")
    assert 1 == len(errors.splitlines())


def test_open(tmp_path):
    """
    With --open a browser is led to the console.
    """
    browser, told = tmp_path / "browser", tmp_path / "told"
    os.mkfifo(told)
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {told}\n')
    browser.chmod(0o755)

    with started("--open", BROWSER=f"{browser} %s") as (_, line):
        opened = told.read_text()

    assert f"{line.strip()}/emulator/console" == opened


def test_open_without_a_browser(tmp_path):
    """
    Where there is none, the way is told, and the emulator serves all the same.
    """
    with started("--open", BROWSER="/bin/false %s", PATH=str(tmp_path)) as (process, line):
        told = process.stderr.readline()

    url = f"{line.strip()}/emulator/console"
    assert f"connector-async: no browser could be opened: go to {url}\n" == told
