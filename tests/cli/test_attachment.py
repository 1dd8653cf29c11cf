"""
`connector-async attachment up` and `down`.
"""

import base64
import json
import os

import pytest

from connector_async.emulator import EmulatorLimits
from connector_async.testing.kit import SharedEmulator

CHAT = "a-web-chat"
TERMINAL = {"FORCE_COLOR": "1", "COLUMNS": "120", "TERM": "xterm"}


@pytest.fixture
def emulator():
    """
    A channel that has a store.
    """
    emulator = SharedEmulator(profile="webchat", limits=EmulatorLimits.off())
    emulator.add_conversation(CHAT)
    return emulator


def uploaded(emulator):
    (exchange,) = emulator.record.exchanges()
    return json.loads(exchange.request_body)


def test_up(call, emulator, tmp_path):
    """
    A file goes with its name and type; its id is told.
    """
    tmp_path.joinpath("cat.png").write_bytes(b"\x89PNG")

    done = call("attachment up", CHAT, "cat.png")

    assert 0 == done.exit_code
    assert done.stdout.startswith("uploaded ")
    assert {
        "name": "cat.png",
        "type": "image/png",
        "originalBase64": base64.b64encode(b"\x89PNG").decode(),
    } == uploaded(emulator)


def test_up_as_json(call, emulator, tmp_path):
    """
    Name and type may be said; a type that nobody knows is bytes.
    """
    tmp_path.joinpath("cat").write_bytes(b"cat")

    done = call("attachment up", CHAT, "cat", "--name", "Cat", "--json")

    assert 3 == json.loads(done.stdout)["size_bytes"]
    assert ("Cat", "application/octet-stream") == (
        uploaded(emulator)["name"],
        uploaded(emulator)["type"],
    )


def test_up_shows_progress_on_a_terminal(call, tmp_path):
    """
    On a terminal there is a bar.
    """
    tmp_path.joinpath("[bold]cat").write_bytes(b"cat")

    done = call("attachment up", CHAT, "[bold]cat", env=TERMINAL)

    assert "[bold]cat" in done.stdout
    assert "━" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.png"], "none.png cannot be read"),
        (["-"], "needs a --name"),
        (["big"], "big has more than 196000 bytes"),
        (["huge"], "huge has more than 196000 bytes"),
        (["-", "--name", "x", "--secret-file", "-"], "once only"),
    ],
)
def test_bad_file(call, emulator, tmp_path, arguments, told):
    """
    What cannot be uploaded is told, and nothing is sent.
    """
    tmp_path.joinpath("big").write_bytes(bytes(196_001))
    # More than there is memory for; the file has holes, and takes no room.
    tmp_path.joinpath("huge").touch()
    os.truncate(tmp_path / "huge", 1 << 42)

    done = call("attachment up", CHAT, *arguments, input="what comes in")

    assert (2, "") == (done.exit_code, done.stdout)
    assert told in done.stderr
    assert [] == emulator.record.received()


def test_largest_file(call, tmp_path):
    """
    What is said to fit, fits.
    """
    tmp_path.joinpath("big").write_bytes(bytes(196_000))

    done = call("attachment up", CHAT, "big")

    assert 0 == done.exit_code


def test_down(call, emulator, tmp_path):
    """
    Without another name the attachment's own is taken.
    """
    attachment = emulator.add_attachment(b"content", name="report.txt")

    done = call("attachment down", attachment)

    assert (0, "downloaded 7 bytes to report.txt\n") == (done.exit_code, done.stdout)
    assert b"content" == tmp_path.joinpath("report.txt").read_bytes()


