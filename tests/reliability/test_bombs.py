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
from tests.reliability.resident import begin_anew, most_resident
from tests.reliability.scoreboard import Measured, score
from tests.transport import peers

MIB = 2**20
CAP = 4 * MIB
# The caller's own, and another one.
CONTENT_CAP = 1 * MIB

# What may be held at once: the server's own copy of a body, the body as it came, a copy of that,
# and what it is read into; a little for all else.
HELD = 4 * CAP + MIB

# What comes to the parser of JSON, which asks for twelve times its length, but does not use it.
PARSED = ("nested lists", "nested objects", "nested and closed", "a long number")
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


# By which each is long refused.
DEADLINE = 15.0

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
        "endless answers for now": (
            endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
            JSON,
            TransportError,
        ),
        "an endless body": (endless(OK + b"connection: close\r\n\r\n", b" " * 65536), JSON,
                            DecodeError),
        "endless chunks": (endless(CHUNKED, CHUNK), JSON, DecodeError),
        "an endless size of a chunk": (endless(CHUNKED, b"0" * 65536), JSON, TransportError),
        "an endless extension": (endless(CHUNKED + b"1;", b"x" * 65536), JSON, TransportError),
        "endless trailers": (endless(CHUNKED + b"0\r\n", b"x: y\r\n" * 1000), JSON, TransportError),
        "content as long as JSON may be": (whole(bytes(CAP - 1)), CONTENT, DecodeError),
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
    What is wrong with what a call came to, and how much memory it took at the most.

    Returns:
        Bytes asked for, bytes resident, and the fault; None for none.
    """
    async with (
        peers.serve(handler) as peer,
        ConnectorClient(
            None,
            service_url=peer.url,
            retry=RetryPolicy(attempts=1),
            max_attachment_bytes=CONTENT_CAP,
            deadline=DEADLINE,
        ) as connector,
    ):
        tracemalloc.reset_peak()
        asked, _ = tracemalloc.get_traced_memory()
        resident = begin_anew()
        try:
            await call(connector)
        except ConnectorError as error:
            told = isinstance(error, kind) and len(str(error)) > 20
            # Not so if only the deadline ended it.
            fault = None if told and not isinstance(error, TimeoutError) else repr(error)
        except Exception as error:  # noqa: BLE001
            fault = f"not ours: {error!r}"
        else:
            fault = "not refused"
        most = tracemalloc.get_traced_memory()[1]
        return most - asked, most_resident() - resident, fault


def measure(megabytes):
    wrong, asked_for, resident = [], {}, {}

    async def main():
        for name, (handler, call, kind) in cases.items():
            asked_for[name], resident[name], fault = await defused(handler, call, kind)
            if fault is not None:
                wrong.append(f"{name}: {fault}")

    cases = bombs(megabytes)
    tracemalloc.start()
    try:
        asyncio.run(main())
    finally:
        tracemalloc.stop()
    for name in PARSED:
        del asked_for[name]
    for kind, held in (("asked for", asked_for), ("resident", resident)):
        wrong.extend(
            f"{name}: {each / MIB:.1f} MiB {kind}" for name, each in held.items() if each > HELD
        )
    text = (
        f"{len(cases) - len({each.partition(':')[0] for each in wrong})} of {len(cases)} refused "
        f"at the cap; at most {largest(resident)} resident, "
        f"{largest(asked_for)} asked for but for the parser of JSON"
    )
    return Measured(text, not wrong, "\n".join(wrong))


def largest(held):
    name = max(held, key=held.get)
    return f"{held[name] / MIB:.1f} MiB ({name})"


def test_bombs():
    """
    Whatever does not end or blows up is refused at the cap, soon, and with a clear error.
    """
    score(
        "bombs",
        measure,
        what="compressed bombs of {size} MiB, deep JSON, endless heads and bodies, over sockets",
        target=f"refused at the cap of 4 MiB, and for content at one that is set to "
        f"{CONTENT_CAP // MIB} MiB, with a clear error; at most {HELD // MIB} MiB held, "
        "the server's own copy included",
        short=50,
        full=2000,
    )
