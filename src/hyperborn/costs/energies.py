"""What an operation takes: the one table of energies, which may be replaced by another machine's.

Numbers are of a 45 nm process at 0.9 V, by Mark Horowitz, "Computing's energy problem (and what we can do about it)",
IEEE International Solid-State Circuits Conference 2014, pages 10-14:

| operation | pJ |
|---|---|
| addition of two 32-bit whole numbers | 0.1 |
| addition of two 32-bit real numbers | 0.9 |
| multiplication of two 32-bit real numbers | 3.7 |
| reading 64 bits from an 8 kB cache on the chip | 10 |
| reading 64 bits from DRAM | 1300 to 2600 |

What is not in that table is an assumption:

- An XNOR-popcount is counted as three additions of whole numbers: XNOR, popcount, and the sum. An XNOR takes no more
  gates than an addition, and counting 32 bits takes about as many full adders as adding them does.
- A comparison is one addition of whole numbers, and a conversion to a real number one addition of real numbers.
- Exported C does not divide: inverses and roots are steps of Newton's method, whose additions and multiplications
  count.
- Weights are read from such a cache, 1.25 pJ a byte. Larger memories take more, and DRAM takes 163 to 325 pJ a byte:
  then `byte_read` says so.
- Fetching and decoding instructions is not counted, nor what a chip takes while it waits: what a board or a laptop
  takes is far more than this sum, which is of arithmetic and weights alone.
"""

from dataclasses import dataclass, fields
from typing import Any

from hyperborn.costs.operations import Operations
from hyperborn.errors import UserError, is_number
from hyperborn.printable import shown

SOURCE = "Horowitz, ISSCC 2014: 45 nm, 0.9 V"


@dataclass(frozen=True)
class Energies:
    """Energy of each kind of operation, in picojoules; the defaults are those of the module's docstring.

    Attributes:
        addition: of two real numbers of 32 bits.
        multiplication: of two real numbers of 32 bits.
        comparison: of two numbers.
        conversion: of a whole number to a real one.
        xnor_popcount: of a word of at most 32 bits, with the addition of the count.
        byte_read: reading a byte of weights or other constants.

    Raises:
        UserError: for a value that is no finite number of at least 0.
    """

    addition: float = 0.9
    multiplication: float = 3.7
    comparison: float = 0.1
    conversion: float = 0.9
    xnor_popcount: float = 0.3
    byte_read: float = 1.25

    def __post_init__(self) -> None:
        for field in fields(self):
            value: Any = getattr(self, field.name)
            if not is_number(value) or value < 0:
                raise UserError(f"the energy {field.name} is {shown(value)}; give picojoules, a number of at least 0")
            object.__setattr__(self, field.name, float(value))

    @property
    def source(self) -> str:
        """Where the numbers are from, in a few words."""
        return SOURCE if self == Energies() else "energies as given"

    def of(self, operations: Operations) -> dict[str, float]:
        """Energy (pJ) of operations by kind, with functions as what they consist of."""
        found = operations.elementary
        return {
            "addition": self.addition * found.additions,
            "multiplication": self.multiplication * found.multiplications,
            "comparison": self.comparison * found.comparisons,
            "conversion": self.conversion * found.conversions,
            "xnor_popcount": self.xnor_popcount * found.xnor_popcounts,
            "byte_read": self.byte_read * found.bytes_read,
        }

    def total(self, operations: Operations) -> float:
        """Energy of operations, in nanojoules."""
        return sum(self.of(operations).values()) / 1000

    def to_record(self) -> dict[str, Any]:
        """What JSON can hold of it: picojoules by name, and the source."""
        return {**{field.name: getattr(self, field.name) for field in fields(self)}, "source": self.source}


def energies_of(given: Any) -> Energies:
    """Energies from a mapping of names to picojoules; those that are not named stay as they are.

    Raises:
        UserError: if it is no mapping, or for an unknown name or a value that is no energy.
    """
    if not isinstance(given, dict):
        raise UserError(f"energies are names with picojoules, such as addition = 0.9, and not {shown(given)}")
    known = [field.name for field in fields(Energies)]
    for name in given:
        if name not in known:
            raise UserError(f"{shown(name)} is no energy of an operation; these are {', '.join(known)}")
    return Energies(**given)
