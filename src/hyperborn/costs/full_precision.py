"""The network of the same shape whose weights are real numbers in float32: what a prediction of it takes.

Each weight is 4 bytes, and takes a multiplication and an addition at each position it is used at. It has the same
features, activations and predictions. Scales, temperatures and gains are multiplied into its weights, and shifts into
its biases, except behind a normalisation. There is one of it, also beside an average of several binary networks.
"""

from hyperborn.costs.counting import (
    NUMBER,
    Part,
    Size,
    numbers_before,
    of_activation,
    of_features,
    of_normalization,
    of_predictions,
)
from hyperborn.costs.operations import NOTHING, Operations
from hyperborn.export.layers import Layer
from hyperborn.export.model import ExportedModel


def parts_in_float32(model: ExportedModel) -> tuple[Part, ...]:
    """The operations of a prediction of one row, part by part."""
    return (
        Part("features", of_features(model.preprocessing)),
        *(Part(f"layer {number}", in_float32(layer)) for number, layer in enumerate(model.layers, start=1)),
        Part("predictions", of_predictions(model, 1, scaled=False)),
    )


def size_in_float32(model: ExportedModel) -> Size:
    """Bytes of the weights, biases among them, and of the other real numbers."""
    weights = sum(layer.n_inputs * layer.n_units + layer.n_units * has_biases(layer) for layer in model.layers)
    numbers = sum(layer.n_units * numbers_behind(layer) for layer in model.layers)
    return Size(NUMBER * weights, NUMBER * (numbers + numbers_before(model.preprocessing)))


def multiplications_by_weights(model: ExportedModel) -> int:
    """How many multiplications are by weights."""
    return sum(layer.n_inputs * layer.n_values for layer in model.layers)


def has_biases(layer: Layer) -> bool:
    """Whether each unit has a bias, which is also what its shift comes to."""
    return layer.bias is not None or (layer.shifts and not layer.normalized)


def numbers_behind(layer: Layer) -> int:
    """Gains and shifts of a unit that cannot be multiplied into weights: those behind a normalisation."""
    return (layer.scales + layer.shifts) if layer.normalized else 0


def in_float32(layer: Layer) -> Operations:
    """One layer."""
    weights = layer.n_inputs * layer.n_values
    biases = layer.n_values * has_biases(layer)
    found = Operations(additions=weights + biases, multiplications=weights, bytes_read=NUMBER * (weights + biases))
    if layer.normalized:
        found += of_normalization(layer.n_values)
        found += Operations(
            additions=layer.n_values * layer.shifts,
            multiplications=layer.n_values * layer.scales,
            bytes_read=NUMBER * layer.n_values * numbers_behind(layer),
        )
    signs = Operations(comparisons=layer.n_values) if layer.activation == "sign" else NOTHING
    return found + of_activation(layer) + signs
