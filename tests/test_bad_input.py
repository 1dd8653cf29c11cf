"""
What cannot be is refused before anything is sent, and the error says what to do instead.

Each text is here in full, since reading them is the test.
"""

import asyncio
import datetime as dt
import threading

import pytest

from connector_async import Activity, ConnectorClient, Transcript
from connector_async.errors import ClientStateError, InvalidIdError
from connector_async.models import ConversationReference
from tests.watch import Watch

NAN, INFINITY = float("nan"), float("inf")


@pytest.fixture
def watch():
    """
    Nothing is sent in these tests, and no token is fetched.
    """
    watch = Watch()
    yield watch
    assert [] == watch.requests
    assert 0 == watch.tokens


@pytest.fixture
async def connector(watch):
    async with ConnectorClient(watch.credential, transport=watch.transport) as connector:
        yield connector


async def test_the_watch_sees(connector, watch):
    """
    A call that is not refused would be seen.
    """
    await connector.get_conversations()

    assert 1 == len(watch.requests)
    assert 1 == watch.tokens
    watch.requests.clear()
    watch.tokens = 0


BY_ID = {
    "conversationId": [
        lambda c, value: c.send_to_conversation(value, {}),
        lambda c, value: c.send_conversation_history(value, {}),
        lambda c, value: c.reply_to_activity(value, "1", {}),
        lambda c, value: c.update_activity(value, "1", {}),
        lambda c, value: c.delete_activity(value, "1"),
        lambda c, value: c.get_activity_members(value, "1"),
        lambda c, value: c.get_conversation_members(value),
        lambda c, value: c.get_conversation_paged_members(value),
        lambda c, value: anext(c.iter_conversation_members(value)),
        lambda c, value: c.get_conversation_member(value, "1"),
        lambda c, value: c.delete_conversation_member(value, "1"),
        lambda c, value: c.upload_attachment(value, {}),
    ],
    "activityId": [
        lambda c, value: c.reply_to_activity("a:1", value, {}),
        lambda c, value: c.update_activity("a:1", value, {}),
        lambda c, value: c.delete_activity("a:1", value),
        lambda c, value: c.get_activity_members("a:1", value),
    ],
    "memberId": [
        lambda c, value: c.get_conversation_member("a:1", value),
        lambda c, value: c.delete_conversation_member("a:1", value),
    ],
    "attachmentId": [
        lambda c, value: c.get_attachment_info(value),
        lambda c, value: c.get_attachment(value),
        lambda c, value: c.stream_attachment(value).__aenter__(),
    ],
    "viewId": [
        lambda c, value: c.get_attachment("1", value),
        lambda c, value: c.stream_attachment("1", value).__aenter__(),
    ],
}
EVERY_ID = pytest.mark.parametrize(
    ("name", "call"), [(name, call) for name, calls in BY_ID.items() for call in calls]
)


@EVERY_ID
async def test_empty_id(connector, name, call):
    """
    An empty id would be another operation.
    """
    with pytest.raises(InvalidIdError) as raised:
        await call(connector, "")

    assert f"{name} '' is empty; pass the id that the channel gave; nothing was sent" == str(
        raised.value
    )


@EVERY_ID
@pytest.mark.parametrize("value", [17, None, b"a:1", Activity(id="1")])
async def test_id_that_is_no_text(connector, name, call, value):
    """
    An id is text; what looks like one is not guessed from.
    """
    with pytest.raises(TypeError) as raised:
        await call(connector, value)

    kind = type(value).__name__
    assert f"{name} is text, not {kind}; ids are never numbers here" == str(raised.value)


@EVERY_ID
@pytest.mark.parametrize("value", [".", "..", "a\n", "a\x00b", "\x85", "\ud800"])
async def test_id_that_is_no_segment(connector, name, call, value):
    """
    An id that cannot be one segment of a path is refused, not rewritten.
    """
    with pytest.raises(InvalidIdError) as raised:
        await call(connector, value)

    assert str(raised.value).startswith(f"{name} {value!a} ")
    assert str(raised.value).endswith("; nothing was sent")


