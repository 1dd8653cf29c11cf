"""
Secrets with known bytes, and a search for them in all that comes out.

A secret is cut into windows of twelve characters, and each of them is looked
for in every way in which its bytes are likely to be written: so one that is
cut short is found, too, and one within a longer text.
"""

import base64
import functools
import html
import json
import pickle
import random
import string
import traceback
from pathlib import Path
from urllib.parse import quote, quote_plus

import ahocorasick
import attrs

import connector_async

PACKAGE = str(Path(connector_async.__file__).parent)
TESTS = str(Path(__file__).parent.parent)
WIDTH, MOST_WINDOWS = 12, 6
# Characters for which the ways of writing differ; the last one is no ASCII.
ODD, ODD_VISIBLE = "+/=%&\"'\\<> é", "+/=%&\"'\\<>"


def value(name, *, odd=ODD_VISIBLE):
    """
    A secret that nothing else is like: the same one in each run.
    """
    chance = random.Random(name)
    letters = string.ascii_letters + string.digits
    parts = ["".join(chance.choices(letters, k=24)) for _ in range(2)]
    return f"{parts[0]}{odd}{parts[1]}"


def windows(secret):
    """
    Pieces of a secret, its beginning and its end among them.
    """
    last = len(secret) - WIDTH
    if last <= 0:
        return [secret]
    steps = min(MOST_WINDOWS - 1, max(1, last // 6))
    return [secret[at : at + WIDTH] for at in sorted({last * n // steps for n in range(steps + 1)})]


def written(text):
    """
    A text in every way in which it is likely to be written, by the way's name.
    """
    raw = text.encode()
    ways = {
        "as it is": text,
        "percent-encoded": quote(text, safe=""),
        "percent-encoded, in part": quote(text),
        "as of a form": quote_plus(text),
        "percent-encoded, lower case": quote(text, safe="").lower() if "%" in text else text,
        "hex": raw.hex(),
        "HEX": raw.hex().upper(),
        "as JSON": json.dumps(text)[1:-1],
        "as JSON in UTF-8": json.dumps(text, ensure_ascii=False)[1:-1],
        "as repr": repr(text)[1:-1],
        "as repr, quoted": repr(f"{text}'\"")[1:-4],
        "as repr of bytes": repr(raw)[2:-1],
        "as HTML": html.escape(text),
    }
    for before in range(3):
        ways |= {f"base64, {before} before": _middle(raw, before)}
        ways |= {f"base64url, {before} before": _middle(raw, before).translate(_URLSAFE)}
    return ways


_URLSAFE = str.maketrans("+/", "-_")


def _middle(raw, before):
    """
    What base64 makes of these bytes wherever so many more than a multiple of three precede.
    """
    encoded = base64.b64encode(b"\0" * before + raw).decode()
    after = (0, 3, 2)[(before + len(raw)) % 3]
    return encoded[(0, 2, 3)[before] : len(encoded) - after]


def needles(secret):
    """
    Each piece of a secret in each way of writing it: the way by what is to be found.
    """
    found = {}
    for window in windows(secret):
        for way, text in written(window).items():
            found.setdefault(text, way)
    return found


@functools.lru_cache(maxsize=16)
def finder_of(secrets):
    """
    Finds the pieces of all these secrets in one pass over a text.
    """
    finder = ahocorasick.Automaton()
    for name, secret in secrets:
        for needle, way in needles(secret).items():
            finder.add_word(needle, (name, way))
    finder.make_automaton()
    return finder


@attrs.define(eq=False, repr=False)
class Haystack:
    """
    All that came out, and the secrets that must not be in it.

    Attributes:
        secrets: What is looked for, by name.
        texts: What came out, each text once, and where it did first.
        elsewhere: The same of frames that are not ours: it is looked at, but does not count.
        characters: How many came out, those said twice included.
        held: How many are kept, of both.
        most: How much of one text is kept: a suite has bodies of many megabytes.
    """

    secrets: dict[str, str] = attrs.field(factory=dict)
    texts: dict[str, str] = attrs.field(factory=dict)
    elsewhere: dict[str, str] = attrs.field(factory=dict)
    characters: int = 0
    held: int = 0
    most: int = 10_000_000

    def __reduce__(self):
        # An observer leads here, and would take all along.
        raise TypeError("not pickled")

    def add(self, where, text, *, counts=True):
        if isinstance(text, bytes):
            text = text.decode("latin-1")
        text = text[: self.most]
        self.characters += len(text) * counts
        texts = self.texts if counts else self.elsewhere
        if text not in texts:
            texts[text] = where
            self.held += len(text)

    def say(self, where, thing):
        """
        Add all that a value says of itself.
        """
        for say in (repr, str, format):
            self.add(f"{say.__name__} of {where}", say(thing))
        try:
            self.add(f"pickle of {where}", pickle.dumps(thing))
        except Exception as error:  # noqa: BLE001
            self.add(f"what pickling {where} raised", repr(error))

    def tell(self, where, error):
        """
        Add all that an error says, those behind it included.
        """
        seen, waiting = set(), [error]
        while waiting:
            error = waiting.pop()
            if error is None or id(error) in seen:
                continue
            seen.add(id(error))
            waiting += [error.__cause__, error.__context__, *getattr(error, "exceptions", ())]
            self._tell_one(f"{where}: {type(error).__name__}", error)

    def _tell_one(self, where, error):
        self.say(where, error)
        self.add(f"attributes of {where}", repr(vars(error)))
        self.add(f"text of {where}", "".join(traceback.format_exception(error, chain=False)))
        for frame, line in traceback.walk_tb(error.__traceback__):
            code = frame.f_code
            if code.co_filename.startswith(TESTS):
                # Ours is the secret here, and so it stands in our variables.
                continue
            place = f"{where}, in {Path(code.co_filename).name}:{line} {code.co_name}"
            for name, held in list(frame.f_locals.items()):
                self.add(f"{place}: {name}", _safe(held), counts=_is_ours(code.co_filename))

    def hits(self, *, counts=True):
        """
        Where which secret was found, and how it was written.
        """
        texts = self.texts if counts else self.elsewhere
        finder, found = finder_of(frozenset(self.secrets.items())), {}
        for text, where in texts.items():
            for _, (name, way) in finder.iter(text) if self.secrets else ():
                found.setdefault((where, name), f"{where}: {name}, {way}")
        return sorted(found.values())

    def clear(self):
        """
        Forget what came out.
        """
        self.texts.clear()
        self.elsewhere.clear()
        self.characters = self.held = 0


def _safe(held):
    try:
        return repr(held)
    except Exception as error:  # noqa: BLE001
        return repr(error)


def _is_ours(filename):
    # What attrs and `_prepare` write for our classes is ours, too.
    generated = filename.startswith("<attrs generated") and "connector_async" in filename
    return generated or filename.startswith((PACKAGE, "<prepared"))
