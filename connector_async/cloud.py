"""
The clouds that the service runs in: where a token comes from, and who may see it.

A cloud is configuration. It is never derived from a service URL: a token of
one cloud is refused by the others, and must not be shown to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import attrs

_HOST: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]")


def _normal_host(entry: str) -> str:
    if not isinstance(entry, str):  # pyright: ignore[reportUnnecessaryIsInstance]: callers without types
        raise TypeError(f"token_hosts and token_suffixes take text, not {type(entry).__name__}")
    host = entry.lower().removesuffix(".")
    if _HOST.fullmatch(host) is None:
        raise ValueError(
            "token_hosts and token_suffixes take names such as 'bots.example.com' "
            f"(ASCII, no scheme, port, path, wildcard or leading dot), not {entry!r}"
        )
    return host


def _normal_hosts(entries: Iterable[str]) -> frozenset[str]:
    # Of a text each letter would be a host, and with `in` each part of it.
    if isinstance(entries, str) or not isinstance(entries, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]: callers without types
        raise TypeError(f"token_hosts and token_suffixes take sets, not {type(entries).__name__}")
    return frozenset(map(_normal_host, entries))


@attrs.frozen(kw_only=True)
class Cloud:
    """
    One cloud of the service.

    Attributes:
        name: What it is called, for `ConnectorClient(cloud=...)`.
        login_url: The identity provider, without the tenant.
        bot_tenant: The tenant in which multi-tenant bots get their tokens.
        audience: Whom a token is for; the scope is this with `/.default`.
        token_hosts: The Teams message back-ends, which may see a token: the limits
            hold there, and creating a 1:1 counts as repeatable. Others belong
            in *token_suffixes*.
        token_suffixes: Domains which, with all hosts in them, may see a token.
        teams_url: The Teams service URL for proactive calls; None where it is
            not published and must come from an incoming activity.

    Raises:
        ValueError: What is no name of a host or a domain.
        TypeError: Hosts or domains that are no set of texts.

    Source:
        Azure Bot Service, authentication; Teams, proactive messages.
    """

    name: str
    login_url: str
    bot_tenant: str
    audience: str
    token_hosts: frozenset[str] = attrs.field(converter=_normal_hosts, factory=frozenset[str])
    token_suffixes: frozenset[str] = attrs.field(converter=_normal_hosts, factory=frozenset[str])
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
