"""The layers of networks whose weights are fixed: what every format of export writes, and the same in NumPy.

A layer sums inputs times weights, divides, may normalise, multiplies by a gain, adds a shift, and applies an
activation. Its weights are bits: low + (high - low) · bit. A sum of weights times inputs is therefore high - low times
the sum of the inputs whose bit is 1, plus low times the sum of all inputs: no input is multiplied by a weight.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from hyperborn.networks.convolution import padding, patches, positions
from hyperborn.networks.layers import ACTIVATIONS, Activation, normalized


class Convolution(NamedTuple):
    """Where a kernel lies on the maps before it: images of (height, width, channels), padded with zeros."""

    height: int
    width: int
    channels: int
    kernel: int
    stride: int

    @property
    def rows(self) -> int:
        """Positions of the kernel from top to bottom."""
        return positions(self.height, self.stride)

    @property
    def columns(self) -> int:
        """Positions of the kernel from left to right."""
        return positions(self.width, self.stride)

    @property
    def above(self) -> int:
        """Rows of zeros above the images."""
        return padding(self.height, self.kernel, self.stride)[0]

    @property
    def before(self) -> int:
        """Columns of zeros left of the images."""
        return padding(self.width, self.kernel, self.stride)[0]


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer of one or several networks, which share all but their bits.

    Attributes:
        bits: of the weights, (networks, inputs, units). Of a convolution inputs are the places under its kernel (rows,
            columns, channels), and units its channels.
        bias: bits of the biases, (networks, units); None without biases.
        low: weight of bit 0.
        high: weight of bit 1.
        divisor: by which sums are divided.
        normalized: whether sums are then brought to mean 0 and variance 1, example by example.
        gain: what multiplies each unit then, (units,); 1 where there is none.
        shift: what is added then, (units,); 0 where there is none.
        activation: what comes last; "identity" for the outputs.
        convolution: None for a layer in which all inputs meet all units.
        signs: whether all inputs are -1 or 1, as after the activation "sign".
    """

    bits: UInt8[np.ndarray, "networks inputs units"]
    bias: UInt8[np.ndarray, "networks units"] | None
    low: float
    high: float
    divisor: float
    normalized: bool
    gain: Float[np.ndarray, " units"]
    shift: Float[np.ndarray, " units"]
    activation: Activation
    convolution: Convolution | None = None
    signs: bool = False

    @property
    def n_networks(self) -> int:
        return self.bits.shape[0]

    @property
    def n_inputs(self) -> int:
        """Inputs of a unit at one position."""
        return self.bits.shape[1]

    @property
    def n_units(self) -> int:
        """Units, of a convolution at each position."""
        return self.bits.shape[2]

    @property
    def n_positions(self) -> int:
        """Positions of a kernel; 1 for other layers."""
        return 1 if self.convolution is None else self.convolution.rows * self.convolution.columns

    @property
    def n_values_in(self) -> int:
        """Numbers that come in for an example."""
        place = self.convolution
        return self.n_inputs if place is None else place.height * place.width * place.channels

    @property
    def n_values(self) -> int:
        """Numbers that come out for an example."""
        return self.n_positions * self.n_units

    @property
    def scales(self) -> bool:
        """Whether some gain is not 1."""
        return bool((self.gain != 1).any())

    @property
    def shifts(self) -> bool:
        """Whether some shift is not 0."""
        return bool((self.shift != 0).any())

    def sums(self, x: Float[np.ndarray, "*networks examples inputs"]) -> Float[np.ndarray, "networks examples values"]:
        """Sums of weights times inputs, and biases; not divided. Values of a convolution are (positions, channels)."""
        weights = self.low + (self.high - self.low) * self.bits.astype(np.float64)
        examples = x.shape[-2]
        if self.convolution is None:
            sums = x @ weights
        else:
            height, width, channels, kernel, stride = self.convolution
            images = x.reshape(*x.shape[:-1], height, width, channels)
            places = patches(images, kernel, stride, np)
            sums = places.reshape(*places.shape[:-3], -1, places.shape[-1]) @ weights
            sums = sums.reshape(self.n_networks, examples, self.n_values)
        if self.bias is None:
            return sums
        return sums + (self.low + (self.high - self.low) * self.bias.astype(np.float64))[:, None, :]

    def pre_activations(
        self, x: Float[np.ndarray, "*networks examples inputs"]
    ) -> Float[np.ndarray, "networks examples values"]:
        """What the activation is applied to."""
        values = self.sums(x) / self.divisor
        if self.normalized:
            values = normalized(values, (-1,), np)
        shape = (*values.shape[:-1], self.n_positions, self.n_units)
        return (values.reshape(shape) * self.gain + self.shift).reshape(values.shape)

    def __call__(
        self, x: Float[np.ndarray, "*networks examples inputs"]
    ) -> Float[np.ndarray, "networks examples values"]:
        """Outputs of all networks, float64."""
        return ACTIVATIONS[self.activation](self.pre_activations(x), np)
