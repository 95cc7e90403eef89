"""Problems small enough for all networks to be summed over, and the objectives from shots in plain NumPy."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

import infinite_shots
import objectives_oracle
import oracle
from hyperborn.data import Split
from hyperborn.energy import NetworkEnergies
from hyperborn.networks import BinaryMLP
from hyperborn.objectives.kernels import Hamming

KAPPAS = (0.3, 0.8)
KERNEL = Hamming(KAPPAS)
LIKELY = 0.3
"""Prior probability of a 1, of every weight."""
WEIGHT = 5.0
"""Of the divergence: so heavy that its witness is a large part of the first variation."""


@dataclass(frozen=True)
class Task:
    """A network and examples that are not symmetric, by a seed."""

    network: BinaryMLP
    examples: int = 6

    @cached_property
    def split(self) -> Split:
        random = np.random.default_rng(self.network.n_weights)
        x = random.normal(size=(self.examples, self.network.n_features)) + 0.3
        return Split(x, (x @ np.arange(1, x.shape[1] + 1) > 0).astype(np.int64))

    @cached_property
    def source(self) -> NetworkEnergies:
        return NetworkEnergies(self.network, self.split)

    @property
    def n(self) -> int:
        return self.network.n_weights

    @cached_property
    def energies(self) -> np.ndarray:
        """Of all 2^n networks (nats)."""
        bias = "b1" in [field.name for field in self.network.fields]
        return np.array(
            [
                oracle.nll(
                    oracle.mlp_logits(
                        row, self.split.x, self.network.hidden, 1, bias=bias, activation=self.network.activation
                    ),
                    self.split.y,
                )
                for row in oracle.all_bits(self.n)
            ]
        )

    @cached_property
    def prior(self) -> np.ndarray:
        return objectives_oracle.product_distribution([LIKELY] * self.n)

    @cached_property
    def kernel(self) -> np.ndarray:
        return objectives_oracle.kernel_matrix(self.n, KAPPAS)


def penalty_of_registers(posterior: Any, params: np.ndarray) -> float:
    """The sum over registers of MMD² of each to the prior of its own weights, with `KERNEL`."""
    total = 0.0
    for subcircuit in posterior.subcircuits(1):
        k = len(subcircuit.weights)
        q, p = (
            infinite_shots.table_of(subcircuit.circuit, params[subcircuit.parameters]),
            objectives_oracle.product_distribution([LIKELY] * k),
        )
        total += objectives_oracle.squared_discrepancy(q, p, objectives_oracle.kernel_matrix(k, KAPPAS))
    return total
