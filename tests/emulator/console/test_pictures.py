"""
The README's pictures show the console as it is.
"""

from tests.browser.pictures import PICTURES, digest


def test_the_pictures_are_not_stale():
    """
    After a change of the page or of its scene they are made anew, with `nox -s pictures`.
    """
    assert digest() == (PICTURES / "made_of.txt").read_text("utf-8")
