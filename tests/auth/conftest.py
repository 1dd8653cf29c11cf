import pytest

from connector_async.auth.network import IdentityNetwork

from .fakes import FakeClock
from .identity import IdentityServer

ENVIRONMENT = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "MSAL_FORCE_REGION"),
    *("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT"),
    *("MSI_ENDPOINT", "MSI_SECRET", "AZURE_POD_IDENTITY_AUTHORITY_HOST"),
)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch):
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture(scope="session")
def identity_server():
    with IdentityServer() as server:
        yield server


@pytest.fixture
def identity(identity_server):
    identity_server.forget()
    yield identity_server
    identity_server.forget()


@pytest.fixture
def network(identity):
    return IdentityNetwork(ssl_context=identity.trusting())
