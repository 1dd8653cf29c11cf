"""
The client on uvloop, and the row that tells of all event loops and Pythons.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability import backends
from tests.reliability.scoreboard import BEGIN, END

ROOT = Path(__file__).parents[2]
WRITTEN = (
    '<testsuites><testsuite name="pytest" errors="{}" failures="{}" skipped="{}" tests="{}" '
    'time="1.5"/></testsuites>'
)


def write(folder, **runs):
    for name, counts in runs.items():
        (folder / f"{name.replace('_', '-')}.xml").write_text(WRITTEN.format(*counts))


@pytest.fixture
def table(tmp_path):
    table = tmp_path / "TABLE.md"
    table.write_text(f"{BEGIN}\n{END}\n")
    return table


def test_the_client_on_uvloop():
    """
    What has to do with sockets and tasks holds on another event loop, with all warnings as errors.
    """
    folders = ["tests/transport", "tests/client", "tests/test_lifetime.py"]
    told = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", *folders],
        cwd=ROOT,
        env={**os.environ, "TESTS_LOOP": "uvloop"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == told.returncode, told.stdout[-4000:]


def test_row(tmp_path, table):
    """
    The row tells what passed on which Python and loop.
    """
    write(tmp_path, py_asyncio=(0, 0, 1, 11), py_uvloop=(0, 0, 2, 11))

    assert 0 == backends.main(tmp_path, table)
    assert (
        "passed on py asyncio: 10 of 10, 1 skipped, py uvloop: 9 of 9, 2 skipped | yes | 3.0 |"
    ) in table.read_text()


def test_runs_of_older_code(tmp_path, table):
    """
    What was written before the code was changed does not count.
    """
    write(tmp_path, py_asyncio=(0, 0, 1, 11), py_uvloop=(0, 0, 2, 11))
    for path in tmp_path.glob("*.xml"):
        os.utime(path, (1_000_000_000, 1_000_000_000))

    assert 1 == backends.main(tmp_path, table)


def test_a_run_that_broke_off(tmp_path, table):
    """
    Tests that did not run to their end are told, whatever became of the others.
    """
    write(tmp_path, py_asyncio=(0, 0, 1, 11), py_uvloop=(0, 0, 2, 11), old_uvloop=(0, 0, 2, 11))
    (tmp_path / "old-asyncio.xml").touch()

    assert 1 == backends.main(tmp_path, table)
    assert "passed on old asyncio: broke off, old uvloop: 9 of 9, 2 skipped" in table.read_text()
    assert "| **no** |" in table.read_text()


@pytest.mark.parametrize(
    "runs",
    [
        {"py_asyncio": (0, 1, 0, 5), "py_uvloop": (0, 0, 0, 5)},
        {"py_asyncio": (0, 0, 0, 5), "py_uvloop": (1, 0, 0, 5)},
        {"py_asyncio": (0, 0, 0, 5)},
        {},
    ],
    ids=["a failure", "an error", "a loop is missing", "nothing"],
)
def test_a_target_that_is_missed(tmp_path, table, runs):
    """
    One failure, or one loop that did not run, and the target is not met.
    """
    write(tmp_path, **runs)

    assert 1 == backends.main(tmp_path, table)
    assert "| **no** |" in table.read_text()