@pytest.mark.parametrize("value", ["history", "History", "HISTORY"])
async def test_reply_that_would_be_another_operation(connector, value):
    """
    A reply to an activity `history` would upload a transcript.
    """
    with pytest.raises(InvalidIdError) as raised:
        await connector.reply_to_activity("a:1", value, {})

    assert (
        "activityId 'history' would turn a reply into sendConversationHistory; nothing was sent"
        == str(raised.value)
    )


BODIES = [
    ("createConversation takes a ConversationParameters", lambda c, x: c.create_conversation(x)),
    ("sendToConversation takes an Activity", lambda c, x: c.send_to_conversation("a:1", x)),
    ("sendConversationHistory takes a Transcript",
     lambda c, x: c.send_conversation_history("a:1", x)),
    ("replyToActivity takes an Activity", lambda c, x: c.reply_to_activity("a:1", "1", x)),
    ("updateActivity takes an Activity", lambda c, x: c.update_activity("a:1", "1", x)),
    ("uploadAttachment takes an AttachmentData", lambda c, x: c.upload_attachment("a:1", x)),
]  # fmt: skip
EVERY_BODY = pytest.mark.parametrize(("what", "call"), BODIES)


@EVERY_BODY
@pytest.mark.parametrize("body", [None, "hello", b"{}", 5, [Activity()], ConversationReference()])
async def test_body_of_another_type(connector, what, call, body):
    """
    A body is the operation's own model, or a mapping.
    """
    with pytest.raises(TypeError) as raised:
        await call(connector, body)

    assert f"{what} or a mapping, not {type(body).__name__}" == str(raised.value)


@EVERY_BODY
async def test_body_that_is_too_long(connector, what, call):
    """
    A body is not sent that the service would refuse for its length.
    """
    with pytest.raises(ValueError, match="is") as raised:
        await call(connector, {"x": "é" * 131_100})

    operation = what.split()[0]
    assert str(raised.value).startswith(f"{operation}: the body is 262,2")
    assert str(raised.value).endswith(
        " bytes long, and the service takes 262,144 at the most; split it, or send less"
    )


async def test_longest_body(watch, connector):
    """
    A body of exactly as much as the service takes is sent; one byte more is not.
    """
    body = {"x": "a" * (262_144 - len('{"x":""}'))}

    await connector.send_to_conversation("a:1", body)
    with pytest.raises(ValueError, match="262,145 bytes long"):
        await connector.send_to_conversation("a:1", {"x": body["x"] + "a"})

    assert [262_144] == [len(request.content) for request in watch.requests]
    watch.requests.clear()
    watch.tokens = 0


@pytest.mark.parametrize(("body", "error", "text"), [
    ({"value": {1, 2}}, TypeError, "$.value: cannot be written as JSON (set)"),
    ({"value": [1, object()]}, TypeError, "$.value[1]: cannot be written as JSON (object)"),
    ({"value": b"x"}, TypeError, "$.value: cannot be written as JSON (bytes)"),
    ({"value": {1: 2}}, TypeError, "$.value: a key is text, not int"),
    ({"value": NAN}, ValueError, "$.value: cannot be written as JSON (nan)"),
    ({"value": -INFINITY}, ValueError, "$.value: cannot be written as JSON (-inf)"),
    (
        Activity(channel_data={"a b": [object()]}),
        TypeError,
        '$.channelData["a b"][0]: cannot be written as JSON (object)',
    ),
    (
        Activity(attachments=[{"content": {1}}]),
        TypeError,
        "$.attachments[0].content: cannot be written as JSON (set)",
    ),
])  # fmt: skip
async def test_body_that_is_no_json(connector, body, error, text):
    """
    What JSON has no form for is told with its place.
    """
    with pytest.raises(error) as raised:
        await connector.send_to_conversation("a:1", body)

    assert text == str(raised.value)


