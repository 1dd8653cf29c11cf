"""
Promise 2: the published limits are kept before the service has to refuse, and little time is lost.
"""

import asyncio
import random
from collections import Counter

import httpx
import pytest

from connector_async import ConnectorClient, RetryPolicy, TokenCallable
from connector_async.events import Waited
from connector_async.testing import VirtualClock, run_virtual

from .crowd import (
    READ_WINDOWS,
    SECOND,
    SEND_WINDOWS,
    TENANT_WINDOWS,
    URL,
    Offer,
    Service,
    least_time,
    lower_bound,
    serve,
    violations,
)


def exceeded(service):
    """
    How often a window of a conversation, and one of a tenant, was exceeded.
    """
    conversations, tenants = service.times("conversation"), service.times("tenant")
    return (
        sum(violations(times, SEND_WINDOWS) for times in conversations.values()),
        sum(violations(times, TENANT_WINDOWS) for times in tenants.values()),
    )


def is_in_order(service):
    """
    Whether what reached each conversation came as it was offered.
    """
    return all(sorted(texts, key=int) == texts for texts in service.texts().values())


def a_hundred_thousand():
    """
    Five hundred conversations of ten tenants, twenty of them busy; one offer in five is cancelled.
    """
    chance = random.Random(7)
    conversations = [*range(20)] * 2500
    conversations += [20 + number % 480 for number in range(100_000 - len(conversations))]
    chance.shuffle(conversations)
    for conversation in conversations:
        fate = chance.random()
        after = None if fate < 0.8 else 0 if fate < 0.85 else chance.uniform(0, 200)
        yield Offer(conversation % 10, conversation, after)


def test_a_hundred_thousand():
    """
    With 100,000 offers at once no window is exceeded, order holds, and at most 2 % of time is lost.
    """
    offers = list(a_hundred_thousand())

    service, sent = serve(offers)

    assert 85_000 < len(sent) < 90_000
    assert sent == sorted(int(arrival.text) for arrival in service.arrivals)
    assert (0, 0) == exceeded(service)
    assert is_in_order(service)
    assert service.arrivals[-1].time <= 1.02 * lower_bound(service)


def shuffled(conversations, seed=7):
    conversations = list(conversations)
    random.Random(seed).shuffle(conversations)
    return conversations


def by_weight(conversations, sign=1):
    weights = Counter(conversations)
    return sorted(conversations, key=lambda each: sign * weights[each])


FEW_AND_MANY = [*range(6)] * 120 + [6 + number % 194 for number in range(1000)]
ONE_BUSY = [0] * 110 + [1 + number % 199 for number in range(2000)]
TIGHT = [number % 25 for number in range(1500)]
UNEVEN = random.Random(3).choices(range(60), [1 / (n + 1) ** 0.5 for n in range(60)], k=2500)

MIXES = {
    "many conversations, one message each": [*range(1000)],
    "many conversations, some each": shuffled([*range(100)] * 20),
    "some busy, many idle": shuffled(FEW_AND_MANY),
    "some busy, many idle, the busy last": by_weight(FEW_AND_MANY),
    "some busy, many idle, the busy first": by_weight(FEW_AND_MANY, -1),
    "one busy, many idle": shuffled(ONE_BUSY),
    "one busy, many idle, the busy last": by_weight(ONE_BUSY),
    "conversations and tenant as tight": shuffled(TIGHT),
    "conversations and tenant as tight, one by one": sorted(TIGHT),
    "uneven": UNEVEN,
    "uneven, the busy last": by_weight(UNEVEN),
    "one conversation": [0] * 300,
}
CASES = [
    *((1, mix) for mix in MIXES),
    (2, "some busy, many idle, the busy last"),
    (2, "one busy, many idle"),
    (2, "conversations and tenant as tight"),
]


@pytest.mark.parametrize(("tenants", "mix"), CASES)
def test_loses_little_time(tenants, mix):
    """
    Whatever binds, a conversation or the tenant, at most 2 % and the first second are lost.

    In that second those go who came first, before it is seen who has the most to send.
    """
    conversations = MIXES[mix]
    offers = [Offer(conversation % tenants, conversation) for conversation in conversations]

    service, _ = serve(offers)

    assert len(conversations) == len(service.arrivals)
    assert (0, 0) == exceeded(service)
    assert is_in_order(service)
    assert service.arrivals[-1].time - SECOND <= 1.02 * lower_bound(service)


def test_one_tenant_does_not_wait_for_another():
    """
    A tenant with little to do is done as soon as if it were alone.
    """
    busy = [Offer(0, conversation) for conversation in shuffled([*range(50)] * 30)]
    quiet = [Offer(1, 50 + conversation) for conversation in [*range(10)] * 10]

    service, _ = serve([*busy, *quiet])

    least = least_time(100, TENANT_WINDOWS), least_time(10, SEND_WINDOWS)
    assert max(service.times("tenant")["t1"]) < 1.02 * max(least)


