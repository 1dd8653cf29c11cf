"""
The cards of the Bot Framework. `Attachment.of` puts one into an attachment.

Adaptive Cards are a standard of their own and pass through as raw JSON:
`Attachment.adaptive_card`.
"""

from typing import Any

import attrs

from connector_async.models._model import Many, Model
from connector_async.models.actions import CardAction
from connector_async.models.token_service import TokenExchangeResource, TokenPostResource


@attrs.frozen(kw_only=True, slots=True, repr=False)
class CardImage(Model):
    """
    An image of a card.

    Attributes:
        url: Needed.
        alt: For who cannot see it.
        tap: What a tap on it does.

    Source:
        Connector API 3.1.12, CardImage.
    """

    url: str | None = None
    alt: str | None = None
    tap: CardAction | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class BasicCard(Model):
    """
    What HeroCard and ThumbnailCard have in common.

    Attributes:
        title: In large type.
        subtitle: Under the title.
        text: The body.
        images: One, or a few where the channel shows more.
        buttons: Under the text.
        tap: What a tap on the card does.

    Source:
        Connector API 3.1.12, BasicCard.
    """

    title: str | None = None
    subtitle: str | None = None
    text: str | None = None
    images: tuple[CardImage, ...] = attrs.field(default=(), converter=Many[CardImage])
    buttons: tuple[CardAction, ...] = attrs.field(default=(), converter=Many[CardAction])
    tap: CardAction | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class HeroCard(BasicCard):
    """
    A card with one large image.

    Source:
        Connector API 3.1.12, HeroCard.
    """


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ThumbnailCard(BasicCard):
    """
    A card with one small image.

    Source:
        Connector API 3.1.12, ThumbnailCard.
    """


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ThumbnailUrl(Model):
    """
    An image that stands for a medium.

    Source:
        Connector API 3.1.12, ThumbnailUrl.
    """

    url: str | None = None
    alt: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class MediaUrl(Model):
    """
    Where a medium is.

    Attributes:
        url: The medium itself.
        profile: A hint to tell several apart.

    Source:
        Connector API 3.1.12, MediaUrl.
    """

    url: str | None = None
    profile: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class MediaCard(Model):
    """
    What AnimationCard, AudioCard and VideoCard have in common.

    Attributes:
        title: In large type.
        subtitle: Under the title.
        text: The body.
        image: Stands for the medium until it plays.
        media: The same content, in one or more forms.
        buttons: Under the text.
        shareable: The service assumes true.
        autoloop: The service assumes true.
        autostart: The service assumes true.
        aspect: Such as `16:9`.
        duration: An ISO 8601 duration, such as `PT1M30S`.
        value: Comes back as `MediaEventValue.card_value`.

    Source:
        Connector API 3.1.12, MediaCard.
    """

    title: str | None = None
    subtitle: str | None = None
    text: str | None = None
    image: ThumbnailUrl | None = None
    media: tuple[MediaUrl, ...] = attrs.field(default=(), converter=Many[MediaUrl])
    buttons: tuple[CardAction, ...] = attrs.field(default=(), converter=Many[CardAction])
    shareable: bool | None = None
    autoloop: bool | None = None
    autostart: bool | None = None
    aspect: str | None = None
    duration: str | None = None
    value: Any = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True, slots=True, repr=False)
class AnimationCard(MediaCard):
    """
    A card that plays a GIF or a short film.

    Source:
        Connector API 3.1.12, AnimationCard.
    """


@attrs.frozen(kw_only=True, slots=True, repr=False)
class AudioCard(MediaCard):
    """
    A card that plays sound.

    Source:
        Connector API 3.1.12, AudioCard.
    """


@attrs.frozen(kw_only=True, slots=True, repr=False)
class VideoCard(MediaCard):
    """
    A card that plays a film.

    Source:
        Connector API 3.1.12, VideoCard.
    """


@attrs.frozen(kw_only=True, slots=True, repr=False)
class Fact(Model):
    """
    A line of a receipt's head.

    Source:
        Connector API 3.1.12, Fact.
    """

    key: str | None = None
    value: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ReceiptItem(Model):
    """
    Something that was bought.

    Attributes:
        title: In large type.
        subtitle: Under the title.
        text: The body.
        image: Beside the text.
        price: A text, with its currency.
        quantity: A text.
        tap: What a tap on it does.

    Source:
        Connector API 3.1.12, ReceiptItem.
    """

    title: str | None = None
    subtitle: str | None = None
    text: str | None = None
    image: CardImage | None = None
    price: str | None = None
    quantity: str | None = None
    tap: CardAction | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ReceiptCard(Model):
    """
    A receipt. Its sums are texts, with their currency.

    Source:
        Connector API 3.1.12, ReceiptCard.
    """

    title: str | None = None
    facts: tuple[Fact, ...] = attrs.field(default=(), converter=Many[Fact])
    items: tuple[ReceiptItem, ...] = attrs.field(default=(), converter=Many[ReceiptItem])
    tap: CardAction | None = None
    total: str | None = None
    tax: str | None = None
    vat: str | None = None
    buttons: tuple[CardAction, ...] = attrs.field(default=(), converter=Many[CardAction])


@attrs.frozen(kw_only=True, slots=True, repr=False)
class SigninCard(Model):
    """
    Ask a user to sign in on a page.

    Source:
        Connector API 3.1.12, SigninCard.
    """

    text: str | None = None
    buttons: tuple[CardAction, ...] = attrs.field(default=(), converter=Many[CardAction])


@attrs.frozen(kw_only=True, slots=True, repr=False)
class OAuthCard(Model):
    """
    Ask a user to sign in through the token service.

    Attributes:
        text: The body.
        connection_name: The OAuth connection of the bot's registration.
        buttons: One of the type `signin`.
        token_exchange_resource: For signing in silently.
        token_post_resource: Where the client may put a token.

    Source:
        Connector API 3.1.12, OAuthCard.
    """

    text: str | None = None
    connection_name: str | None = None
    buttons: tuple[CardAction, ...] = attrs.field(default=(), converter=Many[CardAction])
    token_exchange_resource: TokenExchangeResource | None = None
    token_post_resource: TokenPostResource | None = None
