"""
A service that halves its limits without notice, and restores them after a while.
"""

import asyncio
import itertools
import random
from collections import defaultdict, deque

import attrs
import httpx

from connector_async import ConnectorClient
from connector_async.errors import ConnectorError
from connector_async.testing import VirtualClock, run_virtual
from tests.promises.crowd import SECOND, SEND_WINDOWS, TENANT_WINDOWS, URL
from tests.reliability.scoreboard import Measured, score

MINUTE = 60.0
BEFORE = MINUTE
LONG = 10 * MINUTE
AFTER = 3 * MINUTE
MESSAGE = {"type": "message", "text": "x"}


@attrs.frozen
class Scene:
    """
    What is halved, and how it is told.

    Attributes:
        conversations: How many have always something to send.
        of: Whose limits are halved.
        windows: The published ones.
        rate: How many a second they allow in the long run, all keys together.
        retry_after: What a refusal says.
    """

    conversations: int
    of: str
    windows: tuple
    rate: float
    retry_after: str | None

    def __str__(self):
        told = "" if self.retry_after is None else f", told to wait {self.retry_after} s"
        return f"{self.of} halved{told}"


SCENES = [
    Scene(conversations, of, windows, rate, retry_after)
    for (conversations, of, windows, rate), retry_after in itertools.product(
        [(5, "conversation", SEND_WINDOWS, 10.0), (100, "tenant", TENANT_WINDOWS, 50.0)],
        [None, "1"],
    )
]


class Service(httpx.AsyncBaseTransport):
    """
    Counts what it takes in half-open windows, and refuses the rest.
    """

    def __init__(self, scene, until):
        self.scene = scene
        self.until = until
        self.taken = defaultdict(lambda: deque(maxlen=2000))
        self.seen = []

    async def handle_async_request(self, request):
        now = asyncio.get_running_loop().time()
        path = request.url.raw_path.decode().split("/")
        key = path[4] if self.scene.of == "conversation" else path[1]
        times, at = self.taken[key], round(now * SECOND)
        halved = BEFORE <= now < self.until
        is_full = any(
            len(times) >= (most := count // 2 if halved else count) and times[-most] + per > at
            for count, per in self.scene.windows
        )
        self.seen.append((now, not is_full))
        if is_full:
            told = self.scene.retry_after
            return httpx.Response(429, headers={} if told is None else {"retry-after": told})
        times.append(at)
        return httpx.Response(201, content=b'{"id":"1"}')

    def between(self, begin, end):
        """
        How many were taken and how many refused in that time.
        """
        taken = [good for now, good in self.seen if begin <= now < end]
        return sum(taken), len(taken) - sum(taken)


def carry_out(scene):
    service = Service(scene, BEFORE + LONG)

    async def always(connector, conversation):
        while True:
            try:
                await connector.send_to_conversation(conversation, MESSAGE)
            except ConnectorError:
                await asyncio.sleep(0)

    async def main():
        async with ConnectorClient(
            None,
            service_url=URL,
            transport=service,
            clock=VirtualClock(),
            chance=random.Random(7),
            deadline=None,
        ) as connector:
            tasks = [
                asyncio.ensure_future(always(connector, f"c{number % scene.conversations}"))
                for number in range(3 * scene.conversations)
            ]
            await asyncio.sleep(service.until + AFTER)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    run_virtual(main())
    return service


@attrs.frozen
class Figures:
    """
    Of one scene: parts of one.
    """

    refused: float
    used: float
    restored: float

    @property
    def met(self):
        # What is lost at best are the limiter's two per cent.
        return self.refused <= 0.05 and self.used >= 0.85 and self.restored >= 0.97


def figures(scene, service):
    first, last = BEFORE + MINUTE, service.until
    taken, refused = service.between(first, last)
    back, _ = service.between(service.until + 2 * MINUTE, service.until + 3 * MINUTE)
    return Figures(
        refused / (taken + refused),
        taken / (scene.rate / 2 * (last - first)),
        back / (scene.rate * MINUTE),
    )


def measure(scenes):
    found = {scene: figures(scene, carry_out(scene)) for scene in scenes}
    text = "; ".join(
        f"{scene}: {each.refused:.1%} refused, {each.used:.0%} used, then {each.restored:.0%}"
        for scene, each in found.items()
    )
    return Measured(text, all(each.met for each in found.values()))


def test_brownout():
    """
    The client finds the lower limits, keeps to them, and finds the old ones again.
    """
    score(
        "brownout",
        measure,
        what="the service halves its limits without notice for 10 min (virtual time)",
        target="after the first minute at most 5 % refused, at least 85 % of the new limit used; "
        "back to full use, 97 %, within 2 min of the restoring",
        short=SCENES[::2],
        full=SCENES,
    )
