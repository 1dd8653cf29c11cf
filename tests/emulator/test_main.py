"""
`python -m connector_async.emulator`, as another process uses it.
"""

import asyncio
import json
import os
import signal
import socket
import ssl
import sys

import httpx
import pytest

from connector_async.emulator.__main__ import main


async def started(*arguments):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        "-m",
        "connector_async.emulator",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    return process, json.loads(await process.stdout.readline())


async def test_serves_until_its_input_ends():
    """
    One line says where it is; the end of its standard input ends it, without a word.
    """
    process, told = await started("--tls", "--require-token")

    trusted = ssl.create_default_context(cafile=told["ca_file"])
    async with httpx.AsyncClient(verify=trusted) as client:
        response = await client.get(f"{told['url']}/v3/conversations")
    process.stdin.close()
    output, errors = await process.communicate()

    assert 401 == response.status_code
    assert told["authority"].startswith(told["url"])
    assert ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"] == list(told["managed_identity"])
    assert (0, b"", b"") == (process.returncode, output, errors)


async def test_serves_until_it_is_told_to_end():
    """
    SIGTERM ends it, while its standard input is open.
    """
    process, _ = await started()

    process.send_signal(signal.SIGTERM)
    errors = await process.stderr.read()

    assert (0, b"") == (await process.wait(), errors)


@pytest.fixture
def ended(monkeypatch):
    """
    A standard input that has ended.
    """
    reading, writing = os.pipe()
    os.close(writing)
    with os.fdopen(reading) as ended:
        monkeypatch.setattr(sys, "stdin", ended)
        yield


@pytest.mark.usefixtures("ended")
def test_says_that_a_port_is_taken(capsys):
    """
    A port that is taken is a mistake in the command, not a fault in the program.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as left:
            main(["--port", str(port)])

    assert 2 == left.value.code
    assert f"error: port {port} of 127.0.0.1 is in use: end" in capsys.readouterr().err


def test_says_when_it_ends(capsys):
    """
    The help says that it ends with its standard input.
    """
    with pytest.raises(SystemExit):
        main(["--help"])

    assert "ends when its standard input does" in " ".join(capsys.readouterr().out.split())


@pytest.mark.usefixtures("ended")
@pytest.mark.parametrize("arguments", [[], ["--tls", "--no-limits", "--require-token"]])
def test_runs_in_this_process(arguments, capsys):
    """
    Whose input has ended before it began says where it was, and ends.
    """
    main(arguments)

    assert ("--tls" in arguments) == (json.loads(capsys.readouterr().out)["ca_file"] is not None)
