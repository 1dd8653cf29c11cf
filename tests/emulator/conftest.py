"""
An emulator whose time stands still until a test moves it, and a plain httpx client.
"""

import attrs
import httpx
import pytest

from connector_async.emulator import Emulator, EmulatorClock, EmulatorLimits

BASE_URL = "https://smba.example.net/teams"


@attrs.define
class FakeTime:
    """
    Seconds that pass when they are told to.
    """

    at: float = 1000.0

    def __call__(self):
        return self.at

    def advance(self, seconds):
        self.at += seconds


@pytest.fixture
def time():
    return FakeTime()


@pytest.fixture
def emulator(time):
    """
    Without limits, for all that is not about them, and with all fifteen operations.
    """
    return Emulator(
        profile="generic",
        limits=EmulatorLimits.off(),
        clock=EmulatorClock.from_functions(time, lambda: 1_700_000_000.5),
    )


@pytest.fixture
async def client(emulator):
    async with httpx.AsyncClient(transport=emulator.transport(), base_url=BASE_URL) as client:
        yield client


@pytest.fixture
def conversation(emulator):
    """
    The path of a conversation with three members.
    """
    emulator.add_conversation("19:c", members=3)
    return "/v3/conversations/19:c"


@pytest.fixture
def send(client, conversation):
    """
    Sends a message into the conversation.
    """

    async def send(text="hello", **fields):
        activity = {"type": "message", "text": text, **fields}
        return await client.post(f"{conversation}/activities", json=activity)

    return send
