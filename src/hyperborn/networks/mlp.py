"""Fully connected binary networks, from logistic regression (no hidden layer) upwards."""

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal, final, get_args

import numpy as np

from hyperborn.arguments import geometric_numbers
from hyperborn.errors import UserError, whole_number
from hyperborn.networks.layers import (
    ACTIVATIONS,
    LARGEST_WEIGHT,
    Activation,
    Normalization,
    check_one_of,
    checked_values,
    layer_sizes,
    log_of_choice,
    normalized,
    rescaled,
    scaling_fields,
)
from hyperborn.networks.network import Field, Network

Scale = Literal["none", "fan_in", "learned"]


@final
@dataclass(frozen=True)
class BinaryMLP(Network):
    """Layers of binary weights, at most 32 hidden ones; ``hidden=()`` is (multinomial) logistic regression.

    Weights are ordered W1, b1, W2, b2, ..., each matrix row-major (inputs, outputs). Two classes have one logit, more
    have one a class. ``scale="fan_in"`` divides each layer's pre-activations by the square root of its inputs;
    "learned" does so and adds side parameters: a log gain and a shift a hidden unit, one log gain for the logits and a
    shift for each. ``normalization="layer"`` brings the pre-activations of each hidden layer to mean 0 and variance 1
    over its units, example by example and before gains and shifts. The sign activation is +1 from -1e-5 on, so that
    rounding does not decide about sums that are 0.

    Raises:
        UserError: for an argument out of range.
    """

    n_features: int
    hidden: tuple[int, ...] = (3,)
    n_classes: int = 2
    activation: Activation = "relu"
    bias: bool = True
    values: tuple[float, float] = (-1.0, 1.0)
    scale: Scale = "none"
    output_scales: tuple[float, ...] = (1.0,)
    normalization: Normalization = "none"

    def __post_init__(self) -> None:
        # Lists (from JSON) and integer values are taken, and stored so that equal networks compare equal.
        object.__setattr__(self, "n_features", whole_number("n_features", self.n_features, 1))
        object.__setattr__(self, "n_classes", whole_number("n_classes", self.n_classes, 2))
        example = "the sizes of the hidden layers, such as (3,), or () for none"
        object.__setattr__(self, "hidden", layer_sizes("hidden", self.hidden, "a hidden size", example))
        object.__setattr__(self, "values", checked_values(self.values))
        if not isinstance(self.bias, bool):
            raise UserError(f"bias={self.bias!r} must be true or false")
        check_one_of("activation", self.activation, get_args(Activation))
        check_one_of("scale", self.scale, get_args(Scale))
        check_one_of("normalization", self.normalization, get_args(Normalization))
        object.__setattr__(
            self, "output_scales", geometric_numbers("output_scales", self.output_scales, LARGEST_WEIGHT)
        )
        if self.normalization == "layer" and 1 in self.hidden:
            raise UserError(
                f"hidden={self.hidden!r} has a layer of one unit, of which normalization='layer' leaves nothing; "
                "give it two or more, or normalization='none'"
            )

    @property
    def fields(self) -> tuple[Field, ...]:
        fields: list[Field] = []
        start = 0
        for layer, (inputs, outputs) in enumerate(self._layers, start=1):
            shapes = [(f"W{layer}", (inputs, outputs)), (f"b{layer}", (outputs,))]
            for name, shape in shapes if self.bias else shapes[:1]:
                stop = start + math.prod(shape)
                fields.append(Field(name, shape, start, stop))
                start = stop
        if self._scale_bits:
            fields.append(Field("scale", (self._scale_bits,), start, start + self._scale_bits))
        return tuple(fields)

    @property
    def side_fields(self) -> tuple[Field, ...]:
        if self.scale != "learned":
            return ()
        return scaling_fields([outputs for _, outputs in self._layers])

    @property
    def choices(self) -> tuple["BinaryMLP", ...]:
        return tuple(replace(self, output_scales=(scale,)) for scale in self.output_scales)

    @property
    def additive(self) -> tuple[tuple[int, ...], ...]:
        # Contributions do not add up in a product of scale and logits, nor under the mean and deviation of a layer.
        if self._scale_bits or (self.normalization == "layer" and self.hidden):
            return (tuple(range(self.n_weights)),)
        last = len(self.hidden) + 1
        biases = tuple(range(self.n_weights)[self[f"b{last}"]]) if self.bias else ()
        alone = tuple((position,) for position in biases)
        if last == 1:  # a linear layer adds up weight by weight
            return tuple((position,) for position in range(self.n_weights - len(biases))) + alone
        if last > 2:
            return (tuple(range(self.n_weights - len(biases))), *alone)
        # One hidden layer adds up unit by unit: a unit's column of W1, its bias, its row of W2.
        places = self.unpack(np.arange(self.n_weights))
        units = []
        for unit in range(self.hidden[0]):
            own = [*places["W1"][:, unit], *places["W2"][unit]]
            own += [places["b1"][unit]] if self.bias else []
            units.append(tuple(sorted(int(position) for position in own)))
        return (*units, *alone)

    @property
    def working_floats(self) -> int:
        # A layer's input, its activation with one intermediate, and the product with the next matrix.
        return 4 * max(outputs for _, outputs in self._layers)

    def forward(self, weights: Any, x: Any, side: Any = None) -> Any:
        module = weights.__array_namespace__()
        arrays = self.unpack(weights)
        layer = x
        for number in range(1, len(self._layers) + 1):
            layer = self.activated(number, layer, module)
            layer = module.matmul(layer, arrays[f"W{number}"])
            if self.bias:
                layer = layer + arrays[f"b{number}"][..., None, :]
            layer = self.scaled(number, layer, module, side)
        if self._scale_bits:
            return layer * self._chosen_scale(arrays["scale"], module)[..., None, None]
        return layer if self.output_scales == (1.0,) else layer * self.output_scales[0]

    @property
    def widths(self) -> tuple[int, ...]:
        """Outputs of each layer."""
        return tuple(outputs for _, outputs in self._layers)

    def activated(self, number: int, layer: Any, module: Any) -> Any:
        """The inputs of layer 1, 2, ...: the features, or the activations of the layer before."""
        return layer if number == 1 else ACTIVATIONS[self.activation](layer, module)

    def scaled(self, number: int, sums: Any, module: Any, side: Any = None) -> Any:
        """The pre-activations of layer 1, 2, ..., from the sums of inputs times weights (..., outputs)."""
        layer = sums if self.scale == "none" else sums / math.sqrt(self._layers[number - 1][0])
        if self.normalization == "layer" and number < len(self._layers):
            layer = normalized(layer, (-1,), module)
        if side is None or not self.side_fields:
            return layer
        return rescaled(number, layer, self.unpack_side(side), module)

    def _chosen_scale(self, values: Any, module: Any) -> Any:
        """The output scale that the values (..., bits) of the field "scale" choose, from a geometric sequence."""
        return self.output_scales[0] * module.exp(log_of_choice(values, self.values, self.output_scales))

    @property
    def _scale_bits(self) -> int:
        return len(self.output_scales).bit_length() - 1

    @property
    def _layers(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of each layer."""
        widths = [self.n_features, *self.hidden, self.n_outputs]
        return list(pairwise(widths))
