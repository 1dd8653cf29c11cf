"""
The names of every model's fields on the wire, as the documents have them.
"""

import pytest

from connector_async import models
from connector_async.models._model import wire_fields

WIRE_NAMES = {
    "AadResourceUrls": "resourceUrls",
    "Activity": (
        "type id timestamp localTimestamp localTimezone callerId serviceUrl channelId "
        "from conversation recipient textFormat attachmentLayout membersAdded "
        "membersRemoved reactionsAdded reactionsRemoved topicName historyDisclosed locale "
        "text speak inputHint summary suggestedActions attachments entities channelData "
        "action replyToId label valueType value name relatesTo code expiration importance "
        "deliveryMode listenFor textHighlights semanticAction"
    ),
    "ActivityTreatment": "type treatment",
    "AnimationCard": (
        "title subtitle text image media buttons shareable autoloop autostart aspect duration value"
    ),
    "AppInfo": "id version",
    "Appearance": "@type name text url abstract encodingFormat image keywords usageInfo",
    "AppearanceImage": "@type name",
    "Attachment": "contentType contentUrl content name thumbnailUrl",
    "AttachmentData": "type name originalBase64 thumbnailBase64",
    "AttachmentInfo": "name type views",
    "AttachmentView": "viewId size",
    "AudioCard": (
        "title subtitle text image media buttons shareable autoloop autostart aspect duration value"
    ),
    "BasicCard": "title subtitle text images buttons tap",
    "BatchFailedEntriesResponse": "continuationToken failedEntryResponses",
    "BatchFailedEntry": "entryId error",
    "BatchOperationResponse": "operationId",
    "BatchOperationState": "state statusMap retryAfter totalEntriesCount",
    "CardAction": "type title image imageAltText text displayText value channelData",
    "CardImage": "url alt tap",
    "ChannelAccount": (
        "id name aadObjectId role properties tenantId agenticAppId agenticUserId type "
        "isTargeted userRole givenName surname email userPrincipalName"
    ),
    "ChannelDataLegacy": "replyToId",
    "ChannelDataSettings": "selectedChannel",
    "ChannelDataSource": "name",
    "ChannelInfo": "id name type",
    "Claim": "@type position appearance",
    "ClientInfo": "type locale country platform timezone",
    "CommandResultValue": "commandId data error",
    "CommandValue": "commandId data",
    "ContextEntity": "type screenContext",
    "ConversationAccount": (
        "id isGroup conversationType tenantId name aadObjectId role properties"
    ),
    "ConversationList": "conversations",
    "ConversationMembers": "id members",
    "ConversationParameters": ("isGroup bot members topicName tenantId activity channelData"),
    "ConversationReference": ("activityId user bot conversation channelId serviceUrl locale"),
    "ConversationResourceResponse": "id activityId serviceUrl",
    "ConversationsResult": "continuationToken conversations",
    "Entity": "type",
    "Error": "code message innerHttpError",
    "ErrorResponse": "error",
    "ExpectedReplies": "activities",
    "Fact": "key value",
    "FeedbackLoop": "type",
    "FileConsentCard": "description sizeInBytes acceptContext declineContext",
    "FileConsentCardResponse": "action context uploadInfo",
    "FileDownloadInfo": "downloadUrl uniqueId fileType etag",
    "FileInfoCard": "uniqueId fileType etag",
    "FileUploadInfo": "name uploadUrl contentUrl uniqueId fileType",
    "GeoCoordinates": "type latitude longitude elevation name",
    "HeroCard": "title subtitle text images buttons tap",
    "InnerHttpError": "statusCode body",
    "InvokeResponse": "status body",
    "MediaCard": (
        "title subtitle text image media buttons shareable autoloop autostart aspect duration value"
    ),
    "MediaEventValue": "cardValue",
    "MediaUrl": "url profile",
    "MeetingDetails": (
        "id msGraphResourceId scheduledStartTime scheduledEndTime joinUrl title type"
    ),
    "MeetingInfo": "id details conversation organizer",
    "MeetingNotification": "type value channelData",
    "MeetingNotificationResponse": "recipientsFailureInfo",
    "MeetingNotificationValue": "recipients surfaces",
    "MeetingParticipant": "user meeting conversation",
    "MeetingSurface": "surface contentType content tabEntityId",
    "Mention": "type mentioned text",
    "MessageEntity": "type @type @context @id additionalType citation usageInfo",
    "MessageReaction": "type createdDateTime user",
    "NotificationInfo": "alert alertInMeeting externalResourceUrl",
    "NumberEntity": "type value",
    "OAuthCard": "text connectionName buttons tokenExchangeResource tokenPostResource",
    "OnBehalfOf": "itemid mentionType mri displayName",
    "PagedMembersResult": "continuationToken members",
    "ParticipantMeetingInfo": "role inMeeting",
    "Place": "type address geo hasMap name",
    "ProductInfo": "type id",
    "QuotedMessage": (
        "messageId senderId senderName preview time isReplyDeleted validatedMessageReference"
    ),
    "QuotedReply": "type quotedReply",
    "ReceiptCard": "title facts items tap total tax vat buttons",
    "ReceiptItem": "title subtitle text image price quantity tap",
    "RecipientFailureInfo": "recipientMri errorCode failureReason",
    "ResourceResponse": "id",
    "ScreenContext": "images",
    "SemanticAction": "id state entities",
    "SensitiveUsage": "type @type @id name description position pattern",
    "SensitivityPattern": "@type inDefinedTermSet name termCode",
    "SignInUrlResponse": "signInLink tokenExchangeResource tokenPostResource",
    "SigninCard": "text buttons",
    "StreamInfo": (
        "type streamId streamType streamSequence streamResult feedbackLoopEnabled feedbackLoop"
    ),
    "StringEntity": "type value",
    "SuggestedActions": "to actions",
    "TargetedMessageInfo": "type messageId",
    "TeamDetails": "id name type aadGroupId channelCount memberCount tenantId",
    "TeamInfo": "id name aadGroupId teamType memberCount channelCount",
    "TeamsChannelData": (
        "channel team tenant eventType notification meeting settings app onBehalfOf "
        "feedbackLoopEnabled feedbackLoop streamId streamType streamSequence source "
        "legacy teamsTeamId teamsChannelId"
    ),
    "TeamsMeetingInfo": "id",
    "TenantInfo": "id",
    "TextHighlight": "text occurrence",
    "Thing": "type name",
    "ThumbnailCard": "title subtitle text images buttons tap",
    "ThumbnailUrl": "url alt",
    "TokenExchangeInvokeRequest": "id connectionName token",
    "TokenExchangeInvokeResponse": "id connectionName failureDetail",
    "TokenExchangeRequest": "uri token",
    "TokenExchangeResource": "id uri providerId",
    "TokenExchangeState": "connectionName conversation relatesTo botUrl msAppId",
    "TokenOrSignInResourceResponse": "tokenResponse signInResource",
    "TokenPostResource": "sasUrl",
    "TokenRequest": "provider settings",
    "TokenResponse": "channelId connectionName token expiration properties",
    "TokenStatus": "channelId connectionName hasToken serviceProviderDisplayName",
    "Transcript": "activities",
    "VideoCard": (
        "title subtitle text image media buttons shareable autoloop autostart aspect duration value"
    ),
    "VoiceMessage": "contentType contentUrl transcription durationMs timestamp locale",
}


@pytest.mark.parametrize("name", WIRE_NAMES)
def test_fields_are_called_as_documented(name):
    """
    A model has the documented fields, by their documented names, and no others.
    """
    fields = wire_fields(getattr(models, name))

    assert set(WIRE_NAMES[name].split()) == {wire for wire, _ in fields}


def test_every_model_is_listed():
    """
    No model is left out of this list.
    """
    of_ours = {name for name in models.__all__ if hasattr(getattr(models, name), "extra")}

    assert of_ours - {"Model"} == set(WIRE_NAMES)