async def test_date_without_a_zone(connector):
    """
    A date is a moment only with its zone.
    """
    past = Transcript(activities=[Activity(id="1", timestamp=dt.datetime(2024, 5, 1, 12))])  # noqa: DTZ001

    with pytest.raises(ValueError, match=r"^\$.activities\[0\].timestamp: ") as raised:
        await connector.send_conversation_history("a:1", past)

    assert "zone" in str(raised.value)


async def test_body_that_contains_itself(connector):
    """
    A structure that contains itself has no end.
    """
    body = {}
    body["value"] = [body]

    with pytest.raises(ValueError, match="nested too deeply, or within itself"):
        await connector.send_to_conversation("a:1", body)


@pytest.mark.parametrize(("page_size", "error", "text"), [
    (0, ValueError, "page_size is 1 or more, not 0"),
    (-5, ValueError, "page_size is 1 or more, not -5"),
    ("50", TypeError, "page_size is a whole number, not str"),
    (50.0, TypeError, "page_size is a whole number, not float"),
    (True, TypeError, "page_size is a whole number, not bool"),
])  # fmt: skip
async def test_page_size(connector, page_size, error, text):
    """
    A page has at least one member.
    """
    for call in (
        lambda: connector.get_conversation_paged_members("a:1", page_size=page_size),
        lambda: anext(connector.iter_conversation_members("a:1", page_size=page_size)),
    ):
        with pytest.raises(error) as raised:
            await call()

        assert text == str(raised.value)


@pytest.mark.parametrize("token", [b"x", ["x"], object()])
async def test_continuation_token(connector, token):
    """
    A continuation token is text.
    """
    text = f"continuationToken is text, not {type(token).__name__}"
    for call in (
        lambda: connector.get_conversations(continuation_token=token),
        lambda: connector.get_conversation_paged_members("a:1", continuation_token=token),
    ):
        with pytest.raises(TypeError) as raised:
            await call()

        assert text == str(raised.value)


@pytest.mark.parametrize("drain", [-1, NAN, INFINITY, "1"])
async def test_drain(connector, drain):
    """
    A client does not half close with a patience that cannot be; it can still be closed.
    """
    with pytest.raises((ValueError, TypeError), match="drain is a time in seconds"):
        await connector.aclose(drain=drain)

    assert connector.at("https://smba.trafficmanager.net/emea/")
    await connector.aclose()


CALLS = [
    lambda c: c.send_to_conversation("a:1", {}),
    lambda c: c.get_conversations(),
    lambda c: anext(c.iter_conversations()),
    lambda c: anext(c.iter_conversation_members("a:1")),
    lambda c: c.get_attachment("x"),
    lambda c: c.stream_attachment("x").__aenter__(),
    lambda c: c.with_options(deadline=1).get_conversations(),
    lambda c: c.at("https://smba.trafficmanager.net/emea/").get_conversations(),
]


@pytest.mark.parametrize("call", CALLS)
async def test_after_close(connector, call):
    """
    After its close a client refuses every call, and so do its siblings.
    """
    await connector.aclose()

    with pytest.raises(ClientStateError) as raised:
        await call(connector)

    assert (
        "the client is closed, and its siblings with it; make one client for the whole life "
        "of the application" == str(raised.value)
    )


async def test_sibling_from_before_the_close(connector):
    """
    A sibling that was made before the close is closed with its elder.
    """
    sibling = connector.with_options(deadline=1)

    await connector.aclose()

    with pytest.raises(ClientStateError, match="the client is closed"):
        await sibling.get_conversations()


@pytest.mark.parametrize("call", CALLS)
async def test_other_event_loop(call):
    """
    A client belongs to the event loop in which it was first used.
    """
    watch = Watch()
    texts = []

    async def use():
        try:
            await call(connector)
        except ClientStateError as error:
            texts.append(str(error))

    async with ConnectorClient(watch.credential, transport=watch.transport) as connector:
        await connector.get_conversations()
        thread = threading.Thread(target=lambda: asyncio.run(use()))
        thread.start()
        await asyncio.to_thread(thread.join)

    assert [
        (
            "the client belongs to another event loop; make one for each loop, and in tests one "
            "for each test"
        )
    ] == texts
    assert 1 == len(watch.requests)
