import asyncio
import random

import pytest

from connector_async._lines import Lines


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


class Crowd:
    """
    Callers that stand in one line, each inside until it is told to go.
    """

    def __init__(self, lines, key="k"):
        self.lines = lines
        self.key = key
        self.inside = []
        self.order = []
        self.tasks = {}
        self.exits = {}

    async def come(self, name):
        self.exits[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._stand(name))
        await settle()

    async def go(self, name):
        self.exits[name].set()
        await self.tasks[name]
        await settle()

    async def _stand(self, name):
        async with self.lines.hold(self.key):
            self.inside.append(name)
            self.order.append(name)
            try:
                await self.exits[name].wait()
            finally:
                self.inside.remove(name)


async def a_crowd(*names):
    crowd = Crowd(Lines())
    for name in names:
        await crowd.come(name)
    return crowd


async def test_one_inside():
    """
    Only one is inside at a time.
    """
    crowd = await a_crowd("a", "b", "c")

    assert ["a"] == crowd.inside


async def test_in_the_order_they_came():
    """
    Who came first is served first.
    """
    crowd = await a_crowd("a", "b", "c")

    for name in ("a", "b", "c"):
        await crowd.go(name)

    assert ["a", "b", "c"] == crowd.order


async def test_lines_do_not_meet():
    """
    A line does not wait for another one.
    """
    lines = Lines()
    one, other = Crowd(lines, "one"), Crowd(lines, "other")

    await one.come("a")
    await other.come("b")

    assert ["a"] == one.inside
    assert ["b"] == other.inside


async def test_counts_who_is_ahead():
    """
    Ahead are the one inside and those who wait.
    """
    crowd = Crowd(Lines())
    ahead = [crowd.lines.ahead("k")]

    for name in ("a", "b", "c"):
        await crowd.come(name)
        ahead.append(crowd.lines.ahead("k"))

    assert [0, 1, 2, 3] == ahead


async def test_counts_who_is_ahead_of_a_rank():
    """
    Ahead of who has a rank are the one inside, and those of no higher rank.
    """
    lines = Lines()
    await lines.enter("k")
    waiting = [asyncio.create_task(lines.enter("k", lambda rank=rank: rank)) for rank in (1, 3, 3)]
    await settle()
    ahead = [lines.ahead("k", rank) for rank in range(5)]
    for task in waiting:
        task.cancel()
    await settle()

    assert [1, 2, 2, 4, 4] == ahead


async def let_in(lines, ranks, *, changed=None):
    """
    The names of those who wait, in the order in which they are let in.
    """
    order, ranks = [], dict(ranks)

    async def stand(name):
        async with lines.hold("k", lambda: ranks[name]):
            order.append(name)

    await lines.enter("k")
    tasks = [asyncio.create_task(stand(name)) for name in ranks]
    await settle()
    ranks.update(changed or {})
    lines.leave("k")
    await asyncio.gather(*tasks)
    return order


async def test_the_lowest_rank_goes_first():
    """
    Where callers have ranks the lowest goes first, and equals in the order they came.
    """
    ranks = {"a": 2, "b": 1, "c": 2, "d": 0, "e": 1}

    assert ["d", "b", "e", "a", "c"] == await let_in(Lines(), ranks)


async def test_ranks_change():
    """
    A rank is asked for again while its caller waits.
    """
    ranks = {"a": 0, "b": 1, "c": 2}

    assert ["c", "b", "a"] == await let_in(Lines(), ranks, changed={"a": 3, "c": 0})


async def test_who_comes_later_with_a_lower_rank():
    """
    Who comes when others wait goes ahead of those of a higher rank.
    """
    lines, order = Lines(), []

    async def stand(name, rank):
        async with lines.hold("k", lambda: rank):
            order.append(name)
            if name == "a":
                tasks.append(asyncio.create_task(stand("late", 1)))
                await settle()

    await lines.enter("k")
    tasks = [asyncio.create_task(stand(name, rank)) for name, rank in [("a", 0), ("b", 2)]]
    await settle()
    lines.leave("k")
    await settle()
    await asyncio.gather(*tasks)

    assert ["a", "late", "b"] == order


