"""
The machine: its cores, its clocks, and how much memory a process has.
"""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path


def cores() -> tuple[int | None, int | None]:
    """
    One core for the client and another for the server; None where none can be chosen.
    """
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    free = sorted(os.sched_getaffinity(0))
    return free[0], free[1] if len(free) > 1 else None


def stay_on(core: int | None) -> None:
    """
    Keep this process, and what it starts, on one core.
    """
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def allow_sockets() -> None:
    """
    As many open sockets as the system lets us have.
    """
    try:
        import resource  # noqa: PLC0415, RUF100
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def rss_bytes() -> int:
    """
    The memory of this process that is in RAM now.
    """
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource  # noqa: PLC0415, RUF100

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def described() -> dict[str, str]:
    """
    What the figures were measured on.
    """
    return {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else "?"),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
