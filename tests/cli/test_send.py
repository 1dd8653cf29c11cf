"""
`connector-async send`.
"""

import json

import pytest

from connector_async.emulator import TENANT_ID
from connector_async.testing.kit import SharedEmulator, serving
from tests.cli.conftest import CHAT

CARD = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "Hi"}]}


def test_text(call, emulator):
    """
    A text arrives once, and its id is told.
    """
    done = call("send", "-c", CHAT, "hello")

    (sent,) = emulator.activities(CHAT)
    assert (0, f"sent {sent['id']}\n", "") == (done.exit_code, done.stdout, done.stderr)
    assert ("message", "hello") == (sent["type"], sent["text"])


def test_json(call, emulator):
    """
    With --json the outcome is one JSON value.
    """
    done = call("send", "--json", "-c", CHAT, "hello")

    (sent,) = emulator.activities(CHAT)
    assert {"conversation_id": CHAT, "activity_id": sent["id"]} == json.loads(done.stdout)


def test_text_from_standard_input(call, emulator):
    """
    - reads the text, without the line end after it.
    """
    call("send", "-c", CHAT, "-", input="two\nlines\n")

    assert ["two\nlines"] == emulator.record.texts(CHAT)


def test_card(call, emulator, tmp_path):
    """
    A card goes as it is.
    """
    tmp_path.joinpath("card.json").write_text(json.dumps(CARD))

    done = call("send", "-c", CHAT, "--card", "card.json")

    (sent,) = emulator.activities(CHAT)
    assert 0 == done.exit_code
    assert [{"contentType": "application/vnd.microsoft.card.adaptive", "content": CARD}] == sent[
        "attachments"
    ]


def test_card_with_a_text(call, emulator, tmp_path):
    """
    A text may go along; a channel that splits the two gives no id.
    """
    tmp_path.joinpath("card.json").write_text(json.dumps(CARD))

    done = call("send", "-c", CHAT, "look:", "--card", "card.json")

    assert (0, "sent\n") == (done.exit_code, done.stdout)
    assert ["look:"] == [each["text"] for each in emulator.activities(CHAT) if "text" in each]


def test_activity(call, emulator, tmp_path):
    """
    A whole activity is sent as it stands, what we do not know of it included.
    """
    tmp_path.joinpath("activity.json").write_text('{"text": "hello", "summary": "s", "novel": 1}')

    call("send", "-c", CHAT, "--activity", "activity.json")

    (sent,) = emulator.activities(CHAT)
    assert ("message", "hello", "s", 1) == tuple(
        sent[name] for name in ("type", "text", "summary", "novel")
    )


def test_reply(call, emulator):
    """
    With --reply-to it is an answer to that activity.
    """
    asked = emulator.add_activity(CHAT, {"type": "message", "text": "well?"})

    call("send", "-c", CHAT, "--reply-to", asked, "well.")

    assert asked == emulator.activities(CHAT)[-1]["replyToId"]


def test_new_chat(call, emulator):
    """
    With a user a chat is created, told, and sent to.
    """
    done = call("send", "-u", "29:someone", "--tenant", TENANT_ID, "hello")

    created, sent = emulator.record.committed()
    assert 0 == done.exit_code
    assert f"conversation {created.conversation_id}" == done.stdout.splitlines()[0]
    assert "hello" == sent.text
    assert created.conversation_id == sent.conversation_id


def test_new_chat_that_cannot_be_sent_to(call, emulator):
    """
    Where the chat was created and the message refused, JSON names the chat all the same.
    """
    emulator.fail_next("sendToConversation", status=403)

    done = call("send", "-u", "29:someone", "--tenant", TENANT_ID, "hello", "--json")

    (created,) = emulator.record.committed()
    told = json.loads(done.stderr)
    assert (1, created.conversation_id) == (done.exit_code, told["conversation_id"])


