"""Losses of all probabilities and their gradients beside finite differences of the ELBO in plain NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from hyperborn.backends.conformance.agreement import exact_table
from hyperborn.circuits import AllPairs
from hyperborn.objectives.objectives import ELBO
from hyperborn.posteriors import Register
from hyperborn.testing.finite_differences import finite_differences
from hyperborn.training.exact import ExactEstimator

CIRCUIT = AllPairs(3, 1)


def exact_estimates(estimator: ExactEstimator, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What an estimator makes of the ELBO of one circuit and its gradient (nats, by radians), and what they are."""
    random = np.random.default_rng(seed)
    energies, p = random.gamma(2.0, 3.0, 8), random.dirichlet(np.full(8, 3.0))
    params = random.uniform(-2, 2, CIRCUIT.n_parameters)

    def plain(own: Float[np.ndarray, " parameters"]) -> float:
        q = exact_table(CIRCUIT, own)
        return float(q @ energies + q @ np.log(q / p))

    with jax.enable_x64(True):
        functional = ELBO().bind(energies, np.log(p))
        program = jax.jit(jax.value_and_grad(lambda own: estimator.loss(Register(CIRCUIT), functional, own)))
        value, gradient = program(jnp.asarray(params))
        found = float(value) + float(functional.lowest)
    return {
        "value": (np.array([found]), np.array([plain(params)])),
        "gradient": (np.asarray(gradient), finite_differences(plain, params)),
    }
