"""
Tokens that can be verified: who signs them, what is published, what the Connector takes.
"""

import json

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from connector_async.emulator import APP_ID, APP_SECRET, Emulator
from connector_async.emulator._identity.tokens import Tokens
from tests.emulator.certificates import certified, thumbprint

BASE = "https://login.example.net"
AUTHORITY = f"{BASE}/t"
TOKEN = f"{AUTHORITY}/oauth2/v2.0/token"
AUDIENCE = "https://api.botframework.com"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
AT = 1_700_000_000
EXCHANGE = "api://AzureADTokenExchange"
ISSUER = "https://workload.example"
GRANTED = {
    "app_id": APP_ID,
    "issuer": f"{AUTHORITY}/v2.0",
    "audience": AUDIENCE,
    "tenant": "t",
    "by_secret": True,
}


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def certificate(key):
    return certified(key)


@pytest.fixture
def signer(key, certificate):
    return key, certificate


async def asked(client, **fields):
    form = {
        "grant_type": "client_credentials",
        "client_id": APP_ID,
        "scope": f"{AUDIENCE}/.default",
        **fields,
    }
    return await client.post(TOKEN, data=form)


async def issued(client):
    return (await asked(client, client_secret=APP_SECRET)).json()["access_token"]


async def shown(client, emulator, token):
    """
    What the Connector answers to a token.
    """
    emulator.require_token = True
    headers = {"Authorization": f"Bearer {token}"}
    if not emulator.conversations():
        emulator.add_conversation("19:mine")
    return (await client.get("/v3/conversations/19:mine/members", headers=headers)).status_code


async def published(client, url):
    """
    The keys that metadata leads to, as a verifier gets them.
    """
    metadata = (await client.get(url)).json()
    keys = (await client.get(metadata["jwks_uri"])).json()
    return metadata, jwt.PyJWKSet.from_dict(keys), keys["keys"]


async def verified(client, url, token, audience):
    metadata, keys, _ = await published(client, url)
    return jwt.decode(
        token,
        keys[jwt.get_unverified_header(token)["kid"]],
        algorithms=metadata["id_token_signing_alg_values_supported"],
        issuer=metadata["issuer"],
        audience=audience,
        options={"verify_exp": False},
    )


async def test_tokens_can_be_verified(client):
    """
    A token is a JWT that the published keys verify, with the claims of an app's token.
    """
    url = f"{AUTHORITY}/v2.0/.well-known/openid-configuration"
    claims = await verified(client, url, await issued(client), AUDIENCE)

    assert {
        "aud": AUDIENCE,
        "iss": f"{AUTHORITY}/v2.0",
        "iat": AT,
        "nbf": AT,
        "exp": AT + 3601,
        "appid": APP_ID,
        "azp": APP_ID,
        "appidacr": "1",
        "tid": "t",
        "uti": "emulated-1",
        "ver": "2.0",
    } == claims


@pytest.mark.parametrize("spelling", ["openidconfiguration", "openid-configuration"])
async def test_connector_tokens_can_be_verified(client, emulator, spelling):
    """
    What the Connector shows a bot is verified with its own metadata, keys and endorsements.
    """
    token = emulator.identity.connector_token(APP_ID, service_url="https://smba.example/teams")
    url = f"{BASE}/v1/.well-known/{spelling}"

    claims = await verified(client, url, token, APP_ID)
    _, _, keys = await published(client, url)

    assert ("https://api.botframework.com", "https://smba.example/teams", AT, AT + 3601) == (
        claims["iss"],
        claims["serviceurl"],
        claims["nbf"],
        claims["exp"],
    )
    assert {"msteams", "webchat", "slack"} <= set(keys[0]["endorsements"])


async def test_keys_are_published_whole(client):
    """
    A key is an RSA key for signatures, with a certificate of it.
    """
    _, _, [key] = await published(client, f"{AUTHORITY}/v2.0/.well-known/openid-configuration")

    assert ("RSA", "sig", "RS256", key["kid"]) == (key["kty"], key["use"], key["alg"], key["x5t"])
    assert 2048 == jwt.PyJWK.from_dict(key).key.key_size
    assert key["x5c"]


async def test_named_tenants_have_ids(client):
    """
    The tenant of multi-tenant bots has its well-known id.
    """
    response = await client.post(
        f"{BASE}/botframework.com/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": APP_ID,
            "client_secret": APP_SECRET,
            "scope": f"{AUDIENCE}/.default",
        },
    )
    claims = jwt.decode(response.json()["access_token"], options={"verify_signature": False})

    assert "d6d49420-f39b-4df7-a1dc-d59a935871db" == claims["tid"]


