"""
The limits as published, and how an application sets its own.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final, Self, cast

import attrs

from connector_async._checks import is_count
from connector_async.limits.quota import Quota, Window, Windows, windows

_SENDS: Final = windows((7, 1), (8, 2), (60, 30), (1800, 3600))
_READS: Final = windows((14, 1), (16, 2), (120, 30), (3600, 3600))
_UNPAGED: Final = windows((5, 60))
_TENANT: Final = windows((50, 1))


# One per cent: two would be the whole of what the limiter may waste.
_MARGIN: Final = 1


def _stretched(binding: Windows) -> Windows:
    return tuple(window.stretched(_MARGIN) for window in binding)


def _are_windows(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    several = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (None,)
    if not all(isinstance(one, Window) for one in several):
        raise TypeError(f"{attribute.name} takes windows((count, seconds), ...), not {value!r}")


@attrs.frozen(kw_only=True)
class Limits:
    """
    What a bot keeps to, before the service has to refuse.

    Attributes:
        send: Sends, replies, updates and deletes together, per conversation.
        create: Creating conversations, per channel or per member.
        members: The members calls, per conversation.
        unpaged_members: The unpaged members call, per conversation, besides *members*.
        conversations: Listing conversations.
        tenant: All calls together, per tenant.
        processes: How many processes share the bot; each keeps to its part.
        teams_only: Whether they hold on Teams only, or on every channel.

    Source:
        Teams, "Rate limiting for agents"; the unpaged call: Teams, "Get Teams
        specific context for your bot".
    """

    send: Windows = attrs.field(default=_SENDS, validator=_are_windows)
    create: Windows = attrs.field(default=_SENDS, validator=_are_windows)
    members: Windows = attrs.field(default=_READS, validator=_are_windows)
    unpaged_members: Windows = attrs.field(default=_UNPAGED, validator=_are_windows)
    conversations: Windows = attrs.field(default=_READS, validator=_are_windows)
    tenant: Windows = attrs.field(default=_TENANT, validator=_are_windows)
    processes: int = attrs.field(default=1, validator=is_count)
    teams_only: bool = False

    @classmethod
    def teams(cls, *, processes: int = 1) -> Self:
        """
        The published limits of Teams, on Teams; none elsewhere.

        Args:
            processes: How many processes share the bot; each keeps to its part.
        """
        return cls(processes=processes, teams_only=True)

    @classmethod
    def none(cls) -> Self:
        """
        No limits; a refusal of the service is still obeyed.
        """
        return cls(send=(), create=(), members=(), unpaged_members=(), conversations=(), tenant=())

    def windows_of(self, quota: Quota, *, at_start: bool = False) -> Windows:
        """
        This process's windows of a quota, for one conversation.

        Args:
            quota: Which one.
            at_start: For entries that are made when a request leaves, and not
                when its answer came: longer by a margin for the time on the way.
        """
        return self._stretched_parts[quota] if at_start else self._parts[quota]

    @cached_property
    def windows_of_tenant(self) -> Windows:
        """
        This process's windows of a whole tenant.
        """
        return self._part(self.tenant)

    @cached_property
    def windows_of_tenant_at_start(self) -> Windows:
        """
        The same for entries that are made when a request leaves.
        """
        return _stretched(self.windows_of_tenant)

    @cached_property
    def _stretched_parts(self) -> dict[Quota, Windows]:
        return {quota: _stretched(part) for quota, part in self._parts.items()}

    @cached_property
    def _parts(self) -> dict[Quota, Windows]:
        return {
            Quota.SEND: self._part(self.send),
            Quota.CREATE: self._part(self.create),
            Quota.MEMBERS: self._part(self.members),
            Quota.UNPAGED_MEMBERS: self._part(self.unpaged_members),
            Quota.CONVERSATIONS: self._part(self.conversations),
            Quota.OTHER: (),
        }

    def _part(self, whole: Windows) -> Windows:
        return tuple(window.shared_by(self.processes) for window in whole)
