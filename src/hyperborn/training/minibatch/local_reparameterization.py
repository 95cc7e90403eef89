"""Sums of inputs times weights drawn instead of the weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import ClassVar, final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from hyperborn._typing import RandomKey
from hyperborn.energy.of_network import Minibatch
from hyperborn.energy.source import BatchEnergies
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import BinaryMLP, Network, Regression
from hyperborn.posteriors import Posterior
from hyperborn.posteriors.registers import Registers
from hyperborn.simulators.side_by_side import Tables
from hyperborn.training.minibatch.drawing import assembled, patterns_of
from hyperborn.training.minibatch.estimator import MinibatchEstimator

LEAST_VARIANCE = 1e-6
"""Added to the variance of a sum, whose square root has a derivative then."""


@final
@dataclass(frozen=True)
class LocalReparameterization(MinibatchEstimator):
    """The weights of a layer integrated out: each neuron's sum is drawn from a normal distribution.

    Given its inputs, a neuron's sum is one of independent terms, a register each. Its mean and variance are exact, with
    the correlations inside of registers; that it is normal is the central limit theorem's word, good for tens of inputs
    and poor for a few. So there is a bias that does not vanish with samples, and very little variance, since every
    example has draws of its own (Kingma, Salimans and Welling, arXiv 1506.02557; for binary weights Peters and Welling,
    arXiv 1809.03368, with k = 1).

    It takes the layers of a `BinaryMLP`, alone or in a `Regression`, and registers within neurons.

    Raises:
        UserError: if there is no sample.
    """

    name: ClassVar[str] = "local-reparameterization"
    samples: int = 1

    def __post_init__(self) -> None:
        whole_number("samples", self.samples, 1)

    def check(self, posterior: Posterior, network: Network | int) -> None:
        super().check(posterior, network)
        assert isinstance(posterior, Registers)
        layers = layers_of(network)
        n = posterior.n_weights
        if not isinstance(layers, BinaryMLP) or len(layers.output_scales) > 1 or n > layers.n_weights:
            raise UserError(
                f"the estimator {self.name} knows the layers of a BinaryMLP without a choice of scales or noise; give "
                "hb.FirstOrder()"
            )
        if posterior.grouping != "neuron" or posterior.network != network:
            raise UserError(
                f"the estimator {self.name} needs registers within the network's neurons; give "
                "hb.Registers(network, grouping='neuron'), or hb.FirstOrder()"
            )

    def expected_energy(
        self,
        registers: Registers,
        tables: Sequence[Tables],
        batch: BatchEnergies,
        progress: Float[Array, ""],
        *,
        key: RandomKey,
    ) -> Float[Array, ""]:
        del progress
        assert isinstance(batch, Minibatch)
        network = layers_of(batch.network)
        assert isinstance(network, BinaryMLP)
        low, high = network.values
        patterns = [jnp.asarray(patterns_of(len(table)), table.dtype) for table in tables]
        ones = [jnp.einsum("or,ob->br", table, own)[None] for table, own in zip(tables, patterns, strict=True)]
        means = network.unpack(low + (high - low) * assembled(registers, ones)[0])
        covariances = [(high - low) ** 2 * covariances_of(table) for table in tables]
        layer = batch.x[None]
        for number, parts in enumerate(registers_by_layer(registers, network), start=1):
            key, own_key = jax.random.split(key)
            layer = network.activated(number, layer, jnp)
            mean = layer @ means[f"W{number}"]
            if network.bias:
                mean = mean + means[f"b{number}"][None, None]
                layer = jnp.concatenate([layer, jnp.ones_like(layer[..., :1])], axis=-1)
            variance = sum(variance_of(part, layer, covariances[part.group]) for part in parts)
            noise = jax.random.normal(own_key, (self.samples, *mean.shape[1:]), mean.dtype)
            sums = mean + jnp.sqrt(jnp.maximum(variance, 0) + LEAST_VARIANCE) * noise
            layer = network.scaled(number, sums, jnp, batch.side)
        outputs = network.output_scales[0] * layer
        if isinstance(batch.network, Regression):
            outputs = batch.network.with_noise(outputs, None, batch.side)
        return batch.nll(outputs).mean()


def layers_of(network: Network | int) -> Network | int:
    """The network whose layers are drawn."""
    return network.network if isinstance(network, Regression) else network


@dataclass(frozen=True)
class LayerRegisters:
    """Registers of one group, unit by unit and `chunks` of them a unit, and the inputs that each unit's go through."""

    group: int
    registers: slice
    inputs: slice
    units: int
    chunks: int

    @property
    def size(self) -> int:
        """Weights of each register."""
        return (self.inputs.stop - self.inputs.start) // self.chunks


def variance_of(
    part: LayerRegisters, inputs: Float[Array, "samples examples inputs"], covariances: Float[Array, "pairs registers"]
) -> Float[Array, "samples examples units"]:
    """What a part of a layer's registers adds to the variance of each unit's sum."""
    own = covariances[:, part.registers].reshape(-1, part.units, part.chunks)
    return products_of(inputs[..., part.inputs], part.size) @ own.transpose(2, 0, 1).reshape(-1, part.units)


def pairs_of(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Bits i and j of all pairs with i <= j."""
    first, second = np.array(list(combinations_with_replacement(range(size), 2))).T
    return first, second


def covariances_of(table: Tables) -> Float[Array, "pairs registers"]:
    """Covariance of the bits of each register, pair by pair, those of two different bits doubled."""
    patterns = patterns_of(len(table))
    first, second = pairs_of(patterns.shape[1])
    mean = jnp.einsum("or,ob->br", table, jnp.asarray(patterns, table.dtype))
    both = jnp.einsum("or,op->pr", table, jnp.asarray(patterns[:, first] * patterns[:, second], table.dtype))
    count = jnp.asarray(np.where(first == second, 1.0, 2.0), table.dtype)
    return count[:, None] * (both - mean[first] * mean[second])


def products_of(
    inputs: Float[Array, "samples examples inputs"], size: int
) -> Float[Array, "samples examples products"]:
    """Products of all pairs of inputs of a register, register by register."""
    first, second = pairs_of(size)
    chunks = inputs.reshape(*inputs.shape[:2], -1, size)
    return (chunks[..., first] * chunks[..., second]).reshape(*inputs.shape[:2], -1)


def registers_by_layer(registers: Registers, network: BinaryMLP) -> tuple[tuple[LayerRegisters, ...], ...]:
    """The registers of each layer, which together hold every weight of it once; a bias counts as the last input."""
    found, neurons = [], network.neurons
    for units in network.widths:
        found.append(layer_registers_of(registers, np.stack(neurons[:units])))
        neurons = neurons[units:]
    return tuple(found)


def layer_registers_of(registers: Registers, neurons: Int[np.ndarray, "units inputs"]) -> tuple[LayerRegisters, ...]:
    """Registers of a layer, given the weights of its neurons: registers of full size, then those of what is left."""
    units, n_inputs = neurons.shape
    full = n_inputs - n_inputs % registers.register_size
    parts = []
    for inputs in (slice(0, full), slice(full, n_inputs)):
        own = neurons[:, inputs]
        if own.size:
            size = min(registers.register_size, own.shape[1])
            number = [group.size for group in registers.groups].index(size)
            places = own.reshape(-1, size)
            first = int(np.flatnonzero(registers.groups[number].places[:, 0] == places[0, 0])[0])
            taken = slice(first, first + len(places))
            assert np.array_equal(registers.groups[number].places[taken], places)
            parts.append(LayerRegisters(number, taken, inputs, units, own.shape[1] // size))
    return tuple(parts)
