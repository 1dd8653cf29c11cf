"""
One mutant of each module, all of them killed: `python -m tests.mutation.sample`.

In a process of its own, since no trial may begin where the library is loaded.
"""

import sys

from tests.mutation import trial
from tests.mutation.modules import Mutant, source_path, unchanged

SAMPLE = [
    ("connector_async._paging", "self._seen.add(token)", "pass"),
    ("connector_async._retry_after", "max(0.0, date - wall)", "max(0.0, date + wall)"),
    ("connector_async.service_url", 'f".{suffix}"', "suffix"),
    ("connector_async._pipeline.check", "200 <= response.status < 300", "200 <= response.status"),
    ("connector_async._pipeline.lane", "lines.leave(request.conversation)", "pass"),
    ("connector_async._pipeline.retry", "return LOST if error.left", "return NEVER_LEFT"),
    ("connector_async._pipeline.limit", "at_start=not lane", "at_start=lane"),
    ("connector_async.limits.quota", "back <= known and", "back < known and"),
    ("connector_async.limits.memory", "* beyond**3", "* beyond"),
    ("connector_async.auth.tokens", "max(AHEAD, AHEAD_SHARE * life)", "AHEAD"),
]


def main():
    """
    Try them, and one that changes nothing.

    Yields:
        What did not come as it should, a line each.
    """
    trial.prepare()
    mutants = [unchanged(SAMPLE[0][0]), *(_mutant(*entry) for entry in SAMPLE)]
    for mutant, outcome in trial.from_the_beginning(mutants, 60):
        if (outcome == trial.SURVIVED) is bool(mutant.line):
            yield f"{mutant}: {outcome}"


def _mutant(module, line, becomes):
    source = source_path(module).read_text()
    if source.count(line) != 1:
        raise ValueError(f"not once in {module}: {line}")
    changed = source.replace(line, becomes)
    return Mutant(module=module, function="", line=line, becomes=becomes, source=changed)


if __name__ == "__main__":
    sys.exit("\n".join(main()) or 0)
