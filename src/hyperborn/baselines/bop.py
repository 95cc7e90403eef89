"""The binary optimizer Bop."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import jax
import jax.numpy as jnp
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
class Bop(Baseline):
    """A weight flips when the mean of past gradients says so clearly (arXiv 1906.02107, Algorithm 1).

    There are no latent weights. With the gradient g of the potential an example, m ← (1 - adaptivity) m + adaptivity g,
    and a weight flips if the size of its m exceeds the threshold (nats an example) and its sign is that of the weight.
    Gradients are those of all training examples. The best network that any restart met is kept. Where the network
    itself has sign activations, only the last layer has gradients.
    """

    __no_type_check__ = True

    name: ClassVar[str] = "bop"
    restarts: int = 32
    steps: int = 300
    adaptivity: float = 0.05
    threshold: float = 0.003

    def __post_init__(self) -> None:
        whole_number("restarts", self.restarts, 1)
        whole_number("steps", self.steps, 1)
        positive("adaptivity", self.adaptivity, 1.0)
        positive("threshold", self.threshold)

    def fit(self, network: Network, data: Dataset, *, prior: Prior = Uniform(), seed: int = 0) -> Ensemble:
        potential = potential_of(network, data, prior, self.name)
        return lowest(network, data, prior, self.name, train(seed_of(seed), potential, settings=self))


@partial(jax.jit, static_argnames="settings")
def train(seed: UInt32[Array, ""], potential: Potential, *, settings: Bop) -> Spins:
    """The best network that each restart met."""
    spins = potential.draw_prior(settings.restarts, key=jax.random.key(seed))
    examples = len(potential.y)

    def step(state: tuple, _: None) -> tuple[tuple, None]:
        spins, momentum, best = state
        values, gradients = jax.vmap(jax.value_and_grad(potential))(spins)
        best = better_of(Chains(spins, values), best)
        momentum = (1 - settings.adaptivity) * momentum + settings.adaptivity * gradients / examples
        flips = momentum * spins > settings.threshold
        return (jnp.where(flips, -spins, spins), momentum, best), None

    nowhere = Chains(spins, jnp.full(settings.restarts, jnp.inf))
    begin = (spins, jnp.zeros_like(spins), nowhere)
    return jax.lax.scan(step, begin, length=settings.steps)[0][2].spins
