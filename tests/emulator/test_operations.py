"""
What each of the fifteen operations answers, and what it refuses, in a channel that has them all.
"""

import base64
from itertools import chain

import httpx
import pytest

from connector_async.emulator import Emulator

MESSAGE = {"type": "message", "text": "hello"}
LARGEST_BODY_BYTES = 262_144


def refusal(response):
    return response.status_code, response.json()["error"]["code"]


async def walk(client, path, name, **query):
    """
    Follow the tokens of a paged operation.
    """
    pages, token = [], ""
    while token is not None:
        page = (await client.get(path, params={**query, "continuationToken": token})).json()
        pages.append([item["id"] for item in page[name]])
        token = page.get("continuationToken")
    return pages


async def test_lists_conversations(client, emulator):
    """
    `getConversations` lists the conversations with their members; the last page has no token.
    """
    emulator.add_conversation("19:a", members=["29:x"])

    response = await client.get("/v3/conversations")

    assert 200 == response.status_code
    assert ["conversations"] == list(response.json())
    [found] = response.json()["conversations"]
    assert ("19:a", "29:x") == (found["id"], found["members"][0]["id"])


async def test_pages_conversations():
    """
    `getConversations` is paged by a token that a caller has to quote.
    """
    emulator = Emulator(profile="generic", conversations_per_page=2)
    ids = [emulator.add_conversation() for _ in range(5)]

    async with httpx.AsyncClient(
        transport=emulator.transport(), base_url="https://smba.example.net"
    ) as client:
        pages = await walk(client, "/v3/conversations", "conversations")
        first = (await client.get("/v3/conversations")).json()

    assert [ids[:2], ids[2:4], ids[4:]] == pages
    assert first["continuationToken"].endswith("=")


async def test_creates_a_chat(client, emulator):
    """
    `createConversation` with one member opens a chat with that member.
    """
    response = await client.post("/v3/conversations", json={"members": [{"id": "29:x"}]})

    assert 201 == response.status_code
    assert ["id"] == list(response.json())
    assert response.json()["id"].startswith("a:")
    assert [{"id": "29:x"}] == emulator.members(response.json()["id"])


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        ({"members": [{"id": "29:x"}]}, True),
        ({"members": [{"id": "29:x", "name": "X"}]}, True),
        ({"members": [{"id": "29:y"}]}, False),
        ({"members": [{"id": "29:x"}], "tenantId": "t"}, False),
        ({"members": [{"id": "29:x"}], "channelData": {"tenant": {"id": "t"}}}, False),
    ],
)
async def test_finds_a_chat_again(client, emulator, other, is_same):
    """
    `createConversation` for the same member and tenant gives the same chat, and changes nothing.
    """
    first = await client.post("/v3/conversations", json={"members": [{"id": "29:x"}]})
    second = await client.post("/v3/conversations", json=other)

    assert is_same == (first.json()["id"] == second.json()["id"])
    assert (1 if is_same else 2) == len(emulator.record.committed())


async def test_creates_with_an_activity(client, emulator):
    """
    `createConversation` posts the activity that it is given, also into a chat that there is.
    """
    asked = {"members": [{"id": "29:x"}], "activity": MESSAGE}
    first = (await client.post("/v3/conversations", json=asked)).json()
    second = (await client.post("/v3/conversations", json=asked)).json()

    assert [first["activityId"], second["activityId"]] == [
        activity["id"] for activity in emulator.activities(first["id"])
    ]


async def test_creates_a_thread(client, emulator):
    """
    `createConversation` in a channel posts a root message, and answers the thread's id.
    """
    emulator.add_conversation("19:c@thread.tacv2")
    asked = {
        "isGroup": True,
        "channelData": {"channel": {"id": "19:c@thread.tacv2"}},
        "activity": MESSAGE,
    }

    response = (await client.post("/v3/conversations", json=asked)).json()

    assert f"19:c@thread.tacv2;messageid={response['activityId']}" == response["id"]
    assert ["hello"] == [activity["text"] for activity in emulator.activities(response["id"])]


