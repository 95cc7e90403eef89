"""How sharply the data determine side parameters: their precisions, when what was learnt becomes a prior."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from hyperborn.energy import EnergySource
from hyperborn.energy.source import DeviceEnergies
from hyperborn.training.definition import Definition
from hyperborn.training.minibatch.steps import DRAWS, registers_of

EXAMPLES = 500
"""Training examples, at most, that the energies are estimated on."""
MOST_EXACT = 64
"""Side parameters up to which each has a derivative of its own."""
PROBES = 8
"""Random directions for each network, where there are more side parameters."""


def side_precision(
    definition: Definition, energies: EnergySource, params: Float[np.ndarray, " parameters"]
) -> Float[np.ndarray, " m"]:
    """Precisions of the normal distributions around trained side parameters (Laplace's approximation), float64.

    Of each side parameter s: the precision of its prior, and the second derivative of E_q[energy] by s or 0, where that
    is negative. The expectation is the mean over `DRAWS` networks, on at most `EXAMPLES` training examples. Beyond
    `MOST_EXACT` side parameters the second derivatives are estimated by `PROBES` random directions a network
    (Hutchinson's estimator of the diagonal; Bekas, Kokiopoulou and Saad, 2007). Correlations are left out. Where a
    network has derivatives that stand in for others, as with sign activations, they do so here.
    """
    posterior, prior = registers_of(definition), definition.side_prior
    angles, side = jnp.split(jnp.asarray(params, jnp.float32), [posterior.n_parameters])
    # Another key than those of steps, looks and findings.
    drawing, probing = jax.random.split(jax.random.fold_in(jax.random.key(definition.seed), 2))
    bits = jnp.asarray(posterior.sample(angles, DRAWS, key=drawing), jnp.float32)
    few = energies.n_examples <= EXAMPLES
    rows = None if few else jnp.asarray(np.linspace(0, energies.n_examples - 1, EXAMPLES).astype(np.int32))
    if len(side) <= MOST_EXACT:
        directions = jnp.broadcast_to(jnp.eye(len(side)), (DRAWS, len(side), len(side)))
        found = bending(energies.on_device(whole=few), rows, bits, side, directions)
    else:
        directions = jax.random.rademacher(probing, (DRAWS, PROBES, len(side)), jnp.float32)
        found = bending(energies.on_device(whole=few), rows, bits, side, directions) / PROBES
    return np.asarray(prior.precision, np.float64) + np.maximum(np.asarray(found, np.float64), 0.0)


@jax.jit
def bending(
    energies: DeviceEnergies,
    rows: Int[Array, " rows"] | None,
    bits: Float[Array, "draws n"],
    side: Float[Array, " m"],
    directions: Float[Array, "draws directions m"],
) -> Float[Array, " m"]:
    """The sum over directions of d ∘ H d, with H the second derivatives of a network's energy; the mean over networks.

    With all unit vectors as directions it is the diagonal of H.
    """

    def of_network(given: tuple[Float[Array, " n"], Float[Array, "directions m"]]) -> Float[Array, " m"]:
        bits, directions = given

        def slopes(side: Float[Array, " m"]) -> Float[Array, " m"]:
            return jax.grad(lambda side: energies.batch(side, rows).energies(bits[None])[0])(side)

        def along(direction: Float[Array, " m"]) -> Float[Array, " m"]:
            return direction * jax.jvp(slopes, (side,), (direction,))[1]

        return jax.lax.map(along, directions).sum(axis=0)

    # One after the other: side by side, networks of a convolution took 430 MiB.
    return jax.lax.map(of_network, (bits, directions)).mean(axis=0)
