"""
Promise 4: a token goes only to a host that may see it.
"""

import attrs
import httpx
import pytest

from connector_async import ConnectorClient, TokenCallable
from connector_async._operations import OPERATIONS
from connector_async.errors import ApiError, UntrustedServiceUrlError
from connector_async.models import Activity, ConversationReference, ConversationResourceResponse
from connector_async.service_url import ServiceUrl, Trust

from .calls import CALLS, Wire

TEAMS = "https://smba.trafficmanager.net/teams"

HOSTILE = [
    # Look-alikes, and names that only contain a trusted one.
    "https://evilbotframework.com",
    "https://evil-botframework.com",
    "https://botframework.com.evil.net",
    "https://api.botframework.com.evil.net/",
    "https://botframework.com-evil.net",
    "https://botframework.co",
    "https://botframework.comm",
    "https://botframevvork.com",
    "https://bot.framework.com",
    "https://botframework.org",
    "https://smba.trafficmanager.net.evil.net/teams",
    "https://smbatrafficmanager.net/teams",
    "https://xsmba.trafficmanager.net/teams",
    "https://smba.trafficmanager.com/teams",
    # Domains in which anyone can register a name.
    "https://evil.trafficmanager.net/teams",
    "https://x.smba.trafficmanager.net/teams",
    "https://trafficmanager.net/teams",
    "https://mybot.azurewebsites.net/.bot/",
    "https://evil.cloudapp.azure.com",
    "https://evil.blob.core.windows.net",
    "https://graph.microsoft.com",
    "https://teams.microsoft.com",
    # Hosts of other clouds.
    "https://smba.infra.gcc.teams.microsoft.com/teams",
    "https://smba.infra.gov.teams.microsoft.us/teams",
    "https://smba.infra.dod.teams.microsoft.us/teams",
    "https://api.botframework.azure.us",
    "https://directline.botframework.us",
    "https://directline.botframework.azure.cn",
    # User names, passwords and ports.
    "https://smba.trafficmanager.net@evil.net/teams",
    "https://smba.trafficmanager.net:443@evil.net/teams",
    "https://user@smba.trafficmanager.net/teams",
    "https://user:hunter2@smba.trafficmanager.net/teams",
    "https://@smba.trafficmanager.net/teams",
    "https://:@smba.trafficmanager.net/teams",
    "https://smba.trafficmanager.net:8443/teams",
    "https://smba.trafficmanager.net:80/teams",
    "https://smba.trafficmanager.net:0/teams",
    "https://smba.trafficmanager.net:99999/teams",
    "https://smba.trafficmanager.net:-443/teams",
    "https://smba.trafficmanager.net:443:443/teams",
    "https://smba.trafficmanager.net:/teams",
    "https://smba.trafficmanager.net:4 43/teams",
    "https://smba.trafficmanager.net:\u0664\u0664\u0663/teams",
    # Other schemes, or none.
    "http://smba.trafficmanager.net/teams",
    "http://smba.trafficmanager.net:443/teams",
    "ftp://smba.trafficmanager.net/teams",
    "ws://smba.trafficmanager.net/teams",
    "file:///etc/passwd",
    "urn:botframework:websocket:smba.trafficmanager.net",
    "javascript:alert(1)",
    "httpss://smba.trafficmanager.net/teams",
    "https:smba.trafficmanager.net/teams",
    "https:/smba.trafficmanager.net/teams",
    "https:///smba.trafficmanager.net/teams",
    "//smba.trafficmanager.net/teams",
    "/teams",
    "smba.trafficmanager.net/teams",
    "",
    # Addresses, however they are written.
    "http://localhost:3978",
    "https://localhost",
    "http://127.0.0.1",
    "https://127.0.0.1:443",
    "http://127.1",
    "http://2130706433",
    "http://0x7f000001",
    "http://0177.0.0.1",
    "http://0.0.0.0",
    "http://[::1]:3978",
    "http://[::ffff:127.0.0.1]",
    "http://[fe80::1%25eth0]",
    "https://169.254.169.254/metadata",
    "https://10.0.0.1",
    "https://20.190.128.1",
    # Dots.
    "https://smba.trafficmanager.net../teams",
    "https://.smba.trafficmanager.net/teams",
    "https://smba..trafficmanager.net/teams",
    "https://..botframework.com",
    "https://.botframework.com",
    "https://./teams",
    # Letters that look alike, or that become others when they are made plain.
    "https://\uff42otframework.com",
    "https://botframework\uff0ecom",
    "https://botframework\u3002com",
    "https://smba.tra\ufb03cmanager.net/teams",
    "https://\u017fmba.trafficmanager.net/teams",
    "https://botframewor\u212a.com",
    "https://b\u043etframework.com",
    "https://botframework.com\u200b",
    "https://bot\u00adframework.com",
    "https://xn--otframework-sgi.com",
    "https\uff1a//smba.trafficmanager.net/teams",
    # What one library reads as part of the host, and another does not.
    "https://smba%2etrafficmanager.net/teams",
    "https://evil.net%2f.botframework.com",
    "https://evil.net%00.botframework.com",
    "https://evil.net\\.botframework.com",
    "https://evil.net\\@smba.trafficmanager.net/teams",
    "https://smba.trafficmanager.net\\@evil.net/teams",
    "https:\\\\smba.trafficmanager.net\\teams",
    "https://evil.net/@smba.trafficmanager.net/teams",
    "https://evil.net#@smba.trafficmanager.net/teams",
    "https://evil.net?@smba.trafficmanager.net/teams",
    "https://evil.net;.botframework.com",
    "https://evil.net,api.botframework.com",
    "https://*.botframework.com",
    "https://[api.botframework.com]",
    "https://-.botframework.com",
    # Blanks and control characters.
    " https://smba.trafficmanager.net/teams",
    "https://smba.trafficmanager.net/teams ",
    "https://smba.trafficmanager.net/te ams",
    "https://smba.traffic\tmanager.net/teams",
    "https://smba.traffic\nmanager.net/teams",
    "https://smba.trafficmanager.net/teams\r\nX: y",
    "https://smba.trafficmanager.net\x00.evil.net/teams",
    "https://smba.trafficmanager.net/\x7f",
    "https://smba.trafficmanager.net/\ud800",
    # Paths that lead elsewhere.
    "https://smba.trafficmanager.net/teams?x=1",
    "https://smba.trafficmanager.net/teams?",
    "https://smba.trafficmanager.net?x=1",
    "https://smba.trafficmanager.net/teams#x",
    "https://smba.trafficmanager.net/teams/v3",
    "https://smba.trafficmanager.net/teams/V3/",
    "https://smba.trafficmanager.net/./teams",
    "https://smba.trafficmanager.net/../teams",
    "https://smba.trafficmanager.net/teams/..",
    "https://smba.trafficmanager.net/%2e%2E/teams",
    "https://smba.trafficmanager.net/.%2e/teams",
    "https://smba.trafficmanager.net/%zz",
    "https://smba.trafficmanager.net/{channel}",
    "https://smba.trafficmanager.net/te\\ams",
]


