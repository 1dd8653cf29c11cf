"""
What a client can be told, and what it is told by default.
"""

import inspect

import attrs
import pytest

from connector_async import CallOptions, Limits, RetryPolicy, Timeouts
from connector_async._options import USER_AGENT, Options, evolved
from connector_async.limits import windows


def test_defaults():
    """
    The defaults are those that the documentation tells.
    """
    assert {
        "deadline": 30.0,
        "timeouts": Timeouts(connect=5.0, read=10.0, write=10.0, pool=10.0),
        "retry": RetryPolicy(attempts=4, base=0.25, throttle_base=1.0, cap=8.0, max_wait=30.0),
        "delivery": "at_most_once",
        "limits": Limits.teams(),
        "tenant_id": None,
        "headers": {},
        "user_agent": USER_AGENT,
        "observers": (),
        "trusted_hosts": frozenset(),
        "max_request_bytes": 262_144,
        "max_response_bytes": 4_194_304,
        "max_attachment_bytes": 67_108_864,
    } == attrs.asdict(Options(), recurse=False)


def test_names():
    """
    What can be told is what there are defaults for, and each is told of in the docstring.
    """
    names = [field.name for field in attrs.fields(Options)]

    assert list(CallOptions.__annotations__) == names
    assert [] == [name for name in names if f"\n    {name}: " not in inspect.getdoc(CallOptions)]


def test_changes():
    """
    A change leaves the rest, and the original, as they are.
    """
    options = Options(deadline=5, user_agent="x")

    changed = evolved(options, {"deadline": None})

    assert (None, "x") == (changed.deadline, changed.user_agent)
    assert 5 == options.deadline


def test_no_changes():
    """
    Nothing told is nothing changed.
    """
    assert Options() == evolved(Options(), {})


def test_names_of_headers_are_lower_case():
    """
    Headers are kept in lower case, so that none is sent twice.
    """
    assert {"x-trace": "A"} == Options(headers={"X-Trace": "A"}).headers


@pytest.mark.parametrize("value", ["", "a", "a b\tc", "!~", "x" * 8_000])
def test_values_of_headers(value):
    """
    Any visible ASCII is a value, with blanks within, and so is none at all.
    """
    assert {"x-a": value} == Options(headers={"x-a": value}).headers


def test_keeps_no_hold_of_what_it_is_given():
    """
    What the caller does with a mapping or a list afterwards changes nothing.
    """
    headers, observers, hosts = {"x-a": "1"}, [print], ["bots.example.com"]
    options = Options(headers=headers, observers=observers, trusted_hosts=hosts)

    headers.clear()
    observers.clear()
    hosts.clear()

    assert {"x-a": "1"} == options.headers
    assert (print,) == options.observers
    assert frozenset({"bots.example.com"}) == options.trusted_hosts


def test_takes_any_iterable_of_hosts():
    """
    Trusted hosts may come from a generator, and in any case.
    """
    options = Options(trusted_hosts=(host for host in ("Bots.Example.com", "localhost:0443")))

    assert frozenset({"bots.example.com", "localhost:443"}) == options.trusted_hosts


def test_takes_any_iterable_of_observers():
    """
    Observers may come from a generator, too.
    """
    assert (print, repr) == Options(observers=(one for one in (print, repr))).observers


def test_prints_no_headers():
    """
    A header may hold a secret.
    """
    assert "hunter2" not in repr(Options(headers={"x-key": "hunter2"}))


@pytest.mark.parametrize("field", ["deadline", "tenant_id", "max_attachment_bytes"])
def test_none_is_no_bound(field):
    """
    What may be None says so: no deadline, no tenant, any length.
    """
    assert getattr(Options(**{field: None}), field) is None


def test_limits_of_one_s_own():
    """
    Limits are windows; none at all is none.
    """
    limits = Limits(send=windows((1, 1)), tenant=())

    assert limits == Options(limits=limits).limits


def test_whole_numbers_of_seconds():
    """
    A time need not be a float.
    """
    assert Timeouts(connect=5, read=10) == Timeouts(connect=5.0, read=10.0)
    assert 120 == Options(deadline=120).deadline
