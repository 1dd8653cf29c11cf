"""
What an identity provider means when it says no.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeGuard

import attrs

ADVICE: Final = {
    "AADSTS700016": (
        "The app is not known there: check app_id, tenant_id (None is for multi-tenant bots"
        " only) and the cloud."
    ),
    "AADSTS7000215": "The secret is wrong: check that it is the secret's value, not its id.",
    "AADSTS7000222": "The secret has expired: make a new one in the app's registration.",
    "AADSTS700027": (
        "The signature was not accepted: check that this certificate is uploaded in the app's"
        " registration, and that the thumbprint is its own."
    ),
    "AADSTS700213": (
        "No federated credential fits the assertion: compare its issuer, subject and audience"
        " with the app's registration. A new one may need minutes to be known."
    ),
    "AADSTS90002": "The tenant does not exist: check tenant_id and the cloud.",
    "AADSTS500011": "The service is not known in that tenant: check the cloud and tenant_id.",
    "AADSTS7000229": "The app has no service principal in that tenant: have one made.",
    "AADSTS7000112": "The app is disabled in that tenant: have it enabled.",
}
"""
What to check, by the provider's code.
"""

# The older code for the same thing.
_SAME: Final = {"AADSTS70021": "AADSTS700213"}

_CODE: Final = re.compile(r"AADSTS\d+")

# Ids and a date follow, in one line or in several.
_TRAILER: Final = re.compile(r"\s*(?:Trace ID:|Correlation ID:|Timestamp:|[\r\n]).*", re.DOTALL)


@attrs.frozen(kw_only=True)
class Refusal:
    """
    A refusal, read.

    Attributes:
        text: What was said, cut, and what to check.
        code: `AADSTS` and a number, else the provider's word; None where it gave none.
        correlation_id: What the provider's support asks for; None where absent.
    """

    text: str
    code: str | None
    correlation_id: str | None


def is_object(body: object) -> TypeGuard[Mapping[str, object]]:
    """
    Whether this JSON is an object.
    """
    return isinstance(body, dict)


def read_refusal(
    body: Mapping[str, object], discreet: Callable[[str], str] = lambda text: text
) -> Refusal:
    """
    Read a refusal in any shape: a text that is no text, or missing, fails nothing.

    Args:
        body: What was said.
        discreet: Gives a text without the secrets that may be quoted there.
    """
    word = discreet(_text(body.get("error")))[:100]
    told = _text(body.get("error_description")) or _text(body.get("message"))
    # Before anything is hidden: it has digits only.
    code = _code(told, body.get("error_codes")) or word or None
    said = _TRAILER.sub("", discreet(told))[:200] or word or "it did not say why"
    advice = ADVICE.get(_SAME.get(code or "", code or ""))
    correlation_id = discreet(_text(body.get("correlation_id")))[:100] or None
    parts = [said if code is None or code in said else f"{code}: {said}"]
    if advice is not None:
        parts.append(advice)
    if correlation_id is not None:
        parts.append(f"(correlation id {correlation_id})")
    return Refusal(text=" ".join(parts), code=code, correlation_id=correlation_id)


def _text(value: object) -> str:
    if is_object(value):
        # Service Fabric nests: {"error": {"code": ..., "message": ...}}.
        return _text(value.get("code")) or _text(value.get("message"))
    return value.strip() if isinstance(value, str) else ""


def _code(said: str, numbers: object) -> str | None:
    found = _CODE.search(said)
    if found is not None:
        return found[0]
    if isinstance(numbers, list) and numbers and isinstance(numbers[0], int):
        return f"AADSTS{numbers[0]}"
    return None
