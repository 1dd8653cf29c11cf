import copy
import pickle
from random import Random

import attrs
import pytest

from connector_async.auth.tokens import AccessToken, Grant, refresh_after


@pytest.mark.parametrize(
    ("life", "refresh_in", "after"),
    [
        (3600, None, 2880),
        (86400, None, 69120),
        (1500, None, 1200),
        (1200, None, 900),
        (600, None, 300),
        (400, None, 200),
        (60, None, 30),
        (20, None, 10),
        (86400, 43200, 43200),
        (3600, 3599, 2880),
        (3600, 0, 30),
        (3600, -5, 30),
        (10, 0, 5),
    ],
)
def test_when_a_token_is_renewed(life, refresh_in, after):
    """
    Five minutes or a fifth before the end, at most half of the life; or when the server says.
    """
    assert after == refresh_after(life, refresh_in, 0.0)


@pytest.mark.parametrize("life", [600, 3600, 86400])
def test_jitter(life):
    """
    The jitter takes off up to 5 % of the wait, and adds nothing.
    """
    random = Random(7)
    latest = refresh_after(life, None, 0.0)
    waits = [refresh_after(life, None, random.random()) for _ in range(1000)]

    assert latest * 0.95 <= min(waits) < latest * 0.952
    assert latest * 0.998 < max(waits) <= latest


@pytest.mark.parametrize(
    "value",
    [
        AccessToken(token="eyJ.hush.hush", expires_at=1.0, refresh_at=1.0),
        Grant(token="eyJ.hush.hush", expires_in=1.0),
    ],
)
def test_keeps_its_secret(value):
    """
    A token is not printed and not pickled, and a copy of it is the same one.
    """
    assert "hush" not in f"{value} {value!r}"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="holds a secret"):
            pickle.dumps(value, protocol)
    assert value is copy.deepcopy(value)
    assert value == attrs.evolve(value)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (ValueError, {"token": ""}),
        (ValueError, {"token": "Bearer hush"}),
        (ValueError, {"token": "hush\n"}),
        (ValueError, {"token": "hüsh"}),
        (TypeError, {"token": None}),
        (TypeError, {"token": b"hush"}),
        (ValueError, {"expires_in": 0}),
        (ValueError, {"expires_in": -1.0}),
        (ValueError, {"expires_in": float("inf")}),
        (ValueError, {"expires_in": float("nan")}),
        (TypeError, {"expires_in": "3600"}),
        (TypeError, {"expires_in": True}),
        (TypeError, {"expires_in": None}),
        (ValueError, {"refresh_in": float("nan")}),
        (TypeError, {"refresh_in": "1"}),
    ],
)
def test_a_grant_is_checked(kind, fields):
    """
    A token that cannot stand in a header, and a life that is none, are refused unseen.
    """
    with pytest.raises(kind) as refused:
        Grant(**{"token": "hush", "expires_in": 60.0} | fields)

    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"token": b"hush"}, "a token is a str, not bytes"),
        ({"expires_in": "3600"}, "expires_in is in seconds, not str"),
        ({"refresh_in": True}, "refresh_in is in seconds, not bool"),
    ],
)
def test_says_what_a_grant_was_made_of(fields, text):
    """
    What is of another type is told with the type that it has.
    """
    with pytest.raises(TypeError) as refused:
        Grant(**{"token": "hush", "expires_in": 60.0} | fields)

    assert text == str(refused.value)


def test_a_token_of_any_visible_letter():
    """
    From the first visible letter to the last, all may stand in a header.
    """
    letters = "".join(map(chr, range(0x21, 0x7F)))

    assert letters == Grant(token=letters, expires_in=60.0).token
