"""How steep the landscape is where training starts, as docs/trainability.md measures it."""

import runpy
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import circuit_oracle
import hyperborn as hb
from hyperborn.errors import UserError
from hyperborn.objectives.functional import Functional

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "trainability"
NAMES = runpy.run_path(str(EXPERIMENT / "gradient_variance.py"))
gradient_variance, starts_near_prior, uniform_starts = (
    NAMES[name] for name in ("gradient_variance", "starts_near_prior", "uniform_starts")
)
N = 3
ENERGIES = np.random.default_rng(0).normal(size=2**N)


def test_variance_is_that_of_parameter_shifts() -> None:
    circuit = hb.circuits.AllPairs(N, 1)
    register = hb.Register(circuit)
    starts = uniform_starts(register, 5, key=jax.random.key(0))
    gates = circuit.gates()
    gradients = np.array(
        [
            circuit_oracle.probability_gradient(circuit_oracle.with_angles(gates, np.asarray(start)), N, ENERGIES)
            for start in starts
        ]
    )
    found = gradient_variance(register, Functional.of(ENERGIES), starts)
    np.testing.assert_allclose(found.mean, gradients.var(axis=0, ddof=1).mean(), rtol=1e-4)
    assert found.n == 5
    assert found.standard_error is not None


def test_starts_are_spread_as_said() -> None:
    register = hb.Register(hb.circuits.ProductState(4))
    near = np.asarray(starts_near_prior(register, 500, 0.1, key=jax.random.key(1)))
    # 2000 normal numbers: standard errors 0.1 / √2000 and 0.1 / √4000.
    assert abs(near.mean() - np.pi / 2) < 5 * 0.1 / np.sqrt(2000)
    assert abs(near.std() - 0.1) < 5 * 0.1 / np.sqrt(4000)
    anywhere = np.asarray(uniform_starts(register, 500, key=jax.random.key(1)))
    assert 0 <= anywhere.min() < 0.1
    assert 2 * np.pi - 0.1 < anywhere.max() <= np.float32(2 * np.pi)


def test_one_start_has_no_variance() -> None:
    register = hb.Register(hb.circuits.ProductState(N))
    with pytest.raises(UserError, match="draws=1 must be a whole number of at least 2"):
        gradient_variance(register, Functional.of(ENERGIES), jnp.zeros((1, N)))
