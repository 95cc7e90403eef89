"""Parts that depend on the step, as arguments of compiled programs: with other numbers in them nothing is compiled."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Generic, NamedTuple, TypeAlias, TypeVar, final

import jax
import numpy as np
from jaxtyping import Array, Int

Steps: TypeAlias = int | Int[Array, ""]
"""The number of steps of a run: inside of compiled programs perhaps an argument of theirs."""

STEPS = "steps"
"""How a part names the number of steps among its `arguments`."""


class SteppedPart:
    """What depends on the step, such as an optimizer; a frozen dataclass of settings."""

    arguments: ClassVar[tuple[str, ...]] = ()
    """Numbers that compiled programs take as arguments: fields by their names, and "steps" for the number of steps.

    Methods then get JAX's tracers for them, with which they may compute, and on which they may not branch. For other
    values of what is not named, every run compiles its steps anew; nothing has to be named.
    """


Part = TypeVar("Part", bound=SteppedPart)


@final
@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True, eq=False)
class Scheduled(Generic[Part]):
    """A part, and the number of steps of the run that it is for; a pytree whose leaves are the part's `arguments`.

    In a compiled program the part is a copy with tracers in these fields, whose checks are not run again.
    """

    part: Part
    steps: Steps

    def tree_flatten(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        named = self.part.arguments
        names = tuple(name for name in named if name != STEPS and holds_number(getattr(self.part, name)))
        numbers = [plain(getattr(self.part, name)) for name in names]
        rest = without(self.part, names) if names else self.part
        given, fixed = ([self.steps], None) if STEPS in named else ([], self.steps)
        return (*numbers, *given), (rest, names, fixed)

    @classmethod
    def tree_unflatten(cls, static: tuple[Any, ...], leaves: tuple[Any, ...]) -> "Scheduled[Part]":
        rest, names, fixed = static
        part = made(rest.kind, dict(rest.kept) | dict(zip(names, leaves, strict=False))) if names else rest
        return made(cls, {"part": part, "steps": leaves[-1] if fixed is None else fixed})


class Rest(NamedTuple):
    """All fields of a part but some, by which programs are looked up."""

    kind: type
    kept: tuple[tuple[str, Any], ...]


def without(part: Any, names: tuple[str, ...]) -> Rest:
    """A part but for some of its fields."""
    return Rest(type(part), tuple((own.name, getattr(part, own.name)) for own in fields(part) if own.name not in names))


def made(kind: type, values: dict[str, Any]) -> Any:
    """An object of a class with these values in its fields, whatever they are: JAX puts its own objects there."""
    found = object.__new__(kind)
    for name, value in values.items():
        object.__setattr__(found, name, value)
    return found


def holds_number(value: Any) -> bool:
    """Whether it is a number, perhaps a traced one, and not a function of the step, say."""
    return isinstance(value, int | float | np.number | jax.Array)


def plain(number: Any) -> Any:
    """A number as Python's, which takes on the precision of what it meets; a traced one is left as it is."""
    return number if isinstance(number, jax.Array) else float(number)
