"""
Reading the `Retry-After` header, in every form that it comes in.
"""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"[0-9]{1,18}(?:\.[0-9]*)?|\.[0-9]+")


def retry_after(header: str | None, wall: float) -> float | None:
    """
    How long the service asks to wait.

    Args:
        header: The header's value; several values joined by commas count as
            the longest of them.
        wall: Seconds since 1970 now, for a header that names a date.

    Returns:
        Seconds, 0 for a date that has passed; None for nothing and for
        nonsense (negative, infinite, not a number, no date).

    Source:
        RFC 9110, section 10.2.3; fractions are seen in the field.
    """
    if header is None:
        return None
    date = _date(header)
    if date is not None:
        return max(0.0, date - wall)
    waits = [float(part) for part in map(str.strip, header.split(",")) if _SECONDS.fullmatch(part)]
    return max(waits, default=None)


def _date(text: str) -> float | None:
    if not any(char.isalpha() for char in text):
        return None
    try:
        moment = parsedate_to_datetime(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp()
    # Some releases of Python raise an IndexError of their own for what is no date.
    except (ValueError, LookupError, OverflowError):
        return None
