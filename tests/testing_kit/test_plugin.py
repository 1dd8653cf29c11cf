"""
The fixtures, in projects of their own, with each of the plugins for async tests.
"""

import pytest

# Here already, it is not loaded anew for each project.
import connector_async.testing.kit  # noqa: F401

pytest_plugins = ["pytester"]

GREETER = """
from connector_async import Activity

async def greet(connector, conversation_id):
    await connector.send_to_conversation(conversation_id, Activity.message("hello"))
"""

SEEDED = """
import pytest
from greeter import greet

conversation_id = "a:greeter"

@pytest.fixture(autouse=True)
def conversation(connector_emulator):
    connector_emulator.add_conversation(conversation_id)
"""

EXAMPLE = """
async def test_greets(connector_emulator, connector):
    connector_emulator.fail_next("sendToConversation", status=429, retry_after=2)

    await greet(connector, conversation_id)

    assert ["hello"] == [a.text for a in connector_emulator.committed(conversation_id)]
    assert 2.0 <= connector_emulator.clock.slept
"""


@pytest.fixture
def project(pytester):
    """
    A bot's project, whose tests run with warnings as errors.
    """
    pytester.makepyfile(greeter=GREETER)
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    return pytester


def run(project, mode="auto", *, source):
    project.makepyfile(test_bot=source)
    scope = "asyncio_default_fixture_loop_scope=function"
    return project.runpytest_inprocess(f"--asyncio-mode={mode}", "-o", scope)


def test_example_runs_as_written(project):
    """
    The refusal is waited out in no time, and the greeting has arrived once.
    """
    outcome = run(project, source=SEEDED + EXAMPLE)

    outcome.assert_outcomes(passed=1)


def test_asyncio_in_strict_mode(project):
    """
    The fixtures need no mode of pytest-asyncio's.
    """
    outcome = run(project, "strict", source=f"{SEEDED}\n@pytest.mark.asyncio{EXAMPLE}")

    outcome.assert_outcomes(passed=1)


def test_anyio(project):
    """
    Nor pytest-asyncio at all: anyio's plugin will do.
    """
    backend = "\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n"
    project.makepyfile(test_bot=f"{SEEDED}{backend}\n@pytest.mark.anyio{EXAMPLE}")

    outcome = project.runpytest_inprocess("-p", "no:asyncio")

    outcome.assert_outcomes(passed=1)


def test_example_can_fail(project):
    """
    A bot that says something else is found out.
    """
    project.makepyfile(greeter=GREETER.replace('"hello"', '"good day"'))

    outcome = run(project, source=SEEDED + EXAMPLE)

    outcome.assert_outcomes(failed=1)


def test_sent_activities(project):
    """
    What was sent is there as activities, in order, by conversation.
    """
    source = (
        SEEDED
        + """
async def test_sends(connector, sent_activities, connector_emulator):
    other = connector_emulator.add_conversation()

    await greet(connector, conversation_id)
    await greet(connector, other)

    assert ["hello", "hello"] == sent_activities.texts
    assert ["message"] == [activity.type for activity in sent_activities.to(other)]
"""
    )

    outcome = run(project, source=source)

    outcome.assert_outcomes(passed=1)


def test_one_clock_for_all(project):
    """
    The client, the emulator and the test share one clock, which no task runs ahead on.
    """
    source = (
        SEEDED
        + """
import asyncio

async def test_waits(connector, connector_emulator, connector_clock):
    chats = [connector_emulator.add_conversation() for _ in range(3)]

    await asyncio.gather(*(greet(connector, chat) for chat in chats for _ in range(20)))

    assert connector_emulator.clock is connector_clock
    assert 60 == len(connector_emulator.committed())
    assert [] == connector_emulator.record.refused()
    assert 4.0 <= connector_clock.slept <= 6.0
"""
    )

    outcome = run(project, source=source)

    outcome.assert_outcomes(passed=1)


def test_url_is_for_others(project):
    """
    On its port the emulator serves whoever speaks HTTP, without any loop in the test.
    """
    source = (
        SEEDED
        + """
import httpx

def test_serves(connector_emulator, connector_emulator_url):
    answer = httpx.post(
        f"{connector_emulator_url}/v3/conversations/{conversation_id}/activities",
        json={"type": "message", "text": "from afar"},
    )

    assert 201 == answer.status_code
    assert ["from afar"] == [a.text for a in connector_emulator.committed(conversation_id)]
"""
    )

    outcome = run(project, source=source)

    outcome.assert_outcomes(passed=1)


def test_url_and_client_reach_the_same(project):
    """
    With the URL the time is real, and the client still goes the short way.
    """
    source = (
        SEEDED
        + """
import asyncio
import httpx
from connector_async import ConnectorClient

async def test_both(connector_emulator, connector_emulator_url, connector):
    async with ConnectorClient(None, service_url=connector_emulator_url) as other:
        await asyncio.gather(greet(connector, conversation_id), greet(other, conversation_id))

    assert 2 == len(connector_emulator.committed(conversation_id))
    assert not hasattr(connector_emulator.clock, "slept")
"""
    )

    outcome = run(project, source=source)

    outcome.assert_outcomes(passed=1)


def test_client_is_closed_after_the_test(project):
    """
    Who keeps the client beyond its test is refused.
    """
    source = (
        SEEDED
        + """
from connector_async.errors import ClientStateError

kept = []

async def test_first(connector):
    kept.append(connector)
    await greet(connector, conversation_id)

async def test_second():
    with pytest.raises(ClientStateError, match="closed"):
        await greet(kept[0], conversation_id)
"""
    )

    outcome = run(project, source=source)

    outcome.assert_outcomes(passed=2)


def test_nothing_is_loaded_before_it_is_used(project):
    """
    A project that does not use the fixtures does not pay for them.
    """
    project.makepyfile(
        test_bot="""
import sys

def test_loaded():
    assert "pytest_connector_async" in sys.modules
    assert [] == [name for name in sys.modules if name.split(".")[0] == "connector_async"]
"""
    )

    outcome = project.runpytest_subprocess("-p", "no:asyncio")

    outcome.assert_outcomes(passed=1)


def test_missing_extra_is_told_in_a_line(project):
    """
    Without what the emulator needs, the fixture says what to install, and nothing else.
    """
    project.makeconftest("import sys\n\nsys.modules['starlette'] = None\n")
    project.makepyfile(test_bot="def test_it(connector_emulator): pass")

    outcome = project.runpytest_subprocess("-p", "no:asyncio")

    outcome.assert_outcomes(errors=1)
    outcome.stdout.fnmatch_lines(["*needs starlette*: pip install 'connector-async[[]testing]'*"])
    outcome.stdout.no_fnmatch_line("*Traceback*")
    outcome.stdout.no_fnmatch_line("*import_module*")