GOOD = {"aud": AUDIENCE, "appid": APP_ID, "nbf": AT, "exp": AT + 60}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"aud": "https://api.botframework.us"}, 200),
        ({"aud": "https://graph.microsoft.com"}, 401),
        ({"aud": None}, 401),
        ({"appid": "nobody"}, 401),
        ({"appid": None}, 401),
        ({"appid": 7}, 401),
        ({"exp": AT}, 401),
        ({"exp": AT + 1}, 200),
        ({"exp": None}, 401),
        ({"exp": "later"}, 401),
        ({"nbf": AT + 1}, 401),
    ],
)
async def test_tokens_are_looked_at(client, emulator, changes, status):
    """
    The Connector looks at a token's audience, app and times, all of them.
    """
    claims = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}

    assert status == await shown(client, emulator, emulator.identity.sign(claims))


async def test_audiences_can_be_set(client, emulator):
    """
    A cloud of its own has an audience of its own.
    """
    emulator.identity.audiences = ["https://api.botframework.us"]

    assert ("https://api.botframework.us",) == emulator.identity.audiences
    assert 401 == await shown(client, emulator, emulator.identity.sign(GOOD))


async def test_signatures_are_looked_at(client, emulator, key):
    """
    A token that somebody else has signed is none, whatever it says.
    """
    good = emulator.identity.sign(GOOD)
    kid = jwt.get_unverified_header(good)["kid"]
    head, body, signature = good.split(".")
    forged = [
        jwt.encode(GOOD, key, "RS256", headers={"kid": kid}),
        jwt.encode(GOOD, key, "RS256"),
        jwt.encode(GOOD, "secret" * 10, "HS256", headers={"kid": kid}),
        jwt.encode(GOOD, None, "none", headers={"kid": kid}),
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{head}.{body}",
        Emulator().identity.sign(GOOD),
    ]

    assert [401] * len(forged) == [await shown(client, emulator, token) for token in forged]
    assert 200 == await shown(client, emulator, good)


@pytest.mark.parametrize(
    ("scheme", "status", "kept"),
    [
        ("Bearer ", 200, "Bearer token-1"),
        ("bEARER ", 200, "bEARER token-1"),
        ("", 401, "token-1"),
        ("Basic ", 401, "Basic unknown-"),
        ("Token ", 401, "unknown-"),
    ],
)
async def test_schemes_are_looked_at(client, emulator, scheme, status, kept):
    """
    A token counts with its scheme only; what came is kept, but for what could be used.
    """
    emulator.require_token = True
    token = await issued(client)

    response = await client.get("/v3/conversations", headers={"Authorization": f"{scheme}{token}"})

    headers = emulator.record.exchange(1).request_headers
    assert status == response.status_code
    assert headers["authorization"].startswith(kept)
    assert token not in headers["authorization"]


async def test_keys_rotate(client, emulator):
    """
    After a rotation a new key signs; the old one is still published, and its tokens good.
    """
    url = f"{AUTHORITY}/v2.0/.well-known/openid-configuration"
    old = await issued(client)
    emulator.identity.rotate_key()
    new = await issued(client)

    _, keys, _ = await published(client, url)

    assert 2 == len({key.key.public_numbers().n for key in keys.keys})
    assert [200, 200] == [await shown(client, emulator, token) for token in (old, new)]
    assert (await verified(client, url, new, AUDIENCE))["uti"] == "emulated-2"


async def test_keys_expire(client, emulator):
    """
    When the old key has expired, it is no longer published, and its tokens are answered 401.
    """
    old = await issued(client)
    assert 200 == await shown(client, emulator, old)
    emulator.identity.rotate_key(keep_old=False)
    new = await issued(client)

    _, keys, _ = await published(client, f"{AUTHORITY}/v2.0/.well-known/openid-configuration")

    assert 1 == len(keys.keys)
    assert [401, 200] == [await shown(client, emulator, token) for token in (old, new)]


@pytest.mark.parametrize("endpoint", ["metadata", "keys"])
async def test_what_is_published_fails(client, emulator, endpoint):
    """
    Metadata and keys fail and tarry on request.
    """
    path = {
        "metadata": "v2.0/.well-known/openid-configuration",
        "keys": "discovery/v2.0/keys",
    }[endpoint]
    emulator.identity.fail_next(status=503, retry_after=2, endpoint=endpoint)
    emulator.identity.delay_next(0.001, endpoint=endpoint)

    first, second = [await client.get(f"{AUTHORITY}/{path}") for _ in range(2)]

    assert (503, "2", 200) == (first.status_code, first.headers["retry-after"], second.status_code)


