"""
Following continuation tokens.
"""

import asyncio

import httpx
import pytest

from connector_async import ConnectorClient
from connector_async._paging import Pages
from connector_async.errors import DecodeError, ThrottledError
from connector_async.models import ChannelAccount


class Book:
    """
    Pages by token; an exception in place of one is raised once.

    Attributes:
        asked: The tokens that were asked for, in order.
    """

    def __init__(self, **pages):
        self.asked = []
        self._pages = pages

    async def __call__(self, token):
        self.asked.append(token)
        page = self._pages[token or "first"]
        if isinstance(page, list):
            page = page.pop(0)
        if isinstance(page, Exception):
            raise page
        return page


def pages_of(book, continuation_token=None):
    return Pages(book, operation="getConversations", continuation_token=continuation_token)


async def taken(pages):
    return [item async for item in pages]


async def test_walks_all_pages():
    """
    The items of all pages come in order, and each page is asked for once.
    """
    book = Book(first=("ab", "2"), **{"2": ("c", "3"), "3": ("de", None)})

    assert list("abcde") == await taken(pages_of(book))
    assert [None, "2", "3"] == book.asked


async def test_fetches_nothing_before_it_is_asked():
    """
    An iterator that nobody asks fetches nothing.
    """
    book = Book(first=("ab", None))

    pages_of(book)

    assert [] == book.asked


async def test_has_one_page_in_hand():
    """
    The next page is fetched when its first item is asked for, and not before.
    """
    book = Book(first=("ab", "2"), **{"2": ("c", None)})
    pages = pages_of(book)

    assert ["a", "b"] == [await anext(pages), await anext(pages)]
    assert [None] == book.asked
    assert "c" == await anext(pages)
    assert [None, "2"] == book.asked


@pytest.mark.parametrize("end", [None, ""])
async def test_ends_without_a_token(end):
    """
    No token, and an empty one, is the end; asking on does not fetch.
    """
    book = Book(first=("a", end))
    pages = pages_of(book)

    assert ["a"] == await taken(pages)
    assert [] == await taken(pages)
    assert [None] == book.asked


async def test_goes_on_after_empty_pages():
    """
    A page without items but with a token is not the end.
    """
    book = Book(first=("", "2"), **{"2": ("", "3"), "3": ("a", None)})

    assert ["a"] == await taken(pages_of(book))


async def test_nothing_at_all():
    """
    One empty page is no items.
    """
    assert [] == await taken(pages_of(Book(first=("", None))))


@pytest.mark.parametrize("again", ["2", "3"])
async def test_refuses_a_token_that_repeats(again):
    """
    A token that came before raises, after the items of its page were given.
    """
    book = Book(first=("a", "2"), **{"2": ("b", "3"), "3": ("c", again)})
    pages = pages_of(book)

    assert ["a", "b", "c"] == [await anext(pages) for _ in range(3)]
    with pytest.raises(DecodeError, match="came before") as raised:
        await anext(pages)
    assert "getConversations" == raised.value.operation
    assert "$.continuationToken" == raised.value.place
    assert [None, "2", "3"] == book.asked


async def test_refuses_the_token_that_it_began_with():
    """
    A page that names itself as the next one is not asked for twice.
    """
    book = Book(**{"2": ("a", "2")})
    pages = pages_of(book, "2")

    assert "a" == await anext(pages)
    with pytest.raises(DecodeError, match="came before"):
        await anext(pages)
    assert ["2"] == book.asked


async def test_keeps_refusing():
    """
    Asking again after a token repeated raises again, and does not go round.
    """
    book = Book(**{"2": ("", "2")})
    pages = pages_of(book, "2")

    for _ in range(2):
        with pytest.raises(DecodeError):
            await anext(pages)
    assert ["2"] == book.asked


async def test_asks_again_for_a_page_that_failed():
    """
    A page that could not be had is asked for again; no item is lost and none comes twice.
    """
    failure = ThrottledError("slow down", status=429)
    book = Book(first=("a", "2"), **{"2": [failure, failure, ("b", None)]})
    pages = pages_of(book)

    assert "a" == await anext(pages)
    for _ in range(2):
        with pytest.raises(ThrottledError):
            await anext(pages)
    assert ["b"] == await taken(pages)
    assert [None, "2", "2", "2"] == book.asked


async def test_begins_at_a_token():
    """
    Iterating can begin at a token of before.
    """
    book = Book(**{"2": ("b", "3"), "3": ("c", None)})

    assert ["b", "c"] == await taken(pages_of(book, "2"))


@pytest.mark.parametrize("token", [None, ""])
async def test_begins_at_the_first_page(token):
    """
    No token is the first page.
    """
    book = Book(first=("a", None))

    assert ["a"] == await taken(pages_of(book, token))
    assert [None] == book.asked


async def test_tells_where_it_is():
    """
    The token of the page in hand is told, so that no item is missed by who begins there.
    """
    book = Book(first=("ab", "2"), **{"2": ("cd", "3"), "3": ("e", None)})
    pages = pages_of(book)
    seen = [(item, pages.continuation_token) async for item in pages]

    assert [("a", None), ("b", None), ("c", "2"), ("d", "2"), ("e", "3")] == seen


