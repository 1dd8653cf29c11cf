"""
The known words of the service.

Every vocabulary is open: fields are `str`, these are the words that are known,
and any other may come. Words are compared letter for letter.
"""


class ActivityTypes:
    """
    `Activity.type`.
    """

    MESSAGE = "message"
    CONTACT_RELATION_UPDATE = "contactRelationUpdate"
    CONVERSATION_UPDATE = "conversationUpdate"
    TYPING = "typing"
    END_OF_CONVERSATION = "endOfConversation"
    EVENT = "event"
    INVOKE = "invoke"
    INVOKE_RESPONSE = "invokeResponse"
    DELETE_USER_DATA = "deleteUserData"
    MESSAGE_UPDATE = "messageUpdate"
    MESSAGE_DELETE = "messageDelete"
    INSTALLATION_UPDATE = "installationUpdate"
    MESSAGE_REACTION = "messageReaction"
    SUGGESTION = "suggestion"
    TRACE = "trace"
    HANDOFF = "handoff"
    COMMAND = "command"
    COMMAND_RESULT = "commandResult"


class ActionTypes:
    """
    `CardAction.type`.
    """

    OPEN_URL = "openUrl"
    IM_BACK = "imBack"
    POST_BACK = "postBack"
    PLAY_AUDIO = "playAudio"
    PLAY_VIDEO = "playVideo"
    SHOW_IMAGE = "showImage"
    DOWNLOAD_FILE = "downloadFile"
    SIGNIN = "signin"
    CALL = "call"
    MESSAGE_BACK = "messageBack"
    OPEN_APP = "openApp"
    INVOKE = "invoke"
    ACTION_SUBMIT = "Action.Submit"
    PAYMENT = "payment"
    """Deprecated with the payment feature."""


class TextFormatTypes:
    """
    `Activity.text_format`. Without one, the channel decides.
    """

    MARKDOWN = "markdown"
    PLAIN = "plain"
    XML = "xml"
    EXTENDED_MARKDOWN = "extendedmarkdown"
    """Teams, preview."""


class InputHints:
    """
    `Activity.input_hint`, in the forms of the wire.

    The protocol's text prints `accepting`, `ignoring` and `expecting`.
    """

    ACCEPTING_INPUT = "acceptingInput"
    IGNORING_INPUT = "ignoringInput"
    EXPECTING_INPUT = "expectingInput"


class AttachmentLayoutTypes:
    """
    `Activity.attachment_layout`.
    """

    LIST = "list"
    CAROUSEL = "carousel"


class MessageReactionTypes:
    """
    `MessageReaction.type`. Teams has many more, such as `1f440_eyes`.
    """

    LIKE = "like"
    PLUS_ONE = "plusOne"
    HEART = "heart"
    LAUGH = "laugh"
    SURPRISED = "surprised"
    SAD = "sad"
    ANGRY = "angry"
    EYES = "1f440_eyes"
    WHITE_HEAVY_CHECKMARK = "2705_whiteheavycheckmark"
    LAUNCH = "launch"
    PUSHPIN = "1f4cc_pushpin"


class SemanticActionStates:
    """
    `SemanticAction.state`.
    """

    START = "start"
    CONTINUE = "continue"
    DONE = "done"


class RoleTypes:
    """
    `ChannelAccount.role`.
    """

    USER = "user"
    BOT = "bot"
    SKILL = "skill"
    AGENT = "agent"
    CONNECTOR_USER = "connectoruser"
    AGENTIC_USER = "agenticUser"
    AGENTIC_INSTANCE = "agenticInstance"
    """As the protocol's text has it."""
    AGENTIC_APP_INSTANCE = "agenticAppInstance"
    """The same, as the vendor's SDK has it."""


class DeliveryModes:
    """
    `Activity.delivery_mode`.
    """

    NORMAL = "normal"
    NOTIFICATION = "notification"
    """Deprecated; the same as `normal`."""
    EXPECT_REPLIES = "expectReplies"
    EPHEMERAL = "ephemeral"
    STREAM = "stream"


class EndOfConversationCodes:
    """
    `Activity.code`.
    """

    UNKNOWN = "unknown"
    COMPLETED_SUCCESSFULLY = "completedSuccessfully"
    USER_CANCELLED = "userCancelled"
    BOT_TIMED_OUT = "botTimedOut"
    BOT_ISSUED_INVALID_MESSAGE = "botIssuedInvalidMessage"
    CHANNEL_FAILED = "channelFailed"


class ActivityImportance:
    """
    `Activity.importance`.
    """

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class ContactRelationUpdateActionTypes:
    """
    `Activity.action` of a `contactRelationUpdate`.
    """

    ADD = "add"
    REMOVE = "remove"


class InstallationUpdateActionTypes:
    """
    `Activity.action` of an `installationUpdate`.
    """

    ADD = "add"
    REMOVE = "remove"
    ADD_UPGRADE = "add-upgrade"
    """Teams."""
    REMOVE_UPGRADE = "remove-upgrade"
    """Teams."""


