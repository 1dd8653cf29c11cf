import asyncio
import base64
import pickle
import socket
import ssl
import time
from urllib.parse import unquote

import attrs
import pytest
import trustme
from anyio import to_thread

from connector_async._clock import SystemClock
from connector_async.auth.credentials import (
    ClientSecret,
)
from connector_async.auth.network import IdentityNetwork

from .fakes import fetch, refused, until
from .identity import APP, SECRET

SCOPE = "https://api.botframework.com/.default"


@pytest.mark.parametrize("kind", ["discovery", "token"])
async def test_redirects_are_refused(identity, network, kind):
    """
    A redirect is not followed: the secret would go along.
    """
    identity.answer(kind, status=307, headers={"Location": "https://evil.example/take?it=1"})

    error = await refused(ClientSecret(APP, SECRET), identity, network)

    assert "answered 307, a redirect to https://evil.example/take, which is not" in str(error)
    assert 1 == len(identity.of(kind))


@pytest.mark.parametrize("kind", ["discovery", "token"])
async def test_read_timeout(identity, kind):
    """
    A server that never answers is given up, and not asked twice.
    """
    identity.hang(kind)
    network = IdentityNetwork(ssl_context=identity.trusting(), read_timeout=0.2)

    error = await refused(ClientSecret(APP, SECRET), identity, network)

    assert "was not reached: no answer in time (5 s to connect, 0.2 s a read)" in str(error)
    assert f"{identity.url}/botframework.com/" in str(error)
    assert 1 == len(identity.of(kind))


async def test_connect_timeout(identity, network):
    """
    A host on which nobody shakes hands is given up.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        cloud = attrs.evolve(
            identity.cloud, login_url=f"https://127.0.0.1:{server.getsockname()[1]}"
        )
        network = attrs.evolve(network, connect_timeout=0.2)

        error = await refused(ClientSecret(APP, SECRET), identity, network, cloud)

    assert "was not reached: no answer in time (0.2 s to connect, 10 s a read)" in str(error)


async def test_refused_connection(identity, network):
    """
    When nobody listens the error names the URL and the reason.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    cloud = attrs.evolve(identity.cloud, login_url=f"https://127.0.0.1:{port}")

    error = await refused(ClientSecret(APP, SECRET), identity, network, cloud)

    assert f"https://127.0.0.1:{port}/botframework.com/v2.0" in str(error)
    assert "was not reached: ConnectionRefusedError: [Errno" in str(error)
    assert "ConnectionError" == type(error.__cause__).__name__


async def test_untrusted_certificate(identity):
    """
    A certificate that the context does not trust ends it, whatever requests would trust.
    """
    strange = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trustme.CA().configure_trust(strange)

    error = await refused(ClientSecret(APP, SECRET), identity, IdentityNetwork(ssl_context=strange))

    assert "was not reached: SSLCertVerificationError: " in str(error)
    assert "pass an ssl_context that does" in str(error)
    assert [] == identity.asked


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
async def test_the_context_decides_alone(identity, network, monkeypatch, tmp_path, name):
    """
    The CA variables of requests do not replace the context that was given.
    """
    monkeypatch.setenv(name, str(tmp_path / "no-such-file.pem"))

    assert "granted-1" == (await fetch(ClientSecret(APP, SECRET), identity, network)).token


async def test_the_environment_does_not_widen_the_context(identity, monkeypatch, tmp_path):
    """
    Nor do they add to what it trusts.
    """
    bundle = tmp_path / "ca.pem"
    identity.authority.cert_pem.write_to_path(bundle)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    credential = ClientSecret(APP, SECRET)

    error = await refused(credential, identity, IdentityNetwork(ssl_context=context))

    assert "SSLCertVerificationError" in str(error)
    assert [] == context.get_ca_certs()
    # Without a context they count, as with requests everywhere.
    assert "granted-1" == (await fetch(credential, identity, IdentityNetwork())).token


async def test_client_certificate_of_the_context(identity, network):
    """
    A certificate in the context is shown to the login host.
    """
    mine = identity.authority.issue_cert("bot.example")
    mine.configure_cert(network.ssl_context)

    await fetch(ClientSecret(APP, SECRET), identity, network)

    assert all(("DNS", "bot.example") in asked.peer["subjectAltName"] for asked in identity.asked)


@pytest.mark.parametrize("tls", [False, True])
async def test_proxy(identity, network, tls):
    """
    The proxy that was given is used, with the same context, and wins over the environment's.
    """
    with identity.proxy(tls=tls) as proxy:
        through = attrs.evolve(network, proxy=proxy.url)
        await fetch(ClientSecret(APP, SECRET), identity, through)

    assert {identity.url.removeprefix("https://")} == set(proxy.connected)


