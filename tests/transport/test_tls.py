"""
Whom a client believes, how it is believed, and which options exclude each other.
"""

import importlib.util
import ssl
import subprocess
import sys

import httpx
import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from connector_async import ConnectorClient, RetryPolicy
from connector_async._transport import choose
from connector_async.errors import TransportError
from tests.transport.peers import answer, answering, serve

LIST = answer(200, b"[]")


@pytest.fixture(scope="session")
def mine(ca, tmp_path_factory):
    """
    A client's certificate, in one file and in two.
    """
    folder = tmp_path_factory.mktemp("mine")
    certificate = ca.issue_cert("bot@example.com")
    one, chain, key = (folder / name for name in ("both.pem", "chain.pem", "key.pem"))
    certificate.private_key_and_cert_chain_pem.write_to_path(str(one))
    for part in certificate.cert_chain_pems:
        part.write_to_path(str(chain), append=True)
    certificate.private_key_pem.write_to_path(str(key))
    return one, (chain, key)


@pytest.fixture(scope="session")
def locked(mine, tmp_path_factory):
    """
    A certificate whose key has a password.
    """
    _, (chain, key) = mine
    opened = serialization.load_pem_private_key(key.read_bytes(), None)
    file = tmp_path_factory.mktemp("locked") / "locked.pem"
    file.write_bytes(
        opened.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"s3cret"),
        )
        + chain.read_bytes()
    )
    return file


