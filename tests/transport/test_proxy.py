"""
Calls through a proxy: what it sees, what happens when it fails.
"""

import base64
import logging
from contextlib import suppress

import pytest

from connector_async import (
    Activity,
    ConnectorClient,
    DeliveryUnknownError,
    RetryPolicy,
    Timeouts,
    TokenCallable,
)
from connector_async._transport.proxy import proxy_of_environment
from connector_async.errors import DeadlineError, TransportError
from tests.transport.peers import Tunnel, answer, answering, fetch, serve, silent

TAKEN = answer(201, b'{"id":"42"}')
SECRET = base64.b64encode(b"me:s3cret").decode()


def saying(data, then=None):
    async def handle(line):
        await line.head()
        await line.say(data)
        if then is not None:
            then(line)

    return handle


async def send(connector):
    return await connector.send_to_conversation("a:1", Activity.message("hello"))


async def test_carries_tls(tls, ca_file):
    """
    A proxy is asked for a tunnel, once for all calls, and sees neither token nor message.
    """
    tunnel = Tunnel()
    async with serve(answering(TAKEN), tls=tls) as peer, serve(tunnel) as proxy:
        credential = TokenCallable(lambda: ("abc", 3600))
        async with ConnectorClient(
            credential,
            service_url=f"{peer.url}/teams",
            proxy=proxy.url,
            ca_file=ca_file,
            trusted_hosts=[f"127.0.0.1:{peer.port}"],
        ) as connector:
            ids = [(await send(connector)).id for _ in range(2)]

    assert ["42", "42"] == ids
    assert ["Bearer abc"] * 2 == [asked.headers["authorization"] for asked in peer.requests]
    assert [f"CONNECT 127.0.0.1:{peer.port} HTTP/1.1"] == [asked.line for asked in tunnel.asked]
    assert {"host": f"127.0.0.1:{peer.port}"} == tunnel.asked[0].headers


async def test_carries_tls_in_tls(connect, tls, ca_file):
    """
    A proxy may itself be spoken to by TLS.
    """
    async with serve(answering(TAKEN), tls=tls) as peer, serve(Tunnel(), tls=tls) as proxy:
        connector = connect(peer.url, proxy=proxy.url, ca_file=ca_file)

        assert "42" == (await send(connector)).id
        assert [1, 1] == [len(peer.lines), len(proxy.lines)]


async def test_hands_on_what_is_not_tls(connect):
    """
    A proxy is handed a plain request whole, with the URL in it.
    """
    async with serve(answering(TAKEN)) as proxy:
        connector = connect("http://localhost:1", proxy=proxy.url)

        assert "42" == (await send(connector)).id
        assert ["POST http://localhost:1/teams/v3/conversations/a%3A1/activities HTTP/1.1"] == [
            asked.line for asked in proxy.requests
        ]


ESTABLISHED = b"HTTP/1.1 200 OK\r\n\r\n"
NO_TUNNEL = r"no tunnel through the proxy 127\.0\.0\.1:\d+: "
SILENT = f"{NO_TUNNEL}it took too long"
HUNG_UP = "hung up|reset by peer|closed|no TLS"
FAILURES = {
    "asks who we are": (saying(answer(407)), f"{NO_TUNNEL}it answered 407"),
    "cannot reach the host": (saying(answer(502)), f"{NO_TUNNEL}it answered 502"),
    "closes": (saying(b""), f"{NO_TUNNEL}the server closed the connection"),
    "resets": (
        saying(b"", lambda line: line.reset()),
        f"{NO_TUNNEL}the connection was lost: .*reset by peer",
    ),
    "is silent": (silent, SILENT),
    "is none": (saying(b"SSH-2.0-OpenSSH_9.2\r\n"), f"{NO_TUNNEL}the answer is not HTTP"),
    "says too much": (
        saying(ESTABLISHED + b"\x15\x03\x01\x00\x02\x02\x46"),
        f"{NO_TUNNEL}it said more than its answer",
    ),
    "closes the tunnel": (saying(ESTABLISHED), HUNG_UP),
    "resets the tunnel": (saying(ESTABLISHED, lambda line: line.reset()), HUNG_UP),
}


@pytest.mark.parametrize(("handler", "reason"), FAILURES.values(), ids=FAILURES)
async def test_a_proxy_that_fails(connect, handler, reason):
    """
    Until the tunnel is there, nothing was sent, whatever becomes of the proxy.
    """
    timeouts = Timeouts(connect=0.1) if reason is SILENT else Timeouts()
    async with serve(handler) as proxy:
        connector = connect("https://localhost:1", proxy=proxy.url, timeouts=timeouts)
        with pytest.raises(TransportError, match=f"nothing was sent .*({reason})") as caught:
            await send(connector)

    error = caught.value
    assert (False, False, False) == (error.left, error.may_have_happened, error.permanent)


