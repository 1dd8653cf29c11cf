"""
What a busy bot does: calls of all kinds at a steady rate, some of them cancelled.

It notes what became of each, in places that are there from the beginning, so that the
memory does not grow by the noting.
"""

import asyncio
import random
import time
from array import array
from collections import Counter, deque

from connector_async.errors import ConnectorError
from tests.reliability.soaking import MEMBERS, TENANTS, conversation_id, roster_id, tenant_id

RATE = 300
CANCELS = 0.01

# So many come at once, before there is a token or a connection, and never more: where the
# machine is too busy for the rate, the calls are late. So none needs more memory later.
CROWD = 1_000
LATEST = 10_000

# Of so many calls in a row the first are sends, each to a conversation of its own:
# 1,000,000 of an hour's 1,080,000.
ROUND, SENDS = 27, 25

# What became of a call, by its number.
UNTOLD, DONE, UNKNOWN, REFUSED, CANCELLED = range(5)


class Load:
    """
    The calls.

    Args:
        connector: Makes them.
        url: Where.
        count: How many.

    Attributes:
        fates: What became of each, by its number.
        ends: The same, counted by the error's name.
        late: How many were begun so many milliseconds late, by these.
        wrong: What must not happen, the latest.
        calls: Those under way.
    """

    def __init__(self, connector, url, count):
        self.at = [
            connector.at(f"{url}/{tenant_id(n)}").with_options(tenant_id=tenant_id(n))
            for n in range(TENANTS)
        ]
        # With another number than zero, so that the memory is really there.
        self.fates = bytearray([255]) * count
        self.late = array("q", [0]) * LATEST
        self.ends, self.wrong = Counter(), deque(maxlen=20)
        self.calls = set()
        self._sent, self._files = deque(maxlen=100), deque(maxlen=100)
        self._chance = random.Random(7)
        self._usual, self._missed = 0.01, 0

    async def run(self):
        """
        Begin each call when it is due, whether those before have ended or not, up to a crowd.
        """
        now = asyncio.get_running_loop().time
        began = now()
        for number in range(len(self.fates)):
            due = began + max(0, number - CROWD) / RATE
            await asyncio.sleep(max(0.0, due - now()))
            while len(self.calls) >= CROWD:  # noqa: ASYNC110  # no event is worth it
                await asyncio.sleep(0.01)
            late = now() - due
            self.late[max(0, min(int(late * 1000), LATEST - 1))] += 1
            self._begin(number)
        while self.calls:
            await asyncio.wait(self.calls)

    def _begin(self, number):
        call = asyncio.get_running_loop().create_task(self._call(number))
        self.calls.add(call)
        ending = None
        if self._missed or self._chance.random() < CANCELS:
            self._missed -= self._missed > 0
            # Within the time that a call takes, so at any point of its life.
            ending = asyncio.get_running_loop().call_later(
                self._chance.random() * self._usual, call.cancel
            )
        call.add_done_callback(lambda call: self._end(call, number, ending))

    def _end(self, call, number, ending):
        self.calls.discard(call)
        if call.cancelled():
            self.ends["cancelled"] += 1
            self.fates[number] = CANCELLED
        elif call.cancelling():
            self.wrong.append(f"call {number} was cancelled, and ended otherwise")
        elif ending is not None:
            ending.cancel()
            self._missed += 1

    async def _call(self, number):
        began = time.perf_counter()
        self.fates[number] = UNTOLD
        try:
            await self._made(number)
        except ConnectorError as error:
            self.ends[type(error).__name__] += 1
            self.fates[number] = UNKNOWN if error.may_have_happened else REFUSED
        except Exception as error:  # noqa: BLE001  # nothing else may be raised
            self.wrong.append(f"call {number}: {error!r:.300}")
        else:
            self.ends["done"] += 1
            self.fates[number] = DONE
        self._usual += (min(time.perf_counter() - began, 0.1) - self._usual) / 100

    async def _made(self, number):
        other = which(number)
        if other is not None and self._sent and (self._files or other is Load._upload):
            await other(self, number)
            return
        conversation = conversation_id(number)
        sent = await self.at[number % TENANTS].send_to_conversation(conversation, message(number))
        if sent.id is not None:
            self._sent.append((number, sent.id))

    async def _reply(self, number):
        whose, activity = self._sent.popleft()
        connector = self.at[whose % TENANTS]
        await connector.reply_to_activity(conversation_id(whose), activity, message(number))

    async def _update(self, number):
        whose, activity = self._sent.popleft()
        connector = self.at[whose % TENANTS]
        await connector.update_activity(conversation_id(whose), activity, message(number))

    async def _delete(self, _):
        whose, activity = self._sent.popleft()
        await self.at[whose % TENANTS].delete_activity(conversation_id(whose), activity)

    async def _page(self, number):
        pages = self.at[number % TENANTS].iter_conversation_members(roster_id(number), page_size=20)
        read = [member.id async for member in pages]
        if len(read) != len(MEMBERS):
            self.wrong.append(f"call {number} read {len(read)} members")

    async def _look(self, number):
        member = MEMBERS[number % len(MEMBERS)]
        await self.at[number % TENANTS].get_conversation_member(roster_id(number), member)

    async def _upload(self, number):
        file = {"type": "image/png", "name": "x.png", "originalBase64": "iVBORw0K" * 100}
        uploaded = await self.at[number % TENANTS].upload_attachment(roster_id(number), file)
        if uploaded.id is not None:
            self._files.append(uploaded.id)

    async def _download(self, number):
        await self.at[number % TENANTS].get_attachment(self._files[0], "original")

    async def _stream(self, number):
        async with self.at[number % TENANTS].stream_attachment(self._files[0]) as content:
            async for _ in content:
                pass


def message(number):
    return {"type": "message", "text": str(number)}


def is_post(number):
    """
    Whether a call says something new.
    """
    return which(number) in (None, Load._reply)


def which(number):
    """
    What a call is: None for a send.
    """
    turn, place = divmod(number, ROUND)
    if place < SENDS:
        return None
    return OTHERS[(turn * (ROUND - SENDS) + place - SENDS) % len(OTHERS)]


OTHERS = (
    Load._reply,
    Load._page,
    Load._update,
    Load._look,
    Load._upload,
    Load._delete,
    Load._download,
    Load._stream,
)
