"""
Who is compared, and what each needs to be installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LEVELS: Final = (1, 10, 100, 1_000, 5_000)


@dataclass(frozen=True)
class Client:
    """
    A client under test.

    Attributes:
        key: Its name in the results.
        label: Its name in tables and pictures.
        script: In `peers/`.
        needs: What its environment has; `.` is this project.
        package: Whose version is told.
        uvloop: Whether it runs on uvloop.
        levels: With how many calls in flight it is measured.
        tls_levels: The same over TLS.
    """

    key: str
    label: str
    script: str
    needs: tuple[str, ...]
    package: str | None
    uvloop: bool = False
    levels: tuple[int, ...] = LEVELS
    tls_levels: tuple[int, ...] = LEVELS


_FEW: Final = (100,)
_SLOW: Final = LEVELS[:4]
_AIOHTTP: Final = ("aiohttp", "orjson", "uvloop; sys_platform != 'win32'")
_AGENTS: Final = ("microsoft-agents-hosting-core", "uvloop; sys_platform != 'win32'")
_TEAMS: Final = ("microsoft-teams-api", "sniffio", "uvloop; sys_platform != 'win32'")
OURS: Final = (".", "orjson", "uvloop; sys_platform != 'win32'")
SERVER: Final = ("httptools", "trustme", "uvloop; sys_platform != 'win32'")

CLIENTS: Final = (
    Client("ours", "connector_async", "connector.py", OURS, "connector-async"),
    Client(
        "ours_uvloop",
        "connector_async, uvloop",
        "connector.py",
        OURS,
        "connector-async",
        uvloop=True,
    ),
    Client("aiohttp", "aiohttp + orjson", "aiohttp_orjson.py", _AIOHTTP, "aiohttp"),
    Client(
        "aiohttp_uvloop",
        "aiohttp + orjson, uvloop",
        "aiohttp_orjson.py",
        _AIOHTTP,
        "aiohttp",
        uvloop=True,
        tls_levels=_SLOW,
    ),
    Client("agents", "microsoft-agents", "agents.py", _AGENTS, "microsoft-agents-hosting-core"),
    Client(
        "agents_uvloop",
        "microsoft-agents, uvloop",
        "agents.py",
        _AGENTS,
        "microsoft-agents-hosting-core",
        uvloop=True,
        tls_levels=_SLOW,
    ),
    Client(
        "agents_turn",
        "microsoft-agents, a session a turn",
        "agents_each_turn.py",
        _AGENTS,
        "microsoft-agents-hosting-core",
        levels=_FEW,
        tls_levels=_FEW,
    ),
    Client(
        "teams",
        "microsoft-teams-api",
        "teams.py",
        _TEAMS,
        "microsoft-teams-api",
        levels=_SLOW,
        tls_levels=_FEW,
    ),
    Client(
        "teams_uvloop",
        "microsoft-teams-api, uvloop",
        "teams.py",
        _TEAMS,
        "microsoft-teams-api",
        uvloop=True,
        levels=_FEW,
        tls_levels=_FEW,
    ),
    Client(
        "botframework",
        "botframework-connector",
        "bot_framework.py",
        ("botframework-connector", "aiohttp"),  # It imports aiohttp, and does not ask for it.
        "botframework-connector",
        levels=_SLOW,
        tls_levels=_FEW,
    ),
    Client(
        "httpx",
        "httpx",
        "httpx_bare.py",
        ("httpx", "sniffio"),
        "httpx",
        levels=_SLOW,
        tls_levels=_FEW,
    ),
    Client("floor", "the floor", "floor.py", (), None),
)
