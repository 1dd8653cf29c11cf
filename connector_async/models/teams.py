"""
What Microsoft Teams adds: `channelData`, and the answers of its own operations.
"""

from datetime import datetime
from typing import Any

import attrs

from connector_async.models._model import Many, Model
from connector_async.models.accounts import ChannelAccount, ConversationAccount


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ChannelInfo(Model):
    """
    A channel of a team.

    Attributes:
        id: The channel's.
        name: None for General.
        type: `standard`, `shared`, `private`.

    Source:
        Teams, ChannelInfo.
    """

    id: str | None = None
    name: str | None = None
    type: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ConversationList(Model):
    """
    The channels of a team.

    Source:
        Teams, ConversationList.
    """

    conversations: tuple[ChannelInfo, ...] = attrs.field(default=(), converter=Many[ChannelInfo])


@attrs.frozen(kw_only=True, slots=True, repr=False)
class TeamInfo(Model):
    """
    A team, as activities name it.

    Attributes:
        id: That of its General channel.
        name: The team's.
        aad_group_id: The Entra group.
        team_type: As `TeamDetails.type`.
        member_count: How many members.
        channel_count: How many channels.

    Source:
        Teams, TeamInfo.
    """

    id: str | None = None
    name: str | None = None
    aad_group_id: str | None = None
    team_type: str | None = None
    member_count: int | None = None
    channel_count: int | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class TeamDetails(Model):
    """
    A team, as its own operation tells it.

    Attributes:
        id: That of its General channel.
        name: The team's.
        type: `standard`, `sharedChannel`, `privateChannel`.
        aad_group_id: The Entra group.
        channel_count: How many channels.
        member_count: How many members.
        tenant_id: The Entra tenant.

    Source:
        Teams, TeamDetails.
    """

    id: str | None = None
    name: str | None = None
    type: str | None = None
    aad_group_id: str | None = None
    channel_count: int | None = None
    member_count: int | None = None
    tenant_id: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class TenantInfo(Model):
    """
    An Entra tenant.

    Source:
        Teams, TenantInfo.
    """

    id: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class NotificationInfo(Model):
    """
    Whether a message makes itself heard.

    Attributes:
        alert: In the user's activity feed.
        alert_in_meeting: In the meeting.
        external_resource_url: The page of the alert in the meeting.

    Source:
        Teams, NotificationInfo.
    """

    alert: bool | None = None
    alert_in_meeting: bool | None = None
    external_resource_url: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class TeamsMeetingInfo(Model):
    """
    The meeting that an activity belongs to.

    Source:
        Teams, TeamsMeetingInfo.
    """

    id: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ChannelDataSettings(Model):
    """
    What was chosen when the app was installed.

    Source:
        Teams, TeamsChannelDataSettings.
    """

    selected_channel: ChannelInfo | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class AppInfo(Model):
    """
    The Teams app.

    Source:
        Teams, AppInfo.
    """

    id: str | None = None
    version: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class OnBehalfOf(Model):
    """
    For whom the bot speaks.

    Attributes:
        itemid: Always 0; the wire's name has a lower-case id.
        mention_type: Always `person`.
        mri: The user's id.
        display_name: The user's name.

    Source:
        Teams, OnBehalfOf.
    """

    itemid: int | None = attrs.field(default=0, metadata={"aliases": ("itemId",)})
    mention_type: str | None = "person"
    mri: str | None = None
    display_name: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class FeedbackLoop(Model):
    """
    How users are asked for feedback.

    Attributes:
        type: `default` or `custom`.

    Source:
        Teams, FeedbackLoop.
    """

    type: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ChannelDataSource(Model):
    """
    Where in Teams an activity came from. Comes in only.

    Source:
        Teams, channelData.
    """

    name: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ChannelDataLegacy(Model):
    """
    What older clients say. Comes in only.

    Source:
        Teams, channelData.
    """

    reply_to_id: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class TeamsChannelData(Model):
    """
    `Activity.channel_data` on Teams. On an activity that came in, it is raw JSON.

    Attributes:
        channel: The channel.
        team: The team.
        tenant: The Entra tenant.
        event_type: One of `TeamsEventTypes`.
        notification: Whether a message makes itself heard.
        meeting: The meeting.
        settings: On an installation.
        app: The Teams app.
        on_behalf_of: For whom the bot speaks.
        feedback_loop_enabled: The older form; clients accept one of the two.
        feedback_loop: How users are asked for feedback.
        stream_id: The same as in StreamInfo.
        stream_type: The same as in StreamInfo.
        stream_sequence: The same as in StreamInfo.
        source: Comes in only.
        legacy: Comes in only.
        teams_team_id: Deprecated, still sent.
        teams_channel_id: Deprecated, still sent.

    Source:
        Teams, TeamsChannelData.
    """

    channel: ChannelInfo | None = None
    team: TeamInfo | None = None
    tenant: TenantInfo | None = None
    event_type: str | None = None
    notification: NotificationInfo | None = None
    meeting: TeamsMeetingInfo | None = None
    settings: ChannelDataSettings | None = None
    app: AppInfo | None = None
    on_behalf_of: tuple[OnBehalfOf, ...] = attrs.field(default=(), converter=Many[OnBehalfOf])
    feedback_loop_enabled: bool | None = None
    feedback_loop: FeedbackLoop | None = None
    stream_id: str | None = None
    stream_type: str | None = None
    stream_sequence: int | None = None
    source: ChannelDataSource | None = None
    legacy: ChannelDataLegacy | None = None
    teams_team_id: str | None = None
    teams_channel_id: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class MeetingDetails(Model):
    """
    What a meeting is about. All but its id and type may be absent.

    Attributes:
        id: In base64.
        ms_graph_resource_id: Its id in Microsoft Graph.
        scheduled_start_time: In UTC.
        scheduled_end_time: In UTC.
        join_url: Where to join.
        title: Its subject.
        type: One of `MeetingTypes`.

    Source:
        Teams, MeetingDetails.
    """

    id: str | None = None
    ms_graph_resource_id: str | None = None
    scheduled_start_time: datetime | str | None = None
    scheduled_end_time: datetime | str | None = None
    join_url: str | None = None
    title: str | None = None
    type: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class MeetingInfo(Model):
    """
    A meeting, its chat, and who called it.

    Source:
        Teams, MeetingInfo.
    """

    id: str | None = None
    details: MeetingDetails | None = None
    conversation: ConversationAccount | None = None
    organizer: ChannelAccount | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ParticipantMeetingInfo(Model):
    """
    A participant's part in a meeting.

    Attributes:
        role: Such as `Organizer`, `Attendee`.
        in_meeting: Whether they are there now.

    Source:
        Teams, MeetingParticipant.
    """

    role: str | None = None
    in_meeting: bool | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class MeetingParticipant(Model):
    """
    Somebody invited to a meeting.

    Source:
        Teams, MeetingParticipant.
    """

    user: ChannelAccount | None = None
    meeting: ParticipantMeetingInfo | None = None
    conversation: ConversationAccount | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class MeetingSurface(Model):
    """
    A place in a meeting where something is shown.

    Attributes:
        surface: `meetingStage`, `meetingTabIcon`, `meetingCopilotPane`.
        content_type: `task`.
        content: What to show.
        tab_entity_id: The tab that is meant.

    Source:
        Teams, Surface.
    """

    surface: str | None = None
    content_type: str | None = None
    content: Any = attrs.field(default=None, hash=False)
    tab_entity_id: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class MeetingNotificationValue(Model):
    """
    What to show in a meeting, and to whom.

    Source:
        Teams, MeetingNotification.
    """

    recipients: tuple[str, ...] = attrs.field(default=(), converter=Many[str])
    surfaces: tuple[MeetingSurface, ...] = attrs.field(default=(), converter=Many[MeetingSurface])


@attrs.frozen(kw_only=True, slots=True, repr=False)
class MeetingNotification(Model):
    """
    Something to show in a meeting.

    Attributes:
        type: Such as `targetedMeetingNotification`.
        value: What, and to whom.
        channel_data: For whom the bot speaks.

    Source:
        Teams, MeetingNotification.
    """

    type: str | None = None
    value: MeetingNotificationValue | None = None
    channel_data: TeamsChannelData | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class RecipientFailureInfo(Model):
    """
    Somebody whom a meeting notification did not reach.

    Attributes:
        recipient_mri: The user's id.
        error_code: `errorcode` in one of the vendor's SDKs; any casing is read.
        failure_reason: A sentence.

    Source:
        Teams, MeetingNotificationRecipientFailureInfo.
    """

    recipient_mri: str | None = None
    error_code: str | None = attrs.field(default=None, metadata={"aliases": ("errorCode",)})
    failure_reason: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class MeetingNotificationResponse(Model):
    """
    Whom a meeting notification did not reach.

    Source:
        Teams, MeetingNotificationResponse.
    """

    recipients_failure_info: tuple[RecipientFailureInfo, ...] = attrs.field(
        default=(), converter=Many[RecipientFailureInfo]
    )
