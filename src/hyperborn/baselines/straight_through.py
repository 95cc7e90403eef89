"""Gradient descent through the sign function."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import jax
import jax.numpy as jnp
import optax
from jax import Array
from jaxtyping import UInt32

from hyperborn.baselines.baseline import Baseline, Ensemble, positive
from hyperborn.baselines.potential import Chains, Potential, Spins, better_of, lowest, potential_of, seed_of
from hyperborn.data.dataset import Dataset
from hyperborn.errors import whole_number
from hyperborn.networks import Network
from hyperborn.priors import Prior, Uniform


@final
@dataclass(frozen=True)
class StraightThrough(Baseline):
    """Adam on latent weights; the network has their signs, and the gradient passes the sign as if it were not there.

    Latent weights are kept within [-1, 1], where the clipped identity lets all of the gradient through (Courbariaux,
    Hubara, Soudry, El-Yaniv and Bengio, arXiv 1602.02830, section 1.3). Gradients are those of all training examples.
    The best network that any restart met is kept. Where the network itself has sign activations, only the last layer
    has gradients.
    """

    __no_type_check__ = True

    name: ClassVar[str] = "straight-through"
    restarts: int = 32
    steps: int = 300
    learning_rate: float = 0.03

    def __post_init__(self) -> None:
        whole_number("restarts", self.restarts, 1)
        whole_number("steps", self.steps, 1)
        positive("learning_rate", self.learning_rate)

    def fit(self, network: Network, data: Dataset, *, prior: Prior = Uniform(), seed: int = 0) -> Ensemble:
        potential = potential_of(network, data, prior, self.name)
        return lowest(network, data, prior, self.name, train(seed_of(seed), potential, settings=self))


@partial(jax.jit, static_argnames="settings")
def train(seed: UInt32[Array, ""], potential: Potential, *, settings: StraightThrough) -> Spins:
    """The best network that each restart met."""
    optimizer = optax.adam(settings.learning_rate)
    shape = (settings.restarts, len(potential.log_odds))
    latent = jax.random.uniform(jax.random.key(seed), shape, minval=-1.0, maxval=1.0)

    def step(state: tuple, _: None) -> tuple[tuple, None]:
        latent, moments, best = state
        spins = jnp.where(latent >= 0, 1.0, -1.0)
        values, gradients = jax.vmap(jax.value_and_grad(potential))(spins)
        best = better_of(Chains(spins, values), best)
        change, moments = optimizer.update(gradients, moments)
        return (jnp.clip(latent + change, -1, 1), moments, best), None

    nowhere = Chains(jnp.ones(shape), jnp.full(settings.restarts, jnp.inf))
    begin = (latent, optimizer.init(latent), nowhere)
    return jax.lax.scan(step, begin, length=settings.steps)[0][2].spins
