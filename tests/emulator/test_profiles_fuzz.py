"""
Whatever a caller sends, a channel has an answer to it.
"""

import json
from urllib.parse import quote

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_async.emulator import OPERATIONS, PROFILES, TENANT_ID, Emulator, EmulatorLimits
from connector_async.emulator._calls.message import Arrival
from tests.emulator.channel import REQUESTS

TEXTS = st.sampled_from(
    [
        "",
        "a:1",
        "29:x",
        "U1:T1",
        "B1:T1",
        TENANT_ID,
        "message",
        "typing",
        "é😀",
        "\ud800",
        "a" * 300,
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
NAMES = (
    "type",
    "text",
    "id",
    "attachments",
    "contentType",
    "entities",
    "streamId",
    "streamType",
    "streamSequence",
    "channelData",
    "channel",
    "tenant",
    "tenantId",
    "members",
    "bot",
    "isGroup",
    "activity",
    "activities",
    "conversation",
    "originalBase64",
    "thumbnailBase64",
    "name",
)
INFO = st.fixed_dictionaries(
    {"type": st.just("streaminfo")},
    optional=dict.fromkeys(("streamId", "streamType", "streamSequence"), VALUES),
)
OBJECTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(NAMES, VALUES),
        "entities": st.lists(INFO, max_size=2),
        "members": st.lists(OBJECTS, max_size=3),
        "attachments": st.lists(OBJECTS, max_size=3),
        "activity": OBJECTS,
        "channelData": OBJECTS,
        "bot": OBJECTS,
    },
)
CALLS = st.tuples(
    st.sampled_from(OPERATIONS),
    st.one_of(BODIES.map(json.dumps).map(str.encode), st.binary(max_size=30)),
    st.sampled_from([b"", b"pageSize=-1", b"pageSize=%FF", b"continuationToken=%00"]),
    st.sampled_from(["a:1", "19:c", "19:c;messageid=1", "\0"]),
)


@pytest.mark.parametrize("profile", PROFILES)
@settings(max_examples=40, deadline=None)
@given(CALLS, st.booleans())
def test_has_an_answer(profile, call, is_pretty):
    """
    An answer is none of a server's that has fallen over, and its JSON can be read.
    """
    operation, body, query, conversation = call
    emulator = Emulator(profile=profile, limits=EmulatorLimits.off())
    emulator.pretty_json = is_pretty
    emulator.add_conversation("a:1", members=["29:x"])
    activity = emulator.add_activity("a:1", {"type": "message", "text": "hi"})
    emulator.add_conversation("19:c", members=2)
    method, path, _ = REQUESTS[operation]
    known = {"c": conversation, "a": activity, "m": "29:x", "x": emulator.add_attachment(b"")}
    arrival = Arrival(
        method=method,
        base_url="http://localhost",
        raw_path=path.format_map({name: quote(text) for name, text in known.items()}).encode(),
        query_string=query,
        headers={},
        body=body,
    )

    outcomes = [emulator.answer(arrival), emulator.answer(attrs.evolve(arrival, body=body + b" "))]

    for outcome in outcomes:
        assert 200 <= outcome.reply.status < 500
        if "json" in outcome.reply.headers.get("Content-Type", ""):
            json.loads(outcome.reply.body)
    assert emulator.conversations()
