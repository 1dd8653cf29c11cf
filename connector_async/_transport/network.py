"""
How connections are made: names looked up, addresses raced, TLS begun.

asyncio's own race between addresses leaves a socket behind when it is
cancelled, and uvloop has none; the one here has neither fault.
"""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import socket
import ssl
from collections import deque
from typing import Final

from connector_async._transport.connection import Connection
from connector_async._transport.failure import WireError

# RFC 8305's: how long an address may take before the next is tried, too.
_HAPPY_EYEBALLS: Final = 0.25


async def connect(host: str, port: int, *, by: float) -> Connection:
    """
    Connect to a host by name or address.

    Args:
        host: The name, or the address.
        port: The port.
        by: When it must be done, in the event loop's time.

    Raises:
        WireError: No connection was had.
    """
    where = f"{host}:{port}"
    try:
        async with asyncio.timeout_at(by):
            return await _first(await _addresses(host, port), port)
    except TimeoutError as error:
        raise WireError(f"connecting to {where} took too long") from error
    except OSError as error:
        raise WireError(f"no connection to {where}: {error}") from error


async def begin_tls(
    connection: Connection, context: ssl.SSLContext, host: str, *, by: float
) -> None:
    """
    Speak TLS from now on; what fails closes the connection.

    Args:
        connection: On which nothing is under way.
        context: Whom to believe.
        host: Who the other side must be.
        by: When it must be done, in the event loop's time.

    Raises:
        WireError: No TLS was had; for good, where the certificate is not believed.
    """
    try:
        await _shake_hands(connection, context, host, by)
    except TimeoutError as error:
        raise WireError(f"the TLS handshake with {host} took too long") from error
    except ssl.SSLCertVerificationError as error:
        raise WireError(
            f"the certificate of {host} is not believed: {error.verify_message}. If it is to be "
            "trusted, pass ca_file or an ssl_context",
            permanent=True,
        ) from error
    except (OSError, ssl.SSLError) as error:
        raise WireError(f"no TLS with {host}: {error}") from error
    except ValueError as error:  # a name that is none, where a proxy looks it up
        raise WireError(f"no TLS with {host}: {error}", permanent=True) from error


async def _shake_hands(
    connection: Connection, context: ssl.SSLContext, host: str, by: float
) -> None:
    if not connection.is_open:
        # asyncio would wait for a handshake all the same.
        raise ConnectionResetError("the other side hung up before")
    try:
        # A part of connecting, which has no time of its own.
        async with asyncio.timeout_at(by):
            connection.transport = await asyncio.get_running_loop().start_tls(
                connection.transport, connection, context, server_hostname=host
            )
        _check_protocol(connection)
    except BaseException:
        connection.abort()
        raise


def _check_protocol(connection: Connection) -> None:
    # An ssl_context of the caller's may be another client's, too, and offer more than we speak.
    chosen = connection.transport.get_extra_info("ssl_object").selected_alpn_protocol()
    if chosen not in {None, "http/1.1"}:
        raise WireError(
            f"the TLS settings offer {chosen}, and the server took it: give an ssl_context that "
            "offers http/1.1 or nothing",
            permanent=True,
        )


async def _addresses(host: str, port: int) -> list[str]:
    """
    The addresses that a name stands for, the families in turn (RFC 8305).
    """
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host!r} is no name of a host") from error
    families: dict[int, list[str]] = {}
    for family, _, _, _, address in found:
        families.setdefault(family, []).append(str(address[0]))
    in_turn = itertools.chain.from_iterable(itertools.zip_longest(*families.values()))
    return list(dict.fromkeys(filter(None, in_turn)))


async def _first(addresses: list[str], port: int) -> Connection:
    """
    The first connection that is made; whatever becomes of this call, no other stays.
    """
    loop = asyncio.get_running_loop()
    untried = deque(addresses)
    running: set[asyncio.Task[Connection]] = set()
    failures: list[BaseException] = []
    try:
        while untried or running:
            if untried:
                running.add(loop.create_task(_connect(untried.popleft(), port)))
            done, _ = await asyncio.wait(
                running,
                timeout=_HAPPY_EYEBALLS if untried else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                running.remove(task)
                failure = task.exception()
                if failure is None:
                    return task.result()
                failures.append(failure)
        raise OSError("; ".join(dict.fromkeys(map(str, failures))))
    finally:
        for task in running:
            task.cancel()
            task.add_done_callback(_hang_up)


async def _connect(address: str, port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, address, port)
    return connection


def _hang_up(task: asyncio.Task[Connection]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().abort()
