"""The energies of a network's weights: the negative log likelihood of labelled examples."""

from dataclasses import dataclass, field
from typing import final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Real

from hyperborn._typing import Bits, EnergyTable
from hyperborn.energy.enumeration import energies
from hyperborn.energy.likelihood import Labelled, checked_examples, energy
from hyperborn.energy.source import BatchEnergies, Counter, DeviceEnergies, EnergySource
from hyperborn.networks import Network, fitted

SHARED_ROWS = 16
"""Rows of arrays are a multiple of so many: of few examples, a step takes as long whatever their number."""


@final
@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Minibatch(BatchEnergies):
    """Examples, as seen by a network with side parameters (m,); energies count `scale` times, N / B for B of N.

    Each example counts as often as its weight says, once where there are none.
    """

    network: Network = field(metadata={"static": True})
    x: Float[Array, "examples features"]
    y: Real[Array, " examples"]
    side: Float[Array, " parameters"]
    scale: Float[Array, ""]
    weights: Float[Array, " examples"] | None = None

    def energies(self, bits: Float[Array, "samples n"]) -> Float[Array, " samples"]:
        """Negative log likelihood (nats) of networks, an unbiased estimate of that of all N weighted examples.

        Bits may be any numbers between 0 and 1, the weights then lie between the network's two values.
        """
        low, high = self.network.values
        return self.nll(self.network.forward(low + (high - low) * bits, self.x, self.side))

    def nll(self, outputs: Float[Array, "samples examples outputs"]) -> Float[Array, " samples"]:
        """Negative log likelihood (nats) of the labels under outputs."""
        losses = self.network.likelihood.losses(outputs, self.y)
        if self.weights is not None:
            losses = losses * jnp.broadcast_to(self.weights, losses.shape)
        return self.scale * losses.sum(axis=-1)


@final
@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ExamplesOnDevice(DeviceEnergies):
    """A network and all of its training examples, with their weights if they have any.

    Where `count` says how many examples there are, the rows after them have weight 0: they only fill up a shape.
    """

    network: Network = field(metadata={"static": True})
    x: Float[Array, "examples features"]
    y: Real[Array, " examples"]
    weights: Float[Array, " examples"] | None = None
    count: Int[Array, ""] | None = None

    @property
    def n_examples(self) -> int | Int[Array, ""]:
        return len(self.y) if self.count is None else self.count

    def batch(self, side: Float[Array, " m"], rows: Int[Array, " rows"] | None = None) -> Minibatch:
        x, y, weights, scale = self.x, self.y, self.weights, 1.0
        if rows is not None:
            x, y, weights = x[rows], y[rows], None if weights is None else weights[rows]
            scale = self.n_examples / len(y)
        return Minibatch(self.network, x, y, side, jnp.asarray(scale, x.dtype), weights)


@final
class NetworkEnergies(EnergySource):
    """The energy of a weight vector is the negative log likelihood of a split's labels, summed over its examples.

    Examples with weights count that often.

    Raises:
        UserError: if the examples do not fit the network.
    """

    offset = 0.0

    def __init__(self, network: Network, split: Labelled) -> None:
        self.weights = checked_examples(network, split).weights
        self.network, self.split = network, split
        self.n_bits, self.n_examples = network.n_weights, len(split.y)

    def __call__(self, bits: Bits) -> Float[np.ndarray, " networks"]:
        return energy(self.network, self.split, bits)

    def table(self, progress: Counter | None = None) -> EnergyTable:
        return energies(self.network, self.split, progress=progress)

    def on_device(self, *, whole: bool = False) -> DeviceEnergies:
        # In NumPy: JAX would compile the conversion of every shape.
        x = np.asarray(self.split.x, np.float32)
        y = np.asarray(self.split.y, np.int32 if self.network.n_classes else np.float32)
        weights = None if self.weights is None else np.asarray(self.weights, np.float32)
        count = None
        if whole:
            more = shared_size(len(y)) - len(y)
            weights = np.pad(np.ones(len(y), np.float32) if weights is None else weights, (0, more))
            # The last example again: a loss of its own could be infinite, and 0 times that is not 0.
            x, y = np.pad(x, ((0, more), (0, 0)), mode="edge"), np.pad(y, (0, more), mode="edge")
            count = jnp.asarray(np.int32(self.n_examples))
        return ExamplesOnDevice(
            self.network, jnp.asarray(x), jnp.asarray(y), None if weights is None else jnp.asarray(weights), count
        )

    def at(self, side: Float[np.ndarray, " m"]) -> EnergySource:
        return NetworkEnergies(fitted(self.network, side), self.split)

    def check_derivatives(self) -> None:
        pass

    def check_steps(self) -> None:
        pass


def shared_size(examples: int) -> int:
    """Rows of arrays for so many examples: a multiple of a power of two, at most a sixteenth above them, or 15 rows."""
    step = max(SHARED_ROWS, 2 ** (examples.bit_length() - 5))
    return -(-examples // step) * step
