"""
Service URLs: kept as they came, joined without loss, and known for what they are.
"""

import re

import attrs
import pytest

from connector_async import ConnectorClient
from connector_async.cloud import GCC
from connector_async.errors import ConnectorError, UntrustedServiceUrlError
from connector_async.service_url import PUBLIC_TRUST, ServiceUrl, Trust

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"


@pytest.mark.parametrize(("given", "kept"), [
    ("https://smba.trafficmanager.net/amer/", "https://smba.trafficmanager.net/amer"),
    ("https://smba.trafficmanager.net/amer", "https://smba.trafficmanager.net/amer"),
    ("https://smba.trafficmanager.net/amer//", "https://smba.trafficmanager.net/amer"),
    ("https://smba.trafficmanager.net", "https://smba.trafficmanager.net"),
    ("https://smba.trafficmanager.net/", "https://smba.trafficmanager.net"),
    (
        "https://smba.trafficmanager.net/amer-client-ss.msg/",
        "https://smba.trafficmanager.net/amer-client-ss.msg",
    ),
    ("HTTPS://SMBA.TrafficManager.net/Amer", "https://smba.trafficmanager.net/Amer"),
    ("https://smba.trafficmanager.net./amer", "https://smba.trafficmanager.net/amer"),
    ("https://smba.trafficmanager.net:443/amer", "https://smba.trafficmanager.net/amer"),
    ("https://slack.botframework.com/a%2fb//c", "https://slack.botframework.com/a%2fb//c"),
    (
        f"https://smba.trafficmanager.net/amer/{TENANT}/",
        f"https://smba.trafficmanager.net/amer/{TENANT}",
    ),
])  # fmt: skip
def test_keeps_the_url(given, kept):
    """
    Path, region and tenant stay as they came; only the host is made plain, and the end.
    """
    url = ServiceUrl(given)

    assert kept == url.url
    assert kept == str(url)


@pytest.mark.parametrize(
    "base", ["https://smba.trafficmanager.net/amer", "https://smba.trafficmanager.net/amer/"]
)
async def test_joins_with_one_slash(connector, router, base):
    """
    There is one slash at the seam, and the base's path is in front of it.
    """
    route = router.route().respond(json={})

    await connector.at(base).get_conversations()

    assert b"/amer/v3/conversations" == route.calls.last.request.url.raw_path


async def test_joins_without_a_path(connector, router):
    """
    A base without a path has the operation's path alone.
    """
    route = router.route().respond(json={})

    await connector.at("https://webchat.botframework.com/").get_conversations()

    assert "https://webchat.botframework.com/v3/conversations" == str(route.calls.last.request.url)


async def test_joins_byte_for_byte(connector, router):
    """
    What is quoted in the base stays quoted as it was.
    """
    route = router.route().respond(json={})

    await connector.at(f"https://smba.trafficmanager.net/a%3ab//c/{TENANT}/").get_conversations()

    assert f"/a%3ab//c/{TENANT}/v3/conversations".encode() == route.calls.last.request.url.raw_path


async def test_keeps_the_port(transport, router):
    """
    A port that is trusted is called.
    """
    route = router.route().respond(json={})
    async with ConnectorClient(
        None,
        service_url="https://bots.example.com:8443/x",
        trusted_hosts=["bots.example.com:8443"],
        transport=transport,
    ) as connector:
        await connector.get_conversations()

    assert "https://bots.example.com:8443/x/v3/conversations" == str(route.calls.last.request.url)
    assert "bots.example.com:8443" == route.calls.last.request.headers["host"]


@pytest.mark.parametrize("word", ["teams", "amer", "emea", "apac", "in", "amer-client-ss", "X9"])
def test_channel(word):
    """
    Any word of letters, digits and hyphens is a channel.
    """
    assert f"https://smba.trafficmanager.net/{word}" == ServiceUrl.channel(word).url


def test_default_channel():
    """
    The channel is Teams unless it is told.
    """
    assert ServiceUrl.channel("teams") == ServiceUrl.channel()


