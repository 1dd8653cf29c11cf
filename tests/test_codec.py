"""
Values to JSON and back: what is sent, what is stored, what is refused.
"""

import base64
import enum
import http
import json
from collections import OrderedDict, UserDict, deque
from datetime import UTC, datetime, timedelta, timezone

import pytest

from connector_async._codec import dump, from_json, from_plain, load, to_json, to_plain
from connector_async.errors import DecodeError
from connector_async.models import (
    Activity,
    Attachment,
    AttachmentData,
    ChannelAccount,
    FileUploadInfo,
    HeroCard,
    Moment,
    NotificationInfo,
    TeamsChannelData,
    TokenResponse,
)


class Colour(enum.StrEnum):
    """
    Texts.
    """

    RED = "red"


class Size(enum.Enum):
    """
    Members that are no texts themselves.
    """

    LARGE = "large"


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def test_sends_empty_texts():
    """
    An empty text that the caller gave is sent, as are false and zero.
    """
    activity = Activity(text="", speak="", history_disclosed=False)

    assert {"text": "", "speak": "", "historyDisclosed": False} == to_plain(activity)


def test_writes_models_wherever_they_are():
    """
    A model that the caller put into raw JSON or a mapping is written as well.
    """
    activity = {
        "attachments": [Attachment.of(HeroCard(title="x"))],
        "channelData": TeamsChannelData(notification=NotificationInfo(alert=True)),
        "text": None,
    }

    assert {
        "attachments": [
            {"contentType": "application/vnd.microsoft.card.hero", "content": {"title": "x"}}
        ],
        "channelData": {"notification": {"alert": True}},
        "text": None,
    } == to_plain(activity)


def test_takes_mappings_where_models_are_meant():
    """
    A plain mapping in place of a model is sent as it is.
    """
    activity = Activity(conversation={"id": "a"}, attachments=[{"name": "b"}])

    assert {"conversation": {"id": "a"}, "attachments": [{"name": "b"}]} == to_plain(activity)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (UserDict(a=1), {"a": 1}),
        (OrderedDict(a=(1,)), {"a": [1]}),
        (deque([1, None]), [1, None]),
        (Colour.RED, "red"),
        ({Colour.RED: Size.LARGE}, {"red": "large"}),
        (http.HTTPStatus.OK, 200),
        (1.5, 1.5),
        (datetime(2020, 1, 2, tzinfo=UTC), "2020-01-02T00:00:00.000Z"),
    ],
)
def test_makes_plain_values(value, expected):
    """
    Mappings, sequences, enumerations and dates become what JSON knows.
    """
    plain = to_plain(value)

    assert expected == plain
    assert json.dumps(expected) == json.dumps(plain)
    assert type(plain) in {type(None), dict, list, str, int, float}


def test_makes_a_new_structure():
    """
    What is made shares nothing that can be changed with what it was made of.
    """
    raw = {"a": [{}]}

    plain = to_plain(Activity(channel_data=raw))
    plain["channelData"]["a"][0]["b"] = 1

    assert {"a": [{}]} == raw


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        ({1}, TypeError, "$: cannot be written as JSON (set)"),
        (
            Activity(channel_data={"when": {1}}),
            TypeError,
            "$.channelData.when: cannot be written as JSON (set)",
        ),
        (
            Activity(attachments=[Attachment(), Attachment(content=[b"x"])]),
            TypeError,
            "$.attachments[1].content[0]: cannot be written as JSON (bytes)",
        ),
        (
            Activity(extra={"a b": object()}),
            TypeError,
            '$["a b"]: cannot be written as JSON (object)',
        ),
        ({"a": {1: 2}}, TypeError, "$.a: a key is text, not int"),
        ({"a": float("nan")}, ValueError, "$.a: cannot be written as JSON (nan)"),
        ([float("-inf")], ValueError, "$[0]: cannot be written as JSON (-inf)"),
    ],
)
def test_tells_what_cannot_be_written(value, error, text):
    """
    What JSON has no form for is misuse, and its place is told.
    """
    with pytest.raises(error) as caught:
        to_plain(value)

    assert text == str(caught.value)


def cycle():
    value = {}
    value["self"] = [value]
    return value


@pytest.mark.parametrize("value", [cycle(), Activity(channel_data=cycle()), nested(100_000)])
def test_refuses_what_is_too_deep(value):
    """
    What contains itself is misuse, not a crash.
    """
    with pytest.raises(ValueError, match="nested too deeply"):
        to_plain(value)


def test_sends_dates_back_letter_for_letter():
    """
    A date with seven digits is sent back with them.
    """
    wire = {
        "timestamp": "2016-10-19T20:17:52.2891902Z",
        "localTimestamp": "2016-10-19T13:17:52.2891902-07:00",
        "expiration": "soon",
    }

    activity = from_plain(Activity, wire)

    assert isinstance(activity.timestamp, Moment)
    assert wire == to_plain(activity)


def test_an_unset_date_is_absent():
    """
    The date that .NET writes for none is none.
    """
    activity = from_plain(Activity, {"timestamp": "0001-01-01T00:00:00Z"})

    assert Activity() == activity


