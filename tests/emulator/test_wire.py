"""
What goes wrong on purpose, as a plain client sees it on the wire.
"""

import asyncio
import ssl
import warnings
from contextlib import aclosing
from email.utils import parsedate_to_datetime

import httpx
import pytest

from connector_async.emulator import CloseIdle, Emulator, EmulatorLimits, serve

OPERATION = "sendToConversation"
MESSAGE = {"type": "message", "text": "hello"}
PATH = "/v3/conversations/19:c/activities"
BODY = b'{"type":"message","text":"hello"}'
HEAD = (
    f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(BODY)}\r\n\r\n"
).encode()


@pytest.fixture
def emulator():
    emulator = Emulator(limits=EmulatorLimits.off())
    emulator.add_conversation("19:c")
    return emulator


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
async def server(request, emulator):
    async with serve(emulator, tls=request.param) as server:
        yield server


@pytest.fixture
def trusted(server):
    return ssl.create_default_context(cafile=server.ca_file)


@pytest.fixture
async def client(server, trusted):
    async with httpx.AsyncClient(base_url=server.url, verify=trusted) as client:
        yield client


@pytest.fixture
async def connection(server, trusted):
    """
    A connection without any HTTP on it yet.
    """
    url = httpx.URL(server.url)
    reader, writer = await asyncio.open_connection(
        url.host, url.port, ssl=trusted if url.scheme == "https" else None
    )
    yield reader, writer
    writer.transport.abort()


async def test_a_status_with_a_body(client, emulator):
    """
    A status, a body and a Retry-After are sent as they were asked for.
    """
    emulator.fail_next(OPERATION, status=503, body={"no": 1}, retry_after="in a while")

    response = await client.post(PATH, json=MESSAGE)

    assert (503, b'{"no":1}') == (response.status_code, response.content)
    assert "in a while" == response.headers["retry-after"]
    assert [] == emulator.record.committed()


@pytest.mark.parametrize(
    "retry_after",
    [7, 0.5, "7", "-3", "Tue, 14 Nov 2023 22:13:20 GMT", "2023-11-14T22:13:20Z", "", "soon"],
)
async def test_retry_after_in_any_form(client, emulator, retry_after):
    """
    Retry-After has the form that was asked for, a wrong one too.
    """
    emulator.fail_next(OPERATION, status=429, retry_after=retry_after)

    response = await client.post(PATH, json=MESSAGE)

    assert (429, str(retry_after)) == (response.status_code, response.headers["retry-after"])


@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_without_a_body(client, emulator, status):
    """
    What has no body announces none, and the connection can be used again.
    """
    emulator.fail_next(OPERATION, status=status)

    response = await client.post(PATH, json=MESSAGE)

    assert (status, b"", None) == (
        response.status_code,
        response.content,
        response.headers.get("content-length"),
    )
    assert 201 == (await client.post(PATH, json=MESSAGE)).status_code


async def test_a_length_of_its_own(client, emulator):
    """
    A length that was asked for is sent as it is.
    """
    emulator.fail_next(OPERATION, status=503, body=b"four", headers={"Content-Length": "4"})

    response = await client.post(PATH, json=MESSAGE)

    assert (["4"], b"four") == (response.headers.get_list("content-length"), response.content)


async def test_a_page_of_a_gateway(client, emulator):
    """
    A proxy's 502 is a page in HTML.
    """
    emulator.bad_gateway_next(OPERATION)

    response = await client.post(PATH, json=MESSAGE)

    assert (502, "text/html; charset=utf-8") == (
        response.status_code,
        response.headers["content-type"],
    )
    assert "<h1>502 Bad Gateway</h1>" in response.text
    assert [] == emulator.record.committed()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect(client, emulator, status):
    """
    A redirect says where to.
    """
    emulator.redirect_next(OPERATION, "https://elsewhere.example/x", status=status)

    response = await client.post(PATH, json=MESSAGE)

    assert (status, "https://elsewhere.example/x") == (
        response.status_code,
        response.headers["location"],
    )


async def test_a_drop_after_the_commit(client, emulator):
    """
    The message was posted, and the connection is reset.
    """
    emulator.drop_next(OPERATION)

    with pytest.raises(httpx.ReadError):
        await client.post(PATH, json=MESSAGE)
    assert ["hello"] == emulator.record.texts()