class Credential:
    """
    Counts who asks for a token.
    """

    def __init__(self):
        self.asked = 0
        self.token = TokenCallable(self._fetch)

    async def _fetch(self):
        self.asked += 1
        return "secret-token", 3600


def readable(url):
    return ascii(url)


@pytest.fixture
def credential():
    return Credential()


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
async def connector(credential, wire):
    async with ConnectorClient(credential.token, service_url=TEAMS, transport=wire) as connector:
        yield connector


def test_there_are_enough():
    """
    The list is long, and has each of them once.
    """
    assert 100 < len(HOSTILE) == len(set(HOSTILE))


@pytest.mark.parametrize("url", HOSTILE, ids=readable)
async def test_refuses(connector, credential, wire, url):
    """
    However it comes in, a hostile URL is refused; no token is fetched for it, nothing is sent.
    """
    trying = [
        lambda: ServiceUrl(url),
        lambda: ConnectorClient(credential.token, service_url=url, transport=wire),
        lambda: connector.at(url),
        lambda: connector.at(Activity(type="message", service_url=url)),
        lambda: connector.at(ConversationReference(service_url=url)),
        lambda: connector.at(ConversationResourceResponse(id="a:1", service_url=url)),
    ]

    for attempt in trying:
        with pytest.raises(UntrustedServiceUrlError) as raised:
            attempt()

        assert "hunter2" not in str(raised.value)
        assert str(raised.value).isascii()
    assert 0 == credential.asked
    assert [] == wire.requests


@pytest.mark.parametrize("url", [b"https://api.botframework.com", 7, ["x"], object()])
async def test_refuses_what_is_no_text(connector, credential, wire, url):
    """
    What is no text is no URL.
    """
    with pytest.raises(TypeError):
        ServiceUrl(url)
    with pytest.raises(TypeError):
        connector.at(url)
    with pytest.raises(TypeError):
        ConnectorClient(credential.token, service_url=url, transport=wire)

    assert (0, []) == (credential.asked, wire.requests)


async def test_refuses_what_another_trusted(connector, credential, wire):
    """
    A `ServiceUrl` that was made under another trust is checked again.
    """
    elsewhere = ServiceUrl("https://evil.net", Trust(hosts=["evil.net"]))

    with pytest.raises(UntrustedServiceUrlError):
        connector.at(elsewhere)
    with pytest.raises(UntrustedServiceUrlError):
        ConnectorClient(credential.token, service_url=elsewhere, transport=wire)

    assert (0, []) == (credential.asked, wire.requests)


