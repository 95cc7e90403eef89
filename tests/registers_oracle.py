"""Registers in plain NumPy, for tests: their circuits are simulated gate by gate, and all 2^n networks are summed over.

Of hyperborn it takes records alone: the gates, the places of the weights, and where angles lie.
"""

from typing import Any

import numpy as np

import circuit_oracle
import oracle


def tables_of(registers: Any, angles: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Positions and outcome probabilities (2^k,) of every register."""
    found = []
    for group in registers.groups:
        columns = angles[group.start : group.stop].reshape(-1, len(group.places))
        for places, own in zip(group.places, columns.T, strict=True):
            gates = circuit_oracle.with_angles(group.circuit.gates(), own)
            found.append((np.asarray(places), circuit_oracle.probabilities(gates, len(places))))
    return found


def joint(tables: list[tuple[np.ndarray, np.ndarray]], n: int) -> np.ndarray:
    """The product of independent registers over all 2^n networks, in index order."""
    q = np.ones(2**n)
    for row, bits in enumerate(oracle.all_bits(n)):
        for places, table in tables:
            q[row] *= table[int("".join(map(str, bits[places])), 2)]
    return q


def logits(bits: np.ndarray, x: np.ndarray, hidden: int, side: np.ndarray) -> np.ndarray:
    """Of a network with one hidden layer of tanh units, learned gains and shifts, without biases, and one output."""
    weights, inputs = 2.0 * bits - 1.0, x.shape[1]
    first, last = weights[: inputs * hidden].reshape(inputs, hidden), weights[inputs * hidden :].reshape(hidden, 1)
    gain, shift, scale, offset = side[:hidden], side[hidden : 2 * hidden], side[2 * hidden], side[2 * hidden + 1]
    units = np.tanh(np.exp(gain) * (x @ first) / np.sqrt(inputs) + shift)
    return np.exp(scale) * (units @ last) / np.sqrt(hidden) + offset


def energies(x: np.ndarray, y: np.ndarray, hidden: int, side: np.ndarray) -> np.ndarray:
    """Negative log likelihoods (nats) of all 2^n such networks."""
    return np.array(
        [oracle.nll(logits(bits, x, hidden, side), y) for bits in oracle.all_bits((x.shape[1] + 1) * hidden)]
    )
