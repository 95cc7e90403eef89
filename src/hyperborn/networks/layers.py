"""What the layers of several kinds of network share: settings, activations, normalisation, gains and shifts."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn.errors import UserError, is_number, whole_number
from hyperborn.networks.network import Field
from hyperborn.printable import shown

Activation = Literal["relu", "sigmoid", "tanh", "sign", "identity"]
Normalization = Literal["none", "layer"]

MOST_LAYERS = 32
"""Most hidden layers, or convolutions: more take minutes to compile."""

LARGEST_WEIGHT = 1_000_000
"""Largest size of a weight: with larger ones, logits of several layers would overflow."""

LARGEST_FEATURE = 1e15
"""Largest size of a feature: larger ones make losses in float32 infinite, or the squares of gradients."""

TIE = 1e-5
"""A sum that is less than this below 0 has the sign of 0, +1.

Sums of signs are often 0 exactly, and after a normalisation rounding says on which side: another one in float64 than in
float32, on another machine, or in exported code.
"""

LEAST_VARIANCE = 1e-5
"""Added to the variance of a layer that is normalised."""


def checked_values(values: Any) -> tuple[float, float]:
    """The weights that bits 0 and 1 stand for, as floats.

    Raises:
        UserError: unless they are two distinct numbers, neither larger than `LARGEST_WEIGHT` in size.
    """
    pair = values if isinstance(values, tuple | list) else ()
    possible = all(is_number(value) and abs(value) <= LARGEST_WEIGHT for value in pair)
    if len(pair) != 2 or pair[0] == pair[1] or not possible:
        allowed = f"two distinct numbers from {-LARGEST_WEIGHT:,} to {LARGEST_WEIGHT:,}, such as (-1, 1)"
        raise UserError(f"values={values!r} must be {allowed}")
    return float(pair[0]), float(pair[1])


def layer_sizes(name: str, sizes: Any, size_name: str, example: str) -> tuple[int, ...]:
    """The sizes of layers, as whole numbers of at least 1.

    Raises:
        UserError: unless they are a tuple or list of at most `MOST_LAYERS` such numbers.
    """
    if not isinstance(sizes, tuple | list):
        raise UserError(f"{name}={shown(sizes)} must list {example}")
    if len(sizes) > MOST_LAYERS:
        raise UserError(f"{name} lists {len(sizes):,} layers, over the limit of {MOST_LAYERS}; give fewer")
    return tuple(whole_number(size_name, size, 1) for size in sizes)


def check_magnitude(x: Float[np.ndarray, "examples features"], names: Sequence[str]) -> None:
    """Check that finite features are small enough for float32 arithmetic; `names` are those of the features.

    Raises:
        UserError: naming the first feature with a value larger than `LARGEST_FEATURE` in size.
    """
    too_large = np.argwhere(np.abs(x) > LARGEST_FEATURE)
    if len(too_large):
        row, column = too_large[0]
        raise UserError(
            f"feature {names[column]!r} has the value {x[row, column]:.6g}, and training takes values up to "
            f"{LARGEST_FEATURE:g} either way; standardise the features (standardize=True, --standardize true), or "
            "correct or rescale this one"
        )


def check_one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    """Raise a UserError if the value of a setting is not one of those allowed."""
    if not isinstance(value, str) or value not in allowed:
        raise UserError(f"{name}={shown(value)} is unknown; choose one of {', '.join(allowed)}")


def log_of_choice(values: Any, pair: tuple[float, float], numbers: Sequence[float]) -> Any:
    """log(chosen / first) of the one of 2^m geometric numbers that the weights (..., m) choose.

    Weights between the two of the pair, those of bits 0 and 1, choose a number in between.
    """
    (low, high), count = pair, len(numbers).bit_length() - 1
    place_values = [2.0**place for place in reversed(range(count))]
    position = sum(place_values[place] * (values[..., place] - low) / (high - low) for place in range(count))
    return math.log(numbers[1] / numbers[0]) * position


@jax.custom_jvp
def signs(z: Float[Array, "..."]) -> Float[Array, "..."]:
    """-1 below 0, but for rounding (`TIE`), else 1. Its derivative is replaced by that of z clipped to [-1, 1].

    So gradients pass straight through it where |z| is at most 1 (Courbariaux, Hubara, Soudry, El-Yaniv and Bengio,
    arXiv 1602.02830, section 1.3).
    """
    return jnp.where(z >= -TIE, 1, -1).astype(z.dtype)


@signs.defjvp
def signs_derivative(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    (z,), (change,) = primals, tangents
    return signs(z), jnp.where(jnp.abs(z) <= 1, change, jnp.zeros_like(change))


def sign(z: Any, module: Any) -> Any:
    """`signs` in JAX, and the same values in NumPy."""
    return signs(z) if module is jnp else module.where(z >= -TIE, 1, -1).astype(z.dtype)


ACTIVATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "relu": lambda z, module: module.maximum(z, 0),
    # This form cannot overflow, unlike 1 / (1 + exp(-z)).
    "sigmoid": lambda z, module: 0.5 * (1 + module.tanh(0.5 * z)),
    "tanh": lambda z, module: module.tanh(z),
    "sign": sign,
    # Linear units: sums of 64 weights of one bit are weights of seven bits from the features to the outputs.
    "identity": lambda z, _: z,
}
"""What hidden units do to their sum; each takes an array and the module (NumPy or `jax.numpy`) that it belongs to."""


def scaling_fields(widths: Sequence[int]) -> tuple[Field, ...]:
    """Side parameters gain1, shift1, gain2, ... of layers with these numbers of units; the last has a single gain."""
    fields: list[Field] = []
    start = 0
    for layer, units in enumerate(widths, start=1):
        for name, size in ((f"gain{layer}", 1 if layer == len(widths) else units), (f"shift{layer}", units)):
            fields.append(Field(name, (size,), start, start + size))
            start += size
    return tuple(fields)


def normalized(sums: Any, axes: tuple[int, ...], module: Any) -> Any:
    """The sums brought to mean 0 and variance 1 over the axes, example by example.

    Layer normalisation: Ba, Kiros and Hinton, arXiv 1607.06450, equation 3.
    """
    centred = sums - sums.mean(axis=axes, keepdims=True)
    return centred / module.sqrt((centred**2).mean(axis=axes, keepdims=True) + LEAST_VARIANCE)


def rescaled(number: int, sums: Any, parameters: dict[str, Any], module: Any) -> Any:
    """The sums (..., units) of layer 1, 2, ... times exp(gain) plus shift, from the arrays of `scaling_fields`."""
    ones = [1] * (sums.ndim - 1)
    gain, shift = (parameters[f"{name}{number}"].reshape(*ones, -1) for name in ("gain", "shift"))
    return sums * module.exp(gain) + shift
