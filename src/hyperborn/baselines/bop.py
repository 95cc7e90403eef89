"""The binary optimizer Bop."""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, final

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, UInt32

from hyperborn._typing import RandomKey
from hyperborn.baselines.baseline import Baseline, Ensemble, check_positive, check_whole_numbers
from hyperborn.baselines.descent import (
    LAST,
    DescentSettings,
    Proposal,
    RestartNetworks,
    Rule,
    descend,
    descent_settings,
)
from hyperborn.baselines.potential import Potential, lowest_network, potential_of, seed_of
from hyperborn.data.dataset import Dataset
from hyperborn.networks import Network
from hyperborn.priors import Prior, Uniform


@final
@dataclass(frozen=True)
class Bop(Baseline):
    """A weight flips when the mean of past gradients asks for it clearly enough (arXiv 1906.02107, Algorithm 1).

    There are no latent weights. With g the gradient of the potential, in nats an example, m ← (1 - γ) m + γ g, and a
    weight flips where the size of its m exceeds τ and its sign is that of the weight; γ is ``adaptivity``, τ is
    ``threshold``. `hyperborn.baselines` says what ``batch_size`` does, and what None stands for.

    What differs from the paper:

    - Starts are drawn from the prior of the weights.
    - g includes the prior: minus half the log odds of each weight, over the number of examples. The paper has no prior.
    - With minibatches γ falls to 0 along a half cosine, step by step.
    - Side parameters are learnt by Adam, at the rate ``side_rate``.
    - g is the derivative by a spin of -1 or +1. Where the network's two values are others, a spin's step of 2 is one
      of `high - low`, so that g is (high - low) / 2 times the derivative by the weight, and τ counts in these units.
    - The defaults are ours (the paper's on CIFAR-10: γ = 1e-4, τ = 1e-8). Those with all examples at once, γ = 0.05
      and τ = 0.003, are as old as this baseline; how they were chosen is not recorded.

    With minibatches, γ of 0.001 to 0.1 and τ of 1e-7 to 1e-3 were tried. On digits τ up to 1e-4 are alike (95% to 96%
    of the validation examples), and larger ones are worse. On MNIST the lowest were best (γ = 0.01 with τ = 1e-4:
    90.6%, with 1e-5: 94.6%, with 1e-6: 94.8%; γ = 0.001 with 1e-7: 95.3%).
    """

    name: ClassVar[str] = "bop"
    restarts: int | None = None
    steps: int | None = None
    adaptivity: float | None = None
    threshold: float | None = None
    batch_size: int | None = None
    side_rate: float = 0.01

    def __post_init__(self) -> None:
        check_whole_numbers(self, "restarts", "steps", "batch_size")
        check_positive(self, "adaptivity", 1.0, optional=True)
        check_positive(self, "threshold", optional=True)
        check_positive(self, "side_rate")

    def fit(self, network: Network, data: Dataset, *, prior: Prior = Uniform(), seed: int = 0) -> Ensemble:
        potential = potential_of(network, data, prior, self.name)
        settings, own = descent_settings(self, len(data.train), full_batch=FULL_BATCH, minibatch=MINIBATCH)
        best = train_by_flips(seed_of(seed), potential, rule=Flips(**own), settings=settings)
        return lowest_network(network, data, prior, self.name, best.spins, best.side)


FULL_BATCH = {"restarts": 32, "steps": 300, "adaptivity": 0.05, "threshold": 0.003}
MINIBATCH = {"restarts": 1, "adaptivity": 1e-3, "threshold": 1e-7}


@final
@dataclass(frozen=True)
class Flips(Rule):
    """Weights, and the means of their past gradients."""

    adaptivity: float
    threshold: float
    samples = 1
    cools = False

    def begin(self, start: Float[Array, " n"]) -> Any:
        return start, jnp.zeros_like(start)

    def propose(self, state: Any, key: RandomKey) -> Proposal:
        del key
        spins = state[0][None]
        return Proposal(spins, jnp.ones_like(spins))

    def update(self, state: Any, gradient: Float[Array, " n"], examples: int, fraction: Float[Array, ""]) -> Any:
        spins, momentum = state
        adaptivity = self.adaptivity * fraction
        momentum = (1 - adaptivity) * momentum + adaptivity * gradient / examples
        return jnp.where(momentum * spins > self.threshold, -spins, spins), momentum


@partial(jax.jit, static_argnames=("rule", "settings"))
def train_by_flips(
    seed: UInt32[Array, ""], potential: Potential, *, rule: Flips, settings: DescentSettings
) -> RestartNetworks:
    """The best network that each restart met; with minibatches, its last one."""
    key = jax.random.key(seed)
    starts = potential.draw_prior(settings.restarts, key=key)
    return descend(rule, settings, potential, starts, key=jax.random.fold_in(key, LAST)).networks