@pytest.mark.parametrize("url", HOSTILE, ids=readable)
def test_an_untrusted_one_cannot_be_made(url):
    """
    Nor is there a way round the constructor.
    """
    good = ServiceUrl(TEAMS)

    with pytest.raises((UntrustedServiceUrlError, TypeError, AttributeError)):
        attrs.evolve(good, url=url)
    with pytest.raises((attrs.exceptions.FrozenInstanceError, AttributeError)):
        good.url = url


@attrs.frozen
class Good:
    """
    A URL that is taken, and by whom.
    """

    url: str
    host: str
    cloud: str = "public"
    trusted_hosts: tuple[str, ...] = ()


GOOD = [
    Good("https://smba.trafficmanager.net/teams", "smba.trafficmanager.net"),
    Good("https://smba.trafficmanager.net/amer/", "smba.trafficmanager.net"),
    Good("https://smba.trafficmanager.net./amer/", "smba.trafficmanager.net"),
    Good("https://SMBA.TrafficManager.NET/amer/", "smba.trafficmanager.net"),
    Good("HTTPS://smba.trafficmanager.net:443/amer", "smba.trafficmanager.net"),
    Good("https://api.botframework.com", "api.botframework.com"),
    Good("https://botframework.com", "botframework.com"),
    Good("https://botframework.com.", "botframework.com"),
    Good("https://europe.directline.botframework.com/", "europe.directline.botframework.com"),
    Good(
        "https://smba.infra.gcc.teams.microsoft.com/teams",
        "smba.infra.gcc.teams.microsoft.com",
        "gcc",
    ),
    Good("https://smba.trafficmanager.net/teams", "smba.trafficmanager.net", "gcc"),
    Good("https://webchat.botframework.com", "webchat.botframework.com", "gcc"),
    Good(
        "https://smba.infra.gov.teams.microsoft.us/teams",
        "smba.infra.gov.teams.microsoft.us",
        "us_gov",
    ),
    Good("https://api.botframework.azure.us", "api.botframework.azure.us", "us_gov"),
    Good("https://api.botframework.us", "api.botframework.us", "us_gov"),
    Good(
        "https://smba.infra.dod.teams.microsoft.us/teams",
        "smba.infra.dod.teams.microsoft.us",
        "dod",
    ),
    Good("https://api.botframework.azure.us", "api.botframework.azure.us", "dod"),
    Good("https://directline.botframework.azure.cn", "directline.botframework.azure.cn", "china"),
    Good(
        "https://bots.example.com/api/skills", "bots.example.com", "public", ("bots.example.com",)
    ),
    Good(
        "https://Bots.Example.com:8443/",
        "bots.example.com:8443",
        "public",
        ("BOTS.example.com:8443",),
    ),
    Good("https://10.0.0.1:8443", "10.0.0.1:8443", "china", ("10.0.0.1:8443",)),
    Good("http://localhost:3978", "localhost:3978", "us_gov", ("localhost:3978",)),
    Good("http://[::1]:3978", "[::1]:3978", "public", ("[::1]:3978",)),
    Good("https://localhost:3978", "localhost:3978", "public", ("localhost:3978",)),
]


@pytest.mark.parametrize("good", GOOD, ids=lambda good: f"{good.cloud} {good.url}")
async def test_takes(credential, wire, good):
    """
    Each cloud's hosts, and those that the caller names, get the token.
    """
    async with ConnectorClient(
        credential.token,
        service_url=good.url,
        cloud=good.cloud,
        trusted_hosts=good.trusted_hosts,
        transport=wire,
    ) as connector:
        await connector.get_conversations()

    (request,) = wire.requests
    assert "Bearer secret-token" == request.headers["authorization"]
    assert good.host == request.headers["host"]
    assert 1 == credential.asked


OTHERS = {
    "public": ["https://smba.infra.gcc.teams.microsoft.com/teams", "https://api.botframework.us"],
    "gcc": ["https://smba.infra.gov.teams.microsoft.us/teams", "https://api.botframework.us"],
    "us_gov": [TEAMS, "https://api.botframework.com", "https://smba.infra.dod.teams.microsoft.us"],
    "dod": [TEAMS, "https://api.botframework.com", "https://smba.infra.gov.teams.microsoft.us"],
    "china": [TEAMS, "https://api.botframework.com", "https://smba.infra.teams.microsoft.cn"],
}


@pytest.mark.parametrize(("cloud", "url"), [(c, url) for c in OTHERS for url in OTHERS[c]])
def test_refuses_hosts_of_other_clouds(credential, wire, cloud, url):
    """
    A token of one cloud is not shown to another one.
    """
    with pytest.raises(UntrustedServiceUrlError):
        ConnectorClient(credential.token, service_url=url, cloud=cloud, transport=wire)

    assert (0, []) == (credential.asked, wire.requests)