async def test_answers_a_service_url():
    """
    `createConversation` names the service URL that the emulator was told.
    """
    emulator = Emulator(profile="generic", service_url="https://smba.example.net/emea/")

    async with httpx.AsyncClient(transport=emulator.transport()) as client:
        response = await client.post(
            "https://smba.example.net/v3/conversations", json={"members": [{"id": "29:x"}]}
        )

    assert "https://smba.example.net/emea/" == response.json()["serviceUrl"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, (400, "BadArgument")),
        ({"members": []}, (400, "BadArgument")),
        ({"members": "29:x"}, (400, "BadArgument")),
        ({"members": [{"aadObjectId": "x"}]}, (400, "BadArgument")),
        ({"members": [{"id": "29:x"}, {"id": "29:y"}]}, (400, "BadArgument")),
        ({"members": [{"id": "29:x"}], "isGroup": True}, (400, "BadSyntax")),
        ({"members": [{"id": "29:x"}], "activity": {"type": "message"}}, (400, "BadSyntax")),
        ({"channelData": {"channel": {"id": "19:c"}}}, (400, "BadSyntax")),
        (
            {"channelData": {"channel": {"id": "19:nowhere"}}, "activity": MESSAGE},
            (404, "ConversationNotFound"),
        ),
    ],
)
@pytest.mark.usefixtures("conversation")
async def test_refuses_to_create(client, emulator, asked, expected):
    """
    `createConversation` refuses what Teams refuses, and then nothing has happened.
    """
    response = await client.post("/v3/conversations", json=asked)

    assert expected == refusal(response)
    assert [] == emulator.record.committed()


async def test_sends(send, emulator):
    """
    `sendToConversation` appends the activity, with an id of epoch milliseconds and a time.
    """
    response = await send("hello")

    assert (201, {"id": "1700000000500"}) == (response.status_code, response.json())
    assert [
        {
            "type": "message",
            "text": "hello",
            "id": "1700000000500",
            "timestamp": "2023-11-14T22:13:20.500Z",
        }
    ] == emulator.activities("19:c")


async def test_ids_are_unique(send):
    """
    Two activities of the same millisecond have different ids, in order.
    """
    assert ["1700000000500", "1700000000501"] == [(await send()).json()["id"] for _ in range(2)]


async def test_typing_has_no_id(client, conversation, emulator):
    """
    A typing indicator is accepted without a body, and leaves nothing.
    """
    response = await client.post(f"{conversation}/activities", json={"type": "typing"})

    assert (202, b"") == (response.status_code, response.content)
    assert [] == emulator.activities("19:c")
    assert ["sendToConversation"] == [done.operation for done in emulator.record.committed()]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, "BadSyntax")),
        (b"{}", (400, "BadSyntax")),
        (b"[]", (400, "BadSyntax")),
        (b'{"type":"message","text":"","attachments":[]}', (400, "BadSyntax")),
        (b"{", (400, "MalformedData")),
        (b"\xff", (400, "MalformedData")),
        (b"[" * 100_000, (400, "MalformedData")),
        (b" " * (LARGEST_BODY_BYTES + 1), (413, "MessageSizeTooBig")),
    ],
)
async def test_refuses_bodies(client, conversation, body, expected):
    """
    A body that says nothing, cannot be read or is too long is refused.
    """
    response = await client.post(f"{conversation}/activities", content=body)

    assert expected == refusal(response)