@pytest.mark.parametrize("name", ["../../etc/report.txt", "..\\report.txt", "/tmp/report.txt"])
def test_down_stays_in_the_folder(call, emulator, tmp_path, name):
    """
    A name that leads elsewhere is cut to its end.
    """
    attachment = emulator.add_attachment(b"content", name=name)

    call("attachment down", attachment)

    assert ["report.txt"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("name", ["..", "", "a\nb", "\u202etxt.exe", "-", ".bashrc", "../.netrc"])
def test_down_under_no_name(call, emulator, tmp_path, name):
    """
    A name that is none for a file is refused.
    """
    attachment = emulator.add_attachment(b"content", name=name)

    done = call("attachment down", attachment)

    assert 2 == done.exit_code
    assert "choose one with --output" in done.stderr
    assert [] == list(tmp_path.iterdir())


def test_down_under_a_number(call, emulator, tmp_path):
    """
    A name that is no text is refused likewise.
    """
    attachment = emulator.add_attachment(b"content")
    emulator.fail_next("getAttachmentInfo", status=200, body={"name": 5})

    done = call("attachment down", attachment)

    assert 2 == done.exit_code
    assert "its name, 5, is none for a file: choose one with --output" in done.stderr
    assert [] == list(tmp_path.iterdir())


def test_down_as_json(call, emulator, tmp_path):
    """
    A view goes to the file that was named; the outcome is JSON.
    """
    attachment = emulator.add_attachment(b"content", thumbnail=b"small")

    done = call("attachment down", attachment, "--view", "thumbnail", "-o", "x", "--json")

    assert {"file": "x", "size_bytes": 5} == json.loads(done.stdout)
    assert b"small" == tmp_path.joinpath("x").read_bytes()


def test_down_to_standard_output(call, emulator):
    """
    To standard output go the bytes, and nothing besides.
    """
    content = bytes(range(256)) * 1000
    attachment = emulator.add_attachment(content)

    done = call("attachment down", attachment, "-o", "-", env=TERMINAL)

    assert content == done.stdout_bytes


def test_down_to_standard_output_is_no_json(call):
    """
    Standard output is one of the two.
    """
    done = call("attachment down", "1", "-o", "-", "--json")

    assert 2 == done.exit_code
    assert "either the content or JSON" in json.loads(done.stderr)["text"]


def test_down_shows_progress_on_a_terminal(call, emulator):
    """
    On a terminal there is a bar, with the size.
    """
    attachment = emulator.add_attachment(bytes(50_000), name="cat.png")

    done = call("attachment down", attachment, env=TERMINAL)

    assert "50.0/50.0 kB" in done.stdout


def test_down_spares_a_file(call, emulator, tmp_path):
    """
    A file that is there is left alone, unless forced.
    """
    attachment = emulator.add_attachment(b"content", name="report.txt")
    tmp_path.joinpath("report.txt").write_text("mine")

    refused = call("attachment down", attachment)
    kept = tmp_path.joinpath("report.txt").read_text()
    forced = call("attachment down", attachment, "-o", "report.txt", "--force")

    assert ([2, 0], "mine") == ([refused.exit_code, forced.exit_code], kept)
    assert "content" == tmp_path.joinpath("report.txt").read_text()


def test_down_of_nothing(call, tmp_path):
    """
    What the service does not know ends with 1, and leaves no file.
    """
    done = call("attachment down", "nothing", "-o", "x")

    assert 1 == done.exit_code
    assert [] == list(tmp_path.iterdir())


def test_down_too_slow(call, emulator, tmp_path):
    """
    A deadline that passes is no fault of the file's.
    """
    attachment = emulator.add_attachment(b"content")
    emulator.delay_next("getAttachment", 60)

    done = call("attachment down", attachment, "-o", "x", "--deadline", 0.2)

    assert 1 == done.exit_code
    assert "deadline" in done.stderr
    assert [] == list(tmp_path.iterdir())


def test_down_by_force_wants_a_name(call, emulator, tmp_path):
    """
    Which file may be replaced is for the caller to say, not for the channel.
    """
    attachment = emulator.add_attachment(b"content", name="report.txt")
    tmp_path.joinpath("report.txt").write_text("mine")

    done = call("attachment down", attachment, "--force")

    assert 2 == done.exit_code
    assert "add --output" in done.stderr
    assert "mine" == tmp_path.joinpath("report.txt").read_text()


def test_down_spares_other_files(call, emulator, tmp_path):
    """
    No file beside the one that was named is touched on the way.
    """
    attachment = emulator.add_attachment(b"content")
    tmp_path.joinpath("report.txt.part").write_text("mine")

    done = call("attachment down", attachment, "-o", "report.txt")

    assert 0 == done.exit_code
    assert "mine" == tmp_path.joinpath("report.txt.part").read_text()
    assert b"content" == tmp_path.joinpath("report.txt").read_bytes()