async def test_a_reset_before_the_body(connection, emulator):
    """
    The connection is reset when the head has come; the body is not waited for.
    """
    emulator.reset_next(OPERATION, when="before")
    reader, writer = connection
    writer.write(HEAD)

    with pytest.raises(ConnectionError):
        await reader.read()
    assert [("reset", None)] == [(seen.fault, seen.status) for seen in emulator.record.received()]
    assert [] == emulator.record.committed()


async def test_a_reset_during_the_body(connection, emulator):
    """
    The connection is reset when a part of the body has come, and not before.
    """
    emulator.reset_next(OPERATION, when="during")
    reader, writer = connection
    writer.write(HEAD)
    await asyncio.sleep(0.02)
    was_open = not reader.at_eof() and reader.exception() is None
    writer.write(BODY[:5])

    with pytest.raises(ConnectionError):
        await reader.read()
    assert was_open
    assert [] == emulator.record.committed()


async def test_a_reset_after_the_body(connection, emulator):
    """
    The connection is reset when the whole request has come, and not before; nothing happens.
    """
    emulator.reset_next(OPERATION, when="after")
    reader, writer = connection
    writer.write(HEAD + BODY[:-1])
    await asyncio.sleep(0.02)
    was_open = not reader.at_eof() and reader.exception() is None
    writer.write(BODY[-1:])

    with pytest.raises(ConnectionError):
        await reader.read()
    assert was_open
    assert [] == emulator.record.committed()


@pytest.mark.parametrize("when", ["before", "during", "after"])
async def test_a_reset_that_a_client_sees(client, emulator, when):
    """
    A client cannot tell when it was: it is a reset to it, and the next call is fine.
    """
    emulator.reset_next(OPERATION, when=when)

    with pytest.raises((httpx.ReadError, httpx.WriteError)):
        await client.post(PATH, json=MESSAGE)

    assert 201 == (await client.post(PATH, json=MESSAGE)).status_code
    assert 1 == len(emulator.record.committed())


async def test_half_a_body(client, emulator):
    """
    The head announces all of the body, of which half comes.
    """
    emulator.half_body_next(OPERATION)
    got = bytearray()

    async def read(response):
        async with aclosing(response.aiter_raw()) as pieces:
            async for piece in pieces:
                got.extend(piece)

    async with client.stream("POST", PATH, json=MESSAGE) as response:
        announced = int(response.headers["content-length"])
        with pytest.raises(httpx.RemoteProtocolError):
            await read(response)

    assert 201 == response.status_code
    assert announced // 2 == len(got)
    assert b'{"id"' == got[:5]
    assert ["hello"] == emulator.record.texts()


async def test_half_of_nothing(client, emulator):
    """
    Of an answer without a body, the body that is announced does not come.
    """
    emulator.half_body_next("deleteActivity")
    sent = (await client.post(PATH, json=MESSAGE)).json()["id"]

    with pytest.raises(httpx.RemoteProtocolError):
        await client.delete(f"{PATH}/{sent}")


async def test_garbage(client, connection, emulator):
    """
    What comes back is no HTTP, and the connection ends.
    """
    emulator.garbage_next(OPERATION, times=2)
    reader, writer = connection
    writer.write(HEAD + BODY)

    assert b"\x15\x03\x01\x00\x02\x02\x16 this is no HTTP\r\n\r\n" == await reader.read()
    with pytest.raises(httpx.RemoteProtocolError):
        await client.post(PATH, json=MESSAGE)
    assert ["hello", "hello"] == emulator.record.texts()


@pytest.mark.parametrize("after_commit", [False, True])
async def test_no_answer(client, emulator, after_commit):
    """
    No answer comes, however long one waits; the next call is fine.
    """
    emulator.hang_next(OPERATION, after_commit=after_commit)

    with pytest.raises(httpx.ReadTimeout):
        await client.post(PATH, json=MESSAGE, timeout=httpx.Timeout(None, read=0.05))

    assert after_commit == bool(emulator.record.committed())
    assert 201 == (await client.post(PATH, json=MESSAGE)).status_code


async def test_drips(connection, emulator):
    """
    The head comes at once, the body byte by byte, each when its time has come.
    """
    emulator.clock.freeze()
    emulator.drip_next(OPERATION, 10)
    reader, writer = connection
    writer.write(HEAD + BODY)

    head = await reader.readuntil(b"\r\n\r\n")
    early = await came(reader)
    emulator.clock.advance(10)
    first = await reader.read(100)
    later = await came(reader)
    rest = b""
    while not rest.endswith(b"}"):
        emulator.clock.advance(10)
        rest += await came(reader)

    assert head.startswith(b"HTTP/1.1 201")
    assert (b"", b"{", b"") == (early, first, later)
    assert rest.startswith(b'"id":')


