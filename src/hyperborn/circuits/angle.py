"""Angles of gates: affine functions of a circuit's parameters."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import atan2, cos, isfinite, pi, sin
from typing import Any, TypeVar

import numpy as np

from hyperborn.errors import UserError, is_number, whole_number
from hyperborn.printable import shown

Number = TypeVar("Number")

FRACTIONS = {f"{'' if top == 1 else top}pi{'' if bottom == 1 else f'/{bottom}'}": top * pi / bottom
             for bottom in (1, 2, 3, 4, 6, 8) for top in (1, 2, 3)}  # fmt: skip
"""Multiples of π by how they are written."""


LARGEST_COEFFICIENT = 1e30
"""Beyond, the angle of a parameter may not be finite in single precision."""

OPERATORS: dict[np.ufunc, Callable[..., Any]] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.true_divide: operator.truediv,
    np.negative: operator.neg,
    np.positive: operator.pos,
    np.equal: operator.eq,
    np.not_equal: operator.ne,
}
"""NumPy's functions that angles take: they stay affine, or are compared."""


class NotAffineError(UserError, TypeError):
    """An operation on angles whose result is no angle."""

    def __init__(self, operation: str) -> None:
        super().__init__(
            f"{operation}: an angle is an affine function of parameters, a sum of parameters times finite numbers and "
            "a number, such as 2*theta[0] - pi/2"
        )


@dataclass(frozen=True)
class Angle:
    """`constant` + Σ coefficient · parameter (radians), as in ``2 * theta[3] - pi / 2``.

    `terms` are pairs (index of the parameter in the flattened array, coefficient). Angles of `parameters` add up and
    are multiplied by numbers, arrays of NumPy included, whose result is an array of angles. They are kept in one form:
    ascending indices, each once, no coefficient 0.

    Constants may be of any size: simulators reduce them modulo 4π in double precision. Parameters are not reduced, and
    in single precision, in which training keeps them, an angle of 1,000 radians is exact to 3e-5 only.

    Raises:
        UserError: for a constant or a coefficient that is not a finite number, a coefficient of over 1e30, or an index
            that is not a whole number.
        NotAffineError: a `UserError`, for an operation whose result is no angle, such as a product of parameters.
    """

    constant: float = 0.0
    terms: tuple[tuple[int, float], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "constant", finite_number("constant", self.constant))
        if not isinstance(self.terms, tuple | list) or not all(
            isinstance(term, tuple | list) and len(term) == 2 for term in self.terms
        ):
            raise UserError(f"terms = {shown(self.terms)}: give pairs (index, coefficient), such as ((3, 2.0),)")
        total: dict[int, float] = {}
        for given, coefficient in self.terms:
            index = whole_number("index of a parameter", given, 0)
            total[index] = total.get(index, 0.0) + finite_number("coefficient", coefficient)
        largest = max(map(abs, total.values()), default=0.0)
        if largest > LARGEST_COEFFICIENT:
            raise UserError(f"coefficient of an angle = {largest}: give a number of at most {LARGEST_COEFFICIENT:g}")
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

    @property
    def reduced(self) -> "Angle":
        """The same angle with a constant of at most 2π: all gates have the period 4π."""
        if abs(self.constant) <= 2 * pi:
            return self
        # Sines and cosines reduce their arguments by the exact π.
        return Angle(2 * atan2(sin(self.constant / 2), cos(self.constant / 2)), self.terms)

    def __add__(self, other: Any) -> "Angle":
        if isinstance(other, Angle):
            return Angle(self.constant + other.constant, self.terms + other.terms)
        if is_number(other):
            return Angle(self.constant + other, self.terms)
        return self.left_to(other, "+")

    def __mul__(self, factor: Any) -> "Angle":
        if is_number(factor):
            return Angle(self.constant * factor, tuple((index, factor * own) for index, own in self.terms))
        return self.left_to(factor, "*")

    def __sub__(self, other: Any) -> "Angle":
        return self + -other if isinstance(other, Angle) or is_number(other) else self.left_to(other, "-")

    def __rsub__(self, other: Any) -> "Angle":
        return -self + other

    def __truediv__(self, divisor: Any) -> "Angle":
        if is_number(divisor) and divisor:
            return self * (1 / divisor)
        return self.left_to(divisor, "/")

    def __neg__(self) -> "Angle":
        return self * -1.0

    def __pos__(self) -> "Angle":
        return self

    __radd__ = __add__
    __rmul__ = __mul__

    def left_to(self, other: Any, sign: str) -> Any:
        """What an operation with something else gives: an array's own result.

        Raises:
            NotAffineError: for all but arrays.
        """
        if isinstance(other, np.ndarray):
            return NotImplemented
        raise NotAffineError(f"{self} {sign} {other if isinstance(other, Angle) else shown(other)}")

    def __array_ufunc__(self, function: np.ufunc, method: str, *given: Any, **options: Any) -> Any:
        """A function of NumPy of angles, numbers and arrays of both."""
        if function not in OPERATORS or method != "__call__" or options:
            raise NotAffineError(f"np.{function.__name__} of {self}")
        # An array of no dimensions around each angle: this method is not asked again.
        arrays = [np.array(one, object) if isinstance(one, Angle) else one for one in given]
        return np.frompyfunc(OPERATORS[function], function.nin, 1)(*arrays)

    def __rtruediv__(self, other: Any) -> Any:
        raise NotAffineError(f"{shown(other)} / ({self})")

    def __pow__(self, other: Any) -> Any:
        raise NotAffineError(f"a power of {self}")

    def __rpow__(self, other: Any) -> Any:
        raise NotAffineError(f"{shown(other)} to the power of {self}")

    def __mod__(self, other: Any) -> Any:
        raise NotAffineError(f"a remainder or whole part of {self}")

    __floordiv__ = __mod__

    def __abs__(self) -> Any:
        raise NotAffineError(f"the absolute value of {self}")

    def __float__(self) -> float:
        raise NotAffineError(f"{self} as a number, in float, a function such as math.sin, or an array of floats")

    def __int__(self) -> int:
        return int(float(self))

    def __lt__(self, other: Any) -> bool:
        raise NotAffineError(f"a comparison of {self}, whose parameters have no values yet")

    __le__ = __gt__ = __ge__ = __lt__

    def __str__(self) -> str:
        parts = [f"{'' if abs(own) == 1 else f'{abs(own):.6g}*'}theta[{index}]" for index, own in self.terms]
        signs = ["-" if own < 0 else "+" for _, own in self.terms]
        if self.constant or not parts:
            parts.append(constant_text(abs(self.constant)))
            signs.append("-" if self.constant < 0 else "+")
        first = ("-" if signs[0] == "-" else "") + parts[0]
        return " ".join([first, *(f"{sign} {part}" for sign, part in zip(signs[1:], parts[1:], strict=True))])


@lru_cache(maxsize=2**16)
def angle_of_parameter(index: int) -> Angle:
    """The angle that is the parameter of this index; kept, for most gates have no other angles."""
    return Angle(terms=((index, 1.0),))


def parameters(n: int) -> tuple[Angle, ...]:
    """The parameters of a circuit as angles, to be used in gates: ``theta = parameters(4)``.

    Raises:
        UserError: if n is not a whole number from 0 on.
    """
    return tuple(map(angle_of_parameter, range(whole_number("n", n, 0))))


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
