"""
Which operation a method and a path name; ids come out of the path as they went in.
"""

from urllib.parse import quote

import pytest

from connector_async.emulator import OPERATIONS
from connector_async.emulator._calls.message import Arrival, Reply
from connector_async.emulator._calls.routes import find_route

MESSAGE = {"type": "message", "text": "hello"}


def route(method, raw_path):
    return find_route(
        Arrival(
            method=method,
            base_url="https://smba.example.net",
            raw_path=raw_path,
            query_string=b"",
            headers={},
            body=b"",
        )
    )


@pytest.mark.parametrize(
    ("operation", "method", "raw_path"),
    [
        ("getConversations", "GET", b"/v3/conversations"),
        ("createConversation", "POST", b"/v3/conversations"),
        ("sendToConversation", "POST", b"/v3/conversations/c/activities"),
        ("sendConversationHistory", "POST", b"/v3/conversations/c/activities/history"),
        ("replyToActivity", "POST", b"/v3/conversations/c/activities/a"),
        ("updateActivity", "PUT", b"/v3/conversations/c/activities/a"),
        ("deleteActivity", "DELETE", b"/v3/conversations/c/activities/a"),
        ("getActivityMembers", "GET", b"/v3/conversations/c/activities/a/members"),
        ("getConversationMembers", "GET", b"/v3/conversations/c/members"),
        ("getConversationPagedMembers", "GET", b"/v3/conversations/c/pagedmembers"),
        ("getConversationMember", "GET", b"/v3/conversations/c/members/m"),
        ("deleteConversationMember", "DELETE", b"/v3/conversations/c/members/m"),
        ("uploadAttachment", "POST", b"/v3/conversations/c/attachments"),
        ("getAttachmentInfo", "GET", b"/v3/attachments/x"),
        ("getAttachment", "GET", b"/v3/attachments/x/views/original"),
    ],
)
def test_knows_the_operations(operation, method, raw_path):
    """
    Each of the fifteen is found by its published path, in any case of its fixed words.
    """
    shouted = raw_path.replace(b"conversations", b"Conversations")

    assert operation == route(method, raw_path).operation == route(method, shouted).operation
    assert operation in OPERATIONS


def test_there_are_fifteen():
    """
    No operation is counted twice, and none is missing.
    """
    assert 15 == len(set(OPERATIONS)) == len(OPERATIONS)


@pytest.mark.parametrize(
    ("prefix", "segments"),
    [
        (b"", ()),
        (b"/teams", ("teams",)),
        (
            b"/amer/7a1e4f60-0000-4000-8000-000000000001",
            ("amer", "7a1e4f60-0000-4000-8000-000000000001"),
        ),
    ],
)
def test_takes_any_prefix(prefix, segments):
    """
    What stands before /v3/ is the service URL's affair.
    """
    assert segments == route("GET", prefix + b"/v3/conversations").prefix


@pytest.mark.parametrize(
    ("method", "raw_path", "status"),
    [
        ("GET", b"/", 404),
        ("GET", b"/v3/", 404),
        ("GET", b"/v3/other", 404),
        ("GET", b"/conversations", 404),
        ("GET", b"/v3/conversations//members", 404),
        ("GET", b"/v3/conversations/c/members/m/more", 404),
        ("PATCH", b"/v3/conversations", 405),
        ("DELETE", b"/v3/conversations/c/members", 405),
    ],
)
def test_knows_no_others(method, raw_path, status):
    """
    An unknown path is answered 404, an unknown method 405.
    """
    answer = route(method, raw_path)

    assert isinstance(answer, Reply)
    assert status == answer.status


async def test_says_which_methods_there_are(client, conversation):
    """
    A 405 has the service's odd body, and names the methods that the path knows.
    """
    response = await client.patch(f"{conversation}/activities/1")

    assert "DELETE, POST, PUT" == response.headers["allow"]
    assert {
        "message": "The requested resource does not support http method 'PATCH'."
    } == response.json()


@pytest.mark.parametrize(
    "hostile",
    [
        "a/b",
        "a%2Fb",
        "a|b",
        "..",
        "?#[]@!$&'()*+,;=",
        "100%",
        "é😀",
        "a b\t",
        "v3",
        "history",
        "19:253b@thread.tacv2;messageid=1481567603816",
    ],
)
async def test_any_id_is_one_segment(client, emulator, hostile):
    """
    An id comes out of the path exactly as it was quoted, whatever is in it.
    """
    emulator.add_conversation(hostile, members=[hostile])
    quoted = quote(hostile, safe="").replace("..", "%2E%2E")

    response = await client.post(f"/v3/conversations/{quoted}/activities", json=MESSAGE)
    member = await client.get(f"/v3/conversations/{quoted}/members/{quoted}")

    assert 201 == response.status_code
    assert hostile == member.json()["id"]
    assert [hostile] == [sent.conversation_id for sent in emulator.record.committed()]
