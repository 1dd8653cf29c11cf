import gc
import logging
import threading
import time
import traceback

import attrs
import pytest

from connector_async._clock import SystemClock
from connector_async.auth.credentials import (
    ClientSecret,
)
from connector_async.cloud import Cloud
from connector_async.errors import TokenError

from .fakes import fetch, refused
from .identity import APP, SECRET, TENANT, refusal

SCOPE = "https://api.botframework.com/.default"


async def test_secret(identity, network):
    """
    A multi-tenant app gets its token in the bot tenant, by its secret.
    """
    grant = await fetch(ClientSecret(APP, SECRET), identity, network)

    assert ("granted-1", 3600.0, None) == (grant.token, grant.expires_in, grant.refresh_in)
    [asked] = identity.of("token")
    assert "/botframework.com/oauth2/v2.0/token" == asked.path
    assert {
        "client_id": APP,
        "client_info": "1",
        "client_secret": SECRET,
        "grant_type": "client_credentials",
        "scope": SCOPE,
    } == asked.fields
    assert ["/botframework.com/v2.0/.well-known/openid-configuration"] == [
        asked.path for asked in identity.of("discovery")
    ]


async def test_single_tenant(identity, network):
    """
    A single-tenant app gets its token in its own tenant.
    """
    await fetch(ClientSecret(APP, SECRET, tenant_id=TENANT), identity, network)

    assert {
        f"/{TENANT}/oauth2/v2.0/token",
        f"/{TENANT}/v2.0/.well-known/openid-configuration",
    } == {asked.path for asked in identity.asked}


async def test_each_fetch_asks(identity, network):
    """
    A second fetch is not answered from msal's memory: it would make refreshing ahead idle.
    """
    ask = ClientSecret(APP, SECRET).bind(identity.cloud, network, SystemClock())

    assert ["granted-1", "granted-2"] == [(await ask()).token for _ in range(2)]


async def test_a_repaired_secret_works_at_once(identity, network):
    """
    A refusal is not replayed from msal's memory, and a secret that rotates is asked for anew.
    """
    secrets = iter(["the-old-secret", SECRET])
    ask = ClientSecret(APP, lambda: next(secrets)).bind(identity.cloud, network, SystemClock())

    with pytest.raises(TokenError):
        await ask()
    assert "granted-1" == (await ask()).token
    assert ["the-old-secret", SECRET] == [
        asked.fields["client_secret"] for asked in identity.of("token")
    ]


async def test_a_secret_is_asked_for_in_the_thread(identity, network):
    """
    A callable for a secret may block: it is not called on the event loop.
    """
    threads = []

    def secret():
        threads.append(threading.current_thread())
        return SECRET

    await fetch(ClientSecret(APP, secret), identity, network)

    assert threading.main_thread() not in threads


async def test_refresh_in(identity, network):
    """
    When the server says when to come back, the grant has it.
    """
    identity.life = {"expires_in": 86400, "refresh_in": 43200}

    grant = await fetch(ClientSecret(APP, SECRET), identity, network)

    assert 86400 == grant.expires_in
    assert 43198 <= grant.refresh_in <= 43200


async def test_wrong_secret(identity, network):
    """
    The error says what the provider said, and what to check.
    """
    error = await refused(ClientSecret(APP, "not-the-secret"), identity, network)

    assert ("AADSTS7000215", "00000000-bbbb") == (error.code, error.correlation_id)
    assert (
        f"no token for app {APP} from {identity.url}/botframework.com:"
        " AADSTS7000215: Invalid client secret provided."
        " The secret is wrong: check that it is the secret's value, not its id."
        " (correlation id 00000000-bbbb)"
    ) == str(error)


async def test_unknown_tenant(identity, network):
    """
    A tenant that does not exist is refused before a token is asked for.
    """
    identity.answer("discovery", status=400, body=refusal(90002, "Tenant not found."))

    error = await refused(ClientSecret(APP, SECRET, tenant_id=TENANT), identity, network)

    assert "AADSTS90002" == error.code
    assert f"from {identity.url}/{TENANT}: " in str(error)
    assert "answered 400: AADSTS90002: Tenant not found. The tenant does not exist" in str(error)
    assert [] == identity.of("token")


async def test_authority_without_tls(identity, network):
    """
    A login host without TLS gets no secret; the error names it.
    """
    cloud = attrs.evolve(identity.cloud, login_url="http://127.0.0.1:9")

    error = await refused(ClientSecret(APP, SECRET), identity, network, cloud)

    assert "from http://127.0.0.1:9/botframework.com: ValueError" in str(error)
    assert [] == identity.asked


