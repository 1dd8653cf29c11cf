"""
The others on the scoreboard's tests: what is written of them was measured.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> None:
    # The benchmarks are scripts, and no package.
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def module(name: str) -> ModuleType:
    return importlib.import_module(f"rows.{name}")


@pytest.fixture
def table() -> ModuleType:
    return module("table")


@pytest.fixture
def results(table: ModuleType) -> Any:
    return json.loads(table.RESULTS_JSON.read_text())


def test_page_has_the_table(table, results):
    """
    What RELIABILITY.md says of the others is what was measured last, letter for letter.
    """
    page = table.PAGE.read_text()

    assert page == table.in_page(page, results)


def test_changes_nothing_else_on_the_page(table, results):
    """
    Only what is between the marks is written.
    """
    page = "before\n<!-- peers -->\nold\n<!-- /peers -->\nafter\n"

    written = table.in_page(page, results)

    assert written.startswith("before\n<!-- peers -->\n| row |")
    assert written.endswith("\n<!-- /peers -->\nafter\n")
    assert "old" not in written


def test_page_without_marks(table, results):
    """
    A page without the marks is refused, and not changed.
    """
    with pytest.raises(ValueError, match="nothing between"):
        table.in_page("before", results)


def test_everything_was_measured(table, results):
    """
    Each client has a figure in each row, at full length, and nothing failed on the way.
    """
    clients = [client.key for client in module("compared").CLIENTS]

    assert [] == results["failed"]
    assert results["quick"] is False
    assert [table.key_of(*each) for each in table.ROWS] == list(results["rows"])
    assert [clients] * len(table.ROWS) == [list(each["found"]) for each in results["rows"].values()]


def test_versions_are_told(table, results):
    """
    The versions of all that was measured stand there.
    """
    packages = [package for client in module("compared").CLIENTS for package in client.packages]

    assert packages == list(results["versions"])
    assert all(version in table.part(results) for version in results["versions"].values())


def test_settings_are_those_of_the_figures(table, results):
    """
    What is told of a client's settings is what it was measured with, whatever it would be now.
    """
    results["settings"]["teams"] = "as it was then"

    assert ": as it was then.\n" in table.part(results)


def test_settings_against_a_row_are_of_a_row(table):
    """
    Who has settings against what is done in a row has them in one that there is.
    """
    rows = {row for row, _ in table.ROWS}
    careful = {client.key: client.careful_in for client in module("compared").CLIENTS}

    assert ("outage", "redirects") == careful["botframework"]
    assert rows.issuperset(row for several in careful.values() for row in several)


def test_what_was_not_measured_is_told(table, results):
    """
    A client without a figure has no figure made up.
    """
    del results["rows"]["ids"]["found"]["teams"]

    (line,) = [line for line in table.part(results).splitlines() if line.startswith("| `ids`")]

    assert 1 == line.count("not measured")


def test_ours_keeps_its_promises(results):
    """
    In the row of each client, ours is as promised; the figures are of the same test.
    """
    ours = {name: each["found"]["ours"] for name, each in results["rows"].items()}
    lost = ours["ambiguity"]["lost"]

    assert (0, 0, 0) == tuple(
        ours["ambiguity"][key] for key in ("doubled", "silently_lost", "not_told")
    )
    assert {"unknown DeliveryUnknownError": lost} == ours["ambiguity"]["told"]
    assert ([], []) == (ours["retry_after"]["earlier"], ours["retry_after"]["crashed"])
    assert ours["retry_after"]["calls"] == ours["retry_after"]["repeated"]
    assert 0 == ours["ids"]["elsewhere"]
    assert (0, 0, 0) == tuple(ours["redirects"][key] for key in ("tokens", "bodies", "followed"))
    assert (1, {}) == (ours["tokens"]["requests"], ours["tokens"]["failed"])
    for kind in ("503", "reset"):
        assert ours[f"outage, {kind}"]["ratio"] <= 1.15
        assert ours[f"outage, {kind}"]["first_success"] <= 2


@pytest.mark.parametrize("key", ["ours", "agents", "teams", "botframework"])
def test_each_client_has_its_adapter(key):
    """
    Each client in the table has its script, and its settings are named.
    """
    (client,) = [each for each in module("compared").CLIENTS if key == each.key]

    assert (BENCHMARKS / "peers" / client.script).is_file()
    assert client.settings
