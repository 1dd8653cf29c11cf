"""
What the sessions install is locked, and the lock is of what the project asks for.
"""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
LOCKED = ROOT / ".ci" / "locked"
PINNED = re.compile(r"^([\w.-]+)==([^ ;\\]+)(?: ; [^\\]+)? \\$", re.MULTILINE)


def groups():
    """
    Of each locked file, what it must have.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = project["dependency-groups"]
    extras = chain.from_iterable(project["project"]["optional-dependencies"].values())
    return {**asked, "test": [*asked["test"], *project["project"]["dependencies"], *extras]}


GROUPS = groups()
LOWEST = "lowest"


def versions(group):
    text = (LOCKED / f"{group}.txt").read_text()
    return {canonicalize_name(name): Version(version) for name, version in PINNED.findall(text)}


def test_each_group_is_locked():
    """
    There is one file for each group, and one of the oldest versions.
    """
    assert {*GROUPS, LOWEST} == {path.stem for path in LOCKED.iterdir()}


@pytest.mark.parametrize("group", GROUPS)
def test_lock_is_of_what_is_asked_for(group):
    """
    Each dependency is locked, in a version that the project allows.
    """
    locked = versions(group)
    needs = [Requirement(need) for need in GROUPS[group]]

    assert [] == [
        str(need)
        for need in needs
        if need.name != "connector-async"
        and locked.get(canonicalize_name(need.name), Version("0")) not in need.specifier
    ]


def test_oldest_are_the_oldest_that_are_allowed():
    """
    What users may have at the least is what the tests run with at the least.
    """
    locked = versions(LOWEST)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = chain.from_iterable(project["optional-dependencies"].values())
    needs = [Requirement(need) for need in (*project["dependencies"], *extras)]

    least = {
        need.name: Version(each.version)
        for need in needs
        for each in need.specifier
        if each.operator == ">="
    }

    assert least == {name: locked[name] for name in least}


@pytest.mark.parametrize("group", [*GROUPS, LOWEST])
def test_all_have_hashes(group):
    """
    Each version has the hashes of its files, and no address of where they are.
    """
    text = (LOCKED / f"{group}.txt").read_text()
    parts = PINNED.split(text)[3::3]

    assert parts
    assert all("--hash=sha256:" in part for part in parts)
    assert "://" not in text


@pytest.mark.parametrize("group", GROUPS)
def test_groups_go_together(group):
    """
    No group has another version of what the tests' has.
    """
    both = versions("test").keys() & versions(group).keys()

    assert {name: versions("test")[name] for name in both} == {
        name: versions(group)[name] for name in both
    }
