"""
Mutation testing: `python -m tests.mutation [MODULE …]`.

Fails where fewer than nine tenths of all mutants are killed, or one survives that
`survivors.toml` does not explain.
"""

import os
import sys
import time
from collections import Counter
from json import dumps
from pathlib import Path

from tests.mutation import trial
from tests.mutation.modules import TESTED_BY
from tests.mutation.survivors import listed

TARGET = 0.9


def main(names):
    """
    Try all mutants of the modules, say what became of them, and enter the row.

    A row that breaks off is entered as one that misses its target.

    Returns:
        Whether all is as it should be.
    """
    all_modules = {name.rpartition(".")[2]: name for name in TESTED_BY}
    modules = [all_modules[name] for name in names or all_modules]
    table = None if names else os.environ.get("RELIABILITY_TABLE")
    began, process, counts = time.perf_counter(), os.getpid(), {}

    def write(measured, *, met):
        # A fork that fails has nothing to say here.
        if table and process == os.getpid():
            seconds = time.perf_counter() - began
            _enter(Path(table), counts, measured, met=met, seconds=seconds)

    try:
        measured, met = _measured(modules, counts)
    except BaseException as error:
        write(f"broke off: {repr(error)[:200]}", met=False)
        raise
    write(measured, met=met)
    return met


def _measured(modules, counts):
    """
    What became of all mutants, as text, and whether that is as it should be; filling the counts.
    """
    trial.prepare()
    survivors = []
    for module in modules:
        counts[module], alive = _try(module)
        survivors += alive
    known = {entry.key for entry in listed() if entry.module in modules}
    alive = [mutant.key for mutant in survivors]
    _tell("not explained in survivors.toml", [key for key in alive if key not in known])
    _tell("explained there, but killed or gone", sorted(known.difference(alive)))
    whole = sum(counts.values(), Counter())
    killed, total = _killed(whole), whole.total()
    _say(f"{killed} of {total} killed, {len(survivors)} survive")
    each = ", ".join(
        f"{module.rpartition('.')[2].lstrip('_')} {_killed(count)}/{count.total()}"
        for module, count in counts.items()
    )
    measured = (
        f"{killed:,} killed ({100 * killed / total:.1f} %), {whole[trial.HUNG]} of them since they "
        f"hung; {whole[trial.SURVIVED]} survive, {sum(key in known for key in alive)} of these "
        f"explained in `tests/mutation/survivors.toml`: {each}"
    )
    return measured, killed >= TARGET * total and known.issuperset(alive)


def _try(module):
    # Only its own session installs what it imports.
    from tests.mutation.mutants import mutants_of  # noqa: PLC0415

    mutants = list(mutants_of(module))
    count, alive = Counter(), []
    for mutant, outcome in trial.outcomes(mutants):
        count[outcome] += 1
        if outcome == trial.SURVIVED:
            alive.append(mutant)
    alive.sort(key=mutants.index)
    _say(f"{module}: {_killed(count)} of {count.total()}, {count[trial.HUNG]} of these hung")
    return count, alive


def _killed(count):
    return count[trial.KILLED] + count[trial.HUNG]


def _tell(what, found):
    _say(f"{len(found)} {what}{':' if found else ''}")
    for module, *facts in found:
        # As it may stand in the list.
        names = ("function", "line", "becomes")
        entry = (f"{name} = {dumps(fact)}" for name, fact in zip(names, facts, strict=True))
        _say("\n".join([f'[["{module}"]]', *entry, ""]))


def _say(text):
    print(text, flush=True)  # noqa: T201  # that is what it is for


def _enter(table, counts, measured, *, met, seconds):
    # Not before: it imports the library, of which no trial may begin with a copy.
    from tests.reliability.scoreboard import Row, enter  # noqa: PLC0415

    tried = sum(map(Counter.total, counts.values()))
    row = Row(
        name="mutation",
        what=f"{tried:,} changes to the code that decides, one at a time, "
        "each against its module's own tests; texts and annotations are left alone",
        target="at least 90 % killed; each survivor is explained",
        measured=measured,
        met=met,
        seconds=seconds,
    )
    enter(row, table)


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