async def test_takes_the_largest_body(client, conversation):
    """
    A body of exactly the published size is taken.
    """
    body = b'{"type":"event"}'.ljust(LARGEST_BODY_BYTES)

    assert 201 == (await client.post(f"{conversation}/activities", content=body)).status_code


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("POST", "/v3/conversations/19:x/activities", "ConversationNotFound"),
        ("POST", "/v3/conversations/19:x/activities/history", "ConversationNotFound"),
        ("POST", "/v3/conversations/19:x/activities/1", "ConversationNotFound"),
        ("PUT", "/v3/conversations/19:x/activities/1", "ConversationNotFound"),
        ("DELETE", "/v3/conversations/19:x/activities/1", "ConversationNotFound"),
        ("GET", "/v3/conversations/19:x/activities/1/members", "ConversationNotFound"),
        ("GET", "/v3/conversations/19:x/members", "ConversationNotFound"),
        ("GET", "/v3/conversations/19:x/pagedmembers", "ConversationNotFound"),
        ("GET", "/v3/conversations/19:x/members/29:m", "ConversationNotFound"),
        ("DELETE", "/v3/conversations/19:x/members/29:m", "ConversationNotFound"),
        ("POST", "/v3/conversations/19:x/attachments", "ConversationNotFound"),
        ("POST", "/v3/conversations/19:c/activities/1", "ActivityNotFoundInConversation"),
        ("PUT", "/v3/conversations/19:c/activities/1", "ActivityNotFoundInConversation"),
        ("DELETE", "/v3/conversations/19:c/activities/1", "ActivityNotFoundInConversation"),
        ("GET", "/v3/conversations/19:c/activities/1/members", "ActivityNotFoundInConversation"),
        ("GET", "/v3/conversations/19:c/members/29:m", "MemberNotFoundInConversation"),
        ("DELETE", "/v3/conversations/19:c/members/29:m", "MemberNotFoundInConversation"),
        ("GET", "/v3/attachments/1", "NotFound"),
        ("GET", "/v3/attachments/1/views/original", "NotFound"),
    ],
)
@pytest.mark.usefixtures("conversation")
async def test_unknown_ids(client, method, path, code):
    """
    What is not known is answered 404, by the name of what is missing.
    """
    response = await client.request(method, path, json=MESSAGE)

    assert (404, code) == refusal(response)


async def test_history(client, conversation, emulator):
    """
    `sendConversationHistory` keeps the activities that have ids, and says how many.
    """
    transcript = {"activities": [{**MESSAGE, "id": "1"}, {**MESSAGE, "id": "2"}, MESSAGE]}

    response = await client.post(f"{conversation}/activities/history", json=transcript)

    assert {"id": "Processed 2 of 3 activities"} == response.json()
    assert ["1", "2"] == [activity["id"] for activity in emulator.activities("19:c")]


async def test_refuses_an_empty_history(client, conversation):
    """
    `sendConversationHistory` needs activities.
    """
    response = await client.post(f"{conversation}/activities/history", json={"activities": []})

    assert (400, "BadSyntax") == refusal(response)


async def test_replies(client, conversation, emulator):
    """
    `replyToActivity` appends to the conversation of the activity.
    """
    incoming = emulator.add_activity("19:c", {"type": "message", "text": "hi"})

    response = await client.post(f"{conversation}/activities/{incoming}", json=MESSAGE)

    assert 201 == response.status_code
    assert [incoming, response.json()["id"]] == [
        activity["id"] for activity in emulator.activities("19:c")
    ]


async def test_replies_in_a_thread(client, conversation, emulator):
    """
    A thread's id leads to the activities of its channel.
    """
    root = emulator.add_activity("19:c", MESSAGE)
    path = f"{conversation}%3Bmessageid%3D{root}/activities"

    assert 201 == (await client.post(path, json=MESSAGE)).status_code
    assert 201 == (await client.post(f"{path}/{root}", json=MESSAGE)).status_code


async def test_updates(client, conversation, send, emulator):
    """
    `updateActivity` replaces the whole activity, but for its id and when it was said.
    """
    sent = (await send("before", speak="before")).json()["id"]
    [before] = emulator.activities("19:c")

    response = await client.put(
        f"{conversation}/activities/{sent}",
        json={"type": "message", "text": "after", "timestamp": "2001-01-01T00:00:00Z"},
    )

    assert (200, {"id": sent}) == (response.status_code, response.json())
    assert [
        {"type": "message", "text": "after", "id": sent, "timestamp": before["timestamp"]}
    ] == emulator.activities("19:c")


