"""
Texts that are sent as they grow: each chunk says all there is so far.
"""

from __future__ import annotations

from typing import Final

from connector_async.emulator._calls.bodies import text_in
from connector_async.emulator._calls.call import Call, Result, effect_of
from connector_async.emulator._calls.message import (
    JsonObject,
    RefusalError,
    Reply,
    json_reply,
    refusal,
)
from connector_async.emulator._operations.finder import Finder
from connector_async.emulator._state.state import Conversation, Stream

LONGEST_SECONDS: Final = 120
"""
The published time in which a stream has to end.
"""


class Streams:
    """
    The streams of one channel.
    """

    def __init__(self, finder: Finder) -> None:
        self._finder = finder

    def take(
        self, call: Call, conversation: Conversation, activity: JsonObject, info: JsonObject
    ) -> Result:
        """
        Take one chunk.
        """
        if conversation.kind != "personal":
            raise _not_allowed("Content stream is not allowed")
        stream_id = text_in(info, "streamId")
        if stream_id is None:
            return self._begin(call, conversation, activity)
        stream = self._stream(conversation, stream_id)
        if activity.get("type") == "typing":
            return self._go_on(call, stream, activity, info)
        return self._end(call, conversation, stream, activity)

    def _begin(self, call: Call, conversation: Conversation, activity: JsonObject) -> Result:
        if activity.get("type") != "typing" or not text_in(activity, "text"):
            message = "Start streaming activities should include text"
            raise refusal(400, "BadRequest", message)
        if any(self._is_running(stream) for stream in conversation.streams.values()):
            raise _not_allowed("Content stream is not allowed: another one is running")
        state = self._finder.state
        stream_id = state.post(conversation, activity, by_bot=True)
        conversation.streams[stream_id] = Stream(id=stream_id, began=state.wall())
        effect = effect_of(call, activity_id=stream_id)
        return Result(reply=json_reply(201, {"id": stream_id}), effect=effect)

    def _stream(self, conversation: Conversation, stream_id: str) -> Stream:
        stream = conversation.streams.get(stream_id)
        if stream is None:
            code, message = self._finder.profile.missing["activity"]
            raise refusal(404, code, message)
        if stream.is_over:
            raise _not_allowed("Content stream was already completed")
        if not self._is_running(stream):
            raise _not_allowed("Content stream finished because it exceeded streaming time")
        return stream

    def _go_on(self, call: Call, stream: Stream, activity: JsonObject, info: JsonObject) -> Result:
        sequence = info.get("streamSequence")
        if isinstance(sequence, int):
            if sequence <= stream.sequence:
                return Result(reply=_TOO_LATE)
            stream.sequence = sequence
        if info.get("streamType", "streaming") == "streaming":
            stream.text = _growing(stream, activity)
        return Result(reply=_ACCEPTED, effect=effect_of(call, activity_id=stream.id))

    def _end(
        self, call: Call, conversation: Conversation, stream: Stream, activity: JsonObject
    ) -> Result:
        _growing(stream, activity)
        stream.is_over = True
        conversation.replace(stream.id, activity)
        effect = effect_of(call, activity_id=stream.id, content=activity)
        return Result(reply=_ACCEPTED, effect=effect)

    def _is_running(self, stream: Stream) -> bool:
        return not stream.is_over and self._finder.state.wall() - stream.began <= LONGEST_SECONDS


def _growing(stream: Stream, activity: JsonObject) -> str:
    text = text_in(activity, "text") or ""
    if not text.startswith(stream.text):
        raise _not_allowed("Content should contain the previously streamed content")
    return text


def _not_allowed(message: str) -> RefusalError:
    return refusal(403, "ContentStreamNotAllowed", message)


_ACCEPTED: Final[Reply] = json_reply(202, {})

_TOO_LATE: Final[Reply] = json_reply(
    202,
    {
        "code": "ContentStreamSequenceOrderPreConditionFailed",
        "message": "Precondition failed: a later chunk has arrived.",
    },
)