class ConversationTypes:
    """
    `ConversationAccount.conversation_type` on Teams. Meeting chats are group chats.
    """

    PERSONAL = "personal"
    GROUP_CHAT = "groupChat"
    CHANNEL = "channel"


class StreamTypes:
    """
    `StreamInfo.stream_type`.
    """

    INFORMATIVE = "informative"
    STREAMING = "streaming"
    FINAL = "final"


class StreamResults:
    """
    `StreamInfo.stream_result`.
    """

    SUCCESS = "success"
    TIMEOUT = "timeout"
    ERROR = "error"


class Channels:
    """
    `Activity.channel_id`. `split_channel_id` takes a sub-channel off.
    """

    MSTEAMS = "msteams"
    MSTEAMS_COPILOT = "msteams:COPILOT"
    WEBCHAT = "webchat"
    DIRECTLINE = "directline"
    DIRECTLINE_SPEECH = "directlinespeech"
    EMULATOR = "emulator"
    SLACK = "slack"
    FACEBOOK = "facebook"
    TELEGRAM = "telegram"
    EMAIL = "email"
    SMS = "sms"
    LINE = "line"
    GROUPME = "groupme"
    KIK = "kik"
    SKYPE = "skype"
    SKYPE_FOR_BUSINESS = "skypeforbusiness"
    CORTANA = "cortana"
    ALEXA = "alexa"
    TWILIO_SMS = "twilio-sms"
    TELEPHONY = "telephony"
    OUTLOOK = "outlook"
    OMNICHANNEL = "omnichannel"
    M365_EXTENSIONS = "m365extensions"
    ENTERPRISE_CHANNEL = "enterprisechannel"
    KAIZALA = "kaizala"
    AGENTS = "agents"
    PVA_STUDIO = "pva-studio"
    A2A = "a2a"
    MCP = "mcp"
    CONSOLE = "console"
    TEST = "test"


class CallerIds:
    """
    `Activity.caller_id`, which is filled in locally.
    """

    AZURE = "urn:botframework:azure"
    AZURE_US_GOV = "urn:botframework:azureusgov"
    AAD_APP_ID_PREFIX = "urn:botframework:aadappid:"
    """An application id follows."""


class MeetingTypes:
    """
    `MeetingDetails.type`.
    """

    ONE_TO_ONE_CALL = "OneToOneCall"
    GROUP_CALL = "GroupCall"
    SCHEDULED = "Scheduled"
    RECURRING = "Recurring"
    MEET_NOW = "MeetNow"
    CHANNEL_SCHEDULED = "ChannelScheduled"
    CHANNEL_RECURRING = "ChannelRecurring"


class EventNames:
    """
    `Activity.name` of an `event`.
    """

    TOKENS_RESPONSE = "tokens/response"
    CONTINUE_CONVERSATION = "ContinueConversation"
    CREATE_CONVERSATION = "CreateConversation"
    MEETING_START = "application/vnd.microsoft.meetingStart"
    MEETING_END = "application/vnd.microsoft.meetingEnd"
    MEETING_PARTICIPANT_JOIN = "application/vnd.microsoft.meetingParticipantJoin"
    MEETING_PARTICIPANT_LEAVE = "application/vnd.microsoft.meetingParticipantLeave"
    READ_RECEIPT = "application/vnd.microsoft.readReceipt"
    MEDIA_PREFIX = "media/"
    """What happened to a media card follows."""
    MEDIA_START = "Media.Start"
    MEDIA_CHUNK = "Media.Chunk"
    MEDIA_END = "Media.End"
    SYSTEM_PREFIX = "Sys."
    """Reserved."""
    SYSTEM_CONSENT_RESPONSE = "Sys.ConsentResponseEvent"
    PVA_SET_CONTEXT = "pvaSetContext"
    START_CONVERSATION = "startConversation"


class CommandNames:
    """
    `Activity.name` of a `command`. Names of one's own are `application/*`.
    """

    SESSION_INIT = "session.init"
    SESSION_UPDATE = "session.update"
    SESSION_END = "session.end"


