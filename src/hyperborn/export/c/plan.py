"""What a layer becomes in C, whatever numbers it computes with: how its weights are packed, and its coefficients."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from hyperborn.export.c.arrays import packed_rows, word_width
from hyperborn.export.layers import Layer
from hyperborn.export.model import ExportedModel

BYTE = 8


@dataclass(frozen=True, eq=False)
class LayerPlan:
    """A layer as the functions of C take it.

    Sums of weights times inputs are half · (inputs of bit 1 - inputs of bit 0) + middle · (all inputs), for weights of
    middle ± half. Biases are weights of one more input, which is 1; but of features that are two numbers, mapped to -1
    and 1, sums differ by an offset a unit, and biases are in it.

    Attributes:
        layer: that is planned.
        number: of the layer, from 1 on.
        binary: whether inputs are bits, for -1 and 1.
        weights: packed words, networks first.
        half: half the difference of the two weights, over the divisor.
        middle: the mean of the two weights, over the divisor.
        offsets: what is added to sums, (networks, units); None for nothing.
        counts_bias: whether the last input is 1, for the biases.
    """

    layer: Layer
    number: int
    binary: bool
    weights: np.ndarray
    half: float
    middle: float
    offsets: Float[np.ndarray, "networks units"] | None
    counts_bias: bool

    @property
    def n_inputs(self) -> int:
        """Inputs of a unit at one position, that of the biases included."""
        return self.layer.n_inputs + self.counts_bias

    @property
    def words_a_network(self) -> int:
        return self.weights[0].size

    @property
    def gain(self) -> float:
        """The gain of all units of a layer of one gain: 1 where each unit has its own, or sums are normalised."""
        layer = self.layer
        one = (layer.gain == layer.gain[0]).all() and not layer.normalized
        return float(layer.gain[0]) if one else 1.0

    @property
    def has_gains(self) -> bool:
        """Whether each unit is multiplied by its own gain."""
        return bool((self.layer.gain != self.gain).any())


def plans_of(model: ExportedModel) -> tuple[tuple[LayerPlan, ...], int]:
    """The plan of each layer, and the bits of a word of those whose inputs are bits."""
    width = width_of_words(model)
    return tuple(plan_of(model, layer, place, width) for place, layer in enumerate(model.layers)), width


def is_binary(model: ExportedModel, place: int) -> bool:
    """Whether the inputs of a layer are bits."""
    layer = model.layers[place]
    if place:
        return layer.signs
    # Zeros beside a kernel are neither of the two values.
    return model.binary_features is not None and layer.convolution is None


def width_of_words(model: ExportedModel) -> int:
    """Bits of the words that bits of inputs are packed into."""
    rows = [
        row_of(layer, has_bias=layer.bias is not None and place > 0)
        for place, layer in enumerate(model.layers)
        if is_binary(model, place)
    ]
    return word_width(rows)


def row_of(layer: Layer, *, has_bias: bool) -> tuple[int, int]:
    """How many rows of bits there are, and how long they are."""
    number = layer.n_networks * layer.n_units
    if layer.convolution is None:
        return number, layer.n_inputs + has_bias
    return number * layer.convolution.kernel**2, layer.convolution.channels


def plan_of(model: ExportedModel, layer: Layer, place: int, width: int) -> LayerPlan:
    binary = is_binary(model, place)
    half, middle = (layer.high - layer.low) / 2 / layer.divisor, (layer.high + layer.low) / 2 / layer.divisor
    bits, offsets, counts_bias = layer.bits, None, layer.bias is not None
    if binary and not place:
        assert model.binary_features is not None
        low, high = model.binary_features
        offsets = offsets_of(layer, (low + high) / 2)
        half, middle = half * (high - low) / 2, middle * (high - low) / 2
        counts_bias = False
    elif layer.bias is not None:
        bits = np.concatenate([bits, layer.bias[:, None, :]], axis=1)
    rows = np.moveaxis(bits, 1, 2)
    if binary and layer.convolution is not None:
        over = layer.convolution
        rows = rows.reshape(*rows.shape[:2], over.kernel**2, over.channels)
    plan = LayerPlan(
        layer=layer,
        number=place + 1,
        binary=binary,
        weights=packed_rows(np.ascontiguousarray(rows), width if binary else BYTE),
        half=half,
        middle=middle,
        offsets=offsets,
        counts_bias=counts_bias,
    )
    gain = plan.gain
    if gain == 1:
        return plan
    scaled_offsets = None if offsets is None else offsets * gain
    return replace(plan, half=half * gain, middle=middle * gain, offsets=scaled_offsets)


def offsets_of(layer: Layer, middle_of_features: float) -> Float[np.ndarray, "networks units"] | None:
    """What sums over -1 and 1 lack, for features of another mean: that times all weights, and the biases."""
    step = layer.high - layer.low
    offsets = middle_of_features * (layer.low * layer.n_inputs + step * layer.bits.sum(axis=1, dtype=np.float64))
    if layer.bias is not None:
        offsets = offsets + layer.low + step * layer.bias
    return offsets / layer.divisor if offsets.any() else None
