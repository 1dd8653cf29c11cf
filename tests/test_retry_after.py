import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_async._retry_after import retry_after

# 2023-11-14T22:13:20Z, a Tuesday.
NOW = 1_700_000_000.0

SECONDS = [
    ("0", 0.0),
    ("1", 1.0),
    ("7", 7.0),
    ("007", 7.0),
    ("120", 120.0),
    ("86400", 86400.0),
    ("999999999999999999", 999999999999999999.0),
    (" 5 ", 5.0),
    ("\t5", 5.0),
    ("0.0", 0.0),
    ("0.5", 0.5),
    ("1.25", 1.25),
    (".5", 0.5),
    ("3.", 3.0),
    ("00.10", 0.1),
]

SEVERAL = [
    ("1, 7", 7.0),
    ("7,1", 7.0),
    ("3,3", 3.0),
    ("1, 2.5, 2", 2.5),
    ("5, soon", 5.0),
    ("-3, 4", 4.0),
    (",9,", 9.0),
]

DATES = [
    ("Tue, 14 Nov 2023 22:13:20 GMT", 0.0),
    ("Tue, 14 Nov 2023 22:13:27 GMT", 7.0),
    ("Tue, 14 Nov 2023 22:15:20 GMT", 120.0),
    ("Wed, 15 Nov 2023 22:13:20 GMT", 86400.0),
    ("Tue, 14 Nov 2023 22:13:19 GMT", 0.0),
    ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
    ("Tuesday, 14-Nov-23 22:13:27 GMT", 7.0),
    ("Tue Nov 14 22:13:27 2023", 7.0),
    ("14 Nov 2023 22:13:27 GMT", 7.0),
    ("Tue, 14 Nov 2023 22:13:27 +0000", 7.0),
    ("Tue, 14 Nov 2023 22:13:27 -0000", 7.0),
    ("Tue, 14 Nov 2023 22:13:27", 7.0),
    ("Wed, 15 Nov 2023 00:13:27 +0200", 7.0),
    ("Tue, 14 Nov 2023 17:13:27 EST", 7.0),
    ("tue, 14 nov 2023 22:13:27 gmt", 7.0),
    (" Tue, 14 Nov 2023 22:13:27 GMT ", 7.0),
]

NONSENSE = [
    None,
    "",
    " ",
    ",",
    "-1",
    "-0.5",
    "+5",
    "--5",
    "1e3",
    "1E3",
    "0x10",
    "1_000",
    "1 000",
    "1.2.3",
    ".",
    "1000000000000000000",
    "9" * 400,
    "inf",
    "-inf",
    "Infinity",
    "nan",
    "NaN",
    "null",
    "None",
    "true",
    "soon",
    "5s",
    "10 minutes",
    "PT5S",
    "00:05",
    "120;q=1",
    '"7"',
    "\u0667",
    "\uff17",
    "\u00b2",
    "Mon",
    "GMT",
    "2023-11-14T22:13:27Z",
    "Tue, 99 Nov 2023 22:13:27 GMT",
    "Tue, 14 Nov 2023 99:99:99 GMT",
    "Tue, 14 Nov 99999 22:13:27 GMT",
    "Tue, 14 Nov 99999999999999999999 22:13:27 GMT",
    "Jan--2023 22:13:27 GMT",
    "14 Nov , 22:13:27",
    "Tue, 14 Nov 2023 22:13:27 +9999",
    "\x00",
    "\U0001f550",
]


@pytest.mark.parametrize(("header", "seconds"), SECONDS)
def test_seconds(header, seconds):
    """
    Seconds are taken as they are, fractions too.
    """
    assert seconds == retry_after(header, NOW)


@pytest.mark.parametrize(("header", "seconds"), SEVERAL)
def test_several(header, seconds):
    """
    Of several values the longest counts, and nonsense among them does not.
    """
    assert seconds == retry_after(header, NOW)


@pytest.mark.parametrize(("header", "seconds"), DATES)
def test_dates(header, seconds):
    """
    A date is the time until then, and 0 where it has passed.
    """
    assert seconds == retry_after(header, NOW)


@pytest.mark.parametrize("header", NONSENSE)
def test_nonsense(header):
    """
    What is no time is as good as nothing.
    """
    assert retry_after(header, NOW) is None


@pytest.fixture
def elsewhere(monkeypatch):
    """
    A machine whose own time is not UTC.
    """
    monkeypatch.setenv("TZ", "XYZ-9")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the machine's time zone cannot be set")
@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("zone", ["GMT", "-0000", ""])
def test_a_date_without_a_zone_is_utc(zone):
    """
    The machine's own time zone does not matter.
    """
    assert 7.0 == retry_after(f"Tue, 14 Nov 2023 22:13:27 {zone}", NOW)


def test_a_fraction_of_now_counts():
    """
    A date is told in whole seconds, and the wait until then is exact.
    """
    assert 6.75 == retry_after("Tue, 14 Nov 2023 22:13:27 GMT", NOW + 0.25)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.from_regex(r"[0-9A-Za-z,:. +-]{0,40}", fullmatch=True)))
def test_never_raises(header):
    """
    Whatever the header says, it is a finite time, 0 or more, or nothing.
    """
    seconds = retry_after(header, NOW)

    assert seconds is None or 0 <= seconds < float("inf")


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**18 - 1))
def test_whole_seconds(seconds):
    """
    Any whole number of seconds that fits is that number.
    """
    assert float(seconds) == retry_after(str(seconds), NOW)
