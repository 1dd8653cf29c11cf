"""
`connector-async history`.
"""

import json

import pytest

from connector_async.emulator import EmulatorLimits
from connector_async.testing.kit import SharedEmulator

CHAT = "a-direct-line-chat"
SAID = [
    {"type": "message", "id": "1", "timestamp": "2024-01-01T00:00:00Z", "text": "hi"},
    {"type": "message", "id": "2", "timestamp": "2024-01-01T00:00:01Z", "text": "hello"},
]


def deep(levels):
    value = {}
    for _ in range(levels):
        value = {"in": value}
    return value


@pytest.fixture
def emulator():
    """
    A channel that takes histories.
    """
    emulator = SharedEmulator(profile="directline", limits=EmulatorLimits.off())
    emulator.add_conversation(CHAT)
    return emulator


@pytest.mark.parametrize("written", [SAID, {"activities": SAID}])
def test_upload(call, emulator, tmp_path, written):
    """
    An array, or an object around it, is uploaded as it stands.
    """
    tmp_path.joinpath("said.json").write_text(json.dumps(written))

    done = call("history", CHAT, "said.json")

    (exchange,) = emulator.record.exchanges()
    assert (0, "uploaded 2 activities\n") == (done.exit_code, done.stdout)
    assert {"activities": SAID} == json.loads(exchange.request_body)


def test_json_from_standard_input(call):
    """
    - reads standard input; --json tells the outcome as JSON.
    """
    done = call("history", CHAT, "-", "--json", input=json.dumps(SAID))

    told = json.loads(done.stdout)
    assert (CHAT, 2) == (told["conversation_id"], told["activities"])


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{", "said.json:1:2: not JSON"),
        ("3", "$ is a number, not an array of activities"),
        ("true", "$ is true or false, not an array"),
        ("{}", "$.activities is null, not an array"),
        ("[]", "$ is empty"),
        ('["x"]', "$[0] is a text, not an activity"),
        ('[{"timestamp": "t"}]', "$[0].id is missing"),
        ('[{"id": "1", "timestamp": 4}]', "$[0].timestamp is a number"),
        ('[{"id": "", "timestamp": "t"}]', "$[0].id is a text; it takes a text that is not empty"),
        (
            '{"activities": [{"id": "1", "timestamp": "t"}, {"id": "1", "timestamp": "t"}]}',
            "$.activities[1].id is '1', which came before",
        ),
        ('[{"id": "1", "timestamp": "t", "from": []}]', "@ $.activities[0].from"),
    ],
)
def test_bad_history(call, emulator, tmp_path, written, told):
    """
    What is no history is told with its place; nothing is sent.
    """
    tmp_path.joinpath("said.json").write_text(written)

    done = call("history", CHAT, "said.json")

    assert (2, "") == (done.exit_code, done.stdout)
    assert told in done.stderr
    assert [] == emulator.record.received()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"text": "x" * 300_000}, "and the service takes 262,144 at the most; split it"),
        ({"value": deep(500)}, "nested too deeply"),
    ],
    ids=["long", "deep"],
)
def test_history_that_cannot_be_sent(call, emulator, more, told):
    """
    More than a request may be is bad input; nothing is sent.
    """
    done = call("history", CHAT, "-", input=json.dumps([SAID[0] | more]))

    assert (2, "") == (done.exit_code, done.stdout)
    assert told in done.stderr
    assert 1 == len(done.stderr.splitlines())
    assert [] == emulator.record.received()


def test_standard_input_is_read_once(run):
    """
    Standard input is either the secret or the activities.
    """
    done = run("history", CHAT, "-", "--secret-file", "-", input="[]")

    assert 2 == done.exit_code
    assert "once only" in done.stderr