@pytest.fixture
def choosy(ca):
    """
    A server's TLS settings: it wants to see a certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    # Refused in the handshake itself, and not behind the client's back.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    ca.configure_trust(context)
    ca.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


def chosen(**options):
    defaults = dict.fromkeys(
        ("http_client", "transport", "proxy", "ca_file", "ssl_context", "client_certificate")
    )
    return choose(**{**defaults, "max_connections": 5, **options})


async def test_believes_a_ca_file(connect, tls, ca_file):
    """
    The authorities of *ca_file* are believed.
    """
    async with serve(answering(LIST), tls=tls) as peer:
        for file in (ca_file, str(ca_file)):
            assert [] == await connect(peer.url, ca_file=file).get_conversation_members("a:1")


async def test_believes_no_others_beside_a_ca_file(connect, tls, tmp_path):
    """
    Other authorities than those of *ca_file* are not believed.
    """
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    async with serve(answering(LIST), tls=tls) as peer:
        with pytest.raises(
            TransportError, match=r"certificate of 127\.0\.0\.1 is not believed: .* pass ca_file or"
        ):
            await connect(peer.url, ca_file=other).get_conversation_members("a:1")


async def test_another_protocol_is_refused(connect, tls, believing):
    """
    Where an SSL context offers HTTP/2 and the server takes it, nothing is sent.
    """
    tls.set_alpn_protocols(["h2"])
    believing.set_alpn_protocols(["h2", "http/1.1"])
    try:
        async with serve(answering(LIST), tls=tls) as peer:
            connector = connect(peer.url, ssl_context=believing, retry=RetryPolicy(attempts=4))
            with pytest.raises(TransportError, match=r"nothing was sent .*offer h2") as caught:
                await connector.get_conversation_members("a:1")
    finally:
        tls.set_alpn_protocols(["http/1.1"])

    assert (True, 1, []) == (caught.value.permanent, caught.value.attempts, peer.requests)


async def test_takes_an_ssl_context(connect, tls, believing):
    """
    An SSL context is taken as it is.
    """
    async with serve(answering(LIST), tls=tls) as peer:
        assert [] == await connect(peer.url, ssl_context=believing).get_conversation_members("a:1")


@pytest.mark.parametrize("parts", [0, 1], ids=["one file", "a pair"])
async def test_shows_a_certificate(connect, choosy, ca_file, mine, parts):
    """
    A client's certificate is shown to a server that asks for it.
    """
    async with serve(answering(LIST), tls=choosy) as peer:
        connector = connect(peer.url, ca_file=ca_file, client_certificate=mine[parts])

        assert [] == await connector.get_conversation_members("a:1")
        shown = peer.lines[0].writer.get_extra_info("peercert")
        assert (("email", "bot@example.com"),) == shown["subjectAltName"]


async def test_a_certificate_is_wanted(connect, choosy, ca_file):
    """
    A server that wants a certificate and sees none refuses: nothing was sent.
    """
    async with serve(answering(LIST), tls=choosy) as peer:
        with pytest.raises(TransportError, match="nothing was sent") as caught:
            await connect(peer.url, ca_file=ca_file).get_conversation_members("a:1")

    assert not caught.value.left


def test_shows_a_certificate_beside_the_usual_authorities(mine):
    """
    With a certificate alone, the usual authorities are believed.
    """
    assert 0 < chosen(client_certificate=mine[0]).tls.cert_store_stats()["x509_ca"]


def test_says_nothing_of_tls_unless_told():
    """
    Without an option for it, TLS is what httpx makes of it.
    """
    assert chosen().tls is None


@pytest.mark.parametrize("content", [None, b"", b"garbage", ...])
def test_refuses_a_ca_file_that_cannot_be_read(tmp_path, content):
    """
    A *ca_file* that is missing, empty, garbage or a folder is refused when the client is made.
    """
    file = tmp_path / "ca.pem"
    if content is ...:
        file.mkdir()
    elif content is not None:
        file.write_bytes(content)
    with pytest.raises(ValueError, match=r"^ca_file '.*ca\.pem' cannot be used: "):
        ConnectorClient(None, ca_file=file)


STALE = r"SSL_CERT_FILE '.*stale\.pem' cannot be used: .*; correct it, unset it, or pass ca_file"


@pytest.fixture(params=[None, b"garbage"], ids=["missing", "garbage"])
def stale(request, monkeypatch, tmp_path):
    """
    An environment that names a file of authorities which cannot be read.
    """
    file = tmp_path / "stale.pem"
    if request.param is not None:
        file.write_bytes(request.param)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


@pytest.mark.usefixtures("stale")
async def test_authorities_of_the_environment_that_cannot_be_read(connect):
    """
    A call that would need the environment's authorities, and cannot read them, is not sent.
    """
    connector = connect("https://127.0.0.1:1", ssl_context=None, retry=RetryPolicy(attempts=4))
    with pytest.raises(TransportError, match=f"nothing was sent .*{STALE}") as caught:
        await connector.get_conversation_members("a:1")

    assert (False, True, 1) == (caught.value.left, caught.value.permanent, caught.value.attempts)


@pytest.mark.usefixtures("stale")
@pytest.mark.parametrize("proxied", [False, True], ids=["straight", "by an https proxy"])
async def test_unread_authorities_leave_no_connection(connect, proxied):
    """
    What fails for the environment's authorities has connected to nobody.
    """
    async with serve(answering(LIST)) as peer:
        there = f"https://127.0.0.1:{peer.port}"
        url, proxy = ("http://localhost:1", there) if proxied else (there, None)
        connector = connect(url, ssl_context=None, proxy=proxy)
        with pytest.raises(TransportError, match=STALE):
            await connector.get_conversation_members("a:1")
        # By another way, and so after whatever came before.
        await connect(f"http://127.0.0.1:{peer.port}").get_conversation_members("a:1")

        assert 1 == len(peer.lines)


@pytest.mark.usefixtures("stale")
def test_refuses_a_certificate_beside_authorities_that_cannot_be_read(mine):
    """
    A certificate alone needs the environment's authorities when the client is made.
    """
    with pytest.raises(ValueError, match=STALE):
        ConnectorClient(None, client_certificate=mine[0])


@pytest.mark.parametrize("content", [None, b"", b"garbage", ...])
def test_refuses_a_certificate_that_cannot_be_read(tmp_path, content):
    """
    A *client_certificate* that is missing, empty, garbage or a folder is refused likewise.
    """
    file = tmp_path / "mine.pem"
    if content is ...:
        file.mkdir()
    elif content is not None:
        file.write_bytes(content)
    for given in (file, (file, file)):
        with pytest.raises(ValueError, match=r"^client_certificate cannot be used: .* a pair"):
            ConnectorClient(None, client_certificate=given)


def test_refuses_a_key_of_another_certificate(ca, mine, tmp_path):
    """
    A certificate and a key that do not belong together are refused.
    """
    other = tmp_path / "key.pem"
    ca.issue_cert("other@example.com").private_key_pem.write_to_path(str(other))
    with pytest.raises(ValueError, match=r"^client_certificate cannot be used: .*MISMATCH"):
        ConnectorClient(None, client_certificate=(mine[1][0], other))


def test_refuses_a_key_with_a_password(locked):
    """
    A key with a password is refused.
    """
    with pytest.raises(ValueError, match="the key not encrypted"):
        ConnectorClient(None, client_certificate=locked)


REFUSED = """
import sys
from connector_async import ConnectorClient
try:
    ConnectorClient(None, client_certificate=sys.argv[1])