def test_sends_dates_in_utc_and_local_ones_with_their_offset():
    """
    Only `localTimestamp` shows its offset.
    """
    when = datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=-7)))

    assert {
        "timestamp": "2020-01-02T10:04:05.000Z",
        "localTimestamp": "2020-01-02T03:04:05.000-07:00",
        "value": {"when": "2020-01-02T10:04:05.000Z"},
    } == to_plain(Activity(timestamp=when, local_timestamp=when, value={"when": when}))


@pytest.mark.parametrize("field", ["timestamp", "local_timestamp"])
def test_refuses_dates_without_a_zone(field):
    """
    A date without a zone is nobody's: the caller has to say which.
    """
    wire = {"timestamp": "timestamp", "local_timestamp": "localTimestamp"}[field]
    activity = Activity(**{field: datetime(2020, 1, 2)})  # noqa: DTZ001  # that is the case

    with pytest.raises(ValueError, match=rf"^\$\.{wire}: a datetime without a zone"):
        to_plain(activity)


def test_keeps_local_dates_that_are_text():
    """
    A text in place of a local date is sent as it is.
    """
    assert {"localTimestamp": "x"} == to_plain(Activity(local_timestamp="x"))


def test_bytes_are_base64():
    """
    A file's bytes are standard base64 with padding on the wire.
    """
    content = bytes(range(256))
    wire = {"originalBase64": base64.b64encode(content).decode()}

    assert wire == to_plain(AttachmentData(original_base64=content))
    assert AttachmentData(original_base64=content) == from_plain(AttachmentData, wire)


@pytest.mark.parametrize("text", ["QQ", "Q-_=", "not base64", "QQ==\n", "é"])
def test_what_is_no_base64_stays_text(text):
    """
    A text that is no base64 is kept as it came.
    """
    data = from_plain(AttachmentData, {"thumbnailBase64": text})

    assert text == data.thumbnail_base64
    assert {"thumbnailBase64": text} == to_plain(data)


def test_dumps_compactly_as_utf8():
    """
    No blanks, and letters as they are.
    """
    assert '{"a":["é",null,true,1.5]}'.encode() == dump({"a": ["é", None, True, 1.5]})


def test_dumps_half_a_surrogate_pair():
    """
    Text that UTF-8 has no form for is escaped, and read as it was.
    """
    data = dump({"é": "\ud83d"})

    assert rb'{"\u00e9":"\ud83d"}' == data
    assert {"é": "\ud83d"} == load(data)


@pytest.mark.parametrize(
    ("value", "error"),
    [({1}, TypeError), (float("nan"), ValueError), (nested(100_000), ValueError)],
)
def test_dumps_plain_values_only(value, error):
    """
    What is not plain is refused, and nothing crashes.
    """
    with pytest.raises(error):
        dump(value)


@pytest.mark.parametrize("data", [b"", b" \r\n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf "])
def test_loads_nothing_as_none(data):
    """
    An empty body is no value, and no error.
    """
    assert load(data) is None


def test_leaves_a_byte_order_mark_out():
    """
    JSON after a byte order mark is read.
    """
    assert {"a": "é"} == load(b"\xef\xbb\xbf" + '{"a": "é"}'.encode())


@pytest.mark.parametrize(
    ("data", "reason", "place"),
    [
        (b"<html>", "not JSON: Expecting value", "character 0"),
        (b'{"a": 1} x', "not JSON: Extra data", "character 9"),
        (b'{"a": "\xff"}', "not UTF-8", "byte 7"),
        (b"[NaN]", "not JSON: NaN is no number", "$"),
        (b"-Infinity", "not JSON: -Infinity is no number", "$"),
        (b"[1.5, 1e999]", "not JSON: 1e999 is no number", "$"),
        (b"[" * 100_000, "nested too deeply", "$"),
    ],
)
def test_tells_what_is_no_json(data, reason, place):
    """
    What cannot be read is a DecodeError that tells where.
    """
    with pytest.raises(DecodeError) as caught:
        load(data)

    assert reason == caught.value.reason
    assert place == caught.value.place


def test_refuses_numbers_beyond_reason():
    """
    A number of thousands of digits is refused, as Python does.
    """
    with pytest.raises(DecodeError, match=r"^not JSON: "):
        load(b"1" * 5_000)


def test_stores_lists():
    """
    A list of models is stored and read as well.
    """
    members = [ChannelAccount(id="é"), ChannelAccount(name="b")]

    assert '[{"id":"é"},{"name":"b"}]' == to_json(members)
    assert members == from_json(list[ChannelAccount], to_json(members))


@pytest.mark.parametrize("text", ['{"id": "\\ud83d"}', b'{"id": "\\ud83d"}'])
def test_reads_stored_text_and_bytes(text):
    """
    What was stored is read from text or bytes.
    """
    assert ChannelAccount(id="\ud83d") == from_json(ChannelAccount, text)


def test_refuses_stored_text_that_is_broken():
    """
    Half a surrogate pair that is not escaped is no UTF-8.
    """
    with pytest.raises(DecodeError, match="not UTF-8"):
        from_json(ChannelAccount, '{"id": "\ud83d"}')


@pytest.mark.parametrize(
    "secret",
    [
        TokenResponse(token="eyJ0"),
        FileUploadInfo(upload_url="eyJ0"),
        AttachmentData(original_base64=b"eyJ0"),
    ],
)
def test_secrets_do_not_print(secret):
    """
    Tokens and signed addresses are left out of repr and str.
    """
    assert "eyJ0" not in repr(secret)
    assert "eyJ0" not in f"{secret}"