async def test_proxy_wins_over_the_environment(identity, network, monkeypatch):
    """
    The proxy that was given wins over the environment's, which counts without one.
    """
    with identity.proxy() as theirs, identity.proxy() as ours:
        monkeypatch.setenv("HTTPS_PROXY", theirs.url)
        await fetch(ClientSecret(APP, SECRET), identity, attrs.evolve(network, proxy=ours.url))
        assert [] == theirs.connected
        assert ours.connected

        await fetch(ClientSecret(APP, SECRET), identity, network)
        assert theirs.connected


UNREADABLE = {
    "a port": "http://me:hush-hush@localhost:80800",
    "a fragment": "http://me:hush#hush@localhost:80",
    "a path": "http://me:12/hush@localhost:80",
    "a query": "me:hush?hush@localhost:80",
    "a backslash": "http://me:hush\\hush@localhost:80",
    "another scheme": "gopher://me:hush-hush@localhost:70",
    "SOCKS": "socks5://me:hush#hush@localhost:80",
}


@pytest.mark.parametrize("url", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_proxy_that_cannot_be_read(identity, network, monkeypatch, url):
    """
    No part of the password of an environment's proxy that cannot be read is in the error.
    """
    monkeypatch.setenv("HTTPS_PROXY", url)

    error = await refused(ClientSecret(APP, SECRET), identity, network)

    assert "proxy" in str(error)
    assert "hush" not in f"{error} {error!r} {pickle.dumps(error)}"
    assert error.__cause__ is None
    assert error.__context__ is None


async def test_says_what_a_proxy_is(identity, network, monkeypatch):
    """
    Of an environment's proxy that is none, the error says what it would have to be.
    """
    monkeypatch.setenv("HTTPS_PROXY", "http://me:12/hush@localhost:80")

    error = await refused(ClientSecret(APP, SECRET), identity, network)

    assert "was not reached: the environment's proxy: the proxy has no URL of a proxy" in str(error)
    assert [] == identity.asked


async def test_a_given_proxy_that_cannot_be_read(identity, network):
    """
    Nor is the password of one that was given.
    """
    through = attrs.evolve(network, proxy="http://me:hush-hush@localhost:80800")

    error = await refused(ClientSecret(APP, SECRET), identity, through)

    assert "was not reached: its URL, or the proxy's, cannot be read" in str(error)
    assert "hush" not in f"{error} {error!r}"
    assert error.__cause__ is None


@pytest.mark.parametrize("password", ["p\xe4ss", "p%C3%A4ss", "p\N{EURO SIGN}ss"])
async def test_a_proxys_password_is_utf_8(identity, network, password):
    """
    A proxy is told the password in UTF-8, as by the calls.
    """
    with identity.proxy() as proxy:
        url = proxy.url.replace("//", f"//me:{password}@")
        await fetch(ClientSecret(APP, SECRET), identity, attrs.evolve(network, proxy=url))

    told = base64.b64encode(f"me:{unquote(password)}".encode()).decode()
    assert {f"Basic {told}"} == set(proxy.shown)


async def test_netrc_is_not_sent(identity, network, monkeypatch, tmp_path):
    """
    What ~/.netrc has for the login host is not sent along.
    """
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hush\n")
    monkeypatch.setenv("NETRC", str(netrc))

    await fetch(ClientSecret(APP, SECRET), identity, network)

    assert not any("authorization" in asked.headers for asked in identity.asked)


async def test_no_other_region(identity, network, monkeypatch):
    """
    The environment cannot have the secret sent to another host.
    """
    monkeypatch.setenv("MSAL_FORCE_REGION", "westus2")

    assert "granted-1" == (await fetch(ClientSecret(APP, SECRET), identity, network)).token


async def test_the_loop_goes_on(identity, network):
    """
    While msal waits for an answer the event loop is free.
    """
    await fetch(ClientSecret(APP, SECRET), identity, network)
    identity.hang("token")
    flight = asyncio.create_task(fetch(ClientSecret(APP, SECRET), identity, network))
    await until(lambda: 2 == len(identity.of("token")))

    # It would not turn once if it were the loop that waits.
    for _ in range(1000):
        await asyncio.sleep(0)

    assert not flight.done()
    identity.released.set()
    assert "granted-2" == (await flight).token


async def test_takes_no_place_of_others(identity, network):
    """
    A fetch does not take a place among the process's worker threads.
    """
    identity.hang("token")
    flight = asyncio.create_task(fetch(ClientSecret(APP, SECRET), identity, network))
    await until(lambda: identity.of("token"))

    assert 0 == to_thread.current_default_thread_limiter().borrowed_tokens
    identity.released.set()
    await flight


async def test_cancelling_leaves_the_thread(identity, network):
    """
    A cancelled fetch ends at once; its thread ends by itself, and the next does not wait for it.
    """
    identity.hang("token")
    ask = ClientSecret(APP, SECRET).bind(identity.cloud, network, SystemClock())
    flight = asyncio.ensure_future(ask())
    await until(lambda: identity.of("token"))

    flight.cancel()
    began = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await flight
    assert 1 > time.monotonic() - began

    other = identity.released
    identity.forget()
    other.set()
    assert "granted" in (await ask()).token