async def test_a_deadline_in_the_tunnel(connect):
    """
    A deadline that passes while a tunnel is asked for: nothing was done.
    """
    async with serve(silent) as proxy:
        with pytest.raises(DeadlineError, match="nothing was done"):
            await send(connect("https://localhost:1", proxy=proxy.url, deadline=0.1))


async def test_strangers_behind_a_proxy(connect, tls):
    """
    A certificate that nobody vouches for is not trusted behind a proxy either, and not tried again.
    """
    async with serve(answering(TAKEN), tls=tls) as peer, serve(Tunnel()) as proxy:
        connector = connect(peer.url, proxy=proxy.url, retry=RetryPolicy(attempts=4))
        with pytest.raises(
            TransportError, match=r"the certificate of 127\.0\.0\.1 is not believed"
        ) as caught:
            await send(connector)

    assert (False, True, 1) == (caught.value.left, caught.value.permanent, caught.value.attempts)


async def test_answers_lost_behind_a_proxy(connect, tls, ca_file):
    """
    Once the request itself is under way in the tunnel, it may have arrived.
    """

    async def close(line):
        await line.request()

    async with serve(close, tls=tls) as peer, serve(Tunnel()) as proxy:
        connector = connect(peer.url, proxy=proxy.url, ca_file=ca_file)
        with pytest.raises(DeliveryUnknownError):
            await send(connector)

        assert 1 == len(peer.requests)


async def test_answers_lost_by_a_proxy(connect):
    """
    A plain request that a proxy took may have arrived.
    """
    async with serve(saying(b"")) as proxy:
        with pytest.raises(DeliveryUnknownError):
            await send(connect("http://localhost:1", proxy=proxy.url))


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("HTTPS_PROXY", "http://"),
        ("https_proxy", "http://"),
        ("ALL_PROXY", ""),
        ("HTTPS_PROXY", ""),
    ],
)
async def test_the_environments_proxy(trusting, monkeypatch, tls, name, scheme):
    """
    Without one of its own, a client takes the proxy of the environment.
    """
    tunnel = Tunnel()
    async with serve(answering(TAKEN), tls=tls) as peer, serve(tunnel) as proxy:
        monkeypatch.setenv(name, f"{scheme}127.0.0.1:{proxy.port}")
        there = f"service.example:{peer.port}"
        connector = trusting(f"https://{there}", trusted_hosts=[there])

        assert "42" == (await send(connector)).id
        assert 1 == len(tunnel.asked)


@pytest.mark.parametrize(
    "hosts", ["service.example", "a.example, .example", "*", "service.example:8443"]
)
def test_hosts_without_proxy(monkeypatch, hosts):
    """
    A host that `NO_PROXY` names, perhaps with its port, is spoken to directly.
    """
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", hosts)

    assert proxy_of_environment("https", "service.example", 8443) is None


def test_other_hosts_have_a_proxy(monkeypatch):
    """
    Other hosts, and other ports of one that is named with its port, have the proxy.
    """
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "service.example:8443")

    assert ["http://proxy.example:3128" for _ in range(2)] == [
        proxy_of_environment("https", host, port)
        for host, port in (("service.example", 443), ("else.example", 8443))
    ]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_this_machine_is_reached_directly(monkeypatch, host):
    """
    No proxy of the environment sees the token of a call to this machine.
    """
    async with serve(answering(TAKEN)) as peer, serve(answering()) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        async with ConnectorClient(
            TokenCallable(lambda: ("abc", 3600)),
            service_url=f"http://{host}:{peer.port}/teams",
            trusted_hosts=[f"{host}:{peer.port}"],
        ) as connector:
            assert "42" == (await send(connector)).id

        assert [] == proxy.lines


async def test_a_proxy_of_ones_own_counts_for_all_hosts(connect, monkeypatch):
    """
    The proxy that a client was told is used, whatever the environment says.
    """
    async with serve(answering(TAKEN)) as proxy, serve(answering()) as other:
        monkeypatch.setenv("HTTP_PROXY", other.url)
        monkeypatch.setenv("NO_PROXY", "*")

        assert "42" == (await send(connect("http://localhost:1", proxy=proxy.url))).id
        assert [] == other.lines


