"""
How much memory the process really has, which is less than what was asked for.
"""

import re
from pathlib import Path

ME = Path("/proc/self")


def begin_anew():
    """
    Let the most that was ever resident begin anew, and tell it, in bytes.
    """
    (ME / "clear_refs").write_text("5")
    return most_resident()


def most_resident():
    """
    The most bytes that were resident at once.
    """
    return int(re.search(r"VmHWM:\s+(\d+) kB", (ME / "status").read_text())[1]) * 1024