@pytest.mark.parametrize(
    ("body", "expected"),
    [({**MESSAGE, "id": "2"}, (400, "BadArgument")), ({}, (400, "BadSyntax"))],
)
async def test_refuses_updates(client, conversation, send, body, expected):
    """
    `updateActivity` refuses another activity's id, and nothing at all.
    """
    sent = (await send()).json()["id"]

    response = await client.put(f"{conversation}/activities/{sent}", json=body)

    assert expected == refusal(response)


async def test_deletes_once(client, conversation, send):
    """
    `deleteActivity` answers 200 without a body, and 404 the second time.
    """
    sent = (await send()).json()["id"]
    path = f"{conversation}/activities/{sent}"

    first = await client.delete(path)
    second = await client.delete(path)

    assert (200, b"") == (first.status_code, first.content)
    assert (404, "ActivityNotFoundInConversation") == refusal(second)


async def test_members(client, conversation, send):
    """
    The rosters of a conversation and of an activity in it are arrays.
    """
    sent = (await send()).json()["id"]

    everyone = (await client.get(f"{conversation}/members")).json()
    viewers = (await client.get(f"{conversation}/activities/{sent}/members")).json()
    one = (await client.get(f"{conversation}/members/29:member-1")).json()

    assert ["29:member-0", "29:member-1", "29:member-2"] == [who["id"] for who in everyone]
    assert everyone == viewers
    assert everyone[1] == one
    assert "member-1@example.com" == one["userPrincipalName"]


async def test_the_roster_ends_at_ten_thousand(client, emulator):
    """
    `getConversationMembers` returns no more than the published 10,000.
    """
    emulator.add_conversation("19:big", members=10_001)

    assert 10_000 == len((await client.get("/v3/conversations/19:big/members")).json())


@pytest.mark.parametrize(
    ("query", "sizes"),
    [
        ({}, [200, 200, 120]),
        ({"pageSize": "1"}, [50] * 10 + [20]),
        ({"pageSize": "260"}, [260, 260]),
        ({"pageSize": "9999"}, [500, 20]),
    ],
)
async def test_pages_members(client, emulator, query, sizes):
    """
    `getConversationPagedMembers` keeps the published page sizes, and loses nobody.
    """
    emulator.add_conversation("19:big", members=520)

    pages = await walk(client, "/v3/conversations/19:big/pagedmembers", "members", **query)

    assert sizes == [len(page) for page in pages]
    assert [f"29:member-{number}" for number in range(520)] == list(chain(*pages))


@pytest.mark.parametrize("query", [{"pageSize": "many"}, {"continuationToken": "made up"}])
async def test_refuses_pages(client, conversation, query):
    """
    `getConversationPagedMembers` refuses sizes that are none, and tokens that it did not give.
    """
    response = await client.get(f"{conversation}/pagedmembers", params=query)

    assert (400, "BadArgument") == refusal(response)


async def test_tokens_are_for_one_list(client, emulator):
    """
    A token of one conversation's roster is refused by another's.
    """
    for conversation_id in ("19:one", "19:two"):
        emulator.add_conversation(conversation_id, members=300)
    page = (await client.get("/v3/conversations/19:one/pagedmembers")).json()

    response = await client.get(
        "/v3/conversations/19:two/pagedmembers",
        params={"continuationToken": page["continuationToken"]},
    )

    assert (400, "BadArgument") == refusal(response)


async def test_removes_members(client, conversation):
    """
    `deleteConversationMember` removes one; with the last one the conversation goes.
    """
    statuses = [
        (await client.delete(f"{conversation}/members/29:member-{number}")).status_code
        for number in (0, 0, 1, 2)
    ]
    response = await client.get(f"{conversation}/members")

    assert [200, 404, 200, 200] == statuses
    assert (404, "ConversationNotFound") == refusal(response)


