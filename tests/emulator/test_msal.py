"""
The identity endpoints, as the real msal sees them: over TLS, from a thread.
"""

import asyncio
import time as real_time

import jwt
import msal
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from msal.exceptions import MsalServiceError

from connector_async.emulator import APP_ID, APP_SECRET, Emulator, serve
from tests.emulator.certificates import certified, fingerprint

SCOPES = ["https://api.botframework.com/.default"]


@pytest.fixture
def emulator():
    """
    In real time, which is the only time that msal has.
    """
    return Emulator(profile="generic", require_token=True)


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


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.mark.parametrize("fields", ["thumbprint", "public_certificate"])
async def test_verifies_msal_s_certificate(emulator, server, session, key, fields):
    """
    Real msal shows that it has a certificate's key, and gets a token; with another it does not.
    """
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = certified(key)
    emulator.identity.add_certificate(APP_ID, certificate)
    named = {
        "thumbprint": {"thumbprint": fingerprint(certificate).hex()},
        "public_certificate": {"public_certificate": certificate},
    }[fields]

    good = await acquire(server, session, {"private_key": private_pem(key), **named})
    bad = await acquire(server, session, {"private_key": private_pem(other), **named})

    assert 200 == await status_of(server, session, good["access_token"])
    assert [700027] == bad["error_codes"]
    assert ["certificate"] * 2 == [asked.grant for asked in emulator.identity.requests]


async def test_verifies_msal_s_federated_assertion(emulator, server, session, key):
    """
    Real msal passes on what another issuer says, and gets a token if that can be verified.
    """
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    issuer = "https://workload.example"
    emulator.identity.add_federation(APP_ID, issuer, public, subject="me")

    def assertion(subject):
        now = int(real_time.time())
        claims = {
            "iss": issuer,
            "sub": subject,
            "aud": "api://AzureADTokenExchange",
            "exp": now + 60,
        }
        return lambda: jwt.encode(claims, key, "RS256")

    good = await acquire(server, session, {"client_assertion": assertion("me")})
    bad = await acquire(server, session, {"client_assertion": assertion("you")})

    assert 200 == await status_of(server, session, good["access_token"])
    assert [700213] == bad["error_codes"]


async def test_expired_keys_send_for_a_new_token(emulator, server, session):
    """
    When the emulator's key has expired, a token is refused, and a new one of msal's is taken.
    """
    old = await acquire(server, session, APP_SECRET)
    emulator.identity.rotate_key(keep_old=False)
    new = await acquire(server, session, APP_SECRET)

    assert 401 == await status_of(server, session, old["access_token"])
    assert 200 == await status_of(server, session, new["access_token"])
