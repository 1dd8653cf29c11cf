"""
The token service: users' tokens and signing in.

Tokens do not print: their fields are left out of `repr`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from connector_async.models._model import Many, Model
from connector_async.models.accounts import ConversationReference


@attrs.frozen(kw_only=True, slots=True, repr=False)
class TokenResponse(Model):
    """
    A user's token for a connection.

    Attributes:
        channel_id: The channel that the user is on.
        connection_name: The OAuth connection of the bot's registration.
        token: The token itself.
        expiration: May lack seconds.
        properties: Free form.

    Source:
        Token service, TokenResponse.
    """

    channel_id: str | None = None
    connection_name: str | None = None
    token: str | None = attrs.field(default=None, repr=False)
    expiration: datetime | str | None = None
    properties: Mapping[str, Any] | None = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True, slots=True, repr=False)
class TokenStatus(Model):
    """
    Whether a user is signed in to a connection.

    Source:
        Token service, TokenStatus.
    """

    channel_id: str | None = None
    connection_name: str | None = None
    has_token: bool | None = None
    service_provider_display_name: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class TokenExchangeResource(Model):
    """
    What a client needs to sign a user in silently.

    Attributes:
        id: Of this exchange.
        uri: The application id URI that the token is for.
        provider_id: The identity provider.

    Source:
        Token service, TokenExchangeResource.
    """

    id: str | None = None
    uri: str | None = None
    provider_id: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class TokenPostResource(Model):
    """
    Where a client may put a token.

    Attributes:
        sas_url: A signed URL; whoever has it can write: it does not print.

    Source:
        Token service, TokenPostResource.
    """

    sas_url: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True, slots=True, repr=False)
class SignInUrlResponse(Model):
    """
    How a user can sign in.

    Attributes:
        sign_in_link: The page to open; it carries the state: it does not print.
        token_exchange_resource: For signing in silently.
        token_post_resource: Where a client may put a token.

    Source:
        Token service, SignInUrlResponse.
    """

    sign_in_link: str | None = attrs.field(default=None, repr=False)
    token_exchange_resource: TokenExchangeResource | None = None
    token_post_resource: TokenPostResource | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class TokenOrSignInResourceResponse(Model):
    """
    The user's token, or how to sign in where there is none.

    Source:
        Bot Framework SDK, TokenOrSignInResourceResponse; the operation is not published.
    """

    token_response: TokenResponse | None = None
    sign_in_resource: SignInUrlResponse | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class TokenExchangeRequest(Model):
    """
    A token, or its resource, to exchange for a user's token.

    Source:
        Token service, TokenExchangeRequest.
    """

    uri: str | None = None
    token: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True, slots=True, repr=False)
class TokenExchangeState(Model):
    """
    The `state` of a sign-in: its JSON in base64.

    Attributes:
        connection_name: The OAuth connection of the bot's registration.
        conversation: Where the sign-in was begun.
        relates_to: Another conversation.
        bot_url: The bot's endpoint.
        ms_app_id: The bot's application id.

    Source:
        Token service, TokenExchangeState.
    """

    connection_name: str | None = None
    conversation: ConversationReference | None = None
    relates_to: ConversationReference | None = None
    bot_url: str | None = None
    ms_app_id: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class AadResourceUrls(Model):
    """
    The resources that tokens are asked for.

    Source:
        Token service, AadResourceUrls.
    """

    resource_urls: tuple[str, ...] = attrs.field(default=(), converter=Many[str])


@attrs.frozen(kw_only=True, slots=True, repr=False)
class TokenRequest(Model):
    """
    A request to a token provider.

    Attributes:
        provider: The provider's name.
        settings: By name, an object each.

    Source:
        Connector API 3.1.12, TokenRequest.
    """

    provider: str | None = None
    settings: Mapping[str, Any] | None = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True, slots=True, repr=False)
class TokenExchangeInvokeRequest(Model):
    """
    The value of the invoke `signin/tokenExchange`.

    Source:
        Bot Framework SDK, TokenExchangeInvokeRequest.
    """

    id: str | None = None
    connection_name: str | None = None
    token: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True, slots=True, repr=False)
class TokenExchangeInvokeResponse(Model):
    """
    The bot's answer to the invoke `signin/tokenExchange`.

    Attributes:
        id: That of the request.
        connection_name: That of the request.
        failure_detail: Why it failed.

    Source:
        Bot Framework SDK, TokenExchangeInvokeResponse.
    """

    id: str | None = None
    connection_name: str | None = None
    failure_detail: str | None = None
