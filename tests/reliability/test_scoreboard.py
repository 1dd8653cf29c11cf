"""
The table is written by machine, one row at a time, and only where it is asked for.
"""

import re
from pathlib import Path

import pytest

from tests.reliability.scoreboard import (
    BEGIN,
    END,
    ORDER,
    Measured,
    Row,
    check,
    enter,
    entered,
    score,
)

PAGE = Path(__file__).parents[2] / "RELIABILITY.md"
EMPTY = "# Reliability\n\n<!-- rows -->\n<!-- /rows -->\n\nThe end.\n"


@pytest.fixture(autouse=True)
def no_session(monkeypatch):
    """
    What is scored here is nothing, and must not stand in the project's own table.
    """
    monkeypatch.delenv("RELIABILITY", raising=False)
    monkeypatch.delenv("RELIABILITY_TABLE", raising=False)


def a_row(name="ids", measured="0 changed", **facts):
    return Row(
        name=name,
        what="all ids",
        target="0",
        measured=measured,
        met=True,
        seconds=1.25,
        date="2026-11-23",
        on="here",
        **facts,
    )


def test_a_row_is_entered():
    """
    A row stands between the marks; all around it stays.
    """
    text = entered(a_row(measured="a|b"), EMPTY)

    assert text == (
        "# Reliability\n\n<!-- rows -->\n"
        "| name | what was done | target | measured | met | seconds | date | on |\n"
        "|---|---|---|---|---|---|---|---|\n"
        "| `ids` | all ids | 0 | a\\|b | yes | 1.2 | 2026-11-23 | here |\n"
        "<!-- /rows -->\n\nThe end.\n"
    )


def test_rows_keep_their_order():
    """
    A row takes the place of the one of its name, wherever it was measured in the meantime.
    """
    text = EMPTY
    for name in ("ids", "ambiguity", "something_else", "ids"):
        text = entered(a_row(name), text)

    names = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    assert ["ambiguity", "ids", "something_else"] == names


def test_a_file_without_a_table_is_refused():
    """
    A file that has no marks is not written to.
    """
    with pytest.raises(ValueError, match="no table between"):
        entered(a_row(), "nothing")


def test_a_shorter_file_leaves_nothing(tmp_path):
    """
    What is entered replaces the file whole.
    """
    path = tmp_path / "table.md"
    path.write_text(EMPTY)

    enter(a_row(measured="x" * 500), path)
    enter(a_row(), path)

    assert entered(a_row(), EMPTY) == path.read_text()


@pytest.mark.parametrize(("form", "size"), [("", 3), ("full", 7)])
def test_scores(monkeypatch, tmp_path, form, size):
    """
    The environment says how much is done, and where the row goes.
    """
    path = tmp_path / "table.md"
    path.write_text(EMPTY)
    monkeypatch.setenv("RELIABILITY", form)
    monkeypatch.setenv("RELIABILITY_TABLE", str(path))
    done = []

    score(
        "ids",
        lambda much: done.append(much) or Measured("0 changed", True),
        what="{size} ids",
        target="0 changed",
        short=3,
        full=7,
    )

    assert [size] == done
    assert f"| `ids` | {size} ids | 0 changed | 0 changed | yes |" in path.read_text()


def test_a_target_that_is_not_met_is_written_down_and_fails(monkeypatch, tmp_path):
    """
    The table says so, and the test fails with what is known.
    """
    path = tmp_path / "table.md"
    path.write_text(EMPTY)
    monkeypatch.setenv("RELIABILITY_TABLE", str(path))

    with pytest.raises(AssertionError, match="ids: 1 changed; the target is 0\nthis one"):
        score(
            "ids",
            lambda _: Measured("1 changed", False, "this one"),
            what="ids",
            target="0",
            short=1,
            full=1,
        )

    assert "| 1 changed | **no** |" in path.read_text()


def test_nothing_is_written_in_a_short_run(monkeypatch, tmp_path):
    """
    Where no table is named, none is written.
    """
    monkeypatch.chdir(tmp_path)

    score("ids", lambda _: Measured("0", True), what="ids", target="0", short=1, full=1)

    assert [] == list(tmp_path.iterdir())


def refuse_to_measure(_):
    raise AssertionError("it was measured")


def test_a_table_that_is_missing_is_told_first(monkeypatch, tmp_path):
    """
    Nobody measures for an hour to learn that there is nowhere to write it down.
    """
    path = tmp_path / "table.md"
    path.write_text("nothing")

    for name, kind in (("table.md", ValueError), ("none.md", FileNotFoundError)):
        monkeypatch.setenv("RELIABILITY_TABLE", str(tmp_path / name))

        with pytest.raises(kind):
            score("ids", refuse_to_measure, what="ids", target="0", short=1, full=1)

    assert "nothing" == path.read_text()


def break_off(_):
    raise OSError("no room | left\non the device")


def test_a_row_that_breaks_off_is_written_down_and_fails(monkeypatch, tmp_path):
    """
    What it broke off with is in the table, on one line, and is raised as it was.
    """
    path = tmp_path / "table.md"
    path.write_text(entered(a_row(), EMPTY))
    monkeypatch.setenv("RELIABILITY_TABLE", str(path))

    with pytest.raises(OSError, match="no room"):
        score("ids", break_off, what="ids", target="0", short=1, full=1)

    (line,) = [line for line in path.read_text().splitlines() if line.startswith("| `ids`")]
    assert "| broke off: OSError('no room \\| left\\non the device') | **no** |" in line


def test_the_page_has_its_table():
    """
    The project's own page is there to be written to, and has all rows, met or not.
    """
    check(PAGE)
    table = PAGE.read_text().partition(BEGIN)[2].partition(END)[0]

    assert list(ORDER) == re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def test_each_promise_has_its_rows():
    """
    The README names rows for each promise, and each row once.
    """
    readme = PAGE.with_name("README.md").read_text()
    told = readme.partition("Five promises")[2].partition("\n## ")[0]
    promises = re.findall(r"^\d\. \*\*.*: ((?:`\w+`(?:, )?)+)\.$", told, re.MULTILINE)

    assert 5 == len(promises)
    assert sorted(ORDER) == sorted(name for name in re.findall(r"`(\w+)`", told) if name in ORDER)
