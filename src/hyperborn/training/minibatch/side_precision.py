"""How sharply the data determine side parameters: their precisions, when what was learnt becomes a prior."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn.energy import EnergySource
from hyperborn.energy.source import DeviceEnergies
from hyperborn.training.definition import Definition
from hyperborn.training.minibatch.steps import DRAWS, registers_of


def side_precision(
    definition: Definition, energies: EnergySource, params: Float[np.ndarray, " parameters"]
) -> Float[np.ndarray, " m"]:
    """Precisions of the normal distributions around trained side parameters (Laplace's approximation), float64.

    Of each side parameter s: the precision of its prior and the second derivative of E_q[energy] by s, which is the
    mean over `DRAWS` networks and all training examples; or 0, where that is negative. Correlations are left out.
    """
    posterior, prior = registers_of(definition), definition.side_prior
    angles, side = jnp.split(jnp.asarray(params, jnp.float32), [posterior.n_parameters])
    # Another key than those of steps, looks and findings.
    bits = posterior.sample(angles, DRAWS, key=jax.random.fold_in(jax.random.key(definition.seed), 2))
    found = np.asarray(curvatures(energies.on_device(whole=True), jnp.asarray(bits, jnp.float32), side), np.float64)
    return np.asarray(prior.precision, np.float64) + np.maximum(found, 0.0)


@jax.jit
def curvatures(energies: DeviceEnergies, bits: Float[Array, "draws n"], side: Float[Array, " m"]) -> Float[Array, " m"]:
    """The diagonal of the second derivatives of the mean energy by side parameters (nats)."""

    def slopes(bits: Float[Array, " n"], side: Float[Array, " m"]) -> Float[Array, " m"]:
        return jax.grad(lambda side: energies.batch(side).energies(bits[None])[0])(side)

    def of_one(direction: Float[Array, " m"]) -> Float[Array, ""]:
        # One network after the other: side by side, those of a convolution took 430 MiB.
        bent = jax.lax.map(lambda bits: jax.jvp(partial(slopes, bits), (side,), (direction,))[1] @ direction, bits)
        return bent.mean()

    return jax.lax.map(of_one, jnp.eye(len(side), dtype=side.dtype))
