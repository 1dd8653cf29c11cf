"""
The row `backends`: the tests on each Python and event loop, from what pytest wrote of them.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import attrs

from tests.reliability.scoreboard import Measured, Row, enter

LOOPS = ("asyncio", "uvloop")
ROOT = Path(__file__).parents[2]
CODE = ("connector_async", "tests")


@attrs.frozen
class Run:
    """
    The tests on one Python and one event loop.

    Attributes:
        name: Python and event loop.
        tests: How many ran.
        failed: How many of them failed, or could not be begun.
        skipped: How many did not run.
        seconds: How long they took.
        is_whole: Whether they ran to their end.
    """

    name: str
    tests: int
    failed: int
    skipped: int
    seconds: float
    is_whole: bool = True

    def __str__(self):
        if not self.is_whole:
            return f"{self.name}: broke off"
        return (
            f"{self.name}: {self.tests - self.failed:,} of {self.tests:,}, {self.skipped} skipped"
        )


def is_of_this_code(path):
    """
    Whether a run ended after the code was last changed.
    """
    code = (file for folder in CODE for file in (ROOT / folder).rglob("*.py"))
    return path.stat().st_mtime > max(file.stat().st_mtime for file in code)


def read(path):
    """
    What pytest wrote of one run, in a file named `PYTHON-LOOP.xml`; nothing where it broke off.
    """
    name = path.stem.replace("-", " ")
    if not path.stat().st_size:
        return Run(name, 0, 0, 0, 0.0, is_whole=False)
    (suite,) = ET.parse(path).getroot().iter("testsuite")
    counts = {key: int(suite.get(key)) for key in ("tests", "failures", "errors", "skipped")}
    return Run(
        name,
        counts["tests"] - counts["skipped"],
        counts["failures"] + counts["errors"],
        counts["skipped"],
        float(suite.get("time")),
    )


def measured(runs):
    """
    What there is to say of them; met where each Python that ran did so on both loops.
    """
    told = ", ".join(map(str, runs))
    loops = {tuple(run.name.split()) for run in runs}
    whole = all((python, loop) in loops for python, _ in loops for loop in LOOPS)
    green = all(run.is_whole and not run.failed for run in runs)
    return Measured(f"passed on {told}", whole and bool(runs) and green)


def main(folder, table):
    """
    Enter the row of all runs in a folder.
    """
    runs = [read(path) for path in sorted(Path(folder).glob("*.xml")) if is_of_this_code(path)]
    found = measured(runs)
    enter(
        Row(
            name="backends",
            what="all tests but the browser's and these rows, on each Python that is there, on "
            "asyncio's event loop and on uvloop, with `-W error`: what is not closed and what "
            "cannot be raised are failures",
            target="all green",
            measured=found.text,
            met=found.met,
            seconds=sum(run.seconds for run in runs),
        ),
        Path(table),
    )
    return 0 if found.met else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
