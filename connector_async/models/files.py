"""
Files on Teams: what a user sent, and how a bot asks to send one.
"""

from typing import Any

import attrs

from connector_async.models._model import Model


@attrs.frozen(kw_only=True, slots=True, repr=False)
class FileDownloadInfo(Model):
    """
    The content of an attachment that is a file from a user.

    Attributes:
        download_url: Good for minutes, and for anybody: do not print it.
        unique_id: The id of the drive item.
        file_type: The extension, without its dot.
        etag: The drive item's.

    Source:
        Teams, FileDownloadInfo.
    """

    download_url: str | None = attrs.field(default=None, repr=False)
    unique_id: str | None = None
    file_type: str | None = None
    etag: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class FileUploadInfo(Model):
    """
    Where to put a file that a user has agreed to take.

    Attributes:
        name: The file's name.
        upload_url: A session of OneDrive; whoever has it can write: do not print it.
        content_url: Where the file will be.
        unique_id: The id of the drive item.
        file_type: The extension, without its dot.

    Source:
        Teams, FileUploadInfo.
    """

    name: str | None = None
    upload_url: str | None = attrs.field(default=None, repr=False)
    content_url: str | None = None
    unique_id: str | None = None
    file_type: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class FileConsentCard(Model):
    """
    Ask a user to take a file. The attachment's `name` is the file's.

    Attributes:
        description: What is in the file.
        size_in_bytes: Its size.
        accept_context: Comes back when the user agrees.
        decline_context: Comes back when the user does not.

    Source:
        Teams, FileConsentCard.
    """

    description: str | None = None
    size_in_bytes: int | None = None
    accept_context: Any = attrs.field(default=None, hash=False)
    decline_context: Any = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True, slots=True, repr=False)
class FileConsentCardResponse(Model):
    """
    The value of the invoke `fileConsent/invoke`: what the user decided.

    Attributes:
        action: `accept` or `decline`.
        context: The card's context for that action.
        upload_info: Where to put the file, when accepted.

    Source:
        Teams, FileConsentCardResponse.
    """

    action: str | None = None
    context: Any = attrs.field(default=None, hash=False)
    upload_info: FileUploadInfo | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class FileInfoCard(Model):
    """
    Show a file that was put in place. The attachment has its `name` and `content_url`.

    Attributes:
        unique_id: The id of the drive item.
        file_type: The extension, without its dot.
        etag: The drive item's.

    Source:
        Teams, FileInfoCard.
    """

    unique_id: str | None = None
    file_type: str | None = None
    etag: str | None = None
