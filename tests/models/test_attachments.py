import pytest

from connector_async._codec import content_of, to_plain
from connector_async.errors import DecodeError
from connector_async.models import (
    Attachment,
    BasicCard,
    CardAction,
    ContentTypes,
    FileConsentCard,
    FileDownloadInfo,
    HeroCard,
    ReceiptCard,
    SigninCard,
    attachments,
)


def test_passes_adaptive_cards_through():
    """
    An Adaptive Card is sent as it is.
    """
    card = {"type": "AdaptiveCard", "version": "1.5", "body": [], "msteams": None}

    assert {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "content": card,
    } == to_plain(Attachment.adaptive_card(card))


def test_attaches_a_card():
    """
    A card is attached with the content type that belongs to it.
    """
    card = HeroCard(title="Hello", buttons=[CardAction(type="imBack", title="Hi", value="hi")])

    assert {
        "contentType": "application/vnd.microsoft.card.hero",
        "content": {
            "title": "Hello",
            "buttons": [{"type": "imBack", "title": "Hi", "value": "hi"}],
        },
    } == to_plain(Attachment.of(card))


def test_attaches_a_card_for_a_file():
    """
    Cards for files carry the file's name and place beside them.
    """
    card = FileConsentCard(size_in_bytes=7)

    assert {
        "contentType": "application/vnd.microsoft.teams.card.file.consent",
        "contentUrl": "https://files.example.com/a",
        "content": {"sizeInBytes": 7},
        "name": "a.txt",
    } == to_plain(Attachment.of(card, name="a.txt", content_url="https://files.example.com/a"))


def test_refuses_a_card_without_a_content_type():
    """
    What two cards have in common is no card of its own.
    """
    with pytest.raises(TypeError, match="BasicCard"):
        Attachment.of(BasicCard())


@pytest.mark.parametrize("kind", attachments._CONTENT_TYPES)
def test_reads_what_it_attached(kind):
    """
    Every card that can be attached is read as what it was.
    """
    attached = Attachment.of(kind())

    assert kind is attached.content_class
    assert kind() == content_of(attached)


def test_reads_the_content_of_an_attachment():
    """
    The raw content of a known type is read as its class.
    """
    attachment = Attachment(
        content_type=ContentTypes.FILE_DOWNLOAD_INFO, content={"fileType": "txt"}
    )

    assert FileDownloadInfo(file_type="txt") == content_of(attachment)


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/vnd.microsoft.com.card.receipt", ReceiptCard(title="x")),
        ("application/vnd.microsoft.com.card.signin", SigninCard(extra={"title": "x"})),
    ],
)
def test_reads_the_misprinted_content_types(content_type, expected):
    """
    The content types that a documentation table misprints are known too.
    """
    assert expected == content_of(Attachment(content_type=content_type, content={"title": "x"}))


@pytest.mark.parametrize(
    "attachment",
    [
        Attachment(),
        Attachment(content_type="image/png", content={"a": 1}),
        Attachment(content_type=ContentTypes.ADAPTIVE_CARD, content={"type": "AdaptiveCard"}),
        Attachment(content_type=ContentTypes.HERO_CARD),
    ],
)
def test_other_content_stays_raw(attachment):
    """
    Content of an unknown type, and none at all, has no model.
    """
    assert content_of(attachment) is None


def test_tells_where_a_card_misfits():
    """
    A card of another structure than its type says is a DecodeError.
    """
    attachment = Attachment(content_type=ContentTypes.HERO_CARD, content={"buttons": "x"})

    with pytest.raises(DecodeError, match=r"^expected an array, got str @ \$\.buttons$"):
        content_of(attachment)