def test_public():
    """
    The nominal host of the public cloud is known by name, and is not Teams.
    """
    assert "https://api.botframework.com" == ServiceUrl.public().url
    assert not ServiceUrl.public().is_teams


@pytest.mark.parametrize(("url", "tenant"), [
    (f"https://smba.trafficmanager.net/amer/{TENANT}/", TENANT),
    (f"https://smba.trafficmanager.net/amer/{TENANT.upper()}", TENANT.upper()),
    (f"https://smba.trafficmanager.net/{TENANT}/x", TENANT),
    ("https://smba.trafficmanager.net/amer/", None),
    (f"https://smba.trafficmanager.net/amer/{TENANT[:-1]}", None),
    (f"https://{TENANT}.botframework.com/", None),
])  # fmt: skip
def test_tenant(url, tenant):
    """
    The tenant is the GUID in the path, if there is one.
    """
    assert tenant == ServiceUrl(url).tenant_id


@pytest.mark.parametrize(("url", "is_teams"), [
    ("https://smba.trafficmanager.net/emea/", True),
    ("https://webchat.botframework.com", False),
    ("https://smba.infra.gcc.teams.microsoft.com/gcc", True),
])  # fmt: skip
def test_teams(url, is_teams):
    """
    Teams is known by its host.
    """
    assert is_teams == ServiceUrl(url, Trust(cloud=GCC)).is_teams


def test_host():
    """
    The host is told with its port, where that is not the usual one.
    """
    trust = Trust(hosts=["localhost:3978"])

    assert "smba.trafficmanager.net" == ServiceUrl.channel().host
    assert "localhost:3978" == ServiceUrl("http://localhost:3978/x", trust).host


def test_is_a_value():
    """
    Two of the same URL are equal, and none can be changed.
    """
    url = ServiceUrl("https://smba.trafficmanager.net/amer/")

    assert {url} == {url, ServiceUrl("https://SMBA.trafficmanager.net/amer")}
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        url.url = "https://evil.example.com"


@pytest.mark.parametrize(("url", "trust"), [
    ("http://localhost:3978", Trust(anonymous=True)),
    ("http://127.0.0.1", Trust(anonymous=True)),
    ("http://[::1]:3978/x", Trust(anonymous=True)),
    ("https://localhost:3978", Trust(anonymous=True)),
    ("http://localhost:3978", Trust(hosts=["localhost:3978"])),
    ("https://parent.example.com/api/skills", Trust(hosts=["parent.example.com"])),
    ("http://localhost", Trust(hosts=["localhost"])),
])  # fmt: skip
def test_trusts_what_is_named(url, trust):
    """
    A host of one's own is trusted when it is named; loopback needs no name without a token.
    """
    assert url == ServiceUrl(url, trust).url


@pytest.mark.parametrize(("url", "trust"), [
    ("http://localhost:3978", PUBLIC_TRUST),
    ("http://localhost:3978", Trust(hosts=["localhost"])),
    ("http://smba.trafficmanager.net/amer", PUBLIC_TRUST),
    ("http://smba.trafficmanager.net/amer", Trust(anonymous=True)),
    ("http://parent.example.com", Trust(hosts=["parent.example.com"])),
    ("https://smba.trafficmanager.net:8443/amer", PUBLIC_TRUST),
    ("https://evil.trafficmanager.net/amer", PUBLIC_TRUST),
    ("https://evilbotframework.com", PUBLIC_TRUST),
    ("https://botframework.com.evil.net", PUBLIC_TRUST),
    ("https://parent.example.com:8443", Trust(hosts=["parent.example.com"])),
])  # fmt: skip
def test_trusts_nothing_else(url, trust):
    """
    A token goes nowhere else, and the error says how to trust a host of one's own.
    """
    with pytest.raises(UntrustedServiceUrlError, match="was not sent a token") as raised:
        ServiceUrl(url, trust)
    assert isinstance(raised.value, ValueError)
    assert isinstance(raised.value, ConnectorError)


