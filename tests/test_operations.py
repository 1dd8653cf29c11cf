"""
Each operation, letter for letter: what it sends, and what it makes of the answer.

To add one is to add its line to `CASES`.
"""

import datetime as dt
import platform
from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import pytest

from connector_async import (
    Activity,
    AttachmentData,
    ConnectorClient,
    ConversationParameters,
    Transcript,
)
from connector_async._operations import OPERATIONS
from connector_async._version import __version__
from connector_async.models import (
    AttachmentInfo,
    AttachmentView,
    ChannelAccount,
    ConversationMembers,
    ConversationResourceResponse,
    ConversationsResult,
    PagedMembersResult,
    ResourceResponse,
)

HELLO = Activity(type="message", text="hello")
PARAMETERS = ConversationParameters(members=[ChannelAccount(id="29:1")], tenant_id="t")
MOMENT = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
PAST = Transcript(activities=[Activity(type="message", id="1", timestamp=MOMENT, text="")])
PICTURE = AttachmentData(type="image/png", name="a.png", original_base64=b"\x89PNG")

THREAD = "19:ab@thread.tacv2;messageid=17"
QUOTED = "19%3Aab%40thread.tacv2%3Bmessageid%3D17"


@attrs.frozen
class Case:
    """
    One call of one operation.

    Attributes:
        operation: The operationId.
        call: The call, of a client.
        line: The method and the path that are sent, as they are sent.
        body: The body that is sent.
        answer: The body of the answer.
        result: What the call gives.
    """

    operation: str
    call: Callable[[ConnectorClient], Awaitable[Any]]
    line: str
    body: str
    answer: str
    result: Any


