"""Records: the frozen dataclasses that define a run, as JSON and back."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from hyperborn.errors import UserError


def record_of(thing: Any) -> dict[str, Any]:
    """The name of a dataclass instance's kind and its fields, nested ones too, as JSON can hold them."""
    return {"kind": type(thing).__name__} | {
        field.name: plain(getattr(thing, field.name)) for field in fields(thing) if field.init
    }


def plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return record_of(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


def thing_of(record: Any, kinds: Mapping[str, type], what: str) -> Any:
    """The dataclass instance that a record of one of `kinds` describes.

    Raises:
        UserError: if the record is of another kind or its fields do not fit, naming `what` it should describe.
    """
    if not isinstance(record, Mapping) or record.get("kind") not in kinds:
        raise UserError(f"the {what} {record!r} is not one of {', '.join(kinds)}; was the file edited by hand?")
    kind = kinds[record["kind"]]
    given = {
        name: thing_of(value, kinds, what) if isinstance(value, Mapping) and "kind" in value else tuples(value)
        for name, value in record.items()
        if name != "kind"
    }
    try:
        return kind(**given)
    except TypeError as error:
        raise UserError(f"the {what} {record!r} does not fit {kind.__name__}: {error}") from error


def tuples(value: Any) -> Any:
    return tuple(tuples(item) for item in value) if isinstance(value, list) else value