@pytest.mark.parametrize(
    ("conversations", "each"), [(10, 200), (1500, 1)], ids=["by conversation", "by tenant"]
)
def test_cancelled_waiters_cost_nothing(conversations, each):
    """
    What is offered and cancelled while it waits takes no time from the others, in either line.
    """
    chance = random.Random(7)
    count = conversations * each
    offers = []
    for number in range(count):
        # So late in its line that it cannot have been sent when it is cancelled.
        waits = number >= count / 2
        after = chance.choice([None, 0, chance.uniform(0, 8)]) if waits else None
        offers.append(Offer(0, number % conversations, after))
    never_cancelled = [offer for offer in offers if offer.cancelled_after is None]

    with_cancelled, sent = serve(offers)
    without, _ = serve(never_cancelled)

    assert len(never_cancelled) == len(sent) < 0.75 * count
    assert with_cancelled.arrivals[-1].time == without.arrivals[-1].time


def test_keeps_the_limits_at_any_latency():
    """
    However long requests and answers take on their way, no conversation's window is exceeded.
    """

    class Slow(Service):
        chance = random.Random(7)

        async def handle_async_request(self, request):
            await asyncio.sleep(self.chance.choice([0.001] * 20 + [0.5, 1.5]))
            response = await super().handle_async_request(request)
            await asyncio.sleep(self.chance.choice([0.001] * 20 + [0.5]))
            return response

    service, _ = serve([Offer(0, number % 10) for number in range(1000)], Slow())

    assert 1000 == len(service.arrivals)
    assert 0 == exceeded(service)[0]
    assert is_in_order(service)


class Refusing(Service):
    """
    Refuses the first message of one conversation.
    """

    def __init__(self, conversation, retry_after):
        super().__init__()
        self.refused = conversation
        self.retry_after = retry_after

    async def handle_async_request(self, request):
        response = await super().handle_async_request(request)
        if self.arrivals[-1].conversation == self.refused:
            self.refused = None
            return httpx.Response(429, headers={"retry-after": self.retry_after})
        return response


@pytest.mark.parametrize("moment", [0.0, 0.5, 20.0, 29.0, 31.5])
def test_a_free_conversation_does_not_wait(moment):
    """
    While others are throttled by their windows, or paused by the service, a free one goes at once.
    """
    service = Refusing("paused", "25")

    async def main():
        clock = VirtualClock()
        async with ConnectorClient(
            None,
            service_url=URL,
            transport=service,
            clock=clock,
            chance=random.Random(1),
            deadline=None,
        ) as connector:
            message = {"type": "message", "text": "1"}
            busy = ["paused", *("a", "b", "c", "d")] * 100
            others = [
                asyncio.ensure_future(connector.send_to_conversation(each, message))
                for each in busy
            ]
            await clock.sleep(moment)
            await connector.send_to_conversation("free", message)
            sent_at = clock.monotonic()
            throttled = sum(not other.done() for other in others)
            for other in others:
                other.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            return sent_at, throttled

    sent_at, throttled = run_virtual(main())

    assert moment == sent_at
    assert throttled > 50
    assert [moment * SECOND] == service.times("conversation")["free"]


def test_a_refusal_is_obeyed():
    """
    A conversation that the service refused gets nothing before the time that it asked for.
    """
    service = Refusing("c1", "7")
    service, sent = serve([Offer(0, 1) for _ in range(20)], service)

    first, second = service.times("conversation")["c1"][:2]

    assert 20 == len(sent)
    assert 7 * SECOND <= second - first <= 7.7 * SECOND


def test_what_never_left_is_not_counted():
    """
    A message that could not be sent takes nothing from its conversation's windows.
    """

    class Unreachable(Service):
        failures = 3

        async def handle_async_request(self, request):
            if self.failures:
                self.failures -= 1
                raise httpx.ConnectError("unreachable")
            return await super().handle_async_request(request)

    service, _ = serve([Offer(0, 1) for _ in range(7)], Unreachable(), retry=RetryPolicy(base=0))

    assert [0] * 7 == service.times("conversation")["c1"]


def cold(seconds):
    """
    A credential whose every token takes some time, and who asked for one.
    """
    asked = []

    async def fetch():
        asked.append(None)
        await asyncio.sleep(seconds)
        return "token", 3600

    return TokenCallable(fetch), asked


@pytest.mark.parametrize(
    ("operation", "windows"),
    [("send_to_conversation", SEND_WINDOWS), ("get_conversation_member", READ_WINDOWS)],
)
@pytest.mark.parametrize("conversations", [1, 500])
def test_a_slow_token_lets_no_crowd_loose(operation, windows, conversations):
    """
    Five hundred callers who waited for one token then go no faster than the windows allow.
    """
    service, (credential, asked) = Service(), cold(5)
    argument = {"type": "message", "text": "1"} if operation.startswith("send") else "29:1"

    async def main():
        async with ConnectorClient(
            credential, service_url=URL, transport=service, clock=VirtualClock(), deadline=None
        ) as connector:
            call = getattr(connector, operation)
            await asyncio.gather(*(call(f"c{n % conversations}", argument) for n in range(500)))

    run_virtual(main())

    times = service.times("conversation").values()
    assert 1 == len(asked)
    assert 500 == len(service.arrivals)
    assert 5 * SECOND <= service.arrivals[0].time
    assert 0 == sum(violations(each, windows) for each in times)
    assert 0 == violations(service.times("tenant")["teams"], TENANT_WINDOWS)


def test_tells_how_long_it_waited():
    """
    Observers are told of the waits for the limits, and none of a call that had not to wait.
    """
    events = []

    serve([Offer(0, 1) for _ in range(8)], observers=[events.append])

    assert [1.0] == [e.seconds for e in events if isinstance(e, Waited) and e.reason == "limit"]