async def test_tells_which_page_failed():
    """
    After a failure the token is that of the page that failed.
    """
    failure = ThrottledError("slow down", status=429)
    book = Book(first=("a", "2"), **{"2": [failure, ("b", None)]})
    pages = pages_of(book)
    await anext(pages)

    with pytest.raises(ThrottledError):
        await anext(pages)
    assert "2" == pages.continuation_token
    assert ["b"] == await taken(pages_of(book, pages.continuation_token))


async def test_can_be_left_early():
    """
    A loop that is left asks for no further page, and can be taken up again.
    """
    book = Book(first=("ab", "2"), **{"2": ("c", None)})
    pages = pages_of(book)
    async for _ in pages:
        break

    assert [None] == book.asked
    assert ["b", "c"] == await taken(pages)


def served(*pages):
    """
    A client whose answers are these pages, and the paths that it asked for.
    """
    asked, answers = [], list(pages)

    def handle(request):
        asked.append(request.url.raw_path.decode())
        return httpx.Response(200, json=answers.pop(0))

    return ConnectorClient(None, transport=httpx.MockTransport(handle)), asked


async def test_shared_by_tasks():
    """
    Tasks that walk over it together fetch each page once, and each item goes to one of them.
    """
    book = Book(first=("abc", "2"), **{"2": ("", "3"), "3": ("de", None)})

    async def fetch(token):
        page = await book(token)
        await asyncio.sleep(0)
        return page

    async def walk():
        async for item in pages:
            found.append(item)
            await asyncio.sleep(0)

    pages, found = pages_of(fetch), []
    await asyncio.gather(*(walk() for _ in range(4)))

    assert list("abcde") == sorted(found)
    assert [None, "2", "3"] == book.asked


async def test_members():
    """
    All members come, page by page, with the page size on each request.
    """
    client, asked = served(
        {"members": [{"id": "29:1"}, None, {"id": "29:2"}], "continuationToken": "a+b="},
        {"continuationToken": "c"},
        {"members": [{"id": "29:3"}], "continuationToken": None},
    )
    async with client:
        members = await taken(client.iter_conversation_members("a:1", page_size=50))

    path = "/teams/v3/conversations/a%3A1/pagedmembers?pageSize=50"
    assert [ChannelAccount(id=f"29:{number}") for number in (1, 2, 3)] == members
    assert [
        path,
        f"{path}&continuationToken=a%2Bb%3D",
        f"{path}&continuationToken=c",
    ] == asked


async def test_conversations():
    """
    All conversations come, page by page.
    """
    client, asked = served(
        {"conversations": [{"id": "a:1"}], "continuationToken": "2"},
        {"conversations": [{"id": "a:2"}], "continuationToken": ""},
    )
    async with client:
        conversations = await taken(client.iter_conversations())

    assert ["a:1", "a:2"] == [conversation.id for conversation in conversations]
    assert ["/teams/v3/conversations", "/teams/v3/conversations?continuationToken=2"] == asked


async def test_takes_up_where_it_was():
    """
    An iterator can begin at a token that was stored.
    """
    client, asked = served({}, {})
    async with client:
        await taken(client.iter_conversations(continuation_token="2"))
        await taken(client.iter_conversation_members("a:1", continuation_token="3"))

    assert [
        "/teams/v3/conversations?continuationToken=2",
        "/teams/v3/conversations/a%3A1/pagedmembers?continuationToken=3",
    ] == asked


async def test_number_for_a_token():
    """
    A token that came as a number is sent back.
    """
    client, asked = served({"continuationToken": 17}, {})
    async with client:
        assert [] == await taken(client.iter_conversations())

    assert "/teams/v3/conversations?continuationToken=17" == asked[1]


@pytest.mark.parametrize("token", [1.5, 2.0**70, True])
async def test_no_text_for_a_token(token):
    """
    A token that could not be sent back as it came is an answer that cannot be read.
    """
    client, asked = served({"conversations": [{"id": "a:1"}], "continuationToken": token}, {})
    async with client:
        pages = client.iter_conversations()
        first = await anext(pages)
        with pytest.raises(DecodeError) as failed:
            await anext(pages)

    assert "a:1" == first.id
    assert f"expected text, got {token}" == failed.value.reason
    assert ("$.continuationToken", "getConversations") == (
        failed.value.place,
        failed.value.operation,
    )
    assert 1 == len(asked)


async def test_number_to_begin_at():
    """
    A number to begin at that is none of the service's is misuse.
    """
    client, asked = served({})
    async with client:
        with pytest.raises(TypeError, match="continuationToken is text, not float"):
            await taken(client.iter_conversations(continuation_token=1.5))

    assert [] == asked


async def test_structure_for_a_token():
    """
    A token that is no text at all is an answer that cannot be read.
    """
    client, asked = served({"continuationToken": ["x"]}, {})
    async with client:
        with pytest.raises(DecodeError, match="expected text, got array"):
            await taken(client.iter_conversations())

    assert 1 == len(asked)


def test_prints_no_items():
    """
    What an iterator holds is other people's data, and is not printed.
    """
    assert "29:" not in repr(pages_of(Book(first=(["29:1"], None))))
