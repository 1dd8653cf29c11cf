import asyncio
import functools
import pickle
import threading
from random import Random
from typing import NamedTuple

import pytest

from connector_async._clock import SystemClock
from connector_async.auth.credentials import (
    ClientCertificate,
    ClientSecret,
    Credential,
    FederatedAssertion,
    ManagedIdentity,
    TokenCallable,
    TokenCredential,
    token_cache,
)
from connector_async.auth.network import IdentityNetwork
from connector_async.auth.tokens import Grant
from connector_async.cloud import PUBLIC
from connector_async.errors import TokenError

from .fakes import a_grant

KEY = "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----\n"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nhush\n-----END CERTIFICATE-----\n"
THUMBPRINT = "0123456789ABCDEF0123456789abcdef01234567"


class AzureToken(NamedTuple):
    """
    What azure-identity gives.
    """

    token: str
    expires_on: float


def secret():
    return "hush"


async def async_secret():
    return "hush"


async def given(credential, clock=None):
    return await credential.bind(PUBLIC, IdentityNetwork(), clock or SystemClock())()


CREDENTIALS = [
    ClientSecret("app", "hush"),
    ClientSecret("app", secret, tenant_id="contoso.example"),
    ClientCertificate("app", private_key=KEY, thumbprint=THUMBPRINT, passphrase="hush"),
    ClientCertificate("app", private_key=KEY, public_certificate=CERTIFICATE),
    ClientCertificate("app", pfx="bot.pfx", passphrase="hush"),
    ManagedIdentity("app"),
    FederatedAssertion("app", secret, tenant_id="contoso.example"),
    FederatedAssertion("app", token_file="token", tenant_id="contoso.example"),
    TokenCallable(secret, app_id="app"),
    TokenCredential(type("T", (), {"get_token": secret})(), app_id="app"),
]


@pytest.mark.parametrize("credential", CREDENTIALS, ids=lambda each: type(each).__name__)
def test_is_a_credential(credential):
    """
    Each has an app id, can be bound, and prints no secret.
    """
    assert isinstance(credential, Credential)
    assert "app" == credential.app_id
    assert "hush" not in f"{credential} {credential!r}"
    assert "app" in repr(credential)


@pytest.mark.parametrize("credential", CREDENTIALS[:5], ids=lambda each: type(each).__name__)
def test_secrets_are_not_pickled(credential):
    """
    What holds a secret refuses to be pickled, and says so.
    """
    with pytest.raises(TypeError, match="holds a secret and is not pickled"):
        pickle.dumps(credential)


@pytest.mark.parametrize("credential", CREDENTIALS[5:8], ids=lambda each: type(each).__name__)
def test_what_holds_no_secret_is_pickled(credential):
    """
    What only says where a secret is can be pickled.
    """
    assert credential == pickle.loads(pickle.dumps(credential))


def test_ids_need_not_be_known():
    """
    A system-assigned identity and a callable may have no app id.
    """
    assert [None] * 3 == [
        ManagedIdentity().app_id,
        TokenCallable(secret).app_id,
        ManagedIdentity(object_id="o-1").app_id,
    ]


