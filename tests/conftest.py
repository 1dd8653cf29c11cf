"""
Clients whose requests end at a router instead of the network.
"""

import httpx
import pytest
import respx

from connector_async import ConnectorClient, TokenCallable
from tests import loops

loops.choose()

BASE_URL = "https://smba.trafficmanager.net/amer"


async def _fetch():
    return "abc", 3600


@pytest.fixture
def router():
    """
    Answers as it is told; what it was not told of fails.
    """
    return respx.MockRouter(assert_all_called=False)


@pytest.fixture
def transport(router):
    """
    What leads to the router, for clients that a test makes itself.
    """
    return httpx.MockTransport(router.async_handler)


@pytest.fixture
async def connector(transport):
    """
    A client at a Teams URL, without authentication.
    """
    async with ConnectorClient(None, service_url=BASE_URL, transport=transport) as connector:
        yield connector


@pytest.fixture
async def signed(transport):
    """
    A client at a Teams URL whose token is `abc`.
    """
    credential = TokenCallable(_fetch, app_id="my-bot")
    async with ConnectorClient(credential, service_url=BASE_URL, transport=transport) as connector:
        yield connector
