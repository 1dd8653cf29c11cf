"""
Where secrets go besides the service: the identity provider, the emulator, the command line.
"""

import asyncio
import contextlib
import os
import ssl
from unittest import mock

import attrs
import httpx
import trustme
from click.testing import CliRunner

from connector_async import (
    ClientCertificate,
    ClientSecret,
    Cloud,
    ConnectorClient,
    FederatedAssertion,
    ManagedIdentity,
    TokenCallable,
)
from connector_async._clock import SystemClock
from connector_async._transport.proxy import proxy_at
from connector_async.auth.network import IdentityNetwork
from connector_async.auth.tokens import Grant
from connector_async.cli._main import group
from connector_async.emulator import APP_ID, Emulator, Record, serve
from connector_async.testing.kit import SharedEmulator, serving
from tests.auth.identity import APP, TENANT, IdentityServer, refusal
from tests.reliability.canary import value
from tests.reliability.canary_scenes import KEEPS, PROXY, TOKEN, Observed

SECRET = value("client secret", odd="+/=%&\"'\\<> é")
PASSPHRASE = value("passphrase", odd="+/=%&\"'\\<> é")
ASSERTION = value("assertion", odd=".-_")
MACHINE = value("identity header", odd=".-_")
CHAT = "19:chat@thread.v2"


class Echo(IdentityServer):
    """
    Grants the token, or says again whatever it was told.

    Attributes:
        wrong: How; None to grant.
        told: What it was told that nobody else may know, by name.
    """

    def __init__(self):
        super().__init__()
        self.wrong = None
        self.told = {}

    def decide(self, asked):
        secrets = [asked.fields.get("client_secret"), asked.fields.get("client_assertion")]
        secrets += [asked.headers.get("x-identity-header")]
        told = next(filter(None, secrets), None)
        if asked.kind == "discovery" or told is None:
            return super().decide(asked)
        if asked.fields.get("client_assertion", "").startswith("ey"):
            self.told["signed assertion"] = told
        if self.wrong is not None:
            self.answer(asked.kind, **WRONG[self.wrong](told))
        else:
            self.answer(asked.kind, body={"access_token": TOKEN, "expires_in": 3600})
        return super().decide(asked)


def wrong(status, make, **headers):
    return lambda told: {
        "status": status,
        "body": make(told),
        "headers": {name: text.format(told) for name, text in headers.items()},
    }


WRONG = {
    "a sentence": wrong(401, lambda told: refusal(7000215, f"Invalid secret: {told}")),
    "cut": wrong(400, lambda told: refusal(700027, f"{'x' * 150} {told}")),
    "a word": wrong(400, lambda told: {"error": told, "correlation_id": told}),
    "a success": wrong(200, lambda told: {"error": "invalid", "error_description": told}),
    "of a form": wrong(
        400, lambda told: {"error": "bad", "error_description": str(httpx.QueryParams(s=told))}
    ),
    "a page": wrong(500, lambda told: f"<p>{told}</p>"),
    "no JSON": wrong(200, lambda told: f'{{"access_token": "{told}'.encode()),
    "no life": wrong(200, lambda told: {"access_token": f"{told} x", "expires_in": 0}),
    "elsewhere": wrong(302, lambda _: "", location="https://192.0.2.1/{}"),
    "nested": wrong(400, lambda told: {"error": {"code": told, "message": told}}),
    "a token that is none": wrong(200, lambda _: {"access_token": f"{TOKEN} x"}),
}


def credentials():
    """
    One of each kind, by name; and what of them nobody may see.
    """
    issued = trustme.CA().issue_cert("bot.example", key_type=trustme.KeyType.RSA)
    key = issued.private_key_pem.bytes().decode()
    public = issued.cert_chain_pems[0].bytes().decode()
    found = {
        "ClientSecret": ClientSecret(APP, SECRET),
        "ClientSecret, by a callable": ClientSecret(APP, lambda: SECRET, tenant_id=TENANT),
        "ClientCertificate": ClientCertificate(
            APP, private_key=key, public_certificate=public, passphrase=PASSPHRASE
        ),
        "ClientCertificate, plain": ClientCertificate(APP, private_key=key + public),
        "FederatedAssertion": FederatedAssertion(APP, lambda: ASSERTION, tenant_id=TENANT),
        "ManagedIdentity": ManagedIdentity(APP),
    }
    lines = key.splitlines()
    return found, {"private key": lines[3], "end of the private key": lines[-3]}


async def ask(haystack, credential, cloud, network):
    async with ConnectorClient(
        credential,
        cloud=cloud,
        service_url="https://smba.trafficmanager.net/teams",
        ssl_context=network.ssl_context,
        observers=[Observed(haystack)],
        limits=KEEPS,
        transport=None,
    ) as connector:
        try:
            return await connector._cache.get()
        except Exception as error:  # noqa: BLE001
            haystack.tell(type(credential).__name__, error)
        finally:
            haystack.say("ConnectorClient", connector)
            haystack.say("TokenCache", connector._cache)


