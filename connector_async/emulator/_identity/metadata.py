"""
What the two issuers of tokens publish of themselves, as OpenID metadata.
"""

from __future__ import annotations

from typing import Final

from connector_async.emulator._calls.message import JsonObject

ENDORSED: Final = (
    "msteams",
    "webchat",
    "directline",
    "slack",
    "emulator",
    "facebook",
    "telegram",
    "email",
    "skype",
    "sms",
)
"""
The channels that a key of the Connector's may speak for.
"""


def tenant_metadata(authority: str) -> JsonObject:
    """
    That of a tenant, which issues tokens to bots.
    """
    return {
        "issuer": f"{authority}/v2.0",
        "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
        "token_endpoint": f"{authority}/oauth2/v2.0/token",
        "jwks_uri": f"{authority}/discovery/v2.0/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def connector_metadata(base: str) -> JsonObject:
    """
    That of the Connector, which shows tokens to bots.
    """
    return {
        "issuer": "https://api.botframework.com",
        "authorization_endpoint": "https://invalid.botframework.com",
        "jwks_uri": f"{base}/.well-known/keys",
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
    }
