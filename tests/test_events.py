import typing

import attrs
import pytest

from connector_async import events

KINDS = typing.get_args(events.Event)


def test_the_union_has_them_all():
    """
    Each event that the module defines is one of `Event`.
    """
    defined = {kind for kind in vars(events).values() if attrs.has(kind)}

    assert defined == set(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_value(kind):
    """
    An event is a frozen value: observers share it.
    """
    event = kind(**dict.fromkeys(attrs.fields_dict(kind)))

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(event, attrs.fields(kind)[0].name, 1)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_names_its_call(kind):
    """
    All events but those of a token belong to a call, and name its operation.
    """
    names = set(attrs.fields_dict(kind))

    assert (kind is events.TokenFetched) is not ({"call", "operation"} <= names)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_has_no_place_for_secrets(kind):
    """
    No event has a field for a token, a header, a body or a URL.
    """
    known = {
        "attempt", "attempts", "call", "error", "message", "operation", "reason", "request_id",
        "retry_after", "seconds", "status",
    }  # fmt: skip

    assert set(attrs.fields_dict(kind)) <= known


def test_matches_by_shape():
    """
    The example of the module's docstring works.
    """
    event = events.Waited(call=1, operation="sendToConversation", reason="limit", seconds=2.5)

    match event:
        case events.Waited(reason="limit", seconds=seconds):
            assert 2.5 == seconds
        case _:
            pytest.fail("it does not match")
