"""
Ids go into the path as they are, each as one segment, whatever is in them.
"""

from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_async import ConnectorClient
from connector_async.errors import InvalidIdError
from connector_async.testing import VirtualClock, run_virtual

from .calls import CALLS, Wire

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
URL = f"https://smba.trafficmanager.net/amer/{TENANT}/"

WITH_IDS = [call for call in CALLS if call.ids]
OPERATION = pytest.mark.parametrize("call", WITH_IDS, ids=lambda call: call.operation)

# All that may be in an id, the likely trouble more often.
letters = st.one_of(
    st.sampled_from("/\\?#%&=;:@|+. ~*[]{}()<>\"'^`!$,\u00e9\u4e2d\U0001f600\u202e\ufeff"),
    st.characters(exclude_categories=["Cc", "Cs"]),
)
pieces = st.sampled_from(
    ["..", "/../", "%2e%2e", "%2F", "//evil.net", "https://evil.net", "history", "v3", "\\..\\"]
)
ids = st.lists(letters | pieces, min_size=1, max_size=12).map("".join)
good_ids = ids.filter(lambda each: each not in {".", ".."} and each.lower() != "history")

REAL = [
    "19:253b1f341670408fb6fe51050b6e5ceb@thread.tacv2;messageid=1481567603816",
    "a:1pL6i0oY3C0K8oAj8",
    "29:1rsUKkBhk4w6x_Q2YPnweY2lpCCPAn3",
    "MCMxOTpr/VHNh+Q==",
    "B2NSU1D4Z:T1F248PJ7:C3B1ZK5D0",
    "Fiq3i5iaAvEYCoARyGcUv-6|0000004",
    "+15551234567",
    "user@example.com",
    "a/b c%2F",
    "\u00e9\U0001f600",
    "...",
    ".hidden",
    "x" * 5000,
]


def sent(call, *given):
    """
    The request that a call makes.
    """
    wire = Wire()

    async def main():
        async with ConnectorClient(
            None, service_url=URL, transport=wire, clock=VirtualClock()
        ) as connector:
            await call(connector, *given)

    run_virtual(main())
    (request,) = wire.requests
    return request


def check(call, given):
    """
    Make sure that the path is the operation's, with these ids in their places.
    """
    request = sent(call, *given)

    path = request.url.raw_path.decode("ascii").partition("?")
    expected = f"/amer/{TENANT}{call.path}".split("/")
    segments = path[0].split("/")
    places = [index for index, part in enumerate(expected) if part == "X"]
    assert "smba.trafficmanager.net" == request.url.host
    assert "smba.trafficmanager.net" == request.headers["host"]
    assert ("", "") == path[1:]
    assert len(expected) == len(segments)
    assert list(given) == [unquote(segments[index], errors="strict") for index in places]
    assert [part for part in expected if part != "X"] == [
        segment for index, segment in enumerate(segments) if index not in places
    ]


@OPERATION
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_id_is_one_segment(call, data):
    """
    Whatever the ids are, host, prefix and number of segments stay, and the ids come back whole.
    """
    check(call, tuple(data.draw(good_ids) for _ in range(call.ids)))


@OPERATION
@pytest.mark.parametrize("real", REAL, ids=lambda each: ascii(each)[:20])
def test_ids_as_channels_have_them(call, real):
    """
    So do the ids that channels are known to give.
    """
    check(call, (real,) * call.ids)


@pytest.mark.parametrize(
    ("given", "segment"),
    [
        ("19:a@thread.tacv2;messageid=1", b"19%3Aa%40thread.tacv2%3Bmessageid%3D1"),
        ("a/b c%2F", b"a%2Fb%20c%252F"),
        ("\u00e9\U0001f600", b"%C3%A9%F0%9F%98%80"),
        ("a-._~Z9", b"a-._~Z9"),
        ("a|b+c", b"a%7Cb%2Bc"),
    ],
)
def test_quoted_letter_for_letter(given, segment):
    """
    Only what RFC 3986 reserves for nothing stays; the rest is quoted with capital letters.
    """
    request = sent(CALLS[2], given)

    assert b"/amer/%s/v3/conversations/%s/activities" % (TENANT.encode(), segment) == (
        request.url.raw_path
    )


REFUSED = {
    "": "is empty",
    ".": "would change the path",
    "..": "would change the path",
    "a\nb": "has control characters",
    "a\r\nHost: evil.net": "has control characters",
    "\x00": "has control characters",
    "a\tb": "has control characters",
    "\x7f": "has control characters",
    "\x85": "has control characters",
    "\ud800": "half a surrogate pair",
    "a\udfffb": "half a surrogate pair",
}


async def refusal(call, given, kind):
    """
    The error of a call with such ids, before which nothing was sent.
    """
    wire = Wire()
    async with ConnectorClient(None, service_url=URL, transport=wire) as connector:
        with pytest.raises(kind) as raised:
            await call(connector, *given)
    assert [] == wire.requests
    return raised.value


def with_each_place(calls):
    return pytest.mark.parametrize(
        ("call", "place"),
        [(call, place) for call in calls for place in range(call.ids)],
        ids=lambda each: getattr(each, "operation", each),
    )


@with_each_place(WITH_IDS)
@pytest.mark.parametrize(("given", "reason"), REFUSED.items(), ids=lambda each: ascii(each)[:20])
async def test_refuses_what_cannot_be_a_segment(call, place, given, reason):
    """
    An id that cannot be one segment is refused before anything is sent, and the text says why.
    """
    ids = ["a:1"] * call.ids
    ids[place] = given

    error = await refusal(call, ids, InvalidIdError)

    assert reason in str(error)
    assert "nothing was sent" in str(error)
    assert str(error).isascii()
    assert isinstance(error, ValueError)


@with_each_place(WITH_IDS)
@pytest.mark.parametrize("given", [None, 17, b"a:1", ["a:1"]], ids=repr)
async def test_refuses_what_is_no_text(call, place, given):
    """
    An id is text; a number or None that slipped in is not made one.
    """
    ids = ["a:1"] * call.ids
    ids[place] = given

    error = await refusal(call, ids, TypeError)

    assert "is text, not" in str(error)


@pytest.mark.parametrize("given", ["history", "History", "HISTORY", "hIsToRy"])
async def test_refuses_history_as_a_reply(given):
    """
    A reply to `history` would be another operation, in any letters.
    """
    reply = next(call for call in CALLS if call.operation == "replyToActivity")

    error = await refusal(reply, ("a:1", given), InvalidIdError)

    assert "would turn a reply into sendConversationHistory" in str(error)


@pytest.mark.parametrize(
    "call",
    [call for call in WITH_IDS if call.operation != "replyToActivity"],
    ids=lambda call: call.operation,
)
def test_history_elsewhere(call):
    """
    Everywhere else it is an id like others.
    """
    check(call, ("history",) * call.ids)
