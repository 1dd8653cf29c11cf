"""
A caller's own `http_client` or `transport`: what of it is used, and what is known then.
"""

import asyncio
import ssl
from contextlib import suppress

import aiohttp
import httpx
import pytest
import respx

from connector_async import (
    Activity,
    ConnectorClient,
    DeliveryUnknownError,
    RetryPolicy,
    Timeouts,
    TokenCallable,
)
from connector_async.errors import (
    ApiError,
    BadRequestError,
    ConnectorError,
    DeadlineError,
    DecodeError,
    DeliveryTimeoutError,
    TransportError,
)
from connector_async.testing import FakeClock
from tests.transport.peers import a_deaf_port, answer, answering, serve, silent, until

URL = "http://localhost/teams"
TAKEN = answer(201, b'{"id":"42"}')


async def get(connector):
    return await connector.get_conversation_members("a:1")


async def send(connector):
    return await connector.send_to_conversation("a:1", Activity.message("hello"))


def once(transport, **options):
    return ConnectorClient(
        None, service_url=URL, transport=transport, retry=RetryPolicy(attempts=1), **options
    )


class Body(httpx.AsyncByteStream):
    """
    A body that fails as it is told.
    """

    def __init__(self, *chunks, failure=None, failure_to_close=None):
        self._chunks = chunks
        self._failure = failure
        self._failure_to_close = failure_to_close
        self.closed = 0

    async def __aiter__(self):
        for chunk in self._chunks:
            yield chunk
        if self._failure is not None:
            raise self._failure

    async def aclose(self):
        self.closed += 1
        if self._failure_to_close is not None:
            raise self._failure_to_close


def telling(status, body):
    """
    A transport that gives this answer, and does not trace.
    """
    return httpx.MockTransport(lambda _: httpx.Response(status, stream=body))


def failing(error):
    """
    A transport that fails like this, and does not trace.
    """

    def handle(_):
        raise error

    return httpx.MockTransport(handle)


async def test_hooks_are_called(connect):
    """
    The hooks of a caller's client see each request and each answer; they may read it.
    """
    seen = []

    async def before(request):
        request.headers["x-hook"] = "1"
        seen.append(request.method)

    async def after(response):
        await response.aread()
        seen.append(response.status_code)

    hooks = {"request": [before], "response": [after]}
    async with serve(answering(TAKEN)) as peer, httpx.AsyncClient(event_hooks=hooks) as client:
        assert "42" == (await send(connect(peer.url, http_client=client))).id

    assert ["POST", 201] == seen
    assert "1" == peer.requests[0].headers["x-hook"]


async def test_mounts_are_used(connect):
    """
    The mounts of a caller's client decide where a request goes.
    """
    mounted = httpx.MockTransport(lambda _: httpx.Response(201, json={"id": "42"}))
    async with httpx.AsyncClient(mounts={"all://localhost": mounted}) as client:
        assert "42" == (await send(connect("http://localhost:1", http_client=client))).id


async def test_routers_are_used():
    """
    A router of respx's stands for the service, as a transport or below a client.
    """
    router = respx.MockRouter()
    route = router.get(host="localhost").respond(json=[{"id": "29:1"}])
    transport = httpx.MockTransport(router.async_handler)
    async with (
        once(transport) as one,
        httpx.AsyncClient(transport=transport) as client,
        ConnectorClient(None, service_url=URL, http_client=client) as other,
    ):
        members = [*await get(one), *await get(other)]

    assert ["29:1", "29:1"] == [member.id for member in members]
    assert 2 == route.call_count


async def test_default_headers_are_sent(connect):
    """
    The default headers of a caller's client are sent, but never in place of ours.
    """
    theirs = {
        "X-Theirs": "1",
        "User-Agent": "theirs",
        "Accept-Encoding": "br",
        "Content-Type": "text/plain",
    }
    async with serve(answering(TAKEN)) as peer, httpx.AsyncClient(headers=theirs) as client:
        await send(connect(peer.url, http_client=client, user_agent="ours"))
        headers = peer.requests[0].headers

    assert ("1", "ours") == (headers["x-theirs"], headers["user-agent"])
    assert "gzip" == headers["accept-encoding"]
    assert "application/json; charset=utf-8" == headers["content-type"]


