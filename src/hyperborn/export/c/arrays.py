"""Constant arrays in C, and the bits of weights as its functions read them."""

from collections.abc import Iterable
from typing import SupportsInt

import numpy as np
from jaxtyping import Float, UInt8

from hyperborn.errors import UserError

WIDTH = 100
"""Characters of a line."""


def float_literal(value: float) -> str:
    """A number in float32, with as many digits as it takes.

    Raises:
        UserError: if float32 cannot hold it.
    """
    with np.errstate(over="ignore"):
        narrow = np.float32(value)
    if not np.isfinite(narrow):
        raise UserError(
            f"the number {value:g} is too large for float32, which exported networks compute in; rescale the column"
        )
    text = f"{narrow:.9g}"
    return f"{text}f" if any(mark in text for mark in ".e") else f"{text}.0f"


def array(kind: str, name: str, literals: Iterable[str], about: str = "") -> str:
    """A constant array; `about` becomes a comment in front."""
    cells = list(literals)
    lines, line = [], "   "
    for cell in cells:
        if len(line) + len(cell) + 2 > WIDTH:
            lines.append(line)
            line = "   "
        line += f" {cell},"
    lines.append(line)
    head = f"/* {about} */\n" if about else ""
    return f"{head}static const {kind} {name}[{len(cells)}] = {{\n" + "\n".join(lines) + "\n};"


def floats(name: str, values: Float[np.ndarray, " values"], about: str = "") -> str:
    return array("float", name, map(float_literal, values), about)


def integers(kind: str, name: str, values: Iterable[SupportsInt], about: str = "") -> str:
    return array(kind, name, (str(int(value)) for value in values), about)


def words(name: str, rows: np.ndarray, bits: int, about: str = "") -> str:
    """Rows of words as hexadecimal numbers."""
    digits = bits // 4
    return array(f"uint{bits}_t", name, (f"0x{int(value):0{digits}x}" for value in rows.ravel()), about)


def packed_rows(bits: UInt8[np.ndarray, "... count"], width: int) -> np.ndarray:
    """Rows of bits as words of so many bits, the first bit lowest; each row begins a word, the last is filled up."""
    count = bits.shape[-1]
    filled = np.zeros((*bits.shape[:-1], -(-count // width) * width), dtype=np.uint8)
    filled[..., :count] = bits
    octets = np.packbits(filled, axis=-1, bitorder="little")
    return octets.view(f"<u{width // 8}")


MOST_FILLING = 0.25
"""Most bytes, as a share of the fewest, that longer words may add: they take fewer instructions."""


def word_width(counts: Iterable[tuple[int, int]]) -> int:
    """Bits of a word that suit rows of bits: of each kind how many rows there are, and how long they are."""
    rows = list(counts)
    size = {width: sum(number * -(-count // width) * width for number, count in rows) for width in (8, 16, 32)}
    return max(width for width in size if size[width] <= (1 + MOST_FILLING) * size[8])
