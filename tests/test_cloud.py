"""
The clouds: which there are, and what belongs to each.
"""

import attrs
import pytest

from connector_async import Cloud, ConnectorClient
from connector_async.cloud import CHINA, CLOUDS, DOD, GCC, PUBLIC, US_GOV, named
from connector_async.errors import UntrustedServiceUrlError
from connector_async.service_url import ServiceUrl, Trust

TEAMS = {
    "public": "https://smba.trafficmanager.net/teams",
    "gcc": "https://smba.infra.gcc.teams.microsoft.com/teams",
    "us_gov": "https://smba.infra.gov.teams.microsoft.us/teams",
    "dod": "https://smba.infra.dod.teams.microsoft.us/teams",
}

# Where each cloud's channels are, besides its Teams host.
CHANNELS = {
    "public": "https://webchat.botframework.com",
    "gcc": "https://slack.botframework.com",
    "us_gov": "https://webchat.botframework.azure.us",
    "dod": "https://api.botframework.us",
    "china": "https://directline.botframework.azure.cn",
}


@pytest.mark.parametrize("cloud", [PUBLIC, GCC, US_GOV, DOD, CHINA])
def test_is_known_by_name(cloud):
    """
    Each cloud is known by its name, and one of one's own is itself.
    """
    assert cloud is named(cloud.name)
    assert cloud is named(cloud)


def test_names():
    """
    There are five clouds.
    """
    assert ["public", "gcc", "us_gov", "dod", "china"] == list(CLOUDS)


@pytest.mark.parametrize(("cloud", "login", "tenant", "audience"), [
    (
        PUBLIC,
        "https://login.microsoftonline.com",
        "botframework.com",
        "https://api.botframework.com",
    ),
    (
        GCC,
        "https://login.microsoftonline.com",
        "botframework.com",
        "https://api.botframework.com",
    ),
    (
        US_GOV,
        "https://login.microsoftonline.us",
        "MicrosoftServices.onmicrosoft.us",
        "https://api.botframework.us",
    ),
    (
        DOD,
        "https://login.microsoftonline.us",
        "MicrosoftServices.onmicrosoft.us",
        "https://api.botframework.us",
    ),
    (
        CHINA,
        "https://login.partner.microsoftonline.cn",
        "microsoftservices.partner.onmschina.cn",
        "https://api.botframework.azure.cn",
    ),
])  # fmt: skip
def test_login(cloud, login, tenant, audience):
    """
    Each cloud has its own login, tenant and audience.
    """
    assert (login, tenant, audience) == (cloud.login_url, cloud.bot_tenant, cloud.audience)


@pytest.mark.parametrize("name", TEAMS)
def test_begins_at_teams(name):
    """
    A client of a cloud begins at that cloud's Teams host, and knows it for Teams.
    """
    assert f"<ConnectorClient {TEAMS[name]} cloud={name}>" == repr(
        ConnectorClient(None, cloud=name)
    )
    assert ServiceUrl(TEAMS[name], Trust(cloud=CLOUDS[name])).is_teams


@pytest.mark.parametrize("name", CHANNELS)
def test_trusts_its_channels(name):
    """
    A token may go to the channels of its cloud, which are not Teams.
    """
    assert not ServiceUrl(CHANNELS[name], Trust(cloud=CLOUDS[name])).is_teams


@pytest.mark.parametrize("name", CLOUDS)
def test_trusts_no_other_cloud(name):
    """
    A token of one cloud is not shown to the hosts of another one.
    """
    families = ({"public", "gcc"}, {"us_gov", "dod"}, {"china"})
    (family,) = [family for family in families if name in family]
    foreign = [
        urls[other]
        for urls in (TEAMS, CHANNELS)
        for other in urls
        if other not in family
    ]  # fmt: skip

    for url in foreign:
        with pytest.raises(UntrustedServiceUrlError):
            ServiceUrl(url, Trust(cloud=CLOUDS[name]))


@pytest.mark.parametrize(("cloud", "url"), [
    ("public", TEAMS["gcc"]), ("us_gov", TEAMS["dod"]), ("dod", TEAMS["us_gov"]),
])  # fmt: skip
def test_teams_hosts_are_kept_apart(cloud, url):
    """
    Clouds that share a login do not share their Teams hosts.
    """
    with pytest.raises(UntrustedServiceUrlError):
        ServiceUrl(url, Trust(cloud=CLOUDS[cloud]))


async def test_gcc_reaches_the_public_host():
    """
    Conversations of a GCC bot may live at the public host, too.
    """
    connector = ConnectorClient(None, cloud="gcc").at(TEAMS["public"])

    assert f"<ConnectorClient {TEAMS['public']} cloud=gcc>" == repr(connector)


async def test_one_s_own():
    """
    A cloud of one's own has the hosts that it names.
    """
    cloud = attrs.evolve(
        PUBLIC,
        name="mine",
        token_hosts=frozenset({"teams.example.com"}),
        token_suffixes=frozenset({"bots.example.com"}),
        teams_url="https://teams.example.com/x",
    )
    connector = ConnectorClient(None, cloud=cloud)

    assert isinstance(cloud, Cloud)
    assert "<ConnectorClient https://teams.example.com/x cloud=mine>" == repr(connector)
    assert "<ConnectorClient https://a.bots.example.com cloud=mine>" == repr(
        connector.at("https://a.bots.example.com")
    )
    with pytest.raises(UntrustedServiceUrlError):
        connector.at("https://smba.trafficmanager.net/teams")


@pytest.mark.parametrize("field", ["token_hosts", "token_suffixes"])
@pytest.mark.parametrize(("given", "kind", "told"), [
    ("teams.example.com", TypeError, "take sets, not str"),
    (5, TypeError, "take sets, not int"),
    ({b"teams.example.com"}, TypeError, "take text, not bytes"),
    ({"https://teams.example.com"}, ValueError, "no scheme, port, .* not 'https://teams"),
    ({"teams.example.com:443"}, ValueError, "not 'teams.example.com:443'"),
    ({".example.com"}, ValueError, "or leading dot"),
    ({"*.example.com"}, ValueError, "wildcard"),
    ({""}, ValueError, "not ''"),
])  # fmt: skip
def test_refuses_what_are_no_hosts(field, given, kind, told):
    """
    A cloud of one's own names hosts and domains, one by one, and nothing else.
    """
    with pytest.raises(kind, match=f"^token_hosts and token_suffixes .*{told}"):
        attrs.evolve(PUBLIC, **{field: given})


def test_hosts_are_made_plain():
    """
    The hosts of a cloud are compared as they are in a URL.
    """
    cloud = attrs.evolve(PUBLIC, token_hosts=["Teams.Example.com."], token_suffixes=["Example.com"])

    assert frozenset({"teams.example.com"}) == cloud.token_hosts
    assert frozenset({"example.com"}) == cloud.token_suffixes
    assert ServiceUrl("https://teams.example.com/x", Trust(cloud=cloud)).is_teams


def test_a_cloud_without_a_published_host():
    """
    China's Teams host is one's own to name, and then is known for Teams.
    """
    url = "https://teams.example.cn/teams"
    cloud = attrs.evolve(CHINA, token_hosts=frozenset({"teams.example.cn"}), teams_url=url)

    assert f"<ConnectorClient {url} cloud=china>" == repr(ConnectorClient(None, cloud=cloud))
    assert ServiceUrl(url, Trust(cloud=cloud)).is_teams
