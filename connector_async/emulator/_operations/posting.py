"""
What is said: sent, replied, changed, taken back, or uploaded from the past.
"""

from __future__ import annotations

from connector_async.emulator._calls.bodies import activity_in, object_in, text_in
from connector_async.emulator._calls.call import Call, Result, effect_of
from connector_async.emulator._calls.message import (
    JsonObject,
    Reply,
    as_list,
    as_object,
    json_reply,
    refusal,
)
from connector_async.emulator._channel.content import is_sign_in, is_split, parts_of, stream_info_of
from connector_async.emulator._operations.finder import Finder
from connector_async.emulator._operations.streams import Streams
from connector_async.emulator._state.state import Conversation


class Posting:
    """
    The writing operations of one channel.
    """

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._profile = finder.profile
        self._streams = Streams(finder)

    def send(self, call: Call) -> Result:
        """
        SendToConversation.
        """
        return self._post(call, self._finder.open_conversation(call))

    def reply(self, call: Call) -> Result:
        """
        ReplyToActivity.
        """
        conversation = self._finder.open_conversation(call)
        return self._post(call, conversation, self._finder.activity(call, conversation))

    def update(self, call: Call) -> Result:
        """
        UpdateActivity.
        """
        conversation = self._finder.open_conversation(call)
        activity_id = self._finder.own_activity(call, conversation)
        activity = self._activity(call)
        for check in self._profile.update_checks:
            check(activity)
        if self._profile.compares_ids and activity.get("id", activity_id) != activity_id:
            raise refusal(400, "BadArgument", "The body's id is not the path's.")
        conversation.replace(activity_id, activity)
        return Result(
            reply=json_reply(200, {"id": activity_id}),
            effect=effect_of(call, activity_id=activity_id, content=activity),
        )

    def delete(self, call: Call) -> Result:
        """
        DeleteActivity.
        """
        conversation = self._finder.open_conversation(call)
        activity_id = self._finder.own_activity(call, conversation)
        del conversation.activities[activity_id]
        conversation.streams.pop(activity_id, None)
        return Result(reply=Reply(status=200), effect=effect_of(call, activity_id=activity_id))

    def add_history(self, call: Call) -> Result:
        """
        SendConversationHistory.
        """
        conversation = self._finder.open_conversation(call)
        transcript = object_in(call.body, call.payload)
        activities = as_list(transcript.get("activities"))
        if not activities:
            raise refusal(400, "BadSyntax", "A transcript needs activities.")
        processed = {
            activity["id"]: activity
            for activity in map(as_object, activities)
            if isinstance(activity.get("id"), str)
        }
        conversation.activities.update(processed)
        sentence = f"Processed {len(processed)} of {len(activities)} activities"
        return Result(
            reply=json_reply(200, {"id": sentence}), effect=effect_of(call, content=transcript)
        )

    def _activity(self, call: Call) -> JsonObject:
        activity = activity_in(object_in(call.body, call.payload))
        for check in self._profile.checks:
            check(activity)
        return activity

    def _post(self, call: Call, conversation: Conversation, to: str | None = None) -> Result:
        activity = self._activity(call)
        kind = text_in(activity, "type")
        info = stream_info_of(activity) if self._profile.has_streams else None
        if info is not None:
            return self._streams.take(call, conversation, activity, info)
        if kind == "typing":
            return Result(reply=Reply(status=202), effect=effect_of(call))
        if kind in self._profile.unshown:
            return Result(reply=json_reply(200, {}), effect=effect_of(call))
        is_whole = not (self._profile.splits and is_split(activity))
        activity_id = self._say([activity] if is_whole else parts_of(activity), conversation, to)
        is_told = is_whole and not (self._profile.splits and is_sign_in(activity))
        return Result(
            reply=json_reply(self._profile.posted, {"id": activity_id})
            if is_told
            else Reply(status=202),
            effect=effect_of(call, activity_id=activity_id, content=activity),
        )

    def _say(self, parts: list[JsonObject], conversation: Conversation, to: str | None) -> str:
        heading: JsonObject = {} if to is None else {"replyToId": to}
        ids = [
            self._finder.state.post(conversation, {**heading, **part}, by_bot=True)
            for part in parts
        ]
        return ids[0]
