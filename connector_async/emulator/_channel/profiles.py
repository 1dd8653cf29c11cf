"""
The channels, one row each: what every one of them refuses, and how it answers.

What a channel is not known to refuse is answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from connector_async.emulator._channel import naming
from connector_async.emulator._channel.content import (
    refuse_long_message,
    refuse_loose_channel_data,
    refuse_two_contents,
    refuse_unknown_attachments,
)
from connector_async.emulator._channel.limits import EmulatorLimits
from connector_async.emulator._channel.profile import Paging, Profile
from connector_async.emulator._channel.shapes import (
    NO_METHOD,
    NO_PAGE,
    NO_RESOURCE,
    SUPPORTS_NOT,
    WRITES_BLOCKED,
)

_ANY_SIZE: Final = Paging(kinds=frozenset(naming.KINDS), smallest=1)

_TEAMS: Final = Profile(
    name="teams",
    channel_id="msteams",
    naming=naming.TEAMS,
    limits=EmulatorLimits(),
    creation="teams",
    refused={
        "getConversations": NO_METHOD,
        "sendConversationHistory": SUPPORTS_NOT,
        "deleteConversationMember": SUPPORTS_NOT,
        "uploadAttachment": NO_RESOURCE,
    },
    blocked=WRITES_BLOCKED,
    checks=(refuse_long_message, refuse_unknown_attachments),
    update_checks=(refuse_two_contents,),
    splits=True,
    unshown=frozenset(("trace", "endOfConversation", "handoff")),
    has_streams=True,
    guards_others=True,
    has_object_ids=True,
    paging=Paging(kinds=frozenset(("channel",))),
    largest_roster=10_000,
    correlation={
        "X-Correlating-OperationId": "00000000-0000-0000-0000-{:012d}",
        "MS-CV": "emulated.{}",
        "ContextId": "tcid=0,server=EMULATED,cv=emulated.{}",
    },
)

_WEB_CHAT: Final = Profile(
    name="webchat",
    channel_id="webchat",
    naming=naming.WEB_CHAT,
    limits=EmulatorLimits.off(),
    refused={
        "createConversation": SUPPORTS_NOT,
        "updateActivity": SUPPORTS_NOT,
        "deleteActivity": SUPPORTS_NOT,
        "deleteConversationMember": SUPPORTS_NOT,
    },
    no_route=NO_PAGE,
    missing={
        "conversation": ("BadArgument", "Unknown conversation"),
        "activity": ("BadArgument", "Unknown activity"),
        "member": ("BadArgument", "Unknown member"),
        "attachment": ("BadArgument", "Unknown attachment"),
    },
    posted=200,
    paging=_ANY_SIZE,
    correlation={
        "X-Correlating-OperationId": "00000000-0000-0000-0000-{:012d}",
        "x-ms-request-id": "emulated-{}",
    },
)

_DIRECT_LINE: Final = attrs.evolve(
    _WEB_CHAT, name="directline", channel_id="directline", naming=naming.DIRECT_LINE
)

_SLACK: Final = Profile(
    name="slack",
    channel_id="slack",
    naming=naming.SLACK,
    # As the platform behind it has it: one message a second in a channel.
    limits=attrs.evolve(EmulatorLimits.off(), send=((1, 1),)),
    creation="slack",
    refused={
        "getConversations": NO_METHOD,
        "sendConversationHistory": SUPPORTS_NOT,
    },
    no_route=NO_PAGE,
    posted=200,
    checks=(refuse_loose_channel_data,),
    unshown=frozenset(("trace", "endOfConversation", "handoff")),
    paging=_ANY_SIZE,
    correlation={
        "X-Correlating-OperationId": "00000000-0000-0000-0000-{:012d}",
        "request-id": "emulated-{}",
    },
)

_GENERIC: Final = Profile(
    name="generic",
    channel_id="emulator",
    naming=naming.TEAMS,
    limits=EmulatorLimits(),
    compares_ids=True,
    largest_roster=10_000,
    correlation={
        "X-Correlating-OperationId": "00000000-0000-0000-0000-{:012d}",
        "MS-CV": "emulated.{}",
    },
)

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {profile.name: profile for profile in (_TEAMS, _WEB_CHAT, _DIRECT_LINE, _SLACK, _GENERIC)}
)
"""
The channels that can be emulated, by name.

- `teams`: Microsoft Teams
- `webchat`, `directline`: Web Chat and Direct Line
- `slack`: Slack
- `generic`: no channel at all: it has every operation, and refuses nothing that it need not
"""


def profile_of(profile: str | Profile) -> Profile:
    """
    A profile, itself or by its name.

    Raises:
        ValueError: There is none of this name.
    """
    if isinstance(profile, Profile):
        return profile
    if profile not in PROFILES:
        msg = f"there is no profile {profile!r}; there are {', '.join(PROFILES)}"
        raise ValueError(msg)
    return PROFILES[profile]
