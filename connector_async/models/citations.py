"""
What a message made by a machine says of its sources. `MessageEntity` carries it.
"""

import attrs

from connector_async.models._model import Many, Model
from connector_async.models.vocabulary import EntityTypes


class AppearanceIcons:
    """
    `AppearanceImage.name`.
    """

    WORD = "Microsoft Word"
    EXCEL = "Microsoft Excel"
    POWERPOINT = "Microsoft PowerPoint"
    ONENOTE = "Microsoft OneNote"
    SHAREPOINT = "Microsoft SharePoint"
    VISIO = "Microsoft Visio"
    LOOP = "Microsoft Loop"
    WHITEBOARD = "Microsoft Whiteboard"
    ADOBE_ILLUSTRATOR = "Adobe Illustrator"
    ADOBE_PHOTOSHOP = "Adobe Photoshop"
    ADOBE_INDESIGN = "Adobe InDesign"
    ADOBE_FLASH = "Adobe Flash"
    SKETCH = "Sketch"
    SOURCE_CODE = "Source Code"
    IMAGE = "Image"
    GIF = "GIF"
    VIDEO = "Video"
    SOUND = "Sound"
    ZIP = "ZIP"
    TEXT = "Text"
    PDF = "PDF"


@attrs.frozen(kw_only=True, slots=True, repr=False)
class SensitivityPattern(Model):
    """
    Which label of sensitivity is meant.

    Source:
        schema.org DefinedTerm, as Teams uses it.
    """

    at_type: str | None = attrs.field(default="DefinedTerm", metadata={"wire": "@type"})
    in_defined_term_set: str | None = None
    name: str | None = None
    term_code: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class SensitiveUsage(Model):
    """
    How sensitive a text is.

    Attributes:
        type: Always `https://schema.org/Message`.
        at_type: Always `CreativeWork`.
        at_id: Empty.
        name: The label.
        description: Shown with it.
        position: Which claim is meant.
        pattern: The label's definition.

    Source:
        Teams, SensitiveUsageEntity.
    """

    type: str | None = EntityTypes.MESSAGE
    at_type: str | None = attrs.field(default="CreativeWork", metadata={"wire": "@type"})
    at_id: str | None = attrs.field(default="", metadata={"wire": "@id"})
    name: str | None = None
    description: str | None = None
    position: int | None = None
    pattern: SensitivityPattern | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class AppearanceImage(Model):
    """
    The icon of a source.

    Attributes:
        at_type: Always `ImageObject`.
        name: One of `AppearanceIcons`.

    Source:
        Teams, citations.
    """

    at_type: str | None = attrs.field(default="ImageObject", metadata={"wire": "@type"})
    name: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class Appearance(Model):
    """
    How a source is shown.

    Attributes:
        at_type: Always `DigitalDocument`.
        name: At most 80 characters.
        text: An Adaptive Card, written out as JSON.
        url: Where the source is.
        abstract: At most 160 characters.
        encoding_format: `ContentTypes.ADAPTIVE_CARD` where `text` is a card.
        image: The icon.
        keywords: At most 3, of at most 28 characters each.
        usage_info: How sensitive it is.

    Source:
        Teams, citations.
    """

    at_type: str | None = attrs.field(default="DigitalDocument", metadata={"wire": "@type"})
    name: str | None = None
    text: str | None = None
    url: str | None = None
    abstract: str | None = None
    encoding_format: str | None = None
    image: AppearanceImage | None = None
    keywords: tuple[str, ...] = attrs.field(default=(), converter=Many[str])
    usage_info: SensitiveUsage | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class Claim(Model):
    """
    A source that the text cites as `[1]`, `[2]`.

    Attributes:
        at_type: Always `Claim`.
        position: The number in the text.
        appearance: How it is shown.

    Source:
        Teams, citations.
    """

    at_type: str | None = attrs.field(default="Claim", metadata={"wire": "@type"})
    position: int | None = None
    appearance: Appearance | None = None
