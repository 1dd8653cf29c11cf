"""
Measures our client over each transport that was considered, and writes the table in README.md.

    python benchmarks/transports/run.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from clients import OURS
from environments import python_with
from processes import Service, fresh, service

README: Final = HERE.parent / "README.md"
_MARKED: Final = re.compile(r"(<!-- transports -->\n).*?(<!-- /transports -->)", re.DOTALL)
_LEVELS: Final = (("plain", 100), ("plain", 1_000), ("tls", 100))

TRANSPORTS: Final = {
    "our own, over httptools": ("peers/connector.py", OURS),
    "pyreqwest, without httpx between": ("transports/pyreqwest_direct.py", (*OURS, "pyreqwest")),
    "pyreqwest behind httpx's interface": ("transports/pyreqwest_behind.py", (*OURS, "pyreqwest")),
    "aiohttp behind it": ("transports/aiohttp_behind.py", (*OURS, "httpx-aiohttp")),
    "httpcore's connections, a pool of our own": (
        "transports/httpcore_pool.py",
        (*OURS, "sniffio"),
    ),
    "httpx's own": ("transports/httpx_own.py", (*OURS, "sniffio")),
}


def cost(served: Service, script: str, needs: tuple[str, ...], door: str, in_flight: int) -> float:
    """
    Microseconds of CPU a send, in a fresh process.
    """
    job = {
        "url": served.doors[door],
        "door": served.doors["plain"],
        "ca_file": served.ca_file,
        "in_flight": in_flight,
        "seconds": 1.0,
    }
    seen = fresh(python_with(needs), script, job)
    return (seen["cpu_user"] + seen["cpu_system"]) / seen["calls"] * 1e6


def measured(rounds: int) -> dict[str, list[float]]:
    """
    The medians of each transport, by level; interleaved.
    """
    seen: dict[str, list[list[float]]] = {name: [[] for _ in _LEVELS] for name in TRANSPORTS}
    with service(0.1) as served:
        for _ in range(rounds):
            for name, (script, needs) in TRANSPORTS.items():
                for level, (door, in_flight) in enumerate(_LEVELS):
                    seen[name][level].append(cost(served, script, needs, door, in_flight))
    return {name: list(map(statistics.median, levels)) for name, levels in seen.items()}


def table(medians: dict[str, list[float]]) -> str:
    """
    The medians as Markdown.
    """
    lines = [
        "| µs of CPU a send, everything on | 100 in flight | 1,000 in flight | 100, TLS |",
        "|---|---:|---:|---:|",
        *(
            f"| {name} | {' | '.join(f'{cost:,.0f}' for cost in costs)} |"
            for name, costs in medians.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    told = table(measured(parser.parse_args().rounds))
    print(told)
    text, places = _MARKED.subn(lambda marks: marks[1] + told + marks[2], README.read_text())
    if not places:
        raise RuntimeError(f"{README} has no place for the table")
    README.write_text(text)


if __name__ == "__main__":
    main()
