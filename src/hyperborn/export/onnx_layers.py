"""The layers of exported networks as nodes of an ONNX graph, in float32.

Values of several networks lie side by side: (networks, batch, units) between layers that meet all units, and maps
(batch, networks · channels, height, width) between convolutions, each network a group of channels. A single network
has no axis of networks: (batch, units).
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Shaped

from hyperborn.export.layers import Convolution, Layer
from hyperborn.export.onnx_nodes import Graph
from hyperborn.networks.convolution import padding
from hyperborn.networks.layers import LEAST_VARIANCE, TIE


def outputs_of_layers(graph: Graph, layers: Sequence[Layer], features: str) -> str:
    """The last sums of all networks, (networks, batch, outputs), or (batch, outputs) of one."""
    value, before = features, None
    for layer in layers:
        place = layer.convolution
        if place is None:
            value = dense(graph, layer, value if before is None else flattened(graph, before, value))
        else:
            maps = maps_of_features(graph, place, value) if before is None else value
            value = convolved(graph, layer, place, maps, groups=1 if before is None else layer.n_networks)
        before = None if place is None else layer
    return value


def dense(graph: Graph, layer: Layer, value: str) -> str:
    """A layer in which all inputs meet all units."""
    alone = layer.n_networks == 1
    weights = weights_of(graph, layer, layer.bits[0] if alone else layer.bits)
    value = graph.node("MatMul", value, weights, name="sums")
    if layer.bias is not None:
        bias = layer.bias[0] if alone else layer.bias[:, None, :]
        value = graph.node("Add", value, weights_of(graph, layer, bias))
    value = divided(graph, layer, value)
    if layer.normalized:
        value = normalized(graph, value)
    return activated(graph, layer, scaled(graph, layer, value, layer.gain, layer.shift))


def convolved(graph: Graph, layer: Layer, place: Convolution, maps: str, groups: int) -> str:
    """A convolution; of the first one all networks see the same maps, later each sees its own."""
    count, units = layer.n_networks, layer.n_units
    kernel = layer.bits.reshape(count, place.kernel, place.kernel, place.channels, units)
    kernel = kernel.transpose(0, 4, 3, 1, 2).reshape(count * units, place.channels, place.kernel, place.kernel)
    above, below = padding(place.height, place.kernel, place.stride)
    left, right = padding(place.width, place.kernel, place.stride)
    settings = {"kernel_shape": [place.kernel] * 2, "strides": [place.stride] * 2, "group": groups}
    weights = weights_of(graph, layer, kernel)
    value = graph.node("Conv", maps, weights, name="sums", pads=[above, left, below, right], **settings)
    if layer.bias is not None:
        value = graph.node("Add", value, weights_of(graph, layer, layer.bias.reshape(-1, 1, 1)))
    value = divided(graph, layer, value)
    if layer.normalized:
        value = normalized(graph, graph.reshaped(value, (0, count, layer.n_values)))
        value = graph.reshaped(value, (0, count * units, place.rows, place.columns))
    gain, shift = (np.tile(numbers, count)[:, None, None] for numbers in (layer.gain, layer.shift))
    return activated(graph, layer, scaled(graph, layer, value, gain, shift))


def maps_of_features(graph: Graph, place: Convolution, value: str) -> str:
    """Images of (batch, features), channels last, as ONNX has them: (batch, channels, height, width)."""
    images = graph.reshaped(value, (0, place.height, place.width, place.channels))
    return graph.node("Transpose", images, perm=[0, 3, 1, 2])


def flattened(graph: Graph, layer: Layer, maps: str) -> str:
    """Maps behind a convolution as inputs of a layer, in the order of its weights: positions, and then channels."""
    count = layer.n_networks
    apart = graph.reshaped(maps, (0, count, layer.n_units, layer.n_positions))
    if count == 1:
        return graph.reshaped(graph.node("Transpose", apart, perm=[0, 1, 3, 2]), (0, layer.n_values))
    return graph.reshaped(graph.node("Transpose", apart, perm=[1, 0, 3, 2]), (0, 0, layer.n_values))


def weights_of(graph: Graph, layer: Layer, bits: Shaped[np.ndarray, "..."]) -> str:
    """Weights in float32, from an initialiser of bytes: the weights themselves where they fit, otherwise their bits."""
    values = (layer.low, layer.high)
    if all(value.is_integer() and -128 <= value <= 127 for value in values):
        return graph.cast(graph.constant("weights", np.where(bits == 1, *values[::-1]).astype(np.int8)), "FLOAT")
    weights = graph.cast(graph.constant("bits", bits.astype(np.int8)), "FLOAT")
    return graph.with_number("Add", graph.with_number("Mul", weights, layer.high - layer.low), layer.low)


def divided(graph: Graph, layer: Layer, value: str) -> str:
    """Sums by their divisor."""
    return value if layer.divisor == 1 else graph.with_number("Div", value, layer.divisor)


def normalized(graph: Graph, value: str) -> str:
    """The last axis brought to mean 0 and variance 1.

    Not by the operator LayerNormalization: it may take the variance as a difference of large numbers.
    """
    centred = graph.node("Sub", value, graph.reduced("ReduceMean", value, -1, keep=True))
    variance = graph.reduced("ReduceMean", graph.node("Mul", centred, centred), -1, keep=True)
    return graph.node("Div", centred, graph.node("Sqrt", graph.with_number("Add", variance, LEAST_VARIANCE)))


def scaled(
    graph: Graph, layer: Layer, value: str, gain: Float[np.ndarray, "..."], shift: Float[np.ndarray, "..."]
) -> str:
    """Values times the gain, plus the shift, where there are any."""
    if layer.scales:
        value = graph.node("Mul", value, graph.constant("gain", gain.astype(np.float32)))
    if layer.shifts:
        value = graph.node("Add", value, graph.constant("shift", shift.astype(np.float32)))
    return value


OPERATORS = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}


def activated(graph: Graph, layer: Layer, value: str) -> str:
    """The activation of a layer."""
    if layer.activation == "identity":
        return value
    if layer.activation != "sign":
        return graph.node(OPERATORS[layer.activation], value)
    # The operator Sign would make 0 of 0.
    signs = [graph.constant("sign", np.asarray(number, dtype=np.float32)) for number in (1, -1)]
    return graph.node("Where", graph.with_number("GreaterOrEqual", value, -TIE), *signs)