async def test_what_else_a_client_has_is_not_used(connect):
    """
    Auth, cookies, parameters, base URL and an Authorization of a caller's client are not used.
    """
    async with (
        serve(answering(answer(200, b"{}", set_cookie="a=b"), answer(200, b"[]"))) as peer,
        httpx.AsyncClient(
            auth=("me", "s3cret"),
            headers={"Authorization": "Bearer s3cret"},
            cookies={"session": "s3cret"},
            params={"api-version": "1"},
            base_url="http://localhost:1/elsewhere",
        ) as client,
    ):
        connector = connect(peer.url, http_client=client)
        await connector.get_conversations(continuation_token="next")
        await get(connector)

    assert [
        "GET /teams/v3/conversations?continuationToken=next HTTP/1.1",
        "GET /teams/v3/conversations/a%3A1/members HTTP/1.1",
    ] == [asked.line for asked in peer.requests]
    assert not {"authorization", "cookie"} & {
        name for asked in peer.requests for name in asked.headers
    }


async def test_redirects_are_not_followed(connect):
    """
    A caller's client that follows redirects does not follow them here.
    """
    redirect = answer(307, location="http://localhost:1/elsewhere")
    async with (
        serve(answering(redirect)) as peer,
        httpx.AsyncClient(follow_redirects=True) as client,
    ):
        with pytest.raises(ApiError, match=r"^sendToConversation: 307"):
            await send(connect(peer.url, http_client=client))

        assert 1 == len(peer.requests)


async def test_timeouts_are_ours(connect):
    """
    How long an attempt may take is the connector's to say, not the caller's client's.
    """
    async with serve(silent) as peer, httpx.AsyncClient(timeout=None) as client:
        connector = connect(peer.url, http_client=client, timeouts=Timeouts(read=0.05))
        with pytest.raises(TransportError, match="ReadTimeout"):
            await get(connector)


async def test_stays_the_callers_to_close():
    """
    Closing the connector closes neither a caller's client nor a caller's transport.
    """
    closed = []

    class Transport(httpx.MockTransport):
        async def aclose(self):
            closed.append(self)

    transport = Transport(lambda _: httpx.Response(200, json=[]))
    client = httpx.AsyncClient(transport=transport)
    async with ConnectorClient(None, service_url=URL, http_client=client) as connector:
        await get(connector)
    async with once(transport) as connector:
        await get(connector)

    assert [] == closed
    assert not client.is_closed
    await client.aclose()


async def test_a_client_that_was_closed():
    """
    A caller's client that was closed sends nothing, and trying again would not help.
    """
    client = httpx.AsyncClient()
    await client.aclose()
    async with ConnectorClient(None, service_url=URL, http_client=client) as connector:
        with pytest.raises(
            TransportError, match=r"nothing was sent .*client has been closed"
        ) as caught:
            await send(connector)

    assert (False, True, 1) == (caught.value.left, caught.value.permanent, caught.value.attempts)


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("no route"),
        httpx.ConnectTimeout("no route"),
        httpx.PoolTimeout("no place"),
        httpx.ProxyError("407"),
    ],
)
async def test_errors_that_say_that_nothing_left(error):
    """
    Of a transport that does not trace, an error that had no connection says that nothing was sent.
    """
    async with once(failing(error)) as connector:
        with pytest.raises(TransportError, match="nothing was sent") as caught:
            await send(connector)

    assert (False, False) == (caught.value.left, caught.value.permanent)


def ending_as_failing_to_connect(end):
    """
    What httpx-aiohttp makes of a connection that ends before its answer.
    """
    error = httpx.ConnectTimeout(str(end))
    error.__cause__ = end
    return error


@pytest.mark.parametrize(
    "end",
    [aiohttp.ServerDisconnectedError(), ConnectionResetError("reset"), BrokenPipeError("pipe")],
    ids=lambda end: type(end).__name__,
)
async def test_errors_that_say_wrongly_that_nothing_left(end):
    """
    A connection that ended is no failure to connect, whatever a transport calls it.
    """
    async with once(failing(ending_as_failing_to_connect(end))) as connector:
        with pytest.raises(DeliveryUnknownError):
            await send(connector)


async def test_errors_that_say_that_nothing_will_ever_leave():
    """
    An address that the transport does not speak is not tried again.
    """
    async with once(failing(httpx.UnsupportedProtocol("gopher"))) as connector:
        with pytest.raises(TransportError, match="nothing was sent") as caught:
            await send(connector)

    assert (False, True) == (caught.value.left, caught.value.permanent)


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadError("reset"),
        httpx.ReadTimeout("late"),
        httpx.WriteError("reset"),
        httpx.WriteTimeout("late"),
        httpx.RemoteProtocolError("garbage"),
        httpx.LocalProtocolError("a stream that is closed"),
        httpx.DecodingError("garbage"),
        OSError("reset"),
        KeyError("a mistake"),
        TimeoutError(),
    ],
)
async def test_errors_that_say_nothing(error):
    """
    After any other error of a transport that does not trace, the request may have arrived.
    """
    async with once(failing(error)) as connector:
        with pytest.raises(DeliveryUnknownError) as caught:
            await send(connector)
        with pytest.raises(TransportError) as caught_too:
            await get(connector)

    assert caught.value.__cause__.left
    assert (True, False) == (caught_too.value.left, caught_too.value.permanent)
    assert error is caught_too.value.__cause__


