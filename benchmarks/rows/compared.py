"""
Who is on the scoreboard's tests beside us, what each needs, and its settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Compared:
    """
    A client on the same tests.

    Attributes:
        key: Its name in the results.
        script: In `peers/`.
        needs: What its environment has; `.` is this project.
        packages: Whose versions are told; the first is its name in the table.
        settings: How it is used, for a person.
        careful_in: The rows in which it has settings against what is done there,
            beside which is told how it comes.
    """

    key: str
    script: str
    needs: tuple[str, ...]
    packages: tuple[str, ...]
    settings: str
    careful_in: tuple[str, ...] = ()


CLIENTS: Final = (
    Compared(
        key="ours",
        script="connector_calls.py",
        needs=(".",),
        packages=("connector-async",),
        settings="as it comes, but `Limits.none()`, since its limits would bind at these rates; "
        "the loopback named in `trusted_hosts`",
    ),
    Compared(
        key="agents",
        script="agents_calls.py",
        needs=("microsoft-agents-hosting-core", "microsoft-agents-authentication-msal"),
        packages=("microsoft-agents-hosting-core", "microsoft-agents-authentication-msal"),
        settings="`TeamsConnectorClient` with a session of `TCPConnector(limit=0)` and "
        "`DummyCookieJar`, kept for all calls; it has no setting for repeats or redirects. "
        "Tokens: `MsalAuth` before each call, its `authority` set",
    ),
    Compared(
        key="teams",
        script="teams_calls.py",
        needs=("microsoft-teams-api", "microsoft-teams-apps", "sniffio"),
        packages=("microsoft-teams-api", "microsoft-teams-apps"),
        settings="`ApiClient` over httpx with `Limits(None, None)` and `timeout=60`; it has no "
        "setting for repeats. Tokens: `AppTokenProvider(TokenManager(...))`, which its `App` "
        "uses, the cloud's `login_endpoint` set",
    ),
    Compared(
        key="botframework",
        script="bot_framework_calls.py",
        needs=("botframework-connector", "aiohttp"),
        packages=("botframework-connector",),
        settings="`aio.ConnectorClient` with up to 300 threads; in `redirects` "
        "`redirect_policy.allow = False`, in `outage` `retry_policy.retries = 0`, beside which "
        "these rows tell how it comes, with three repeats. Tokens: `MicrosoftAppCredentials`, its "
        "`oauth_endpoint` set",
        careful_in=("outage", "redirects"),
    ),
)
