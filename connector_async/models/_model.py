"""
What every model shares.

Models are values: frozen attrs classes that are changed with `attrs.evolve`.
How a field is called on the wire:

- `conversation_id` is `conversationId`: snake_case becomes camelCase.
- `from_` is `from`: a trailing underscore only keeps a Python keyword away.
- `at_type` is `@type`: a leading `@` is spoken. This, and any other name that
  the first two rules do not give, stands in the field's metadata as `wire`.

Metadata that whoever reads or writes JSON has to keep:

- `wire`: The name on the wire.
- `aliases`: Other names to accept, as they are mostly spelled; they match in any
  casing. What is sent has the one name on the wire.
- `bare`: A text where the object should be is this field.
- `local`: Never on the wire, in neither direction.
- `offset`: A date that is sent with its offset and not in UTC.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

import attrs

T = TypeVar("T")


if TYPE_CHECKING:

    class Many(tuple[T, ...]):
        """
        The converter of list fields: any iterable of `T` comes in, a tuple is kept.
        """

        __slots__ = ()

        def __new__(cls, values: Iterable[T] | None = ()) -> Self: ...

else:

    def _as_tuple(values: Iterable[T] | None) -> tuple[T, ...]:
        if isinstance(values, tuple):
            return values
        if values is None:
            return ()
        # Iterable too, and never meant as a list of what they iterate over.
        if isinstance(values, (str, bytes, Mapping)):
            raise TypeError(f"expected a list, got one {type(values).__name__}; put it in a list")
        return tuple(values)

    # mypy's attrs plugin solves the types of a generic class, not those of a
    # generic function. `tuple[T, ...]` itself would do for it, but would take
    # the text in `to="29:abc"` apart, and 0.22 us where this takes 0.06.
    class Many:
        def __class_getitem__(cls, _item: type) -> Callable[[Iterable[T] | None], tuple[T, ...]]:
            return _as_tuple


@attrs.frozen(kw_only=True, slots=True, repr=False)
class Model:
    """
    A value of the API.

    Fields that are absent are None, and lists that are absent are empty;
    neither is sent. Fields that hold any JSON take no part in the hash.

    Attributes:
        extra: What came with names that are not known here, by wire name; it is
            sent back as it came. A known field wins over its name in here.
    """

    extra: Mapping[str, Any] = attrs.field(factory=dict[str, Any], hash=False)

    def __repr__(self) -> str:
        # Only what is set: an Activity has forty fields. What is not for
        # printing (tokens) is declared with `repr=False`.
        values = ((field, getattr(self, field.name)) for field in attrs.fields(type(self)))
        shown = (
            f"{field.name}={value!r}" if field.repr else f"{field.name}=..."
            for field, value in values
            if value not in (None, (), {})
        )
        return f"{type(self).__name__}({', '.join(shown)})"


def wire_fields(model: type[Model]) -> "list[tuple[str, attrs.Attribute[Any]]]":
    """
    List the fields of a model with their names on the wire; `extra` is none of them.
    """
    return [(_wire_name(field), field) for field in attrs.fields(model) if field.name != "extra"]


def _wire_name(field: "attrs.Attribute[Any]") -> str:
    if "wire" in field.metadata:
        return str(field.metadata["wire"])
    first, *others = field.name.removesuffix("_").split("_")
    return first + "".join(map(str.capitalize, others))
