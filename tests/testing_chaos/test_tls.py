"""
Handshakes that go wrong, as a client that believes the proxy's authority sees them.
"""

import asyncio
import ssl

import pytest

from connector_async import ConnectorClient, RetryPolicy
from connector_async.errors import TransportError
from connector_async.testing.chaos import (
    ChaosProxy,
    ExpiredCertificate,
    LimitData,
    TlsHang,
    WrongCertificate,
    WrongHost,
)
from tests.loops import asyncio_alone
from tests.transport import peers

pytestmark = asyncio_alone


@pytest.fixture
async def proxy(server):
    async with ChaosProxy(server.url, tls=True) as proxy:
        yield proxy


async def test_ends_tls_itself(dial, proxy, believing):
    """
    A client that believes the proxy's authority speaks TLS with it, the server none.
    """
    client = await dial(ssl=believing(proxy))

    client.say(b"hello")

    assert b"hello" == await client.hear(5)


async def test_toxics_work_within_tls(dial, proxy, believing):
    """
    What toxics count is what the client means, not what TLS makes of it.
    """
    proxy.add(LimitData(bytes=3))
    client = await dial(ssl=believing(proxy))

    client.say(b"hello")

    assert (b"hel", "end") == await client.rest()


BAD = [
    (WrongCertificate(), "unable to get local issuer|self-signed|unknown ca"),
    (ExpiredCertificate(), "certificate has expired"),
    (WrongHost(), "IP address mismatch"),
]


@pytest.mark.parametrize(("fault", "reason"), BAD, ids=[fault.type for fault, _ in BAD])
async def test_bad_certificates(dial, proxy, believing, fault, reason):
    """
    A client that looks at certificates refuses each bad one for its own reason; then all is well.
    """
    proxy.add(fault)

    with pytest.raises(ssl.SSLCertVerificationError, match=reason):
        await dial(ssl=believing(proxy))
    proxy.remove(fault)

    client = await dial(ssl=believing(proxy))
    client.say(b"hello")
    assert b"hello" == await client.hear(5)
    assert 0 == proxy.deceived


async def test_sees_who_is_deceived(dial, proxy, server):
    """
    A client that takes any certificate is seen, and gets nowhere.
    """
    proxy.add(WrongCertificate())
    careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE

    client = await dial(ssl=careless)
    client.say(b"secret")
    await client.rest()

    assert 1 == proxy.deceived
    assert [] == server.lines


async def test_a_handshake_that_hangs(dial, proxy, believing):
    """
    The connection is taken, and nothing answers.
    """
    hang = proxy.add(TlsHang())

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await dial(ssl=believing(proxy))
    proxy.remove(hang)

    await dial(ssl=believing(proxy))


async def test_a_bad_certificate_before_a_server_with_tls(believing):
    """
    Where bytes go through as they are, a fault ends TLS at the proxy all the same.
    """
    async with peers.serve(peers.silent) as server, ChaosProxy(server.url) as proxy:
        proxy.add(ExpiredCertificate())

        with pytest.raises(ssl.SSLCertVerificationError, match="has expired"):
            await asyncio.open_connection("127.0.0.1", proxy.port, ssl=believing(proxy))


@pytest.mark.parametrize(("fault", "reason"), BAD, ids=[fault.type for fault, _ in BAD])
async def test_our_client_refuses_them(proxy, believing, fault, reason):
    """
    The library says that nothing was sent, and that another attempt would fail alike.
    """
    proxy.add(fault)

    async with ConnectorClient(
        None, service_url=proxy.url, ssl_context=believing(proxy), retry=RetryPolicy(attempts=3)
    ) as connector:
        with pytest.raises(TransportError, match=reason) as raised:
            await connector.get_conversations()

    assert raised.value.permanent
    assert (1, 1) == (raised.value.attempts, proxy.accepted)
    assert 0 == proxy.deceived


async def test_may_be_entered_again(server, believing):
    """
    A proxy that was left and is entered again has its authority still.
    """
    proxy = ChaosProxy(server.url, tls=True)
    async with proxy:
        before = believing(proxy).get_ca_certs()

    async with proxy:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", proxy.port, ssl=believing(proxy)
        )
        writer.write(b"hello")
        heard = await reader.readexactly(5)
        writer.transport.abort()
        after = believing(proxy).get_ca_certs()

    assert b"hello" == heard
    assert before == after
