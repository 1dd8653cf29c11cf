"""
Whose limits a call counts against.
"""

import pytest

from connector_async import (
    Activity,
    Attachment,
    ConnectorClient,
    ConversationAccount,
    Limits,
    TokenCallable,
)
from connector_async.errors import LimitError
from connector_async.limits import windows
from connector_async.testing import FakeClock
from tests.client.log import Log

EMEA = "https://smba.trafficmanager.net/emea/"
URL_TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
WITH_TENANT = f"https://smba.trafficmanager.net/amer/{URL_TENANT}/"


@pytest.fixture
def log():
    return Log()


@pytest.fixture
async def connector(transport, router, log):
    router.route().respond(200)

    async def fetch():
        return "abc", 3600

    async with ConnectorClient(
        TokenCallable(fetch, app_id="my-bot"),
        transport=transport,
        limit_store=log,
        clock=FakeClock(),
    ) as connector:
        yield connector


TENANTS = [
    ({"conversation": {"tenantId": "1"}, "tenantId": "2"}, "1"),
    ({"conversation": {"tenantId": "1"}, "channelData": {"tenant": {"id": "2"}}}, "1"),
    ({"channelData": {"tenant": {"id": "1"}}, "tenantId": "2"}, "1"),
    ({"tenantId": "1"}, "1"),
    ({"conversation": {"tenantId": ""}, "tenantId": "1"}, "1"),
    ({"conversation": "nonsense", "channelData": [], "tenantId": "1"}, "1"),
    ({"tenantId": 17}, URL_TENANT),
    ({}, URL_TENANT),
]


@pytest.mark.parametrize(("body", "tenant"), TENANTS)
async def test_tenant_of_a_body(connector, log, body, tenant):
    """
    The body's tenant counts, the conversation's first; else the one that the URL names.
    """
    await connector.at(WITH_TENANT).send_to_conversation("a:1", body)

    assert f"tenant my-bot {tenant}" == log.asked[0][-1]


@pytest.mark.parametrize("body", [body for body, _ in TENANTS])
async def test_tenant_that_is_told(connector, log, body):
    """
    A tenant that the caller tells counts, whatever body and URL say.
    """
    told = connector.at(WITH_TENANT).with_options(tenant_id="told")

    await told.send_to_conversation("a:1", body)

    assert "tenant my-bot told" == log.asked[0][-1]


async def test_tenant_of_the_url(connector, log):
    """
    A call without a body counts for the tenant that the URL names.
    """
    await connector.at(WITH_TENANT).get_conversation_member("a:1", "29:1")

    assert f"tenant my-bot {URL_TENANT}" == log.asked[0][-1]


async def test_no_tenant(connector, log):
    """
    Where nothing names a tenant, all such calls count together.
    """
    await connector.get_conversation_member("a:1", "29:1")
    await connector.at(EMEA).get_attachment_info("x")

    assert ["tenant my-bot "] * 2 == [keys[-1] for keys in log.asked]


CONVERSATIONS = [
    ("send my-bot a:1", lambda c: c.send_to_conversation("a:1", {})),
    ("send my-bot a:1", lambda c: c.send_conversation_history("a:1", {})),
    ("send my-bot a:1", lambda c: c.reply_to_activity("a:1", "1", {})),
    ("send my-bot a:1", lambda c: c.update_activity("a:1", "1", {})),
    ("send my-bot a:1", lambda c: c.delete_activity("a:1", "1")),
    ("send my-bot 19:x", lambda c: c.send_to_conversation("19:x;messageid=1", {})),
    ("members my-bot a:1", lambda c: c.get_activity_members("a:1", "1")),
    ("members my-bot a:1", lambda c: c.get_conversation_paged_members("a:1")),
    ("members my-bot a:1", lambda c: c.get_conversation_member("a:1", "29:1")),
    ("members my-bot a:1", lambda c: c.delete_conversation_member("a:1", "29:1")),
    ("conversations my-bot conversations", lambda c: c.get_conversations()),
    ("other my-bot a:1", lambda c: c.upload_attachment("a:1", {})),
    ("other my-bot other", lambda c: c.get_attachment_info("x")),
    ("other my-bot other", lambda c: c.get_attachment("x")),
    ("create my-bot 29:1", lambda c: c.create_conversation({"members": [{"id": "29:1"}]})),
    (
        "create my-bot 19:x",
        lambda c: c.create_conversation(
            {"members": [{"id": "29:1"}], "channelData": {"channel": {"id": "19:x;messageid=1"}}}
        ),
    ),
    (
        "create my-bot create",
        lambda c: c.create_conversation({"members": [{"id": "1"}, {"id": "2"}]}),
    ),
    ("create my-bot create", lambda c: c.create_conversation({"members": {"id": "29:1"}})),
    ("create my-bot create", lambda c: c.create_conversation({"members": 5})),
    ("create my-bot create", lambda c: c.create_conversation({"members": [None]})),
    ("create my-bot create", lambda c: c.create_conversation({})),
]


