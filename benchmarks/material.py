"""
What is sent and what is answered: the same letters for every client.

Plain values only, so that each environment can import it.
"""

from __future__ import annotations

import json
from typing import Any, Final

SIZE_BYTES: Final = 2_853
MEMBERS_A_PAGE: Final = 500
MEMBERS: Final = 100_000
ATTACHMENT_BYTES: Final = 2**30

# As long as a token of Entra is; nobody reads it.
TOKEN: Final = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9." + "a1B2c3D4" * 150

_TENANT: Final = "72f988bf-86f1-41af-91ab-2d7cd011db47"
_ADELE: Final = "29:1GcS4EyB_oSI8A88XmWBN7NJFyMqe3QGnJdgLfFGkJnVelzRGos0bPbpsfJjcbAD22bmKc4GMbr"
_WORDS: Final = "The build of this morning is through, and here is what came of it. "


def compact(value: Any) -> bytes:
    """
    JSON without a blank too many.
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _row(number: int) -> dict[str, Any]:
    return {
        "type": "ColumnSet",
        "columns": [
            {
                "type": "Column",
                "width": "stretch",
                "items": [{"type": "TextBlock", "text": f"Step {number}", "wrap": True}],
            },
            {
                "type": "Column",
                "width": "auto",
                "items": [{"type": "TextBlock", "text": f"{number * 7} s", "weight": "Bolder"}],
            },
        ],
    }


def _activity(text: str) -> dict[str, Any]:
    return {
        "type": "message",
        "text": text,
        "textFormat": "markdown",
        "locale": "en-GB",
        "from": {"id": "28:8ba4a1b2-51ab-4a1b-9c3f-0c6d6a7c1f10", "name": "Build"},
        "recipient": {
            "id": _ADELE,
            "name": "Adele Vance",
            "aadObjectId": "3a4f7c2e-9d1b-4f7e-8a43-1b2c3d4e5f60",
        },
        "conversation": {
            "id": "19:7d1a9c0be2f94a53b7a4c9f0d2e18a35@thread.tacv2",
            "conversationType": "channel",
            "isGroup": True,
            "tenantId": _TENANT,
        },
        "replyToId": "1728640934763",
        "channelData": {
            "tenant": {"id": _TENANT},
            "channel": {"id": "19:7d1a9c0be2f94a53b7a4c9f0d2e18a35@thread.tacv2"},
            "team": {"id": "19:0f4a9be2c5d14c6c9a1c7a30b3f1d8aa@thread.tacv2"},
            "notification": {"alert": True},
        },
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "content": {
                    "type": "AdaptiveCard",
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "version": "1.5",
                    "body": [
                        {"type": "TextBlock", "text": "Build 1.204", "size": "Large"},
                        *(_row(number) for number in range(1, 6)),
                    ],
                    "actions": [
                        {"type": "Action.Submit", "title": "Again", "data": {"verb": "again"}},
                        {
                            "type": "Action.OpenUrl",
                            "title": "Log",
                            "url": "https://build.example.com/1204/log",
                        },
                    ],
                },
            }
        ],
    }


def _of_size() -> dict[str, Any]:
    room = SIZE_BYTES - len(compact(_activity("")))
    return _activity((_WORDS * (room // len(_WORDS) + 1))[:room])


ACTIVITY: Final = _of_size()
"""
One activity: text, accounts, channelData and an Adaptive Card; `SIZE_BYTES` of JSON.
"""


def member(number: int) -> dict[str, Any]:
    """
    One member, as Teams describes them.
    """
    return {
        "id": f"{_ADELE}{number:04}",
        "name": f"Adele Vance (member {number:04})",
        "objectId": f"3a4f7c2e-9d1b-4f7e-8a43-1b2c3d4e{number:04}",
        "givenName": "Adele",
        "surname": "Vance",
        "email": f"adele.vance.{number:04}@contoso.example.com",
        "userPrincipalName": f"adele.vance.{number:04}@contoso.example.com",
        "tenantId": _TENANT,
        "userRole": "user",
    }


MEMBERS_PAGE: Final = compact([member(number) for number in range(MEMBERS_A_PAGE)])


def paged_members(page: int) -> bytes:
    """
    One page of the walk over all members; the last one has no continuation.
    """
    pages = MEMBERS // MEMBERS_A_PAGE
    more = b',"continuationToken":"%d"' % (page + 1) if page + 1 < pages else b""
    return b'{"members":' + MEMBERS_PAGE + more + b"}"
