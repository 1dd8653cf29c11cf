"""
The thread of a conversation: what is in it, and what was in it, from the record.

The state knows what is there now; who posted it, what it said before and what was deleted
is read from the exchanges. A page asks for what has changed since it last asked.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

import attrs

from connector_async.emulator._calls.message import JsonObject, as_object
from connector_async.emulator._console.feed import EPOCHS
from connector_async.emulator._console.views import Delivery, seconds_of
from connector_async.emulator._emulator import Emulator
from connector_async.emulator._record.exchange import Exchange
from connector_async.emulator._state.activities import Activities

_MOST_SHOWN: Final = 20_000
_READ_AT_ONCE: Final = 5_000
_KEPT_THREADS: Final = 8

Deliveries = Mapping[tuple[str, str], Delivery]


@attrs.define
class _Posted:
    """
    What the record tells of one activity.

    Attributes:
        number: Of the exchange that it came from; None when that did not come by a call.
        versions: What it said, oldest first.
    """

    number: int | None = None
    wall: float = 0.0
    versions: list[JsonObject] = attrs.field(factory=list[JsonObject])
    edits: int = 0
    is_repeated: bool = False
    is_deleted: bool = False


@attrs.define(kw_only=True)
class _Entry:
    id: str
    activity: JsonObject
    posted: _Posted
    changes: int = 0
    is_deleted: bool = False
    delivery: Delivery | None = None
    edits: int = 0
    revision: int = 0


class Threads:
    """
    The threads that pages look at.
    """

    def __init__(self, emulator: Emulator, deliveries: Deliveries) -> None:
        self._emulator = emulator
        self._deliveries = deliveries
        self._threads: OrderedDict[str, _Thread] = OrderedDict()

    def changes(self, conversation_id: str, *, after: int, epoch: int | None) -> JsonObject:
        """
        What changed after a revision; all there is, for another epoch.

        Raises:
            KeyError: There is no such conversation.
        """
        held = self._emulator.held(conversation_id)
        thread = self._threads.pop(conversation_id, None)
        if thread is None or not thread.read(self._emulator, held, self._deliveries):
            thread = _Thread(conversation_id, held)
            thread.read(self._emulator, held, self._deliveries)
        self._threads[conversation_id] = thread
        if len(self._threads) > _KEPT_THREADS:
            self._threads.popitem(last=False)
        return thread.changes(self._emulator, after if epoch == thread.epoch else 0)


class _Thread:
    def __init__(self, conversation_id: str, held: Activities) -> None:
        self.epoch = next(EPOCHS)
        self._conversation_id = conversation_id
        # Another one holds what was said in another conversation of the same id.
        self._held = weakref.ref(held)
        self._last_number = 0
        self._posted: dict[str, _Posted] = {}
        self._entries: dict[str, _Entry] = {}
        self._revision = 0

    def read(self, emulator: Emulator, held: Activities, deliveries: Deliveries) -> bool:
        """
        Bring it up to date; False when all was cleared meanwhile, and it has to begin anew.

        What has not changed is not read again: most of it may lie in a file.
        """
        if self._held() is not held:
            return False
        if self._last_number and emulator.record.exchange(self._last_number) is None:
            return False
        self._revision += 1
        self._read_record(emulator)
        for entry in self._entries.values():
            if entry.id not in held and not entry.posted.is_deleted:
                return False
        self._add(held)
        for entry in self._entries.values():
            self._update(entry, held, deliveries)
        return True

    def changes(self, emulator: Emulator, after: int) -> JsonObject:
        entries = list(self._entries.values())
        hidden = max(0, len(entries) - _MOST_SHOWN)
        return {
            "epoch": self.epoch,
            "revision": self._revision,
            "hidden": hidden,
            "entries": [
                _shown(emulator, entry) for entry in entries[hidden:] if entry.revision > after
            ],
        }

    def _read_record(self, emulator: Emulator) -> None:
        while True:
            exchanges = emulator.record.exchanges(
                conversation_id=self._conversation_id,
                # Before, an id was another activity's.
                after=max(self._last_number, emulator.record.first_number - 1),
                limit=_READ_AT_ONCE,
            )
            for exchange in exchanges:
                self._read_exchange(exchange)
            if len(exchanges) < _READ_AT_ONCE:
                return

    def _read_exchange(self, exchange: Exchange) -> None:
        self._last_number = exchange.number
        if not exchange.committed or exchange.activity_id is None:
            return
        posted = self._posted.setdefault(exchange.activity_id, _Posted())
        if (said := exchange.posted) is not None:
            posted.number = exchange.number
            posted.wall = exchange.wall
            posted.is_repeated = posted.is_repeated or exchange.repeated
            posted.versions = [said]
        elif exchange.operation == "updateActivity":
            posted.edits += 1
            posted.versions.append(exchange.activity)
        else:
            posted.is_deleted = posted.is_deleted or exchange.operation == "deleteActivity"

    def _add(self, held: Activities) -> None:
        gone = [
            (posted.wall, activity_id, posted)
            for activity_id, posted in self._posted.items()
            if posted.is_deleted
            and posted.number is not None
            and activity_id not in self._entries
            and activity_id not in held
        ]
        gone.sort(key=lambda found: found[0], reverse=True)
        for activity_id in held:
            if activity_id in self._entries:
                continue
            activity = held[activity_id]
            posted = self._posted.setdefault(activity_id, _Posted())
            said = posted.wall or seconds_of(activity)
            while gone and gone[-1][0] < said:
                self._add_gone(*gone.pop()[1:])
            self._entries[activity_id] = _Entry(
                id=activity_id,
                activity=activity,
                posted=posted,
                changes=held.changes(activity_id),
            )
        while gone:
            self._add_gone(*gone.pop()[1:])

    def _add_gone(self, activity_id: str, posted: _Posted) -> None:
        self._entries[activity_id] = _Entry(
            id=activity_id, activity=posted.versions[-1], posted=posted, is_deleted=True
        )

    def _update(self, entry: _Entry, held: Activities, deliveries: Deliveries) -> None:
        is_deleted = entry.id not in held
        changes = held.changes(entry.id)
        delivery = deliveries.get((self._conversation_id, entry.id))
        if (
            entry.revision
            and changes == entry.changes
            and is_deleted == entry.is_deleted
            and delivery == entry.delivery
            and entry.edits == entry.posted.edits
        ):
            return
        if not is_deleted and (changes != entry.changes or entry.is_deleted):
            entry.activity = held[entry.id]
        entry.changes = changes
        entry.is_deleted = is_deleted
        entry.delivery = delivery
        entry.edits = entry.posted.edits
        entry.revision = self._revision


def _shown(emulator: Emulator, entry: _Entry) -> JsonObject:
    posted = entry.posted
    by = "bot" if _is_bots(emulator, entry) else "user"
    # An update need not say again whose it is.
    said = [entry.activity, *reversed(posted.versions)]
    senders = [as_object(activity.get("from")) for activity in said]
    name = next((one.get("name") or one.get("id") for one in senders if one), None)
    return {
        "id": entry.id,
        "by": by,
        "from": str(name) if name else by.capitalize(),
        "time": posted.wall or seconds_of(entry.activity),
        "activity": entry.activity,
        "edits": posted.versions[:-1],
        "deleted": entry.is_deleted,
        "number": posted.number,
        "repeated": posted.is_repeated,
        "delivery": None if entry.delivery is None else attrs.asdict(entry.delivery),
    }


def _is_bots(emulator: Emulator, entry: _Entry) -> bool:
    sender = as_object(entry.activity.get("from"))
    if entry.posted.number is not None or sender.get("role") == "bot":
        return True
    # A message that was split has no id that a call was answered with.
    return not sender and emulator.profile.splits