class InvokeNames:
    """
    `Activity.name` of an `invoke`.
    """

    SIGNIN_VERIFY_STATE = "signin/verifyState"
    SIGNIN_TOKEN_EXCHANGE = "signin/tokenExchange"  # noqa: S105  # a name, not a secret
    SIGNIN_FAILURE = "signin/failure"
    FILE_CONSENT_INVOKE = "fileConsent/invoke"
    ADAPTIVE_CARD_ACTION = "adaptiveCard/action"
    APPLICATION_SEARCH = "application/search"
    ACTIONABLE_MESSAGE_EXECUTE_ACTION = "actionableMessage/executeAction"
    TASK_FETCH = "task/fetch"
    TASK_SUBMIT = "task/submit"
    TAB_FETCH = "tab/fetch"
    TAB_SUBMIT = "tab/submit"
    CONFIG_FETCH = "config/fetch"
    CONFIG_SUBMIT = "config/submit"
    MESSAGE_SUBMIT_ACTION = "message/submitAction"
    MESSAGE_FETCH_TASK = "message/fetchTask"
    SUGGESTED_ACTIONS_SUBMIT = "suggestedActions/submit"
    HANDOFF_ACTION = "handoff/action"
    COMPOSE_EXTENSION_QUERY = "composeExtension/query"
    COMPOSE_EXTENSION_SELECT_ITEM = "composeExtension/selectItem"
    COMPOSE_EXTENSION_QUERY_LINK = "composeExtension/queryLink"
    COMPOSE_EXTENSION_ANONYMOUS_QUERY_LINK = "composeExtension/anonymousQueryLink"
    COMPOSE_EXTENSION_FETCH_TASK = "composeExtension/fetchTask"
    COMPOSE_EXTENSION_SUBMIT_ACTION = "composeExtension/submitAction"
    COMPOSE_EXTENSION_QUERY_SETTING_URL = "composeExtension/querySettingUrl"
    COMPOSE_EXTENSION_SETTING = "composeExtension/setting"
    COMPOSE_EXTENSION_ON_CARD_BUTTON_CLICKED = "composeExtension/onCardButtonClicked"


class TeamsEventTypes:
    """
    `TeamsChannelData.event_type`.
    """

    CHANNEL_CREATED = "channelCreated"
    CHANNEL_RENAMED = "channelRenamed"
    CHANNEL_DELETED = "channelDeleted"
    CHANNEL_RESTORED = "channelRestored"
    CHANNEL_SHARED = "channelShared"
    CHANNEL_UNSHARED = "channelUnshared"
    CHANNEL_MEMBER_ADDED = "channelMemberAdded"
    CHANNEL_MEMBER_REMOVED = "channelMemberRemoved"
    TEAM_MEMBER_ADDED = "teamMemberAdded"
    TEAM_MEMBER_REMOVED = "teamMemberRemoved"
    TEAM_RENAMED = "teamRenamed"
    TEAM_DELETED = "teamDeleted"
    TEAM_HARD_DELETED = "teamHardDeleted"
    TEAM_ARCHIVED = "teamArchived"
    TEAM_UNARCHIVED = "teamUnarchived"
    TEAM_RESTORED = "teamRestored"
    EDIT_MESSAGE = "editMessage"
    UNDELETE_MESSAGE = "undeleteMessage"
    SOFT_DELETE_MESSAGE = "softDeleteMessage"


class EntityTypes:
    """
    `Entity.type`.
    """

    MENTION = "mention"
    CLIENT_INFO = "clientInfo"
    STREAM_INFO = "streaminfo"
    MESSAGE = "https://schema.org/Message"
    PRODUCT_INFO = "ProductInfo"
    QUOTED_REPLY = "quotedReply"
    TARGETED_MESSAGE_INFO = "targetedMessageInfo"
    ACTIVITY_TREATMENT = "activityTreatment"
    CONTEXT = "context"
    STRING = "string"
    NUMBER = "number"
    GEO_COORDINATES = "GeoCoordinates"
    PLACE = "Place"
    THING = "Thing"


class AttachmentViews:
    """
    `AttachmentView.view_id`.
    """

    ORIGINAL = "original"
    THUMBNAIL = "thumbnail"


class ContentTypes:
    """
    `Attachment.content_type` of what is no plain file, and `Activity.value_type`.
    """

    ADAPTIVE_CARD = "application/vnd.microsoft.card.adaptive"
    ANIMATION_CARD = "application/vnd.microsoft.card.animation"
    AUDIO_CARD = "application/vnd.microsoft.card.audio"
    HERO_CARD = "application/vnd.microsoft.card.hero"
    OAUTH_CARD = "application/vnd.microsoft.card.oauth"
    RECEIPT_CARD = "application/vnd.microsoft.card.receipt"
    SIGNIN_CARD = "application/vnd.microsoft.card.signin"
    THUMBNAIL_CARD = "application/vnd.microsoft.card.thumbnail"
    VIDEO_CARD = "application/vnd.microsoft.card.video"
    FILE_DOWNLOAD_INFO = "application/vnd.microsoft.teams.file.download.info"
    FILE_CONSENT_CARD = "application/vnd.microsoft.teams.card.file.consent"
    FILE_INFO_CARD = "application/vnd.microsoft.teams.card.file.info"
    O365_CONNECTOR_CARD = "application/vnd.microsoft.teams.card.o365connector"
    HTML = "text/html"
    """The mirror of the text that Teams adds to what users write."""
    VOICE = "application/vnd.microsoft.activity.voice+json"


class InvokeResponseTypes:
    """
    `type` of the body that answers an invoke.
    """

    MESSAGE = "application/vnd.microsoft.activity.message"
    LOGIN_REQUEST = "application/vnd.microsoft.activity.loginRequest"
    ERROR = "application/vnd.microsoft.error"
    INCORRECT_AUTH_CODE = "application/vnd.microsoft.error.incorrectAuthCode"
    PRECONDITION_FAILED = "application/vnd.microsoft.error.preconditionFailed"
    SEARCH_RESPONSE = "application/vnd.microsoft.search.searchResponse"
