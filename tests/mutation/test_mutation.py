"""
What each test run looks at: that mutants are killed at all, and that the list is of this code.
"""

import ast
import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.mutation.modules import ROOT, TESTED_BY, source_path
from tests.mutation.survivors import listed
from tests.reliability.scoreboard import BEGIN, END


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each trial is a fork, and there are none")
def test_a_mutant_of_each_module_is_killed():
    """
    The tests of each module notice a change to it, and pass without one.
    """
    tried = subprocess.run(
        [sys.executable, "-m", "tests.mutation.sample"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        timeout=300,
        check=False,
    )

    assert (0, "") == (tried.returncode, tried.stderr)


def test_what_breaks_off_is_written_down(tmp_path):
    """
    A trial that could not begin stands in the table as one that missed its target.
    """
    table = tmp_path / "TABLE.md"
    table.write_text(f"{BEGIN}\n| `mutation` | all of it | … | 9 killed | yes |\n{END}\n")

    tried = subprocess.run(
        [sys.executable, "-c", "import connector_async, tests.mutation.__main__ as m; m.main([])"],
        cwd=ROOT,
        env={**os.environ, "RELIABILITY_TABLE": str(table)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert 0 != tried.returncode
    (row,) = [line for line in table.read_text().splitlines() if line.startswith("| `mutation`")]
    told = "broke off: RuntimeError('the library was imported before the trials')"
    assert f"| {told} | **no** |" in row


def test_the_tests_are_there():
    """
    Each module and each of its test files exists.
    """
    paths = [source_path(module) for module in TESTED_BY]
    paths += [ROOT / path for tests in TESTED_BY.values() for path in tests]

    assert [] == [path for path in paths if not path.is_file()]


def test_each_survivor_is_listed_once():
    """
    No survivor is explained twice, and none without words.
    """
    keys = Counter(entry.key for entry in listed())

    assert [] == [key for key, count in keys.items() if count > 1]
    assert all(entry.why.strip() for entry in listed())


@pytest.mark.parametrize("module", TESTED_BY)
def test_survivors_are_of_this_code(module):
    """
    What a survivor changes still stands where the list says.
    """
    texts = texts_of(source_path(module).read_text())

    assert [] == [
        entry
        for entry in listed()
        if entry.module == module and entry.line not in texts.get(entry.function, "")
    ]


def test_survivors_are_of_these_modules():
    """
    No other module's survivors are listed.
    """
    assert {entry.module for entry in listed()} <= set(TESTED_BY)


def texts_of(source):
    """
    The text of each class and function, as one line, by its name; the whole has none.
    """
    texts = {"": as_one_line(source)}

    def visit(node, outer):
        for child in ast.iter_child_nodes(node):
            name = outer
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{outer}.{child.name}".lstrip(".")
                texts[name] = as_one_line(ast.get_source_segment(source, child))
            visit(child, name)

    visit(ast.parse(source), "")
    return texts


def as_one_line(text):
    return " ".join(text.split())
