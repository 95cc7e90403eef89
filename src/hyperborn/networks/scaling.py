"""What brings the sums of a layer to size: layer normalisation, and side parameters that stretch and shift."""

from collections.abc import Sequence
from typing import Any, Literal

from hyperborn.networks.network import Field

Normalization = Literal["none", "layer"]

LEAST_VARIANCE = 1e-5
"""Added to the variance of a layer that is normalised."""


def scaling_fields(widths: Sequence[int]) -> tuple[Field, ...]:
    """Side parameters gain1, shift1, gain2, ... of layers of so many units (channels); the last has one gain in all."""
    fields: list[Field] = []
    start = 0
    for layer, units in enumerate(widths, start=1):
        for name, size in ((f"gain{layer}", 1 if layer == len(widths) else units), (f"shift{layer}", units)):
            fields.append(Field(name, (size,), start, start + size))
            start += size
    return tuple(fields)


def normalized(sums: Any, axes: tuple[int, ...], module: Any) -> Any:
    """Sums of mean 0 and variance 1 over the axes, example by example: Ba, Kiros and Hinton, arXiv 1607.06450,
    equation 3."""
    centred = sums - sums.mean(axis=axes, keepdims=True)
    return centred / module.sqrt((centred**2).mean(axis=axes, keepdims=True) + LEAST_VARIANCE)


def rescaled(number: int, sums: Any, parameters: dict[str, Any], module: Any) -> Any:
    """The sums (..., units) of layer 1, 2, ... times exp(gain) plus shift, from the arrays of `scaling_fields`."""
    ones = [1] * (sums.ndim - 1)
    gain, shift = (parameters[f"{name}{number}"].reshape(*ones, -1) for name in ("gain", "shift"))
    return sums * module.exp(gain) + shift
