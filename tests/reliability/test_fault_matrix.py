"""
Every fault, to every operation, in both modes, held against one table.
"""

import asyncio
import gzip
import itertools
import random
import socket
import ssl
from contextlib import nullcontext

import attrs
import httpx

from connector_async import ConnectorClient, RetryPolicy, Timeouts, TokenCallable
from connector_async.events import AttemptEnded, AttemptStarted
from connector_async.limits import Limits
from connector_async.testing import VirtualClock, run_virtual
from connector_async.testing.chaos import (
    ChaosProxy,
    ExpiredCertificate,
    HalfOpen,
    IdleClose,
    LimitData,
    Names,
    ResetPeer,
    Timeout,
    TlsHang,
    WrongCertificate,
    WrongHost,
)
from tests.promises.calls import CALLS, Wire
from tests.promises.test_answers import Chunks
from tests.reliability.policy import (
    CUT_OFF,
    FAULT,
    FINAL,
    GATEWAY,
    LOST,
    NEVER_LEFT,
    ODD_FAULT,
    REFUSED,
    TABLE,
    UNAUTHORIZED,
    UNREADABLE,
    judged,
)
from tests.reliability.scoreboard import Measured, score
from tests.transport import peers

URL = "https://smba.trafficmanager.net/teams"
DELIVERIES = ("at_most_once", "at_least_once")


def error(kind, cause=None):
    def strike():
        raised = kind("it went wrong")
        raised.__cause__ = cause
        raise raised

    return strike


def answer(status, content=b"", lost=None, **headers):
    """
    An answer with this status; a header's underscores are hyphens.
    """
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: httpx.Response(status, headers=named, stream=Chunks(content, error=lost))


def coded(status, code):
    return answer(status, b'{"error":{"code":"%s","message":"no"}}' % code.encode())


PAGE = b"<html><head><title>Bad Gateway</title></head></html>"

# What happens to the first attempt, and which row of the table it is.
FAULTS = {
    "refused": (NEVER_LEFT, error(httpx.ConnectError)),
    "unknown host": (
        NEVER_LEFT,
        error(httpx.ConnectError, socket.gaierror(socket.EAI_NONAME, "unknown")),
    ),
    "connect timeout": (NEVER_LEFT, error(httpx.ConnectTimeout)),
    "no free connection": (NEVER_LEFT, error(httpx.PoolTimeout)),
    "a proxy's fault": (NEVER_LEFT, error(httpx.ProxyError)),
    "429": (REFUSED, answer(429)),
    "429, at once": (REFUSED, answer(429, retry_after="0")),
    "429, in 2 s": (REFUSED, answer(429, retry_after="2")),
    "429, in 1.5 s": (REFUSED, answer(429, retry_after="1.5")),
    "429, nonsense": (REFUSED, answer(429, retry_after="soon")),
    "429, a page": (REFUSED, answer(429, PAGE)),
    "412": (REFUSED, answer(412)),
    "412, coded": (REFUSED, coded(412, "PreconditionFailed")),
    "503, in 1 s": (REFUSED, answer(503, retry_after="1")),
    "503, at once": (REFUSED, answer(503, retry_after="0")),
    "408": (GATEWAY, answer(408)),
    "502": (GATEWAY, answer(502)),
    "502, a page": (GATEWAY, answer(502, PAGE)),
    "503": (GATEWAY, answer(503)),
    "503, nonsense": (GATEWAY, answer(503, retry_after="-1")),
    "504": (GATEWAY, answer(504)),
    "read timeout": (LOST, error(httpx.ReadTimeout)),
    "reset": (LOST, error(httpx.ReadError)),
    "write timeout": (LOST, error(httpx.WriteTimeout)),
    "reset while writing": (LOST, error(httpx.WriteError)),
    "closed without an answer": (LOST, error(httpx.RemoteProtocolError)),
    "close failed": (LOST, error(httpx.CloseError)),
    "a bare reset": (LOST, error(ConnectionResetError)),
    "a bare timeout": (LOST, error(TimeoutError)),
    "500": (FAULT, answer(500)),
    "500, coded": (FAULT, coded(500, "ServiceError")),
    "500, a page": (FAULT, answer(500, PAGE)),
    "500, in 1 s": (FAULT, answer(500, retry_after="1")),
    "500, cut off": (FAULT, answer(500, b"x", httpx.ReadError("reset"))),
    "300": (FINAL, answer(300)),
    "301": (FINAL, answer(301)),
    "302": (FINAL, answer(302, location="http://[::1")),
    "304": (FINAL, answer(304)),
    "307": (FINAL, answer(307)),
    "400": (FINAL, answer(400)),
    "400, too big": (FINAL, coded(400, "MessageSizeTooBig")),
    "403": (FINAL, answer(403)),
    "403, not in the roster": (FINAL, coded(403, "BotNotInConversationRoster")),
    "404": (FINAL, answer(404)),
    "405": (FINAL, answer(405)),
    "409": (FINAL, answer(409)),
    "410": (FINAL, answer(410)),
    "413": (FINAL, answer(413)),
    "415": (FINAL, answer(415)),
    "422": (FINAL, answer(422)),
    "501": (FINAL, answer(501)),
    "505": (FINAL, answer(505)),
    "520": (ODD_FAULT, answer(520)),
    "599": (ODD_FAULT, answer(599)),
    "no such protocol": (FINAL, error(httpx.UnsupportedProtocol)),
    "distrust": (
        FINAL,
        error(httpx.ConnectError, ssl.SSLCertVerificationError("self-signed certificate")),
    ),
    "401": (UNAUTHORIZED, answer(401)),
    "401, a page": (UNAUTHORIZED, answer(401, PAGE)),
    "cut off": (CUT_OFF, answer(200, b'{"id":', httpx.ReadError("reset"))),
    "cut off by its protocol": (CUT_OFF, answer(200, b"{", httpx.RemoteProtocolError("short"))),
    "cut off by time": (CUT_OFF, answer(200, b"{", httpx.ReadTimeout("late"))),
    "packed otherwise": (UNREADABLE, answer(200, b"{}", content_encoding="br")),
    "not packed": (UNREADABLE, answer(200, b"{}", content_encoding="gzip")),
    "packed and cut": (UNREADABLE, answer(200, gzip.compress(b"{}")[:-9], content_encoding="gzip")),
    "too long": (UNREADABLE, answer(200, b" " * 3000)),
}


