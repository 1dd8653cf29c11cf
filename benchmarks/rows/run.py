"""
Puts the others on the scoreboard's tests, beside ours, and writes down what came out.

    python benchmarks/rows/run.py            all: results.json, the table in RELIABILITY.md
    python benchmarks/rows/run.py --quick    a shorter outage, fewer calls; writes nothing
    python benchmarks/rows/run.py --report   writes again what results.json has
    ... --fresh                              installs the peers anew, at their newest
    ... --only ids tokens                    these rows only; writes nothing

Each row is a module here: what the service does, what a client does, and what is
judged of both. Each client is a script in `peers/`, in an environment of its own.
How it is done, and why it is fair, stands under the table.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import json
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from clients import SERVER
from environments import forget, python_with, version_of
from machine import described
from processes import HERE, fresh
from rows import table
from rows.compared import CLIENTS, Compared

_PATIENCE = 200


class Bench:
    """
    Measures rows; what fails is told, and leaves the rest as it is.
    """

    def __init__(self, *, quick: bool) -> None:
        self.failed: list[str] = []
        self.rows: dict[str, Any] = {}
        self._quick = quick

    def measure(self, row: str, kind: str | None) -> None:
        """
        One row, for each client.
        """
        module: Any = importlib.import_module(f"rows.{row}")
        plan = dict(module.QUICK if self._quick else module.FULL)
        if kind is not None:
            plan["kind"] = module.KINDS[kind]
        began = time.perf_counter()
        both = [client for client in CLIENTS if row in client.careful_in]
        ways = [*((client, True) for client in CLIENTS), *((client, False) for client in both)]
        # What takes a minute is done for all at once; it is little work.
        with ThreadPoolExecutor(len(ways) if kind is not None else 1) as threads:
            found = list(threads.map(lambda way: self._one(row, plan, *way), ways))
        careful, comes = found[: len(CLIENTS)], found[len(CLIENTS) :]
        key = table.key_of(row, kind)
        self.rows[key] = {
            "plan": plan,
            "found": _known(CLIENTS, careful),
            "as_it_comes": _known(both, comes),
        }
        self._say(module, key, time.perf_counter() - began)

    def _one(
        self, row: str, plan: dict[str, Any], client: Compared, careful: bool
    ) -> dict[str, Any] | None:
        job = {
            "row": row,
            "plan": plan,
            "careful": careful,
            "python": str(python_with(client.needs)),
            "script": str(HERE / "peers" / client.script),
            "patience": _PATIENCE,
        }
        module: Any = importlib.import_module(f"rows.{row}")
        found: list[dict[str, Any]] = []
        try:
            for _ in range(getattr(module, "ROUNDS", 1)):
                seen = fresh(python_with(SERVER), "rows/service.py", job)
                found.append(module.judge(seen["calls"], seen["record"]))
        except (RuntimeError, subprocess.TimeoutExpired, ValueError) as error:
            self.failed.append(f"{row}, {client.key}: {str(error).splitlines()[-1]}")
            print(error, file=sys.stderr)
            return None
        chosen: dict[str, Any] = module.middle(found) if len(found) > 1 else found[0]
        return chosen

    def _say(self, module: Any, key: str, seconds: float) -> None:
        print(f"{key} ({seconds:.0f} s)", flush=True)
        for client, found in self.rows[key]["found"].items():
            print(f"  {client}: {module.cell(found)}", flush=True)


def _known(clients: Iterable[Compared], found: list[dict[str, Any] | None]) -> dict[str, Any]:
    return {
        client.key: each for client, each in zip(clients, found, strict=True) if each is not None
    }


def results_of(bench: Bench, *, quick: bool) -> dict[str, Any]:
    """
    Everything, as it is written down.
    """
    return {
        "date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d}",
        "machine": described(),
        "quick": quick,
        "versions": {
            package: version_of(package, python_with(client.needs))
            for client in CLIENTS
            for package in client.packages
        },
        "settings": {client.key: client.settings for client in CLIENTS},
        "failed": bench.failed,
        "rows": bench.rows,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="shorter; writes nothing")
    parser.add_argument("--report", action="store_true", help="write again what is known")
    parser.add_argument("--fresh", action="store_true", help="install the peers anew")
    parser.add_argument("--only", nargs="+", help="these rows only; writes nothing")
    options = parser.parse_args()
    if options.report:
        table.write(json.loads(table.RESULTS_JSON.read_text()))
        return
    if options.fresh:
        forget()
    for needs in (SERVER, *(client.needs for client in CLIENTS)):
        python_with(needs)
    began = time.perf_counter()
    bench = Bench(quick=options.quick)
    for row, kind in table.ROWS:
        if options.only is None or row in options.only:
            bench.measure(row, kind)
    print(f"{time.perf_counter() - began:.0f} s in all")
    if not options.quick and options.only is None:
        table.write(results_of(bench, quick=options.quick))
    if bench.failed:
        raise SystemExit("\n".join(["not all was measured:", *bench.failed]))


if __name__ == "__main__":
    main()