@pytest.mark.parametrize(
    ("kind", "text", "make"),
    [
        (ValueError, "app_id is empty: for no auth", lambda: ClientSecret("", "hush")),
        (ValueError, "app_id is empty: for no auth", lambda: ClientSecret("  ", "hush")),
        (TypeError, "app_id is a str, not NoneType", lambda: ClientSecret(None, "hush")),
        (ValueError, "pass credential=None", lambda: ClientSecret("app", "")),
        (TypeError, "secret is a callable, not NoneType", lambda: ClientSecret("app", None)),
        (TypeError, "secret is a callable, not bytes", lambda: ClientSecret("app", b"hush")),
        (TypeError, "cannot be async", lambda: ClientSecret("app", async_secret)),
        (ValueError, "tenant_id is an id", lambda: ClientSecret("app", "hush", tenant_id="")),
        (ValueError, "tenant_id is an id", lambda: ClientSecret("app", "hush", tenant_id="a/b")),
        (ValueError, "one tenant", lambda: ClientSecret("app", "hush", tenant_id="Common")),
        (TypeError, "tenant_id is a str", lambda: ClientSecret("app", "hush", tenant_id=7)),
        (ValueError, "one of private_key and pfx", lambda: ClientCertificate("app")),
        (
            ValueError,
            "one of private_key and pfx",
            lambda: ClientCertificate("app", private_key=KEY, pfx="bot.pfx"),
        ),
        (ValueError, "private_key is empty$", lambda: ClientCertificate("app", private_key="")),
        (
            ValueError,
            "no PRIVATE KEY in this",
            lambda: ClientCertificate("app", private_key=CERTIFICATE, thumbprint=THUMBPRINT),
        ),
        (
            ValueError,
            "thumbprint is missing",
            lambda: ClientCertificate("app", private_key=KEY),
        ),
        (
            ValueError,
            "40 hexadecimal digits",
            lambda: ClientCertificate("app", private_key=KEY, thumbprint="ab" * 32),
        ),
        (
            ValueError,
            "40 hexadecimal digits",
            lambda: ClientCertificate("app", private_key=KEY, thumbprint=7),
        ),
        (
            ValueError,
            "has the certificate in it",
            lambda: ClientCertificate("app", pfx="bot.pfx", thumbprint=THUMBPRINT),
        ),
        (ValueError, "pfx is empty$", lambda: ClientCertificate("app", pfx="")),
        (TypeError, "pfx is a path, not bytes", lambda: ClientCertificate("app", pfx=b"bot.pfx")),
        (
            ValueError,
            "token_file is empty$",
            lambda: FederatedAssertion("app", token_file="", tenant_id="t"),
        ),
        (
            TypeError,
            "public_certificate",
            lambda: ClientCertificate("app", private_key=KEY, public_certificate=b""),
        ),
        (
            ValueError,
            "public_certificate is a PEM text",
            lambda: ClientCertificate("app", private_key=KEY, public_certificate=True),
        ),
        (ValueError, "app_id is empty", lambda: ManagedIdentity("")),
        (ValueError, "object_id is empty$", lambda: ManagedIdentity(object_id="")),
        (
            ValueError,
            "one of object_id and resource_id",
            lambda: ManagedIdentity(object_id="o", resource_id="r"),
        ),
        (ValueError, "one of assertion", lambda: FederatedAssertion("app", tenant_id="t")),
        (
            ValueError,
            "one of assertion",
            lambda: FederatedAssertion("app", secret, token_file="f", tenant_id="t"),
        ),
        (TypeError, "callable, not str", lambda: FederatedAssertion("app", "h.c.s", tenant_id="t")),
        (TypeError, "tenant_id", lambda: FederatedAssertion("app", secret)),
        (TypeError, "tenant_id is a str", lambda: FederatedAssertion("a", secret, tenant_id=None)),
        (TypeError, "fetch is a callable, not str", lambda: TokenCallable("eyJ")),
        (TypeError, r"object has no get_token\(\)", lambda: TokenCredential(object())),
        (ValueError, "connect_timeout", lambda: IdentityNetwork(connect_timeout=0)),
        (ValueError, "read_timeout", lambda: IdentityNetwork(read_timeout=float("inf"))),
        (TypeError, "read_timeout .* not str", lambda: IdentityNetwork(read_timeout="3")),
        (TypeError, "read_timeout .* not bool", lambda: IdentityNetwork(read_timeout=True)),
    ],
)
def test_misuse(kind, text, make):
    """
    Misuse is told when the value is made, without the secret.
    """
    with pytest.raises(kind, match=text) as refused:
        make()

    assert "hush" not in str(refused.value)


def test_a_thumbprint_as_it_is_shown():
    """
    Colons and spaces of a thumbprint as tools show it do not matter.
    """
    shown = " ".join(THUMBPRINT[i : i + 2] for i in range(0, 40, 2))

    credentials = [
        ClientCertificate("app", private_key=KEY, thumbprint=thumbprint)
        for thumbprint in (THUMBPRINT, shown, shown.replace(" ", ":"))
    ]

    assert {THUMBPRINT} == {credential.thumbprint for credential in credentials}


def test_a_proxy_s_password_is_not_printed():
    """
    The network's repr does not have the proxy, whose URL may hold a password.
    """
    assert "hush" not in repr(IdentityNetwork(proxy="http://me:hush@proxy:3128"))


@pytest.mark.parametrize(
    ("give", "text"),
    [
        (lambda: 1 / 0, "the callable for secret raised ZeroDivisionError: division by zero"),
        (lambda: "", "the callable for secret gave an empty text, where a text is wanted"),
        (lambda: None, "the callable for secret gave NoneType, where a text is wanted"),
    ],
)
async def test_a_callable_secret_that_is_none(give, text):
    """
    A callable for a secret that fails is a TokenError, from its cause.
    """
    with pytest.raises(TokenError) as failed:
        await given(ClientSecret("app", give))

    assert f"no token: {text}" == str(failed.value)
    assert "raised" not in text or isinstance(failed.value.__cause__, ZeroDivisionError)


async def test_a_callable_may_say_it_itself():
    """
    A TokenError of the callable's own is left as it is.
    """
    error = TokenError("no token: the vault is locked", code="Locked")

    def give():
        raise error

    for credential in (TokenCallable(give), ClientSecret("app", give)):
        with pytest.raises(TokenError) as failed:
            await given(credential)
        assert "Locked" == failed.value.code


