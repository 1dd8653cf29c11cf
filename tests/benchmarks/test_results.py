"""
What the benchmarks wrote down belongs together, and says what was measured.
"""

from __future__ import annotations

import importlib
import itertools
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> None:
    # The benchmarks are scripts, and no package.
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.fixture
def report() -> ModuleType:
    return importlib.import_module("report")


@pytest.fixture
def targets() -> ModuleType:
    return importlib.import_module("targets")


@pytest.fixture
def results() -> Any:
    return json.loads((BENCHMARKS / "results.json").read_text())


def costs(**clients: float) -> dict[str, Any]:
    """
    Results in which each client's sends cost the same, however many there are.
    """
    return {
        "cost": {
            client: {
                door: {level: {"cpu": {"median": cost}} for level in ("10", "100", "1000", "5000")}
                for door in ("plain", "tls")
            }
            for client, cost in clients.items()
        },
        "latency": {},
        "figures": {},
    }


@pytest.mark.parametrize("name", ["RESULTS.md", "cost.svg", "latency.svg"])
def test_is_made_of_the_results(report, results, name):
    """
    The page and the pictures are what `results.json` makes, letter for letter.
    """
    path = BENCHMARKS / name

    assert report.files(results)[path] == path.read_text()


def test_readme_has_the_table(report, results):
    """
    What the README says of speed is what was measured last.
    """
    readme = (ROOT / "README.md").read_text()

    assert 1 == readme.count(f"<!-- benchmarks -->\n{report.readme_part(results)}<!-- /benchmarks")


def test_changes_nothing_else_in_the_readme(report, results):
    """
    Only what is between the markers is written.
    """
    readme = "before\n<!-- benchmarks -->\nold\n<!-- /benchmarks -->\nafter\n"

    written = report.in_readme(readme, results)

    assert written.startswith("before\n<!-- benchmarks -->\n![")
    assert written.endswith("\n<!-- /benchmarks -->\nafter\n")
    assert "old" not in written


def test_everything_was_measured(results, targets):
    """
    No target is left out, and nothing failed on the way.
    """
    unmeasured = [
        target.name
        for target in targets.targets(results)
        for one in (target.default, target.fastest)
        if one is not None and one.value is None
    ]

    assert [] == unmeasured
    assert [] == results["failed"]


def test_each_target_has_its_row(report, results, targets):
    """
    RESULTS.md names every target, with its verdict.
    """
    rows = re.findall(
        r"^\| (.+?) \|.*\| (met|\*\*not met\*\*) \|$", report.markdown(results), re.MULTILINE
    )

    assert [target.name for target in targets.targets(results)] == [name for name, _ in rows]
    assert [target.is_met for target in targets.targets(results)] == [
        verdict == "met" for _, verdict in rows
    ]


@pytest.mark.parametrize("name", ["cost.svg", "latency.svg"])
def test_pictures_fit_light_and_dark_pages(name):
    """
    A picture is XML, has a text for those who cannot see it, and colours for both kinds of page.
    """
    text = (BENCHMARKS / name).read_text()

    assert ET.fromstring(text).get("aria-label")
    assert 1 == text.count("@media (prefers-color-scheme:dark)")


def test_compares_with_the_better_event_loop_of_agents(targets):
    """
    microsoft-agents is taken at its best.
    """
    told = costs(ours=60.0, ours_uvloop=30.0, agents=200.0, agents_uvloop=100.0)

    first = next(iter(targets.targets(told)))

    assert (0.6, 0.3) == (first.default.value, first.fastest.value)
    assert first.is_met


def test_accepts_a_tenth_more_over_tls(targets):
    """
    A target of a send's cost is wider by 10 % over TLS, and only there.
    """
    told = costs(ours=65.0, ours_uvloop=43.0, agents=100.0, agents_uvloop=100.0)

    plain, _, tls, *_ = targets.targets(told)

    assert not plain.is_met
    assert tls.is_met


def test_what_was_not_measured_is_not_met(targets):
    """
    A target without a figure does not count as reached.
    """
    assert not any(target.is_met for target in targets.targets(costs()))


@pytest.mark.parametrize(("value", "met"), [(0.95, True), (0.9, True), (0.89, False)])
def test_more_is_better_where_it_says_so(targets, value, met):
    """
    A throughput is to be reached from above.
    """
    assert met is targets.Reached(value, 0.9, at_least=True).is_met


def test_sends_as_much_as_it_says():
    """
    The activity is 2,853 bytes, and a page of members about 195 KB.
    """
    material = importlib.import_module("material")

    assert material.SIZE_BYTES == len(material.compact(material.ACTIVITY))
    assert 194_000 < len(material.MEMBERS_PAGE) < 196_000
    assert 500 == len(json.loads(material.MEMBERS_PAGE))


def test_labels_keep_their_distance():
    """
    Names beside the lines of a picture never stand on one another.
    """
    chart = importlib.import_module("chart")

    places = sorted(chart._spread({"a": 100, "b": 101, "c": 102, "d": 300}, 19, 0, 400).values())

    assert all(below - above > 18.9 for above, below in itertools.pairwise(places))
    assert 300 == places[-1]