def at_the_provider(haystack, kinds):
    """
    Each credential meets each answer; how many fetches there were.
    """
    found, of_key = credentials()
    haystack.secrets |= of_key
    count = 0
    with Echo() as identity:
        network = IdentityNetwork(ssl_context=identity.trusting(), read_timeout=2)
        machine = {**identity.environment, "IDENTITY_HEADER": MACHINE}
        with mock.patch.dict(os.environ, machine):
            for credential in found.values():
                haystack.say(type(credential).__name__, credential)
                for kind in (None, *kinds):
                    identity.wrong = kind
                    token = asyncio.run(ask(haystack, credential, identity.cloud, network))
                    if token is not None:
                        haystack.say("AccessToken", token)
                    count += 1
        unreachable = attrs.evolve(identity.cloud, login_url="https://127.0.0.1:9")
        asyncio.run(ask(haystack, found["ClientSecret"], unreachable, network))
        haystack.secrets |= identity.told
    return count


# What cannot be, and has a secret beside it.


def _fetch(given):
    def fetch():
        grant = TokenCallable(given, app_id="app").bind(PUBLIC_CLOUD, NETWORK, SystemClock())
        return asyncio.run(fetch_of(grant))

    return fetch


async def fetch_of(fetch):
    return await fetch()


PUBLIC_CLOUD = Cloud(name="c", login_url="https://127.0.0.1:9", bot_tenant="t", audience="a")
NETWORK = IdentityNetwork(proxy=f"http://me:{PROXY}@127.0.0.1:9")
MISTAKES = {
    "ClientSecret": lambda: ClientSecret("", SECRET),
    "ClientSecret, its tenant": lambda: ClientSecret(APP, SECRET, tenant_id="common"),
    "ClientCertificate": lambda: ClientCertificate(APP, private_key=SECRET),
    "ClientCertificate, twice": lambda: ClientCertificate(
        APP, private_key=SECRET, pfx="x", passphrase=PASSPHRASE
    ),
    "FederatedAssertion": lambda: FederatedAssertion(APP, ASSERTION, tenant_id=TENANT),
    "Grant": lambda: Grant(token=TOKEN, expires_in=-1),
    "Grant, its token": lambda: Grant(token=f"Bearer {TOKEN}", expires_in=9),
    "a token that is over": _fetch(lambda: Grant(token=TOKEN, expires_in=-1)),
    "a token and a time": _fetch(lambda: (TOKEN, -1)),
    "a token with a word": _fetch(lambda: f"Bearer {TOKEN}"),
    "no token": _fetch(lambda: {"token": TOKEN}),
    "a proxy": lambda: proxy_at(f"socks5://me:{PROXY}@127.0.0.1:9"),
    "a proxy's port": lambda: proxy_at(f"http://me:{PROXY}@127.0.0.1:no"),
    "a client's proxy": lambda: ConnectorClient(
        None, service_url="http://localhost", proxy=f"ftp://me:{PROXY}@127.0.0.1:9"
    ),
    "a client with a proxy": lambda: ConnectorClient(
        ClientSecret(APP, SECRET),
        service_url="http://example.com",
        proxy=f"http://me:{PROXY}@127.0.0.1:9",
    ),
}


def mistakes(haystack):
    """
    What is refused before anything is sent; how many of them there were.
    """
    haystack.say("IdentityNetwork", NETWORK)
    for name, make in MISTAKES.items():
        try:
            make()
        except Exception as error:  # noqa: BLE001
            haystack.tell(name, error)
        else:
            raise AssertionError(f"{name} is no mistake")
    return len(MISTAKES)


# The emulator: what it tells is for everybody who reaches it.

PAGES = (
    "", "record", "record.jsonl", "exchanges", "timeline", "faults", "clock", "profile", "manners",
    *(f"console/{name}" for name in ("", "app.js", "index.html")),
    *(f"console/api/{name}" for name in ("state", "faults", "members", "nothing")),
    *(f"console/api/{name}?conversation_id={CHAT}" for name in ("thread", "members", "exchanges")),
    *(f"console/api/{name}?conversation={CHAT}" for name in ("thread", "members", "timeline")),
)  # fmt: skip


async def read_all(haystack, url, verify):
    async with httpx.AsyncClient(base_url=url, verify=verify) as reader:
        for page in PAGES:
            answer = await reader.get(f"/emulator/{page}")
            haystack.add(f"the page {page}", answer.content)
            haystack.add(f"headers of the page {page}", repr(answer.headers))
        for number in range(1, 12):
            answer = await reader.get(f"/emulator/console/api/exchange?number={number}")
            haystack.add(f"exchange {number}", answer.content)
        with contextlib.suppress(httpx.ReadTimeout):
            async with reader.stream("GET", "/emulator/console/api/events", timeout=0.2) as feed:
                async for chunk in feed.aiter_bytes():
                    haystack.add("the console's feed", chunk)


