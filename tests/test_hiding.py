"""
Hiding a secret in what somebody says who was told it.
"""

import html
import json
import time
from urllib.parse import quote, quote_plus

import pytest

from connector_async._hiding import without

TOKEN = "hush-" * 8 + "0123456789"
ODD = TOKEN + "+/=\"\\<&'% é"
RUN = "\\" * 40

WRITINGS = {
    "plain": str,
    "upper": str.upper,
    "JSON": json.dumps,
    "JSON as UTF-8": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    ".NET's JSON": lambda text: text.replace("+", "\\u002B").replace("&", "\\u0026"),
    "percent": lambda text: quote(text, safe=""),
    "percent, lower": lambda text: quote(text, safe="").lower(),
    "form": quote_plus,
    "HTML": html.escape,
    "HTML by numbers": lambda text: text.replace("+", "&#43;").replace("=", "&#x3D;"),
    "repr": repr,
    "bytes": lambda text: repr(text.encode()),
    "Latin-1": lambda text: repr(text.encode("latin-1")),
}


@pytest.mark.parametrize("write", WRITINGS.values(), ids=WRITINGS)
@pytest.mark.parametrize("secret", [TOKEN, ODD, 'half%25way"to&amp;it', f'{RUN}"abcdefgh'])
def test_hides_a_secret(write, secret):
    """
    A secret is hidden in each way in which it may be quoted, and nothing else is.
    """
    # What stands around the secret in its writing stays.
    around = write("\0").replace("\\\\u0000", "\0").replace("\\u0000", "\0")
    before, _, after = around.replace("\\x00", "\0").replace("%00", "\0").partition("\0")

    assert f"no: {before}[hidden]{after} it was" == without(f"no: {write(secret)} it was", secret)


@pytest.mark.parametrize(
    "text",
    [
        "no: hush, hush",
        TOKEN[:-1],
        TOKEN.replace("-", "_"),
        TOKEN.replace("-", "+"),
        f"{TOKEN[:-10]} and 0123456789",
        "",
    ],
)
def test_leaves_the_rest(text):
    """
    What is not the secret stays as it is.
    """
    assert text == without(text, TOKEN)


@pytest.mark.parametrize("secret", [None, "", "12345678"])
def test_what_is_no_secret(secret):
    """
    Nothing is hidden without a secret, or where any text may have it by chance.
    """
    assert "AADSTS12345678" == without("AADSTS12345678", secret, is_cut=True)


def test_the_shortest_secret():
    """
    Nine letters are a secret.
    """
    assert "no: [hidden]" == without("no: 123456789", "123456789")


@pytest.mark.parametrize("write", [str, json.dumps, quote])
@pytest.mark.parametrize("secret", ["hush\n\b\x7fhush", "hush😀hush", "hush\udc80hush"])
def test_odd_letters(write, secret):
    """
    Letters that no header can have are hidden, too, in a certificate's passphrase for one.
    """
    if write is quote:
        secret = secret.replace("\udc80", "ÿ")

    assert "hush" not in without(f"no: {write(secret)}", secret)


def test_nothing_else():
    """
    A text may be nothing but the secret.
    """
    assert "[hidden]" == without(TOKEN, TOKEN)


def test_each_of_them():
    """
    It is hidden wherever it is.
    """
    assert "[hidden], [hidden]" == without(f"{TOKEN}, {TOKEN.upper()}", TOKEN)


def test_a_secret_without_words():
    """
    A secret may have neither letters nor digits.
    """
    assert "no: [hidden]" == without("no: " + quote("&=&=&=&=&="), "&=&=&=&=&=")


PARTS = {
    "plain": str,
    "upper": str.upper,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "percent": lambda text: quote(text, safe=""),
    "HTML": html.escape,
    "bytes": lambda text: repr(text.encode())[2:-1],
}


@pytest.mark.parametrize("write", PARTS.values(), ids=PARTS)
def test_hides_what_was_cut(write):
    """
    At the end of a text that was cut, nine letters of the secret and more are hidden, too.
    """
    least, all_of_it = len(write(ODD[:9])), write(ODD)
    texts = [f"no: {all_of_it[:cut]}" for cut in range(least, len(all_of_it))]

    assert {"no: [hidden]"} == {without(text, ODD, is_cut=True) for text in texts}


def test_hides_what_was_cut_behind_its_beginning():
    """
    What was cut is found where its beginning stands before it, once more, too.
    """
    assert "hush-[hidden]" == without(f"hush-{TOKEN[:45]}", TOKEN, is_cut=True)


@pytest.mark.parametrize(
    "text",
    [TOKEN[:8], f"{TOKEN[:20]} it was", f"{TOKEN[:20]}%", f"{TOKEN} it was", "no", ""],
)
def test_leaves_what_was_cut_elsewhere(text):
    """
    What only looks like the beginning of the secret stays, and what is behind it.
    """
    rest = {f"{TOKEN[:20]}%": "[hidden]", f"{TOKEN} it was": "[hidden] it was"}

    assert rest.get(text, text) == without(text, TOKEN, is_cut=True)


def test_leaves_what_was_not_cut():
    """
    In a text that is whole a part of the secret is none.
    """
    assert TOKEN[:20] == without(TOKEN[:20], TOKEN)


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        (f"ab{RUN}cdefghijkl", "ab" + "\\" * 200 + " cdefghijkl"),
        (f'{RUN}"cdefghijkl', "\\" * 20_000 + " cdefghijkl"),
        ('\\"' * 40 + "abcdefghij", '\\\\"' * 7_000 + " abcdefghij"),
        ("%25" * 40 + "abcdefghij", "%25" * 7_000 + " abcdefghij"),
        ("&amp;" * 40 + "abcdefghij", "&amp;amp;" * 2_000 + " abcdefghij"),
        (TOKEN, TOKEN[:-10] * 500 + " 0123456789"),
    ],
    ids=["a run", "a run at first", "quotes", "percents", "entities", "itself"],
)
def test_takes_its_time(secret, text):
    """
    What nearly is the secret, again and again, is looked at in no time to speak of.
    """
    began = time.perf_counter()
    same = without(text, secret, is_cut=True)

    assert text == same
    assert 5 > time.perf_counter() - began
