"""Angles of gates: affine functions of a circuit's parameters."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite, pi
from typing import Any, TypeVar

from hyperborn.errors import UserError, is_number, whole_number
from hyperborn.printable import shown

Number = TypeVar("Number")

FRACTIONS = {f"{'' if top == 1 else top}pi{'' if bottom == 1 else f'/{bottom}'}": top * pi / bottom
             for bottom in (1, 2, 3, 4, 6, 8) for top in (1, 2, 3)}  # fmt: skip
"""Multiples of π by how they are written."""


@dataclass(frozen=True)
class Angle:
    """`constant` + Σ coefficient · parameter (radians), as in ``2 * theta[3] - pi / 2``.

    `terms` are pairs (index of the parameter in the flattened array, coefficient). Angles of `parameters` add up and
    are multiplied by numbers. They are kept in one form: ascending indices, each once, no coefficient 0.

    Raises:
        UserError: for a constant or a coefficient that is not a finite number, or an index that is not a whole number.
    """

    constant: float = 0.0
    terms: tuple[tuple[int, float], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "constant", finite_number("constant", self.constant))
        if not isinstance(self.terms, tuple | list) or not all(
            isinstance(term, tuple | list) and len(term) == 2 for term in self.terms
        ):
            raise UserError(f"terms = {shown(self.terms)}: give pairs (index, coefficient), such as ((3, 2.0),)")
        total: defaultdict[int, float] = defaultdict(float)
        for index, coefficient in self.terms:
            total[whole_number("index of a parameter", index, 0)] += finite_number("coefficient", coefficient)
        object.__setattr__(self, "terms", tuple((index, total[index]) for index in sorted(total) if total[index]))

    @property
    def parameter(self) -> int | None:
        """The index of the parameter that the angle is, if it is one and nothing else."""
        return self.terms[0][0] if self.constant == 0 and len(self.terms) == 1 and self.terms[0][1] == 1 else None

    @property
    def parameters(self) -> tuple[int, ...]:
        """Indices of the parameters that the angle depends on, ascending."""
        return tuple(index for index, _ in self.terms)

    @property
    def is_zero(self) -> bool:
        """Whether the angle is 0 whatever the parameters are."""
        return not self.terms and self.constant == 0

    def at(self, values: Any) -> Any:
        """The angle at flat parameters (..., parameters), in their dtype; NumPy or JAX."""
        return self.constant + sum(coefficient * values[..., index] for index, coefficient in self.terms)

    def moved(self, index_of: Callable[[int], int]) -> "Angle":
        """The same angle with its parameters at other indices."""
        return Angle(self.constant, tuple((index_of(index), coefficient) for index, coefficient in self.terms))

    def __add__(self, other: Any) -> "Angle":
        if isinstance(other, Angle):
            return Angle(self.constant + other.constant, self.terms + other.terms)
        return Angle(self.constant + other, self.terms) if is_number(other) else NotImplemented

    def __mul__(self, factor: Any) -> "Angle":
        if not is_number(factor):
            return NotImplemented
        return Angle(self.constant * factor, tuple((index, factor * own) for index, own in self.terms))

    def __sub__(self, other: Any) -> "Angle":
        return self + -other

    def __rsub__(self, other: Any) -> "Angle":
        return -self + other

    def __truediv__(self, divisor: Any) -> "Angle":
        return self * (1 / divisor) if is_number(divisor) else NotImplemented

    def __neg__(self) -> "Angle":
        return self * -1.0

    __radd__ = __add__
    __rmul__ = __mul__

    def __str__(self) -> str:
        parts = [f"{'' if abs(own) == 1 else f'{abs(own):.6g}*'}theta[{index}]" for index, own in self.terms]
        signs = ["-" if own < 0 else "+" for _, own in self.terms]
        if self.constant or not parts:
            parts.append(constant_text(abs(self.constant)))
            signs.append("-" if self.constant < 0 else "+")
        first = ("-" if signs[0] == "-" else "") + parts[0]
        return " ".join([first, *(f"{sign} {part}" for sign, part in zip(signs[1:], parts[1:], strict=True))])


def parameters(n: int) -> tuple[Angle, ...]:
    """The parameters of a circuit as angles, to be used in gates: ``theta = parameters(4)``.

    Raises:
        UserError: if n is not a whole number from 0 on.
    """
    return tuple(Angle(terms=((index, 1.0),)) for index in range(whole_number("n", n, 0)))


def finite_number(name: str, value: Any) -> float:
    """The value as a float.

    Raises:
        UserError: if it is not a finite real number.
    """
    if not is_number(value) or not isfinite(value):
        raise UserError(f"{name} of an angle = {shown(value)}: give a finite number of radians")
    return float(value)


def constant_text(value: float) -> str:
    """A positive number of radians, as a multiple of π where it is a simple one."""
    return next((text for text, known in FRACTIONS.items() if abs(value - known) < 1e-12), f"{value:.6g}")
