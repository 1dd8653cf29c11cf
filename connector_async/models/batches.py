"""
Messages to many on Teams: what became of them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from connector_async.models._model import Many, Model


@attrs.frozen(kw_only=True, slots=True, repr=False)
class BatchOperationResponse(Model):
    """
    The batch that was accepted.

    Attributes:
        operation_id: To ask for its state. Some hosts answer with this text alone.

    Source:
        Teams, BatchOperationResponse.
    """

    operation_id: str | None = attrs.field(default=None, metadata={"bare": True})


@attrs.frozen(kw_only=True, slots=True, repr=False)
class BatchOperationState(Model):
    """
    How far a batch is.

    Attributes:
        state: Such as `Ongoing`, `Completed`, `Failed`.
        status_map: How many entries ended with each HTTP status; the keys are
            texts on the wire. One host nests the map in an object `response`, which
            is then in `extra`.
        retry_after: When to ask again.
        total_entries_count: How many entries there are.

    Source:
        Teams, BatchOperationState.
    """

    state: str | None = None
    status_map: Mapping[str, int] | None = attrs.field(default=None, hash=False)
    retry_after: datetime | str | None = None
    total_entries_count: int | None = None

    @property
    def status_counts(self) -> Mapping[int, int]:
        """
        `status_map` by HTTP status as a number; what is no number is left out.
        """
        counts = self.status_map or {}
        return {int(status): count for status, count in counts.items() if status.isdecimal()}


@attrs.frozen(kw_only=True, slots=True, repr=False)
class BatchFailedEntry(Model):
    """
    An entry that failed.

    Attributes:
        entry_id: The member's or the channel's id; some hosts call it `id`.
        error: Why: a text or an object.

    Source:
        Teams, BatchFailedEntry.
    """

    entry_id: str | None = attrs.field(default=None, metadata={"aliases": ("id",)})
    error: Any = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True, slots=True, repr=False)
class BatchFailedEntriesResponse(Model):
    """
    A page of entries that failed.

    Attributes:
        continuation_token: For the next page; None on the last.
        failed_entry_responses: The entries; two other spellings of the name are
            read too.

    Source:
        Teams, BatchFailedEntriesResponse.
    """

    continuation_token: str | None = None
    failed_entry_responses: tuple[BatchFailedEntry, ...] = attrs.field(
        default=(),
        converter=Many[BatchFailedEntry],
        metadata={"aliases": ("failedEntries", "failedEntriesResponses")},
    )
