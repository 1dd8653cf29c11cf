import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest

from connector_async.models import Moment
from connector_async.models.moment import read_date, write_date

PACIFIC = timezone(timedelta(hours=-7))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-10-19T20:17:52.2891902Z", datetime(2016, 10, 19, 20, 17, 52, 289190, UTC)),
        ("2017-02-01T21:10:07.437Z", datetime(2017, 2, 1, 21, 10, 7, 437000, UTC)),
        (
            "2016-09-23T13:07:49.4714686-07:00",
            datetime(2016, 9, 23, 13, 7, 49, 471468, PACIFIC),
        ),
        ("2021-07-23T01:41:53.7085346Z", datetime(2021, 7, 23, 1, 41, 53, 708534, UTC)),
        ("2019-01-01T10:00:00+00:00", datetime(2019, 1, 1, 10, tzinfo=UTC)),
        ("2007-04-05T14:30Z", datetime(2007, 4, 5, 14, 30, tzinfo=UTC)),
        ("2018-04-25T11:14:15", datetime(2018, 4, 25, 11, 14, 15, tzinfo=UTC)),
        ("2018-04-25 11:14:15Z", datetime(2018, 4, 25, 11, 14, 15, tzinfo=UTC)),
        ("2018-04-25t11:14:15Z", datetime(2018, 4, 25, 11, 14, 15, tzinfo=UTC)),
        (
            "9999-12-31T23:59:59.9999999Z",
            datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
        ),
    ],
)
def test_reads_every_form_of_the_service(text, expected):
    """
    Seven digits, offsets, no seconds and no zone are read, and the letters kept.
    """
    moment = Moment.parse(text)

    assert expected == moment
    assert expected.utcoffset() == moment.utcoffset()
    assert text == moment.raw
    assert text == write_date(moment)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2018-04-25",
        "20180425T111415Z",
        "1712345678901",
        "2018-13-25T11:14:15Z",
        "2018-04-25T11:14:15Z ",
        "2018-04-25T11:14:15 later",
        "2018-04-25T\ud800",
    ],
)
def test_what_is_no_date_stays_text(text):
    """
    A text that is no date with a time is kept as it came.
    """
    assert text == read_date(text)
    with pytest.raises(ValueError):  # noqa: PT011  # the text is Python's own
        Moment.parse(text)


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00", "0001-01-01T00:00:00.0000000+00:00"]
)
def test_an_unset_date_is_none(text):
    """
    What .NET writes for a date that was never set is no date.
    """
    assert read_date(text) is None


@pytest.mark.parametrize(
    "through",
    [copy.copy, copy.deepcopy]
    + [
        lambda it, protocol=protocol: pickle.loads(pickle.dumps(it, protocol))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ],
)
def test_copies_and_pickles_keep_the_letters(through):
    """
    A copied or unpickled moment is the same, with the text that was read.
    """
    text = "2016-09-23T13:07:49.4714686-07:00"

    again = through(Moment.parse(text))

    assert Moment.parse(text) == again
    assert text == again.raw
    assert isinstance(again, Moment)


@pytest.mark.parametrize("through", [copy.copy, lambda it: pickle.loads(pickle.dumps(it))])
def test_computed_moments_copy_and_pickle(through):
    """
    A moment without letters of its own copies and pickles too.
    """
    moment = Moment(2020, 1, 2, tzinfo=UTC)

    assert moment == through(moment)
    assert through(moment).raw is None


@pytest.mark.parametrize(
    "compute",
    [
        lambda moment: moment + timedelta(days=1),
        lambda moment: moment.replace(year=2020),
        lambda moment: moment.astimezone(PACIFIC),
    ],
)
def test_what_is_computed_has_no_letters(compute):
    """
    Letters are never sent for another moment than they were read for.
    """
    computed = compute(Moment.parse("2016-10-19T20:17:52.2891902Z"))

    assert getattr(computed, "raw", None) is None


def test_what_is_computed_is_written_as_any_date():
    """
    A day later than a moment with seven digits is written with six.
    """
    moment = Moment.parse("2016-10-19T20:17:52.2891902Z") + timedelta(days=1)

    assert "2016-10-20T20:17:52.289190Z" == write_date(moment)


@pytest.mark.parametrize(
    ("value", "in_utc", "expected"),
    [
        (datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), True, "2020-01-02T03:04:05.000Z"),
        (datetime(2020, 1, 2, 3, 4, 5, 120000, UTC), True, "2020-01-02T03:04:05.120Z"),
        (datetime(2020, 1, 2, 3, 4, 5, 123456, UTC), True, "2020-01-02T03:04:05.123456Z"),
        (datetime(2020, 1, 2, 3, 4, 5, tzinfo=PACIFIC), True, "2020-01-02T10:04:05.000Z"),
        (datetime(2020, 1, 2, 3, 4, 5, tzinfo=PACIFIC), False, "2020-01-02T03:04:05.000-07:00"),
        (datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), False, "2020-01-02T03:04:05.000+00:00"),
    ],
)
def test_writes_dates_of_callers(value, in_utc, expected):
    """
    A caller's date is written in UTC, or with its offset where that is the point.
    """
    assert expected == write_date(value, in_utc=in_utc)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2020, 1, 2), "without a zone"),  # noqa: DTZ001  # that is the case
        (datetime.max.replace(tzinfo=PACIFIC), "no year"),
    ],
)
def test_refuses_dates_that_are_no_moment(value, text):
    """
    A date without a zone, or beyond the years of UTC, is not guessed at.
    """
    with pytest.raises(ValueError, match=text):
        write_date(value)
