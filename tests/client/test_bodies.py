"""
What is made of a body before it is sent.
"""

import json

import pytest

from connector_async import Activity, AttachmentData, ConversationParameters, Transcript


@pytest.fixture
def sent(router):
    """
    The JSON of the last request.
    """
    route = router.route().respond(json={"id": "1"})
    return lambda: json.loads(route.calls.last.request.content)


PAIRS = [
    (
        lambda c, body: c.create_conversation(body),
        ConversationParameters(is_group=True, channel_data={"channel": {"id": "19:1"}}),
        {"isGroup": True, "channelData": {"channel": {"id": "19:1"}}},
    ),
    (
        lambda c, body: c.send_to_conversation("a:1", body),
        Activity(type="message", text=""),
        {"type": "message", "text": ""},
    ),
    (
        lambda c, body: c.send_conversation_history("a:1", body),
        Transcript(activities=[Activity(id="1")]),
        {"activities": [{"id": "1"}]},
    ),
    (
        lambda c, body: c.reply_to_activity("a:1", "1", body),
        Activity(reply_to_id="1"),
        {"replyToId": "1"},
    ),
    (
        lambda c, body: c.update_activity("a:1", "1", body),
        Activity(id="1", text="é"),
        {"id": "1", "text": "é"},
    ),
    (
        lambda c, body: c.upload_attachment("a:1", body),
        AttachmentData(type="text/plain", original_base64="aGk="),
        {"type": "text/plain", "originalBase64": "aGk="},
    ),
]


@pytest.mark.parametrize(("call", "model", "mapping"), PAIRS)
async def test_takes_models_and_mappings(connector, sent, call, model, mapping):
    """
    A mapping is sent as it is, and a model as that mapping.
    """
    await call(connector, model)
    first = sent()
    await call(connector, mapping)

    assert mapping == first
    assert mapping == sent()


async def test_sends_nulls_of_mappings(connector, sent):
    """
    A null of a mapping is the caller's own, and is sent.
    """
    await connector.send_to_conversation("a:1", {"type": "message", "text": None})

    assert {"type": "message", "text": None} == sent()


@pytest.mark.parametrize("body", [Activity(), {}, {"replyToId": None}])
async def test_fills_in_reply_to_id(connector, sent, body):
    """
    A reply names the activity that the path names.
    """
    await connector.reply_to_activity("a:1", "17", body)

    assert {"replyToId": "17"} == sent()


@pytest.mark.parametrize("body", [Activity(reply_to_id="16"), {"replyToId": "16"}])
async def test_never_overwrites_reply_to_id(connector, sent, body):
    """
    A reply's own replyToId is sent as the caller wrote it.
    """
    await connector.reply_to_activity("a:1", "17", body)

    assert {"replyToId": "16"} == sent()


@pytest.mark.parametrize("body", [Activity(), {}, {"id": None}, Activity(id="17"), {"id": "17"}])
async def test_sets_the_id_of_an_update(connector, sent, body):
    """
    An update has the id that the path has.
    """
    await connector.update_activity("a:1", "17", body)

    assert {"id": "17"} == sent()


@pytest.mark.parametrize("body", [Activity(id="16"), {"id": "16"}, {"id": 17}])
async def test_refuses_an_update_with_another_id(connector, router, body):
    """
    An update whose id is not the path's is refused, not rewritten.
    """
    with pytest.raises(ValueError, match=r"updateActivity: the activity's id '?1.* leave it out"):
        await connector.update_activity("a:1", "17", body)
    assert 0 == len(router.calls)


async def test_leaves_the_caller_s_mapping_alone(connector, sent):
    """
    What is filled in is filled into a copy.
    """
    body = {"type": "message"}

    await connector.reply_to_activity("a:1", "17", body)

    assert {"type": "message"} == body
    assert {"type": "message", "replyToId": "17"} == sent()


async def test_sends_utf8(connector, router):
    """
    JSON is compact and in UTF-8, not in escapes.
    """
    route = router.route().respond(json={})

    await connector.send_to_conversation("a:1", {"text": "é😀\n"})

    assert '{"text":"é😀\\n"}'.encode() == route.calls.last.request.content


async def test_keeps_what_it_does_not_know(connector, sent):
    """
    Fields that came with an activity and are not known here are sent back.
    """
    activity = Activity(type="message", extra={"fromTheFuture": [1]})

    await connector.send_to_conversation("a:1", activity)

    assert {"type": "message", "fromTheFuture": [1]} == sent()
