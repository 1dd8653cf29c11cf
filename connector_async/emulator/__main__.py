"""
`python -m connector_async.emulator`: an emulator for other processes.

It prints where it is as one line of JSON, and serves until its standard input is closed,
or it is told to end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

from connector_async.emulator import (
    PROFILES,
    Emulator,
    EmulatorLimits,
    PortTakenError,
    Server,
    serve,
)

_CHUNK_BYTES = 4096


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Serve an emulator as the command line says.
    """
    parser = _parser()
    try:
        asyncio.run(_serve(parser.parse_args(arguments)))
    except PortTakenError as error:
        parser.error(error.reason)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m connector_async.emulator",
        description="The Connector service in a box.",
        epilog="It says where it is in one line of JSON, and ends when its standard input does,"
        " or when it is told to: to leave it running, leave that open.",
    )
    parser.add_argument("--tls", action="store_true", help="serve by https")
    parser.add_argument("--host", default="127.0.0.1", help="an address of this machine")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--profile", choices=PROFILES, default="teams", help="the channel")
    parser.add_argument("--require-token", action="store_true", help="answer 401 without a token")
    parser.add_argument("--no-limits", action="store_true", help="never answer 429")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    emulator = Emulator(
        profile=options.profile,
        limits=EmulatorLimits.off() if options.no_limits else None,
        require_token=options.require_token,
    )
    ended = _end()
    async with serve(emulator, tls=options.tls, host=options.host, port=options.port) as server:
        sys.stdout.write(_line(server))
        sys.stdout.flush()
        await ended.wait()


def _line(server: Server) -> str:
    told = {
        "url": server.url,
        "ca_file": server.ca_file,
        "authority": server.authority,
        "managed_identity": server.managed_identity,
    }
    return json.dumps(told) + "\n"


def _end() -> asyncio.Event:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Windows has none; there Ctrl-C ends it in its own way.
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, ended.set)

    def drain() -> None:
        # By the descriptor: a thread that waits in `sys.stdin` holds its lock at exit.
        while os.read(sys.stdin.fileno(), _CHUNK_BYTES):
            pass
        # A signal may have been faster, and the loop be gone.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=drain, daemon=True).start()
    return ended


if __name__ == "__main__":
    main()
