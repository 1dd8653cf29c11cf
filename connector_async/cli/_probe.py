"""
What can only be told by asking: the login host, the token, and the service itself.
"""

from __future__ import annotations

import random
import ssl
from typing import Final

import httpx

from connector_async._clock import SystemClock
from connector_async._transport.tls import tls_context, usual_context
from connector_async.auth.credentials import ClientSecret, token_cache
from connector_async.auth.network import IdentityNetwork
from connector_async.cli._failure import Failure, told_here
from connector_async.cli._finding import Finding, about_claims, about_skew, claims_of, shortened
from connector_async.cli._settings import APP_ID, APP_SECRET, TENANT_ID, Settings
from connector_async.errors import (
    ApiError,
    AuthenticationError,
    ConnectorError,
    PermissionDeniedError,
    ServerError,
    ThrottledError,
    TokenError,
)

_NETWORK: Final = "check the name, DNS, the firewall and the proxy"
_CERTIFICATE: Final = (
    "where a proxy looks into TLS, or the host has an authority of its own, give its PEM with "
    "--ca-file"
)


async def ask_login_host(settings: Settings) -> list[Finding]:
    """
    Whether the login host is reached, knows the tenant, and tells the same time.
    """
    tenant = settings.tenant_id or settings.cloud.bot_tenant
    url = f"{settings.cloud.login_url}/{tenant}/v2.0/.well-known/openid-configuration"
    answer = await _fetched("login host", url, settings)
    if isinstance(answer, Finding):
        return [answer]
    skew = about_skew(answer.headers, SystemClock().wall())
    findings = [about_login(answer, tenant)]
    return findings if skew is None else [*findings, skew]


def about_login(answer: httpx.Response, tenant: str) -> Finding:
    """
    What a login host's answer says of it and of the tenant.
    """
    host = f"{_place(answer.url)} is reached, and its certificate is believed"
    if answer.status_code == 200:
        return Finding(name="login host", state="ok", said=host)
    if answer.status_code in {400, 404}:
        return Finding(
            name="login host",
            state="bad",
            said=f"{_place(answer.url)} does not know the tenant {shortened(tenant)}",
            do=f"check {TENANT_ID} and --cloud",
        )
    return Finding(name="login host", state="note", said=f"{host}; it answers {answer.status_code}")


async def ask_service_host(settings: Settings) -> Finding:
    """
    Whether the service's host is reached.
    """
    url = settings.service_url or settings.cloud.teams_url or ""
    answer = await _fetched("service host", url, settings)
    if isinstance(answer, Finding):
        return answer
    believed = ", and its certificate is believed" if answer.url.scheme == "https" else ""
    return Finding(
        name="service host", state="ok", said=f"{_place(answer.url)} is reached{believed}"
    )


async def ask_for_token(credential: ClientSecret, settings: Settings) -> Finding:
    """
    Whether a token is had, and what it says.
    """
    clock = SystemClock()
    try:
        network = IdentityNetwork(
            proxy=settings.proxy, ssl_context=tls_context(ca_file=settings.ca_file)
        )
        cache = token_cache(
            credential,
            cloud=settings.cloud,
            network=network,
            clock=clock,
            random=random.Random(),  # noqa: S311 - it spreads renewals, and is no secret
        )
        try:
            token = await cache.get()
        finally:
            await cache.aclose()
    except TokenError as error:
        # Its text says what to check.
        return Finding(
            name="token", state="bad", said=told_here(str(error)), do=about_code(error.code)
        )
    return about_claims(claims_of(token.token), settings, clock.wall())


def about_code(code: str | None) -> str:
    """
    What to do about an identity provider's refusal.
    """
    match code:
        case "AADSTS700016" | "AADSTS90002":
            return f"check {APP_ID}, {TENANT_ID} (unset for a multi-tenant bot only) and --cloud"
        case "AADSTS7000215" | "AADSTS7000222":
            return f"make a new secret in the app's registration, and set its value as {APP_SECRET}"
        case None:
            return _NETWORK
        case _:
            return f"look {code} up in the identity provider's documentation"


async def ask_service(settings: Settings) -> Finding:
    """
    Whether the service takes the token.
    """
    name = "service"
    try:
        async with settings.client() as connector:
            await connector.get_conversations()
    except AuthenticationError as error:
        return Finding(
            name=name,
            state="bad",
            said=f"it refuses the token: {error}",
            do="check that the Azure Bot has this app id and the same app type, and that "
            "--service-url is of the same --cloud",
        )
    except PermissionDeniedError as error:
        return Finding(
            name=name,
            state="note",
            said=f"the token is taken, but not for this: {error}",
            do="check that the channel is switched on for this bot",
        )
    except (ServerError, ThrottledError) as error:
        said = f"it cannot answer at the moment: {error.status}"
        return Finding(name=name, state="note", said=said, do="try again later")
    except ApiError as error:
        # Most channels do not list conversations; who says so has looked at the token.
        return Finding(name=name, state="ok", said=f"no refusal of the caller: {error.status}")
    except ConnectorError as error:
        return Finding(name=name, state="bad", said=Failure.of(error).message, do=_NETWORK)
    return Finding(name=name, state="ok", said="the call was answered")


async def _fetched(name: str, url: str, settings: Settings) -> httpx.Response | Finding:
    try:
        believed = tls_context(ca_file=settings.ca_file) or usual_context()
    except ValueError as error:
        return Finding(name=name, state="bad", said=told_here(str(error)), is_input=True)
    try:
        asked = httpx.URL(url)
        async with httpx.AsyncClient(
            verify=believed,
            proxy=settings.proxy_for(asked.scheme, asked.host, asked.port),
            timeout=min(settings.deadline, 10.0),
            # It would refuse a SOCKS proxy that is on nobody's way.
            trust_env=False,
        ) as client:
            return await client.get(asked)
    except httpx.HTTPError as error:
        host = _place(httpx.URL(url))
        if _is_about_certificates(error):
            return Finding(
                name=name, state="bad", said=f"{host}'s certificate: {error}", do=_CERTIFICATE
            )
        said = f"{host} is not reached: {str(error) or type(error).__name__}"
        return Finding(name=name, state="bad", said=said, do=_NETWORK)
    except (httpx.InvalidURL, ValueError) as error:
        return Finding(name=name, state="bad", said=f"{url}: {error}", is_input=True)


def _place(url: httpx.URL) -> str:
    return url.netloc.decode("ascii")


def _is_about_certificates(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
