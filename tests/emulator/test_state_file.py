"""
State from a file: what it may say, and how it is refused, with the place and what to do.
"""

import json
import sys

import httpx
import pytest

from connector_async.emulator import Emulator, StateFileError, load_state

FULL = """
tenant_id: "t-1"
conversations:
  - id: "a:1"
    kind: personal
    name: Ann
    members: [{id: "29:ann", name: Ann, extra: 1}]
    activities:
      - {type: message, text: hello, from: {id: "29:ann"}, localTimestamp: 2020-01-01T00:00:00Z}
    blocked: true
  - {members: 3, tenant_id: "t-2"}
  - {id: "../|\\u0000 é😀", members: ["29:x", "29:y"]}
teams:
  - id: "19:team@thread.tacv2"
    name: Contoso
    members: 1200
    channels: [News, {id: "19:emulator-0@thread.tacv2", name: Old}]
attachments:
  - {name: a.txt, type: text/plain, text: hello}
  - {base64: AAE=, thumbnail: AA==}
  - {text: "", location: "https://store.example.net/"}
uninstalled: ["29:bob"]
"""


@pytest.fixture
def emulator():
    return Emulator()


@pytest.fixture
def written(tmp_path):
    """
    Writes a file, and returns its path.
    """

    def write(text, name="state.yaml"):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def error_of(emulator, path):
    """
    The refusal of a file, without the folder; the emulator holds nothing of it.
    """
    before = emulator.conversations()
    with pytest.raises(StateFileError) as caught:
        load_state(emulator, path)
    assert before == emulator.conversations()
    return str(caught.value).replace(f"{path.parent}/", "")


def test_loads_all_of_it(emulator, written):
    """
    Conversations, teams, members, activities, files and those without the app are there.
    """
    load_state(emulator, written(FULL))

    assert [
        ("19:team@thread.tacv2", "Contoso", "t-1", "channel", 1200, 0, False),
        ("19:emulator-1@thread.tacv2", "News", "t-1", "channel", 1200, 0, False),
        ("19:emulator-0@thread.tacv2", "Old", "t-1", "channel", 1200, 0, False),
        ("a:1", "Ann", "t-1", "personal", 1, 1, True),
        ("19:emulator-2@thread.tacv2", None, "t-2", "channel", 3, 0, False),
        ("../|\0 é😀", None, "t-1", "channel", 2, 0, False),
    ] == [
        (
            view.id,
            view.name,
            view.tenant_id,
            view.kind,
            view.members,
            view.activities,
            view.is_blocked,
        )
        for view in emulator.conversations()
    ]
    assert [{"id": "29:ann", "name": "Ann", "extra": 1}] == emulator.members("a:1")
    [said] = emulator.activities("a:1")
    assert ("hello", "2020-01-01T00:00:00Z") == (said["text"], said["localTimestamp"])


def test_loads_json(emulator, written):
    """
    JSON says the same; it may begin with a byte order mark.
    """
    text = json.dumps({"conversations": [{"id": "a:1", "members": 2}]})

    load_state(emulator, written(b"\xef\xbb\xbf" + text.encode(), "state.json"))

    assert [("a:1", 2)] == [(view.id, view.members) for view in emulator.conversations()]


def test_json_needs_no_yaml(emulator, written, monkeypatch):
    """
    PyYAML is needed for YAML only, and then it is said.
    """
    monkeypatch.setitem(sys.modules, "yaml", None)

    load_state(emulator, written("{}", "state.json"))

    assert "pip install pyyaml" in error_of(emulator, written("{}"))


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}", "conversations: []", "teams: null"])
def test_loads_nothing(emulator, written, text):
    """
    A file may be empty.
    """
    load_state(emulator, written(text))

    assert [] == emulator.conversations()