@pytest.mark.parametrize("kind", ["discovery", "token"])
@pytest.mark.parametrize("status", [429, 500, 503])
async def test_trouble_at_the_provider(identity, network, kind, status):
    """
    A refusal for now is a TokenError; nobody waits here for as long as it asks to.
    """
    body = refusal(90033, "A transient error has occurred.", word="temporarily_unavailable")
    identity.answer(kind, status=status, body=body, headers={"Retry-After": "5"})
    began = time.monotonic()

    error = await refused(ClientSecret(APP, SECRET), identity, network)

    assert "AADSTS90033" == error.code
    assert "A transient error has occurred." in str(error)
    assert 3 > time.monotonic() - began


@pytest.mark.parametrize("kind", ["discovery", "token"])
@pytest.mark.parametrize("status", [200, 403, 404, 502])
async def test_html(identity, network, kind, status):
    """
    A page in place of an answer is told by its status and type.
    """
    identity.answer(kind, status=status, body="<html>Blocked</html>")

    error = await refused(ClientSecret(APP, SECRET), identity, network)

    assert f"answered {status} with 20 bytes of text/html, which is no JSON object" in str(error)
    assert error.code is None


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"token_type": "Bearer", "expires_in": 3600}, "it did not say why"),
        ({"access_token": None, "expires_in": 3600}, "a token is a str"),
        ({"access_token": "", "expires_in": 3600}, "visible ASCII"),
        ({"access_token": "hush hush", "expires_in": 3600}, "visible ASCII"),
        ({"access_token": "hush", "expires_in": "soon"}, "soon"),
        ({"access_token": "hush", "expires_in": 0}, "no longer valid"),
        ({"access_token": "hush", "expires_in": None}, "NoneType"),
        ([], "no JSON object"),
        (b'{"access_token": "hush", "expi', "30 bytes of no content type"),
        (b"", "0 bytes"),
    ],
)
async def test_malformed_answers(identity, network, caplog, body, text):
    """
    An answer without a token that can be used is a TokenError, in which none is to be seen.
    """
    identity.answer("token", body=body)

    error = await refused(ClientSecret(APP, SECRET), identity, network)

    assert text in str(error)
    assert "hush" not in "".join(traceback.format_exception(error)) + caplog.text


async def test_untold_life(identity, network):
    """
    A life that is not told is taken to be short, whatever msal makes of it.
    """
    identity.life = {}

    assert 300 == (await fetch(ClientSecret(APP, SECRET), identity, network)).expires_in


async def test_discovery_without_endpoints(identity, network):
    """
    A discovery document with nothing in it is a TokenError.
    """
    identity.answer("discovery", body={})

    error = await refused(ClientSecret(APP, SECRET), identity, network)

    assert "KeyError: 'authorization_endpoint'" in str(error)


async def test_no_secret_is_left_in_an_error(identity, network):
    """
    Neither text nor cause nor frames of an error hold a secret.
    """
    # As a host it stands in urllib3's log: one word, which `canary` takes for no secret.
    secret = "hushhushhush"
    identity.answer("token", status=400, body=refusal(7000215, f"Invalid secret {secret}"))
    said = await refused(ClientSecret(APP, secret), identity, network)
    identity.hang("token")
    late = await refused(
        ClientSecret(APP, secret), identity, attrs.evolve(network, read_timeout=0.1)
    )
    error = await refused(
        ClientSecret(APP, secret),
        identity,
        network,
        Cloud(name="odd", login_url=f"https://{secret}", bot_tenant="t", audience="a"),
    )

    for each in (said, late, error):
        stack = traceback.TracebackException.from_exception(each, capture_locals=True)
        ours = [line for line in stack.format() if "tests/auth" not in line]
        assert secret not in "".join(ours)
    assert "[hidden]" in str(said)
    assert late.__cause__.request is None
    gc.collect()


@pytest.mark.parametrize(
    "body",
    [
        refusal(7000215, f"{'x' * 176} hush-hush-hush"),
        {"error": "hush-hush-hush", "correlation_id": "hush-hush-hush"},
        {"error": "no", "error_description": "client_secret=hush%2Dhush%2Dhush"},
    ],
    ids=["cut", "code", "form"],
)
async def test_no_secret_is_quoted(identity, network, body):
    """
    A provider that quotes the secret is quoted without it, nor with the half of it.
    """
    identity.answer("token", status=400, body=body)
    error = await refused(ClientSecret(APP, "hush-hush-hush"), identity, network)

    assert "hush" not in f"{error} {vars(error)}"


async def test_nothing_secret_is_logged(identity, network, caplog):
    """
    Neither we nor msal, requests and urllib3 log a secret or a token, at any level.
    """
    caplog.set_level(logging.DEBUG)

    await fetch(ClientSecret(APP, SECRET), identity, network)
    identity.answer("token", body=b'{"access_token": "granted-2", "expi')
    await refused(ClientSecret(APP, SECRET), identity, network)

    assert "oauth2/v2.0/token" in caplog.text
    assert SECRET not in caplog.text
    assert "granted-" not in caplog.text
