"""How steep the landscape is where training starts: barren plateaus show as gradients that vanish with the qubits."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Parameters, RandomKey
from hyperborn.errors import whole_number
from hyperborn.objectives.functional import Functional
from hyperborn.posteriors import ExplicitPosterior, Posterior
from hyperborn.stats import Estimate
from hyperborn.training.exact import Exact


def gradient_variance(
    posterior: ExplicitPosterior, functional: Functional, starts: Float[Array, "draws ..."]
) -> Estimate:
    """Variance of ∂F/∂θ over random starts (at least 2), averaged over the parameters; nats² a squared radian.

    McClean et al. (arXiv 1803.11173) call a landscape a barren plateau where this falls exponentially with the qubits.

    Args:
        posterior: whose parameters are varied.
        functional: what training minimises.
        starts: parameters, (draws, *parameter_shape).
    """
    whole_number("draws", len(starts), 2)
    gradients = np.asarray(gradients_at(posterior, functional, starts), np.float64).reshape(len(starts), -1)
    squares = (gradients - gradients.mean(axis=0)) ** 2 * len(starts) / (len(starts) - 1)
    return Estimate.of(squares.mean(axis=1))


@jax.jit(static_argnums=0)
def gradients_at(posterior: ExplicitPosterior, functional: Functional, starts: Array) -> Array:
    return jax.lax.map(jax.grad(partial(Exact().loss, posterior, functional)), starts)


def uniform_starts(posterior: Posterior, draws: int, *, key: RandomKey) -> Parameters:
    """Angles drawn uniformly from a whole turn, (draws, *parameter_shape)."""
    return jax.random.uniform(key, (draws, *posterior.parameter_shape), minval=0.0, maxval=2 * jnp.pi)


def starts_near_prior(posterior: Posterior, draws: int, spread: float, *, key: RandomKey) -> Parameters:
    """Starts as training makes them, around the uniform prior's state, (draws, *parameter_shape)."""
    return jax.vmap(lambda one: posterior.init(spread=spread, key=one))(jax.random.split(key, draws))
