"""
The emulator on a real socket, and what a real connection sees when things go wrong.
"""

import asyncio
import ssl
import time as real_time

import httpx
import pytest

from connector_async.emulator import Emulator, EmulatorClock, PortTakenError, serve

MESSAGE = {"type": "message", "text": "hello"}
PATH = "/teams/v3/conversations/a%2Fb%7C%25/activities"


@pytest.fixture
def emulator(emulator):
    emulator.add_conversation("a/b|%")
    return emulator


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
async def server(request, emulator):
    async with serve(emulator, tls=request.param) as server:
        yield server


@pytest.fixture
async def client(server):
    trusted = ssl.create_default_context(cafile=server.ca_file)
    async with httpx.AsyncClient(base_url=server.url, verify=trusted) as client:
        yield client


async def test_serves(client, emulator):
    """
    A served emulator answers as one in the same process does, with ids as they were quoted.
    """
    response = await client.post(PATH, json=MESSAGE)

    assert (201, {"id": "1700000000500"}) == (response.status_code, response.json())
    assert ["a/b|%"] == [done.conversation_id for done in emulator.record.committed()]


async def test_serves_files_and_queries(client, emulator):
    """
    Bytes and continuation tokens come through a socket unharmed.
    """
    emulator.add_conversation("19:c", members=201)
    attachment_id = emulator.add_attachment(bytes(range(256)), type="image/png")

    image = await client.get(f"/v3/attachments/{attachment_id}/views/original")
    first = (await client.get("/v3/conversations/19:c/pagedmembers")).json()
    last = await client.get(
        "/v3/conversations/19:c/pagedmembers",
        params={"continuationToken": first["continuationToken"]},
    )

    assert (bytes(range(256)), "image/png") == (image.content, image.headers["content-type"])
    assert ["29:member-200"] == [who["id"] for who in last.json()["members"]]


async def test_keeps_connections(client):
    """
    A connection is used again; answers without a body do not end it.
    """
    opened = []

    async def trace(name, _info):
        opened.append(name)

    for body in (MESSAGE, {"type": "typing"}, MESSAGE):
        await client.post(PATH, json=body, extensions={"trace": trace})

    assert 1 == opened.count("connection.connect_tcp.complete")


@pytest.mark.parametrize(("fault", "happened"), [("drop_next", 1), ("reset_next", 0)])
async def test_resets_connections(client, emulator, fault, happened):
    """
    A reset is a reset: neither an answer nor an orderly end; and the next call is fine.
    """
    getattr(emulator, fault)("sendToConversation")

    with pytest.raises(httpx.ReadError):
        await client.post(PATH, json=MESSAGE)

    assert happened == len(emulator.record.committed())
    assert 201 == (await client.post(PATH, json=MESSAGE)).status_code


async def test_resets_one_connection_only(client, emulator):
    """
    A reset strikes the call that it was meant for; others on the way are answered.
    """
    emulator.add_conversation("19:other")
    emulator.delay_next("sendToConversation", 0.01, conversation_id="19:other")
    emulator.reset_next("sendToConversation", conversation_id="a/b|%")

    other, struck = await asyncio.gather(
        client.post("/v3/conversations/19:other/activities", json=MESSAGE),
        client.post(PATH, json=MESSAGE),
        return_exceptions=True,
    )

    assert 201 == other.status_code
    assert isinstance(struck, httpx.ReadError)


async def test_answers_late(client, emulator):
    """
    A late answer comes, or the client gives up; either way it has happened.
    """
    emulator.delay_next("sendToConversation", 0.005)
    emulator.delay_next("sendToConversation", 60)

    response = await client.post(PATH, json=MESSAGE)
    with pytest.raises(httpx.ReadTimeout):
        await client.post(PATH, json=MESSAGE, timeout=0.005)

    assert 201 == response.status_code
    assert 2 == len(emulator.record.committed())


