"""
Who goes first where several conversations of a tenant are free: the one with the most to send.
"""

import asyncio
import random

from connector_async._lines import Lines


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


class Tenant:
    """
    A line in which each conversation stands with as many calls as it has to send.
    """

    def __init__(self, **waiting):
        self.lines = Lines()
        self.waiting = dict(waiting)
        self.order = []
        self.turns = dict.fromkeys(waiting, 1)
        self.tasks = {}

    async def stand(self, *names):
        """
        Let these come, in this order, while somebody else is inside.
        """
        await self.lines.enter("tenant")
        for name in names:
            self.tasks[name] = asyncio.create_task(self._pass(name))
            await settle()

    async def pass_all(self):
        self.lines.leave("tenant")
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    async def _pass(self, name):
        for _ in range(self.turns[name]):
            async with self.lines.hold("tenant", lambda: -self.waiting[name]):
                self.order.append(name)
                await settle()


async def test_the_longest_goes_first():
    """
    The most waiting calls, the sooner the turn, whoever came first.
    """
    tenant = Tenant(a=1, b=3, c=2)

    await tenant.stand("a", "b", "c")
    await tenant.pass_all()

    assert ["b", "c", "a"] == tenant.order


async def test_equals_in_the_order_they_came():
    """
    Who has as much to send goes in the order of coming.
    """
    tenant = Tenant(a=2, b=1, c=2, d=1)

    await tenant.stand("d", "c", "b", "a")
    await tenant.pass_all()

    assert ["c", "a", "d", "b"] == tenant.order


async def test_who_has_got_more_to_send():
    """
    What a conversation has to send is asked again: one that grows is not passed over for ever.
    """
    tenant = Tenant(a=1, b=2, c=2, d=2)
    await tenant.stand("a", "b", "c", "d")

    tenant.waiting["a"] = 9
    await tenant.pass_all()

    assert ["a", "b", "c", "d"] == tenant.order


async def test_who_gets_more_to_send_while_others_come_again():
    """
    Nor is it passed over by those who stand again and again, or wait for all who came before it.
    """
    idle = [f"idle {number}" for number in range(60)]
    busy = [f"busy {number}" for number in range(20)]
    tenant = Tenant(grown=1, **dict.fromkeys(idle, 1), **dict.fromkeys(busy, 5))
    tenant.turns.update(dict.fromkeys(busy, 20))
    await tenant.stand(*idle, *busy, "grown")

    passing = asyncio.create_task(tenant.pass_all())
    await settle()
    begun = len(tenant.order)
    tenant.waiting["grown"] = 9
    await passing

    assert 1 <= begun < 5
    assert tenant.order.index("grown") < 90


async def test_every_tenth_turn_by_age():
    """
    One that has little to send waits for nine others at the most, and not until they have ended.
    """
    busy = [f"busy {number}" for number in range(40)]
    tenant = Tenant(light=1, **dict.fromkeys(busy, 5))

    await tenant.stand("light", *busy)
    await tenant.pass_all()

    assert 9 == tenant.order.index("light")
    assert busy == [name for name in tenant.order if name != "light"]


async def test_counts_who_is_ahead():
    """
    Ahead are the one inside and those of the same rank or a lower one.
    """
    tenant = Tenant(a=1, b=3, c=3, d=5)
    await tenant.stand("a", "b", "c", "d")

    ahead = [tenant.lines.ahead("tenant", -waiting) for waiting in (6, 5, 4, 3, 2, 1)]

    assert [1, 2, 2, 4, 4, 5] == ahead
    assert 5 == tenant.lines.ahead("tenant")
    await tenant.pass_all()


async def test_a_cancelled_one_leaves_no_trace():
    """
    Who is cancelled is not counted, wherever it stood.
    """
    tenant = Tenant(a=1, b=3, c=2)
    await tenant.stand("a", "b", "c")

    tenant.tasks["c"].cancel()
    await settle()
    ahead = tenant.lines.ahead("tenant")
    await tenant.pass_all()

    assert 3 == ahead
    assert ["b", "a"] == tenant.order
    assert 0 == len(tenant.lines)


async def test_any_ranks_and_cancellations():
    """
    Whatever ranks change and whoever is cancelled: one is inside, and nothing is left over.
    """
    chance = random.Random(7)
    lines, inside, served = Lines(), [], 0

    async def stand(number):
        nonlocal served
        async with lines.hold("k", lambda: chance.randrange(5)):
            inside.append(number)
            assert [number] == inside
            await asyncio.sleep(0)
            inside.remove(number)
            served += 1

    tasks = [asyncio.create_task(stand(number)) for number in range(300)]
    while not all(task.done() for task in tasks):
        chance.choice(tasks).cancel()
        await asyncio.sleep(0)

    assert served == sum(not task.cancelled() for task in tasks)
    assert served > 50
    assert 0 == len(lines)
