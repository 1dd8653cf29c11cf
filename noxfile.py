"""
The one way to run things: `python -m nox -s NAME`.

Each session installs what it needs into an environment of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import nox

PROJECT = nox.project.load_toml("pyproject.toml")
LOCKED = Path(".ci", "locked")
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]

nox.needs_version = ">=2024.10.9"
nox.options.sessions = ["lint", "typing", "tests"]
nox.options.reuse_existing_virtualenvs = True
# A Python that is not there is skipped by name, where CI is set, too.
nox.options.error_on_missing_interpreters = False
nox.options.download_python = "never"

# Against a browser, and with faults by the thousand.
SLOW = ["tests/browser", "tests/reliability"]
BACKENDS = Path(".nox", "backends-found")
SOAK = "tests/reliability/test_soak.py"
MEASURED = f"{sys.version_info.major}.{sys.version_info.minor}"


def _let_pyenv_show_all() -> None:
    """
    Let pyenv's `python3.12` be Python 3.12, whichever version is its global one.
    """
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found = [
        path.name
        for python in PYTHONS
        for path in sorted(versions.glob(f"{python}.*"))[-1:]
        if (path / "bin" / "python").exists()
    ]
    if found:
        os.environ["PYENV_VERSION"] = ":".join(found)


_let_pyenv_show_all()


def _tools(session: nox.Session, *groups: str) -> None:
    """
    Install groups of dependencies, in the locked versions, and only what has the known hashes.
    """
    files = [word for group in groups for word in ("-r", str(LOCKED / f"{group}.txt"))]
    session.install("--require-hashes", *files)


def _install(session: nox.Session, *groups: str) -> None:
    """
    Install the project with all extras, its dependencies and these groups, locked.
    """
    _tools(session, "test", *groups)
    session.install("--no-deps", "--no-build-isolation", "-e", ".")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """
    Run the tests, on each Python that is there.

    On the Python that runs nox the slow tests run, too, and coverage is measured
    of the others: it takes as long again.
    """
    measured = session.python == MEASURED
    _install(session, *(["browser"] if measured else []))
    session.run("python", "-c", "import sys; print('tests run on', sys.version)")
    pytest = ("python", "-m", "pytest", "-q", "-n", "2")
    if session.posargs:
        session.run(*pytest, *session.posargs)
        return
    if measured:
        session.run(*pytest, *SLOW)
    coverage = ["--cov", "--cov-report=term", "--cov-fail-under=95"] if measured else []
    session.run(*pytest, *(f"--ignore={folder}" for folder in SLOW), *coverage)


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """
    Run the tests with the oldest dependencies that the project allows.
    """
    _install(session)
    session.install("--require-hashes", "-r", str(LOCKED / "lowest.txt"))
    # What is built, and the sessions' own lock, does not depend on them.
    skipped = [*SLOW, "tests/packaging"]
    session.run(
        *("python", "-m", "pytest", "-q", "-n", "2", *session.posargs),
        *(f"--ignore={folder}" for folder in skipped),
    )


@nox.session
def lint(session: nox.Session) -> None:
    """
    Check the format and the code.
    """
    _tools(session, "lint")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")


@nox.session
def typing(session: nox.Session) -> None:
    """
    Check the types, with two checkers.
    """
    _install(session, "typing")
    session.run("mypy")
    session.run("pyright")


@nox.session
def demo(session: nox.Session) -> None:
    """
    Let a bot live through a day, against the service in a box.
    """
    session.install("-e", ".[emulator]")
    session.run("python", "examples/bots_day.py", *session.posargs)


@nox.session(reuse_venv=False)
def sample(session: nox.Session) -> None:
    """
    Run the sample project's tests as its author would: with the built wheel, and no source.
    """
    built = Path(session.create_tmp())
    for old in built.glob("*.whl"):
        old.unlink()
    session.install("build")
    session.run("python", "-m", "build", "--wheel", "--outdir", str(built), ".")
    (wheel,) = built.glob("*.whl")
    session.install(f"{wheel}[testing,cli]", "pytest-asyncio>=1.0")
    session.run("connector-async", "--version")
    with session.chdir("examples/greeter"):
        session.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider")


@nox.session
def pictures(session: nox.Session) -> None:
    """
    Make the README's pictures anew; needs a Chromium.
    """
    _install(session, "browser")
    session.run("python", "examples/timeline.py")
    session.run(
        *("python", "-m", "pytest", "-q", "tests/browser"),
        env={"SCREENSHOTS": "tests/browser/screenshots"},
    )


@nox.session
def reliability(session: nox.Session) -> None:
    """
    Break everything around the client, at full length, and write RELIABILITY.md.

    Then come `backends` and `peers`. With arguments for pytest it is those tests alone.
    """
    _install(session, "fuzz")
    if not session.posargs:
        # Whatever comes of the rows.
        shutil.rmtree(BACKENDS, ignore_errors=True)
        for name in [*(f"backends-{python}" for python in PYTHONS), "peers"]:
            session.notify(name, posargs=[])
    session.run(
        *("python", "-m", "pytest", "-q", "tests/reliability", f"--ignore={SOAK}"),
        *session.posargs,
        env={"RELIABILITY": "full", "RELIABILITY_TABLE": "RELIABILITY.md"},
    )


@nox.session
def soak(session: nox.Session) -> None:
    """
    Keep a client busy for an hour, and write what came of it into RELIABILITY.md.
    """
    _install(session)
    session.run(
        *("python", "-m", "pytest", "-q", SOAK, *session.posargs),
        env={"RELIABILITY": "full", "RELIABILITY_TABLE": "RELIABILITY.md"},
    )


@nox.session(python=PYTHONS)
def backends(session: nox.Session) -> None:
    """
    Run the tests on asyncio's event loop and on uvloop, and write the row of all Pythons so far.
    """
    found = {loop: BACKENDS / f"{session.python}-{loop}.xml" for loop in ("asyncio", "uvloop")}
    BACKENDS.mkdir(parents=True, exist_ok=True)
    for path in found.values():
        # So it stays, and the row tells it, where they do not run to their end.
        path.write_text("")
    try:
        _install(session)
        for loop, path in found.items():
            written = path.with_suffix(".new")
            session.run(
                *("python", "-W", "error", "-m", "pytest", "-q", "-n", "2"),
                *(f"--ignore={folder}" for folder in SLOW),
                f"--junitxml={written}",
                env={"TESTS_LOOP": loop},
                success_codes=[0, 1],
            )
            written.replace(path)
    finally:
        session.run("python", "-m", "tests.reliability.backends", str(BACKENDS), "RELIABILITY.md")


@nox.session
def mutation(session: nox.Session) -> None:
    """
    Change the code that decides, a thousand times and more, and see that the tests notice it.

    `-- retry lane` tries these modules only, and writes nothing.
    """
    _install(session, "mutation")
    session.run(
        *("python", "-m", "tests.mutation", *session.posargs),
        env={"RELIABILITY_TABLE": "RELIABILITY.md"},
    )


@nox.session
def peers(session: nox.Session) -> None:
    """
    Put other clients on the scoreboard's tests, and write RELIABILITY.md; `-- --quick` only tells.
    """
    # Each client has an environment of its own, in `.nox/benchmarks`.
    session.run("python", "benchmarks/rows/run.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """
    Measure what a call costs, ours and the peers'; `-- quick` for the main figures.
    """
    # Each client has an environment of its own, in `.nox/benchmarks`.
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """
    Take the newest versions of what the sessions install, with the hash of each file.
    """
    _tools(session, "lock")

    def take(name: str, *what: str) -> None:
        session.run(
            *("uv", "pip", "compile", *what, "--output-file", str(LOCKED / f"{name}.txt")),
            *("--universal", "--python-version", PYTHONS[0], "--generate-hashes", "--upgrade"),
            *("--no-annotate", "--custom-compile-command", "python -m nox -s lock", "--quiet"),
        )

    ours, first = ("pyproject.toml", "--all-extras"), str(LOCKED / "test.txt")
    take("test", *ours, "--group", "test")
    # Sessions install several at once, so all have the first one's versions.
    for group in PROJECT["dependency-groups"]:
        if group != "test":
            take(group, "--group", group, "--constraint", first)
    take("lowest", *ours, "--resolution", "lowest-direct")


@nox.session
def audit(session: nox.Session) -> None:
    """
    Look up what is known against the locked versions; where nobody can be asked, say so.
    """
    _tools(session, "audit")
    report = Path(session.create_tmp(), "audit.json")
    report.unlink(missing_ok=True)
    # The oldest versions are old on purpose, and nobody is given them.
    locks = sorted(path for path in LOCKED.glob("*.txt") if path.stem != "lowest")
    told = session.run(
        *("pip-audit", "--require-hashes", "--disable-pip"),
        *(word for path in locks for word in ("-r", str(path))),
        *("--format", "json", "--output", str(report)),
        success_codes=[0, 1],
        silent=True,
    )
    if not report.exists() and "ConnectionError" not in str(told):
        session.error(f"pip-audit failed: {told}")
    found = json.loads(report.read_text())["dependencies"] if report.exists() else []
    weak = [f"{each['name']}: {vuln['id']}" for each in found for vuln in each.get("vulns", [])]
    if weak:
        session.error(f"known vulnerabilities: {', '.join(weak)}")
    unknown = sum("skip_reason" in each for each in found)
    if unknown == len(found):
        session.warn("nothing was audited: no database of advisories can be reached from here")
    elif unknown:
        session.warn(f"{unknown} of {len(found)} packages could not be looked up")


@nox.session(reuse_venv=False)
def sbom(session: nox.Session) -> None:
    """
    Tell what an installation brings, as CycloneDX: `dist/connector_async.cdx.json`.
    """
    Path("dist").mkdir(exist_ok=True)
    brought = Path(session.create_tmp(), "brought")
    session.run("python", "-m", "venv", "--clear", str(brought))
    python = brought / ("Scripts" if os.name == "nt" else "bin") / "python"
    session.run(str(python), "-m", "pip", "install", "-q", ".", external=True)
    _tools(session, "sbom")
    session.run(
        *("cyclonedx-py", "environment", str(python), "--pyproject", "pyproject.toml"),
        *("--output-reproducible", "--validate", "--output-file", "dist/connector_async.cdx.json"),
    )
