"""
The scoreboard: what was done to the client, what was promised, and what was measured.

A row is measured by one function, which takes how much of it is to be done. The
short form is part of every test run, and writes nothing. The full form is what
the sessions run: with `RELIABILITY=full` in the environment all is done, and
with `RELIABILITY_TABLE` the rows go into that file, between its two marks.
"""

import fcntl
import os
import platform
import re
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import attrs

from connector_async import __version__

BEGIN, END = "<!-- rows -->", "<!-- /rows -->"
COLUMNS = ("name", "what was done", "target", "measured", "met", "seconds", "date", "on")
ORDER = (
    "fault_matrix", "ambiguity", "retry_after", "outage", "brownout", "deadline", "windows",
    "lanes", "burst", "tokens", "cancel_everywhere", "shutdown", "ids", "replies", "bombs",
    "service_urls", "redirects", "headers", "canary", "soak", "leak_per_call", "mutation",
    "backends",
)  # fmt: skip


def where():
    """
    On what it was measured: versions and machine.
    """
    return (
        f"connector_async {__version__}, Python {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    )


@attrs.frozen(kw_only=True)
class Row:
    """
    One row, as it was measured.
    """

    name: str
    what: str
    target: str
    measured: str
    met: bool
    seconds: float
    date: str = attrs.field(factory=lambda: f"{datetime.now(UTC):%Y-%m-%d}")
    on: str = attrs.field(factory=where)

    @property
    def cells(self):
        met = "yes" if self.met else "**no**"
        seconds = f"{self.seconds:.0f}" if self.seconds >= 10 else f"{self.seconds:.1f}"
        facts = (self.what, self.target, self.measured, met, seconds, self.date, self.on)
        return (f"`{self.name}`", *(" ".join(fact.replace("|", "\\|").split()) for fact in facts))


@attrs.frozen
class Measured:
    """
    What a row's function found.

    Attributes:
        text: For a person.
        met: Whether that is the target, or better.
        details: What was found wrong, if anything, for who has to mend it.
    """

    text: str
    met: bool
    details: str = ""


def is_full():
    return os.environ.get("RELIABILITY") == "full"


def score(name, measure, *, what, target, short, full):
    """
    Measure a row, write it where it is asked for, and make sure that its target is met.

    A row that breaks off is written as one that misses its target.

    Args:
        name: The row's.
        measure: Takes how much is to be done, and gives `Measured`.
        what: What is done, `{size}` standing for how much.
        target: What is promised.
        short: How much is done in every test run.
        full: How much the sessions do.

    Raises:
        ValueError: The file has no table; found out before anything is measured.
        FileNotFoundError: There is no such file; the same.
    """
    size = full if is_full() else short
    table = os.environ.get("RELIABILITY_TABLE")
    if table:
        check(Path(table))

    def write(measured):
        if table:
            row = Row(
                name=name,
                what=what.format(size=f"{size:,}" if isinstance(size, int) else size),
                target=target,
                measured=measured.text,
                met=measured.met,
                seconds=time.perf_counter() - began,
            )
            enter(row, Path(table))

    began = time.perf_counter()
    try:
        measured = measure(size)
    except BaseException as error:
        write(Measured(f"broke off: {repr(error)[:200]}", met=False))
        raise
    write(measured)

    assert measured.met, f"{name}: {measured.text}; the target is {target}\n{measured.details}"


def check(path):
    """
    Make sure that a file has a table.
    """
    with _alone(path) as file:
        _parts(file.read())


def enter(row, path):
    """
    Put a row into a file's table, in place of the one of its name.
    """
    with _alone(path) as file:
        text = entered(row, file.read())
        file.seek(0)
        file.write(text)
        file.truncate()


def entered(row, text):
    """
    The same text, with the row in its table.
    """
    before, table, after = _parts(text)
    lines = {
        match[1]: line for line in table.splitlines() if (match := re.match(r"\| `(\w+)` \|", line))
    }
    lines[row.name] = _line(row.cells)
    ranks = {name: rank for rank, name in enumerate(ORDER)}
    ordered = sorted(lines, key=lambda name: (ranks.get(name, len(ranks)), name))
    whole = [_line(COLUMNS), f"|{'---|' * len(COLUMNS)}", *(lines[name] for name in ordered)]
    return f"{before}{BEGIN}\n{chr(10).join(whole)}\n{END}{after}"


@contextmanager
def _alone(path):
    """
    A file that nobody else has: the rows may be measured by several processes.
    """
    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _parts(text):
    before, _, rest = text.partition(BEGIN)
    table, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"no table between {BEGIN} and {END}")
    return before, table, after


def _line(cells):
    return f"| {' | '.join(cells)} |"
