import asyncio

import pytest

from connector_async import _operations as op
from connector_async import events
from connector_async._lines import Lines
from connector_async._pipeline.lane import lane
from connector_async.errors import LimitError, TransportError
from connector_async.testing import VirtualClock, run_virtual
from tests.pipeline.script import a_request, accepted

QUEUED = [
    op.SEND_TO_CONVERSATION,
    op.SEND_CONVERSATION_HISTORY,
    op.REPLY_TO_ACTIVITY,
    op.UPDATE_ACTIVITY,
    op.DELETE_ACTIVITY,
]
FREE = [operation for operation in op.OPERATIONS if operation not in QUEUED]


class Service:
    """
    A handler that takes some seconds, and knows who was in it.
    """

    def __init__(self, seconds=1.0):
        self.seconds = seconds
        self.begun = []
        self.inside = 0
        self.most = 0

    async def __call__(self, request):
        self.begun.append(request.url)
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.inside -= 1
        return accepted()


def nothing_foreseen(request, ahead):
    pass


def a_lane(service, *, lines=None, foresee=nothing_foreseen):
    lines = Lines() if lines is None else lines
    return lane(service, lines=lines, clock=VirtualClock(), foresee=foresee)


async def together(handle, *requests):
    return await asyncio.gather(*map(handle, requests))


def named(name, operation=op.SEND_TO_CONVERSATION, **facts):
    return a_request(operation, url=name, **facts)


def test_one_at_a_time_in_call_order():
    """
    What writes to one conversation goes one by one, in the order of the calls.
    """

    async def main():
        service = Service()
        await together(a_lane(service), *(named(str(number)) for number in range(10)))
        return service, VirtualClock().monotonic()

    service, seconds = run_virtual(main())

    assert [str(number) for number in range(10)] == service.begun
    assert 1 == service.most
    assert 10.0 == seconds


def test_writes_of_all_kinds_share_the_lane():
    """
    Sends, replies, updates and deletes of one conversation are in one lane.
    """

    async def main():
        service = Service()
        await together(a_lane(service), *(named(row.id, row) for row in QUEUED))
        return service

    service = run_virtual(main())

    assert [row.id for row in QUEUED] == service.begun
    assert 1 == service.most


def test_conversations_do_not_wait_for_each_other():
    """
    Each conversation has a lane of its own.
    """

    async def main():
        service = Service()
        requests = [named("x", conversation=f"a:{number}") for number in range(10)]
        await together(a_lane(service), *requests)
        return service.most

    assert 10 == run_virtual(main())


@pytest.mark.parametrize("operation", FREE, ids=lambda operation: operation.id)
def test_the_rest_does_not_queue(operation):
    """
    Reads, creates and uploads pass, though the conversation is being written to.
    """

    async def main():
        service = Service()
        requests = [named("send", conversation="a:1"), named("free", operation, conversation="a:1")]
        await together(a_lane(service), *requests)
        return service.most

    assert 2 == run_virtual(main())


def test_without_a_conversation():
    """
    What belongs to no conversation does not queue.
    """

    async def main():
        service = Service()
        await together(a_lane(service), *[named("x", conversation=None)] * 2)
        return service.most

    assert 2 == run_virtual(main())


def test_lanes_vanish():
    """
    Nothing is kept of a lane that is empty.
    """

    async def main():
        lines = Lines()
        handle = a_lane(Service(), lines=lines)
        calls = asyncio.gather(*(handle(named("x", conversation=f"a:{n}")) for n in range(10)))
        await asyncio.sleep(0.5)
        before = len(lines)
        await calls
        return before, len(lines)

    assert (10, 0) == run_virtual(main())


def test_a_cancelled_waiter_leaves_the_queue():
    """
    Who is cancelled while it waits is never sent, and holds nobody up.
    """

    async def main():
        service = Service()
        handle = a_lane(service)
        tasks = [asyncio.create_task(handle(named(name))) for name in "abc"]
        await asyncio.sleep(0.5)
        tasks[1].cancel()
        await asyncio.wait(tasks)
        return service.begun, tasks[1].cancelled(), VirtualClock().monotonic()

    assert (["a", "c"], True, 2.0) == run_virtual(main())


def test_a_cancelled_call_gives_its_place_up():
    """
    Who is cancelled on the wire lets the next one go, when its own way out has ended.
    """

    async def main():
        begun = []

        async def service(request):
            begun.append((request.url, VirtualClock().monotonic()))
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(0.25)
            return accepted()

        handle = a_lane(service)
        tasks = [asyncio.create_task(handle(named(name))) for name in "ab"]
        await asyncio.sleep(0.5)
        tasks[0].cancel()
        await asyncio.wait(tasks)
        return begun

    assert [("a", 0.0), ("b", 0.75)] == run_virtual(main())


def test_an_error_gives_the_place_up():
    """
    Who fails lets the next one go.
    """

    async def main():
        async def service(request):
            if request.url == "a":
                raise TransportError("nothing was sent")
            return accepted()

        handle = a_lane(service)
        return await asyncio.gather(handle(named("a")), handle(named("b")), return_exceptions=True)

    failed, sent = run_virtual(main())

    assert isinstance(failed, TransportError)
    assert 201 == sent.status


def test_an_observer_that_ends_the_call():
    """
    Who is ended when its wait is told of lets the next one go.
    """

    async def main():
        def ended(_):
            raise asyncio.CancelledError

        return await asyncio.gather(
            *map(
                asyncio.ensure_future,
                map(a_lane(Service()), [named("a"), named("b", notify=ended), named("c")]),
            ),
            return_exceptions=True,
        )

    first, second, third = run_virtual(main())

    assert isinstance(second, asyncio.CancelledError)
    assert (201, 201) == (first.status, third.status)


def test_tells_of_the_wait():
    """
    Who waited is told how long; who found the lane free is not told of it.
    """

    async def main():
        told = []
        await asyncio.sleep(5)
        requests = [named(name, notify=told.append) for name in "abc"]
        await together(a_lane(Service()), *requests)
        return told, requests

    told, requests = run_virtual(main())

    assert [
        events.Waited(
            call=request.call.number,
            operation="sendToConversation",
            reason="lane",
            seconds=seconds,
        )
        for request, seconds in zip(requests[1:], [1.0, 2.0], strict=True)
    ] == told


def test_asks_what_is_to_be_foreseen():
    """
    Who finds others ahead asks whether its turn will come in time, and says how many there are.
    """

    async def main():
        asked = []
        handle = a_lane(
            Service(), foresee=lambda request, ahead: asked.append((request.url, ahead))
        )
        await together(handle, *(named(name) for name in "abc"))
        return asked

    assert [("b", 1), ("c", 2)] == run_virtual(main())


def test_refuses_at_once():
    """
    Whose turn would come too late is refused at once, and the others do not notice.
    """

    async def main():
        def foresee(_, ahead):
            if ahead > 1:
                raise LimitError("not sent", wait=9.0, left=3.0)

        service = Service()
        handle = a_lane(service, foresee=foresee)
        calls = [asyncio.create_task(handle(named(name))) for name in "abc"]
        await asyncio.sleep(0)
        refused_at = [VirtualClock().monotonic() for call in calls if call.done()]
        results = await asyncio.gather(*calls, return_exceptions=True)
        return refused_at, results, service.begun

    refused_at, results, begun = run_virtual(main())

    assert [0.0] == refused_at
    assert isinstance(results[2], LimitError)
    assert ["a", "b"] == begun