async def _in_the_box(haystack, folder):
    record = Record(db=folder / "record.db", in_memory=2)
    emulator = Emulator(require_token=True, apps={APP_ID: SECRET}, record=record)
    emulator.add_conversation(CHAT, members=3)
    async with serve(emulator, tls=True) as server:
        verify = ssl.create_default_context(cafile=server.ca_file)
        cloud = attrs.evolve(PUBLIC_CLOUD, login_url=server.url, audience=AUDIENCE)
        host = server.url.removeprefix("https://")
        for secret in (SECRET, f"{SECRET} "):
            async with ConnectorClient(
                ClientSecret(APP_ID, secret),
                service_url=server.url,
                cloud=cloud,
                trusted_hosts=[host],
                ca_file=server.ca_file,
                limits=KEEPS,
            ) as connector:
                emulator.fail_next("getConversations", status=400)
                for _ in range(3):
                    try:
                        await connector.get_conversations()
                        await connector.send_to_conversation(CHAT, {"type": "message", "text": "x"})
                    except Exception as error:  # noqa: BLE001
                        haystack.tell("a call of the emulator", error)
                if connector._cache._token is not None:
                    haystack.secrets |= jwt_parts(connector._cache._token.token)
        async with httpx.AsyncClient(verify=verify) as caller:
            # Not every token is one of its own.
            for token in (f"Bearer {TOKEN}", TOKEN, f"Basic {TOKEN}"):
                answer = await caller.get(
                    f"{server.url}/v3/conversations", headers={"authorization": token}
                )
                haystack.add("an answer of the emulator", answer.content)
        await read_all(haystack, server.url, verify)
        haystack.add("the emulator's own words", repr((emulator, emulator.identity, record)))
        haystack.add("its requests", repr(emulator.identity.requests))
        haystack.add("its exchanges", repr(record.exchanges()))
    record.close()


AUDIENCE = "https://api.botframework.com"


def jwt_parts(token):
    _, claims, signature = token.split(".")
    return {"the emulator's token": signature, "the claims of its token": claims[-60:]}


def in_the_box(haystack, folder):
    """
    Calls of an emulator with tokens of its own and others; all of its pages and files.
    """
    asyncio.run(_in_the_box(haystack, folder))
    for file in folder.iterdir():
        haystack.add(f"the file {file.name}", file.read_bytes())
    return len(PAGES)


# The command line.

COMMANDS = {
    "send": ("send", "-c", CHAT, "hello"),
    "send of a file that is none": ("send", "-c", CHAT, "--card", "none.json"),
    "members": ("members", CHAT),
    "history": ("history", CHAT, "history.json"),
    "attachment": ("attachment", "down", "x"),
    "doctor": ("doctor",),
}


def on_the_command_line(haystack, folder):
    """
    Each command: well, with a secret that is wrong, and with a service that fails.
    """
    emulator = SharedEmulator(require_token=True, apps={APP_ID: SECRET})
    emulator.add_conversation(CHAT, members=3)
    keys = [name for name in os.environ if name.startswith("CONNECTOR_")]
    with mock.patch.dict(os.environ), serving(emulator, tls=True) as server, Echo() as identity:
        for name in keys:
            del os.environ[name]
        os.environ |= {"CONNECTOR_APP_ID": APP_ID}
        ca = folder / "ca.pem"
        identity.authority.cert_pem.write_to_path(str(ca))
        box = ("--login-url", server.url, "--ca-file", server.ca_file)
        ways = {
            "well": (SECRET, box),
            "a wrong secret": (f"{SECRET}x", box),
            "an echo": (SECRET, ("--login-url", identity.url, "--ca-file", str(ca))),
            "a bad proxy": (SECRET, (*box, "--proxy", f"ftp://me:{PROXY}@127.0.0.1:9")),
            "a dead proxy": (SECRET, (*box, "--proxy", f"http://me:{PROXY}@127.0.0.1:9")),
        }
        host = server.url.removeprefix("https://")
        count = 0
        identity.wrong = "a sentence"
        for way, (secret, options) in ways.items():
            os.environ["CONNECTOR_APP_SECRET"] = secret
            for name, words in COMMANDS.items():
                for spoken in ((), ("--json",)):
                    done = CliRunner().invoke(
                        group,
                        [
                            words[0], *(words[1:2] if words[0] == "attachment" else ()),
                            "--service-url", server.url, "--trusted-host", host, "--deadline", "5",
                            *options, *spoken, *words[2 if words[0] == "attachment" else 1 :],
                        ],
                    )  # fmt: skip
                    where = f"`{name} {' '.join(spoken)}`, {way}"
                    haystack.add(where, done.output)
                    haystack.add(f"{where}: stderr", done.stderr)
                    if done.exception is not None:
                        haystack.tell(where, done.exception)
                    count += 1
    return count
