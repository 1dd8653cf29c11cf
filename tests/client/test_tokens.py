"""
Where a client's tokens come from, and what it does with them.
"""

import asyncio

import httpx
import pytest

from connector_async import ConnectorClient, TokenCallable
from connector_async.auth.tokens import AccessToken
from connector_async.errors import AuthenticationError, TokenError


class Provider:
    """
    A provider of a caller's own: tokens in order, the last one for good.
    """

    app_id = "my-bot"

    def __init__(self, *tokens):
        self.asked = 0
        self.invalidated = []
        self._tokens = [
            AccessToken(token=token, expires_at=1e9, refresh_at=1e9) for token in tokens
        ]

    async def get(self):
        self.asked += 1
        if not self._tokens:
            raise TokenError("no token: the vault is closed", code="AADSTS1")
        return self._tokens[0]

    def invalidate(self, token):
        self.invalidated.append(token.token)
        if len(self._tokens) == 1:
            return False
        self._tokens.pop(0)
        return True


def sent(route):
    return [call.request.headers.get("authorization") for call in route.calls]


async def test_none(connector, router):
    """
    Without a credential there is no Authorization at all.
    """
    route = router.route().respond(json={})

    await connector.get_conversations()

    assert [None] == sent(route)


async def test_one_s_own_provider(transport, router):
    """
    A provider of one's own is asked for each request.
    """
    route = router.route().respond(json={})
    provider = Provider("abc")
    async with ConnectorClient(provider, transport=transport) as connector:
        await connector.get_conversations()
        await connector.get_conversations()

    assert ["Bearer abc"] * 2 == sent(route)
    assert 2 == provider.asked


async def test_replaces_a_token_that_is_refused(transport, router):
    """
    A 401 is answered once with a fresh token; the one that failed is dropped.
    """
    route = router.route().mock(side_effect=[httpx.Response(401), httpx.Response(200)])
    provider = Provider("old", "new")
    async with ConnectorClient(provider, transport=transport) as connector:
        await connector.send_to_conversation("a:1", {})

    assert ["Bearer old", "Bearer new"] == sent(route)
    assert ["old"] == provider.invalidated


async def test_gives_up_where_there_is_no_other_token(transport, router):
    """
    Where the provider has no other token, the refusal is raised.
    """
    route = router.route().respond(401)
    async with ConnectorClient(Provider("abc"), transport=transport) as connector:
        with pytest.raises(AuthenticationError) as raised:
            await connector.get_conversations()

    assert ["Bearer abc"] == sent(route)
    assert "abc" not in str(raised.value)


async def test_gives_up_after_the_second_token(transport, router):
    """
    A fresh token that is refused, too, is not replaced again.
    """
    route = router.route().respond(401)
    async with ConnectorClient(Provider("1", "2", "3"), transport=transport) as connector:
        with pytest.raises(AuthenticationError):
            await connector.get_conversations()

    assert ["Bearer 1", "Bearer 2"] == sent(route)


async def test_no_token(transport, router):
    """
    Without a token nothing is sent, and the error names the operation.
    """
    route = router.route().respond(200)
    async with ConnectorClient(Provider(), transport=transport) as connector:
        with pytest.raises(TokenError) as raised:
            await connector.send_to_conversation("a:1", {})

    assert [] == sent(route)
    assert "sendToConversation: no token: the vault is closed" == str(raised.value)
    assert "AADSTS1" == raised.value.code
    assert raised.value.may_have_happened is False


async def test_one_fetch_for_a_crowd(transport, router):
    """
    A crowd without a token makes one fetch.
    """
    route = router.route().respond(json={})
    fetched = []

    async def fetch():
        fetched.append(1)
        await asyncio.sleep(0)
        return "abc", 3600

    async with ConnectorClient(TokenCallable(fetch), transport=transport) as connector:
        await asyncio.gather(*(connector.get_attachment_info(str(n)) for n in range(40)))

    assert [1] == fetched
    assert ["Bearer abc"] * 40 == sent(route)


async def test_content_is_fetched_without_the_token(transport, router):
    """
    Where an attachment's content lies elsewhere, the token is not shown there.
    """
    # An address, so that no name is looked up.
    router.get(host="smba.trafficmanager.net").respond(
        302, headers={"location": "https://1.1.1.1/x?sig=1"}
    )
    store = router.get(host="1.1.1.1").respond(content=b"PNG")
    async with ConnectorClient(Provider("abc"), transport=transport) as connector:
        assert b"PNG" == await connector.get_attachment("x")

    assert [None] == sent(store)