def test_endpoints_are_known(emulator):
    """
    An endpoint that there is not is refused, and the others named.
    """
    for steer in (
        lambda: emulator.identity.fail_next(status=500, endpoint="door"),
        lambda: emulator.identity.delay_next(1, endpoint="door"),
    ):
        with pytest.raises(ValueError, match="'door'; there are token, metadata, keys"):
            steer()


@pytest.mark.parametrize(
    ("aadsts", "error"),
    [
        (700016, "unauthorized_client"),
        (7000215, "invalid_client"),
        (7000222, "invalid_client"),
        (700027, "invalid_client"),
        (700213, "invalid_client"),
        (70021, "invalid_request"),
        (90002, "invalid_request"),
        (500011, "invalid_resource"),
        (7000229, "unauthorized_client"),
        (7000112, "unauthorized_client"),
        (90033, "temporarily_unavailable"),
        (50196, "temporarily_unavailable"),
        (1, "temporarily_unavailable"),
    ],
)
async def test_errors_have_numbers(client, emulator, aadsts, error):
    """
    Each known number comes with its name.
    """
    emulator.identity.fail_next(status=400, aadsts=aadsts)

    refusal = (await asked(client, client_secret=APP_SECRET)).json()

    assert (error, [aadsts]) == (refusal["error"], refusal["error_codes"])
    assert refusal["error_description"].startswith(f"AADSTS{aadsts}: ")


def assertion(key, headers=None, algorithm="RS256", **changes):
    claims = {"iss": APP_ID, "sub": APP_ID, "aud": TOKEN, "nbf": AT, "exp": AT + 600, **changes}
    told = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(told, key, algorithm, headers=headers)


async def vouched(client, assertion):
    response = await asked(client, client_assertion=assertion, client_assertion_type=ASSERTION)
    return response.status_code, response.json().get("error_codes")


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
async def test_certificates_vouch(client, emulator, key, certificate, algorithm):
    """
    Who signs with the key of a registered certificate gets a token.
    """
    emulator.identity.add_certificate(APP_ID, certificate)
    headers = {"x5t": thumbprint(certificate)}

    assert (200, None) == await vouched(client, assertion(key, headers, algorithm))
    assert ["certificate"] == [asked.grant for asked in emulator.identity.requests]


@pytest.mark.parametrize(
    ("changes", "headers"),
    [
        ({"iss": "nobody"}, {}),
        ({"sub": "nobody"}, {}),
        ({"aud": "https://elsewhere.example"}, {}),
        ({"aud": ["x"]}, {}),
        ({"exp": AT - 301}, {}),
        ({"exp": None}, {}),
        ({"nbf": AT + 301}, {}),
        ({}, {"x5t": "another"}),
        ({}, {"x5t": None}),
    ],
)
async def test_certificates_vouch_for_the_truth(client, emulator, signer, changes, headers):
    """
    An assertion that names another app, endpoint, time or certificate is refused.
    """
    key, certificate = signer
    emulator.identity.add_certificate(APP_ID, certificate)
    named = {"x5t": thumbprint(certificate), **headers}
    named = {name: value for name, value in named.items() if value}

    assert (401, [700027]) == await vouched(client, assertion(key, named, **changes))


async def test_only_the_key_vouches(client, emulator, certificate):
    """
    Another key's assertion, or no assertion at all, is refused.
    """
    emulator.identity.add_certificate(APP_ID, certificate)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    named = {"x5t": thumbprint(certificate)}

    assert (401, [700027]) == await vouched(client, assertion(other, named))
    assert (401, [700027]) == await vouched(client, "a.b.c")


@pytest.fixture(params=["pem", "jwk", "set"])
def keys(request, key):
    """
    The same public key in each form in which it can be given.
    """
    public = key.public_key()
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(public))
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {"pem": pem, "jwk": jwk, "set": {"keys": [{**jwk, "kid": "k"}]}}[request.param]


