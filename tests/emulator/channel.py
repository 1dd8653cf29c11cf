"""
One channel with something of everything in it, and a plain httpx client to ask for all fifteen.
"""

import base64
import json
from contextlib import asynccontextmanager
from urllib.parse import quote

import attrs
import httpx

from connector_async.emulator import TENANT_ID, Emulator, EmulatorClock, EmulatorLimits

BASE_URL = "https://smba.example.net/teams"
WALL = 1_700_000_000.5
MESSAGE = {"type": "message", "text": "hello"}
TRANSCRIPT = {"activities": [{**MESSAGE, "id": "1", "timestamp": "2023-11-14T22:13:20Z"}]}
UPLOAD = {"type": "image/png", "originalBase64": base64.b64encode(b"picture").decode()}
CHAT = {"members": [{"id": "29:new"}], "tenantId": TENANT_ID}
SLACK_CHAT = {"bot": {"id": "B1:T1"}, "members": [{"id": "U1:T1"}]}

REQUESTS = {
    "getConversations": ("GET", "/v3/conversations", None),
    "createConversation": ("POST", "/v3/conversations", CHAT),
    "sendToConversation": ("POST", "/v3/conversations/{c}/activities", MESSAGE),
    "sendConversationHistory": ("POST", "/v3/conversations/{c}/activities/history", TRANSCRIPT),
    "replyToActivity": ("POST", "/v3/conversations/{c}/activities/{a}", MESSAGE),
    "updateActivity": ("PUT", "/v3/conversations/{c}/activities/{a}", MESSAGE),
    "deleteActivity": ("DELETE", "/v3/conversations/{c}/activities/{a}", None),
    "getActivityMembers": ("GET", "/v3/conversations/{c}/activities/{a}/members", None),
    "getConversationMembers": ("GET", "/v3/conversations/{c}/members", None),
    "getConversationPagedMembers": ("GET", "/v3/conversations/{c}/pagedmembers", None),
    "getConversationMember": ("GET", "/v3/conversations/{c}/members/{m}", None),
    "deleteConversationMember": ("DELETE", "/v3/conversations/{c}/members/{m}", None),
    "uploadAttachment": ("POST", "/v3/conversations/{c}/attachments", UPLOAD),
    "getAttachmentInfo": ("GET", "/v3/attachments/{x}", None),
    "getAttachment": ("GET", "/v3/attachments/{x}/views/original", None),
}


@attrs.frozen
class Channel:
    """
    An emulator, and the ids of what is in it.
    """

    emulator: Emulator
    client: httpx.AsyncClient
    conversation: str
    activity: str
    member: str
    attachment: str

    async def ask(self, operation, body=None, query=None, **ids):
        """
        Ask for an operation; ids may be replaced by their letters.
        """
        method, template, usual = REQUESTS[operation]
        if operation == "createConversation" and self.emulator.profile.name == "slack":
            usual = SLACK_CHAT
        known = {
            "c": self.conversation,
            "a": self.activity,
            "m": self.member,
            "x": self.attachment,
            **ids,
        }
        path = template.format_map({name: quote(value, safe="") for name, value in known.items()})
        body = usual if body is None else body
        # In as few bytes as there can be, whichever httpx it is.
        written = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        content = None if body is None else written.encode()
        headers = {} if body is None else {"content-type": "application/json"}
        return await self.client.request(
            method, path, content=content, headers=headers, params=query
        )

    async def send(self, conversation=None, **fields):
        """
        Send a message.
        """
        ids = {} if conversation is None else {"c": conversation}
        return await self.ask("sendToConversation", {**MESSAGE, **fields}, **ids)

    async def create(self, **asked):
        """
        Create a conversation.
        """
        return await self.ask("createConversation", asked)


@asynccontextmanager
async def a_channel(profile, *, kind=None, members=3, **options):
    """
    A channel without limits, with one conversation in which the bot has spoken.
    """
    options.setdefault("limits", EmulatorLimits.off())
    options.setdefault("clock", EmulatorClock.from_functions(lambda: 1000.0, lambda: WALL))
    emulator = Emulator(profile=profile, **options)
    conversation = emulator.add_conversation(kind=kind, members=members)
    async with httpx.AsyncClient(transport=emulator.transport(), base_url=BASE_URL) as client:
        path = f"/v3/conversations/{quote(conversation, safe='')}/activities"
        sent = await client.post(path, json={**MESSAGE, "text": "before"})
        yield Channel(
            emulator=emulator,
            client=client,
            conversation=conversation,
            activity=sent.json()["id"],
            member=emulator.members(conversation)[0]["id"],
            attachment=emulator.add_attachment(b"picture", type="image/png"),
        )


def refusal(response):
    """
    The status and the code of an error in the usual shape.
    """
    return response.status_code, response.json()["error"]["code"]
