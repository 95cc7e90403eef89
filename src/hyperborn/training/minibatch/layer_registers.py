"""Which registers hold the weights of a layer, and which of its inputs they belong to: registers within neurons."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from hyperborn.networks import BinaryMLP
from hyperborn.posteriors.registers import Registers


@dataclass(frozen=True)
class Share:
    """Registers of one bank, unit by unit and `chunks` of them a unit, and the inputs that each unit's go through."""

    bank: int
    registers: slice
    inputs: slice
    units: int
    chunks: int

    @property
    def size(self) -> int:
        """Weights of each register."""
        return (self.inputs.stop - self.inputs.start) // self.chunks


def shares_by_layer(registers: Registers, network: BinaryMLP) -> tuple[tuple[Share, ...], ...]:
    """The shares of each layer, which together hold every weight of it once; a bias counts as the last input."""
    found, neurons = [], network.neurons
    for units in network.widths:
        found.append(shares_of(registers, np.stack(neurons[:units])))
        neurons = neurons[units:]
    return tuple(found)


def shares_of(registers: Registers, neurons: Int[np.ndarray, "units inputs"]) -> tuple[Share, ...]:
    """Shares of a layer, given the weights of its neurons: registers of full size, then those of what is left."""
    units, n_inputs = neurons.shape
    full = n_inputs - n_inputs % registers.register_size
    shares = []
    for inputs in (slice(0, full), slice(full, n_inputs)):
        own = neurons[:, inputs]
        if own.size:
            size = min(registers.register_size, own.shape[1])
            number = [bank.size for bank in registers.banks].index(size)
            places = own.reshape(-1, size)
            first = int(np.flatnonzero(registers.banks[number].places[:, 0] == places[0, 0])[0])
            taken = slice(first, first + len(places))
            assert np.array_equal(registers.banks[number].places[taken], places)
            shares.append(Share(number, taken, inputs, units, own.shape[1] // size))
    return tuple(shares)
