"""
Measures everything, and writes down what came out.

    python benchmarks/run.py          all: RESULTS.md, results.json, pictures, the README's table
    python benchmarks/run.py quick    the main figures, printed; nothing is written
    python benchmarks/run.py report   writes again what results.json has, without measuring
    ... --fresh                       installs the peers anew, at their newest
    ... --rounds 1                    fewer rounds of everything

How it is done, and why it is fair, stands in README.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import report
from clients import CLIENTS, OURS, SERVER, Client
from environments import forget, python_with, version_of
from machine import described
from processes import Service, fresh, service

SERVICE_TIME: Final = 0.1

# Thousands of handshakes take half a minute for each client: three rounds must do.
_MANY: Final = 5_000
_ROUNDS_OF_MANY: Final = 3


@dataclass(frozen=True)
class Plan:
    """
    How much is measured.

    Attributes:
        rounds: How often each cost is measured, in a fresh process each time.
        seconds: How long one of these is, about; never less than two calls for each in flight.
        levels: With how many calls in flight.
        tls_levels: The same over TLS.
        latency_rounds: How often each latency is measured.
        latency_seconds: How long one of these is.
        figure_rounds: How often each other figure is measured.
        figures: Which of them.
        slow_too: Whether the slow ones are measured everywhere; else at 100 in flight only.
    """

    rounds: int
    seconds: float
    levels: tuple[int, ...]
    tls_levels: tuple[int, ...]
    latency_rounds: int
    latency_seconds: float
    figure_rounds: int
    figures: tuple[str, ...]
    slow_too: bool = True


_SMALL: Final = ("codec", "members_page", "members_page_teams", "steps", "hot_token", "limits")
FULL: Final = Plan(
    rounds=5,
    seconds=1.0,
    levels=(1, 10, 100, 1_000, 5_000),
    tls_levels=(1, 10, 100, 1_000, 5_000),
    latency_rounds=5,
    latency_seconds=2.0,
    figure_rounds=3,
    figures=(*_SMALL, "imports", "in_flight", "in_flight_tls", "growth", "attachment", "paging"),
)
QUICK: Final = Plan(
    rounds=2,
    seconds=0.4,
    levels=(10, 100, 1_000),
    tls_levels=(100,),
    latency_rounds=1,
    latency_seconds=1.0,
    figure_rounds=1,
    figures=(*_SMALL, "imports", "in_flight", "paging"),
    slow_too=False,
)

_TEAMS: Final = next(client.needs for client in CLIENTS if client.key == "teams")


@dataclass(frozen=True)
class Figure:
    """
    One of the other figures.

    Attributes:
        script: In `figures/`.
        needs: What its environment has.
        door: Which of the server's doors it asks.
        job: What it is told besides.
    """

    script: str
    needs: tuple[str, ...] = OURS
    door: str = "plain"
    job: tuple[tuple[str, int], ...] = ()


_FIGURES: Final = {
    "codec": Figure("codec.py"),
    "members_page": Figure("members_page.py"),
    "members_page_teams": Figure("members_page_teams.py", needs=_TEAMS),
    "steps": Figure("steps.py"),
    "hot_token": Figure("hot_token.py"),
    "limits": Figure("limits.py", job=(("keys", 1_000_000),)),
    "imports": Figure("imports.py", job=(("rounds", 11),)),
    "in_flight": Figure("in_flight.py", door="plain_slow"),
    "in_flight_tls": Figure("in_flight.py", door="tls_slow"),
    "growth": Figure("growth.py", job=(("calls", 50_000),)),
    "attachment": Figure("attachment.py", job=(("rounds", 3),)),
    "paging": Figure("paging.py", job=(("rounds", 3),)),
}

# What a figure is in, where it is several times measured: each key's values.
Seen = dict[tuple[str, ...], dict[str, list[float]]]


class Bench:
    """
    Measures by a plan; what fails is told, and leaves the rest as it is.
    """

    def __init__(self, plan: Plan, there: Service) -> None:
        self.failed: list[str] = []
        self.differs: dict[str, list[str]] = {}
        self._plan = plan
        self._there = there
        self._seen: Seen = defaultdict(lambda: defaultdict(list))

    def cost(self) -> None:
        """
        The CPU of a send, with so many in flight.
        """
        for round_ in range(self._plan.rounds):
            for door, level in self._cells():
                if level >= _MANY and round_ >= _ROUNDS_OF_MANY:
                    continue
                for client in _rotated(self._measured_at(door, level), round_):
                    seen = self._send(client, door, level, self._plan.seconds)
                    if seen is None:
                        continue
                    calls = seen["calls"]
                    key = ("cost", client.key, door, str(level))
                    self._note(
                        key,
                        cpu=(seen["cpu_user"] + seen["cpu_system"]) / calls * 1e6,
                        system=seen["cpu_system"] / calls * 1e6,
                        rate=calls / seen["wall"],
                        server_share=seen["server_share"],
                    )
                self._say(f"round {round_ + 1}, {door}, {level:,} in flight")

    def latency(self) -> None:
        """
        How long a send takes with a service that takes its time, 100 in flight.
        """
        for round_ in range(self._plan.latency_rounds):
            for client in _rotated(self._quick_enough(CLIENTS), round_):
                seen = self._send(
                    client, "plain_slow", 100, self._plan.latency_seconds, latency=True
                )
                if seen is not None:
                    self._note(("latency", client.key), p50=seen["p50"], p99=seen["p99"])
            self._say(f"round {round_ + 1}, latency")

    def figures(self) -> None:
        """
        The other figures.
        """
        for round_ in range(self._plan.figure_rounds):
            for name in self._plan.figures:
                figure = _FIGURES[name]
                job = {
                    "url": self._there.doors[figure.door],
                    "ca_file": self._there.ca_file,
                    **dict(figure.job),
                }
                seen = self._fresh(figure.needs, f"figures/{figure.script}", job)
                if seen is not None:
                    self._note(("figures", name), **seen)
            self._say(f"round {round_ + 1}, other figures")

    def results(self) -> dict[str, Any]:
        """
        Everything, as it is written down.
        """
        found: dict[str, Any] = {"cost": {}, "latency": {}, "figures": {}}
        for path, keys in self._seen.items():
            place = found
            for part in path:
                place = place.setdefault(part, {})
            place.update({key: _summary(values) for key, values in keys.items()})
        return {
            "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d"),
            "machine": described(),
            "rounds": self._plan.rounds,
            "versions": _versions(),
            "differs": self.differs,
            "failed": self.failed,
            **found,
        }

    def _cells(self) -> Iterator[tuple[str, int]]:
        yield from (("plain", level) for level in self._plan.levels)
        yield from (("tls", level) for level in self._plan.tls_levels)

    def _measured_at(self, door: str, level: int) -> list[Client]:
        there = [
            client
            for client in CLIENTS
            if level in (client.tls_levels if door == "tls" else client.levels)
        ]
        return there if (door, level) == ("plain", 100) else self._quick_enough(there)

    def _quick_enough(self, clients: Iterable[Client]) -> list[Client]:
        return [client for client in clients if self._plan.slow_too or _MANY in client.levels]

    def _send(
        self, client: Client, door: str, in_flight: int, seconds: float, *, latency: bool = False
    ) -> dict[str, Any] | None:
        job = {
            "url": self._there.doors[door],
            "door": self._there.doors["plain"],
            "ca_file": self._there.ca_file,
            "in_flight": in_flight,
            "seconds": seconds,
            "latency": latency,
            "uvloop": client.uvloop,
        }
        seen = self._fresh(client.needs, f"peers/{client.script}", job)
        if seen is not None and seen["differs"]:
            self.differs[client.key] = seen["differs"]
        return seen

    def _fresh(
        self, needs: tuple[str, ...], script: str, job: dict[str, Any]
    ) -> dict[str, Any] | None:
        # Whose authorities cannot be named otherwise takes them from the environment.
        environment = {"SSL_CERT_FILE": self._there.ca_file}
        try:
            return fresh(python_with(needs), script, job, environment)
        except (RuntimeError, subprocess.TimeoutExpired, ValueError) as error:
            self.failed.append(f"{script}: {str(error).splitlines()[-1]}")
            print(error, file=sys.stderr)
            return None

    def _note(self, path: tuple[str, ...], **values: float) -> None:
        for key, value in values.items():
            self._seen[path][key].append(value)

    def _say(self, what: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)


def _rotated(clients: Iterable[Client], round_: int) -> list[Client]:
    # Who comes first in one round comes later in the next.
    several = list(clients)
    start = 3 * round_ % len(several) if several else 0
    return several[start:] + several[:start]


def _summary(values: list[float]) -> dict[str, float]:
    return {
        "median": _short(statistics.median(values)),
        "low": _short(min(values)),
        "high": _short(max(values)),
    }


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def _versions() -> dict[str, str]:
    told = {
        client.package: version_of(client.package, python_with(client.needs))
        for client in CLIENTS
        if client.package is not None
    }
    told["uvloop"] = version_of("uvloop", python_with(OURS))
    told["orjson"] = version_of("orjson", python_with(OURS))
    return told


def _plan(what: str, rounds: int | None) -> Plan:
    plan = QUICK if what == "quick" else FULL
    if rounds is None:
        return plan
    return replace(
        plan,
        rounds=min(plan.rounds, rounds),
        latency_rounds=min(plan.latency_rounds, rounds),
        figure_rounds=min(plan.figure_rounds, rounds),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=["all", "quick", "report"], default="all")
    parser.add_argument("--fresh", action="store_true", help="install the peers anew")
    parser.add_argument("--rounds", type=int, help="how often, at the most")
    options = parser.parse_args()
    if options.what == "report":
        report.write(json.loads(report.RESULTS_JSON.read_text()))
        return
    if options.fresh:
        forget()
    for needs in dict.fromkeys([SERVER, *(client.needs for client in CLIENTS)]):
        python_with(needs)
    begun = time.perf_counter()
    with service(SERVICE_TIME) as there:
        bench = Bench(_plan(options.what, options.rounds), there)
        bench.cost()
        bench.latency()
        bench.figures()
    results = bench.results()
    if options.what == "quick":
        print(report.markdown(results))
    else:
        report.RESULTS_JSON.write_text(json.dumps(results, indent=1) + "\n")
        report.write(results)
    print(f"took {(time.perf_counter() - begun) / 60:.1f} minutes")
    sys.exit(1 if bench.failed else 0)


if __name__ == "__main__":
    main()
