"""
The clouds that the service runs in: where a token comes from, and who may see it.

A cloud is configuration. It is never derived from a service URL: a token of
one cloud is refused by the others, and must not be shown to them.
"""

from __future__ import annotations

from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class Cloud:
    """
    One cloud of the service.

    Attributes:
        name: What it is called, for `ConnectorClient(cloud=...)`.
        login_url: The identity provider, without the tenant.
        bot_tenant: The tenant in which multi-tenant bots get their tokens.
        audience: Whom a token is for; the scope is this with `/.default`.
        token_hosts: Hosts that may see a token.
        token_suffixes: Domains whose hosts may all see a token.
        teams_url: The Teams service URL for proactive calls; None where it is
            not published and must come from an incoming activity.

    Source:
        Azure Bot Service, authentication; Teams, proactive messages.
    """

    name: str
    login_url: str
    bot_tenant: str
    audience: str
    token_hosts: frozenset[str] = frozenset()
    token_suffixes: frozenset[str] = frozenset()
    teams_url: str | None = None


PUBLIC: Final = Cloud(
    name="public",
    login_url="https://login.microsoftonline.com",
    bot_tenant="botframework.com",
    audience="https://api.botframework.com",
    # Exactly this host: anyone can register a name under trafficmanager.net.
    token_hosts=frozenset({"smba.trafficmanager.net"}),
    token_suffixes=frozenset({"botframework.com"}),
    teams_url="https://smba.trafficmanager.net/teams",
)

GCC: Final = attrs.evolve(
    PUBLIC,
    name="gcc",
    token_hosts=PUBLIC.token_hosts | {"smba.infra.gcc.teams.microsoft.com"},
    teams_url="https://smba.infra.gcc.teams.microsoft.com/teams",
)

US_GOV: Final = Cloud(
    name="us_gov",
    login_url="https://login.microsoftonline.us",
    bot_tenant="MicrosoftServices.onmicrosoft.us",
    audience="https://api.botframework.us",
    token_hosts=frozenset({"smba.infra.gov.teams.microsoft.us"}),
    token_suffixes=frozenset({"botframework.azure.us", "botframework.us"}),
    teams_url="https://smba.infra.gov.teams.microsoft.us/teams",
)

DOD: Final = attrs.evolve(
    US_GOV,
    name="dod",
    token_hosts=frozenset({"smba.infra.dod.teams.microsoft.us"}),
    teams_url="https://smba.infra.dod.teams.microsoft.us/teams",
)

CHINA: Final = Cloud(
    name="china",
    login_url="https://login.partner.microsoftonline.cn",
    bot_tenant="microsoftservices.partner.onmschina.cn",
    audience="https://api.botframework.azure.cn",
    token_suffixes=frozenset({"botframework.azure.cn"}),
)

CLOUDS: Final = {cloud.name: cloud for cloud in (PUBLIC, GCC, US_GOV, DOD, CHINA)}


def named(cloud: Cloud | str) -> Cloud:
    """
    The cloud of this name; a `Cloud` of one's own is itself.

    Raises:
        ValueError: No cloud has this name.
        TypeError: Neither a name nor a `Cloud`.
    """
    if isinstance(cloud, Cloud):
        return cloud
    if not isinstance(cloud, str):  # pyright: ignore[reportUnnecessaryIsInstance]: callers without types
        raise TypeError(f"cloud is a name or a Cloud, not {type(cloud).__name__}")
    try:
        return CLOUDS[cloud]
    except KeyError:
        known = ", ".join(CLOUDS)
        raise ValueError(
            f"unknown cloud {cloud!r}: one of {known}, or a Cloud of your own"
        ) from None
