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
URL = "https://smba.trafficmanager.net/teams"


@attrs.frozen
class Arrival:
    """
    A request as the service saw it.
    """

    time: int
    conversation: str
    tenant: str
    text: str


class Service(httpx.AsyncBaseTransport):
    """
    Takes every request in no time, and notes when it came.

    Tenant and conversation are told by the path, texts by the body.
    """

    def __init__(self):
        self.arrivals = []

    async def handle_async_request(self, request):
        parts = request.url.raw_path.decode().split("/")
        text = json.loads(request.content)["text"] if request.content else ""
        now = round(asyncio.get_running_loop().time() * SECOND)
        self.arrivals.append(Arrival(now, parts[4], parts[1], text))
        return httpx.Response(201, content=b'{"id":"1"}')

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
            texts[arrival.conversation].append(arrival.text)
        return texts


def violations(times, windows):
    """
    How often a window was exceeded, as the service counts: half-open, to the nanosecond.
    """
    return sum(
        times[index] - times[index - count] < per
        for count, per in windows
        for index in range(count, len(times))
    )


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


@attrs.frozen
class Offer:
    """
    A message that is to be sent, and when the caller changes its mind; None for never.
    """

    tenant: int
    conversation: int
    cancelled_after: float | None = None


def serve(offers, service=None, **options):
    """
    Offer all of these at once, and return the service and the indices of those that were sent.
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
                sending = siblings[offer.tenant].send_to_conversation(
                    f"c{offer.conversation}", {"type": "message", "text": str(number)}
                )
                task = loop.create_task(sending)
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
