"""
The identity endpoints, as a plain HTTP client sees them.
"""

import httpx
import pytest

from connector_async.emulator import (
    APP_ID,
    APP_SECRET,
    Arrival,
    Emulator,
    EmulatorClock,
    EmulatorLimits,
)

TOKEN = "https://login.example.net/t/oauth2/v2.0/token"
MANAGED = "https://login.example.net/msi/token"
SCOPE = "https://api.botframework.com/.default"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM = {
    "grant_type": "client_credentials",
    "client_id": APP_ID,
    "client_secret": APP_SECRET,
    "scope": SCOPE,
}


async def token_of(client, **changes):
    response = await client.post(TOKEN, data={**FORM, **changes})
    return response.json()["access_token"]


async def call(client, token):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return await client.get("/v3/conversations", headers=headers)


async def test_describes_itself(client):
    """
    The OpenID configuration leads to the token endpoint of the same tenant, where it was asked.
    """
    response = await client.get(
        "https://login.example.net:8443/t/v2.0/.well-known/openid-configuration"
    )

    assert "https://login.example.net:8443/t/oauth2/v2.0/token" == response.json()["token_endpoint"]
    assert "https://login.example.net:8443/t/v2.0" == response.json()["issuer"]


async def test_issues_tokens(client, emulator):
    """
    A secret buys a token; each request is counted, and the secret is not kept.
    """
    response = await client.post(TOKEN, data=FORM)

    [asked] = emulator.identity.requests

    assert 200 == response.status_code
    assert {"token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600} == {
        name: value for name, value in response.json().items() if name != "access_token"
    }
    assert (1, 1000.0, "secret", "t", APP_ID, SCOPE, 200) == (
        asked.number,
        asked.time,
        asked.grant,
        asked.tenant,
        asked.app_id,
        asked.scope,
        asked.status,
    )
    assert APP_SECRET not in repr(asked)


async def test_takes_assertions(client, emulator):
    """
    An assertion buys a token as well.
    """
    token = await token_of(
        client, client_secret="", client_assertion_type=ASSERTION, client_assertion="a.b.c"
    )

    assert token
    assert ["assertion"] == [asked.grant for asked in emulator.identity.requests]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"grant_type": "password"}, (400, "unsupported_grant_type", 70003)),
        ({"client_id": "nobody"}, (400, "unauthorized_client", 700016)),
        ({"scope": "https://api.botframework.com"}, (400, "invalid_scope", 1002012)),
        ({"client_secret": ""}, (401, "invalid_client", 7000218)),
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
        (
            {"client_secret": "", "client_assertion": "a.b.c", "client_assertion_type": "x"},
            (401, "invalid_client", 7000218),
        ),
    ],
)
async def test_refuses(client, emulator, changes, expected):
    """
    A request that Entra refuses is refused with its codes, and counted.
    """
    response = await client.post(TOKEN, data={**FORM, **changes})

    refusal = response.json()
    [aadsts] = refusal["error_codes"]

    assert expected == (response.status_code, refusal["error"], aadsts)
    assert refusal["error_description"].startswith(f"AADSTS{aadsts}: ")
    assert refusal["correlation_id"] in refusal["error_description"]
    assert [response.status_code] == [asked.status for asked in emulator.identity.requests]


async def test_fails_on_purpose(client, emulator):
    """
    The next requests can be refused, with a code or as mere trouble.
    """
    emulator.identity.fail_next(status=401, aadsts=7000222, times=2)
    emulator.identity.fail_next(status=503, retry_after=3)

    responses = [await client.post(TOKEN, data=FORM) for _ in range(4)]

    assert [401, 401, 503, 200] == [response.status_code for response in responses]
    assert "invalid_client" == responses[0].json()["error"]
    assert ("temporarily_unavailable", []) == (
        responses[2].json()["error"],
        responses[2].json()["error_codes"],
    )
    assert "3" == responses[2].headers["retry-after"]


async def test_answers_late(emulator):
    """
    The next requests can be answered late.
    """
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    emulator.identity.delay_next(3, times=2)
    async with httpx.AsyncClient(transport=emulator.transport(sleep=sleep)) as client:
        for _ in range(3):
            await client.post(TOKEN, data=FORM)

    assert [3.0, 3.0] == slept


def test_keeps_the_latest_requests(emulator):
    """
    Of very many requests the latest are kept, under their own numbers.
    """
    request = Arrival(
        method="POST",
        base_url="http://localhost",
        raw_path=b"/t/oauth2/v2.0/token",
        query_string=b"",
        headers={},
        body=b"",
    )
    for _ in range(20_001):
        emulator.identity.answer(request)

    kept = emulator.identity.requests
    assert (10_001, 10_001, 20_001) == (len(kept), kept[0].number, kept[-1].number)


