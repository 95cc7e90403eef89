"""Fixed-point numbers: a whole number times a power of two, and how others become such numbers.

A format of f bits stands for whole numbers over 2^f. Numbers between layers have 16 bits, their sums 24, with room to
spare: the largest that training examples make takes a half of the former's range and a quarter of the latter's.
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from hyperborn.errors import UserError

Whole = Int[np.ndarray, "..."]

NARROW, WIDE = 14, 22
"""Bits of the largest number that training examples make, of 16 and of 24."""
MOST_NARROW, MOST_WIDE = 2**15 - 1, 2**24
"""Where numbers are cut off."""
MOST_SCALED = 2**29
"""Where a scaled number is cut off, so that two of them can be added."""
LONGEST_SHIFT = 62


class Scale(NamedTuple):
    """A multiplier and a shift to the right, for multiplier / 2^shift."""

    multiplier: int
    shift: int


def scale_of(value: float, bits: int = 31) -> Scale:
    """The scale nearest to a number, with a multiplier of fewer than so many bits; of a large number it has more.

    Raises:
        UserError: for a number of more than 29 bits.
    """
    if value == 0:
        return Scale(0, 1)
    fraction, exponent = math.frexp(value)
    shift = bits - 1 - exponent
    if shift > LONGEST_SHIFT:
        return Scale(round(math.ldexp(value, LONGEST_SHIFT)), LONGEST_SHIFT)
    multiplier = round(math.ldexp(fraction, bits - 1))
    if abs(multiplier) >= 2 ** (bits - 1):
        multiplier, shift = multiplier // 2, shift - 1
    if shift < 1:
        multiplier, shift = round(2 * value), 1
    if abs(multiplier) >= 2**30:
        raise UserError(
            f"the factor {value:g} is too large for fixed point; rescale the columns, or export float32 (--numbers "
            "float32)"
        )
    return Scale(multiplier, shift)


def format_of(largest: float, bits: int, most: int) -> int:
    """Fraction bits with which a number of this size takes so many bits; `most` at most."""
    return most if largest <= 0 else min(most, bits - math.ceil(math.log2(largest)))


def scaled(values: Whole, scale: Scale) -> Whole:
    """Whole numbers times a scale, rounded, and cut off at `MOST_SCALED`."""
    product = values.astype(np.int64) * scale.multiplier
    return np.clip((product + (1 << (scale.shift - 1))) >> scale.shift, -MOST_SCALED, MOST_SCALED)


def bounded(values: Whole) -> Whole:
    """Whole numbers cut off at 24 bits."""
    return np.clip(values, -MOST_WIDE, MOST_WIDE)


def narrowed(values: Whole, shift: int) -> Whole:
    """Whole numbers over 2^shift, rounded, and cut off at 16 bits."""
    rounded = (values + (1 << shift >> 1)) >> shift
    return np.clip(rounded, -MOST_NARROW, MOST_NARROW)


def whole(values: Float[np.ndarray, "..."], fraction_bits: int | Whole) -> Whole:
    """Numbers in a format, rounded."""
    return np.rint(np.ldexp(values, fraction_bits)).astype(np.int64)


def whole_number(value: float, fraction_bits: int) -> int:
    """One number in a format, rounded."""
    return round(math.ldexp(value, fraction_bits))


TABLE = 64
"""Intervals of the tables of powers and logarithms."""
POWERS = np.rint(2**15 * 2.0 ** (-np.arange(TABLE + 1) / TABLE)).astype(np.int64)
"""2^-x for x from 0 to 1, times 2^15."""
LOGARITHMS = np.rint(2**15 * np.log2(1 + np.arange(TABLE + 1) / TABLE)).astype(np.int64)
"""log2(1 + x) for x from 0 to 1, times 2^15."""
FARTHEST = 12 << 15
"""Exponents below which a power counts as 0, in 15 bits."""
LOG2_E = 5909
"""log2(e) times 2^12."""


def power_of_two(exponents: Whole) -> Whole:
    """2^-x in 15 bits, of x from 0 on in 15 bits."""
    places, rest = (exponents >> 9) & 63, exponents & 511
    table = POWERS[places] - (((POWERS[places] - POWERS[places + 1]) * rest + 256) >> 9)
    powers = exponents >> 15
    return np.where(powers > 16, 0, table >> np.minimum(powers, 16))


def exponential(exponents: Whole) -> Whole:
    """e^-x in 15 bits, of x from 0 on in 15 bits."""
    return power_of_two((np.minimum(exponents, FARTHEST) * LOG2_E) >> 12)


def minus_logarithm(values: Whole) -> Whole:
    """-log2(x) in 15 bits, of x from 0 to 1 in 15 bits; 0 counts as half of the least number."""
    doubled = np.maximum(2 * values, 1)
    power = np.asarray(BIT_LENGTH(doubled), dtype=np.int64) - 1
    fraction = (doubled << (16 - power)) - (1 << 16)
    places, rest = fraction >> 10, fraction & 1023
    table = LOGARITHMS[places] + (((LOGARITHMS[np.minimum(places + 1, TABLE)] - LOGARITHMS[places]) * rest + 512) >> 10)
    return ((16 - power) << 15) - table


BIT_LENGTH = np.frompyfunc(lambda value: int(value).bit_length(), 1, 1)
"""Bits of a whole number, exact for all of them."""


def square_root(values: Whole) -> tuple[Whole, Whole]:
    """Root and power of two, for root · 2^power; roots of positive numbers have 16 bits."""
    length = np.asarray(BIT_LENGTH(values), dtype=np.int64)
    power = (length + 1) // 2 - 16
    top = np.where(power >= 0, values >> (2 * np.maximum(power, 0)), values << (2 * np.maximum(-power, 0)))
    return np.floor(np.sqrt(top.astype(np.float64))).astype(np.int64), power
