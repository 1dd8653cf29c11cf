"""
Dates as the service writes them, and as it is written to.
"""

from datetime import UTC, datetime
from typing import Any, Final, Self, SupportsIndex

_UNSET: Final = "0001-01-01"
"""How .NET writes a date that was never set."""


class Moment(datetime):
    """
    A date as it came, with the letters it came in.

    Behaves as the aware datetime that it is; `raw` lets it be sent back letter
    for letter, although a datetime has no place for seven digits. Whatever is
    computed from it (`+`, `replace`, `astimezone`) has no letters of its own.
    """

    __slots__ = ("_raw",)
    _raw: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read an ISO 8601 date with a time.

        Any number of fractional digits is taken, those after the sixth are left
        out of the value; seconds may be missing; without a zone it is UTC.

        Raises:
            ValueError: Not such a date.
        """
        # `fromisoformat` alone would also read bare dates and runs of digits,
        # such as those of ids.
        if text[10:11] not in {"T", "t", " "}:
            raise ValueError(f"not a date with a time: {text[:40]!r}")
        moment = cls.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        moment._raw = text  # noqa: SLF001  # of this very class
        return moment

    @property
    def raw(self) -> str | None:
        """
        The text that was read; None for a computed moment.
        """
        return getattr(self, "_raw", None)

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        # A datetime's own protocol forgets what a subclass adds.
        if self.raw is None:
            return super().__reduce_ex__(protocol)  # type: ignore[return-value]  # typeshed: str too
        return type(self).parse, (self.raw,)


def read_date(text: str) -> Moment | str | None:
    """
    Read a date of the service: a text that is none stays text, an unset one is None.
    """
    if text.startswith(_UNSET):
        return None
    try:
        return Moment.parse(text)
    except ValueError:
        return text


def write_date(value: datetime, *, in_utc: bool = True) -> str:
    """
    Write a date for the service: in the letters that it came in, if it did.

    Otherwise with 3 or 6 digits after the second, in UTC and with `Z`.

    Args:
        value: Any aware datetime.
        in_utc: False to keep and show its own offset.

    Raises:
        ValueError: It has no zone, or UTC has no year for it.
    """
    if isinstance(value, Moment) and value.raw is not None:
        return value.raw
    if value.utcoffset() is None:
        raise ValueError("a datetime without a zone; give it one, as in datetime.now(UTC)")
    try:
        shown = value.astimezone(UTC) if in_utc else value
    except OverflowError:
        raise ValueError("a datetime that UTC has no year for") from None
    text = shown.isoformat(timespec="microseconds" if shown.microsecond % 1000 else "milliseconds")
    return f"{text.removesuffix('+00:00')}Z" if in_utc else text
