"""Problems small enough for all their networks to be enumerated, and what the sampled estimators are held against."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

import oracle
from hyperborn.networks import Network
from hyperborn.posteriors import Registers
from hyperborn.training.estimators import Minibatch, MinibatchEstimator


@dataclass(frozen=True)
class Problem:
    """A network, its registers, and examples, parameters and side parameters by a seed; examples may have weights."""

    network: Network
    registers: Registers
    scale: float = 1.5
    weighted: bool = False

    def batch(self, dtype: Any = jnp.float64) -> Minibatch:
        random = np.random.default_rng(0)
        x, classes = random.normal(size=(6, self.network.n_features)), self.network.n_classes
        y = random.integers(0, classes, 6) if classes else random.normal(size=6)
        side = random.normal(0, 0.3, self.network.n_side)
        return Minibatch(
            self.network,
            jnp.asarray(x, dtype),
            jnp.asarray(y),
            jnp.asarray(side, dtype),
            jnp.asarray(self.scale, dtype),
            jnp.asarray([0.0, 0.2, 0.7, 1.0, 2.0, 3.5], dtype) if self.weighted else None,
        )

    def params(self, dtype: Any = jnp.float64) -> Array:
        return jnp.asarray(np.random.default_rng(1).uniform(-2, 2, self.registers.parameter_shape), dtype)


def estimated(
    estimator: MinibatchEstimator, registers: Registers, batch: Minibatch, params: Array, progress: Any, key: Array
) -> tuple[Array, tuple[Array, Array]]:
    """The estimate, and its derivatives with respect to the angles and the side parameters."""

    def energy(params: Array, side: Array) -> Array:
        own = replace(batch, side=side)
        return estimator.expected_energy(registers, registers.tables(params), own, progress, key=key)

    return jax.value_and_grad(energy, (0, 1))(params, batch.side)


compiled_estimate = jax.jit(estimated, static_argnums=(0, 1))


@partial(jax.jit, static_argnums=(0, 1, 6))
def many_estimates(
    estimator: MinibatchEstimator,
    registers: Registers,
    batch: Minibatch,
    params: Array,
    progress: Any,
    key: Array,
    draws: int,
) -> Any:
    """Estimates by as many keys, each with its derivatives; arrays whose first axis is the draws."""
    keys = jax.random.split(key, draws)
    return jax.vmap(lambda key: estimated(estimator, registers, batch, params, progress, key))(keys)


@partial(jax.jit, static_argnums=0)
def exact(registers: Registers, batch: Minibatch, params: Array) -> Any:
    """Σ_w q(w) energy(w) and its derivatives, by enumeration."""
    bits = jnp.asarray(oracle.all_bits(registers.n_weights), batch.x.dtype)

    def energy(params: Array, side: Array) -> Array:
        return registers.probabilities(params) @ replace(batch, side=side).energies(bits)

    return jax.value_and_grad(energy, (0, 1))(params, batch.side)


def deviations(found: Any, expected: Any) -> np.ndarray:
    """How many standard errors the mean of draws (draws, ...) lies off, one number a component."""
    draws = np.asarray(found, np.float64).reshape(len(found), -1)
    error = draws.std(axis=0, ddof=1) / np.sqrt(len(draws))
    # Derivatives that are 0 in every draw, such as those of an angle that changes nothing, have no error but rounding.
    return (draws.mean(axis=0) - np.asarray(expected).reshape(-1)) / np.maximum(error, 1e-12)
