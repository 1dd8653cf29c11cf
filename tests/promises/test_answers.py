"""
Promise 5: nothing that the service says breaks it.
"""

import gzip
import json
import pickle
import zlib

import attrs
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_async import ConnectorClient
from connector_async.errors import (
    ApiError,
    ConnectorError,
    DecodeError,
    DeliveryUnknownError,
    TransportError,
)
from connector_async.events import Warned
from connector_async.models import Model
from connector_async.testing import VirtualClock, run_virtual

from .calls import CALLS, Wire

URL = "https://smba.trafficmanager.net/teams"
SOME = [
    call
    for call in CALLS
    if call.operation
    in {"getConversations", "sendToConversation", "deleteActivity", "getAttachment"}
]
OPERATION = pytest.mark.parametrize("call", CALLS, ids=lambda call: call.operation)
CAP = 20_000


class Chunks(httpx.AsyncByteStream):
    """
    A body as a socket gives it: raw, in pieces, and perhaps not to its end.
    """

    def __init__(self, content, *, error=None):
        self.content = content
        self.error = error

    async def __aiter__(self):
        for start in range(0, len(self.content), 1000):
            yield self.content[start : start + 1000]
        if self.error is not None:
            raise self.error


@attrs.frozen
class Odd:
    """
    An answer that one would not expect.

    Attributes:
        content: The body.
        as_object: Whether it can be read where an object is awaited.
        as_list: The same for a list.
        as_content: Whether it can be had as content, and is then the body itself.
        status: A success.
        headers: Further headers.
    """

    content: bytes
    as_object: bool = False
    as_list: bool = False
    as_content: bool = True
    status: int = 200
    headers: dict[str, str] = attrs.field(factory=dict)

    def can_be_read(self, shape):
        return {dict: self.as_object, list: self.as_list, bytes: self.as_content}[shape]

    def answer(self, _request=None):
        headers = {"content-type": "application/json", **self.headers}
        return httpx.Response(self.status, headers=headers, stream=Chunks(self.content))


GZIP = {"content-encoding": "gzip"}
PACKED = gzip.compress(b'{"id":"1"}')

ODD = {
    "empty": Odd(b"", as_object=True, as_list=True),
    "blank": Odd(b" \r\n\t", as_object=True, as_list=True),
    "no content": Odd(b"", as_object=True, as_list=True, status=204),
    "accepted": Odd(b"", as_object=True, as_list=True, status=202),
    "an unknown success": Odd(b"{}", as_object=True, status=299),
    "null": Odd(b"null", as_object=True, as_list=True),
    "an empty object": Odd(b"{}", as_object=True),
    "an empty list": Odd(b"[]", as_list=True),
    "a list of null": Odd(b"[null]", as_list=True),
    "a list of objects": Odd(b'[{"id":"1","x":[{}]}]', as_list=True),
    "a list of texts": Odd(b'["a"]'),
    "a list of lists": Odd(b"[[]]"),
    "a byte order mark": Odd(b'\xef\xbb\xbf{"id":"1"}', as_object=True),
    "a byte order mark alone": Odd(b"\xef\xbb\xbf", as_object=True, as_list=True),
    "unknown fields": Odd(b'{"id":"1","x":{"y":[1,null]},"":0}', as_object=True),
    "a number as id": Odd(b'{"id":17,"name":true}', as_object=True),
    "the same field twice": Odd(b'{"id":"1","id":null}', as_object=True),
    "half a surrogate pair": Odd(b'{"id":"\\ud800"}', as_object=True),
    "another type of content": Odd(
        b'{"id":"1"}', as_object=True, headers={"content-type": "text/html"}
    ),
    "packed": Odd(PACKED, as_object=True, headers=GZIP),
    "packed, in capitals": Odd(PACKED, as_object=True, headers={"content-encoding": " GZip "}),
    "packed otherwise": Odd(
        zlib.compress(b"{}"), as_object=True, headers={"content-encoding": "deflate"}
    ),
    "not packed, and said so": Odd(b"{}", as_object=True, headers={"content-encoding": "identity"}),
    "a text": Odd(b'"id"'),
    "a number": Odd(b"17"),
    "a yes": Odd(b"true"),
    "not a number": Odd(b"NaN"),
    "not a number within": Odd(b'{"id":NaN}'),
    "too long a number": Odd(b'{"id":' + b"9" * 5000 + b"}"),
    "cut off": Odd(b'{"id":"1'),
    "more than one": Odd(b"{}{}"),
    "garbage": Odd(b"\x00\xff\xfe\x80"),
    "another encoding": Odd('{"id":"1"}'.encode("utf-16")),
    "a page": Odd(b"<!DOCTYPE html><html>Sign in</html>", headers={"content-type": "text/html"}),
    "nested deeply": Odd(b"[" * 19_000),
    "too long": Odd(b'{"id":"' + b"x" * CAP + b'"}', as_content=False),
    "a bomb": Odd(gzip.compress(bytes(50 * 2**20)), as_content=False, headers=GZIP),
    "packed and cut off": Odd(PACKED[:-9], as_content=False, headers=GZIP),
    "said to be packed": Odd(b'{"id":"1"}', as_content=False, headers=GZIP),
    "packed in a way not asked for": Odd(
        b"\x0b\x02\x80{}\x03", as_content=False, headers={"content-encoding": "br"}
    ),
    "packed twice": Odd(PACKED, as_content=False, headers={"content-encoding": "gzip, gzip"}),
}


