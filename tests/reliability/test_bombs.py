"""
Answers that are made to fill the memory, over real sockets.
"""

import asyncio
import gzip
import tracemalloc
import zlib
from contextlib import suppress

from connector_async import ConnectorClient, RetryPolicy
from connector_async.errors import ConnectorError, DecodeError, TransportError
from tests.promises.calls import CALLS
from tests.reliability.scoreboard import Measured, score
from tests.transport import peers

MIB = 2**20
CAP = 4 * MIB
JSON = next(call for call in CALLS if call.operation == "getConversations")
CONTENT = next(call for call in CALLS if call.operation == "getAttachment")
GZIP = {"content_encoding": "gzip"}


def whole(body, **headers):
    """
    Answers with this body, and its length.
    """
    return peers.answering(peers.answer(body=body, **headers))


def endless(head, piece):
    """
    Answers with a head and then the same piece for ever.
    """

    async def handle(line):
        await line.request()
        with suppress(ConnectionError):
            await line.say(head)
            while not line.writer.is_closing():
                line.writer.write(piece)
                await line.writer.drain()
                await asyncio.sleep(0)

    return handle


def packed(megabytes, times=1):
    """
    So many MiB of nothing, compressed as often.
    """
    machine = zlib.compressobj(9, wbits=31)
    body = b"".join([*(machine.compress(bytes(MIB)) for _ in range(megabytes)), machine.flush()])
    for _ in range(times - 1):
        body = gzip.compress(body)
    return body


DEADLINE = 3.0

# Each of them is whole and means to wait: only the deadline ends that.
FOR_NOW = "endless answers for now"

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b" " * 65536 + b"\r\n"


def bombs(megabytes):
    """
    What is answered, to which call, and what it must end in.
    """
    return {
        "a bomb": (whole(packed(megabytes), **GZIP), JSON, DecodeError),
        "a bomb as content": (whole(packed(megabytes), **GZIP), CONTENT, DecodeError),
        "a bomb in a bomb": (
            whole(packed(megabytes, 2), content_encoding="gzip, gzip"),
            JSON,
            DecodeError,
        ),
        "a bomb as an error": (
            peers.answering(peers.answer(400, packed(megabytes), **GZIP)),
            JSON,
            ConnectorError,
        ),
        "many small bombs": (whole(packed(1) * megabytes, **GZIP), JSON, DecodeError),
        "nested lists": (whole(b"[" * (CAP - 1)), JSON, DecodeError),
        "nested objects": (whole(b'{"a":' * (CAP // 6)), JSON, DecodeError),
        "nested and closed": (whole(b"[" * 10**6 + b"]" * 10**6), JSON, DecodeError),
        "a long number": (whole(b"9" * (CAP - 1)), JSON, DecodeError),
        "a long text": (whole(b'"' + b"x" * CAP + b'"'), JSON, DecodeError),
        "endless headers": (endless(OK, b"x-a: " + b"b" * 1000 + b"\r\n"), JSON, TransportError),
        "an endless header": (endless(OK + b"x-a: ", b"b" * 65536), JSON, TransportError),
        "an endless status line": (endless(b"HTTP/1.1 200 ", b"O" * 65536), JSON, TransportError),
        FOR_NOW: (
            endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
            JSON,
            ConnectorError,
        ),
        "an endless body": (endless(OK + b"connection: close\r\n\r\n", b" " * 65536), JSON,
                            DecodeError),
        "endless chunks": (endless(CHUNKED, CHUNK), JSON, DecodeError),
        "an endless size of a chunk": (endless(CHUNKED, b"0" * 65536), JSON, TransportError),
        "an endless extension": (endless(CHUNKED + b"1;", b"x" * 65536), JSON, TransportError),
        "endless trailers": (endless(CHUNKED + b"0\r\n", b"x: y\r\n" * 1000), JSON, TransportError),
        "endless chunks as content": (endless(CHUNKED, CHUNK), CONTENT, DecodeError),
        "an endless body that says its length": (
            endless(OK + b"content-length: 999999999999\r\n\r\n", b" " * 65536),
            JSON,
            DecodeError,
        ),
        "an endless error": (endless(CHUNKED.replace(b"200 OK", b"500 No"), CHUNK), JSON,
                             ConnectorError),
    }  # fmt: skip


async def defused(handler, call, kind):
    """
    What a call came to, and how much memory it took at the most.
    """
    async with (
        peers.serve(handler) as peer,
        ConnectorClient(
            None,
            service_url=peer.url,
            retry=RetryPolicy(attempts=1),
            max_attachment_bytes=CAP,
            deadline=DEADLINE,
        ) as connector,
    ):
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        try:
            await call(connector)
        except ConnectorError as error:
            took = tracemalloc.get_traced_memory()[1] - before
            told = isinstance(error, kind) and len(str(error)) > 20
            return took, None if told else repr(error)
        except Exception as error:  # noqa: BLE001
            return 0, f"not ours: {error!r}"
    return 0, "not refused"


def measure(megabytes):
    wrong, most = [], (0, "")

    async def main():
        nonlocal most
        for name, (handler, call, kind) in cases.items():
            began = asyncio.get_running_loop().time()
            took, fault = await defused(handler, call, kind)
            seconds = asyncio.get_running_loop().time() - began
            most = max(most, (took, name))
            if fault is not None:
                wrong.append(f"{name}: {fault}")
            if seconds > DEADLINE / 2 and name != FOR_NOW:
                wrong.append(f"{name}: ended only by the deadline")

    cases = bombs(megabytes)
    tracemalloc.start()
    try:
        asyncio.run(main())
    finally:
        tracemalloc.stop()
    text = (
        f"{len(cases) - len({each.partition(':')[0] for each in wrong})} of {len(cases)} refused "
        f"at the cap, {FOR_NOW} by the deadline only; at most {most[0] / MIB:.0f} MiB asked for "
        f"({most[1]})"
    )
    return Measured(text, not wrong, "\n".join(wrong))


def test_bombs():
    """
    Whatever does not end or blows up is refused at the cap, soon, and with a clear error.
    """
    score(
        "bombs",
        measure,
        what="compressed bombs of {size} MiB, deep JSON, endless heads and bodies",
        target="refused at the cap of 4 MiB, with a clear error",
        short=50,
        full=2000,
    )
