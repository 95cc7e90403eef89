"""The gradient's value against plain NumPy: slopes of the energy at all 2^n networks, summed register by register."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import oracle
import registers_oracle
from estimation import Problem, deviations
from hyperborn.networks import BinaryMLP
from hyperborn.posteriors import Registers
from hyperborn.training.estimators import FirstOrder

HIDDEN = 2
NETWORK = BinaryMLP(2, (HIDDEN,), activation="tanh", bias=False, scale="learned")
PROBLEM = Problem(NETWORK, Registers(NETWORK, grouping=((4, 0, 3), (1,), (5, 2))))
DRAWS, STEP = 4000, 1e-6


def slopes(bits: np.ndarray) -> np.ndarray:
    """Derivatives of the energy (nats) with respect to each of the bits (n,), by central differences."""
    with jax.enable_x64(True):
        batch = PROBLEM.batch()
    x, y, side = (np.asarray(part) for part in (batch.x, batch.y, batch.side))

    def energy(own: np.ndarray) -> float:
        return PROBLEM.scale * oracle.nll(registers_oracle.logits(own, x, HIDDEN, side), y)

    ends = [(energy(bits + STEP * unit), energy(bits - STEP * unit)) for unit in np.eye(len(bits))]
    return np.array([(above - below) / (2 * STEP) for above, below in ends])


def linearised(bits: np.ndarray) -> list[np.ndarray]:
    """At a network, for each group: ∇energy · (each outcome's bits) of every register, (outcomes, registers)."""
    slope = slopes(bits.astype(np.float64))
    return [slope[group.places] @ oracle.all_bits(group.size).T for group in PROBLEM.registers.groups]


def gradients(tables: list[np.ndarray], draws: int, seed: int) -> list[np.ndarray]:
    """The estimates' derivatives by the tables, one array (draws, outcomes, registers) a group."""

    def estimate(own: Any, key: Any) -> Any:
        return FirstOrder(2).expected_energy(PROBLEM.registers, own, PROBLEM.batch(), jnp.asarray(0.0), key=key)

    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(seed), draws)
        own = [jnp.asarray(table) for table in tables]
        return [np.asarray(part) for part in jax.jit(jax.vmap(jax.grad(estimate), (None, 0)))(own, keys)]


@pytest.mark.parametrize("network", [0, 22, 63])
def test_where_q_is_certain_it_is_the_slope_at_that_network(network: int) -> None:
    bits = oracle.all_bits(6)[network]
    tables = [
        np.stack([np.eye(2**group.size)[int("".join(map(str, bits[places])), 2)] for places in group.places], axis=1)
        for group in PROBLEM.registers.groups
    ]
    for found, expected in zip(gradients(tables, 1, 0), linearised(bits), strict=True):
        np.testing.assert_allclose(found[0], expected.T, rtol=1e-5, atol=1e-7)
        assert np.abs(expected).max() > 0.1


def test_its_mean_is_the_exact_gradient_of_linearised_energies() -> None:
    """Σ_w q(w) ∇energy(w) · (w with outcome s in register b), within 5 standard errors of 4,000 estimates (seed 3)."""
    random = np.random.default_rng(0)
    groups = PROBLEM.registers.groups
    tables = [random.dirichlet(np.ones(2**group.size), size=len(group.places)).T for group in groups]
    columns = [(places, table[:, own]) for group, table in zip(groups, tables, strict=True)
               for own, places in enumerate(group.places)]  # fmt: skip
    q = registers_oracle.joint(columns, 6)
    at_each = [linearised(bits) for bits in oracle.all_bits(6)]
    for group, found in enumerate(gradients(tables, DRAWS, 3)):
        exact = sum(weight * own[group] for weight, own in zip(q, at_each, strict=True)).T
        # Every outcome of all zeros has derivative 0 in every draw, and no error.
        assert np.abs(deviations(found, exact)).max() < 5
        # Half of the gradient, or bits in reverse, would be seen by far.
        assert np.linalg.norm(found.mean(axis=0) - exact) < 0.05 * np.linalg.norm(exact)
