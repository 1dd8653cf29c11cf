"""
What is built, and given to users, holds what it should, and nothing else.
"""

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from connector_async import __version__

ROOT = Path(__file__).resolve().parents[2]
NAME = f"connector_async-{__version__}"
INFO = f"{NAME}.dist-info"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """
    A folder with what the build makes: the source archive, and from it the wheel.
    """
    folder = tmp_path_factory.mktemp("built")
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run([*build, "-t", "sdist"], cwd=ROOT, check=True, capture_output=True)
    with tarfile.open(folder / f"{NAME}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    subprocess.run([*build, "-t", "wheel"], cwd=folder / NAME, check=True, capture_output=True)
    return folder


@pytest.fixture
def wheel(built):
    with zipfile.ZipFile(built / f"{NAME}-py3-none-any.whl") as opened:
        yield opened


def below(folder, pattern):
    return {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob(pattern)}


def test_wheel(wheel):
    """
    The wheel holds the modules, the console's files, and the wheel's own papers.
    """
    papers = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
    console = below("connector_async/emulator/static", "*.*")

    assert console
    assert {
        *below("connector_async", "*.py"),
        *console,
        "connector_async/py.typed",
        "pytest_connector_async.py",
        *(f"{INFO}/{name}" for name in papers),
    } == set(wheel.namelist())


def test_files_are_whole(wheel):
    """
    Each file of the wheel is the source's, byte by byte.
    """
    ours = [name for name in wheel.namelist() if not name.startswith(INFO)]

    assert {name: (ROOT / name).read_bytes() for name in ours} == {
        name: wheel.read(name) for name in ours
    }


def test_metadata(wheel):
    """
    The wheel asks for what the project does, in ranges, and offers its commands.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    told = Parser().parsestr(wheel.read(f"{INFO}/METADATA").decode())
    points = wheel.read(f"{INFO}/entry_points.txt").decode()

    assert "MIT" == told["License-Expression"]
    assert project["requires-python"] == told["Requires-Python"]
    assert set(project["optional-dependencies"]) == set(told.get_all("Provides-Extra"))
    assert len(project["dependencies"]) == sum(
        "extra ==" not in need for need in told.get_all("Requires-Dist")
    )
    assert not any("==" in need.split(";")[0] for need in told.get_all("Requires-Dist"))
    assert "connector-async = connector_async.cli:main" in points
    assert "connector_async = pytest_connector_async" in points


def test_source_archive(built):
    """
    The source archive has the project's files, and none of a machine's.
    """
    names = {path.name for path in (built / NAME).iterdir()}

    assert {
        ".ci", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "PKG-INFO", "README.md",
        "RELIABILITY.md", "SECURITY.md", "benchmarks", "connector_async", "examples", "noxfile.py",
        "pyproject.toml", "pytest_connector_async.py", "tests",
    } == names  # fmt: skip
    assert not [*(built / NAME).rglob("__pycache__"), *(built / NAME).rglob("*.pyc")]
