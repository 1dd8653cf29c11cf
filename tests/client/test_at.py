"""
The same client at another service URL.
"""

import pytest

from connector_async import Activity, ConnectorClient, ConversationReference, ServiceUrl
from connector_async.cloud import US_GOV
from connector_async.errors import UntrustedServiceUrlError
from connector_async.models import ConversationResourceResponse
from connector_async.service_url import Trust

EMEA = "https://smba.trafficmanager.net/emea/"


class Record:
    """
    What a caller might keep in a database of one's own.
    """

    service_url = EMEA


@pytest.mark.parametrize(
    "where",
    [
        EMEA,
        EMEA.rstrip("/"),
        ServiceUrl(EMEA),
        Activity(service_url=EMEA),
        ConversationReference(service_url=EMEA),
        ConversationResourceResponse(id="a:1", service_url=EMEA),
        Record(),
    ],
    ids=lambda where: type(where).__name__,
)
async def test_goes_there(connector, router, where):
    """
    Calls go to the URL, whatever carries it.
    """
    route = router.route().respond(json={})

    await connector.at(where).get_conversations()

    assert f"{EMEA}v3/conversations" == str(route.calls.last.request.url)


async def test_answer_of_create(connector, router):
    """
    A conversation that was created is spoken to where its answer says.
    """
    router.post(path="/amer/v3/conversations").respond(json={"id": "a:1", "serviceUrl": EMEA})
    route = router.post(path__startswith="/emea/").respond(json={})

    created = await connector.create_conversation({"members": [{"id": "29:1"}]})
    await connector.at(created).send_to_conversation(created.id, {"type": "message"})

    assert b"/emea/v3/conversations/a%3A1/activities" == route.calls.last.request.url.raw_path


async def test_leaves_the_client_where_it_is(connector, router):
    """
    A sibling elsewhere does not move the client.
    """
    route = router.route().respond(json={})

    connector.at(EMEA)
    await connector.get_conversations()

    assert b"/amer/v3/conversations" == route.calls.last.request.url.raw_path


async def test_siblings_of_siblings(connector, router):
    """
    The last URL counts, and options stay, in whatever order they are told.
    """
    route = router.route().respond(json={})
    told = {"user_agent": "mine"}

    await connector.with_options(**told).at(EMEA).get_conversations()
    await connector.at(EMEA).with_options(**told).get_conversations()
    await (
        connector.at("https://api.botframework.com")
        .at(EMEA)
        .with_options(user_agent="other")
        .with_options(**told)
        .get_conversations()
    )

    assert ["mine"] * 3 == [call.request.headers["user-agent"] for call in route.calls]
    assert {f"{EMEA}v3/conversations"} == {str(call.request.url) for call in route.calls}


async def test_is_of_the_same_class(transport):
    """
    Siblings of a subclass are of that subclass.
    """

    class Bot(ConnectorClient):
        pass

    async with Bot(None, transport=transport) as bot:
        assert type(bot.at(EMEA)) is Bot
        assert type(bot.with_options(deadline=1)) is Bot


async def test_checks_the_cloud(transport):
    """
    A client of one cloud has no sibling in another one.
    """
    async with ConnectorClient(None, cloud="us_gov", transport=transport) as connector:
        with pytest.raises(UntrustedServiceUrlError):
            connector.at(EMEA)


async def test_checks_again_what_others_trusted(connector):
    """
    A ServiceUrl that was made with other trust is not taken on trust.
    """
    url = ServiceUrl("https://webchat.botframework.azure.us", Trust(cloud=US_GOV))

    with pytest.raises(UntrustedServiceUrlError):
        connector.at(url)


async def test_trusts_what_the_sibling_trusts(connector, router):
    """
    Hosts can be trusted by a sibling.
    """
    route = router.route().respond(json={})
    parent = "https://parent.example.com/api/skills"

    await (
        connector.with_options(trusted_hosts=["parent.example.com"]).at(parent).get_conversations()
    )

    assert f"{parent}/v3/conversations" == str(route.calls.last.request.url)
    with pytest.raises(UntrustedServiceUrlError):
        connector.at(parent)


async def test_loopback_without_credentials(connector, router):
    """
    Without a token to protect, the Emulator on the same machine can be called by http.
    """
    route = router.route().respond(json={})

    await connector.at("http://localhost:3978").get_conversations()

    assert "http://localhost:3978/v3/conversations" == str(route.calls.last.request.url)


async def test_loopback_with_credentials(signed):
    """
    With a token it cannot, unless it is named.
    """
    with pytest.raises(UntrustedServiceUrlError):
        signed.at("http://localhost:3978")
    assert signed.with_options(trusted_hosts=["localhost:3978"]).at("http://localhost:3978")
