"""
Writes down what was measured: RESULTS.md, two pictures, and the README's part.

All of it is made of `results.json`, letter for letter, so a test can tell
whether they still belong together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from chart import cost_chart, latency_chart
from clients import CLIENTS, LEVELS
from targets import Reached, Target, targets

Results = Mapping[str, Any]

HERE: Final = Path(__file__).resolve().parent
README: Final = HERE.parent / "README.md"
RESULTS_JSON: Final = HERE / "results.json"
RESULTS_MD: Final = HERE / "RESULTS.md"

_MARKED: Final = re.compile(r"(<!-- benchmarks -->\n).*?(<!-- /benchmarks -->)", re.DOTALL)
_LABELS: Final = {client.key: client.label for client in CLIENTS}
_IN_README: Final = ("ours", "ours_uvloop", "aiohttp", "agents", "teams", "botframework", "httpx")
_TO: Final = "\u2013"
_NOT_MEASURED: Final = "—"


def files(results: Results) -> dict[Path, str]:
    """
    What is written, but for the README, and where.
    """
    return {
        RESULTS_MD: markdown(results),
        HERE / "cost.svg": cost_chart(results),
        HERE / "latency.svg": latency_chart(results),
    }


def write(results: Results) -> None:
    """
    Write all of it; the README's part, where its markers are.
    """
    for path, content in files(results).items():
        path.write_text(content)
    README.write_text(in_readme(README.read_text(), results))


def in_readme(readme: str, results: Results) -> str:
    """
    The README with its part as the results have it.
    """
    return _MARKED.sub(lambda marks: marks[1] + readme_part(results) + marks[2], readme)


def readme_part(results: Results) -> str:
    """
    The picture and the table that the README shows.
    """
    columns = [("plain", 10), ("plain", 100), ("plain", 1_000), ("tls", 100)]
    header = ["", *(f"{level:,}" for _, level in columns[:3]), "TLS, 100", "latency"]
    rows = [
        [
            _named(results, client),
            *(_median(results, client, door, level) for door, level in columns),
            _latency(results, client),
        ]
        for client in _IN_README
    ]
    what = (
        "µs of CPU in the client's process for each send, with 10, 100 and 1,000 in flight; and "
        "the median and the 99th percentile of its latency, in ms, with a service that takes "
        "100 ms:"
    )
    how = (
        f"Measured on {results['date']} with Python {results['machine']['python']}; medians of "
        f"{results['rounds']} rounds. How, and everything else, is in "
        "[benchmarks](benchmarks/README.md)."
    )
    picture = "![µs of CPU a send, by calls in flight](benchmarks/cost.svg)"
    return "\n".join([picture, "", what, "", *_table(header, rows), "", how, ""])


def markdown(results: Results) -> str:
    """
    RESULTS.md.
    """
    sections = {
        "# Results": _facts(results),
        "## What was to be reached": _targets(results),
        "## What a send costs": _sends(results),
        "## How long a send takes": _latencies(results),
        "## Other figures": _figures(results),
    }
    lines = [line for title, section in sections.items() for line in (title, "", *section, "")]
    return "\n".join(lines).rstrip() + "\n"


def _facts(results: Results) -> Iterator[str]:
    machine = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    yield (
        f"{results['date']}, Python {machine['python']}, {machine['processor']}, "
        f"{machine['cores']} cores, {machine['system']}.  "
    )
    yield f"{versions}.  "
    yield (
        f"Medians of {results['rounds']} rounds in fresh processes; the lowest and the highest in "
        "brackets. Compare only within this page."
    )
    for client, fields in results["differs"].items():
        yield ""
        yield f"{_LABELS[client]} does not send as it was given: {', '.join(fields)}."
    for failure in results["failed"]:
        yield ""
        yield f"Failed: {failure}"


def _sends(results: Results) -> Iterator[str]:
    yield "![µs of CPU a send, by calls in flight](cost.svg)"
    yield ""
    yield "µs of CPU, user and system, of the client's process for each send, by calls in flight."
    yield ""
    yield from _costs(results, "plain")
    yield ""
    yield "Over TLS:"
    yield ""
    yield from _costs(results, "tls")
    yield ""
    yield (
        "Sends a second, and in brackets how busy the server was: it has a core of its own, and "
        "holds nobody up while that is well below 100 %."
    )
    yield ""
    yield from _rates(results)


def _targets(results: Results) -> Iterator[str]:
    rows = [
        [
            target.name,
            _wanted(target, target.default),
            _shown(target, target.default),
            "" if target.fastest is None else _wanted(target, target.fastest),
            "" if target.fastest is None else _shown(target, target.fastest),
            _verdict(target),
        ]
        for target in targets(results)
    ]
    yield from _table(
        ["figure", "target", "default", "target, uvloop", "uvloop", ""], rows, align="l----l"
    )


def _verdict(target: Target) -> str:
    values = [one.value for one in (target.default, target.fastest) if one is not None]
    if any(value is None for value in values):
        return "not measured"
    return "met" if target.is_met else "**not met**"


def _wanted(target: Target, reached: Reached) -> str:
    return f"{'≥' if reached.at_least else '≤'} {_told(reached.limit, target.unit)}"


def _shown(target: Target, reached: Reached) -> str:
    if reached.value is None:
        return _NOT_MEASURED
    told = _told(reached.value, target.unit)
    return told if reached.is_met else f"**{told}**"


def _told(value: float, unit: str) -> str:
    if unit == "seconds":
        return f"{value * 1e3:.0f} ms" if value * 1e3 >= 200 else f"{value * 1e3:.1f} ms"
    if unit == "ratio":
        return f"{value:.3f}" if value < 0.2 else f"{value:.2f}"
    number = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"
    return f"{number} {'µs' if unit == 'microseconds' else unit}"


def _costs(results: Results, door: str) -> Iterator[str]:
    levels = [
        level
        for level in LEVELS
        if any(str(level) in doors.get(door, {}) for doors in results["cost"].values())
    ]
    rows = [
        [_named(results, client), *(_spread(results, client, door, level) for level in levels)]
        for client in _LABELS
        if door in results["cost"].get(client, {})
    ]
    yield from _table(["", *(f"{level:,}" for level in levels)], rows)


def _rates(results: Results) -> Iterator[str]:
    cells = [("plain", 100), ("plain", 1_000), ("tls", 100), ("tls", 1_000)]
    rows = []
    for client, doors in results["cost"].items():
        told = [doors.get(door, {}).get(str(level)) for door, level in cells]
        rows.append(
            [
                _LABELS[client],
                *(
                    _NOT_MEASURED
                    if one is None
                    else f"{one['rate']['median']:,.0f} ({one['server_share']['median']:.0%})"
                    for one in told
                ),
            ]
        )
    yield from _table(["", "100", "1,000", "TLS, 100", "TLS, 1,000"], rows)


def _latencies(results: Results) -> Iterator[str]:
    yield "![Latency of a send](latency.svg)"
    yield ""
    yield "ms, with a service that takes 100 ms, 100 in flight."
    yield ""
    rows = [
        [_LABELS[client], *(_range(seen[share], 1e3, 1) for share in ("p50", "p99"))]
        for client, seen in results["latency"].items()
    ]
    yield from _table(["", "median", "99th percentile"], rows)


def _figures(results: Results) -> Iterator[str]:
    told = {
        "codec": ("The activity, 2,853 bytes", "µs", 1.0),
        "members_page": ("A page of 500 members", "µs", 1.0),
        "members_page_teams": ("The same, microsoft-teams-api", "µs", 1.0),
        "steps": ("A send over a transport that answers at once, all and by step", "µs", 1.0),
        "hot_token": ("A token that is there", "µs", 1.0),
        "limits": ("Limits", "µs", 1.0),
        "imports": ("Imports, over a bare Python", "ms", 1.0),
        "in_flight": ("1,000 calls in flight", "MiB", 2.0**20),
        "in_flight_tls": ("The same, TLS", "MiB", 2.0**20),
        "growth": ("50,000 calls", "MiB", 2.0**20),
        "attachment": ("1 GiB to a file", "MiB/s", 1.0),
        "paging": ("100,000 members", "s", 1.0),
    }
    other_units = {
        ("limits", "bytes_a_key"): ("bytes", 1.0),
        ("attachment", "above_idle"): ("MiB", 2.0**20),
    }
    rows = []
    for name, (title, unit, part) in told.items():
        for number, (key, one) in enumerate(results["figures"].get(name, {}).items()):
            unit_, part_ = other_units.get((name, key), (unit, part))
            median, low, high = (_plain(one[what] / part_) for what in ("median", "low", "high"))
            rows.append(
                [
                    "" if number else title,
                    key.replace("_", " "),
                    f"{median} {unit_}",
                    f"{low}{_TO}{high}",
                ]
            )
    yield from _table(["", "", "median", "lowest to highest"], rows, align="ll--")


def _plain(value: float) -> str:
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _named(results: Results, client: str) -> str:
    if client == "floor":
        return _LABELS[client]
    package = next(one.package for one in CLIENTS if one.key == client)
    version = f" {results['versions'][package]}"
    first, blank, rest = _LABELS[client].partition(" ")
    name = f"{first.rstrip(',')}{version}{',' * first.endswith(',')}{blank}{rest}"
    return f"**{name}**" if client in {"ours", "ours_uvloop"} else name


def _median(results: Results, client: str, door: str, level: int) -> str:
    told = results["cost"].get(client, {}).get(door, {}).get(str(level))
    return _NOT_MEASURED if told is None else f"{told['cpu']['median']:,.0f}"


def _spread(results: Results, client: str, door: str, level: int) -> str:
    told = results["cost"].get(client, {}).get(door, {}).get(str(level))
    if told is None:
        return _NOT_MEASURED
    return _range(told["cpu"])


def _range(told: Mapping[str, float], times: float = 1.0, digits: int = 0) -> str:
    median, low, high = (f"{told[what] * times:,.{digits}f}" for what in ("median", "low", "high"))
    return f"{median} ({low}{_TO}{high})"


def _latency(results: Results, client: str) -> str:
    told = results["latency"].get(client)
    if told is None:
        return _NOT_MEASURED
    return f"{told['p50']['median'] * 1e3:,.0f}, {told['p99']['median'] * 1e3:,.0f}"


def _table(header: list[str], rows: list[list[str]], *, align: str = "") -> Iterator[str]:
    sides = align or "l" + "-" * (len(header) - 1)
    yield "| " + " | ".join(header) + " |"
    yield "|" + "|".join("---" if side == "l" else "---:" for side in sides) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