async def test_a_cancelled_waiter_whose_rank_changed():
    """
    Who is cancelled leaves no trace, whatever became of its rank.
    """
    ranks, lines = {"a": 0, "b": 1}, Lines()
    await lines.enter("k")
    waiting = [
        asyncio.create_task(lines.enter("k", lambda name=name: ranks[name])) for name in ranks
    ]
    await settle()
    ranks.update(a=5)
    waiting[0].cancel()
    await settle()
    ahead = lines.ahead("k", 9)
    lines.leave("k")
    await settle()

    assert waiting[0].cancelled()
    assert 2 == ahead
    assert waiting[1].done()


async def test_an_empty_line_vanishes():
    """
    When the last one has left, nothing of the line is kept.
    """
    crowd = await a_crowd("a", "b")

    await crowd.go("a")
    kept = len(crowd.lines)
    await crowd.go("b")

    assert 1 == kept
    assert 0 == len(crowd.lines)
    assert 0 == crowd.lines.ahead("k")


async def test_a_free_line_does_not_suspend():
    """
    Who finds nobody ahead comes in without giving way to other tasks.
    """
    with pytest.raises(StopIteration):
        Lines().enter("k").send(None)


async def test_leaves_when_the_block_fails():
    """
    An error within gives the place up and goes on to the caller.
    """
    lines = Lines()

    with pytest.raises(ZeroDivisionError):
        async with lines.hold("k"):
            raise ZeroDivisionError

    assert 0 == len(lines)


async def test_a_cancelled_waiter_leaves_no_trace():
    """
    Who is cancelled while it waits is not counted, and does not hold up those behind it.
    """
    crowd = await a_crowd("a", "b", "c")

    crowd.tasks["b"].cancel()
    await settle()
    ahead = crowd.lines.ahead("k")
    await crowd.go("a")

    assert crowd.tasks["b"].cancelled()
    assert 2 == ahead
    assert ["c"] == crowd.inside


async def test_cancelled_when_the_one_inside_leaves():
    """
    A waiter that is cancelled in the very moment in which its turn came is cancelled, and no more.
    """
    crowd = await a_crowd("a", "b", "c")

    crowd.tasks["b"].cancel()
    await crowd.go("a")

    assert crowd.tasks["b"].cancelled()
    assert ["c"] == crowd.inside


async def test_the_last_waiter_cancelled_when_the_one_inside_leaves():
    """
    The same where nobody is behind it: the line vanishes.
    """
    lines = Lines()
    await lines.enter("k")
    waiter = asyncio.create_task(lines.enter("k"))
    await settle()

    waiter.cancel()
    lines.leave("k")
    await settle()

    assert waiter.cancelled()
    assert 0 == len(lines)


async def test_let_in_and_cancelled():
    """
    Who is cancelled after it was let in, and before it knows, lets the next one in.
    """
    lines = Lines()
    await lines.enter("k")
    waiters = [asyncio.create_task(lines.enter("k")) for _ in range(2)]
    await settle()

    lines.leave("k")
    waiters[0].cancel()
    await settle()

    assert waiters[0].cancelled()
    assert waiters[1].done()
    assert 1 == lines.ahead("k")


async def test_the_one_inside_is_cancelled():
    """
    A cancelled holder gives its place to the next one.
    """
    crowd = await a_crowd("a", "b")

    crowd.tasks["a"].cancel()
    await settle()

    assert ["b"] == crowd.inside


@pytest.mark.parametrize("ranks", [1, 5])
@pytest.mark.parametrize("seed", range(20))
async def test_any_cancellations(seed, ranks):
    """
    Whoever is cancelled whenever, one is inside at a time, and nothing is left over.
    """
    chance = random.Random(seed)
    lines, order, inside = Lines(), [], []

    async def stand(number):
        async with lines.hold("k", lambda: chance.randrange(ranks)):
            inside.append(number)
            order.append(number)
            assert [number] == inside
            try:
                for _ in range(chance.randrange(3)):
                    await asyncio.sleep(0)
            finally:
                inside.remove(number)

    tasks = [asyncio.create_task(stand(number)) for number in range(40)]
    for _ in range(60):
        chance.choice(tasks).cancel()
        await asyncio.sleep(0)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert all(outcome is None or type(outcome) is asyncio.CancelledError for outcome in outcomes)
    assert ranks > 1 or sorted(order) == order
    assert 0 == len(lines)
