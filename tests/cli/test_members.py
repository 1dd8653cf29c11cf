"""
`connector-async members`.
"""

import csv
import io
import json

import pytest

from tests.cli.conftest import CHAT

# A name that would clear the screen, write over the line, and turn the text around.
HOSTILE = "Eve\x1b[2J\r\nroot\u202e"


@pytest.fixture
def crowd(emulator):
    """
    A conversation with a member whose name is hostile.
    """
    members = [
        {"id": "29:ada", "name": "Ada", "email": "ada@example.com"},
        {"id": "29:eve", "name": HOSTILE},
    ]
    return emulator.add_conversation("19:crowd", members=members)


def test_lines(call):
    """
    Elsewhere than on a terminal it is a line a member, with tabs between.
    """
    done = call("members", CHAT)

    assert 0 == done.exit_code
    assert 3 == len(done.stdout.splitlines())
    assert "member-0\tmember-0@example.com\tuser\t29:member-0" == done.stdout.splitlines()[0]


def test_hostile_names_are_shown_not_obeyed(call, crowd):
    """
    What a terminal would obey is written out.
    """
    done = call("members", crowd)

    assert "Eve\\x1b[2J\\r\\nroot\\u202e" == done.stdout.splitlines()[1].split("\t")[0]


def test_json(call, crowd):
    """
    With --json it is an object a line, with all that is known.
    """
    done = call("members", crowd, "--json")

    first, second = map(json.loads, done.stdout.splitlines())
    assert ("29:ada", "Ada") == (first["id"], first["name"])
    assert HOSTILE == second["name"]


def test_csv(call, crowd):
    """
    CSV has a heading and all members, whatever their names.
    """
    done = call("members", crowd, "--csv", "-")

    rows = list(csv.DictReader(io.StringIO(done.stdout_bytes.decode(), newline="")))
    assert ["Ada", HOSTILE] == [row["name"] for row in rows]
    assert "ada@example.com" == rows[0]["email"]


def test_csv_on_a_terminal(call, crowd):
    """
    On a terminal nothing in CSV is obeyed either.
    """
    done = call("members", crowd, "--csv", "-", env={"FORCE_COLOR": "1", "TERM": "xterm"})

    rows = list(csv.DictReader(io.StringIO(done.stdout_bytes.decode(), newline="")))
    assert "Eve\\x1b[2J\\r\\nroot\\u202e" == rows[1]["name"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", '@SUM("a")', "\t=1+1", "\r=1+1", "\n=1+1"])
def test_csv_is_not_computed(call, emulator, name):
    """
    What a spreadsheet would take for a formula has a ' before it.
    """
    emulator.add_conversation("19:sum", members=[{"id": "29:eve", "name": name}])

    done = call("members", "19:sum", "--csv", "-")

    (row,) = csv.DictReader(io.StringIO(done.stdout_bytes.decode(), newline=""))
    assert (f"'{name}", "29:eve") == (row["name"], row["id"])


def test_csv_to_standard_output_is_no_json(call, emulator):
    """
    Standard output is one of the two.
    """
    done = call("members", CHAT, "--csv", "-", "--json")

    assert (2, "") == (done.exit_code, done.stdout)
    assert "either CSV or JSON" in json.loads(done.stderr)["text"]
    assert [] == emulator.record.received()


def test_csv_file(call, emulator, tmp_path):
    """
    A file holds all of a thousand members, page by page.
    """
    emulator.add_conversation("19:thousand", members=1000)

    done = call("members", "19:thousand", "--csv", "members.csv", "--page-size", 200)

    assert (0, "") == (done.exit_code, done.stdout)
    assert 1001 == len(tmp_path.joinpath("members.csv").read_text().splitlines())
    assert 5 == len(emulator.record.received("getConversationPagedMembers"))


def test_csv_file_that_is_there(call, emulator, tmp_path):
    """
    A file that is there is left alone, and nothing is asked.
    """
    tmp_path.joinpath("members.csv").write_text("mine")

    done = call("members", CHAT, "--csv", "members.csv")

    assert 2 == done.exit_code
    assert "members.csv is there already" in done.stderr
    assert "mine" == tmp_path.joinpath("members.csv").read_text()
    assert [] == emulator.record.received()


def test_csv_file_is_replaced_when_forced(call, tmp_path):
    """
    With --force it is replaced.
    """
    tmp_path.joinpath("members.csv").write_text("mine")

    call("members", CHAT, "--csv", "members.csv", "--force")

    assert 4 == len(tmp_path.joinpath("members.csv").read_text().splitlines())


def test_csv_that_breaks_off(call, emulator, tmp_path):
    """
    Where a page fails the old file is still there, and no half of a new one.
    """
    tmp_path.joinpath("members.csv").write_text("mine")
    emulator.fail_next("getConversationPagedMembers", status=403)

    done = call("members", CHAT, "--csv", "members.csv", "--force")

    assert 1 == done.exit_code
    assert ["members.csv"] == [path.name for path in tmp_path.iterdir()]
    assert "mine" == tmp_path.joinpath("members.csv").read_text()


def test_csv_into_no_folder(call):
    """
    A file that cannot be made is told with its name.
    """
    done = call("members", CHAT, "--csv", "no/where.csv")

    assert 2 == done.exit_code
    assert "no/where.csv cannot be written: No such file or directory" in done.stderr


def test_table(call, crowd):
    """
    On a terminal it is a table, in which hostile names do nothing.
    """
    environment = {"FORCE_COLOR": "1", "COLUMNS": "120", "TERM": "xterm"}

    done = call("members", crowd, env=environment)

    assert 0 == done.exit_code
    assert "┃" in done.stdout
    assert "Ada" in done.stdout
    assert "2 members" in done.stdout
    assert "\x1b[2J" not in done.stdout
    assert "\u202e" not in done.stdout


def test_unknown_conversation(call):
    """
    What the service does not know ends with 1.
    """
    done = call("members", "nowhere")

    assert (1, "") == (done.exit_code, done.stdout)
    assert "404" in done.stderr
