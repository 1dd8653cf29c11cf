"""
What goes wrong on purpose, as a client in the same process sees it.
"""

import httpx
import pytest

from connector_async.emulator import OPERATIONS, Delay, Drop, Failure


async def test_fails_as_often_as_asked(send, emulator):
    """
    The next calls are answered another status, and nothing has happened.
    """
    emulator.fail_next("sendToConversation", status=503, retry_after=2, times=2)

    responses = [await send() for _ in range(3)]

    assert [503, 503, 201] == [response.status_code for response in responses]
    assert "2" == responses[0].headers["retry-after"]
    assert [3] == [done.number for done in emulator.record.committed()]
    assert ["fail", "fail", None] == [seen.fault for seen in emulator.record.received()]


async def test_fails_after_the_commit(send, emulator):
    """
    A gateway can answer 504 although the message was posted.
    """
    emulator.fail_next("sendToConversation", status=504, after_commit=True)

    response = await send("posted")

    assert 504 == response.status_code
    assert ["posted"] == emulator.record.texts()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (204, ""),
        (400, '{"error":{"code":"BadArgument","message":"Asked for: 400."}}'),
        (401, '{"message":"Authorization has been denied for this request."}'),
        (403, '{"error":{"code":"NotEnoughPermissions","message":"Asked for: 403."}}'),
        (404, '{"error":{"code":"ConversationNotFound","message":"Asked for: 404."}}'),
        (412, '{"error":{"code":"PreconditionFailed","message":"Asked for: 412."}}'),
        (413, '{"error":{"code":"MessageSizeTooBig","message":"Asked for: 413."}}'),
        (429, '{"error":{"code":"Throttled","message":"Asked for: 429."}}'),
        (502, '{"error":{"code":"ServiceError","message":"Asked for: 502."}}'),
    ],
)
async def test_fails_in_the_service_s_words(send, emulator, status, body):
    """
    Without a body of its own, a failure says what the service says with that status.
    """
    emulator.fail_next("sendToConversation", status=status)

    response = await send()

    assert (status, body) == (response.status_code, response.text)
    assert "retry-after" not in response.headers


@pytest.mark.parametrize(
    ("body", "content", "content_type"),
    [
        ({"error": "no"}, b'{"error":"no"}', "application/json; charset=utf-8"),
        ("<h1>Bad Gateway</h1>", b"<h1>Bad Gateway</h1>", "text/html; charset=utf-8"),
        (b"\xff\x00", b"\xff\x00", None),
    ],
)
async def test_fails_with_a_body(send, emulator, body, content, content_type):
    """
    A failure's body goes as JSON, as HTML or as it is.
    """
    emulator.fail_next("sendToConversation", status=502, body=body)

    response = await send()

    assert (content, content_type) == (response.content, response.headers.get("content-type"))


async def test_fails_with_headers(client, emulator):
    """
    A failure can carry headers, as a redirect needs them.
    """
    emulator.fail_next(
        "getAttachment",
        status=302,
        headers={"Location": "https://blob.example.net/1"},
        retry_after="Tue, 14 Nov 2023 22:13:20 GMT",
    )

    response = await client.get("/v3/attachments/1/views/original")

    assert "https://blob.example.net/1" == response.headers["location"]
    assert "Tue, 14 Nov 2023 22:13:20 GMT" == response.headers["retry-after"]


async def test_drops_answers(send, emulator):
    """
    A dropped answer is a message that was posted, and a connection that was reset.
    """
    emulator.drop_next("sendToConversation")

    with pytest.raises(httpx.ReadError):
        await send("posted")

    [seen] = emulator.record.received()

    assert ("drop", None) == (seen.fault, seen.status)
    assert ["posted"] == emulator.record.texts()


async def test_resets_connections(send, emulator):
    """
    A reset is a message that was not posted.
    """
    emulator.reset_next("sendToConversation")

    with pytest.raises(httpx.ReadError):
        await send()

    [seen] = emulator.record.received()

    assert ("reset", None, ()) == (seen.fault, seen.status, seen.counters)
    assert [] == emulator.record.committed()


async def test_drops_each_so_many_th(send, emulator):
    """
    A regular fault strikes each third call, for good, until it is cleared.
    """
    emulator.drop_some("sendToConversation", every=3)

    struck = await struck_of(send, 9)
    emulator.clear_faults()

    assert [3, 6, 9] == struck
    assert [] == await struck_of(send, 9)


async def struck_of(send, count):
    struck = []
    for number in range(1, count + 1):
        try:
            await send()
        except httpx.ReadError:
            struck.append(number)
    return struck


async def test_drops_a_share(send, emulator):
    """
    A share of the calls is struck, the same ones for the same seed.
    """
    chosen = []
    for seed in (1, 1, 2):
        emulator.drop_some("sendToConversation", share=0.2, seed=seed)
        chosen.append(await struck_of(send, 100))
        emulator.clear_faults()

    assert chosen[0] == chosen[1] != chosen[2]
    assert 10 < len(chosen[0]) < 30


async def test_strikes_where_it_was_asked_to(send, client, emulator):
    """
    A fault leaves other operations and other conversations alone.
    """
    emulator.add_conversation("19:d")
    emulator.fail_next("sendToConversation", status=500, conversation_id="19:d")

    here = await send()
    elsewhere = await client.get("/v3/conversations/19:d/members")
    there = await client.post("/v3/conversations/19:d/activities", json={"type": "event"})

    assert [201, 200, 500] == [response.status_code for response in (here, elsewhere, there)]


async def test_the_first_that_fits_strikes(send, emulator):
    """
    Faults are taken in the order in which they were asked for.
    """
    emulator.fail_next("sendToConversation", status=502)
    emulator.fail_next("sendToConversation", status=503)

    assert [502, 503, 201] == [(await send()).status_code for _ in range(3)]


@pytest.mark.parametrize(
    "ask",
    [
        lambda emulator: emulator.fail_next("send", status=500),
        lambda emulator: emulator.drop_next("send"),
        lambda emulator: emulator.reset_next("send"),
        lambda emulator: emulator.delay_next("send", 1),
        lambda emulator: emulator.drop_some("send", every=2),
    ],
)
def test_refuses_unknown_operations(emulator, ask):
    """
    An operation that is none of the fifteen is refused, and they are listed.
    """
    with pytest.raises(ValueError, match="no operation 'send'") as caught:
        ask(emulator)

    assert all(operation in str(caught.value) for operation in OPERATIONS)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Failure, {"status": 99}),
        (Failure, {"status": 600}),
        (Failure, {"status": 500, "times": 0}),
        (Drop, {"every": 0}),
        (Drop, {"share": 1.5}),
        (Delay, {"seconds": -1}),
    ],
)
def test_refuses_faults_that_are_none(kind, fields):
    """
    A fault has a status that can be answered, and strikes some calls.
    """
    with pytest.raises(ValueError):  # noqa: PT011 - each says it in its own words
        kind(operation="sendToConversation", **fields)


@pytest.mark.parametrize("chosen", [{}, {"every": 2, "share": 0.5}])
def test_drops_by_number_or_by_chance(emulator, chosen):
    """
    Some are each so many-th or a share, and not both.
    """
    with pytest.raises(ValueError, match="either every or share"):
        emulator.drop_some("sendToConversation", **chosen)
