"""Steepest descent by single flips."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, UInt32

from hyperborn.baselines.baseline import Baseline, Ensemble
from hyperborn.baselines.potential import Potential, Spins, lowest_network, potential_of, seed_of
from hyperborn.data.dataset import Dataset
from hyperborn.errors import whole_number
from hyperborn.networks import Network
from hyperborn.priors import Prior, Uniform


@final
@dataclass(frozen=True)
class GreedyFlips(Baseline):
    """Starts at networks drawn from the prior; the best single flip is made until no flip lowers the potential.

    The best of the local minima is kept. All n flips are evaluated at once where 256 MiB hold them.
    """

    name: ClassVar[str] = "greedy-flips"
    starts: int = 64

    def __post_init__(self) -> None:
        whole_number("starts", self.starts, 1)

    def fit(self, network: Network, data: Dataset, *, prior: Prior = Uniform(), seed: int = 0) -> Ensemble:
        potential = potential_of(network, data, prior, self.name)
        minima = descend_by_flips(seed_of(seed), potential, starts=self.starts)
        return lowest_network(network, data, prior, self.name, minima)


@partial(jax.jit, static_argnames="starts")
def descend_by_flips(seed: UInt32[Array, ""], potential: Potential, *, starts: int) -> Spins:
    """Local minima under single flips, one for each start."""
    spins = potential.draw_prior(starts, key=jax.random.key(seed))
    places = jnp.arange(spins.shape[1])
    batch = potential.at_once(starts)

    def after_flips(spins: Float[Array, " n"]) -> Float[Array, " n"]:
        return jax.lax.map(lambda one: potential(jnp.where(places == one, -spins, spins)), places, batch_size=batch)

    def step(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        spins, value, _ = state
        flipped = after_flips(spins)
        best = jnp.argmin(flipped)
        # Each step must lower the value, so that rounding cannot send a start round in a circle.
        better = flipped[best] < value
        return jnp.where((places == best) & better, -spins, spins), jnp.minimum(flipped[best], value), better

    def from_one(spins: Float[Array, " n"]) -> Float[Array, " n"]:
        start = (spins, potential(spins), jnp.bool_(True))
        return jax.lax.while_loop(lambda state: state[2], step, start)[0]

    return jax.vmap(from_one)(spins)