@pytest.mark.parametrize(("key", "call"), CONVERSATIONS)
async def test_conversation(connector, log, key, call):
    """
    A call counts for its conversation, its channel or its member, and for its tenant.
    """
    await call(connector)

    (keys,) = log.asked
    assert key in keys
    assert "tenant my-bot " == keys[-1]


async def test_unpaged_members(connector, log):
    """
    The unpaged members call counts among the members calls, and for itself.
    """
    await connector.get_conversation_members("a:1")

    (keys,) = log.asked
    assert "members my-bot a:1" in keys
    assert "unpaged_members my-bot a:1" in keys


async def test_siblings_count_in_the_same_log(connector, log):
    """
    A conversation is one, at whatever URL and with whatever options it is spoken to.
    """
    await connector.send_to_conversation("a:1", {})
    await connector.at(EMEA).send_to_conversation("a:1", {})
    await connector.with_options(deadline=5).reply_to_activity("a:1", "1", {})

    assert log.asked[:1] * 3 == log.asked
    assert "send my-bot a:1" in log.asked[0]


async def test_siblings_keep_to_their_own_limits(connector):
    """
    A sibling with tighter limits sees what the others have sent.
    """
    tight = connector.at(EMEA).with_options(
        limits=Limits(send=windows((1, 3600)), tenant=()), deadline=5
    )

    await connector.send_to_conversation("a:1", {})
    with pytest.raises(LimitError) as raised:
        await tight.send_to_conversation("a:1", {})

    assert 3_600 == raised.value.wait
    await connector.send_to_conversation("a:1", {})
    await tight.send_to_conversation("a:2", {})


async def test_limits_of_teams(connector):
    """
    The published limits hold on Teams, and nowhere else.
    """
    hasty = connector.with_options(deadline=0.5)
    for _ in range(7):
        await hasty.send_to_conversation("a:1", {})
    with pytest.raises(LimitError):
        await hasty.send_to_conversation("a:1", {})

    elsewhere = hasty.at("https://slack.botframework.com")
    for _ in range(20):
        await elsewhere.send_to_conversation("b:1", {})


CARD = Attachment.adaptive_card({"type": "AdaptiveCard"})
BOTH = Activity.message("hello", attachments=[CARD])


def send(body):
    return lambda connector: connector.send_to_conversation("a:1", body)


@pytest.mark.parametrize(
    ("call", "several"),
    [
        (send(BOTH), 3),
        (lambda connector: connector.reply_to_activity("a:1", "1", BOTH), 3),
        (send({"text": "a", "attachments": [{"contentType": "b"}]}), 3),
        (send({"type": "message", "text": "a", "attachments": []}), 7),
        (send({"type": "event", "text": "a", "attachments": [{}]}), 7),
        (send(Activity.message("hello")), 7),
        (send(Activity.message(attachments=[CARD])), 7),
        (lambda connector: connector.update_activity("a:1", "1", BOTH), 7),
    ],
)
async def test_a_message_that_teams_splits(connector, call, several):
    """
    A text with attachments is two messages on Teams, and counts as two.
    """
    hasty = connector.with_options(deadline=0.5)
    for _ in range(several):
        await call(hasty)

    with pytest.raises(LimitError):
        await call(hasty)


async def test_other_apps(transport, router, log):
    """
    A log that is shared by apps is kept by app; one without a name is the nameless one.
    """
    router.route().respond(json={})
    async with ConnectorClient(None, transport=transport, limit_store=log) as connector:
        await connector.send_to_conversation("a:1", {})

    (keys,) = log.asked
    assert "send  a:1" in keys
    assert "tenant  " == keys[-1]


async def test_tenant_of_where_it_is(connector, log):
    """
    Calls at an activity, or a reference, count for its tenant, with a body or without.
    """
    place = Activity(service_url=EMEA, conversation=ConversationAccount(id="a:1", tenant_id="T-1"))

    await connector.at(place).get_conversation_member("a:1", "29:1")
    await connector.at(place.reference()).send_to_conversation("a:1", {})

    assert ["tenant my-bot t-1"] * 2 == [keys[-1] for keys in log.asked]


async def test_number_for_a_tenant(connector, log):
    """
    A tenant that is no text is none.
    """
    place = Activity(service_url=EMEA, conversation=ConversationAccount(id="a:1", tenant_id=17))

    await connector.at(place).get_conversation_member("a:1", "29:1")

    assert "tenant my-bot " == log.asked[0][-1]