def test_adds_to_what_there_is(emulator, written):
    """
    A second file adds to the first.
    """
    load_state(emulator, written("conversations: [{id: 'a:1'}]"))
    load_state(emulator, written("conversations: [{id: 'a:2'}]"))

    assert ["a:1", "a:2"] == [view.id for view in emulator.conversations()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [", "state.yaml: line 2, column 1: this is not YAML: did not find expected"),
        ("\t", "state.yaml: line 1, column 1: this is not YAML: found character"),
        ("a: \x01", "state.yaml: this is not YAML: "),
        ("[1]", "state.yaml: line 1: an object with tenant_id, conversations"),
        ("- 1", "state.yaml: line 1: an object"),
        ("text", "state.yaml: line 1: an object"),
        ("conversation: []", "line 1, conversation: unknown field 'conversation'; did you mean"),
        ("xyz: 1", "line 1, xyz: unknown field 'xyz'; there are tenant_id, conversations"),
        ("conversations: {}", "line 1, conversations: a list is wanted here, not {}"),
        ("conversations:\n- 7", "line 2, conversations[0]: an object with id, name"),
        ("conversations:\n- id: 19:30", "line 2, conversations[0].id: 19:30 is read as a number"),
        ("conversations:\n- id: 0x1F", "line 2, conversations[0].id: 0x1F is read as a number"),
        ("conversations:\n- id: 7", "line 2, conversations[0].id: text in quotes is wanted"),
        ("conversations:\n- id: yes", "line 2, conversations[0].id: text in quotes is wanted"),
        ("conversations:\n- kind: room", "line 2, conversations[0].kind: one of personal, group"),
        ("conversations:\n- kind: [a]", "line 2, conversations[0].kind: one of personal, group"),
        ("conversations:\n- blocked: 1", "line 2, conversations[0].blocked: true or false"),
        ("conversations:\n- members: -1", "conversations[0].members: a number from 0 to 1000000"),
        ("conversations:\n- members: true", "conversations[0].members: a whole number is wanted"),
        ("conversations:\n- members: 1.5", "conversations[0].members: a number, or a list"),
        ("conversations:\n- members: [7]", "conversations[0].members[0]: an id in quotes, or an"),
        ("conversations:\n- members:\n  - name: A", "line 3, conversations[0].members[0]: a mem"),
        ("conversations:\n- members:\n  - id: 7", "line 3, conversations[0].members[0].id: text"),
        ("conversations:\n- activities: [hi]", "conversations[0].activities[0]: an object is"),
        (
            "conversations:\n- id: a\n- id: a",
            "line 3, conversations[1].id: there is a conversation 'a' already, at line 2, conv",
        ),
        ("teams:\n- channels: [{idd: a}]", "line 2, teams[0].channels[0].idd: unknown field"),
        ("teams:\n- id: a\n  channels: [{id: a}]", "line 3, teams[0].channels[0].id: there is a"),
        ("attachments: [{name: a}]", "line 1, attachments[0]: an attachment has either text or"),
        ("attachments: [{text: a, base64: a}]", "attachments[0]: an attachment has either"),
        ("attachments: [{base64: '?'}]", "line 1, attachments[0].base64: this is not base64"),
        ("tenant_id: 7", "line 1, tenant_id: text in quotes is wanted here, not 7"),
        ("teams: []\nteams: []", "line 2, teams: the field 'teams' is twice in one object"),
        ("a: !!python/name:os.system x", "line 1, a: python/name:os.system is not understood"),
        ("a: !!binary AAA=", "line 1, a: binary is not understood; write text in quotes"),
        ("? [a]\n: b", "line 1: the name of a field is text"),
        ("a: &a {b: 1}\nc:\n  <<: *a", "line 3, c: `<<` is not understood; write the fields out"),
        ("conversations: &a [*a]", "state.yaml: the file is nested too deeply"),
    ],
)
def test_refuses_yaml(emulator, written, text, expected):
    """
    A mistake is told with its line, its place and what is wanted; nothing is done.
    """
    assert expected in error_of(emulator, written(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "state.json: line 1, column 2: this is not JSON: Expecting property name"),
        ('{"teams": [], "teams": []}', "state.json: the field 'teams' is twice in one object"),
        ('{"tenant_id": NaN}', "state.json: NaN is not JSON"),
        ('{"conversations": [{"id": 7}]}', "state.json: conversations[0].id: text in quotes"),
        ('{"conversations": ' + "[" * 100_000, "state.json: the file is nested too deeply"),
    ],
)
def test_refuses_json(emulator, written, text, expected):
    """
    In JSON a mistake is told with its place.
    """
    assert expected in error_of(emulator, written(text, "state.json"))


def test_refuses_aliases_of_aliases(emulator, written):
    """
    A few lines that mean millions of values are refused before they are made.
    """
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"] + [
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 9)
    ]

    assert "aliases are written out" in error_of(emulator, written("\n".join(lines)))


def test_refuses_what_there_is_already(emulator, written):
    """
    A conversation that the emulator has cannot be added.
    """
    emulator.add_conversation("a:1")

    told = error_of(emulator, written("conversations:\n- id: a:2\n- id: a:1"))

    assert "line 3, conversations[1].id: there is a conversation 'a:1' already, in the" in told


def test_refuses_other_files(emulator, written, tmp_path):
    """
    A file that is not there, or of another kind, is refused.
    """
    assert "state.txt: a state file ends in .json, .yaml or .yml" == error_of(
        emulator, written("", "state.txt")
    )
    assert "none.yaml: the file cannot be read: No such file or directory" == error_of(
        emulator, tmp_path / "none.yaml"
    )
    assert "not UTF-8; save it as such (byte 1)" in error_of(emulator, written(b"a\xff"))


def test_the_error_knows_the_place(emulator, written):
    """
    File, place and problem can be read from the error.
    """
    path = written("conversations: 1")
    with pytest.raises(StateFileError) as caught:
        load_state(emulator, str(path))

    assert (path, "line 1, conversations") == (caught.value.path, caught.value.place)
    assert caught.value.problem.startswith("a list is wanted")


async def test_a_loaded_state_works(emulator, written):
    """
    What was loaded answers calls.
    """
    load_state(emulator, written(FULL))
    async with httpx.AsyncClient(
        transport=emulator.transport(), base_url="http://localhost"
    ) as client:
        blocked = await client.post("/v3/conversations/a:1/activities", json={"text": "hi"})
        file = await client.get("/v3/attachments/0-emulator-d1/views/original")
        without_app = await client.post(
            "/v3/conversations", json={"members": [{"id": "29:bob"}], "tenantId": "t-1"}
        )

    assert (403, b"hello", 403) == (blocked.status_code, file.content, without_app.status_code)