async def test_a_deadline_without_tracing():
    """
    A deadline that cuts a transport that does not trace: it may have arrived.
    """

    async def never(_):
        await asyncio.Event().wait()

    async with once(httpx.MockTransport(never), deadline=0.01) as connector:
        with pytest.raises(DeliveryTimeoutError):
            await send(connector)
        with pytest.raises(DeadlineError):
            await get(connector)


async def test_a_close_without_tracing():
    """
    A close that cuts a transport that does not trace: it may have arrived.
    """
    called = []

    async def never(request):
        called.append(request)
        await asyncio.Event().wait()

    async with once(httpx.MockTransport(never), drain=0.0) as connector:
        call = asyncio.ensure_future(send(connector))
        await until(lambda: called)
    with pytest.raises(DeliveryUnknownError, match="the client was closed"):
        await call


async def test_httpx_tells_what_has_left(connect):
    """
    A client of httpx traces: what is known with our pool is known with a caller's client, too.
    """
    async with (
        httpx.AsyncClient() as client,
        serve(silent) as mute,
        serve(answering(answer(201, b"{", content_length=9, connection="close"))) as peer,
    ):
        with pytest.raises(TransportError, match="nothing was sent"):
            await send(connect("http://localhost:1", http_client=client))
        with a_deaf_port() as port, pytest.raises(DeadlineError, match="nothing was done"):
            await send(connect(f"http://127.0.0.1:{port}", http_client=client, deadline=0.1))
        with pytest.raises(DeliveryTimeoutError):
            await send(connect(mute.url, http_client=client, deadline=0.1))
        connector = connect(peer.url, http_client=client, timeouts=Timeouts(read=0.1))
        assert (await send(connector)).id is None


async def test_headers_that_cannot_be(connect):
    """
    A header that cannot be, set by a hook, is found before anything is written.
    """

    async def spoil(request):
        request.headers["x-hook"] = "a\r\nb: c"

    async with serve(answering(TAKEN)) as peer:
        async with httpx.AsyncClient(event_hooks={"request": [spoil]}) as client:
            with pytest.raises(
                TransportError, match=r"nothing was sent .*LocalProtocolError"
            ) as caught:
                await send(connect(peer.url, http_client=client))

        assert (False, True) == (caught.value.left, caught.value.permanent)
        assert [] == peer.requests


async def test_hooks_that_fail_on_an_answer(connect):
    """
    A hook that fails on the answer to a message does not make it undone.
    """

    async def fail(_):
        raise RuntimeError("a mistake")

    async with (
        serve(answering(TAKEN)) as peer,
        httpx.AsyncClient(event_hooks={"response": [fail]}) as client,
    ):
        with pytest.raises(DeliveryUnknownError) as caught:
            await send(connect(peer.url, http_client=client))

    assert "no answer came (RuntimeError: a mistake)" in str(caught.value.__cause__)


async def test_hooks_that_swallow_an_answer(connect):
    """
    An answer that a hook has read and not kept cannot be read; a message was taken all the same.
    """

    async def swallow(response):
        async for _ in response.aiter_raw():
            pass

    async with (
        serve(answering(TAKEN)) as peer,
        httpx.AsyncClient(event_hooks={"response": [swallow]}) as client,
    ):
        connector = connect(peer.url, http_client=client)

        assert (await send(connector)).id is None
        with pytest.raises(TransportError):
            await get(connector)


async def test_bodies_that_fail():
    """
    A body that a transport cannot deliver: a message was taken, a result is missing.
    """
    async with once(telling(201, Body(b'{"id', failure=OSError("reset")))) as connector:
        assert (await send(connector)).id is None
    async with once(telling(200, Body(b"[", failure=OSError("reset")))) as connector:
        with pytest.raises(TransportError, match=r"no answer came .OSError: reset"):
            await get(connector)
    async with once(telling(400, Body(b"{", failure=OSError("reset")))) as connector:
        with pytest.raises(BadRequestError):
            await get(connector)


async def test_bodies_that_fail_to_close():
    """
    What goes wrong in closing an answer changes nothing about it.
    """
    body = Body(b"x" * 5000, failure_to_close=OSError("reset"))
    async with once(telling(200, body), max_response_bytes=100) as connector:
        with pytest.raises(DecodeError, match="longer than 100 bytes"):
            await get(connector)

    assert 1 == body.closed


