"""
One call of an operation, and what comes of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from connector_async.emulator._calls.message import Reply


@attrs.frozen(kw_only=True)
class Call:
    """
    One of the fifteen operations, asked for.

    Attributes:
        ids: By the specification's parameter names.
        payload: The body as JSON; None when it cannot be read.
        tenant_id: From the path of the service URL, if it has one.
        app_id: Whose call it is; None where no good token says so.
    """

    operation: str
    ids: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    payload: object
    tenant_id: str | None
    app_id: str | None = None

    @property
    def conversation_id(self) -> str | None:
        """
        The conversation that the path names.
        """
        return self.ids.get("conversationId")


@attrs.frozen(kw_only=True)
class Effect:
    """
    What an operation brought about, for the record.

    Attributes:
        content: What was said, as JSON; None when nothing was.
    """

    conversation_id: str | None
    activity_id: str | None = None
    content: object = None


@attrs.frozen(kw_only=True)
class Result:
    """
    What an operation answers; `effect` is None when nothing took effect.
    """

    reply: Reply
    effect: Effect | None = None


def effect_of(call: Call, *, activity_id: str | None = None, content: object = None) -> Effect:
    """
    What a call brought about in the conversation that its path names.
    """
    return Effect(conversation_id=call.conversation_id, activity_id=activity_id, content=content)
