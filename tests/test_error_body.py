import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_async._error_body import Refusal, read_refusal

# E4 as it was seen: JSON in a text in JSON.
BLOCKED = json.dumps({
    "errorCode": 209,
    "message": json.dumps({
        "subCode": "MessageWritesBlocked",
        "details": "Thread is blocked from message writes.",
        "errorCode": None,
        "errorSubCode": None,
    }),
})  # fmt: skip

SHAPES = [
    pytest.param(
        '{"error":{"code":"BadSyntax","message":"Bad format of conversation ID"}}',
        Refusal("BadSyntax", "Bad format of conversation ID"),
        id="E1",
    ),
    pytest.param(
        '{"error":{"code":"ServiceError","message":"down","innerHttpError":'
        '{"statusCode":404,"body":{"message":"inner"}}}}',
        Refusal("ServiceError", "down"),
        id="E1-inner",
    ),
    pytest.param(
        '{"message":"Authorization has been denied for this request."}',
        Refusal(None, "Authorization has been denied for this request."),
        id="E2",
    ),
    pytest.param(
        '{"message":"The requested resource does not support http method \'GET\'."}',
        Refusal(None, "The requested resource does not support http method 'GET'."),
        id="E3",
    ),
    pytest.param(
        BLOCKED, Refusal("MessageWritesBlocked", "Thread is blocked from message writes."), id="E4"
    ),
    pytest.param('{"error":"invalid_grant"}', Refusal("invalid_grant", ""), id="E5"),
    pytest.param(
        '{"error":"invalid_grant","error_description":"The code has expired."}',
        Refusal("invalid_grant", "The code has expired."),
        id="E5-description",
    ),
    pytest.param(
        '{"statusCode":404,"message":"Resource not found"}',
        Refusal(None, "Resource not found"),
        id="E6",
    ),
    pytest.param(
        "<html><head><title>502</title></head><body><h1>Bad Gateway</h1></body></html>",
        Refusal(None, "502 Bad Gateway"),
        id="E7-html",
    ),
    pytest.param("upstream timed out", Refusal(None, "upstream timed out"), id="E7-text"),
    pytest.param("", Refusal(None, ""), id="E8"),
    pytest.param('"no token stored"', Refusal(None, "no token stored"), id="E9"),
]

ODD = [
    pytest.param('{"Error":{"Code":"X","Message":"m"}}', Refusal("X", "m"), id="casing"),
    pytest.param('{"Code":"X","Message":"m"}', Refusal("X", "m"), id="without-error"),
    pytest.param('{"ERRORCODE":1,"MESSAGE":"m"}', Refusal(None, "m"), id="number-only"),
    pytest.param('{"error":{"code":"Bad Argument"}}', Refusal("BadArgument", ""), id="blanks"),
    pytest.param('{"error":{"code":" ","message":"m"}}', Refusal(None, "m"), id="blank-code"),
    pytest.param('{"error":{"code":7,"message":"m"}}', Refusal(None, "m"), id="code-no-text"),
    pytest.param('{"error":{"code":"a<b","message":"m"}}', Refusal(None, "m"), id="code-no-word"),
    pytest.param('{"error":{"code":"X","message":7}}', Refusal("X", ""), id="message-no-text"),
    pytest.param('{"error":{},"code":"X"}', Refusal("X", ""), id="empty-error"),
    pytest.param('{"error":null,"message":"m"}', Refusal(None, "m"), id="null-error"),
    pytest.param('{"error":"Not Found","message":"m"}', Refusal("NotFound", "m"), id="two-words"),
    pytest.param('{"error":"It broke!"}', Refusal(None, "It broke!"), id="sentence"),
    pytest.param(
        '{"errorCode":1,"message":"{no json"}', Refusal(None, "{no json"), id="message-half-json"
    ),
    pytest.param(
        '{"message":" {\\"subCode\\":\\"X\\"}"}',
        Refusal("X", '{"subCode":"X"}'),
        id="sub-code-alone",
    ),
    pytest.param('{"code":"X","message":"{}"}', Refusal("X", "{}"), id="message-empty-json"),
    pytest.param('{"detail":"Not allowed"}', Refusal(None, '{"detail":"Not allowed"}'), id="other"),
    pytest.param('["too", "many"]', Refusal(None, '["too", "many"]'), id="list"),
    pytest.param("{}", Refusal(), id="empty-object"),
    pytest.param("null", Refusal(), id="null"),
    pytest.param('""', Refusal(), id="empty-string"),
    pytest.param("429", Refusal(None, "429"), id="number"),
    pytest.param("\ufeff" + '{"code":"X"}', Refusal("X", ""), id="byte-order-mark"),
    pytest.param(' \r\n{"code":"X"}\n', Refusal("X", ""), id="white-space"),
    pytest.param('{"message":"two\\n\\tlines "}', Refusal(None, "two lines"), id="lines"),
    pytest.param(
        "<style>p {}</style><SCRIPT src=x>var a</SCRIPT ><p>Sorry</p>",
        Refusal(None, "Sorry"),
        id="style-and-script",
    ),
    pytest.param("Sorry<script>var a = 1", Refusal(None, "Sorry"), id="script-unclosed"),
    pytest.param("a < b", Refusal(None, "a < b"), id="no-tag"),
]


