"""
The responses behind the results.
"""

import asyncio

import pytest

from connector_async import Response, capture_responses
from connector_async.errors import NotFoundError

pytestmark = pytest.mark.usefixtures("answer")

HEADERS = {"content-type": "application/json", "X-MS-Request-Id": "5f1c"}


@pytest.fixture
def answer(router):
    """
    An answer with an id; a request for `a:gone` is not found.
    """
    router.get(path__regex="gone").respond(
        404, json={"error": {"code": "ConversationNotFound"}}, headers=HEADERS
    )
    return router.route().respond(201, json={"id": "1"}, headers=HEADERS)


async def test_collects(connector):
    """
    What a call came back with is collected: status, headers, content.
    """
    with capture_responses() as responses:
        await connector.send_to_conversation("a:1", {})

    (response,) = responses
    assert isinstance(response, Response)
    assert 201 == response.status
    assert b'{"id":"1"}' == response.content.replace(b" ", b"")
    assert "application/json" == response.headers["content-type"]
    assert "5f1c" == response.headers["x-ms-request-id"]
    assert "5f1c" == response.request_id


async def test_collects_in_order(connector):
    """
    Each call adds its response, siblings' calls too.
    """
    with capture_responses() as responses:
        assert [] == responses
        await connector.get_conversations()
        assert 1 == len(responses)
        await connector.with_options(deadline=5).get_attachment("x")

    assert 2 == len(responses)


async def test_collects_nothing_outside(connector):
    """
    Calls before and after are not collected.
    """
    await connector.get_conversations()
    with capture_responses() as responses:
        pass
    await connector.get_conversations()

    assert [] == responses


async def test_collects_of_tasks(connector):
    """
    Tasks that are started within collect into the same list.
    """
    with capture_responses() as responses:
        await asyncio.gather(*(connector.get_conversations() for _ in range(3)))

    assert 3 == len(responses)


async def test_tasks_keep_apart(connector):
    """
    Tasks that collect for themselves do not see each other's.
    """

    async def collected(calls):
        with capture_responses() as responses:
            for _ in range(calls):
                await connector.get_conversations()
                await asyncio.sleep(0)
        return len(responses)

    assert [1, 2, 3] == await asyncio.gather(*map(collected, (1, 2, 3)))


async def test_nests(connector):
    """
    The innermost collects.
    """
    with capture_responses() as outer:
        await connector.get_conversations()
        with capture_responses() as inner:
            await connector.send_to_conversation("a:1", {})
        await connector.get_conversations()

    assert [201] == [response.status for response in inner]
    assert 2 == len(outer)


async def test_ends_when_it_is_left_by_an_error(connector):
    """
    An error within ends the collecting, and what was collected is there.
    """

    async def fail(responses):
        with capture_responses() as collected:
            responses.append(collected)
            await connector.get_conversations()
            await connector.get_conversation_members("a:gone")

    seen = []
    with pytest.raises(NotFoundError):
        await fail(seen)
    await connector.get_conversations()

    assert [201] == [response.status for response in seen[0]]


async def test_errors_carry_theirs(connector):
    """
    What a refused call came back with is on its error.
    """
    with pytest.raises(NotFoundError) as raised:
        await connector.get_conversation_members("a:gone")

    error = raised.value
    assert 404 == error.status
    assert "ConversationNotFound" == error.code
    assert "5f1c" == error.request_id
    assert "application/json" == error.headers["content-type"]
    assert b"ConversationNotFound" in error.content


async def test_collects_of_streams(connector):
    """
    A stream's response is collected when it is entered, without its content.
    """
    with capture_responses() as responses:
        async with connector.stream_attachment("x") as content:
            assert 1 == len(responses)
            assert b'{"id":"1"}' == b"".join([chunk async for chunk in content]).replace(b" ", b"")

    assert b"" == responses[0].content


async def test_prints_no_content(connector, answer):
    """
    A response prints its status, and no content: it may be a person's.
    """
    answer.respond(200, json={"id": "secret"})

    with capture_responses() as responses:
        await connector.get_conversations()

    assert "200" in repr(responses[0])
    assert "secret" not in repr(responses[0])
