"""BayesBiNN: a mean-field Bernoulli posterior by the Bayesian learning rule."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Key, UInt32

from hyperborn._typing import RandomKey
from hyperborn.baselines.baseline import Baseline, Ensemble, ensemble_of_draws, positive
from hyperborn.baselines.heat_bath import values_of
from hyperborn.baselines.potential import Potential, potential_of, seed_of
from hyperborn.data.dataset import Dataset
from hyperborn.errors import whole_number
from hyperborn.networks import Network
from hyperborn.priors import Prior, Uniform


@final
@dataclass(frozen=True)
class BayesBiNN(Baseline):
    """Independent weights with natural parameters λ, q(w = +1) = 1 / (1 + exp(-2 λ)) (Meng, Bachmann and Khan, 2020).

    The natural gradient of the ELBO with respect to λ is the gradient with respect to the mean tanh(λ), which gives the
    Bayesian learning rule λ ← (1 - α) λ - α [∇_mean E_q[energy] - λ_0], λ_0 the prior's. The gradient is estimated at
    relaxed weights w = tanh((λ + δ) / τ), δ = log(u / (1 - u)) / 2 with u uniform, as s · ∇_w energy(w) with
    s = (1 - w²) / (τ (1 - tanh(λ)²)) (arXiv 2002.10778, equation 8 for s and Table 1 for the step).
    Here gradients are those of all training examples, averaged over ``samples`` draws, and α falls to 0 along a
    half cosine. Of several restarts the one with the best ELBO, estimated from its draws, is kept; it predicts with the
    mean over ``draws`` networks.
    """

    __no_type_check__ = True

    name: ClassVar[str] = "bayesbinn"
    restarts: int = 8
    steps: int = 1000
    samples: int = 8
    learning_rate: float = 0.01
    temperature: float = 0.15
    draws: int = 512

    def __post_init__(self) -> None:
        for setting in ("restarts", "steps", "samples", "draws"):
            whole_number(setting, getattr(self, setting), 1)
        positive("learning_rate", self.learning_rate, 1.0)
        positive("temperature", self.temperature)

    def fit(self, network: Network, data: Dataset, *, prior: Prior = Uniform(), seed: int = 0) -> Ensemble:
        potential = potential_of(network, data, prior, self.name)
        natural, draws = learn(seed_of(seed), potential, settings=self)
        marginals = 0.5 + 0.5 * np.tanh(np.asarray(natural, dtype=np.float64))
        return ensemble_of_draws(network, np.asarray(draws).astype(np.uint8), marginals)


SPREAD = 0.5
"""Standard deviation of the natural parameters around the prior's at the start."""


@partial(jax.jit, static_argnames="settings")
def learn(
    seed: UInt32[Array, ""], potential: Potential, *, settings: BayesBiNN
) -> tuple[Float[Array, " n"], Bool[Array, "draws n"]]:
    """Natural parameters of the best restart, and draws from it: whether each weight is the high one."""
    starting, stepping, drawing = jax.random.split(jax.random.key(seed), 3)
    prior = 0.5 * potential.log_odds

    def step(natural: Array, given: tuple[Array, RandomKey]) -> tuple[Array, None]:
        rate, key = given
        gradients = mean_gradients(potential.energy, natural, key, settings)
        return jnp.clip((1 - rate) * natural - rate * (gradients - prior), -LARGEST, LARGEST), None

    rates = settings.learning_rate * 0.5 * (1 + jnp.cos(jnp.pi * jnp.arange(settings.steps) / settings.steps))

    def restart(start: Array, keys: Key[Array, " steps"]) -> Array:
        return jax.lax.scan(step, start, (rates, keys))[0]

    starts = prior[None] + SPREAD * jax.random.normal(starting, (settings.restarts, len(prior)))
    naturals = jax.vmap(restart)(starts, jax.random.split(stepping, (settings.restarts, settings.steps)))

    def drawn(natural: Array, key: RandomKey) -> Bool[Array, "draws n"]:
        return jax.random.bernoulli(key, jax.nn.sigmoid(2 * natural)[None], (settings.draws, len(prior)))

    def mean_potential(given: tuple[Array, RandomKey]) -> Float[Array, ""]:
        return values_of(potential, jnp.where(drawn(*given), 1.0, -1.0)).mean()

    # The best one's draws are made twice, so that only those of one restart are held, 4 bytes a weight.
    keys = jax.random.split(drawing, settings.restarts)
    best = jnp.argmin(jax.lax.map(mean_potential, (naturals, keys)) - entropies(naturals))
    return naturals[best], drawn(naturals[best], keys[best])


def mean_gradients(
    energy: Callable[[Float[Array, " n"]], Float[Array, ""]], natural: Array, key: RandomKey, settings: BayesBiNN
) -> Float[Array, " n"]:
    """Estimated gradient of the expected energy (nats) of spins with respect to their mean tanh(λ)."""
    uniform = jax.random.uniform(key, (settings.samples, len(natural)), minval=TINY, maxval=1.0)
    logits = (natural[None] + 0.5 * (jnp.log(uniform) - jnp.log1p(-uniform))) / settings.temperature
    gradients = jax.vmap(jax.grad(energy))(jnp.tanh(logits))
    # The two factors of s are products of sigmoids, since 1 - tanh² has no digits left where tanh is near 1.
    scales = spread(logits) / (settings.temperature * spread(natural)[None])
    return (scales * gradients).mean(axis=0)


LARGEST = 8.0
"""Natural parameters are kept within this, where the other value of a weight has a probability of 1e-7: the variance of
s grows as exp(2 λ), and a large step would take them where nothing brings them back."""

TINY = float(np.finfo(np.float32).tiny)
"""Least uniform number, for its logarithm to be finite."""


def spread(natural: Float[Array, "..."]) -> Float[Array, "..."]:
    """1 - tanh(λ)²."""
    return 4 * jax.nn.sigmoid(2 * natural) * jax.nn.sigmoid(-2 * natural)


def entropies(naturals: Float[Array, "restarts n"]) -> Float[Array, " restarts"]:
    """Entropy (nats) of independent bits."""
    ones = jax.nn.sigmoid(2 * naturals)
    logarithms = ones * jax.nn.log_sigmoid(2 * naturals) + (1 - ones) * jax.nn.log_sigmoid(-2 * naturals)
    return -logarithms.sum(axis=1)