@pytest.mark.parametrize(("body", "refusal"), SHAPES)
def test_shapes(body, refusal):
    """
    Each shape that is known gives its code and its sentence.
    """
    assert refusal == read_refusal(body.encode())


@pytest.mark.parametrize(("body", "refusal"), ODD)
def test_odd_ones(body, refusal):
    """
    What differs a little from the shapes is read all the same, and what is none of them is quoted.
    """
    assert refusal == read_refusal(body.encode())


@pytest.mark.parametrize(
    "body",
    [
        "x" * 1000,
        f'{{"message":"{"x" * 1000}"}}',
        f'{{"error":"X","error_description":"{"x" * 1000}"}}',
        f'"{"x" * 1000}"',
    ],
)
def test_quotes_200_characters(body):
    """
    A body is quoted up to 200 characters, and it shows that it was cut.
    """
    assert "x" * 199 + "…" == read_refusal(body.encode()).message


def test_200_characters_are_whole():
    """
    A sentence that fits is not cut.
    """
    assert "x" * 200 == read_refusal(b"x" * 200).message


def test_bytes_that_are_no_text():
    """
    Bytes that are not UTF-8 are shown as such.
    """
    assert "caf\ufffd" == read_refusal(b"caf\xe9").message


@pytest.mark.parametrize(
    "body", [b"[" * 65536, b'{"a":' * 13107, b'{"message":"' + b"{" * 60000 + b'"}', b"9" * 65536]
)
def test_depth(body):
    """
    What the JSON parser gives up on is taken as text.
    """
    assert read_refusal(body).code is None


@pytest.mark.parametrize(
    "body",
    [b"<" * 65536, b"<script" * 9362, b"<style>" * 9362, b"</script" * 8192, b"<p " * 21845],
    ids=["open", "script", "style", "end", "tags"],
)
def test_pages_that_never_close(body):
    """
    64 KiB of tags that never close hold the event loop up no longer than others do.
    """
    started = time.process_time()
    read_refusal(body)

    assert 0.5 > time.process_time() - started


def any_json():
    names = st.sampled_from(["error", "Error", "code", "message", "subCode", "details", "other"])
    leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(names, inner, max_size=4),
            st.dictionaries(names, inner, max_size=4).map(json.dumps),
        ),
        max_leaves=12,
    )


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(content):
    """
    No bytes make it raise, and its sentence is one line of 200 characters at most.
    """
    refusal = read_refusal(content)

    assert 200 >= len(refusal.message)
    assert [refusal.message] == (refusal.message.splitlines() or [""])


@settings(max_examples=300, deadline=None)
@given(any_json())
def test_any_json(value):
    """
    No JSON makes it raise, and a code is a word without blanks.
    """
    refusal = read_refusal(json.dumps(value).encode())

    assert refusal.code is None or (refusal.code and " " not in refusal.code)
    assert 200 >= len(refusal.message)
