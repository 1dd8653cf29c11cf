"""
What a check found, and what can be said of settings and tokens without asking anyone.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import shlex
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, cast

import attrs
import httpx

from connector_async._transport.proxy import proxy_at
from connector_async.cli._failure import Failure, InputError, told_here
from connector_async.cli._files import STANDARD
from connector_async.cli._settings import APP_ID, APP_SECRET, TENANT_ID, Settings
from connector_async.errors import UntrustedServiceUrlError
from connector_async.service_url import ServiceUrl, Trust

State = Literal["ok", "note", "bad", "skipped"]

_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SHOWN: Final = ("aud", "iss", "appid", "azp", "tid", "ver", "roles", "scp")
_MOMENTS: Final = ("iat", "nbf", "exp")

# Entra tolerates five minutes; a token's own times leave about as much.
_MOST_SKEW: Final = 300.0
_SOME_SKEW: Final = 30.0


@attrs.frozen(kw_only=True)
class Finding:
    """
    What one check found.

    Attributes:
        state: `bad` is what keeps the bot from working.
        do: What to do about it; "" where there is nothing to do.
        is_input: Whether it is what the caller gave that is wrong.
    """

    name: str
    state: State
    said: str
    do: str = ""
    is_input: bool = False


def shortened(text: str) -> str:
    """
    The text with its GUIDs cut to what tells them apart.
    """
    return _GUID.sub(lambda guid: f"{guid[0][:4]}…{guid[0][-4:]}", text)


def about_credentials(settings: Settings) -> Finding:
    """
    Whether there is an app id and a secret, and whether they look like it.
    """
    name = "credentials"
    try:
        credential = settings.credential()
    except InputError as error:
        return Finding(name=name, state="bad", said=str(error), do=_SET, is_input=True)
    if credential is None:
        return Finding(
            name=name, state="note", said="none: only an emulator takes calls without", do=_SET
        )
    if _GUID.fullmatch(credential.app_id) is None:
        return Finding(
            name=name,
            state="bad",
            said=f"{APP_ID} is no GUID",
            do="take the Microsoft App ID from the bot's configuration in Azure",
            is_input=True,
        )
    if _GUID.fullmatch(settings.secret or "") is not None:
        return Finding(
            name=name,
            state="bad",
            said=f"the secret ({settings.secret_from}) is a GUID, as a secret's id is",
            do="take the secret's value, which is shown once, when it is made; or make a new one",
            is_input=True,
        )
    said = f"app {shortened(credential.app_id)}, with a secret from {settings.secret_from}"
    if _is_open_to_others(settings.secret_from):
        return Finding(
            name=name,
            state="note",
            said=f"{said}, which others on this machine can read",
            do=f"chmod 600 {shlex.quote(settings.secret_from)}",
        )
    return Finding(name=name, state="ok", said=said)


_SET: Final = f"set {APP_ID}, and {APP_SECRET} or --secret-file"


def _is_open_to_others(secret_from: str) -> bool:
    # Elsewhere the mode does not say who may read.
    if secret_from in {APP_SECRET, STANDARD} or os.name != "posix":
        return False
    try:
        mode = Path(secret_from).stat().st_mode
    except OSError:
        # It was there a moment ago; a pipe is read once.
        return False
    return stat.S_ISREG(mode) and bool(mode & 0o077)


def about_app_type(settings: Settings) -> Finding:
    """
    Where tokens are asked for, and of what type the app is taken to be.
    """
    login = settings.cloud.login_url
    if settings.tenant_id is None:
        return Finding(
            name="app type",
            state="ok",
            said=f"multi-tenant: tokens come from {login}/{settings.cloud.bot_tenant}",
            do=f"for a single-tenant bot set {TENANT_ID}",
        )
    return Finding(
        name="app type",
        state="ok",
        said=f"single-tenant: tokens come from {login}/{shortened(settings.tenant_id)}",
        do=f"for a multi-tenant bot unset {TENANT_ID}",
    )


def about_service_url(settings: Settings) -> Finding:
    """
    Whether the service URL is one, and may see a token.
    """
    name = "service URL"
    url = settings.service_url or settings.cloud.teams_url
    if url is None:
        return Finding(
            name=name,
            state="bad",
            said=f"the cloud {settings.cloud_name} has none that is published",
            do="give --service-url, as an incoming activity has it",
            is_input=True,
        )
    try:
        trust = Trust(
            cloud=settings.cloud, hosts=settings.trusted_hosts, anonymous=settings.is_anonymous
        )
        known = ServiceUrl(url, trust)
    except UntrustedServiceUrlError as error:
        said = Failure.of(error).message
        return Finding(name=name, state="bad", said=said, do=_HOSTS, is_input=True)
    except ValueError as error:
        return Finding(name=name, state="bad", said=str(error), is_input=True)
    why = "named by --trusted-host" if known.host in settings.trusted_hosts else "of this cloud"
    trusted = "called without a token" if settings.is_anonymous else f"{why}, so it may see a token"
    return Finding(name=name, state="ok", said=f"{known.url}: {trusted}")


_HOSTS: Final = "compare it with serviceUrl of an incoming activity, and with --cloud"


def about_proxy(settings: Settings, urls: list[httpx.URL]) -> Finding:
    """
    Which way these URLs are reached, and whether it is one that can be gone.
    """
    name = "proxy"
    try:
        if settings.proxy:
            return Finding(name=name, state="ok", said=f"{_shown(settings.proxy)}, from --proxy")
        ways = {url.host: settings.proxy_for(url.scheme, url.host, url.port) for url in urls}
        proxies = dict.fromkeys(_shown(way) for way in ways.values() if way is not None)
    except ValueError as error:
        source = "--proxy" if settings.proxy else "the environment"
        said = told_here(f"of {source}: {error}")
        return Finding(name=name, state="bad", said=said, do=_PROXY, is_input=True)
    if not proxies:
        return Finding(name=name, state="ok", said="none; hosts are reached directly")
    direct = [host for host, way in ways.items() if way is None]
    beside = f", but not for {', '.join(direct)}" if direct else ""
    said = f"{' and '.join(proxies)}, from the environment{beside}"
    return Finding(name=name, state="ok", said=said)


_PROXY: Final = "give another one with --proxy, or name the hosts in NO_PROXY"


def _shown(url: str) -> str:
    # Made of its parts, for what was written may be a password where none belongs.
    if {"?", "#"} & set(url):
        raise ValueError("the proxy's URL has a ? or #: in a password write %3F and %23")
    proxy = proxy_at(url)
    user = "***@" if proxy.authorization else ""
    host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
    return f"{proxy.scheme}://{user}{host}:{proxy.port}"


def about_skew(told: httpx.Headers, here: float) -> Finding | None:
    """
    How far this machine's clock is from a host's; None where that does not tell the time.
    """
    try:
        there = datetime.strptime(told["date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    except (KeyError, ValueError):
        return None
    ahead = here - there.timestamp()
    if abs(ahead) < _SOME_SKEW:
        return Finding(name="clock", state="ok", said="it goes as the login host's does")
    said = f"it is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the login host's"
    return Finding(
        name="clock",
        state="bad" if abs(ahead) > _MOST_SKEW else "note",
        said=said,
        do="set this machine's clock (NTP): tokens are refused before and after their time",
    )


def claims_of(token: str) -> dict[str, Any] | None:
    """
    What a token says, not verified; None where it cannot be read.
    """
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = json.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError):
        return None
    return cast("dict[str, Any]", claims) if isinstance(claims, dict) else None


def redacted(claims: dict[str, Any]) -> str:
    """
    What of the claims people may see: ids cut, and of the others their names only.
    """
    told = [f"{name} {shortened(str(claims[name])[:200])}" for name in _SHOWN if name in claims]
    told += [f"{name} {_moment(claims[name])}" for name in _MOMENTS if name in claims]
    hidden = sorted(set(claims) - {*_SHOWN, *_MOMENTS})
    if hidden:
        told.append(f"hidden: {' '.join(hidden)}")
    return ", ".join(told)


def _moment(seconds: object) -> str:
    if not isinstance(seconds, int | float):
        return "which is no time"
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return "which is no time"


def about_claims(claims: dict[str, Any] | None, settings: Settings, now: float) -> Finding:
    """
    Whether a token is the one that the service wants.
    """
    name = "token"
    if claims is None:
        return Finding(name=name, state="ok", said="had; its claims cannot be read from here")
    said = redacted(claims)
    audience, app = claims.get("aud"), claims.get("appid", claims.get("azp"))
    if audience != settings.cloud.audience:
        return Finding(
            name=name,
            state="bad",
            said=f"{said}; it should be for {settings.cloud.audience}",
            do="choose the bot's own --cloud",
        )
    if app is not None and str(app).lower() != str(settings.app_id).lower():
        return Finding(
            name=name, state="bad", said=f"{said}; it is another app's", do=f"check {APP_ID}"
        )
    expires = claims.get("exp")
    if isinstance(expires, int | float) and expires <= now:
        return Finding(
            name=name,
            state="bad",
            said=f"{said}; it is over, by this machine's clock",
            do="set this machine's clock (NTP)",
        )
    return Finding(name=name, state="ok", said=said)
