"""Operations of a prediction, by kind."""

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Operations:
    """How many operations something takes, of one row of a table.

    Attributes:
        additions: of real numbers, in float32.
        multiplications: of real numbers; none of them is by a weight, where weights are bits.
        comparisons: of two numbers, and tests of a sign. Exported C compares the bits of numbers as whole numbers.
        conversions: of whole numbers to real ones.
        xnor_popcounts: words of bits that are compared with another word, whose equal bits are counted, and the count
            added; bits of inputs that are counted alone are among them.
        popcounted_bits: the bits in these words that stand for an input.
        exponentials: by the function of exported C.
        logarithms: likewise.
        inverses: 1 / x, likewise; there is no division.
        inverse_roots: 1 / sqrt(x), likewise.
        bytes_read: bytes of weights and of other constants that are read, as often as they are.
    """

    additions: int = 0
    multiplications: int = 0
    comparisons: int = 0
    conversions: int = 0
    xnor_popcounts: int = 0
    popcounted_bits: int = 0
    exponentials: int = 0
    logarithms: int = 0
    inverses: int = 0
    inverse_roots: int = 0
    bytes_read: int = 0

    def __add__(self, other: "Operations") -> "Operations":
        return Operations(*(one + two for one, two in zip(self.values(), other.values(), strict=True)))

    def __mul__(self, times: int) -> "Operations":
        return Operations(*(times * value for value in self.values()))

    def values(self) -> tuple[int, ...]:
        """The numbers, in the order of the fields."""
        return tuple(getattr(self, field.name) for field in fields(self))

    @property
    def elementary(self) -> "Operations":
        """The same, with exponentials, logarithms, inverses and roots as the operations that they consist of in C."""
        rest = Operations(
            **{field.name: 0 if field.name in FUNCTIONS else getattr(self, field.name) for field in fields(self)}
        )
        for name, inside in FUNCTIONS.items():
            rest = rest + inside * getattr(self, name)
        return rest

    def to_record(self) -> dict[str, Any]:
        """What JSON can hold of it: a number for each kind."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


NOTHING = Operations()

FUNCTIONS = {
    # A power of two, what is left over, and six terms of a series.
    "exponentials": Operations(additions=10, multiplications=9, comparisons=1),
    # At most: half of all numbers take a multiplication less.
    "logarithms": Operations(additions=10, multiplications=15, comparisons=1, conversions=1),
    # Three steps of Newton's method.
    "inverses": Operations(additions=3, multiplications=6),
    "inverse_roots": Operations(additions=3, multiplications=12),
}
"""What functions consist of in `export/c/pieces/float32.c`."""

LOGISTIC = Operations(additions=1, multiplications=1, inverses=1, comparisons=1, exponentials=1)
"""1 / (1 + e^-x), with a test of the sign of x; of a number above 0 it takes a multiplication less."""