async def test_uploads(client, conversation):
    """
    An uploaded attachment is described by its views, and comes back byte for byte.
    """
    upload = {
        "type": "image/png",
        "name": "dot.png",
        "originalBase64": base64.b64encode(b"\x00\xff original").decode(),
        "thumbnailBase64": base64.b64encode(b"small").decode(),
    }

    uploaded = await client.post(f"{conversation}/attachments", json=upload)
    path = f"/v3/attachments/{uploaded.json()['id']}"
    info = await client.get(path)
    original = await client.get(f"{path}/views/original")
    thumbnail = await client.get(f"{path}/views/thumbnail")
    missing = await client.get(f"{path}/views/other")

    assert 200 == uploaded.status_code
    assert {
        "name": "dot.png",
        "type": "image/png",
        "views": [{"viewId": "original", "size": 11}, {"viewId": "thumbnail", "size": 5}],
    } == info.json()
    assert (b"\x00\xff original", "image/png") == (
        original.content,
        original.headers["content-type"],
    )
    assert b"small" == thumbnail.content
    assert (404, "NotFound") == refusal(missing)


async def test_uploads_with_little_said(client, conversation):
    """
    An upload needs neither a name nor a type, nor a thumbnail.
    """
    uploaded = await client.post(f"{conversation}/attachments", json={"originalBase64": ""})
    info = await client.get(f"/v3/attachments/{uploaded.json()['id']}")

    assert {
        "name": "attachment",
        "type": "application/octet-stream",
        "views": [{"viewId": "original", "size": 0}],
    } == info.json()


@pytest.mark.parametrize(
    ("upload", "code"),
    [
        ({"type": "image/png"}, "MissingProperty"),
        ({"originalBase64": "?"}, "BadArgument"),
        ({"originalBase64": 7}, "BadArgument"),
        ({"originalBase64": "", "thumbnailBase64": "?"}, "BadArgument"),
        ({"originalBase64": "", "type": "image/png\r\nX-Evil: 1"}, "BadArgument"),
    ],
)
async def test_refuses_uploads(client, conversation, upload, code):
    """
    An upload needs bytes, as base64, and a type that a header can carry.
    """
    response = await client.post(f"{conversation}/attachments", json=upload)

    assert (400, code) == refusal(response)


async def test_seeds_attachments(client, emulator):
    """
    An attachment can be put there from Python.
    """
    attachment_id = emulator.add_attachment(b"abc", type="text/plain", thumbnail=b"a")

    response = await client.get(f"/v3/attachments/{attachment_id}/views/original")

    assert (b"abc", "text/plain") == (response.content, response.headers["content-type"])


async def test_names_each_answer(send):
    """
    Each answer has a date, and ids that name the request in the record.
    """
    await send()
    headers = (await send()).headers

    assert "Tue, 14 Nov 2023 22:13:20 GMT" == headers["date"]
    assert "00000000-0000-0000-0000-000000000002" == headers["x-correlating-operationid"]
    assert "emulated.2" == headers["ms-cv"]


def test_refuses_to_seed_twice(emulator):
    """
    A conversation is added once.
    """
    emulator.add_conversation("19:c")

    with pytest.raises(ValueError, match="already"):
        emulator.add_conversation("19:c")


def test_refuses_members_without_ids(emulator):
    """
    A member that is given as JSON has an id.
    """
    with pytest.raises(ValueError, match="needs an id"):
        emulator.add_conversation(members=[{"name": "Nobody"}])


def test_looks_at_no_unknown_conversation(emulator):
    """
    Asking for what is in an unknown conversation is an error of the caller's.
    """
    with pytest.raises(KeyError, match="19:nowhere"):
        emulator.activities("19:nowhere")
