"""
A morning of a bot's, for the browser to look at.

Its clock stands still but for what is told here, so that each picture of it is the same.
"""

import json

import httpx

from connector_async.emulator import Emulator, EmulatorClock

MORNING = 1_772_447_040.0  # 2026-03-02 10:24:00 UTC

ADA = "a:1pWf0xvbBzJjNQfYqcT6oC"
LAUNCH = "19:launch@thread.tacv2"
PLATFORM = "19:platform@thread.v2"

SWATCH = (
    "data:image/svg+xml;utf8,"
    "<svg xmlns='http://www.w3.org/2000/svg' width='440' height='160' viewBox='0 0 440 160'>"
    "<rect width='440' height='160' fill='%23dfe6fb'/>"
    "<circle cx='356' cy='52' r='24' fill='%23f3b76b'/>"
    "<path d='M0 160 L110 66 L180 118 L262 44 L440 160Z' fill='%237d90e6'/>"
    "<path d='M0 160 L70 112 L150 150 L236 98 L440 160Z' fill='%233f5bd8'/></svg>"
)

EXPENSE_CARD = {
    "type": "AdaptiveCard",
    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
    "version": "1.5",
    "body": [
        {"type": "TextBlock", "text": "Expense report", "size": "large", "weight": "bolder"},
        {
            "type": "FactSet",
            "facts": [
                {"title": "Trip", "value": "Lisbon, 18 to 20 February"},
                {"title": "Total", "value": "412.60 EUR"},
                {"title": "Receipts", "value": "5"},
            ],
        },
        {"type": "Input.Text", "id": "note", "placeholder": "A note for the approver"},
    ],
    "actions": [
        {"type": "Action.Submit", "title": "Submit", "style": "positive", "data": {"go": True}},
        {"type": "Action.Submit", "title": "Later", "data": {"go": False}},
    ],
}


def card(kind, content, **fields):
    return {
        "type": "message",
        "attachments": [
            {"contentType": f"application/vnd.microsoft.card.{kind}", "content": content}
        ],
        **fields,
    }


