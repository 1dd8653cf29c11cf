"""
Attachments: cards and files on activities, and files in the service's store.
"""

from collections.abc import Mapping
from typing import Any, Final, Self, TypeAlias

import attrs

from connector_async.models._model import Many, Model
from connector_async.models.cards import (
    AnimationCard,
    AudioCard,
    HeroCard,
    OAuthCard,
    ReceiptCard,
    SigninCard,
    ThumbnailCard,
    VideoCard,
)
from connector_async.models.files import FileConsentCard, FileDownloadInfo, FileInfoCard
from connector_async.models.vocabulary import ContentTypes

AttachmentContent: TypeAlias = (
    AnimationCard
    | AudioCard
    | FileConsentCard
    | FileDownloadInfo
    | FileInfoCard
    | HeroCard
    | OAuthCard
    | ReceiptCard
    | SigninCard
    | ThumbnailCard
    | VideoCard
)
"""What an attachment can carry that is modelled here."""

_CONTENT_TYPES: Final[Mapping[type[AttachmentContent], str]] = {
    AnimationCard: ContentTypes.ANIMATION_CARD,
    AudioCard: ContentTypes.AUDIO_CARD,
    FileConsentCard: ContentTypes.FILE_CONSENT_CARD,
    FileDownloadInfo: ContentTypes.FILE_DOWNLOAD_INFO,
    FileInfoCard: ContentTypes.FILE_INFO_CARD,
    HeroCard: ContentTypes.HERO_CARD,
    OAuthCard: ContentTypes.OAUTH_CARD,
    ReceiptCard: ContentTypes.RECEIPT_CARD,
    SigninCard: ContentTypes.SIGNIN_CARD,
    ThumbnailCard: ContentTypes.THUMBNAIL_CARD,
    VideoCard: ContentTypes.VIDEO_CARD,
}
_CONTENT_CLASSES: Final = {name: kind for kind, name in _CONTENT_TYPES.items()}


@attrs.frozen(kw_only=True, slots=True, repr=False)
class Attachment(Model):
    """
    A card or a file on an activity: either `content` or `content_url`.

    Attributes:
        content_type: Needed; a MIME type, or one of `ContentTypes`.
        content_url: An https URL or data URI; a URL of the connector needs the
            token.
        content: Raw JSON as it came. A model may be put here to be sent.
        name: The file's name.
        thumbnail_url: A small image of it.

    Source:
        Connector API 3.1.12, Attachment.
    """

    content_type: str | None = None
    content_url: str | None = None
    content: Any = attrs.field(default=None, hash=False)
    name: str | None = None
    thumbnail_url: str | None = None

    @classmethod
    def adaptive_card(cls, card: Mapping[str, Any]) -> Self:
        """
        Attach an Adaptive Card, which is passed through as it is.
        """
        return cls(content_type=ContentTypes.ADAPTIVE_CARD, content=card)

    @classmethod
    def of(
        cls, content: AttachmentContent, *, name: str | None = None, content_url: str | None = None
    ) -> Self:
        """
        Attach a card, with the content type that belongs to it.

        Args:
            content: The card.
            name: FileConsentCard and FileInfoCard need the file's.
            content_url: FileInfoCard needs the file's.

        Raises:
            TypeError: No content type belongs to it.
        """
        content_type = _CONTENT_TYPES.get(type(content))
        if content_type is None:
            raise TypeError(f"no content type belongs to {type(content).__name__}")
        return cls(content_type=content_type, content=content, name=name, content_url=content_url)

    @property
    def content_class(self) -> type[AttachmentContent] | None:
        """
        The class of what `content` carries; None where it is not modelled here.

        A documentation table prints `…vnd.microsoft.com.card.…` for two of the
        cards; that spelling is taken for the real one.
        """
        content_type = self.content_type or ""
        return _CONTENT_CLASSES.get(
            content_type.replace(".microsoft.com.card.", ".microsoft.card.")
        )


@attrs.frozen(kw_only=True, slots=True, repr=False)
class AttachmentData(Model):
    """
    A file to put into the service's store.

    Attributes:
        type: The MIME type.
        name: The file's name.
        original_base64: The file itself: bytes, written as base64. A text is
            sent as it is. What comes in and is no base64 stays text.
        thumbnail_base64: A small image of it, likewise.

    Source:
        Connector API 3.1.12, AttachmentData.
    """

    type: str | None = None
    name: str | None = None
    original_base64: bytes | str | None = attrs.field(default=None, repr=False)
    thumbnail_base64: bytes | str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True, slots=True, repr=False)
class AttachmentView(Model):
    """
    One form in which a file is kept.

    Attributes:
        view_id: One of `AttachmentViews`.
        size: In bytes.

    Source:
        Connector API 3.1.12, AttachmentView.
    """

    view_id: str | None = None
    size: int | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class AttachmentInfo(Model):
    """
    A file in the service's store.

    Attributes:
        name: The file's name.
        type: The MIME type.
        views: The forms in which it is kept.

    Source:
        Connector API 3.1.12, AttachmentInfo.
    """

    name: str | None = None
    type: str | None = None
    views: tuple[AttachmentView, ...] = attrs.field(default=(), converter=Many[AttachmentView])
