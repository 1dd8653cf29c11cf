import attrs
import pytest

from connector_async._codec import to_plain
from connector_async.models import (
    Activity,
    ActivityTypes,
    Attachment,
    ChannelAccount,
    ConversationAccount,
    ConversationReference,
    Entity,
    Mention,
    SuggestedActions,
)

ANN = ChannelAccount(id="29:ann", name="Ann", email="ann@example.com", aad_object_id="0-1")
BOT = ChannelAccount(id="28:bot", name="Bot")
CONVERSATION = ConversationAccount(id="19:room", is_group=True)


def incoming(**fields):
    return Activity(
        type="message",
        id="1712",
        from_=ANN,
        recipient=BOT,
        conversation=CONVERSATION,
        channel_id="msteams",
        service_url="https://smba.trafficmanager.net/emea/",
        locale="de-AT",
        **fields,
    )


def test_makes_a_message():
    """
    `Activity.message` gives an activity of that type with what it says.
    """
    message = Activity.message("hello")

    assert {"type": "message", "text": "hello"} == to_plain(message)


def test_makes_a_message_with_everything():
    """
    The options of `Activity.message` are the fields of that name.
    """
    message = Activity.message(
        "hello",
        text_format="xml",
        attachments=[Attachment(name="a")],
        entities=[Entity(type="x")],
        suggested_actions=SuggestedActions(to=["29:ann"]),
        channel_data={"tenant": {"id": "t"}},
    )

    assert {
        "type": "message",
        "text": "hello",
        "textFormat": "xml",
        "attachments": [{"name": "a"}],
        "entities": [{"type": "x"}],
        "suggestedActions": {"to": ["29:ann"]},
        "channelData": {"tenant": {"id": "t"}},
    } == to_plain(message)


@pytest.mark.parametrize("answer", ["hello", Activity.message("hello"), Activity(text="hello")])
def test_addresses_a_reply(answer):
    """
    A reply goes where the activity came from, to who sent it, and names it.
    """
    reply = incoming().reply(answer)

    assert (
        Activity(
            type="message",
            text="hello",
            from_=BOT,
            recipient=ANN,
            conversation=CONVERSATION,
            reply_to_id="1712",
            locale="de-AT",
        )
        == reply
    )


def test_a_reply_keeps_what_it_says_itself():
    """
    What the answer says of where it goes is not overwritten.
    """
    answer = Activity(
        type="typing",
        from_=ChannelAccount(id="a"),
        recipient=ChannelAccount(id="b"),
        conversation=ConversationAccount(id="c"),
        reply_to_id="d",
        locale="en",
    )

    assert answer == incoming().reply(answer)


def test_does_not_answer_a_conversation_update():
    """
    The id of a conversation update is no message's, so that nothing replies to it.
    """
    update = attrs.evolve(incoming(), type=ActivityTypes.CONVERSATION_UPDATE)

    assert update.reply("welcome").reply_to_id is None
    assert update.reference().activity_id is None


def test_makes_a_reference():
    """
    A reference has all that is needed to speak in the conversation again.
    """
    reference = incoming().reference()

    assert (
        ConversationReference(
            activity_id="1712",
            user=ANN,
            bot=BOT,
            conversation=CONVERSATION,
            channel_id="msteams",
            service_url="https://smba.trafficmanager.net/emea/",
            locale="de-AT",
        )
        == reference
    )


def test_mentions_with_what_a_mention_needs():
    """
    A mention carries who is meant and the text that marks it, not their address.
    """
    mention = Mention.of(ANN)

    assert {
        "type": "mention",
        "mentioned": {"id": "29:ann", "name": "Ann"},
        "text": "<at>Ann</at>",
    } == to_plain(mention)


def test_mentions_by_another_name():
    """
    The name to show can be given, such as for an account without one.
    """
    mention = Mention.of(ChannelAccount(id="29:x", type="tag"), name="Team")

    assert "<at>Team</at>" == mention.text
    assert ChannelAccount(id="29:x", name="Team", type="tag") == mention.mentioned


@pytest.mark.parametrize("name", [None, ""])
def test_refuses_a_mention_without_a_name(name):
    """
    Where there is no name to show, none is invented.
    """
    with pytest.raises(ValueError, match="pass name="):
        Mention.of(ChannelAccount(id="29:x", name=name))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", "<at>Ann</at> hello"),
        ("hello <at>Ann</at>!", "hello <at>Ann</at>!"),
        (None, "<at>Ann</at>"),
    ],
)
def test_adds_a_mention_to_a_message(text, expected):
    """
    The text that marks a mention occurs in the message, in front if nowhere else.
    """
    message = Activity.message(text).with_mention(ANN)

    assert expected == message.text
    assert (Mention.of(ANN),) == message.entities


def test_does_not_add_a_mention_twice():
    """
    The same entity twice is forbidden, so that mentioning again changes nothing.
    """
    message = Activity.message("hello").with_mention(ANN)

    assert message == message.with_mention(ANN)


@pytest.mark.parametrize("attachments", [[Attachment()], (Attachment(),), iter([Attachment()])])
def test_takes_any_iterable_as_a_list(attachments):
    """
    List fields take any iterable and hold a tuple.
    """
    assert (Attachment(),) == Activity(attachments=attachments).attachments


def test_takes_none_as_an_empty_list():
    """
    A list field that is given None is empty.
    """
    assert () == Activity(attachments=None).attachments


@pytest.mark.parametrize("single", ["29:ann", b"29:ann", {"id": "29:ann"}])
def test_refuses_one_for_a_list(single):
    """
    A text or a mapping is not taken apart where a list of them is meant.
    """
    with pytest.raises(TypeError, match="put it in a list"):
        SuggestedActions(to=single)


def test_cannot_be_edited():
    """
    Nobody edits a value that someone else can see.
    """
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Activity().text = "hello"


def test_shows_what_is_set():
    """
    The repr of an activity leaves out the forty fields that are not set.
    """
    activity = Activity(type="message", text="", entities=[Entity(type="x")], extra={"a": 1})

    assert (
        "Activity(extra={'a': 1}, type='message', text='', entities=(Entity(type='x'),))"
        == repr(activity)
    )
