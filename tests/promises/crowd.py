"""
Crowds of callers in virtual time, and a service that counts what reaches it.
"""

import asyncio
import json
import random
from collections import Counter, defaultdict

import attrs
import httpx

from connector_async import ConnectorClient
from connector_async.testing import VirtualClock, run_virtual

SECOND = 1_000_000_000
SEND_WINDOWS = ((7, SECOND), (8, 2 * SECOND), (60, 30 * SECOND), (1800, 3600 * SECOND))
READ_WINDOWS = ((14, SECOND), (16, 2 * SECOND), (120, 30 * SECOND), (3600, 3600 * SECOND))
TENANT_WINDOWS = ((50, SECOND),)
WINDOWS = {
    "send": SEND_WINDOWS,
    "create": SEND_WINDOWS,
    "members": READ_WINDOWS,
    "unpaged members": ((5, 60 * SECOND),),
    "conversations": READ_WINDOWS,
}
URL = "https://smba.trafficmanager.net/teams"


@attrs.frozen
class Arrival:
    """
    A request as the service saw it.

    Attributes:
        time: When, in nanoseconds.
        conversation: Which one, or the channel in which one is created; empty for a list of them.
        tenant: Whose.
        text: The message's.
        quotas: What it counts for.
    """

    time: int
    conversation: str
    tenant: str
    text: str
    quotas: tuple[str, ...] = ("send",)


class Service(httpx.AsyncBaseTransport):
    """
    Takes every request in no time, and notes when it came.

    Tenant and conversation are told by the path, texts by the body.
    """

    def __init__(self):
        self.arrivals = []

    async def handle_async_request(self, request):
        _, tenant, _, _, *rest = request.url.raw_path.decode().split("/")
        body = json.loads(request.content) if request.content else {}
        quotas = quotas_of(request.method, rest)
        conversation = rest[0] if rest else ""
        if quotas == ("create",):
            conversation, body = body["channelData"]["channel"]["id"], body["activity"]
        now = round(asyncio.get_running_loop().time() * SECOND)
        self.arrivals.append(Arrival(now, conversation, tenant, body.get("text", ""), quotas))
        return httpx.Response(201, content=b"[]" if rest[1:] == ["members"] else b'{"id":"1"}')

    def times(self, of):
        """
        When requests came, for each value of an attribute of theirs.
        """
        times = defaultdict(list)
        for arrival in self.arrivals:
            times[getattr(arrival, of)].append(arrival.time)
        return times

    def texts(self):
        """
        What was sent to each conversation, in the order in which it came.
        """
        texts = defaultdict(list)
        for arrival in self.arrivals:
            if arrival.quotas == ("send",):
                texts[arrival.conversation].append(arrival.text)
        return texts


def quotas_of(method, rest):
    """
    What a request counts for, by its method and what follows `conversations` in its path.
    """
    if not rest:
        return ("conversations",) if method == "GET" else ("create",)
    if rest[1] == "activities":
        return ("send",)
    return ("members", "unpaged members") if rest[1:] == ["members"] else ("members",)


def violations(times, windows):
    """
    How often a window was exceeded, as the service counts: half-open, to the nanosecond.
    """
    return sum(
        times[index] - times[index - count] < per
        for count, per in windows
        for index in range(count, len(times))
    )


def exceeded(service, windows=WINDOWS):
    """
    How often a window of each quota was exceeded, over all conversations.
    """
    logs = defaultdict(list)
    for arrival in service.arrivals:
        for quota in arrival.quotas:
            logs[quota, arrival.conversation].append(arrival.time)
    found = dict.fromkeys(windows, 0)
    for (quota, _), times in logs.items():
        if quota in windows:
            found[quota] += violations(times, windows[quota])
    return found


def least_time(count, windows):
    """
    The time of the last of so many entries, each made as early as the windows allow.
    """
    times = []
    for _ in range(count):
        gone = [times[-most] + per for most, per in windows if len(times) >= most]
        times.append(max([0, *times[-1:], *gone]))
    return times[-1] if times else 0


def lower_bound(service):
    """
    The time that what was let in takes at the least, by the slowest single key, in nanoseconds.
    """
    conversations = Counter(len(times) for times in service.times("conversation").values())
    tenants = Counter(len(times) for times in service.times("tenant").values())
    return max(
        least_time(max(conversations), SEND_WINDOWS), least_time(max(tenants), TENANT_WINDOWS)
    )


CALLS = {
    "send": lambda at, where, message: at.send_to_conversation(where, message),
    "reply": lambda at, where, message: at.reply_to_activity(where, "1", message),
    "update": lambda at, where, message: at.update_activity(where, "1", message),
    "create": lambda at, where, message: at.create_conversation(
        {"channelData": {"channel": {"id": where}}, "activity": message}
    ),
    "member": lambda at, where, _: at.get_conversation_member(where, "29:1"),
    "page of members": lambda at, where, _: at.get_conversation_paged_members(where),
    "unpaged members": lambda at, where, _: at.get_conversation_members(where),
    "conversations": lambda at, *_: at.get_conversations(),
}


@attrs.frozen
class Offer:
    """
    A call that is to be made, and when the caller changes its mind; None for never.
    """

    tenant: int
    conversation: int
    cancelled_after: float | None = None
    call: str = "send"


def serve(offers, service=None, **options):
    """
    Offer all of these at once, and return the service and the indices of those that were made.
    """
    service = Service() if service is None else service

    async def main():
        options.setdefault("deadline", None)
        async with ConnectorClient(
            None,
            service_url=URL,
            transport=service,
            clock=VirtualClock(),
            chance=random.Random(1),
            **options,
        ) as connector:
            siblings = {
                tenant: connector.at(f"https://smba.trafficmanager.net/t{tenant}").with_options(
                    tenant_id=f"t{tenant}"
                )
                for tenant in {offer.tenant for offer in offers}
            }
            loop = asyncio.get_running_loop()
            tasks = []
            for number, offer in enumerate(offers):
                message = {"type": "message", "text": str(number)}
                call = CALLS[offer.call](siblings[offer.tenant], f"c{offer.conversation}", message)
                task = loop.create_task(call)
                tasks.append(task)
                if offer.cancelled_after == 0:
                    task.cancel()
                elif offer.cancelled_after is not None:
                    loop.call_later(offer.cancelled_after, task.cancel)
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            unexpected = [
                outcome
                for outcome in outcomes
                if isinstance(outcome, BaseException)
                and not isinstance(outcome, asyncio.CancelledError)
            ]
            assert [] == unexpected[:3]
            return [
                number
                for number, outcome in enumerate(outcomes)
                if not isinstance(outcome, BaseException)
            ]

    return service, run_virtual(main())