@pytest.mark.parametrize("call", [get, send])
@pytest.mark.parametrize("status", [200, 404])
async def test_bodies_are_closed(call, status):
    """
    Every answer is closed, read or not.
    """
    bodies = [Body(b"[]"), Body(b"x" * 5000), Body(failure=OSError("reset"))]
    for body in bodies:
        async with once(telling(status, body), max_response_bytes=100) as connector:
            with suppress(ConnectorError):
                await call(connector)

    assert [1, 1, 1] == [body.closed for body in bodies]


async def test_hooks_that_raise_for_the_status():
    """
    A refusal that a hook raises is a refusal still, and waited for as the service asks.
    """
    asked = []

    def refuse_once(request):
        asked.append(request.method)
        refused = httpx.Response(429, headers={"retry-after": "7"})
        return refused if len(asked) == 1 else httpx.Response(201, json={"id": "42"})

    async def raise_for_status(response):
        response.raise_for_status()

    clock = FakeClock()
    async with (
        httpx.AsyncClient(
            transport=httpx.MockTransport(refuse_once),
            event_hooks={"response": [raise_for_status]},
        ) as http,
        ConnectorClient(None, service_url=URL, http_client=http, clock=clock) as connector,
    ):
        sent = await send(connector)

    assert "42" == sent.id
    assert ["POST"] * 2 == asked
    assert 7.0 <= clock.slept[0] <= 7.7


async def test_default_headers_do_not_go_where_content_lies():
    """
    A caller's default headers go to the service, and not on to the store of an attachment.
    """
    keys = []

    def lead_on(request):
        keys.append(request.headers.get("x-api-key"))
        if len(keys) == 1:
            return httpx.Response(302, headers={"location": "https://store.example.net/1"})
        return httpx.Response(200, content=b"content")

    async with (
        httpx.AsyncClient(
            transport=httpx.MockTransport(lead_on), headers={"x-api-key": "secret"}
        ) as http,
        ConnectorClient(None, service_url=URL, http_client=http) as connector,
    ):
        content = await connector.get_attachment("1")

    assert b"content" == content
    assert ["secret", None] == keys


async def test_carries_the_token():
    """
    The token goes along with what a caller brings, and only to the service.
    """
    credential = TokenCallable(lambda: ("t0ken", 3600))
    async with serve(answering(TAKEN)) as peer, httpx.AsyncClient() as client:
        async with ConnectorClient(
            credential,
            service_url=f"{peer.url}/teams",
            trusted_hosts=[f"127.0.0.1:{peer.port}"],
            http_client=client,
        ) as connector:
            await send(connector)

        assert "Bearer t0ken" == peer.requests[0].headers["authorization"]


async def test_strangers_are_not_believed_by_a_caller_either(connect, tls):
    """
    A certificate that a caller's client does not believe is not tried again.
    """
    async with (
        serve(answering(TAKEN), tls=tls) as peer,
        httpx.AsyncClient(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as client,
    ):
        connector = connect(peer.url, http_client=client, retry=RetryPolicy(attempts=4))
        with pytest.raises(TransportError, match="nothing was sent") as caught:
            await send(connector)

    assert (True, 1) == (caught.value.permanent, caught.value.attempts)


async def test_bodies_that_are_not_what_they_say(connect):
    """
    A body in an encoding that was not asked for cannot be read; a message was taken all the same.
    """
    strange = answer(200, b"[]", content_encoding="br")
    async with serve(answering(strange)) as peer, httpx.AsyncClient() as client:
        connector = connect(peer.url, http_client=client)
        with pytest.raises(DecodeError, match="the answer is encoded as 'br'"):
            await get(connector)

        assert (await send(connector)).id is None


async def read(connector):
    async with connector.stream_attachment("a") as content:
        return b"".join([chunk async for chunk in content])


async def test_streams_bodies():
    """
    A streamed body is read through what a caller brings, and closed.
    """
    body = Body(b"one", b"two")
    async with once(telling(200, body)) as connector:
        assert b"onetwo" == await read(connector)

    assert 1 == body.closed


async def test_streamed_bodies_that_fail(connect):
    """
    A streamed body that breaks off, or is not what it says, is told.
    """
    body = Body(b"one", failure=OSError("reset"))
    async with once(telling(200, body)) as connector:
        with pytest.raises(TransportError, match=r"no answer came .OSError: reset"):
            await read(connector)
    strange = answer(200, b"whole", content_encoding="br")
    async with serve(answering(strange)) as peer, httpx.AsyncClient() as client:
        with pytest.raises(DecodeError, match="content encoded as 'br'"):
            await read(connect(peer.url, http_client=client))

    assert 1 == body.closed