async def test_an_environments_proxy_that_cannot_be(connect, monkeypatch):
    """
    A proxy of the environment that is none fails the call, and is not tried again.
    """
    monkeypatch.setenv("HTTPS_PROXY", "gopher://me:s3cret@localhost:70")
    connector = connect(
        "https://service.example", trusted_hosts=["service.example"], retry=RetryPolicy(attempts=4)
    )
    with pytest.raises(TransportError, match=r"nothing was sent .*has no URL of a proxy") as caught:
        await send(connector)

    assert (True, 1) == (caught.value.permanent, caught.value.attempts)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_shows_its_password_to_the_proxy_only(connect, tls, ca_file, caplog, scheme):
    """
    A proxy's password goes to the proxy; neither the host nor any log sees it.
    """
    caplog.set_level(logging.DEBUG)
    tunnel = Tunnel()
    through = answering(TAKEN) if scheme == "http" else tunnel
    async with serve(answering(TAKEN), tls=tls) as peer, serve(through) as proxy:
        url = f"{scheme}://127.0.0.1:{peer.port}"
        mine = proxy.url.replace("//", "//me:s3cret@")
        connector = connect(url, proxy=mine, ca_file=ca_file)
        assert "42" == (await send(connector)).id
        seen = [*proxy.requests, *tunnel.asked]

    assert [f"Basic {SECRET}"] == [asked.headers["proxy-authorization"] for asked in seen]
    assert [] == [asked for asked in peer.requests if "proxy-authorization" in asked.headers]
    assert "s3cret" not in caplog.text + repr(connector)
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("user", "pair"),
    [("me:p%40s%3As%2F", b"me:p@s:s/"), ("me", b"me:"), (":%C3%A4", ":\xe4".encode())],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_password_may_hold_anything(pools, scheme, user, pair):
    """
    What is quoted in a proxy's URL is unquoted, and sent as it is meant.
    """
    asked = []

    async def refuse(line):
        asked.append(await line.head())
        await line.say(answer(407))

    async with serve(refuse) as proxy:
        pool = pools(proxy=proxy.url.replace("//", f"//{user}@"))
        with suppress(TransportError):
            await fetch(pool, f"{scheme}://localhost:1/")

    expected = f"Basic {base64.b64encode(pair).decode()}"
    assert [expected] == [one.headers["proxy-authorization"] for one in asked]


@pytest.mark.parametrize(
    ("url", "line", "host"),
    [
        ("http://[::1]:1/a?b=c", "GET http://[::1]:1/a?b=c HTTP/1.1", "[::1]:1"),
        ("https://[::1]:1/a?b=c", "CONNECT [::1]:1 HTTP/1.1", "[::1]:1"),
        ("https://[2001:db8::1]/", "CONNECT [2001:db8::1]:443 HTTP/1.1", "[2001:db8::1]:443"),
        ("https://a.example/", "CONNECT a.example:443 HTTP/1.1", "a.example:443"),
        ("http://a.example", "GET http://a.example/ HTTP/1.1", "a.example"),
    ],
)
async def test_names_the_host_to_a_proxy(pools, url, line, host):
    """
    An IPv6 address is in brackets where a proxy is told of it, too; a tunnel has a port always.
    """
    asked = []

    async def refuse(line):
        asked.append(await line.head())
        await line.say(answer(502))

    async with serve(refuse) as proxy:
        with suppress(TransportError):
            await fetch(pools(proxy=proxy.url), url)

    assert [(line, host)] == [(one.line, one.headers["host"]) for one in asked]


async def test_keeps_its_password_out_of_errors(connect, caplog):
    """
    What fails at a proxy is told without its password.
    """
    caplog.set_level(logging.DEBUG)
    async with serve(saying(answer(407))) as proxy:
        mine = proxy.url.replace("//", "//me:s3cret@")
        with pytest.raises(TransportError) as caught:
            await send(connect("https://localhost:1", proxy=mine))

    assert (
        "s3cret" not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r} {caplog.text}"
    )
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "proxy",
    [
        "localhost:3128",
        "ftp://me:s3cret@localhost",
        "http://",
        "http://[::1",
        "",
        "http://x:y",
        "socks5://localhost:1080",
        "http://x:99999",
        "http://x/path",
        "http://me:12?rest@x",
    ],
)
def test_refuses_what_is_no_proxy(proxy):
    """
    A proxy that cannot be is refused when the client is made, and not shown.
    """
    with pytest.raises(ValueError, match=r"^the proxy has no URL of a proxy") as caught:
        ConnectorClient(None, proxy=proxy)

    assert "s3cret" not in str(caught.value)
