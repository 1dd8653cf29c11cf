"""
Every operation as a caller calls it, and a wire on which all that goes out is kept.
"""

from collections.abc import Callable
from typing import Any

import attrs
import httpx

HELLO = {"type": "message", "text": "hello"}
CREATE = {"members": [{"id": "29:1"}], "tenantId": "t"}
THREAD = {"channelData": {"channel": {"id": "19:a"}}, "activity": HELLO}


@attrs.frozen
class Call:
    """
    How one operation is called.

    Attributes:
        operation: Its operationId.
        ids: How many ids it takes.
        path: What its path is like, an X for each id.
        make: Calls it on a client, with so many ids.
        writes: Whether a second one does more than the first.
        returns: `list` or `dict` for what its answer is, `bytes` for content, None for nothing.
    """

    operation: str
    ids: int
    path: str
    make: Callable[..., Any]
    writes: bool = False
    returns: type | None = dict

    def __call__(self, connector, *ids):
        return self.make(connector, *(ids or ("a:1", "b:2")[: self.ids]))


CALLS = (
    Call("getConversations", 0, "/v3/conversations", lambda c: c.get_conversations()),
    Call(
        "createConversation",
        0,
        "/v3/conversations",
        lambda c: c.create_conversation(THREAD),
        writes=True,
    ),
    Call(
        "sendToConversation",
        1,
        "/v3/conversations/X/activities",
        lambda c, a: c.send_to_conversation(a, HELLO),
        writes=True,
    ),
    Call(
        "sendConversationHistory",
        1,
        "/v3/conversations/X/activities/history",
        lambda c, a: c.send_conversation_history(a, {"activities": [HELLO]}),
        writes=True,
    ),
    Call(
        "replyToActivity",
        2,
        "/v3/conversations/X/activities/X",
        lambda c, a, b: c.reply_to_activity(a, b, HELLO),
        writes=True,
    ),
    Call(
        "updateActivity",
        2,
        "/v3/conversations/X/activities/X",
        lambda c, a, b: c.update_activity(a, b, HELLO),
    ),
    Call(
        "deleteActivity",
        2,
        "/v3/conversations/X/activities/X",
        lambda c, a, b: c.delete_activity(a, b),
        returns=None,
    ),
    Call(
        "getActivityMembers",
        2,
        "/v3/conversations/X/activities/X/members",
        lambda c, a, b: c.get_activity_members(a, b),
        returns=list,
    ),
    Call(
        "getConversationMembers",
        1,
        "/v3/conversations/X/members",
        lambda c, a: c.get_conversation_members(a),
        returns=list,
    ),
    Call(
        "getConversationPagedMembers",
        1,
        "/v3/conversations/X/pagedmembers",
        lambda c, a: c.get_conversation_paged_members(a),
    ),
    Call(
        "getConversationMember",
        2,
        "/v3/conversations/X/members/X",
        lambda c, a, b: c.get_conversation_member(a, b),
    ),
    Call(
        "deleteConversationMember",
        2,
        "/v3/conversations/X/members/X",
        lambda c, a, b: c.delete_conversation_member(a, b),
        returns=None,
    ),
    Call(
        "uploadAttachment",
        1,
        "/v3/conversations/X/attachments",
        lambda c, a: c.upload_attachment(a, {"type": "image/png", "originalBase64": "iVBORw=="}),
    ),
    Call(
        "getAttachmentInfo",
        1,
        "/v3/attachments/X",
        lambda c, a: c.get_attachment_info(a),
    ),
    Call(
        "getAttachment",
        2,
        "/v3/attachments/X/views/X",
        lambda c, a, b: c.get_attachment(a, b),
        returns=bytes,
    ),
)


class Wire(httpx.AsyncBaseTransport):
    """
    Keeps each request, and answers as it is told.
    """

    def __init__(self, answer=None):
        self.requests = []
        self.answer = answer or (lambda _: httpx.Response(200))

    async def handle_async_request(self, request):
        self.requests.append(request)
        return self.answer(request)
