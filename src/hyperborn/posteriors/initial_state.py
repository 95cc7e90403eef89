"""Where training starts on a circuit of which no parameters are known that prepare independent bits."""

from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Parameters, Probabilities
from hyperborn.circuits.circuit import Circuit
from hyperborn.simulators import statevector

ITERATIONS = 30
"""Most steps of L-BFGS: a start need only be near."""

LARGEST_FITTED = 20
"""Most qubits of a circuit that is fitted: the fit then takes about a minute on two cores."""

SPREAD_OF_START = 0.1
"""Standard deviation (radians) of the parameters at which the fit begins: 0 may be a saddle."""

LEAST = 1e-12
"""Probabilities count as at least this in logarithms."""


def fitted_to_product(circuit: Circuit, marginals: Float[np.ndarray, " n"]) -> Parameters:
    """Parameters whose distribution is near that of independent bits with these probabilities of a 1.

    They minimise KL(q ‖ product), which is the mismatch of the marginals and the dependence of the bits in one. The
    same arguments give the same parameters. Those of a circuit of over `LARGEST_FITTED` qubits are all 0.
    """
    if circuit.n_qubits > LARGEST_FITTED:
        return jnp.zeros(circuit.parameter_shape)
    return jnp.asarray(kept_fit(circuit, tuple(map(float, marginals))), float)


@lru_cache(maxsize=64)
def kept_fit(circuit: Circuit, marginals: tuple[float, ...]) -> Float[np.ndarray, "..."]:
    from scipy.optimize import minimize

    start = SPREAD_OF_START * np.random.default_rng(0).standard_normal(circuit.n_parameters)

    def value_and_gradient(angles: Float[np.ndarray, " parameters"]) -> tuple[float, Float[np.ndarray, " parameters"]]:
        value, gradient = divergence(circuit, jnp.asarray(angles, jnp.float32), jnp.asarray(marginals, jnp.float32))
        return float(value), np.asarray(gradient, np.float64)

    # It may be called where a program is traced, and is not to be part of it.
    with jax.ensure_compile_time_eval():
        found = minimize(value_and_gradient, start, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    return found.x.reshape(circuit.parameter_shape)


@partial(jax.jit, static_argnums=0)
def divergence(
    circuit: Circuit, angles: Float[Array, " parameters"], marginals: Float[Array, " n"]
) -> tuple[Float[Array, ""], Float[Array, " parameters"]]:
    """KL(q ‖ product) in nats, and its gradient."""

    def kl(angles: Float[Array, " parameters"]) -> Float[Array, ""]:
        q: Probabilities = statevector.probabilities(circuit, angles.reshape(circuit.parameter_shape))
        product = jnp.ones(1, q.dtype)
        for one in marginals:
            product = jnp.outer(product, jnp.stack([1 - one, one])).reshape(-1)
        return jnp.sum(q * (jnp.log(jnp.maximum(q, LEAST)) - jnp.log(jnp.maximum(product, LEAST))))

    return jax.value_and_grad(kl)(angles)
