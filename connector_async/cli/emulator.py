"""
`connector-async emulator`: the service in a box, served.
"""

from __future__ import annotations

import asyncio
import errno
import shlex
import signal
import sys
import threading
import warnings
import webbrowser
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import attrs
import click

from connector_async.cli._failure import InputError
from connector_async.cli._output import Output, json_option

if TYPE_CHECKING:
    from connector_async.emulator import Emulator, Server

_DEMO: Final = "demo"
_CONSOLE: Final = "/emulator/console"


@attrs.frozen(kw_only=True)
class _Asked:
    profile: str
    db: str | None
    state: str | None
    bot: str | None
    host: str
    port: int
    tls: bool
    require_token: bool
    no_limits: bool


@click.command("emulator")
@click.option("--open", "open_", is_flag=True, help="Show the console in a browser.")
@click.option("--bot", metavar="URL", help="Where what users say is posted to, signed.")
@click.option("--db", metavar="FILE", help="Keep the record there, beyond a restart.")
@click.option("--state", metavar="FILE", help="Conversations and members, as YAML or JSON.")
@click.option(
    "--profile", default="teams", show_default=True, metavar="NAME", help="Which channel."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="An address of this machine.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="0 takes a free one.",
)
@click.option("--tls", is_flag=True, help="Serve by https, with an authority made for it.")
@click.option("--require-token", is_flag=True, help="Answer 401 without a token.")
@click.option("--no-limits", is_flag=True, help="Never answer 429.")
@json_option
def command(*, open_: bool, **asked: Any) -> None:  # noqa: ANN401  # the options above
    """
    Serve the Connector service in a box, until it is broken off.

    It says first where it is. Without --state there is one conversation, `demo`.
    """
    asyncio.run(_serve(_Asked(**asked), Output.now(), opens=open_))


async def _serve(asked: _Asked, output: Output, *, opens: bool) -> None:
    ended = _end()
    emulator = _emulator(asked)
    with closing(emulator.record):
        async with _served(emulator, asked, output) as server:
            _announce(server, emulator, output)
            if opens:
                # In a thread that nobody waits for: a browser may take its time to start.
                opening = threading.Thread(
                    target=_open, args=(server.url + _CONSOLE, output), daemon=True
                )
                opening.start()
            await ended.wait()


def _emulator(asked: _Asked) -> Emulator:
    try:
        from connector_async import emulator as box  # noqa: PLC0415  # it needs an extra of its own
    except ModuleNotFoundError as error:
        needed = str(error.name).partition(".")[0]
        raise InputError(
            f'the emulator needs {needed}: pip install "connector-async[emulator,cli]"'
        ) from error
    _check_bot(asked.bot)
    with ExitStack() as undone:
        try:
            record = box.Record(db=asked.db)
            undone.callback(record.close)
            emulator = box.Emulator(
                profile=asked.profile,
                limits=box.EmulatorLimits.off() if asked.no_limits else None,
                require_token=asked.require_token,
                record=record,
            )
            if asked.state is not None:
                box.load_state(emulator, asked.state)
            else:
                emulator.add_conversation(_DEMO, members=3)
        except (OSError, ValueError) as error:
            # A profile's error names those that there are, a file's the file and the place.
            raise InputError(str(error)) from error
        undone.pop_all()
    emulator.bot_url = asked.bot
    return emulator


def _check_bot(url: str | None) -> None:
    if url is None:
        return
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InputError(f"--bot {url!r}: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InputError(f"--bot {url!r} is no URL like http://localhost:3978/api/messages")


@asynccontextmanager
async def _served(emulator: Emulator, asked: _Asked, output: Output) -> AsyncGenerator[Server]:
    from connector_async.emulator import serve  # noqa: PLC0415  # as above

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", UserWarning)
        serving = serve(emulator, tls=asked.tls, host=asked.host, port=asked.port)
        try:
            server = await serving.__aenter__()  # what happens within is not its error
        except OSError as error:
            raise InputError(_not_served(asked, error)) from error
    for warning in warned:
        output.complain(str(warning.message))
    try:
        yield server
    finally:
        await serving.__aexit__(None, None, None)


def _not_served(asked: _Asked, error: OSError) -> str:
    place = f"{asked.host}:{asked.port}"
    if error.errno == errno.EADDRINUSE:
        return f"{place} is taken: choose another --port, or 0 for a free one"
    return f"cannot listen on {place}: {error.strerror or error}"


def _announce(server: Server, emulator: Emulator, output: Output) -> None:
    conversations = [conversation.id for conversation in emulator.conversations()]
    console = server.url + _CONSOLE
    if output.as_json:
        output.value(
            {
                "url": server.url,
                "console": console,
                "ca_file": server.ca_file,
                "authority": server.authority,
                "managed_identity": dict(server.managed_identity),
                "conversations": conversations,
            }
        )
        return
    output.line(server.url)
    output.line(f"console {console}")
    if server.ca_file is not None:
        output.line(f"ca-file {server.ca_file}")
    if conversations and not emulator.require_token:
        output.line(f"try {_attempt(server, conversations[0])}")
    # Who reads along through a pipe wants it now.
    sys.stdout.flush()


def _attempt(server: Server, conversation_id: str) -> str:
    believing = [] if server.ca_file is None else ["--ca-file", server.ca_file]
    options = ["--service-url", server.url, *believing, "-c", conversation_id]
    return shlex.join(["connector-async", "send", *options, "hello"])


def _open(url: str, output: Output) -> None:
    if not webbrowser.open(url):
        output.complain(f"no browser could be opened: go to {url}")


def _end() -> asyncio.Event:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Windows has none of these; there Ctrl-C ends it.
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, ended.set)
    return ended
