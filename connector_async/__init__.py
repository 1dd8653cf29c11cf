"""
An asyncio client for the Microsoft Bot Connector REST API.

`ConnectorClient` is the door. Models are in `connector_async.models`, errors in
`connector_async.errors`, events for observers in `connector_async.events`; the
names that most callers need are here, too.
"""

from connector_async._attachment import AttachmentStream
from connector_async._capture import capture_responses
from connector_async._codec import content_of, from_json, from_plain, to_json, to_plain
from connector_async._options import CallOptions
from connector_async._paging import Pages
from connector_async._pipeline import Response, RetryPolicy
from connector_async._transport import Timeouts
from connector_async._version import __version__
from connector_async.auth.credentials import (
    ClientCertificate,
    ClientSecret,
    FederatedAssertion,
    ManagedIdentity,
    TokenCallable,
    TokenCredential,
)
from connector_async.client import ConnectorClient
from connector_async.cloud import Cloud
from connector_async.errors import (
    ApiError,
    ConnectorError,
    DeliveryUnknownError,
)
from connector_async.limits import Limits
from connector_async.models import (
    Activity,
    Attachment,
    AttachmentData,
    ChannelAccount,
    ConversationAccount,
    ConversationParameters,
    ConversationReference,
    Mention,
    Transcript,
)
from connector_async.service_url import ServiceUrl

__all__ = [
    "Activity",
    "ApiError",
    "Attachment",
    "AttachmentData",
    "AttachmentStream",
    "CallOptions",
    "ChannelAccount",
    "ClientCertificate",
    "ClientSecret",
    "Cloud",
    "ConnectorClient",
    "ConnectorError",
    "ConversationAccount",
    "ConversationParameters",
    "ConversationReference",
    "DeliveryUnknownError",
    "FederatedAssertion",
    "Limits",
    "ManagedIdentity",
    "Mention",
    "Pages",
    "Response",
    "RetryPolicy",
    "ServiceUrl",
    "Timeouts",
    "TokenCallable",
    "TokenCredential",
    "Transcript",
    "__version__",
    "capture_responses",
    "content_of",
    "from_json",
    "from_plain",
    "to_json",
    "to_plain",
]