def outcome(call, answer, **options):
    """
    What a call comes to, and the warnings of it.
    """
    events, wire = [], Wire(answer)

    async def main():
        async with ConnectorClient(
            None,
            service_url=URL,
            transport=wire,
            clock=VirtualClock(),
            observers=[events.append],
            max_response_bytes=CAP,
            max_attachment_bytes=CAP,
            **options,
        ) as connector:
            return await call(connector)

    try:
        result = run_virtual(main())
    except ConnectorError as error:
        result = error
    return result, [event for event in events if isinstance(event, Warned)]


def check_error(error, call):
    """
    Make sure that an error is whole: it says where, it can be printed, and sent elsewhere.
    """
    assert call.operation == error.operation
    assert str(error).startswith(f"{call.operation}: ")
    assert len(str(error)) < 700
    assert str(error) == str(pickle.loads(pickle.dumps(error)))


@OPERATION
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_odd_successes(call, odd):
    """
    A success of any body gives a result, or, where nothing was posted, an error with the place.

    What was posted is not lost because its answer cannot be read: the result is
    empty, and the observers are warned.
    """
    result, warnings = outcome(call, odd.answer)

    if call.returns is None:
        assert (None, []) == (result, warnings)
    elif odd.can_be_read(call.returns):
        assert isinstance(result, {dict: Model, list: list, bytes: bytes}[call.returns])
        assert [] == warnings
    elif call.writes:
        assert type(result)() == result
        assert [call.operation] == [warning.operation for warning in warnings]
        assert "cannot be read" in warnings[0].message
    else:
        assert isinstance(result, DecodeError)
        assert result.place
        assert result.reason
        assert result.may_have_happened == (
            call.operation in {"updateActivity", "uploadAttachment"}
        )
        check_error(result, call)


@pytest.mark.parametrize("call", SOME, ids=lambda call: call.operation)
@pytest.mark.parametrize("status", [400, 403, 500])
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_odd_refusals(call, odd, status):
    """
    A refusal of any body is the error of its status.
    """
    result, _ = outcome(call, lambda _: attrs.evolve(odd, status=status).answer())

    assert isinstance(result, ApiError)
    assert status == result.status
    assert len(result.message) <= 200
    check_error(result, call)


@OPERATION
def test_cut_off_by_the_network(call):
    """
    Where the body of a success is cut off, what posts is done, and all else is repeated.
    """

    def answer(_):
        lost = Chunks(b'{"id":"1"}', error=httpx.ReadError("reset"))
        return httpx.Response(200, stream=lost)

    result, warnings = outcome(call, answer)

    if call.writes:
        assert type(result)() == result
        assert "cut off" in warnings[0].message
    else:
        assert isinstance(result, TransportError | DeliveryUnknownError)
        assert 4 == result.attempts
        check_error(result, call)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "members", "views", "conversations", "continuationToken", "name", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
bodies = st.one_of(
    st.binary(max_size=60), json_values.map(lambda value: json.dumps(value).encode())
)


@OPERATION
@settings(max_examples=30, deadline=None)
@given(body=bodies, status=st.integers(200, 599), encoding=st.sampled_from(["", "gzip", "br"]))
def test_any_answer(call, body, status, encoding):
    """
    Any status with any body is a result, or an error of this library, and never anything else.
    """
    result, _ = outcome(
        call, Odd(body, status=status, headers={"content-encoding": encoding}).answer
    )

    if isinstance(result, ConnectorError):
        check_error(result, call)
    else:
        assert 200 <= status < 300


HEADERS = [
    {"retry-after": "soon"},
    {"retry-after": "-1"},
    {"retry-after": "inf"},
    {"retry-after": "9" * 400},
    {"retry-after": "Fri, 99 Foo 2024 99:99:99 GMT"},
    {"content-length": "7"},
    {"content-type": "\xff"},
    {"content-encoding": ",,, "},
    {"x-ms-request-id": ""},
    {"location": "http://[::1"},
]


@pytest.mark.parametrize("status", [200, 302, 400, 429, 503])
@pytest.mark.parametrize("headers", HEADERS, ids=str)
@pytest.mark.parametrize("call", SOME, ids=lambda call: call.operation)
def test_odd_headers(call, headers, status):
    """
    Nor does it matter what the headers say.
    """
    given_headers = [(name, value.encode("latin-1")) for name, value in headers.items()]

    result, _ = outcome(
        call, lambda _: httpx.Response(status, headers=given_headers, stream=Chunks(b"{}"))
    )

    assert isinstance(result, ConnectorError) == (status != 200)


def test_the_usual_cap():
    """
    Unless told otherwise, four MiB of JSON are read and not a byte more.
    """
    call = next(call for call in CALLS if call.operation == "getConversations")
    most = 4 * 2**20
    fits = b'{"x":"' + b"x" * (most - 8) + b'"}'

    answers = [Odd(fits), Odd(fits + b" ")]
    results = []

    async def main():
        wire = Wire(lambda _: answers.pop(0).answer())
        async with ConnectorClient(None, service_url=URL, transport=wire) as connector:
            results.append(await call(connector))
            with pytest.raises(DecodeError, match="longer than 4194304 bytes"):
                await call(connector)

    run_virtual(main())

    assert most == len(fits)
    assert most - 8 == len(results[0].extra["x"])