@pytest.fixture
def stray():
    """
    An emulator whose new conversations live where no token may go.
    """
    emulator = SharedEmulator(service_url="https://smba.example.net/")
    with serving(emulator) as server:
        yield emulator, server.url


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_new_chat_at_a_place_that_cannot_be(run, stray, form):
    """
    Where the chat was created and its place is refused, the chat is told; it is no bad input.
    """
    emulator, url = stray

    done = run("send", "-u", "29:x", "--tenant", TENANT_ID, "--service-url", url, "hello", *form)

    (created,) = emulator.record.committed()
    assert 1 == done.exit_code
    assert created.conversation_id in (done.stderr if form else done.stdout)
    assert "smba.example.net" in done.stderr


def test_new_chat_for_what_cannot_be_sent(call, emulator):
    """
    Where the chat was created and the message is too long, JSON names the chat all the same.
    """
    done = call(
        "send", "-u", "29:someone", "--tenant", TENANT_ID, "-", "--json", input="x" * 300_000
    )

    (created,) = emulator.record.committed()
    told = json.loads(done.stderr)
    assert (1, created.conversation_id) == (done.exit_code, told["conversation_id"])
    assert "262,144 at the most" in told["text"]


@pytest.mark.parametrize(
    ("answered", "told"),
    [
        ({"id": 5}, "created a conversation, and did not say which"),
        ({"id": "a:chat", "serviceUrl": 5}, "at 5, which is no service URL"),
    ],
)
def test_new_chat_that_is_told_as_a_number(call, emulator, answered, told):
    """
    Where the answer has a number for a text, the outcome is a word, and no bad input.
    """
    emulator.fail_next("createConversation", status=201, body=answered, after_commit=True)

    done = call("send", "-u", "29:someone", "--tenant", TENANT_ID, "hello")

    assert 1 == done.exit_code
    assert told in done.stderr
    assert 1 == len(done.stderr.splitlines())


def test_new_chat_without_a_tenant(call):
    """
    Where the service wants the tenant, the option is named.
    """
    done = call("send", "-u", "29:someone", "hello")

    assert 1 == done.exit_code
    assert "give --tenant, or set CONNECTOR_TENANT_ID" in done.stderr


def test_refusal(call):
    """
    What the service refuses ends with 1, and its reason.
    """
    done = call("send", "-c", "nowhere", "hello")

    assert (1, "") == (done.exit_code, done.stdout)
    assert done.stderr.startswith("connector-async: sendToConversation: 404")
    assert 1 == len(done.stderr.splitlines())


def test_refusal_as_json(call):
    """
    With --json the reason is JSON, too.
    """
    done = call("send", "-c", "nowhere", "hello", "--json")

    told = json.loads(done.stderr)
    assert ("", 1, 404) == (done.stdout, told["exit_code"], told["status"])
    assert ("NotFoundError", "sendToConversation") == (told["error"], told["operation"])


def test_no_network(run):
    """
    Where nobody listens, it ends with 1, whether attempts or time run out first.
    """
    done = run("send", "--service-url", "http://127.0.0.1:1", "--deadline", 1, "-c", CHAT, "hello")

    assert 1 == done.exit_code
    assert any(told in done.stderr for told in ("nothing was sent", "nothing was done"))


def test_unknown_fate(call, emulator):
    """
    Where the answer is lost, it ends with 3, and is not sent again.
    """
    emulator.drop_next("sendToConversation")

    done = call("send", "-c", CHAT, "hello")

    assert 3 == done.exit_code
    assert "may have" in done.stderr
    assert ["hello"] == emulator.record.texts(CHAT)


def test_may_have_happened(call, emulator):
    """
    A 500 to a message is of unknown fate, too.
    """
    emulator.fail_next("sendToConversation", status=500)

    done = call("send", "-c", CHAT, "hello")

    assert 3 == done.exit_code