def credential():
    numbers = itertools.count()

    async def fetch():
        return f"token-{next(numbers)}", 3600

    return TokenCallable(fetch)


def in_process(call, delivery, strike):
    """
    What a call comes to whose first attempt is struck, and how many attempts there were.
    """

    def reply(_):
        return strike() if len(wire.requests) == 1 else httpx.Response(200)

    async def main():
        async with ConnectorClient(
            credential(),
            service_url=URL,
            transport=wire,
            clock=VirtualClock(),
            chance=random.Random(1),
            delivery=delivery,
            limits=Limits.none(),
            max_response_bytes=2000,
            max_attachment_bytes=2000,
        ) as connector:
            return await call(connector)

    wire = Wire(reply)
    return ended(lambda: run_virtual(main()), lambda: len(wire.requests))


def ended(run, count):
    try:
        result = run()
    except Exception as failure:  # noqa: BLE001
        result = failure
    return result, count()


@attrs.frozen
class Strike:
    """
    A fault on a real socket.

    Attributes:
        rule: Which row of the table it is.
        toxic: Makes what strikes.
        tls: Whether the proxy ends TLS.
        kept: Whether the connection was used before.
        silent: Whether it is only seen by its silence.
    """

    rule: object
    toxic: object
    tls: bool = False
    kept: bool = False
    silent: bool = False


HEAD = len(peers.answer())

STRIKES = {
    "socket: TLS hang": Strike(NEVER_LEFT, TlsHang, tls=True, silent=True),
    "socket: wrong certificate": Strike(FINAL, WrongCertificate, tls=True),
    "socket: expired certificate": Strike(FINAL, ExpiredCertificate, tls=True),
    "socket: wrong host": Strike(FINAL, WrongHost, tls=True),
    "socket: reset": Strike(LOST, lambda: ResetPeer(stream="upstream")),
    "socket: reset instead of an answer": Strike(LOST, ResetPeer),
    "socket: closed instead of an answer": Strike(LOST, LimitData),
    "socket: closed in the head": Strike(LOST, lambda: LimitData(bytes=9)),
    "socket: reset in the head": Strike(LOST, lambda: LimitData(bytes=9, reset=True)),
    "socket: closed in the body": Strike(CUT_OFF, lambda: LimitData(bytes=HEAD + 1)),
    "socket: reset in the body, by TLS": Strike(
        CUT_OFF, lambda: LimitData(bytes=HEAD + 1, reset=True), tls=True
    ),
    "socket: no answer": Strike(LOST, Timeout, silent=True),
    "socket: half-open": Strike(LOST, HalfOpen, kept=True, silent=True),
    "socket: closed when it is used again": Strike(LOST, IdleClose, kept=True),
    "socket: reset when it is used again": Strike(LOST, lambda: IdleClose(reset=True), kept=True),
    "socket: used again, by TLS": Strike(LOST, IdleClose, kept=True, tls=True),
    "socket: a name that is not found": Strike(NEVER_LEFT, None),
}


