"""
A console over the emulator, and a page's way to it.
"""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from connector_async.emulator._console.console import console_routes

OURS = {"X-Emulator-Console": "1"}


@pytest.fixture
async def console(emulator):
    """
    A page's way to the console.
    """
    app = Starlette(routes=[Mount("/emulator/console", routes=console_routes(emulator))])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1/emulator/console"
    ) as client:
        yield client


@pytest.fixture
def ask(console):
    """
    What the console answers to a question.
    """

    async def ask(name, **query):
        response = await console.get(f"/api/{name}", params=query)
        assert 200 == response.status_code, response.text
        return response.json()

    return ask


@pytest.fixture
def tell(console):
    """
    What the console answers to an order of its own page.
    """

    async def tell(name, **asked):
        response = await console.post(f"/api/{name}", json=asked, headers=OURS)
        assert 200 == response.status_code, response.text
        return response.json()

    return tell