except ValueError:
    print("refused")
"""


@pytest.mark.skipif(importlib.util.find_spec("pty") is None, reason="there are no terminals here")
def test_asks_for_no_password(locked):
    """
    At a terminal, too, a key with a password is refused, and nobody is asked for it.
    """
    inside = [sys.executable, "-c", REFUSED, str(locked)]
    done = subprocess.run(
        [sys.executable, "-c", f"import pty; pty.spawn({inside!r})"],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=10,
        check=True,
    )

    assert b"refused" == done.stdout.strip()


@pytest.mark.parametrize("other", ["ca_file", "client_certificate"])
def test_an_ssl_context_stands_alone(ca_file, mine, other):
    """
    An SSL context excludes the options that would change it.
    """
    files = {"ca_file": ca_file, "client_certificate": mine[0]}
    with pytest.raises(ValueError, match="ssl_context is taken as it is"):
        ConnectorClient(None, ssl_context=ssl.create_default_context(), **{other: files[other]})


def test_an_ssl_context_is_one():
    """
    What is no SSL context is refused by its type.
    """
    with pytest.raises(TypeError, match=r"ssl_context is an ssl.SSLContext, not bool"):
        ConnectorClient(None, ssl_context=False)


@pytest.mark.parametrize("option", ["proxy", "ca_file", "ssl_context", "client_certificate"])
@pytest.mark.parametrize("own", ["http_client", "transport"])
async def test_what_a_caller_brings_has_its_own_settings(ca_file, mine, option, own):
    """
    A caller's client or transport excludes a proxy and TLS settings.
    """
    options = {
        "proxy": "http://localhost:3128",
        "ca_file": ca_file,
        "ssl_context": ssl.create_default_context(),
        "client_certificate": mine[0],
    }
    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    async with httpx.AsyncClient(transport=transport) as client:
        given = {"http_client": client, "transport": transport}[own]
        with pytest.raises(ValueError, match=r"^http_client and transport bring their own proxy"):
            ConnectorClient(None, **{own: given, option: options[option]})


async def test_brings_one_or_the_other():
    """
    A caller's client and a caller's transport exclude each other.
    """
    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(ValueError, match="give one of them"):
            ConnectorClient(None, http_client=client, transport=transport)


@pytest.mark.parametrize(
    "options",
    [{"http_client": "client"}, {"transport": httpx.HTTPTransport}, {"http_client": httpx.Client}],
)
def test_brings_what_is_async(options):
    """
    What is no async client or transport of httpx is refused by its type.
    """
    with pytest.raises(TypeError, match=r"http_client is an httpx.AsyncClient and transport an"):
        ConnectorClient(None, **options)


async def nowhere(*_):
    return ["203.0.113.7"]


async def test_looks_names_up_unless_a_proxy_does(monkeypatch):
    """
    A name is looked up here where the host is spoken to directly, and only there.
    """
    monkeypatch.setenv("HTTPS_PROXY", "http://localhost:3128")
    monkeypatch.setenv("NO_PROXY", "inside.example")
    ours = chosen().looking_up(nowhere)
    proxied = chosen(proxy="http://localhost:3128").looking_up(nowhere)
    brought = chosen(transport=httpx.MockTransport(nowhere)).looking_up(nowhere)

    assert ["203.0.113.7"] == await ours("inside.example", 443)
    assert await ours("outside.example", 443) is None
    assert await proxied("inside.example", 443) is None
    assert await brought("inside.example", 443) is None


async def test_looks_no_names_up_for_a_proxy_that_cannot_be(monkeypatch):
    """
    A proxy of the environment that is none is for connecting to tell of, not for looking up.
    """
    monkeypatch.setenv("HTTPS_PROXY", "gopher://localhost")

    assert await chosen().looking_up(nowhere)("outside.example", 443) is None
