"""
Two pictures, drawn by hand as SVG; each reads well on a light page and on a dark one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

Results = Mapping[str, Any]

_WIDTH: Final = 860
_FONT: Final = (
    "ui-sans-serif, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
)
_COLOURS: Final = {
    # client: (on light, on dark)
    "ours": ("#1d4ed8", "#7cb0ff"),
    "ours_uvloop": ("#0891b2", "#4dd8ee"),
    "aiohttp": ("#15803d", "#6bd58f"),
    "agents": ("#c2410c", "#ff9f5f"),
    "agents_turn": ("#9a6b4f", "#c9a58f"),
    "teams": ("#7e22ce", "#cf9bff"),
    "botframework": ("#be123c", "#ff8fa3"),
    "httpx": ("#a16207", "#e8c34a"),
    "floor": ("#6b7280", "#9aa3b2"),
}
_LABELS: Final = {
    "ours": "connector_async",
    "ours_uvloop": "connector_async, uvloop",
    "aiohttp": "aiohttp + orjson",
    "agents": "microsoft-agents",
    "agents_turn": "microsoft-agents, a session a turn",
    "teams": "microsoft-teams-api",
    "botframework": "botframework-connector",
    "httpx": "httpx",
    "floor": "the floor: bare sockets",
}
_OURS: Final = ("ours", "ours_uvloop")


@dataclass(frozen=True)
class _Point:
    x: float
    y: float
    low: float
    high: float


def cost_chart(results: Results) -> str:
    """
    The CPU of a send by how many are in flight.
    """
    left, right, top, bottom = 58, 606, 96, 456
    lines = {
        client: sorted((int(level), told["cpu"]) for level, told in doors["plain"].items())
        for client, doors in results["cost"].items()
        if client in _LABELS and len(doors.get("plain", {})) > 1
    }
    values = [cpu[end] for line in lines.values() for _, cpu in line for end in ("low", "high")]
    levels = sorted({level for line in lines.values() for level, _ in line})
    floor, ceiling = _decades(values or [10, 10_000])

    def x(level: float) -> float:
        span = math.log10(max(levels)) - math.log10(min(levels)) or 1
        return left + (right - left) * (math.log10(level) - math.log10(min(levels))) / span

    def y(cost: float) -> float:
        share = (math.log10(cost) - floor) / (ceiling - floor)
        return bottom - (bottom - top) * share

    parts = [
        _title("What a send costs", "µs of CPU in the client's process, by calls in flight; plain"),
        *_cost_grid(floor, ceiling, y, left, right),
    ]
    for level in levels or [1]:
        parts += [
            _upright("tick", x(level), bottom, bottom + 5),
            _text(x(level), bottom + 22, f"{level:,}", "axis", "middle"),
        ]
    parts.append(_text((left + right) / 2, bottom + 44, "calls in flight", "axis", "middle"))
    parts.append(_text(_WIDTH - 22, top - 18, "at 1,000", "axis", "end"))
    ends: dict[str, _Point] = {}
    for client in sorted(lines, key=lambda key: key in _OURS):
        points = [
            _Point(x(level), y(cpu["median"]), y(cpu["low"]), y(cpu["high"]))
            for level, cpu in lines[client]
        ]
        parts.append(_line(client, points))
        ends[client] = points[-1]
    places = _spread({client: end.y for client, end in ends.items()}, 19, top, bottom + 8)
    for client, end in ends.items():
        place = places[client]
        cost = dict(lines[client]).get(1_000, {"median": math.nan})["median"]
        parts += [
            _lead(client, (end.x + 6, end.y), (right + 8, end.y), (right + 18, place)),
            _text(right + 23, place + 4.5, _LABELS[client], f"name t-{client}{_weight(client)}"),
            _text(_WIDTH - 22, place + 4.5, _number(cost), f"value t-{client}", "end"),
        ]
    return _picture(520, parts, "What a send costs, by calls in flight")


def latency_chart(results: Results) -> str:
    """
    How long a send takes with a service that takes 100 ms.
    """
    left, right, top, step = 258, 680, 100, 38
    told = {
        client: (seen["p50"]["median"] * 1e3, seen["p99"]["median"] * 1e3)
        for client, seen in results["latency"].items()
        if client in _LABELS
    }
    rows = sorted(told, key=lambda client: told[client])
    most = max([130.0, *(p99 for _, p99 in told.values())])
    ticks = [tick for tick in (100, 200, 500, 1_000, 2_000, 5_000, 10_000) if tick <= most * 1.05]
    bottom = top + step * len(rows)

    def x(milliseconds: float) -> float:
        span = math.log10(most * 1.08 / 100)
        share = math.log10(max(milliseconds, 100.0) / 100) / span
        return left + (right - left) * share

    parts = [
        _title(
            "How long a send takes",
            "100 in flight, the service takes 100 ms; median and 99th percentile, in ms",
        ),
    ]
    for tick in ticks:
        kind = "edge" if tick == 100 else "grid"
        parts += [
            _upright(kind, x(tick), top - 8, bottom),
            _text(x(tick), bottom + 20, f"{tick:,}", "axis", "middle"),
        ]
    for number, client in enumerate(rows):
        p50, p99 = told[client]
        middle = top + step * number + step / 2 - 4
        parts += [
            _text(
                left - 18, middle + 4.5, _LABELS[client], f"name t-{client}{_weight(client)}", "end"
            ),
            _level(f"span c-{client}", x(p50), x(p99), middle),
            f'<circle class="far c-{client}" cx="{x(p99):.1f}" cy="{middle:.1f}" r="4.5"/>',
            f'<circle class="dot f-{client}" cx="{x(p50):.1f}" cy="{middle:.1f}" r="6"/>',
            _text(_WIDTH - 86, middle + 4.5, f"{p50:,.0f}", f"value t-{client}", "end"),
            _text(_WIDTH - 26, middle + 4.5, f"{p99:,.0f}", f"value t-{client}", "end"),
        ]
    parts += [
        _text(_WIDTH - 86, top - 14, "median", "axis", "end"),
        _text(_WIDTH - 26, top - 14, "99 %", "axis", "end"),
        _text(x(100), top - 14, "the service itself", "axis", "middle"),
    ]
    return _picture(bottom + 42, parts, "How long a send takes when the service takes 100 ms")


def _weight(client: str) -> str:
    return " ours" if client in _OURS else ""


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:,.0f}"


def _decades(values: Sequence[float]) -> tuple[int, int]:
    return math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))


def _cost_grid(floor: int, ceiling: int, y: Any, left: float, right: float) -> list[str]:
    parts = []
    for decade in range(floor, ceiling + 1):
        for step in (1, 2, 5):
            cost = step * 10**decade
            if cost > 10**ceiling:
                break
            kind = "grid" if step == 1 else "grid faint"
            parts.append(_level(kind, left, right, y(cost)))
            parts.append(_text(left - 9, y(cost) + 4, f"{cost:,}", "axis", "end"))
    return parts


def _line(client: str, points: Sequence[_Point]) -> str:
    band = [(point.x, point.high) for point in points]
    band += [(point.x, point.low) for point in reversed(points)]
    area = " ".join(f"{x:.1f},{y:.1f}" for x, y in band)
    path = " ".join(f"{point.x:.1f},{point.y:.1f}" for point in points)
    dots = "".join(
        f'<circle class="dot f-{client}" cx="{point.x:.1f}" cy="{point.y:.1f}" r="3.6"/>'
        for point in points
    )
    return (
        f'<polygon class="band f-{client}" points="{area}"/>'
        f'<polyline class="line c-{client}{_weight(client)}" points="{path}"/>{dots}'
    )


def _spread(wanted: Mapping[str, float], gap: float, top: float, bottom: float) -> dict[str, float]:
    """
    Places near the wanted ones, each so far from the next.
    """
    order = sorted(wanted, key=lambda key: wanted[key])
    places = {key: wanted[key] for key in order}
    for _ in range(200):
        for above, below in itertools.pairwise(order):
            short = gap - (places[below] - places[above])
            if short > 0:
                places[above] -= short / 2
                places[below] += short / 2
        for key in order:
            places[key] = min(max(places[key], top), bottom)
    return places


def _level(kind: str, left: float, right: float, y: float) -> str:
    return f'<line class="{kind}" x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _upright(kind: str, x: float, top: float, bottom: float) -> str:
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>'


def _lead(client: str, *places: tuple[float, float]) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline class="lead c-{client}" points="{path}"/>'


def _text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def _title(title: str, subtitle: str) -> str:
    return _text(24, 38, title, "title") + _text(24, 60, subtitle, "subtitle")


def _style() -> str:
    def colours(which: int) -> str:
        return "".join(
            f".t-{client},.f-{client}{{fill:{pair[which]}}}.c-{client}{{stroke:{pair[which]}}}"
            for client, pair in _COLOURS.items()
        )

    return (
        f"text{{font-family:{_FONT};font-size:13px}}"
        ".title{font-size:19px;font-weight:650;fill:#16181d}.subtitle{fill:#5b6270}"
        ".axis{fill:#5b6270;font-size:12px}.name,.value{font-weight:500}.ours{font-weight:700}"
        ".value{font-variant-numeric:tabular-nums}"
        ".card{fill:#ffffff;stroke:#dfe3ea}.grid{stroke:#e3e6ec}.faint{stroke-dasharray:2 4}"
        ".edge,.tick{stroke:#8b93a3}.line{fill:none;stroke-width:2;stroke-linejoin:round}"
        ".line.ours{stroke-width:3.4}.band{opacity:.13}.dot{stroke:#ffffff;stroke-width:1.4}"
        ".lead{fill:none;stroke-width:1;stroke-dasharray:1.5 3;opacity:.8}"
        ".span{stroke-width:4;opacity:.35}.far{fill:#ffffff;stroke-width:2}"
        f"{colours(0)}"
        "@media (prefers-color-scheme:dark){"
        ".title{fill:#eef1f6}.subtitle,.axis{fill:#a3acbb}.card{fill:#14171d;stroke:#2b313b}"
        ".grid{stroke:#2a303a}.edge,.tick{stroke:#717b8b}.dot{stroke:#14171d}.far{fill:#14171d}"
        f"{colours(1)}}}"
    )


def _picture(height: float, parts: Sequence[str], description: str) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" '
        f'width="{_WIDTH}" height="{height:.0f}" role="img" aria-label="{escape(description)}">\n'
        f"<style>{_style()}</style>\n"
        f'<rect class="card" x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1:.0f}" '
        f'rx="12"/>\n{body}\n</svg>\n'
    )
