"""
The identity endpoints, as the real msal sees them: over TLS, from a thread.
"""

import asyncio
import time as real_time

import msal
import pytest
import requests
from msal.exceptions import MsalServiceError

from connector_async.emulator import APP_ID, APP_SECRET, Emulator, serve

SCOPES = ["https://api.botframework.com/.default"]


@pytest.fixture
def emulator():
    """
    In real time, which is the only time that msal has.
    """
    return Emulator(require_token=True)


@pytest.fixture
async def server(emulator):
    async with serve(emulator, tls=True) as server:
        yield server


@pytest.fixture
def session(server):
    with requests.Session() as session:
        session.verify = server.ca_file
        session.trust_env = False
        yield session


async def acquire(server, session, credential):
    def work():
        app = msal.ConfidentialClientApplication(
            APP_ID,
            client_credential=credential,
            authority=server.authority,
            instance_discovery=False,
            http_client=session,
        )
        return app.acquire_token_for_client(SCOPES)

    return await asyncio.to_thread(work)


async def status_of(server, session, token):
    def work():
        url = f"{server.url}/teams/v3/conversations"
        return session.get(url, headers={"Authorization": f"Bearer {token}"}).status_code

    return await asyncio.to_thread(work)


@pytest.mark.parametrize(
    ("credential", "grant"),
    [(APP_SECRET, "secret"), ({"client_assertion": lambda: "a.b.c"}, "assertion")],
)
async def test_gives_msal_a_token(emulator, server, session, credential, grant):
    """
    Real msal gets a token that the Connector takes, with one request.
    """
    result = await acquire(server, session, credential)

    assert "error" not in result
    assert 3600 == result["expires_in"]
    assert [(grant, 200)] == [(asked.grant, asked.status) for asked in emulator.identity.requests]
    assert 200 == await status_of(server, session, result["access_token"])


async def test_tells_msal_when_to_refresh(emulator, server, session):
    """
    Real msal passes on when a token wants to be refreshed.
    """
    emulator.identity.set_lifetime(7200, refresh_in=600)

    result = await acquire(server, session, APP_SECRET)

    assert 590 < result["refresh_on"] - real_time.time() < 610


async def test_tells_msal_what_is_wrong(server, session):
    """
    Real msal passes on the codes of a refusal.
    """
    result = await acquire(server, session, "wrong")

    assert ("invalid_client", [7000215]) == (result["error"], result["error_codes"])
    assert result["error_description"].startswith("AADSTS7000215: ")
    assert result["correlation_id"]


async def test_gives_msal_trouble(emulator, server, session):
    """
    Real msal raises what it raises when the login host is in trouble.
    """
    emulator.identity.fail_next(status=503)

    with pytest.raises(MsalServiceError, match="503"):
        await acquire(server, session, APP_SECRET)


async def test_revoked_tokens_are_refused(emulator, server, session):
    """
    A token of real msal is refused once it was revoked.
    """
    result = await acquire(server, session, APP_SECRET)
    emulator.identity.revoke_all()

    assert 401 == await status_of(server, session, result["access_token"])


async def test_gives_msal_a_managed_identity(emulator, server, session, monkeypatch):
    """
    Real msal finds the managed identity by the environment, and gets a token.
    """
    for name, value in server.managed_identity.items():
        monkeypatch.setenv(name, value)

    def work():
        client = msal.ManagedIdentityClient(
            msal.UserAssignedManagedIdentity(client_id="mine"), http_client=session
        )
        return client.acquire_token_for_client(resource="https://api.botframework.com")

    result = await asyncio.to_thread(work)

    assert 3590 < result["expires_in"] <= 3600
    assert ["mine"] == [asked.app_id for asked in emulator.identity.requests]
    assert 200 == await status_of(server, session, result["access_token"])