LOOPBACK = ["http://localhost:3978", "http://127.0.0.1", "http://[::1]:9", "https://localhost:9"]


@pytest.mark.parametrize("url", LOOPBACK)
async def test_loopback_without_a_token(wire, url):
    """
    Where there is no token to protect, any port of this machine may be called.
    """
    async with ConnectorClient(None, service_url=url, transport=wire) as connector:
        await connector.get_conversations()

    assert "authorization" not in wire.requests[0].headers


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2",
        "http://0.0.0.0",
        "http://localhost.evil.net",
        "http://evil.net",
        "http://smba.trafficmanager.net/teams",
    ],
)
def test_without_a_token_nothing_else_by_http(wire, url):
    """
    All else is called by https only, without a token, too.
    """
    with pytest.raises(UntrustedServiceUrlError):
        ConnectorClient(None, service_url=url, transport=wire)


@pytest.mark.parametrize(
    ("named", "url"),
    [
        ("localhost", "http://localhost:3978"),
        ("localhost:3978", "http://localhost:3979"),
        ("localhost:3978", "http://127.0.0.1:3978"),
        ("bots.example.com", "http://bots.example.com"),
        ("bots.example.com", "https://bots.example.com:8443"),
        ("bots.example.com", "https://x.bots.example.com"),
        ("bots.example.com:8443", "https://bots.example.com"),
    ],
)
def test_what_is_named_is_meant_exactly(credential, wire, named, url):
    """
    A host that the caller names is that host at that port, by https unless it is this machine.
    """
    with pytest.raises(UntrustedServiceUrlError):
        ConnectorClient(credential.token, service_url=url, trusted_hosts=[named], transport=wire)


async def test_a_sibling_trusts_what_it_was_told(connector, wire):
    """
    Hosts named for one sibling are not trusted by the others.
    """
    own = connector.with_options(trusted_hosts=["bots.example.com"])

    await own.at("https://bots.example.com").get_conversations()

    assert "Bearer secret-token" == wire.requests[0].headers["authorization"]
    with pytest.raises(UntrustedServiceUrlError):
        connector.at("https://bots.example.com")


STATUSES = [301, 302, 303, 307, 308]
REDIRECTING = [call for call in CALLS if call.operation != "getAttachment"]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("call", REDIRECTING, ids=lambda call: call.operation)
@pytest.mark.parametrize("location", ["https://evil.net/v3", f"{TEAMS}/v3/conversations", "/v3"])
async def test_no_redirect_is_followed(connector, wire, call, status, location):
    """
    Neither token nor body goes on to where an answer points, be it the same host.
    """
    wire.answer = lambda _: httpx.Response(status, headers={"location": location})

    with pytest.raises(ApiError) as raised:
        await call(connector)

    assert status == raised.value.status
    assert ["smba.trafficmanager.net"] == [request.url.host for request in wire.requests]


@pytest.mark.parametrize("status", STATUSES)
async def test_no_redirect_is_followed_by_a_client_of_httpx(credential, wire, status):
    """
    A caller's own client may be set to follow and to authenticate; with it, too, nothing goes on.
    """
    wire.answer = lambda _: httpx.Response(status, headers={"location": "https://evil.net/"})
    async with (
        httpx.AsyncClient(transport=wire, follow_redirects=True, auth=("a", "b")) as http_client,
        ConnectorClient(credential.token, service_url=TEAMS, http_client=http_client) as connector,
    ):
        for call in REDIRECTING:
            with pytest.raises(ApiError):
                await call(connector)

    assert ["smba.trafficmanager.net"] * 14 == [request.url.host for request in wire.requests]
    assert {"Bearer secret-token"} == {
        request.headers["authorization"] for request in wire.requests
    }


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("location", ["https://files.example.com/x?sig=1", "/elsewhere"])
async def test_content_is_fetched_where_it_lies_without_the_token(
    connector, wire, status, location
):
    """
    An attachment's content is followed to its store, which gets neither token nor body.
    """
    answers = [
        httpx.Response(status, headers={"location": location}),
        httpx.Response(200, text="it"),
    ]
    wire.answer = lambda _: answers.pop(0)

    content = await connector.get_attachment("a")

    first, second = wire.requests
    assert b"it" == content
    assert "Bearer secret-token" == first.headers["authorization"]
    assert "authorization" not in second.headers
    assert (b"", "GET") == (second.content, second.method)
    assert "secret-token" not in str(second.url)


def test_covers_every_operation():
    """
    No operation is left out here.
    """
    assert [row.id for row in OPERATIONS] == [call.operation for call in CALLS]
