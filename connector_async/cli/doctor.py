"""
`connector-async doctor`: what keeps a bot from its service, in words.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

import attrs
import click
import httpx
from rich.text import Text

from connector_async.cli._failure import BAD_INPUT, REFUSED
from connector_async.cli._finding import (
    Finding,
    State,
    about_app_type,
    about_credentials,
    about_proxy,
    about_service_url,
)
from connector_async.cli._output import Output, clean
from connector_async.cli._probe import (
    ask_for_token,
    ask_login_host,
    ask_service,
    ask_service_host,
)
from connector_async.cli._settings import Settings, connected

_MARKS: Final[dict[State, tuple[str, str]]] = {
    "ok": ("✓", "green"),
    "note": ("!", "yellow"),
    "bad": ("✗", "bold red"),
    "skipped": ("·", "dim"),
}


@click.command("doctor")
@connected
def command(settings: Settings) -> None:
    """
    Say what is wrong between this machine, the bot's credentials and the service.

    A token is fetched, and what it says is shown, ids shortened. Nothing is sent to a
    conversation. The exit code is 2 where settings are wrong, 1 where somebody said no.
    """
    findings = asyncio.run(_examine(settings, Output.now()))
    bad = [finding for finding in findings if finding.state == "bad"]
    if bad:
        code = BAD_INPUT if any(finding.is_input for finding in bad) else REFUSED
        click.get_current_context().exit(code)


async def _examine(settings: Settings, output: Output) -> list[Finding]:
    findings: list[Finding] = []
    async for finding in _findings(settings):
        _show(finding, output)
        findings.append(finding)
    return findings


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    credentials, where = about_credentials(settings), about_service_url(settings)
    yield credentials
    has_login = not settings.is_anonymous
    if has_login:
        yield about_app_type(settings)
    yield where
    proxy = about_proxy(settings, _urls(settings))
    yield proxy
    if proxy.state == "bad":
        for name in _ASKED if has_login else _ASKED[1:]:
            yield _skipped(name, "the proxy is none to go through")
        return
    async for finding in _answers(settings, credentials, where):
        yield finding


_ASKED: Final = ("login host", "service host", "token", "service")


async def _answers(
    settings: Settings, credentials: Finding, where: Finding
) -> AsyncIterator[Finding]:
    has_login = not settings.is_anonymous
    login_is_bad = False
    if has_login:
        for finding in await ask_login_host(settings):
            login_is_bad |= finding.state == "bad" and finding.name == "login host"
            yield finding
    service_host = _skipped("service host", "the service URL is none to call")
    if where.state != "bad":
        service_host = await ask_service_host(settings)
    yield service_host
    token = _skipped("token", "there is no app to ask for one")
    if has_login:
        token = await _token(settings, credentials, login_is_bad=login_is_bad)
    yield token
    if "bad" in {where.state, service_host.state, token.state, credentials.state}:
        yield _skipped("service", "something before it is wrong")
    elif settings.is_anonymous and settings.service_url is None:
        yield _skipped("service", "it takes no call without credentials")
    else:
        yield await ask_service(settings)


async def _token(settings: Settings, credentials: Finding, *, login_is_bad: bool) -> Finding:
    credential = None if credentials.is_input else settings.credential()
    if credential is None or login_is_bad:
        return _skipped("token", "something before it is wrong")
    return await ask_for_token(credential, settings)


def _skipped(name: str, why: str) -> Finding:
    return Finding(name=name, state="skipped", said=why)


def _urls(settings: Settings) -> list[httpx.URL]:
    told = [settings.service_url or settings.cloud.teams_url or ""]
    if not settings.is_anonymous:
        told.insert(0, settings.cloud.login_url)
    urls: list[httpx.URL] = []
    for url in told:
        with suppress(httpx.InvalidURL):
            urls.append(httpx.URL(url))
    return [url for url in urls if url.host]


def _show(finding: Finding, output: Output) -> None:
    if output.as_json:
        output.value(attrs.asdict(finding))
    elif output.is_for_people:
        mark, style = _MARKS[finding.state]
        output.console.print(
            Text.assemble((f"{mark} {finding.name}", style), f"  {clean(finding.said)}"),
            soft_wrap=True,
        )
        if finding.do and finding.state != "ok":
            output.console.print(Text(f"    {clean(finding.do)}", style="italic"), soft_wrap=True)
    else:
        do = f" -> {finding.do}" if finding.do and finding.state != "ok" else ""
        output.line(f"{finding.state}: {finding.name}: {finding.said}{do}")
