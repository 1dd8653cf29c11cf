"""
Importing the package, against importing httpx; both over a Python that imports nothing.

In CPU, where the system tells it: what a process waited for is not its own.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from timing import job, tell

try:
    import resource
except ImportError:  # Windows has none.
    resource = None

_WHAT = ("pass", "import httpx", "import connector_async")


def clock() -> float:
    """
    Seconds, of the children's CPU or of the day.
    """
    if resource is None:
        return time.perf_counter()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


told = job()
taken: dict[str, list[float]] = {what: [] for what in _WHAT}
for round_ in range(told["rounds"] + 1):
    for what in _WHAT:
        begun = clock()
        subprocess.run([sys.executable, "-c", what], check=True)
        # The first round writes what is compiled.
        if round_:
            taken[what].append((clock() - begun) * 1e3)
bare, httpx, ours = (statistics.median(taken[what]) for what in _WHAT)
tell(bare=bare, httpx=httpx - bare, ours=ours - bare)