async def test_ends_at_once():
    """
    Neither idle connections nor answers that are due hold up the end.
    """
    arrived = asyncio.Event()

    def now():
        arrived.set()
        return 0.0

    emulator = Emulator(profile="generic", clock=EmulatorClock.from_functions(now))
    emulator.delay_next("sendToConversation", 60)
    async with httpx.AsyncClient() as client:
        async with serve(emulator) as server:
            late = asyncio.ensure_future(client.post(f"{server.url}{PATH}", json=MESSAGE))
            await arrived.wait()
            await client.get(f"{server.url}/v3/conversations")
            began = real_time.monotonic()

        with pytest.raises(httpx.TransportError):
            await late

    assert 0.5 > real_time.monotonic() - began


async def test_ends_while_a_bot_is_waited_for(emulator, caplog):
    """
    A bot that does not answer does not hold up the end, and nobody complains.
    """
    called = asyncio.Event()
    connections = []

    async def silent(_reader, writer):
        connections.append(writer)
        called.set()

    bot = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = bot.sockets[0].getsockname()[1]
    emulator.bot_url = f"http://127.0.0.1:{port}/api/messages"
    async with httpx.AsyncClient() as client:
        async with serve(emulator) as server:
            said = asyncio.ensure_future(
                client.post(
                    f"{server.url}/emulator/console/api/say",
                    json={"conversation": "a/b|%", "text": "hello"},
                    headers={"X-Emulator-Console": "1"},
                )
            )
            await called.wait()
            began = real_time.monotonic()
        took = real_time.monotonic() - began
        with pytest.raises(httpx.TransportError):
            await said
    for writer in connections:
        writer.close()
    bot.close()

    assert 2 > took
    assert [] == caplog.records


async def test_ends_without_a_handshake(emulator):
    """
    Who connects and never says a word does not hold up the end.
    """
    began = real_time.monotonic()
    async with serve(emulator, tls=True) as server:
        url = httpx.URL(server.url)
        _, writer = await asyncio.open_connection(url.host, url.port)
        await asyncio.sleep(0)
    writer.close()

    assert 1 > real_time.monotonic() - began


async def test_forgets_half_requests(server, emulator):
    """
    A request whose sender is gone before its body was sent has not arrived.
    """
    url = httpx.URL(server.url)
    trusted = None if server.ca_file is None else ssl.create_default_context(cafile=server.ca_file)
    _, writer = await asyncio.open_connection(url.host, url.port, ssl=trusted)
    writer.write(f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{{".encode())
    await writer.drain()
    writer.transport.abort()

    async with httpx.AsyncClient(verify=trusted or True) as client:
        await client.get(f"{server.url}/v3/conversations")

    assert ["getConversations"] == [seen.operation for seen in emulator.record.received()]


async def test_cleans_up(emulator):
    """
    The certificate authority is there while the emulator is served, and no longer.
    """
    async with serve(emulator, tls=True) as server:
        ssl.create_default_context(cafile=server.ca_file)

    with pytest.raises(FileNotFoundError):
        ssl.create_default_context(cafile=server.ca_file)


async def test_serves_on_ipv6(emulator):
    """
    An address with colons is written as a URL needs it.
    """
    async with serve(emulator, host="::1") as server, httpx.AsyncClient() as client:
        assert server.url.startswith("http://[::1]:")
        assert 200 == (await client.get(f"{server.url}/v3/conversations")).status_code


async def test_refuses_a_port_that_is_taken(emulator):
    """
    Who asks for a taken port is told so.
    """
    async with serve(emulator) as server:
        port = httpx.URL(server.url).port
        with pytest.raises(PortTakenError, match=rf"port {port} of 127\.0\.0\.1 is in use: end"):
            async with serve(emulator, port=port):
                pass


async def test_refuses_a_host_that_is_another_s(emulator):
    """
    An address that is none of this machine's cannot be listened on.
    """
    with pytest.warns(UserWarning, match=r"listens on 192\.0\.2\.1"), pytest.raises(OSError):  # noqa: PT011 - the system's words
        async with serve(emulator, host="192.0.2.1"):
            pass