@pytest.mark.parametrize("url", [
    "", "smba.trafficmanager.net", "//smba.trafficmanager.net", "ftp://smba.trafficmanager.net",
    "https://", "https:///amer", "https://smba.trafficmanager.net/amer?x=1",
    "https://smba.trafficmanager.net/amer#x", "https://smba.trafficmanager.net/a b",
    " https://smba.trafficmanager.net/amer", "https://smba.trafficmanager.net/amer\n",
    "https://smba.trafficmanager.net\\@evil.net/", "https://smba.trafficmanager.net/é",
    "https://smba.trafficmanager.net/../x", "https://smba.trafficmanager.net/%2E%2e/x",
    "https://smba.trafficmanager.net/{channel}", "https://smba.trafficmanager.net/teams/v3",
    "https://user:hunter2@smba.trafficmanager.net/amer",
])  # fmt: skip
def test_refuses_what_is_no_service_url(url):
    """
    What is no plain URL is refused with the reason, and without a password.
    """
    with pytest.raises(UntrustedServiceUrlError, match="is not a service URL: ") as raised:
        ServiceUrl(url)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(("url", "advice"), [
    ("https://bots.example.com/x", 'pass trusted_hosts=["bots.example.com"]'),
    ("https://bots.example.com:8443/x", 'pass trusted_hosts=["bots.example.com:8443"]'),
    ("http://localhost:3978", 'pass trusted_hosts=["localhost:3978"]'),
    ("http://bots.example.com", "over https only"),
    ("https://smba.trafficmanager.net/teams/v3", "leave it out"),
    ("https://smba.trafficmanager.net/{channel}", "ServiceUrl.channel() does that"),
    ("https://me@smba.trafficmanager.net/x", "must not carry a user name or password"),
    ("https://smba.trafficmanager.net:65536/x", "its port is none of 1 to 65535"),
    ("https://smba.trafficmanager.net:0/x", "its port is none of 1 to 65535"),
])  # fmt: skip
def test_says_what_to_do(url, advice):
    """
    A refusal says what would be taken.
    """
    with pytest.raises(UntrustedServiceUrlError, match=re.escape(advice)):
        ServiceUrl(url)


@pytest.mark.parametrize(("url", "shown"), [
    ("ftp://bots.example.com/x", "ftp://bots.example.com/x"),
    ("https://me:hunter2@bots.example.com/x", "https://***@bots.example.com/x"),
    ("https://bots.example.com/\n", "https://bots.example.com/\\n"),
    ("https://" + "x" * 300, "https://" + "x" * 192),
])  # fmt: skip
def test_shows_what_it_refuses(url, shown):
    """
    A refused URL is shown without its password, on one line, and no more than 200 characters of it.
    """
    with pytest.raises(UntrustedServiceUrlError) as raised:
        ServiceUrl(url)

    assert [shown] == re.findall(r"^(.+) (?:is not a service URL|was not sent)", str(raised.value))


def test_the_usual_ports():
    """
    A port that is the scheme's own is as good as none.
    """
    trust = Trust(hosts=["localhost"])

    assert "http://localhost" == ServiceUrl("http://localhost:80", trust).url
    assert "https://localhost" == ServiceUrl("https://localhost:443", trust).url


def test_trusted_hosts_are_made_plain():
    """
    The hosts that are trusted are compared as they are in a URL.
    """
    trust = Trust(hosts=["Bots.Example.com", "localhost:0443", "bots.example.com."])

    assert frozenset({"bots.example.com", "localhost:443"}) == trust.hosts


@pytest.mark.parametrize("host", ["localhost:0", "localhost:65536", "bots.example.com:99999"])
def test_trusted_hosts_have_ports_that_can_be(host):
    """
    A host with a port that none has is refused.
    """
    with pytest.raises(ValueError, match=f"^trusted_hosts takes .* not '{host}'"):
        Trust(hosts=[host])


@pytest.mark.parametrize("port", [1, 65535])
def test_the_first_and_the_last_port(port):
    """
    Any port that there is can be one's own.
    """
    host = f"bots.example.com:{port}"

    assert host == ServiceUrl(f"https://{host}/x", Trust(hosts=[host])).host