@pytest.mark.parametrize(
    ("what", "grant"),
    [
        ("token-1", Grant(token="token-1", expires_in=300)),
        (("token-1", 60), Grant(token="token-1", expires_in=60)),
        (a_grant(refresh_in=5), a_grant(refresh_in=5)),
        (AzureToken("token-1", 1_700_001_000 + 90), Grant(token="token-1", expires_in=90)),
    ],
)
@pytest.mark.parametrize("flavour", ["sync", "async", "lambda", "object", "partial"])
async def test_what_a_callable_may_give(clock, what, grant, flavour):
    """
    A token alone, with its life, as a Grant, or as azure-identity has it; sync or async.
    """

    async def give(value=what):
        return value

    class Giver:
        async def __call__(self):
            return what

    function = {
        "sync": lambda: what,
        "async": give,
        "lambda": lambda: give(what),
        "object": Giver(),
        "partial": functools.partial(give, what),
    }[flavour]

    assert grant == await given(TokenCallable(function), clock)


@pytest.mark.parametrize(
    ("what", "text"),
    [
        (None, "NoneType is no text"),
        ({"access_token": "hush"}, "dict is no text"),
        (("hush", "3600"), "tuple is no text"),
        (("hush", 3600, 1), "tuple is no text"),
        (("hush hush", 3600), "visible ASCII"),
        (("hush", 0), "no longer valid"),
        (AzureToken("hush", 5), "no longer valid"),
        ("", "visible ASCII"),
    ],
)
async def test_what_a_callable_may_not_give(clock, what, text):
    """
    What is no token is a TokenError, without showing it.
    """
    with pytest.raises(
        TokenError, match=f"what the callable gave is of no use: .*{text}"
    ) as failed:
        await given(TokenCallable(lambda: what), clock)

    assert "hush" not in str(failed.value)
    assert failed.value.__cause__ is None


async def test_a_callable_that_raises():
    """
    What a callable raises is the cause.
    """
    with pytest.raises(TokenError, match="the callable raised ZeroDivisionError") as failed:
        await given(TokenCallable(lambda: 1 / 0))

    assert isinstance(failed.value.__cause__, ZeroDivisionError)


async def test_where_a_callable_is_called():
    """
    A sync callable runs in a worker thread, an async one on the event loop.
    """
    threads = {}

    def sync_token():
        threads["sync"] = threading.current_thread()
        return "token-1"

    async def async_token():
        threads["async"] = threading.current_thread()
        return "token-1"

    await given(TokenCallable(sync_token))
    await given(TokenCallable(async_token))

    assert threading.main_thread() is threads["async"]
    assert threading.main_thread() is not threads["sync"]


@pytest.mark.parametrize("flavour", ["sync", "async"])
async def test_azure_identity(clock, flavour):
    """
    An object with get_token is asked for the cloud's scope, wherever it says it can run.
    """
    asked = []

    class SyncCredential:
        def get_token(self, *scopes):
            asked.append((scopes, threading.current_thread() is threading.main_thread()))
            return AzureToken("token-1", clock.wall() + 3600)

    class AsyncCredential(SyncCredential):
        async def get_token(self, *scopes):
            return SyncCredential.get_token(self, *scopes)

    credential = SyncCredential() if flavour == "sync" else AsyncCredential()

    grant = await given(TokenCredential(credential), clock)

    assert ("token-1", 3600.0) == (grant.token, grant.expires_in)
    assert [(("https://api.botframework.com/.default",), flavour == "async")] == asked


async def test_a_client_s_cache():
    """
    `token_cache` gives a cache of the credential's tokens, which fetches when it is asked.
    """
    fetched = []

    def fetch():
        fetched.append(True)
        return "token-1"

    events = []
    cache = token_cache(
        TokenCallable(fetch),
        cloud=PUBLIC,
        network=IdentityNetwork(),
        clock=SystemClock(),
        random=Random(1),
        notify=events.append,
    )
    assert [] == fetched

    tokens = await asyncio.gather(*(cache.get() for _ in range(10)))

    assert {"token-1"} == {token.token for token in tokens}
    assert ([True], 1) == (fetched, len(events))
    await cache.aclose()


@pytest.mark.parametrize(
    ("thing", "hint"),
    [
        ("hush", r"str; make one, such as ClientSecret\(app_id, secret\)"),
        (secret, r"function; wrap it in TokenCallable\(...\)"),
        (type("Azure", (), {"get_token": secret})(), r"Azure; wrap it in TokenCredential\(...\)"),
    ],
)
def test_what_is_no_credential(thing, hint):
    """
    What is no credential is refused with a hint.
    """
    with pytest.raises(TypeError, match=f"^no credential: {hint}$"):
        token_cache(
            thing,
            cloud=PUBLIC,
            network=IdentityNetwork(),
            clock=SystemClock(),
            random=Random(1),
        )
