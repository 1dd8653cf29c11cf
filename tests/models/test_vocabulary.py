import inspect

import pytest

from connector_async.models import AppearanceIcons, citations, vocabulary

EVERY_VOCABULARY = [
    *[value for value in vars(vocabulary).values() if inspect.isclass(value)],
    citations.AppearanceIcons,
]

SOME_WORDS = [
    ("message", vocabulary.ActivityTypes.MESSAGE),
    ("conversationUpdate", vocabulary.ActivityTypes.CONVERSATION_UPDATE),
    ("Action.Submit", vocabulary.ActionTypes.ACTION_SUBMIT),
    ("extendedmarkdown", vocabulary.TextFormatTypes.EXTENDED_MARKDOWN),
    ("acceptingInput", vocabulary.InputHints.ACCEPTING_INPUT),
    ("carousel", vocabulary.AttachmentLayoutTypes.CAROUSEL),
    ("plusOne", vocabulary.MessageReactionTypes.PLUS_ONE),
    ("continue", vocabulary.SemanticActionStates.CONTINUE),
    ("agenticAppInstance", vocabulary.RoleTypes.AGENTIC_APP_INSTANCE),
    ("expectReplies", vocabulary.DeliveryModes.EXPECT_REPLIES),
    ("botTimedOut", vocabulary.EndOfConversationCodes.BOT_TIMED_OUT),
    ("high", vocabulary.ActivityImportance.HIGH),
    ("add", vocabulary.ContactRelationUpdateActionTypes.ADD),
    ("remove-upgrade", vocabulary.InstallationUpdateActionTypes.REMOVE_UPGRADE),
    ("groupChat", vocabulary.ConversationTypes.GROUP_CHAT),
    ("final", vocabulary.StreamTypes.FINAL),
    ("timeout", vocabulary.StreamResults.TIMEOUT),
    ("msteams", vocabulary.Channels.MSTEAMS),
    ("twilio-sms", vocabulary.Channels.TWILIO_SMS),
    ("urn:botframework:azureusgov", vocabulary.CallerIds.AZURE_US_GOV),
    ("MeetNow", vocabulary.MeetingTypes.MEET_NOW),
    ("application/vnd.microsoft.meetingEnd", vocabulary.EventNames.MEETING_END),
    ("session.update", vocabulary.CommandNames.SESSION_UPDATE),
    ("composeExtension/queryLink", vocabulary.InvokeNames.COMPOSE_EXTENSION_QUERY_LINK),
    ("teamHardDeleted", vocabulary.TeamsEventTypes.TEAM_HARD_DELETED),
    ("streaminfo", vocabulary.EntityTypes.STREAM_INFO),
    ("original", vocabulary.AttachmentViews.ORIGINAL),
    ("application/vnd.microsoft.card.receipt", vocabulary.ContentTypes.RECEIPT_CARD),
    ("application/vnd.microsoft.error", vocabulary.InvokeResponseTypes.ERROR),
    ("Microsoft PowerPoint", AppearanceIcons.POWERPOINT),
]


@pytest.mark.parametrize(("expected", "word"), SOME_WORDS)
def test_words_are_spelled_as_on_the_wire(expected, word):
    """
    A word is the text itself.
    """
    assert expected == word


@pytest.mark.parametrize("words", EVERY_VOCABULARY)
def test_no_word_has_two_names(words):
    """
    Each word of a vocabulary has one name.
    """
    texts = [text for name, text in vars(words).items() if name.isupper()]

    assert sorted(set(texts)) == sorted(texts)
    assert texts