async def test_knows_other_apps(time):
    """
    Who may ask is said at the beginning, and can be added to.
    """
    emulator = Emulator(
        profile="generic", apps={"one": "1"}, clock=EmulatorClock.from_functions(time)
    )
    emulator.identity.add_app("two", "2")

    async with httpx.AsyncClient(transport=emulator.transport()) as client:
        statuses = [
            (
                await client.post(TOKEN, data={**FORM, "client_id": app, "client_secret": secret})
            ).status_code
            for app, secret in [("one", "1"), ("two", "2"), ("one", "2"), (APP_ID, APP_SECRET)]
        ]

    assert [200, 200, 401, 400] == statuses


async def test_requires_tokens(client, emulator):
    """
    Where a token is required, only one that was issued here will do.
    """
    emulator.require_token = True

    statuses = [
        (await call(client, token)).status_code for token in ("", "made-up", await token_of(client))
    ]

    assert emulator.require_token
    assert [401, 401, 200] == statuses
    assert ["", "token-1"] == [
        seen.token for seen in emulator.record.received() if "unknown" not in seen.token
    ]


async def test_refuses_in_the_front_end_s_words(client, emulator):
    """
    A 401 has the front end's body, and is counted in no limit.
    """
    emulator.require_token = True

    response = await call(client, "made-up")

    assert {"message": "Authorization has been denied for this request."} == response.json()
    assert () == emulator.record.received()[0].counters


async def test_asks_for_no_token(client):
    """
    Where no token is required, any or none will do.
    """
    assert [200, 200] == [(await call(client, token)).status_code for token in ("", "made-up")]


async def test_tokens_expire(client, emulator, time):
    """
    A token lives as long as was said, and no longer.
    """
    emulator.require_token = True
    emulator.identity.set_lifetime(60, refresh_in=30)
    granted = (await client.post(TOKEN, data=FORM)).json()

    time.advance(59.9)
    before = await call(client, granted["access_token"])
    time.advance(0.1)
    after = await call(client, granted["access_token"])

    assert (60, 30) == (granted["expires_in"], granted["refresh_in"])
    assert [200, 401] == [before.status_code, after.status_code]


async def test_revokes_tokens(client, emulator):
    """
    Revoked tokens are answered 401, later ones are not.
    """
    emulator.require_token = True
    old = await token_of(client)
    emulator.identity.revoke_all()
    new = await token_of(client)

    assert [401, 200] == [(await call(client, token)).status_code for token in (old, new)]
    assert ["token-1", "token-2"] == [seen.token for seen in emulator.record.received()]


async def test_a_token_s_app_is_limited(client, emulator):
    """
    Limits are the app's: a fresh token does not make a fresh bot.
    """
    emulator.limits = EmulatorLimits(conversations=((1, 1),))
    emulator.identity.add_app("other", "secret")
    tokens = [
        await token_of(client),
        await token_of(client),
        await token_of(client, client_id="other", client_secret="secret"),
    ]

    assert [200, 429, 200] == [(await call(client, token)).status_code for token in tokens]


async def ask_managed(client, header="emulated-identity-header", **params):
    query = {"api-version": "2019-08-01", "resource": "https://api.botframework.com", **params}
    return await client.get(MANAGED, params=query, headers={"X-IDENTITY-HEADER": header})


async def test_knows_a_managed_identity(client, emulator):
    """
    A managed identity gets a token as App Service gives it.
    """
    granted = (await ask_managed(client, client_id="mine")).json()
    emulator.require_token = True

    assert ("1700003600", "Bearer", "mine", "https://api.botframework.com") == (
        granted["expires_on"],
        granted["token_type"],
        granted["client_id"],
        granted["resource"],
    )
    assert 200 == (await call(client, granted["access_token"])).status_code
    assert ["managed_identity"] == [asked.grant for asked in emulator.identity.requests]


@pytest.mark.parametrize(
    ("changes", "status"), [({"header": "wrong"}, 401), ({"resource": ""}, 400)]
)
async def test_refuses_a_managed_identity(client, changes, status):
    """
    Without the header or a resource there is no token, in App Service's words.
    """
    response = await ask_managed(client, **changes)

    assert status == response.status_code == response.json()["statusCode"]


async def test_a_managed_identity_fails_on_purpose(client, emulator):
    """
    Failures that were asked for strike a managed identity too.
    """
    emulator.identity.fail_next(status=429, retry_after=1)

    response = await ask_managed(client)

    assert (429, "1") == (response.status_code, response.headers["retry-after"])