class Scene:
    """
    An emulator, and a bot that does as it is told.
    """

    def __init__(self):
        self.clock = EmulatorClock.from_functions(lambda: 5_000.0, lambda: MORNING)
        self.emulator = Emulator(clock=self.clock)
        self.client = httpx.AsyncClient(
            transport=self.emulator.transport(),
            base_url="http://emulator/teams",
            headers={"User-Agent": "greeter/1.0", "Authorization": "Bearer unknown"},
        )

    async def call(self, method, conversation_id, path="", body=None):
        # As clients send it, with ids that need quoting quoted.
        quoted = conversation_id.replace(":", "%3A").replace("@", "%40")
        url = f"/v3/conversations/{quoted}/activities{path}"
        content = None if body is None else json.dumps(body, ensure_ascii=False)
        headers = {"Content-Type": "application/json"} if content else {}
        try:
            return await self.client.request(method, url, content=content, headers=headers)
        except httpx.ReadError:
            return None

    async def send(self, conversation_id, body, *, reply_to=None, after=1.0):
        """
        Send as the bot does; the activity's id is returned.
        """
        self.clock.advance(after)
        activity = {"type": "message", "text": body} if isinstance(body, str) else body
        activity = {
            **activity,
            "from": {"id": "28:greeter", "name": "Concierge"},
            **({} if reply_to is None else {"replyToId": reply_to}),
        }
        path = "" if reply_to is None else f"/{reply_to}"
        response = await self.call("POST", conversation_id, path, activity)
        return None if response is None else response.json().get("id")

    def say(self, conversation_id, text, *, after=4.0, by=0, **fields):
        """
        Say as a member does.
        """
        self.clock.advance(after)
        member = self.emulator.members(conversation_id)[by]
        return self.emulator.add_activity(
            conversation_id,
            {
                "type": "message",
                "text": text,
                "textFormat": "plain",
                "from": {"id": member["id"], "name": member["name"], "role": "user"},
                **fields,
            },
        )

    async def play(self):
        """
        All of the morning.
        """
        self._people()
        for index, (name, text) in enumerate(SMALL_TALK):
            self.emulator.add_conversation(
                f"a:talk-{index}", kind="personal", name=name, members=person(name)
            )
            await self.send(f"a:talk-{index}", text, after=11.0)
        await self._expenses()
        await self._launch()
        await self._platform()
        return self

    def _people(self):
        for conversation_id, kind, name, members in [
            (ADA, "personal", "Ada Lovelace", person("Ada Lovelace")),
            (LAUNCH, "channel", "Launch", person("Grace Hopper", "Alan Kay", "Radia Perlman")),
            (PLATFORM, "groupChat", "Platform on call", person("Barbara Liskov", "Ken Thompson")),
        ]:
            self.emulator.add_conversation(conversation_id, kind=kind, name=name, members=members)

    async def _expenses(self):
        asked = self.say(ADA, "Hi! I need to file my trip to Lisbon.")
        await self.send(
            ADA, "Of course. I found **5 receipts** from 18 to 20 February.", reply_to=asked
        )
        await self.send(
            ADA,
            card(
                "hero",
                {
                    "title": "Lisbon, February",
                    "subtitle": "3 days, 2 nights",
                    "text": "Flights and hotel are booked through the travel desk.",
                    "images": [{"url": SWATCH, "alt": "Hills under a low sun"}],
                    "buttons": [
                        {"type": "imBack", "title": "Show the receipts", "value": "Show receipts"},
                        {"type": "openUrl", "title": "Policy", "value": "https://example.com/p"},
                    ],
                },
            ),
        )
        wrong = await self.send(ADA, "The total is 421.60 EUR.")
        gone = await self.send(ADA, "Your manager is Charles.")
        self.say(
            ADA,
            "Are you sure about that total?",
            attachments=[
                {
                    "contentType": "application/vnd.microsoft.teams.file.download.info",
                    "name": "receipts-lisbon.pdf",
                    "contentUrl": "https://example.com/receipts-lisbon.pdf",
                }
            ],
        )
        self.clock.advance(1.0)
        await self.call(
            "PUT", ADA, f"/{wrong}", {"type": "message", "text": "The total is 412.60 EUR."}
        )
        await self.call("DELETE", ADA, f"/{gone}")
        await self.send(ADA, "You are right, two digits were swapped. Here is the report:")
        await self.send(ADA, card("adaptive", EXPENSE_CARD))
        await self.send(
            ADA,
            {
                "type": "message",
                "text": "Shall I send it to accounting?",
                "suggestedActions": {
                    "actions": [
                        {"type": "imBack", "title": "Yes, send it", "value": "Yes, send it"},
                        {"type": "imBack", "title": "Not yet", "value": "Not yet"},
                    ]
                },
            },
        )

    async def _launch(self):
        self.say(LAUNCH, "Concierge, tell us when each region is live.", after=6.0)
        regions = ["Dublin", "Frankfurt", "Virginia", "Oregon", "Tokyo", "Sydney", "Mumbai"]
        for round_number in range(4):
            for index in range(11):
                text = f"{regions[index % 7]} is live, wave {round_number + 1}.{index + 1}"
                await self.send(LAUNCH, text, after=0.06)
            self.clock.advance(3.4 + round_number)
        for index in range(12):
            await self.send(LAUNCH, f"Smoke test {index + 1} of 12 passed", after=0.4)

    async def _platform(self):
        self.say(PLATFORM, "Anything burning?", after=2.0)
        self.emulator.fail_next("sendToConversation", status=503)
        await self.send(PLATFORM, "Checking the dashboards…")
        await self.send(PLATFORM, "Checking the dashboards…", after=2.0)
        self.emulator.drop_next("sendToConversation")
        await self.send(PLATFORM, "Disk on db-3 is at 91 %, the rest is quiet.", after=1.5)
        await self.send(PLATFORM, "Disk on db-3 is at 91 %, the rest is quiet.", after=2.0)
        self.say(PLATFORM, "<script>alert('on call')</script> is what it says there?", by=1)


SMALL_TALK = [
    ("Annie Easley", "Your desk is 4.12 today."),
    ("Dennis Ritchie", "The build you asked about is green again."),
    ("Edith Clarke", "Your badge will be ready at eleven."),
    ("Frances Allen", "Three reviews are waiting for you."),
    ("Hedy Lamarr", "The room is booked from 14:00 to 15:30."),
    ("John Backus", "Your parcel is at the front desk."),
    ("Karen Jones", "Lunch today: lentil soup, or trout."),
]


def person(*names):
    return [
        {"id": f"29:{name.lower().replace(' ', '-')}", "name": name, "userRole": "user"}
        for name in names
    ]
