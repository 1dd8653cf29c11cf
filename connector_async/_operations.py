"""
The fifteen operations, one row of data each.

A row says what an operation is. How it travels is the pipeline's business,
what its arguments are called is the client's.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any, Final, Generic, TypeVar, cast

import attrs

from connector_async._ids import segment
from connector_async.errors import InvalidIdError
from connector_async.limits.quota import Quota
from connector_async.models import (
    Activity,
    AttachmentData,
    AttachmentInfo,
    ChannelAccount,
    ConversationParameters,
    ConversationResourceResponse,
    ConversationsResult,
    PagedMembersResult,
    ResourceResponse,
    Transcript,
)

T = TypeVar("T")
Json = Mapping[str, Any]


def _never(_body: Json, _teams: bool) -> bool:
    return False


def _opens_a_personal_chat(body: Json, teams: bool) -> bool:
    # Teams gives the same chat again, so a repeat makes no second one. (Apps
    # with `supportsSessions` may be left with one unused session.)
    members: object = body.get("members")
    one = isinstance(members, list | tuple) and len(cast("Sequence[object]", members)) == 1
    return teams and one and not body.get("isGroup") and not body.get("activity")


@attrs.frozen(kw_only=True)
class Operation(Generic[T]):
    """
    What an operation is.

    Attributes:
        id: The operationId.
        method: The HTTP method.
        path: The template, as the API document has it.
        returns: What the answer's body is; `NoneType` for nothing of interest,
            `bytes` for content.
        query: Names of the query parameters.
        body: The model of the body; None where there is none.
        repeatable: Whether a second one does no more than the first.
        repeatable_if: Told from the body, and whether it goes to Teams, where
            *repeatable* is false.
        lane: Whether it stands in its conversation's lane: one at a time, in
            call order.
        quota: Which quota it counts against.
    """

    id: str
    method: str
    path: str
    returns: type[T]
    query: tuple[str, ...] = ()
    body: type | None = None
    repeatable: bool = True
    repeatable_if: Callable[[Json, bool], bool] = _never
    lane: bool = False
    quota: Quota = Quota.OTHER

    @property
    def safe(self) -> bool:
        """
        Whether it changes nothing.
        """
        return self.method == "GET"

    def fill(self, ids: tuple[str, ...]) -> str:
        """
        The path with these ids, each quoted as one segment.

        Raises:
            InvalidIdError: An id that cannot be one segment, or would lead to
                another operation.
        """
        first, rest = _pieces(self.path)
        pairs = zip(rest, ids, strict=True)
        return first + "".join(f"{self._segment(name, id_)}{piece}" for (name, piece), id_ in pairs)

    def _segment(self, name: str, value: str) -> str:
        quoted = segment(name, value)
        if self.id == "replyToActivity" and name == "activityId" and quoted.lower() == "history":
            raise InvalidIdError(
                "activityId 'history' would turn a reply into sendConversationHistory; "
                "nothing was sent"
            )
        return quoted


@functools.cache
def _pieces(path: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """
    What stands before the parameters, and each one's name with what stands behind it.
    """
    first, *rest = re.split(r"\{(\w+)\}", path)
    return first, tuple(zip(rest[::2], rest[1::2], strict=True))


_CONVERSATIONS: Final = "/v3/conversations"
_ACTIVITIES: Final = "/v3/conversations/{conversationId}/activities"
_ACTIVITY: Final = "/v3/conversations/{conversationId}/activities/{activityId}"
_MEMBERS: Final = "/v3/conversations/{conversationId}/members"
_MEMBER: Final = "/v3/conversations/{conversationId}/members/{memberId}"

GET_CONVERSATIONS: Final = Operation(
    id="getConversations",
    method="GET",
    path=_CONVERSATIONS,
    query=("continuationToken",),
    returns=ConversationsResult,
    quota=Quota.CONVERSATIONS,
)

CREATE_CONVERSATION: Final = Operation(
    id="createConversation",
    method="POST",
    path=_CONVERSATIONS,
    body=ConversationParameters,
    returns=ConversationResourceResponse,
    repeatable=False,  # a channel thread or a first message would come twice
    repeatable_if=_opens_a_personal_chat,
    quota=Quota.CREATE,
)

SEND_TO_CONVERSATION: Final = Operation(
    id="sendToConversation",
    method="POST",
    path=_ACTIVITIES,
    body=Activity,
    returns=ResourceResponse,
    repeatable=False,  # a second POST is a second message
    lane=True,
    quota=Quota.SEND,
)

SEND_CONVERSATION_HISTORY: Final = Operation(
    id="sendConversationHistory",
    method="POST",
    path=f"{_ACTIVITIES}/history",
    body=Transcript,
    returns=ResourceResponse,
    repeatable=False,  # nothing says that a receiver drops what it has already
    lane=True,
    quota=Quota.SEND,
)

REPLY_TO_ACTIVITY: Final = Operation(
    id="replyToActivity",
    method="POST",
    path=_ACTIVITY,
    body=Activity,
    returns=ResourceResponse,
    repeatable=False,  # a second POST is a second message
    lane=True,
    quota=Quota.SEND,
)

UPDATE_ACTIVITY: Final = Operation(
    id="updateActivity",
    method="PUT",
    path=_ACTIVITY,
    body=Activity,
    returns=ResourceResponse,
    lane=True,
    quota=Quota.SEND,
)

DELETE_ACTIVITY: Final = Operation(
    id="deleteActivity",
    method="DELETE",
    path=_ACTIVITY,
    returns=NoneType,
    lane=True,
    quota=Quota.SEND,
)

GET_ACTIVITY_MEMBERS: Final = Operation(
    id="getActivityMembers",
    method="GET",
    path=f"{_ACTIVITY}/members",
    returns=list[ChannelAccount],
    quota=Quota.MEMBERS,
)

GET_CONVERSATION_MEMBERS: Final = Operation(
    id="getConversationMembers",
    method="GET",
    path=_MEMBERS,
    returns=list[ChannelAccount],
    quota=Quota.UNPAGED_MEMBERS,
)

GET_CONVERSATION_PAGED_MEMBERS: Final = Operation(
    id="getConversationPagedMembers",
    method="GET",
    path="/v3/conversations/{conversationId}/pagedmembers",
    query=("pageSize", "continuationToken"),
    returns=PagedMembersResult,
    quota=Quota.MEMBERS,
)

GET_CONVERSATION_MEMBER: Final = Operation(
    id="getConversationMember",
    method="GET",
    path=_MEMBER,
    returns=ChannelAccount,
    quota=Quota.MEMBERS,
)

DELETE_CONVERSATION_MEMBER: Final = Operation(
    id="deleteConversationMember",
    method="DELETE",
    path=_MEMBER,
    returns=NoneType,
    quota=Quota.MEMBERS,
)

UPLOAD_ATTACHMENT: Final = Operation(
    id="uploadAttachment",
    method="POST",
    path="/v3/conversations/{conversationId}/attachments",
    body=AttachmentData,
    returns=ResourceResponse,
    # A second upload leaves an orphan that nobody sees.
)

GET_ATTACHMENT_INFO: Final = Operation(
    id="getAttachmentInfo",
    method="GET",
    path="/v3/attachments/{attachmentId}",
    returns=AttachmentInfo,
)

GET_ATTACHMENT: Final = Operation(
    id="getAttachment",
    method="GET",
    path="/v3/attachments/{attachmentId}/views/{viewId}",
    returns=bytes,
)

OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    GET_CONVERSATIONS,
    CREATE_CONVERSATION,
    SEND_TO_CONVERSATION,
    SEND_CONVERSATION_HISTORY,
    REPLY_TO_ACTIVITY,
    UPDATE_ACTIVITY,
    DELETE_ACTIVITY,
    GET_ACTIVITY_MEMBERS,
    GET_CONVERSATION_MEMBERS,
    GET_CONVERSATION_PAGED_MEMBERS,
    GET_CONVERSATION_MEMBER,
    DELETE_CONVERSATION_MEMBER,
    UPLOAD_ATTACHMENT,
    GET_ATTACHMENT_INFO,
    GET_ATTACHMENT,
)
