"""Records: the frozen dataclasses that define a run, as JSON and back."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeAlias

import numpy as np

from hyperborn.errors import UserError

Slots: TypeAlias = Mapping[str, tuple[type, ...]]
"""The classes that each named slot takes, such as {"circuit": (Brickwork, ProductState)}."""


def record_of(thing: Any) -> dict[str, Any]:
    """The name of a dataclass instance's kind and its fields, nested ones too, as JSON can hold them."""
    return {"kind": type(thing).__name__} | {
        field.name: json_value(getattr(thing, field.name)) for field in fields(thing) if field.init
    }


def json_value(value: Any) -> Any:
    """A field's value as JSON can hold it."""
    if hasattr(value, "__dataclass_fields__"):
        return record_of(value)
    if isinstance(value, Mapping):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [json_value(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value


def thing_of(record: Any, slots: Slots, slot: str) -> Any:
    """The dataclass instance that a record describes, of one of the kinds that the slot takes.

    The value of a field that has the name of a slot is a record itself, None, or a whole number instead. Arrays come
    back as tuples.

    Raises:
        UserError: if the record is of another kind, or its fields are not all there or do not fit.
    """
    kinds = {kind.__name__: kind for kind in slots[slot]}
    name = record.get("kind") if isinstance(record, Mapping) else None
    if not isinstance(name, str) or name not in kinds:
        raise UserError(f"the {slot} {record!r} is not one of {', '.join(kinds)}; was the file edited by hand?")
    kind, given = kinds[name], {key: value for key, value in record.items() if key != "kind"}
    expected = {field.name: field.type for field in fields(kind) if field.init}
    # A record is complete, so that a later change of a default cannot change a saved run.
    for key in expected.keys() ^ given.keys():
        raise UserError(f"the {slot} {record!r} lacks or does not know {key!r}; was the file edited by hand?")
    for key, value in given.items():
        if not fits_number(value, expected[key]):
            raise UserError(f"the {slot} {record!r} cannot have {key} = {value!r}; was the file edited by hand?")
        nested = key in slots and value is not None and not fits_number(value, int)
        given[key] = thing_of(value, slots, key) if nested else tuples(value)
    try:
        return kind(**given)
    except UserError:
        raise
    except (TypeError, AttributeError, ValueError) as error:
        raise UserError(f"the {slot} {record!r} does not fit {name}: {error}") from error


def fits_number(value: Any, kind: Any) -> bool:
    """Whether a value can be of a number's type; the class itself checks values of other types."""
    if kind is int or kind is float:
        return isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
    return True


def tuples(value: Any) -> Any:
    """Lists as tuples, nested ones too."""
    return tuple(tuples(item) for item in value) if isinstance(value, list) else value