async def over_a_socket(call, delivery, strike, server):
    """
    The same, where something strikes between two sockets until the first attempt has ended.
    """
    attempts, patience = 0, 0.5 if strike.silent else 5.0

    def watch(event):
        nonlocal attempts
        attempts += isinstance(event, AttemptStarted)
        if isinstance(event, AttemptEnded):
            proxy.clear()
            names.recover()

    names = Names({"localhost": "127.0.0.1"})
    async with ChaosProxy(server.url, tls=strike.tls) as proxy:
        with names if strike.toxic is None else nullcontext():
            host = "localhost" if strike.toxic is None else "127.0.0.1"
            async with ConnectorClient(
                None,
                service_url=f"{'https' if strike.tls else 'http'}://{host}:{proxy.port}",
                ca_file=proxy.ca_file if strike.tls else None,
                retry=RetryPolicy(base=0),
                timeouts=Timeouts(connect=patience, read=patience),
                delivery=delivery,
                limits=Limits.none(),
            ) as connector:
                if strike.kept:
                    await connector.get_conversations()
                if strike.toxic is None:
                    names.fail(host)
                else:
                    proxy.add(strike.toxic())
                try:
                    result = await call(connector.with_options(observers=[watch]))
                except Exception as failure:  # noqa: BLE001
                    result = failure
    return result, attempts


async def over_sockets(calls, deliveries):
    wrong, count = [], 0
    # Two bytes of nothing: any result may be empty, and it can be cut in the middle.
    async with peers.serve(peers.answering(peers.answer(body=b"\r\n"))) as server:
        for name, strike in STRIKES.items():
            cases = list(itertools.product(calls, deliveries))
            count += len(cases)
            # Those that are seen by their silence take long; the names are the whole loop's.
            width = 6 if strike.silent else 1
            for first in range(0, len(cases), width):
                some = cases[first : first + width]
                ends = await asyncio.gather(
                    *(over_a_socket(call, delivery, strike, server) for call, delivery in some)
                )
                for (call, delivery), end in zip(some, ends, strict=True):
                    fault = judged(strike.rule, call, delivery, *end)
                    if fault:
                        wrong.append(f"{name}, {call.operation}, {delivery}: {fault}")
    return wrong, count


def measure(operations):
    wrong, count = [], 0
    for (name, (rule, strike)), call, delivery in itertools.product(
        FAULTS.items(), CALLS, DELIVERIES
    ):
        count += 1
        fault = judged(rule, call, delivery, *in_process(call, delivery, strike))
        if fault:
            wrong.append(f"{name}, {call.operation}, {delivery}: {fault}")
    calls = [call for call in CALLS if call.operation in operations] or CALLS
    on_sockets, tried = asyncio.run(over_sockets(calls, DELIVERIES))
    wrong += on_sockets
    text = (
        f"{len(wrong)} of {count + tried:,} cells differ: {len(FAULTS)} faults in process, all "
        f"operations and modes; {len(STRIKES)} on sockets, {len(calls)} operations"
    )
    return Measured(text, not wrong, "\n".join(wrong[:40]))


def test_fault_matrix():
    """
    Whatever goes wrong, what is done is what the table says, and each error is one of ours.
    """
    score(
        "fault_matrix",
        measure,
        what=f"{len(FAULTS) + len(STRIKES)} faults, 15 operations, 2 delivery modes",
        target="each case matches one written policy table, cell by cell; no error outside "
        "our tree",
        short=("sendToConversation", "updateActivity", "getAttachment"),
        full=(),
    )


def test_every_row_is_tried():
    """
    Each row of the table has its faults, and there are at least forty.
    """
    rules = [rule for rule, _ in FAULTS.values()]

    assert set(TABLE) == set(rules)
    assert len(FAULTS) >= 40
