"""Parts that depend on the step, as arguments of compiled programs: with other numbers in them nothing is compiled."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeAlias, TypeVar, final

import jax
import numpy as np
from jaxtyping import Array, Int

Steps: TypeAlias = int | Int[Array, ""]
"""The number of steps of a run: inside of compiled programs perhaps an argument of theirs."""

STEPS = "steps"
"""How a part names the number of steps among its `arguments`."""


class Part(Protocol):
    """A frozen dataclass of settings, such as an optimizer."""

    arguments: ClassVar[tuple[str, ...]]
    """Names of fields, and "steps": numbers that compiled programs take as arguments, so that they see JAX's tracers.

    A program is compiled anew for another value of whatever is not named; nothing has to be.
    """


AnyPart = TypeVar("AnyPart", bound=Part)


@final
@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True, eq=False)
class Scheduled(Generic[AnyPart]):
    """A part, and the number of steps of the run that it is for; a pytree whose leaves are the part's `arguments`.

    In a compiled program the part is a copy whose checks have not been run again, with tracers in these fields.
    """

    part: AnyPart
    steps: Steps

    def tree_flatten(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        names = tuple(name for name in self.part.arguments if name != STEPS and holds_number(self.part, name))
        # Of Python's numbers JAX keeps the type weak, so that they take on the precision of what they meet.
        numbers = tuple(plain(getattr(self.part, name)) for name in names)
        rest = without(self.part, names) if names else self.part
        return (numbers, self.steps if STEPS in self.part.arguments else None), (
            names,
            rest,
            None if STEPS in self.part.arguments else self.steps,
        )

    @classmethod
    def tree_unflatten(cls, static: tuple[Any, ...], leaves: tuple[Any, ...]) -> "Scheduled[AnyPart]":
        (names, rest, fixed), (numbers, given) = static, leaves
        part = rest.with_fields(dict(zip(names, numbers, strict=True))) if names else rest
        return cls(part, given if fixed is None else fixed)


class Rest(NamedTuple):
    """All fields of a part but some, hashable: programs are looked up by it."""

    kind: type
    kept: tuple[tuple[str, Any], ...]

    def with_fields(self, others: dict[str, Any]) -> Any:
        """The part with other values, of any kind, in the fields that are left out."""
        made = object.__new__(self.kind)
        for name, value in (dict(self.kept) | others).items():
            object.__setattr__(made, name, value)
        return made


def without(part: Any, names: tuple[str, ...]) -> Rest:
    """A part but for some of its fields."""
    kept = tuple((field.name, getattr(part, field.name)) for field in fields(part) if field.name not in names)
    return Rest(type(part), kept)


def holds_number(part: Any, name: str) -> bool:
    """Whether a field holds a number, perhaps a traced one, and not a function of the step, say."""
    return isinstance(getattr(part, name), int | float | np.number | jax.Array)


def plain(number: Any) -> Any:
    """A number as a float of Python; what JAX has is left as it is."""
    return number if isinstance(number, jax.Array) else float(number)
