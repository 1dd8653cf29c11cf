r"""
Reading the body of a refusal: nine shapes exist in the wild, and none may break us.

    E1  {"error": {"code": "BadSyntax", "message": "…", "innerHttpError": {…}}}
    E2  {"message": "Authorization has been denied for this request."}
    E3  {"message": "The requested resource does not support http method 'GET'."}
    E4  {"errorCode": 209, "message": "{\"subCode\": \"MessageWritesBlocked\", …}"}
    E5  {"error": "word"}, {"error": "word", "error_description": "…"}
    E6  {"statusCode": 404, "message": "Resource not found"}
    E7  HTML or plain text
    E8  nothing
    E9  a bare JSON string

Names are looked up whatever their casing, and whatever the Content-Type says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, cast

import attrs

_QUOTED: Final = 200
# Each "<" is looked at once, closed or not: a hostile page must not hold the loop up.
_TAGS = re.compile(
    r"<(?:script|style)\b.*?(?:</(?:script|style)\s*>|\Z)|<[^<>]*>", re.IGNORECASE | re.DOTALL
)
_WORD = re.compile(r"[A-Za-z0-9_.\- ]{1,100}")


@attrs.frozen
class Refusal:
    """
    What a refusal says.

    Attributes:
        code: The service's word for it, without blanks; None where there is none.
        message: Its sentence, up to 200 characters; "" where there is none.
    """

    code: str | None = None
    message: str = ""


def read_refusal(content: bytes) -> Refusal:
    """
    Code and message of any body; it never raises.
    """
    text = content.decode("utf-8", errors="replace").lstrip("\ufeff").strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return Refusal(message=_sentence(_TAGS.sub(" ", text)))
    refusal = _of_value(value)
    if value and refusal == Refusal():
        # No shape that is known; what it says is in it somewhere.
        return Refusal(message=_sentence(text))
    return refusal


def _of_value(value: object) -> Refusal:
    if isinstance(value, str):
        return Refusal(message=_sentence(value))
    fields = _fields(value)
    inner = fields.get("error")
    if isinstance(inner, str):
        return _of_word(inner, fields)
    return _of_fields(_fields(inner) or fields)


def _of_word(word: str, fields: Mapping[str, Any]) -> Refusal:
    code = _code(word)
    message = _sentence(fields.get("error_description") or fields.get("message"))
    # What is no word is a sentence.
    return Refusal(code, message or ("" if code else _sentence(word)))


def _of_fields(fields: Mapping[str, Any]) -> Refusal:
    message = fields.get("message")
    nested = _nested(message)
    code = _code(nested.get("subcode")) or _code(fields.get("code"))
    return Refusal(code, _sentence(nested.get("details") or message))


def _nested(message: object) -> Mapping[str, Any]:
    # Teams puts JSON into the message of some 403s (E4).
    if not isinstance(message, str) or not message.lstrip().startswith("{"):
        return {}
    try:
        return _fields(json.loads(message))
    except (ValueError, RecursionError):
        return {}


def _fields(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        return {}
    fields = cast("dict[str, Any]", value)  # what `json` makes of an object
    return {name.lower(): item for name, item in fields.items()}


def _code(value: object) -> str | None:
    # The documentation prints `Bad Argument` where the wire says `BadArgument`.
    if isinstance(value, str) and _WORD.fullmatch(value):
        return value.replace(" ", "") or None
    return None


def _sentence(value: object) -> str:
    if not isinstance(value, str):
        return ""
    words = " ".join(value.split())
    return words if len(words) <= _QUOTED else f"{words[: _QUOTED - 1]}…"
