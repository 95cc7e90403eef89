"""The exact gradient of a functional beside finite differences."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from hyperborn.backends.conformance.agreement import exact_table
from hyperborn.circuits import AllPairs
from hyperborn.objectives.objectives import ELBO
from hyperborn.posteriors import Register
from hyperborn.testing.contract import check_close
from hyperborn.training.exact import Exact

STEP = 1e-5
"""Step of finite differences (radians)."""

CIRCUIT = AllPairs(3, 1)


def check_exact(estimator: Exact, seed: int) -> None:
    """Check value and gradient of the ELBO of one circuit against plain NumPy.

    Raises:
        ContractError: if they are others.
    """
    random = np.random.default_rng(seed)
    energies, p = random.gamma(2.0, 3.0, 8), random.dirichlet(np.full(8, 3.0))
    params = random.uniform(-2, 2, CIRCUIT.n_parameters)

    def plain(own: np.ndarray) -> float:
        q = exact_table(CIRCUIT, own)
        return float(q @ energies + q @ np.log(q / p))

    differences = [
        (plain(params + STEP * row) - plain(params - STEP * row)) / (2 * STEP) for row in np.eye(len(params))
    ]
    with jax.enable_x64(True):
        functional = ELBO().bind(energies, np.log(p))
        program = jax.jit(partial(estimator.value_and_gradient, Register(CIRCUIT)))
        value, gradient = program(functional, jnp.asarray(params))
        found = float(value) + float(functional.lowest)
    cause = "a fault of hyperborn itself; please report it"
    check_close(estimator, "the value", found, plain(params), cause, absolute=1e-9)
    check_close(estimator, "the gradient", gradient, differences, cause, absolute=1e-6)
