"""Records: the frozen dataclasses that define a run, as JSON and back."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from inspect import isabstract
from typing import Any, TypeAlias

import numpy as np

from hyperborn.errors import HyperbornWarning, UserError
from hyperborn.parts import class_named, held_under, is_own, name_of_class
from hyperborn.printable import shown

Slots: TypeAlias = Mapping[str, tuple[type, ...]]
"""The classes that each named slot takes, such as {"circuit": (Brickwork, ProductState, Circuit)}.

An abstract class stands for all classes of a user's own that follow it.
"""


SUBSTITUTE = "substitute"
"""Key in the record of a user's own thing: the record of one of ours that does the same, for readers without its class.

It is what the method of this name gives, where there is one.
"""


RESERVED = ("kind", SUBSTITUTE)
"""Keys that a record has beside those of the fields: no field of a user's own part may have their names."""


ADDED: Mapping[str, Any] = {"added": True}
"""Metadata of a field that earlier versions do not have: it is in a record only where it is not its default."""


def record_of(thing: Any) -> dict[str, Any]:
    """The name of a dataclass instance's kind and its fields, nested ones too, as JSON can hold them.

    Of a user's own that has a substitute, that is kept as well; it stands alone where the rest cannot be kept.

    Raises:
        UserError: if a class cannot be found again by its name, one of its fields has the name of a key of
            records themselves, or JSON cannot hold a field.
    """
    if not is_own(type(thing)):
        return named_fields(thing)
    check_field_names(type(thing))
    if not hasattr(thing, SUBSTITUTE):
        return named_fields(thing)
    substitute = record_of(thing.substitute())
    try:
        return named_fields(thing) | {SUBSTITUTE: substitute}
    except UserError:
        return substitute


def check_field_names(kind: type[Any]) -> None:
    """Raise a UserError for a field of a user's own class that a record would take for a key of its own."""
    for field in fields(kind) if is_dataclass(kind) else ():
        if field.init and field.name in RESERVED:
            name = f"{kind.__module__}:{kind.__qualname__}"
            raise UserError(f"{name} has a field called {field.name}, which is a key of records themselves; rename it")


def named_fields(thing: Any) -> dict[str, Any]:
    """As `record_of`, without a substitute."""
    name = name_of_class(type(thing))
    return {"kind": name} | {
        field.name: json_value(getattr(thing, field.name), f"{field.name} of {name}")
        for field in fields(thing)
        if is_recorded(thing, field)
    }


def json_value(value: Any, place: str) -> Any:
    """A field's value as JSON can hold it; `place` says whose it is.

    Raises:
        UserError: if JSON cannot hold it.
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        # Some of ours, of which a run may hold thousands, have a short form.
        short = None if is_own(type(value)) else getattr(value, "to_record", None)
        return record_of(value) if short is None else short()
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise UserError(f"{place} has the key {shown(key)}, and keys in a run folder are texts; give a text")
        return {str(key): json_value(item, place) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [json_value(item, place) for item in value]
    given = f"the function {value.__qualname__}" if hasattr(value, "__qualname__") else shown(value)
    raise UserError(f"{place} is {given}, and a run folder holds numbers, texts and tuples only")


def thing_of(record: Any, slots: Slots, slot: str) -> Any:
    """The dataclass instance that a record describes, of one of the kinds that the slot takes.

    A substitute is taken where the class is not known, or does not do the same any more.

    In a record of ours, the value of a field that has the name of a slot is a record itself; None, a number or text may
    stand there, too. In one of a user's own, any value may be the record of a part. Arrays come back as tuples.

    Raises:
        UserError: if the record is of another kind, or its fields are not all there or do not fit.
    """
    if isinstance(record, Mapping) and SUBSTITUTE in record and ":" in str(record.get("kind")):
        return thing_or_substitute(record, slots, slot)
    kind, given = kind_of(record, slots[slot], slot), {key: value for key, value in record.items() if key != "kind"}
    expected = {field.name: field.type for field in fields(kind) if field.init}
    absent = {field.name for field in fields(kind) if field.metadata == ADDED} - given.keys()
    # A record is complete, so that a later change of a default cannot change a saved run.
    for key in expected.keys() - absent ^ given.keys():
        remedy = "take the module as it was" if is_own(kind) else "was the file edited by hand?"
        raise UserError(f"the {slot} {record!r} lacks or does not know {key!r}; {remedy}")
    for key, value in given.items():
        if not fits_number(value, expected[key]):
            raise UserError(f"the {slot} {record!r} cannot have {key} = {value!r}; was the file edited by hand?")
        if is_own(kind):
            given[key] = with_parts(value, slots)
        else:
            nested = key in slots and not (value is None or isinstance(value, str) or fits_number(value, float))
            given[key] = thing_of(value, slots, key) if nested else tuples(value)
    try:
        return kind(**given)
    except UserError:
        raise
    except (TypeError, AttributeError, ValueError) as error:
        raise UserError(f"the {slot} {record!r} does not fit {record['kind']}: {error}") from error


def thing_or_substitute(record: Mapping[str, Any], slots: Slots, slot: str) -> Any:
    """What a record of a user's own describes, or its substitute: with a warning where the class has changed."""
    substitute = thing_of(record[SUBSTITUTE], slots, slot)
    name = record["kind"]
    try:
        found = thing_of({key: value for key, value in record.items() if key != SUBSTITUTE}, slots, slot)
        if found.substitute() == substitute:
            return found
        why = "it does something else"
    except Exception as error:  # noqa: BLE001 - the code is the user's own
        why = f"{type(error).__name__}: {error}".partition("\n")[0]
    if held_under(name) is not None:
        warnings.warn(
            f"{name} has changed since the run ({why}); what the run keeps of it is used",
            HyperbornWarning,
            stacklevel=2,
        )
    return substitute


