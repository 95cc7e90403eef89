"""What an exported network becomes in fixed point: the format of every number, and the constants that follow.

Formats come from the numbers that training examples make. `FixedModel` computes with them as exported code does, bit
for bit: it gives the answers that the code is checked against, and says how far they are from those of real numbers.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Examples
from hyperborn.errors import UserError
from hyperborn.export.c import fixed_numbers
from hyperborn.export.c.fixed_numbers import (
    MOST_NARROW,
    NARROW,
    WIDE,
    Scale,
    Whole,
    bounded,
    format_of,
    narrowed,
    scale_of,
    scaled,
    whole,
)
from hyperborn.export.c.plan import LayerPlan, plans_of
from hyperborn.export.layers import Layer
from hyperborn.export.model import ExportedModel
from hyperborn.networks.convolution import patches
from hyperborn.networks.layers import LEAST_VARIANCE, TIE

MOST_INPUTS = 2**14
"""Inputs of a unit, whose sum has to fit into 32 bits."""
CALIBRATED_WITH = 1000
"""Examples whose numbers set the formats, at most."""
PROBABILITY_BITS = 15
MOST_LIFT = 14
"""Bits by which the values of a quiet row are lifted before they are normalised, at most."""


class Normalization(NamedTuple):
    """Constants of the function ``normalize``."""

    share: Scale
    drop: int
    epsilon: Scale
    root: int
    shift: int


@dataclass(frozen=True, eq=False)
class FixedLayer:
    """A layer in fixed point.

    Attributes:
        plan: of the layer.
        one: the input of the biases.
        half: makes the sums of signs in the format before those of the format after.
        middle: the same of the sums of all inputs.
        offsets: what is added to sums, in their format, (networks, units).
        normalization: constants, where sums are normalised.
        gains: multipliers of the units, and their shift.
        shifts: what is added to units, and what it is multiplied by.
        bits: fraction bits before the activation.
        activation: scale of sigmoid and tanh; shift of relu and identity; None for signs and for outputs.
        bits_after: fraction bits of the outputs.
        tie: how far below 0 a number still has the sign of 0.
    """

    plan: LayerPlan
    one: int
    half: Scale
    middle: Scale
    offsets: tuple[Whole, int] | None
    normalization: Normalization | None
    gains: tuple[Whole, int] | None
    shifts: tuple[Whole, int] | None
    bits: int
    activation: Scale | int | None
    bits_after: int
    tie: int

    def __call__(self, x: Whole) -> Whole:
        """Outputs of all networks, from inputs of the first layer (examples, inputs) or of others (networks, ...).

        Inputs of a binary layer are -1 and 1.
        """
        layer, values = self.plan.layer, self.sums(x)
        shape = (*values.shape[:-1], layer.n_positions, layer.n_units)
        if self.offsets is not None:
            offsets, step = self.offsets
            values = bounded(values + offsets[:, None, :] * step)
        if self.normalization is not None:
            values = normalized(values, self.normalization)
        if self.gains is not None:
            gains, shift = self.gains
            values = values.reshape(shape)
            product = values * gains
            values = bounded(cut((product + (1 << (shift - 1))) >> shift)).reshape(*shape[:-2], -1)
        if self.shifts is not None:
            shifts, step = self.shifts
            values = bounded(values.reshape(shape) + shifts * step).reshape(*shape[:-2], -1)
        return self.activated(values, layer)

    def sums(self, x: Whole) -> Whole:
        """Sums of weights times inputs."""
        plan, layer = self.plan, self.plan.layer
        signs = 2 * layer.bits.astype(np.int64) - 1
        if layer.convolution is not None:
            height, width, channels, kernel, stride = layer.convolution
            places = patches(x.reshape(*x.shape[:-1], height, width, channels), kernel, stride, np)
            flat = places.reshape(*places.shape[:-3], -1, places.shape[-1])
        else:
            flat = x
        chosen, every = flat @ signs, flat.sum(axis=-1)[..., None]
        if plan.counts_bias:
            assert layer.bias is not None
            one = 1 if plan.binary else self.one
            chosen, every = chosen + one * (2 * layer.bias.astype(np.int64) - 1)[:, None, :], every + one
        found = bounded(scaled(chosen, self.half) + scaled(every, self.middle))
        return found.reshape(layer.n_networks, x.shape[-2], layer.n_values)

    def activated(self, values: Whole, layer: Layer) -> Whole:
        """What the activation makes of numbers of 24 bits."""
        if layer.activation == "sign":
            return np.where(values >= -self.tie, 1, -1)
        if self.activation is None:
            return values
        if isinstance(self.activation, Scale):
            curve = logistic(values, self.activation)
            return narrowed(curve if layer.activation == "sigmoid" else 2 * curve - 2**15, 1)
        return narrowed(np.maximum(values, 0) if layer.activation == "relu" else values, self.activation)


def cut(values: Whole) -> Whole:
    """As `scaled` cuts numbers off."""
    return np.clip(values, -fixed_numbers.MOST_SCALED, fixed_numbers.MOST_SCALED)


def normalized(values: Whole, constants: Normalization) -> Whole:
    """As the function ``normalize``."""
    mean = scaled(values.sum(axis=-1) >> constants.drop, constants.share)
    centred = values - mean[..., None]
    largest_part = np.abs(centred).max(axis=-1)
    # Bits by which the largest falls short of 24, and 14 at most.
    lift = np.clip(24 - np.asarray(fixed_numbers.BIT_LENGTH(largest_part), dtype=np.int64), 0, MOST_LIFT)
    epsilon = constants.epsilon.multiplier
    down = constants.epsilon.shift - 2 * lift
    square = np.maximum(1, np.where(down > 0, epsilon >> np.clip(down, 0, 62), epsilon << np.clip(-down, 0, 62)))
    lifted = centred << lift[..., None]
    square = square + ((lifted >> 8) ** 2).sum(axis=-1)
    root, power = fixed_numbers.square_root(square)
    factor, shift = (constants.root // root)[..., None], (constants.shift + power)[..., None]
    return bounded(cut((lifted * factor + (1 << (shift - 1))) >> shift))


def logistic(values: Whole, scale: Scale) -> Whole:
    """1 / (1 + e^-x) with 15 fraction bits."""
    exponents = scaled(values, scale)
    small = fixed_numbers.exponential(np.abs(exponents))
    return (np.where(exponents < 0, small, 2**15) << 15) // (2**15 + small)


def planned_layers(model: ExportedModel, x: Examples, first_bits: int) -> tuple[FixedLayer, ...]:
    """The layers in fixed point.

    Args:
        model: what is exported.
        x: features of training examples, (examples, features).
        first_bits: fraction bits of the features.

    Raises:
        UserError: for a unit of too many inputs.
    """
    layers: list[FixedLayer] = []
    bits, values = first_bits, x
    for plan in plans_of(model)[0]:
        if plan.n_inputs > MOST_INPUTS:
            raise UserError(
                f"fixed point takes up to {MOST_INPUTS:,} inputs of a unit, and layer {plan.number} has "
                f"{plan.n_inputs:,}; export it in float32 (--numbers float32), or fewer features (--components)"
            )
        layer = fixed_layer(plan, values, bits, is_last=plan.number == len(model.layers))
        layers.append(layer)
        values, bits = plan.layer(values), layer.bits_after
    return tuple(layers)


def fixed_layer(
    plan: LayerPlan, x: Float[np.ndarray, "*networks examples inputs"], before: int, *, is_last: bool
) -> FixedLayer:
    """A layer in the formats that its numbers ask for, whose inputs have so many fraction bits."""
    layer = plan.layer
    values = layer.pre_activations(x)
    own = layer.sums(x) / layer.divisor * plan.gain
    # Sums are in one format with what they are without their offsets, and with their shifts.
    parts = [own] if plan.offsets is None else [own, own - plan.offsets[:, None, :]]
    parts += [values] if layer.shifts and not layer.normalized and not plan.has_gains else []
    bits = min(map(wide_format, parts))
    before = 0 if plan.binary else before
    half, middle = (scale_of(math.ldexp(value, bits - before)) for value in (plan.half, plan.middle))
    offsets = None if plan.offsets is None else narrow_constants(plan.offsets, bits)
    normalization = None
    if layer.normalized:
        after = WIDE - math.ceil(math.log2(layer.n_values) / 2)
        normalization, bits = normalization_of(layer.n_values, bits, after), after
    gains = None
    if plan.has_gains:
        shape = (*values.shape[:-1], layer.n_positions, layer.n_units)
        unshifted = (values.reshape(shape) - layer.shift).reshape(values.shape)
        after = min(wide_format(values), wide_format(unshifted))
        gains, bits = gains_of(layer.gain, bits, after), after
    shifts = narrow_constants(layer.shift, bits) if layer.shifts else None
    activation, bits_after = activation_of(layer, values, bits, is_last=is_last)
    return FixedLayer(
        plan=plan,
        one=min(MOST_NARROW, round(math.ldexp(1, before))),
        half=half,
        middle=middle,
        offsets=offsets,
        normalization=normalization,
        gains=gains,
        shifts=shifts,
        bits=bits,
        activation=activation,
        bits_after=bits_after,
        tie=max(16, round(math.ldexp(TIE, bits))),
    )


def largest(values: Float[np.ndarray, "..."]) -> float:
    return float(np.abs(values).max(initial=0.0))


def wide_format(values: Float[np.ndarray, "..."]) -> int:
    """Fraction bits of sums."""
    return format_of(largest(values), WIDE, WIDE)


def narrow_format(values: Float[np.ndarray, "..."]) -> int:
    """Fraction bits of numbers between layers."""
    return format_of(largest(values), NARROW, NARROW)


def narrow_constants(values: Float[np.ndarray, "..."], bits: int) -> tuple[Whole, int]:
    """Constants of 16 bits, and the power of two that makes them numbers of a format of 24."""
    own = min(bits, format_of(largest(values), NARROW, WIDE))
    return whole(values, own), 2 ** (bits - own)


def gains_of(gains: Float[np.ndarray, " units"], before: int, after: int) -> tuple[Whole, int]:
    """Multipliers of 16 bits, and the shift of their products."""
    factors = np.ldexp(gains, after - before)
    shift = min(fixed_numbers.LONGEST_SHIFT, 14 - math.frexp(float(factors.max()))[1])
    if shift < 1:
        shift = 1
    return np.minimum(np.rint(np.ldexp(factors, shift)), MOST_NARROW).astype(np.int64), shift


def normalization_of(count: int, before: int, after: int) -> Normalization:
    """The constants with which so many numbers are normalised."""
    drop = max(0, math.ceil(math.log2(count)) - 6)
    exponent = 31 - math.frexp(math.sqrt(count))[1]
    return Normalization(
        share=scale_of(2.0**drop / count),
        drop=drop,
        epsilon=epsilon_of(math.ldexp(LEAST_VARIANCE * count, 2 * (before - 8))),
        root=round(math.ldexp(math.sqrt(count), exponent)),
        shift=exponent + 8 - after,
    )


def epsilon_of(value: float) -> Scale:
    """A small positive number as a whole number of 21 bits over a power of two, perhaps a negative one."""
    fraction, exponent = math.frexp(value)
    return Scale(round(math.ldexp(fraction, 21)), 21 - exponent)


def activation_of(
    layer: Layer, values: Float[np.ndarray, "..."], bits: int, *, is_last: bool
) -> tuple[Scale | int | None, int]:
    """The scale or the shift of an activation, and the fraction bits after it."""
    if is_last or layer.activation == "sign":
        return None, bits
    if layer.activation in ("sigmoid", "tanh"):
        doubled = 2.0 if layer.activation == "tanh" else 1.0
        return scale_of(math.ldexp(doubled, PROBABILITY_BITS - bits)), NARROW
    done = np.maximum(values, 0) if layer.activation == "relu" else values
    after = min(bits, narrow_format(done))
    return bits - after, after
