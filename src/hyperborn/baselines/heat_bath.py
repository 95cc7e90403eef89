"""Sweeps of single-site heat-bath updates, the moves of simulated annealing and of Gibbs sampling."""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from hyperborn._typing import RandomKey
from hyperborn.baselines.potential import Chains, Potential, Spins, Values


def start_chains(potential: Potential, chains: int, *, key: RandomKey) -> Chains:
    """Chains at networks drawn from the prior."""
    spins = potential.draw_prior(chains, key=key)
    return Chains(spins, potentials_of(potential, spins))


def potentials_of(potential: Potential, spins: Spins) -> Values:
    """Potentials of rows of spins, as many at once as fit into `MEMORY`."""
    return jax.lax.map(potential, spins, batch_size=potential.at_once(1))


def sweep(potential: Potential, chains: Chains, inverse_temperature: Float[Array, ""], *, key: RandomKey) -> Chains:
    """Every weight in turn drawn from its distribution given the others, under exp(-U · inverse temperature).

    That distribution flips a weight with probability 1 / (1 + exp(inverse temperature · (U(flipped) - U))).
    """
    count, n = chains.spins.shape
    places = jnp.arange(n)

    def one_site(chains: Chains, given: tuple[Array, Array]) -> tuple[Chains, None]:
        place, uniform = given
        spins = jnp.where((places == place)[None, :], -chains.spins, chains.spins)
        values = potentials_of(potential, spins)
        flips = uniform < jax.nn.sigmoid(-inverse_temperature * (values - chains.values))
        return Chains(
            jnp.where(flips[:, None], spins, chains.spins),
            jnp.where(flips, values, chains.values),
        ), None

    uniforms = jax.random.uniform(key, (n, count))
    return jax.lax.scan(one_site, chains, (places, uniforms))[0]