async def test_others_vouch(client, emulator, key, keys):
    """
    An assertion of a registered issuer is verified with its keys.
    """
    emulator.identity.add_federation("mine", ISSUER, keys, subject="me")
    emulator.identity.add_federation(APP_ID, ISSUER, keys, subject="me")

    answered = await vouched(client, assertion(key, iss=ISSUER, sub="me", aud=EXCHANGE))

    assert (200, None) == answered
    assert ["federated"] == [asked.grant for asked in emulator.identity.requests]


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"},
        {"sub": "you"},
        {"aud": TOKEN},
        {"exp": AT - 301},
    ],
)
async def test_others_vouch_for_the_truth(client, emulator, key, keys, changes):
    """
    An assertion of another issuer, subject, audience or time matches no record.
    """
    emulator.identity.add_federation(APP_ID, ISSUER, keys, subject="me")
    claims = {"iss": ISSUER, "sub": "me", "aud": EXCHANGE, **changes}

    assert (401, [700213]) == await vouched(client, assertion(key, **claims))


async def test_only_their_keys_vouch(client, emulator, keys):
    """
    An assertion that another key has signed matches no record, whatever key it names.
    """
    emulator.identity.add_federation(APP_ID, ISSUER, keys)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    for headers in ({}, {"kid": "k"}, {"kid": "another"}):
        forged = assertion(other, headers, iss=ISSUER, aud=EXCHANGE)

        assert (401, [700213]) == await vouched(client, forged)


@pytest.mark.parametrize("told", ["no key", {"keys": []}, b""])
def test_keys_must_be_keys(emulator, told):
    """
    What is no key is refused when it is registered.
    """
    with pytest.raises(ValueError, match="key"):
        emulator.identity.add_federation(APP_ID, ISSUER, told)


def test_certificates_must_be_certificates(emulator):
    """
    What is no certificate is refused when it is registered.
    """
    with pytest.raises(ValueError, match="BEGIN CERTIFICATE"):
        emulator.identity.add_certificate(APP_ID, "nothing")


def test_other_keys_are_given_as_jwk(emulator):
    """
    A key that is not RSA's has no single form as PEM here.
    """
    pem = (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )

    with pytest.raises(ValueError, match="RSA key here; give others as a JWK"):
        emulator.identity.add_federation(APP_ID, ISSUER, pem)


async def test_bad_jwks_vouch_for_nothing(client, emulator, key):
    """
    A key set that makes no sense verifies nothing.
    """
    emulator.identity.add_federation(APP_ID, ISSUER, {"kty": "RSA", "n": "?"})

    answered = await vouched(client, assertion(key, iss=ISSUER, aud=EXCHANGE))

    assert (401, [700213]) == answered


async def test_elliptic_keys_vouch(client, emulator):
    """
    An issuer may sign with elliptic curves.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    emulator.identity.add_federation(APP_ID, ISSUER, jwk)

    answered = await vouched(client, assertion(key, algorithm="ES256", iss=ISSUER, aud=EXCHANGE))

    assert (200, None) == answered


async def test_a_managed_identity_s_token_can_be_verified(client, emulator):
    """
    A managed identity's token is a JWT too, and the Connector takes it.
    """
    response = await client.get(
        f"{BASE}/msi/token",
        params={"resource": AUDIENCE, "client_id": "mine"},
        headers={"X-IDENTITY-HEADER": "emulated-identity-header"},
    )
    token = response.json()["access_token"]

    assert ("mine", "2") == (
        jwt.decode(token, options={"verify_signature": False})["appid"],
        jwt.decode(token, options={"verify_signature": False})["appidacr"],
    )
    assert 200 == await shown(client, emulator, token)


async def test_forgets_what_it_has_read(client, emulator):
    """
    However many tokens are shown, they do not fill the memory, and none is taken for another.
    """
    good = emulator.identity.sign(GOOD)
    before = await shown(client, emulator, good)
    for number in range(10_001):
        emulator.identity.caller(f"Bearer {number}")

    assert (200, 200) == (before, await shown(client, emulator, good))


def test_forgets_what_has_expired(time):
    """
    Of very many tokens those that have expired are forgotten; others keep their numbers.
    """
    tokens = Tokens(now=time, wall=time, known=2)
    lived = [tokens.issue(**GRANTED, lifetime=lifetime) for lifetime in (1, 3600)]
    time.advance(5)
    late = tokens.issue(**GRANTED, lifetime=3600)

    first, second, third = [tokens.caller(f"Bearer {token}", {APP_ID}) for token in (*lived, late)]
    assert ("unknown-", "token-2", "token-3") == (first.label[:8], second.label, third.label)
    assert (False, True, True) == (first.is_valid, second.is_valid, third.is_valid)


@pytest.fixture
async def client(emulator):
    async with httpx.AsyncClient(
        transport=emulator.transport(), base_url="https://smba.example.net/teams"
    ) as client:
        yield client