CASES = [
    Case(
        "getConversations",
        lambda c: c.get_conversations(),
        "GET /v3/conversations",
        "",
        '{"conversations":[{"id":"a:1"}],"continuationToken":"x"}',
        ConversationsResult(conversations=[ConversationMembers(id="a:1")], continuation_token="x"),
    ),
    Case(
        "getConversations",
        lambda c: c.get_conversations(continuation_token="a+b/c= é"),
        "GET /v3/conversations?continuationToken=a%2Bb%2Fc%3D%20%C3%A9",
        "",
        "",
        ConversationsResult(),
    ),
    Case(
        "getConversations",
        lambda c: c.get_conversations(continuation_token=""),
        "GET /v3/conversations",
        "",
        "null",
        ConversationsResult(),
    ),
    Case(
        "createConversation",
        lambda c: c.create_conversation(PARAMETERS),
        "POST /v3/conversations",
        '{"members":[{"id":"29:1"}],"tenantId":"t"}',
        '{"id":"a:1","activityId":"7","serviceUrl":"https://smba.trafficmanager.net/emea/"}',
        ConversationResourceResponse(
            id="a:1", activity_id="7", service_url="https://smba.trafficmanager.net/emea/"
        ),
    ),
    Case(
        "sendToConversation",
        lambda c: c.send_to_conversation(THREAD, HELLO),
        f"POST /v3/conversations/{QUOTED}/activities",
        '{"type":"message","text":"hello"}',
        '{"id":"1728"}',
        ResourceResponse(id="1728"),
    ),
    Case(
        "sendToConversation",
        lambda c: c.send_to_conversation("a:1", Activity(type="typing")),
        "POST /v3/conversations/a%3A1/activities",
        '{"type":"typing"}',
        "",
        ResourceResponse(),
    ),
    Case(
        "sendConversationHistory",
        lambda c: c.send_conversation_history("a:1", PAST),
        "POST /v3/conversations/a%3A1/activities/history",
        '{"activities":[{"type":"message","id":"1","timestamp":"2024-05-01T12:00:00.000Z","text":""}]}',
        '{"id":"Processed 1 of 1 activities"}',
        ResourceResponse(id="Processed 1 of 1 activities"),
    ),
    Case(
        "replyToActivity",
        lambda c: c.reply_to_activity("a:1", "f:0/1|2", HELLO),
        "POST /v3/conversations/a%3A1/activities/f%3A0%2F1%7C2",
        '{"type":"message","text":"hello","replyToId":"f:0/1|2"}',
        '{"id":"3"}',
        ResourceResponse(id="3"),
    ),
    Case(
        "updateActivity",
        lambda c: c.update_activity("a:1", "17", HELLO),
        "PUT /v3/conversations/a%3A1/activities/17",
        '{"type":"message","text":"hello","id":"17"}',
        '{"id":"17"}',
        ResourceResponse(id="17"),
    ),
    Case(
        "deleteActivity",
        lambda c: c.delete_activity("a:1", "17"),
        "DELETE /v3/conversations/a%3A1/activities/17",
        "",
        "",
        None,
    ),
    Case(
        "getActivityMembers",
        lambda c: c.get_activity_members("a:1", "17"),
        "GET /v3/conversations/a%3A1/activities/17/members",
        "",
        '[{"id":"29:1"}]',
        [ChannelAccount(id="29:1")],
    ),
    Case(
        "getConversationMembers",
        lambda c: c.get_conversation_members("a:1/..|"),
        "GET /v3/conversations/a%3A1%2F..%7C/members",
        "",
        '[{"id":"29:1","objectId":"o"},null]',
        [ChannelAccount(id="29:1", aad_object_id="o")],
    ),
    Case(
        "getConversationPagedMembers",
        lambda c: c.get_conversation_paged_members("a:1"),
        "GET /v3/conversations/a%3A1/pagedmembers",
        "",
        '{"members":[{"id":"29:1"}],"continuationToken":"x"}',
        PagedMembersResult(members=[ChannelAccount(id="29:1")], continuation_token="x"),
    ),
    Case(
        "getConversationPagedMembers",
        lambda c: c.get_conversation_paged_members("a:1", page_size=200, continuation_token="x=="),
        "GET /v3/conversations/a%3A1/pagedmembers?pageSize=200&continuationToken=x%3D%3D",
        "",
        "{}",
        PagedMembersResult(),
    ),
    Case(
        "getConversationMember",
        lambda c: c.get_conversation_member("a:1", "29:1"),
        "GET /v3/conversations/a%3A1/members/29%3A1",
        "",
        '{"id":"29:1","name":"Ann"}',
        ChannelAccount(id="29:1", name="Ann"),
    ),
    Case(
        "deleteConversationMember",
        lambda c: c.delete_conversation_member("a:1", "29:1"),
        "DELETE /v3/conversations/a%3A1/members/29%3A1",
        "",
        "",
        None,
    ),
    Case(
        "uploadAttachment",
        lambda c: c.upload_attachment("a:1", PICTURE),
        "POST /v3/conversations/a%3A1/attachments",
        '{"type":"image/png","name":"a.png","originalBase64":"iVBORw=="}',
        '{"id":"x"}',
        ResourceResponse(id="x"),
    ),
    Case(
        "getAttachmentInfo",
        lambda c: c.get_attachment_info("x/y"),
        "GET /v3/attachments/x%2Fy",
        "",
        '{"name":"a.png","views":[{"viewId":"original","size":4}]}',
        AttachmentInfo(name="a.png", views=[AttachmentView(view_id="original", size=4)]),
    ),
    Case(
        "getAttachment",
        lambda c: c.get_attachment("x/y"),
        "GET /v3/attachments/x%2Fy/views/original",
        "",
        "PNG",
        b"PNG",
    ),
    Case(
        "getAttachment",
        lambda c: c.get_attachment("x/y", "thumb nail"),
        "GET /v3/attachments/x%2Fy/views/thumb%20nail",
        "",
        "",
        b"",
    ),
]

EVERY_CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: case.operation)


@EVERY_CASE
async def test_operation(connector, router, case):
    """
    An operation sends exactly this, and gives exactly that.
    """
    method, path = case.line.split(" ")
    route = router.route(method=method).respond(content=case.answer.encode())

    given = await case.call(connector)

    request = route.calls.last.request
    assert f"/amer{path}".encode() == request.url.raw_path
    assert "smba.trafficmanager.net" == request.url.host
    assert case.body.encode() == request.content
    assert case.result == given
    assert 1 == route.call_count


@EVERY_CASE
async def test_headers(signed, router, case):
    """
    An operation sends these headers and no others.
    """
    route = router.route().respond(content=case.answer.encode())

    await case.call(signed)

    expected = {
        "host": "smba.trafficmanager.net",
        "user-agent": f"connector-async/{__version__} (Python {platform.python_version()})",
        "accept": "*/*" if case.operation == "getAttachment" else "application/json",
        "accept-encoding": "gzip",
        "authorization": "Bearer abc",
    }
    if case.body:
        expected["content-type"] = "application/json; charset=utf-8"
        expected["content-length"] = str(len(case.body))
    assert expected == dict(route.calls.last.request.headers)


def test_covers_every_operation():
    """
    No operation is without a case.
    """
    assert [row.id for row in OPERATIONS] == list(dict.fromkeys(case.operation for case in CASES))
