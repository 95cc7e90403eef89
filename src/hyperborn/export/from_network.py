"""Networks with given bits as layers, for export."""

import math

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.arguments import check_bits
from hyperborn.errors import UserError
from hyperborn.export.layers import Convolution, Layer
from hyperborn.likelihoods.likelihood import NumberLikelihood
from hyperborn.networks import BinaryMLP, Network, Regression
from hyperborn.networks.convolution import BinaryConvNet
from hyperborn.networks.layers import log_of_choice


def layers_of(
    network: Network, bits: Bits, side: Float[np.ndarray, " m"]
) -> tuple[tuple[Layer, ...], Float[np.ndarray, " networks"]]:
    """The layers of networks given by bits (networks, n), and what their outputs are multiplied by, (networks,).

    Raises:
        UserError: for a network that cannot be exported, or bits that do not fit it.
    """
    inside = network.network if isinstance(network, Regression) else network
    if not isinstance(inside, BinaryMLP | BinaryConvNet):
        raise UserError(
            f"a {type(inside).__name__} cannot be exported as a network; BinaryMLP, BinaryConvNet and Regression of "
            "them can, and any circuit (--format qasm)"
        )
    check_bits("bits", bits, network.n_weights, least=1)
    own, own_side = bits[:, : inside.n_weights].astype(np.uint8), side[: inside.n_side]
    if isinstance(inside, BinaryConvNet):
        return convolutional_layers(inside, own, own_side), np.ones(len(bits))
    return dense_layers(inside, own, own_side), output_scales(inside, own)


def dense_layers(network: BinaryMLP, bits: Bits, side: Float[np.ndarray, " m"]) -> tuple[Layer, ...]:
    """The layers of fully connected networks."""
    arrays = network.unpack(bits)
    widths = (network.n_features, *network.widths)
    layers: list[Layer] = []
    for number, inputs in enumerate(widths[:-1], start=1):
        is_last = number == len(network.widths)
        gain, shift = gain_and_shift(network, number, widths[number], side)
        layers.append(
            Layer(
                bits=arrays[f"W{number}"],
                bias=arrays[f"b{number}"] if network.bias else None,
                low=network.values[0],
                high=network.values[1],
                divisor=1.0 if network.scale == "none" else math.sqrt(inputs),
                normalized=network.normalization == "layer" and not is_last,
                gain=gain,
                shift=shift,
                activation="identity" if is_last else network.activation,
                signs=number > 1 and network.activation == "sign",
            )
        )
    return tuple(layers)


def convolutional_layers(network: BinaryConvNet, bits: Bits, side: Float[np.ndarray, " m"]) -> tuple[Layer, ...]:
    """The layers of convolutional networks."""
    arrays = network.unpack(bits)
    height, width = network.image_shape or (math.isqrt(network.n_features),) * 2
    layers: list[Layer] = []
    for number, (field, inputs, outputs) in enumerate(
        zip(network.fields, (1, *network.channels), (*network.channels, network.n_outputs), strict=True), start=1
    ):
        is_last = number == len(network.fields)
        place = None if is_last else Convolution(height, width, inputs, network.kernel_size, network.stride)
        if place is not None:
            height, width = place.rows, place.columns
        own = arrays[field.name].reshape(len(bits), -1, outputs)
        gain, shift = gain_and_shift(network, number, outputs, side)
        layers.append(
            Layer(
                bits=own,
                bias=None,
                low=network.values[0],
                high=network.values[1],
                divisor=math.sqrt(own.shape[1]),
                normalized=network.normalization == "layer" and not is_last,
                gain=gain,
                shift=shift,
                activation="identity" if is_last else network.activation,
                convolution=place,
                signs=number > 1 and network.activation == "sign",
            )
        )
    return tuple(layers)


def gain_and_shift(
    network: Network, number: int, units: int, side: Float[np.ndarray, " m"]
) -> tuple[Float[np.ndarray, " units"], Float[np.ndarray, " units"]]:
    """Gain and shift of each unit of layer 1, 2, ...; 1 and 0 for networks without side parameters."""
    if not network.n_side:
        return np.ones(units), np.zeros(units)
    arrays = network.unpack_side(side)
    return np.exp(np.broadcast_to(arrays[f"gain{number}"], (units,))), arrays[f"shift{number}"]


def output_scales(network: BinaryMLP, bits: Bits) -> Float[np.ndarray, " networks"]:
    """What the outputs of each network are multiplied by: the scale that its last bits choose."""
    first = network.output_scales[0]
    if len(network.output_scales) == 1:
        return np.full(len(bits), float(first))
    return first * np.exp(
        log_of_choice(bits[:, network["scale"]].astype(np.float64), (0.0, 1.0), network.output_scales)
    )


def noise_of(network: Network, bits: Bits, side: Float[np.ndarray, " m"]) -> Float[np.ndarray, " networks"] | None:
    """Standard deviation of the noise of each network, in units of the standardised target; None for classes."""
    likelihood = network.likelihood
    if not isinstance(network, Regression) or not isinstance(likelihood, NumberLikelihood):
        return None
    if likelihood.learns_noise:
        return np.full(len(bits), math.exp(side[-1]))
    levels = likelihood.noise_levels
    if not likelihood.noise_bits:
        return np.full(len(bits), float(levels[0]))
    chosen = log_of_choice(bits[:, network["noise"]].astype(np.float64), (0.0, 1.0), levels)
    return levels[0] * np.exp(chosen)
