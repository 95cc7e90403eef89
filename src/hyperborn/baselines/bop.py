"""The binary optimizer Bop."""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, final

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, UInt32

from hyperborn._typing import RandomKey
from hyperborn.baselines.baseline import Baseline, Ensemble, positive
from hyperborn.baselines.descent import LAST, Course, Place, Proposal, Rule, planned, walk
from hyperborn.baselines.minibatches import check_counts
from hyperborn.baselines.potential import Potential, lowest, potential_of, seed_of
from hyperborn.data.dataset import Dataset
from hyperborn.networks import Network
from hyperborn.priors import Prior, Uniform


@final
@dataclass(frozen=True)
class Bop(Baseline):
    """A weight flips when the mean of past gradients says so clearly (arXiv 1906.02107, Algorithm 1).

    There are no latent weights. With the gradient g of the potential an example, m ← (1 - adaptivity) m + adaptivity g,
    and a weight flips if the size of its m exceeds the threshold (nats an example) and its sign is that of the weight.
    Side parameters follow by Adam. ``batch_size`` and what None stands for: see `hyperborn.baselines`; with minibatches
    it is the adaptivity that falls. Then adaptivities of 0.001 to 0.1 and thresholds of 1e-7 to 1e-3 were tried: on
    digits thresholds up to 1e-4 are alike (95% to 96% of the validation examples) and larger ones worse; on MNIST the
    lowest were best (0.01 with 1e-4: 90.6%, with 1e-5: 94.6%, with 1e-6: 94.8%; 0.001 with 1e-7: 95.3%).
    """

    name: ClassVar[str] = "bop"
    restarts: int | None = None
    steps: int | None = None
    adaptivity: float | None = None
    threshold: float | None = None
    batch_size: int | None = None
    side_rate: float = 0.01

    def __post_init__(self) -> None:
        check_counts(self, "restarts", "steps", "batch_size")
        if self.adaptivity is not None:
            positive("adaptivity", self.adaptivity, 1.0)
        if self.threshold is not None:
            positive("threshold", self.threshold)
        positive("side_rate", self.side_rate)

    def fit(self, network: Network, data: Dataset, *, prior: Prior = Uniform(), seed: int = 0) -> Ensemble:
        potential = potential_of(network, data, prior, self.name)
        course, own = planned(self, len(data.train), whole=WHOLE, parts=PARTS)
        place = train(seed_of(seed), potential, rule=Flips(**own), course=course)
        return lowest(network, data, prior, self.name, place.spins, place.side)


WHOLE = {"restarts": 32, "steps": 300, "adaptivity": 0.05, "threshold": 0.003}
PARTS = {"restarts": 1, "adaptivity": 1e-3, "threshold": 1e-7}


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


@partial(jax.jit, static_argnames=("rule", "course"))
def train(seed: UInt32[Array, ""], potential: Potential, *, rule: Flips, course: Course) -> Place:
    """The best network that each restart met; with minibatches the last one."""
    key = jax.random.key(seed)
    starts = potential.draw_prior(course.restarts, key=key)
    return walk(rule, course, potential, starts, key=jax.random.fold_in(key, LAST)).place
