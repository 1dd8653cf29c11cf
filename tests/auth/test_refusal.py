import pytest

from connector_async.auth._refusal import ADVICE, Refusal, read_refusal

from .identity import refusal


@pytest.mark.parametrize("code", ADVICE)
def test_says_what_to_check(code):
    """
    For the codes that are a matter of configuration the text says what to check.
    """
    number = int(code.removeprefix("AADSTS"))

    read = read_refusal(refusal(number, "It said so."))

    assert code == read.code
    assert f"{code}: It said so. {ADVICE[code]} (correlation id 00000000-bbbb)" == read.text


def test_the_older_code_has_the_same_advice():
    """
    AADSTS70021 is what AADSTS700213 was called.
    """
    read = read_refusal(refusal(70021, "No match."))

    assert "AADSTS70021" == read.code
    assert ADVICE["AADSTS700213"] in read.text


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ({}, None, "it did not say why"),
        ({"error": "invalid_client"}, "invalid_client", "invalid_client"),
        ({"error": "slow", "error_description": "Later."}, "slow", "slow: Later."),
        ({"error_codes": [7000215]}, "AADSTS7000215", "AADSTS7000215: it did not say why"),
        ({"error_codes": ["x"]}, None, "it did not say why"),
        ({"error_codes": []}, None, "it did not say why"),
        ({"error_codes": 7}, None, "it did not say why"),
        ({"error": 7, "error_description": ["x"], "correlation_id": {}}, None, "it did not say"),
        ({"message": "Nope"}, None, "Nope"),
        ({"error": {"code": "SecretHeaderNotFound", "message": "m"}}, "SecretHeaderNotFound", ""),
        ({"error": {"message": "m"}}, "m", "m"),
        ({"error_description": "AADSTS1: a\r\nTrace ID: b"}, "AADSTS1", "AADSTS1: a"),
        ({"error": "e" * 500}, "e" * 100, "e" * 100),
        ({"error_description": "d" * 500}, None, "d" * 200),
    ],
)
def test_reads_any_shape(body, code, text):
    """
    What is missing or odd fails nothing, and what is long is cut.
    """
    read = read_refusal(body)

    assert code == read.code
    assert read.text.startswith(text)
    assert 400 > len(read.text)


def test_correlation_id():
    """
    The correlation id is kept, and told.
    """
    assert Refusal(text="e (correlation id c-1)", code="e", correlation_id="c-1") == read_refusal(
        {"error": "e", "correlation_id": "c-1"}
    )


def test_codes_are_not_hidden():
    """
    A code and its advice are told though a secret is made of the same digits.
    """
    body = {"error_description": "AADSTS7000215: It said 7000215."}
    read = read_refusal(body, lambda text: text.replace("7000215", "*"))

    assert "AADSTS7000215" == read.code
    assert "It said *." in read.text
    assert ADVICE["AADSTS7000215"] in read.text
