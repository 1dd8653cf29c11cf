"""
Certificates, pools, and clients without patience.
"""

import asyncio
import functools
import importlib.util
import ssl
from contextlib import aclosing

import pytest
import trustme

from connector_async import ConnectorClient, RetryPolicy
from connector_async._transport import Pool


@pytest.fixture(scope="session")
def ca():
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(ca, tmp_path_factory):
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    return file


@pytest.fixture(scope="session")
def tls(ca):
    """
    A server's TLS settings, for loopback names.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost", "127.0.0.1", "::1", "service.example").configure_cert(context)
    return context


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def security(request, tls):
    """
    A server's TLS settings, or none.
    """
    return tls if request.param else None


@pytest.fixture
def believing(ca):
    """
    A client's TLS settings.
    """
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return context


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request):
    """
    Runs a coroutine on an event loop of this kind.
    """
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    make = importlib.import_module(request.param).new_event_loop

    def run(main):
        with asyncio.Runner(loop_factory=make) as runner:
            return runner.run(main)

    return run


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """
    What the machine's environment says of proxies does not matter.
    """
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def nobody():
    """
    TLS settings that believe nobody, made once; the usual ones take longer than a test.
    """
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture
def pools_of(believing):
    """
    Makes pools that are closed in the event loop that they were made in.
    """
    return lambda **options: aclosing(Pool(ssl_context=believing, **options))


@pytest.fixture
async def pools(nobody):
    """
    Makes pools, and closes them.
    """
    made = []

    def make(**options):
        options.setdefault("ssl_context", nobody)
        made.append(Pool(**options))
        return made[-1]

    yield make
    for pool in made:
        await pool.aclose()


@pytest.fixture
def trusting(connect, ca_file):
    """
    Makes such clients that believe our certificates.
    """
    return functools.partial(connect, ca_file=ca_file)


@pytest.fixture
async def connect(nobody):
    """
    Makes clients that try once and believe nobody unless told, and closes them.
    """
    made = []

    def make(url, **options):
        options.setdefault("retry", RetryPolicy(attempts=1))
        if not {"ca_file", "client_certificate", "http_client"} & set(options):
            options.setdefault("ssl_context", nobody)
        made.append(ConnectorClient(None, service_url=f"{url}/teams", **options))
        return made[-1]

    yield make
    for connector in made:
        await connector.aclose()
