import attrs
import pytest

from connector_async import _operations as op
from tests.pipeline.script import a_call, a_request, answer


@pytest.mark.parametrize(
    ("left", "answered", "in_doubt", "may_have_happened"),
    [
        (False, False, False, False),
        (True, False, False, True),
        (True, True, False, False),
        (False, False, True, True),
        (True, True, True, True),
    ],
)
def test_what_a_write_may_have_done(left, answered, in_doubt, may_have_happened):
    """
    A write may have happened while it is on the wire, and after an attempt that may have arrived.
    """
    call = a_call(left=left, answered=answered, in_doubt=in_doubt)

    assert may_have_happened is call.may_have_happened


def test_a_read_does_nothing():
    """
    Of a read nothing can have happened.
    """
    call = a_call(op.GET_CONVERSATIONS, left=True, in_doubt=True)

    assert not call.may_have_happened


def test_calls_are_numbered():
    """
    Each call has a number of its own.
    """
    numbers = [a_call().number for _ in range(3)]

    assert sorted(set(numbers)) == numbers


def test_a_request_is_frozen():
    """
    A step that changes a request makes a new one.
    """
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        a_request().url = "https://example.com/"


def test_secrets_do_not_print():
    """
    The repr of a request has no token, and that of an answer no content.
    """
    request = a_request(token="secret-token")
    response = answer(200, content=b"secret-text")

    assert "secret" not in repr(request)
    assert "secret" not in repr(response)
