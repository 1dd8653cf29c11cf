"""
Fixtures for tests of bots: pytest finds them where `connector-async[testing]` is installed.

    async def test_greets(connector_emulator, connector):
        conversation_id = connector_emulator.add_conversation()

        await greet(connector, conversation_id)

        assert ["hello"] == [a.text for a in connector_emulator.committed(conversation_id)]

They are not async, so any plugin that runs async tests on asyncio will do: pytest-asyncio,
or anyio's with its backend `asyncio`. This module stands alone, for
pytest imports it in every run: nothing of the library is loaded before a fixture is used.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from connector_async import ConnectorClient
    from connector_async.emulator import Emulator
    from connector_async.testing import JumpingClock
    from connector_async.testing.kit import SentActivities


@pytest.fixture(scope="session")
def _connector_extra() -> None:
    try:
        import_module("connector_async.testing.kit")
    except ModuleNotFoundError as error:
        needed = str(error.name).partition(".")[0]
        pytest.fail(
            f"this fixture needs {needed}: pip install 'connector-async[testing]'",
            pytrace=False,
        )


@pytest.fixture
def connector_clock() -> JumpingClock:
    """
    Virtual time, for the emulator, the client and the test: waiting takes none.

    `slept` says how many seconds passed, `advance()` lets more of them pass. In a test that
    asks for `connector_emulator_url` nothing goes by it.
    """
    from connector_async.testing import JumpingClock  # noqa: PLC0415  # only where it is used

    return JumpingClock()


@pytest.fixture
def connector_emulator(
    request: pytest.FixtureRequest, _connector_extra: None
) -> Generator[Emulator]:
    """
    The service in a box: in this process, without a socket, and in virtual time.

    In a test that asks for `connector_emulator_url` its time is real.
    """
    from connector_async.testing.kit import SharedEmulator, new_emulator  # noqa: PLC0415  # as above

    if "connector_emulator_url" in request.fixturenames:
        emulator: Emulator = SharedEmulator()
    else:
        emulator = new_emulator(clock=request.getfixturevalue("connector_clock"))
    with closing(emulator.record):
        yield emulator


@pytest.fixture
def connector_emulator_url(connector_emulator: Emulator) -> Generator[str]:
    """
    The service URL at which the emulator is served, on a port of this machine.
    """
    from connector_async.testing.kit import serving  # noqa: PLC0415  # as above

    with serving(connector_emulator) as server:
        yield server.url


@pytest.fixture
def connector(connector_emulator: Emulator) -> Generator[ConnectorClient]:
    """
    A client wired to the emulator, for one event loop; it is closed after the test.
    """
    from connector_async.testing.kit import loose_connector  # noqa: PLC0415  # as above

    connector = loose_connector(connector_emulator)
    yield connector
    connector.let_go()


@pytest.fixture
def sent_activities(connector_emulator: Emulator) -> SentActivities:
    """
    What the emulator was sent, in order, as activities; a view that grows.
    """
    from connector_async.testing import kit  # noqa: PLC0415  # as above

    return kit.sent_activities(connector_emulator)