async def came(reader):
    """
    What comes within a moment, which may be nothing.
    """
    try:
        async with asyncio.timeout(0.02):
            return await reader.read(100)
    except TimeoutError:
        return b""


async def test_drips_until_nobody_waits(client, emulator):
    """
    A client that tires of drips has what came until then.
    """
    emulator.drip_next(OPERATION, 60)

    with pytest.raises(httpx.ReadTimeout):
        await client.post(PATH, json=MESSAGE, timeout=httpx.Timeout(None, read=0.05))
    assert ["hello"] == emulator.record.texts()


async def test_late(connection, emulator):
    """
    Not a byte comes before its time; then all do.
    """
    emulator.clock.freeze()
    emulator.delay_next(OPERATION, 10)
    arrived = asyncio.Event()
    emulator.record.listen(lambda _exchange: arrived.set())
    reader, writer = connection
    writer.write(HEAD + BODY)
    await arrived.wait()

    early = await came(reader)
    committed = emulator.record.texts()
    emulator.clock.advance(10)
    answer = await reader.readuntil(b"}")

    assert (b"", ["hello"]) == (early, committed)
    assert answer.startswith(b"HTTP/1.1 201")


@pytest.mark.parametrize("seconds", [0, 0.01])
async def test_idle_connections_are_closed(connection, client, emulator, seconds):
    """
    The answer is whole and announces nothing; then the connection is closed.
    """
    emulator.add_fault(CloseIdle(operation=OPERATION, seconds=seconds))
    reader, writer = connection
    writer.write(HEAD + BODY)

    answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 201")
    assert answer.endswith(b"}")
    assert b"connection: close" not in answer.lower()
    assert 201 == (await client.post(PATH, json=MESSAGE)).status_code


async def test_busy_connections_are_not_closed(client, emulator):
    """
    A connection that is in use when it would be closed is closed later; the answer comes.
    """
    emulator.add_fault(CloseIdle(operation=OPERATION, seconds=0.15))
    await client.post(PATH, json=MESSAGE)
    emulator.delay_next(OPERATION, 0.25)
    opened = []

    async def trace(name, _info):
        opened.append(name)

    response = await client.post(PATH, json=MESSAGE, extensions={"trace": trace})

    assert 201 == response.status_code
    assert "connection.connect_tcp.complete" not in opened


async def test_a_client_keeps_a_connection_that_will_be_closed(client, emulator):
    """
    A client that believes the connection to be open finds out, at the next call at the latest.
    """
    emulator.close_idle_next(OPERATION)
    opened = []

    async def trace(name, _info):
        opened.append(name)

    for _ in range(2):
        response = await client.post(PATH, json=MESSAGE, extensions={"trace": trace})
        assert "close" != response.headers.get("connection")
        await asyncio.sleep(0.01)

    assert 2 == opened.count("connection.connect_tcp.complete")


async def test_other_calls_are_answered(client, emulator):
    """
    A call that hangs holds up no other.
    """
    emulator.add_conversation("19:d")
    emulator.hang_next(OPERATION)
    arrived = asyncio.Event()
    emulator.record.listen(lambda _exchange: arrived.set())
    struck = asyncio.ensure_future(client.post(PATH, json=MESSAGE))
    await arrived.wait()

    response = await client.post("/v3/conversations/19:d/activities", json=MESSAGE)
    struck.cancel()

    assert 201 == response.status_code


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("evil.example", PATH),
        ("evil.example:80", "/emulator/record"),
        ("127.0.0.1.evil.example", "/t/oauth2/v2.0/token"),
        ("", "/"),
    ],
)
async def test_refuses_other_names(client, emulator, host, path):
    """
    Who calls by a name that is not the emulator's own is told so, whatever they ask.
    """
    response = await client.get(path, headers={"Host": host})

    assert 421 == response.status_code
    assert f"does not answer to {host!r}, but to: 127.0.0.1, ::1, localhost" in response.text
    assert [] == emulator.record.received()


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:80", "localhost."]
)
async def test_takes_its_own_names(client, host):
    """
    The names of this machine are the emulator's own, on any port.
    """
    assert 200 == (await client.get("/emulator/record", headers={"Host": host})).status_code


