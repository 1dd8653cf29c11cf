import socket

import pytest

from connector_async.auth.credentials import (
    ManagedIdentity,
)
from connector_async.auth.network import IdentityNetwork

from .fakes import fetch, refused
from .identity import APP, IDENTITY_HEADER

SCOPE = "https://api.botframework.com/.default"


@pytest.fixture
def machine(identity, monkeypatch):
    for name, value in identity.environment.items():
        monkeypatch.setenv(name, value)
    return identity


@pytest.mark.parametrize(
    ("chosen", "sent"),
    [
        ({"app_id": APP}, {"client_id": APP}),
        ({"app_id": APP, "object_id": "o-1"}, {"object_id": "o-1"}),
        ({"resource_id": "/subscriptions/s"}, {"mi_res_id": "/subscriptions/s"}),
        ({}, {}),
    ],
)
async def test_managed_identity(machine, chosen, sent):
    """
    On App Service the machine's endpoint is asked, for the audience and not for a scope.
    """
    grant = await fetch(ManagedIdentity(**chosen), machine, IdentityNetwork())

    assert "granted-1" == grant.token
    assert 3598 <= grant.expires_in <= 3600
    [asked] = machine.asked
    assert {
        "api-version": "2019-08-01",
        "resource": "https://api.botframework.com",
    } | sent == asked.fields
    assert IDENTITY_HEADER == asked.headers["x-identity-header"]


async def test_managed_identity_refreshes_early(machine):
    """
    A long life is halved: msal says so, and the grant tells.
    """
    machine.life = {"expires_in": 86400}

    grant = await fetch(ManagedIdentity(APP), machine, IdentityNetwork())

    assert 43190 <= grant.refresh_in <= 43200


async def test_managed_identity_needs_no_proxy(machine, monkeypatch):
    """
    The endpoint is on the machine, so no proxy is asked, neither the environment's nor ours.
    """
    with machine.proxy() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        await fetch(ManagedIdentity(APP), machine, IdentityNetwork(proxy=proxy.url))

    assert [] == proxy.connected


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (500, {"statusCode": 500, "message": "no such resource"}, "500, no such resource"),
        (400, {"statusCode": 400, "message": "no such identity"}, "400, no such identity"),
        (200, {}, "invalid_scope: None, None"),
        (200, "<html>", "no JSON object"),
        (401, b"", "JSONDecodeError"),
    ],
)
async def test_managed_identity_refused(machine, status, body, text):
    """
    What the machine's endpoint says is told.
    """
    headers = {"WWW-Authenticate": "Basic realm=none"} if status == 401 else {}
    machine.answer("machine", status=status, body=body, headers=headers)

    error = await refused(ManagedIdentity(APP), machine, IdentityNetwork())

    assert str(error).startswith(f"no token for managed identity {APP}: ")
    assert text in str(error)


async def test_managed_identity_that_is_not_there(machine, monkeypatch):
    """
    On a machine without the endpoint the error names where it was looked for.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://me:hush@127.0.0.1:{port}/msi/token")

    error = await refused(ManagedIdentity(), machine, IdentityNetwork())

    assert f"managed identity of the machine: http://127.0.0.1:{port}/msi/token was" in str(error)
    assert "hush" not in str(error)


async def test_no_header_of_the_machine_is_quoted(machine):
    """
    The endpoint's own secret is quoted by no error.
    """
    said = {"statusCode": 400, "message": f"not for {IDENTITY_HEADER}"}
    machine.answer("machine", status=400, body=said)
    error = await refused(ManagedIdentity(), machine, IdentityNetwork())

    assert "not for [hidden]" in str(error)
