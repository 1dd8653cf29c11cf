"""
The server and the clients under test, each in a fresh process on a core of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from clients import SERVER
from environments import python_with
from machine import cores

HERE: Final = Path(__file__).resolve().parent
_PATIENCE: Final = 300.0


@dataclass(frozen=True)
class Service:
    """
    A server that runs.

    Attributes:
        doors: Where it answers: `plain`, `tls`, `plain_slow`, `tls_slow`.
        ca_file: Whom to believe.
    """

    doors: Mapping[str, str]
    ca_file: str


@contextmanager
def service(service_time: float) -> Iterator[Service]:
    """
    Have the server run.
    """
    with tempfile.TemporaryDirectory() as folder:
        ca_file = str(Path(folder, "ca.pem"))
        job = {"core": cores()[1], "service_time": service_time, "ca_file": ca_file}
        with subprocess.Popen(
            [python_with(SERVER), HERE / "server.py", json.dumps(job)],
            env=_environment({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as server:
            assert server.stdout is not None
            assert server.stdin is not None
            try:
                yield Service(json.loads(server.stdout.readline()), ca_file)
            finally:
                server.stdin.close()


def fresh(
    python: Path, script: str, job: Mapping[str, Any], environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """
    Run a script with a job; what it prints last is a line of JSON.

    Raises:
        RuntimeError: It failed; with what it had to say.
    """
    told = subprocess.run(
        [python, HERE / script, json.dumps({"core": cores()[0], **job})],
        check=False,
        env=_environment(environment or {}),
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
    )
    if told.returncode:
        raise RuntimeError(f"{script} {json.dumps(job)} failed:\n{told.stderr[-4_000:]}")
    answer: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    return answer


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    # Proxies of the machine have no place on the loopback; nor have its plugins.
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    kept.pop("PYTHONDEVMODE", None)
    return {**kept, "PYTHONPATH": str(HERE), "NO_PROXY": "*", **more}