async def test_takes_names_that_it_was_given(emulator):
    """
    Further names can be given.
    """
    async with serve(emulator, names=["smba.example"]) as server, httpx.AsyncClient() as client:
        response = await client.get(
            f"{server.url}/emulator/record", headers={"Host": "SMBA.example:443"}
        )

    assert 200 == response.status_code


async def test_warns_when_others_can_reach_it(emulator):
    """
    An emulator that listens to more than this machine says so, and takes any address.
    """
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        async with serve(emulator, host="0.0.0.0") as server, httpx.AsyncClient() as client:
            url = f"{server.url}/emulator/record"
            hosts = ("192.0.2.7", "[2001:db8::1]", "evil.example")
            statuses = [
                (await client.get(url, headers={"Host": host})).status_code for host in hosts
            ]

    [warning] = warned

    assert server.url.startswith("http://127.0.0.1:")
    assert "the emulator listens on 0.0.0.0: whoever reaches it" in str(warning.message)
    assert [200, 200, 421] == statuses


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
async def test_does_not_warn_on_the_loopback(emulator, host):
    """
    On the loopback there is nothing to say.
    """
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        async with serve(emulator, host=host):
            pass

    assert [] == warned


@pytest.mark.parametrize("port", [-1, 65_536])
async def test_knows_ports(emulator, port):
    """
    A port that cannot be is refused.
    """
    with pytest.raises(ValueError, match="from 0 to 65535"):
        async with serve(emulator, port=port):
            pass


@pytest.mark.parametrize("path", ["/emulator/clear", PATH, "/t/oauth2/v2.0/token"])
@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost:1", "http://127.0.0.1", "http://[", ""],
)
async def test_is_not_steered_from_elsewhere(client, emulator, origin, path):
    """
    A page of another site, or of another port, can neither steer the emulator nor write there.
    """
    response = await client.post(path, json=MESSAGE, headers={"Origin": origin})

    expected = 403 if origin else {PATH: 201}.get(path, 400)
    assert expected == response.status_code
    assert (0 if origin else emulator.record.next_number - 1) == len(emulator.record.received())


async def test_is_steered_by_its_own_pages(client):
    """
    A page that came from the emulator itself is answered.
    """
    origin = f"{client.base_url.scheme}://{client.base_url.netloc.decode()}"
    response = await client.post("/emulator/clear", headers={"Origin": origin})

    assert 200 == response.status_code


async def test_takes_no_other_machine_s_page_for_its_own():
    """
    Where every address is answered, a page of another address is another site's all the same.
    """
    with pytest.warns(UserWarning, match="listens on"):
        async with serve(Emulator(), host="0.0.0.0") as server, httpx.AsyncClient() as client:
            response = await client.post(
                f"{server.url}/emulator/clear", headers={"Origin": "http://192.0.2.7"}
            )

    assert 403 == response.status_code


async def test_runs_nothing_that_was_uploaded(client, emulator):
    """
    A page that was uploaded is no page of the console's origin: it is in a box, and as it is said.
    """
    page = emulator.add_attachment(b"<script>alert(1)</script>", type="text/html")

    response = await client.get(f"/v3/attachments/{page}/views/original")

    assert (200, "text/html") == (response.status_code, response.headers["content-type"])
    assert "sandbox; default-src 'none'" == response.headers["content-security-policy"]
    assert "nosniff" == response.headers["x-content-type-options"]


async def test_shows_browsers_the_console(client):
    """
    Who comes with a browser is led to the console.
    """
    response = await client.get("/", headers={"Accept": "text/html,*/*"})

    assert (307, "/emulator/console/") == (response.status_code, response.headers["location"])
    assert 404 == (await client.get("/")).status_code


async def test_dates_its_answers(client, emulator):
    """
    All answers have one date, the emulator's.
    """
    emulator.clock.freeze()
    emulator.clock.advance(86_400 * 365)

    for path in (PATH, "/t/v2.0/.well-known/openid-configuration"):
        response = await client.get(path)

        assert 1 == len(response.headers.get_list("date", split_commas=False))
        assert emulator.clock.wall() == pytest.approx(
            parsedate_to_datetime(response.headers["date"]).timestamp(), abs=1
        )