def kind_of(record: Any, taken: tuple[type, ...], slot: str) -> type[Any]:
    """The class that a record names, one of those that are taken or a user's own.

    Raises:
        UserError: if it names none of them.
    """
    kinds = {kind.__name__: kind for kind in taken if not isabstract(kind)}
    name = record.get("kind") if isinstance(record, Mapping) else None
    if isinstance(name, str) and name in kinds:
        return kinds[name]
    bases = tuple(kind for kind in taken if isabstract(kind))
    if isinstance(name, str) and ":" in name and bases:
        return class_named(name, slot, bases)
    raise UserError(f"the {slot} {record!r} is not one of {', '.join(kinds)}; was the file edited by hand?")


def with_parts(value: Any, slots: Slots) -> Any:
    """A value of a user's own record: lists as tuples, and records of parts as what they describe."""
    if isinstance(value, Mapping):
        kinds, name = tuple(kind for kinds in slots.values() for kind in kinds), value.get("kind")
        if isinstance(name, str) and (":" in name or name in {kind.__name__ for kind in kinds}):
            return thing_of(value, {**slots, "part": kinds}, "part")
        return {key: with_parts(item, slots) for key, item in value.items()}
    return tuple(with_parts(item, slots) for item in value) if isinstance(value, list) else value


def lost_in_record(before: Any, after: Any, place: str) -> str | None:
    """What a thing has lost that comes back from its record, in words; None if nothing.

    Tuples may stand for lists and arrays, and a substitute for a user's own. `place` says whose the value is.
    """
    before, after = (it.tolist() if isinstance(it, np.ndarray | np.generic) else it for it in (before, after))
    inner: list[tuple[Any, Any, str]] = []
    if is_dataclass(before) and type(after) is type(before):
        names = [field.name for field in fields(before) if is_recorded(before, field)]
        inner = [(getattr(before, name), getattr(after, name), f"{name} of {type(before).__name__}") for name in names]
    elif isinstance(before, Mapping) and isinstance(after, Mapping) and before.keys() == after.keys():
        inner = [(before[key], after[key], place) for key in before]
    elif isinstance(before, tuple | list) and isinstance(after, tuple | list) and len(before) == len(after):
        inner = [(one, other, place) for one, other in zip(before, after, strict=True)]
    elif not (is_own(type(before)) and hasattr(before, SUBSTITUTE)) and before != after:
        return f"{place} comes back from its record as {shown(after)}, not as {shown(before)}"
    return next(filter(None, (lost_in_record(*each) for each in inner)), None)


def own_kinds(record: Any) -> Iterator[str]:
    """Names of the user's own classes in a record, nested ones too."""
    if isinstance(record, Mapping):
        kind = record.get("kind")
        if isinstance(kind, str) and ":" in kind:
            yield kind
    nested = record.values() if isinstance(record, Mapping) else record if isinstance(record, list) else ()
    for value in nested:
        yield from own_kinds(value)


def is_recorded(thing: Any, field: Field[Any]) -> bool:
    """Whether the record of a dataclass instance holds a field."""
    return field.init and (field.metadata != ADDED or getattr(thing, field.name) != field.default)


def fits_number(value: Any, kind: Any) -> bool:
    """Whether a value can be of a number's type; the class itself checks values of other types."""
    if kind is int or kind is float:
        return isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
    return True


def tuples(value: Any) -> Any:
    """Lists as tuples, nested ones too."""
    return tuple(tuples(item) for item in value) if isinstance(value, list) else value
