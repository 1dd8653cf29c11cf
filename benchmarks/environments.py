"""
One virtual environment for each set of packages, made once and kept.

They lie in `.nox/benchmarks`, and are made anew when what they need changes, or
with `--fresh`, which is how newer versions of the peers come in.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
_KEPT: Final = ROOT / ".nox" / "benchmarks"


def python_with(needs: tuple[str, ...]) -> Path:
    """
    The Python of an environment that has these packages, and nothing else.
    """
    known = (ROOT / "pyproject.toml").read_text() if "." in needs else ""
    digest = hashlib.sha256(repr((sys.version, needs, known)).encode()).hexdigest()[:12]
    place = _KEPT / digest
    python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    complete = place / "complete"
    if not complete.exists():
        shutil.rmtree(place, ignore_errors=True)
        print(f"installing {', '.join(needs) or 'nothing'} ...", flush=True)
        venv.create(place, with_pip=True)
        if needs:
            words = [word for need in needs for word in _words(need)]
            _run(python, "-m", "pip", "install", "--disable-pip-version-check", *words)
        complete.touch()
    return python


def forget() -> None:
    """
    Remove all environments.
    """
    shutil.rmtree(_KEPT, ignore_errors=True)


def version_of(package: str, python: Path) -> str:
    """
    The version of a package in an environment.
    """
    asked = f"import importlib.metadata as m; print(m.version({package!r}))"
    told = subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True)
    return told.stdout.strip()


def _run(*command: str | Path) -> None:
    told = subprocess.run(command, check=False, capture_output=True, text=True)
    if told.returncode:
        raise RuntimeError(f"{command} failed:\n{told.stdout[-2_000:]}{told.stderr[-4_000:]}")


def _words(need: str) -> list[str]:
    return ["--editable", str(ROOT)] if need == "." else [need]