FILES = {
    "broken.json": '{"type": "AdaptiveCard",\n "version": }',
    "list.json": "[1]",
    "other.json": '{"type": "HeroCard"}',
    "untyped.json": "{}",
    "unversioned.json": '{"type": "AdaptiveCard"}',
    "body.json": '{"type": "AdaptiveCard", "version": "1.5", "body": {}}',
    "nan.json": '{"x": NaN}',
    "members.json": '{"membersAdded": 3}',
}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["hello"], "to whom?"),
        (["-c", CHAT, "-u", "29:x", "hello"], "either --conversation or --user"),
        (["-u", "29:x", "--reply-to", "1", "hello"], "not in a new chat"),
        (["-c", CHAT], "nothing to send"),
        (["-c", CHAT, "-", "--card", "-"], "once only"),
        (["-c", CHAT, "-", "--secret-file", "-"], "once only"),
        (["-c", CHAT, "--card", "-", "--secret-file", "-"], "once only"),
        (["-c", CHAT, ""], "the TEXT is empty"),
        (["-c", CHAT, "-"], "the TEXT is empty"),
        (["-c", CHAT, "hello", "--activity", "x"], "leave TEXT and --card out"),
        (["-c", CHAT, "--card", "nothing.json"], "nothing.json cannot be read: No such file"),
        (["-c", CHAT, "--card", "a\0b"], "cannot be read"),
        (["-c", CHAT, "--card", "broken.json"], "broken.json:2:13: not JSON: Expecting value"),
        (["-c", CHAT, "--card", "list.json"], "list.json: $ is an array, not an object"),
        (["-c", CHAT, "--card", "other.json"], "other.json: $.type is 'HeroCard'"),
        (["-c", CHAT, "--card", "untyped.json"], "untyped.json: $.type is missing"),
        (["-c", CHAT, "--card", "unversioned.json"], "unversioned.json: $.version is null"),
        (["-c", CHAT, "--card", "body.json"], "body.json: $.body is an object, not an array"),
        (["-c", CHAT, "--card", "latin.json"], "latin.json: not UTF-8 (byte 10)"),
        (["-c", CHAT, "--activity", "nan.json"], "nan.json: not JSON: NaN is no number"),
        (["-c", CHAT, "--activity", "members.json"], "@ $.membersAdded"),
        (["-c", "..", "hello"], "would change the path"),
        (["-c", CHAT, "hello", "--cloud", "mars"], "'mars' is not one of 'public'"),
        (["-c", CHAT, "hello", "--deadline", "-1"], "--deadline is a time in seconds"),
        (["-c", CHAT, "hello", "--ca-file", "no.pem"], "ca_file 'no.pem' cannot be used"),
        (["-c", CHAT, "hello", "--secret-file", "no.txt"], "no.txt cannot be read"),
        (["-c", CHAT, "hello", "--secret", "x"], "No such option"),
    ],
)
def test_bad_input(call, emulator, tmp_path, arguments, told):
    """
    What cannot be is told in a line with its place; it ends with 2, and nothing is sent.
    """
    for name, text in FILES.items():
        tmp_path.joinpath(name).write_text(text)
    tmp_path.joinpath("latin.json").write_bytes('{"text": "ü"}'.encode("latin-1"))

    # An end of line is no text; as a secret it would be none either.
    secret = "sesame" if "--secret-file" in arguments else "\n"
    done = call("send", *arguments, input=secret)

    assert (2, "") == (done.exit_code, done.stdout)
    assert told in done.stderr
    assert 1 == len(done.stderr.splitlines())
    assert [] == emulator.record.received()


def test_too_much(call, emulator):
    """
    More than a request may be is bad input; nothing is sent.
    """
    done = call("send", "-c", CHAT, "-", input="x" * 300_000)

    assert (2, "") == (done.exit_code, done.stdout)
    assert "the service takes 262,144 at the most; split it, or send less" in done.stderr
    assert [] == emulator.record.received()


def test_deep_json(call, tmp_path):
    """
    JSON that is nested too deeply is bad input like any other.
    """
    tmp_path.joinpath("deep.json").write_text("[" * 100_000)

    done = call("send", "-c", CHAT, "--activity", "deep.json")

    assert 2 == done.exit_code
    assert "deep.json: not JSON" in done.stderr
