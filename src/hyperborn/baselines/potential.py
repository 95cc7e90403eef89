"""The potential U(w, s) = energy(w, s) - log p(w) - log p(s) of a network's weights w and side parameters s.

Searches minimise it, and Markov chains sample from exp(-U). Side parameters have a standard normal prior, and stay at 0
where a method does not learn them.

Weights are spins here: -1 is the low value of the network and +1 the high one. Numbers between -1 and +1 are weights
between the two values, so that there are gradients. Float32 holds a potential to about 1e-7 of the energy; whatever is
chosen or reported is computed again in float64.
"""

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias, final

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from hyperborn._typing import Bits, RandomKey
from hyperborn.baselines.baseline import Ensemble
from hyperborn.bits import distinct_rows
from hyperborn.compilation import check_process
from hyperborn.data.dataset import Dataset
from hyperborn.energy import energy
from hyperborn.energy.likelihood import checked_examples
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network, fitted
from hyperborn.priors import Bernoulli, Prior, Uniform
from hyperborn.training.definition import LARGEST_SEED, check_kinds

Spins: TypeAlias = Float[Array, "chains n"]
"""Weight vectors of -1 and +1, one a row."""
Values: TypeAlias = Float[Array, " chains"]
"""Potentials (nats) of rows of spins."""


class Chains(NamedTuple):
    """The current networks of parallel chains, starts or restarts, and their potentials (nats)."""

    spins: Spins
    values: Values


MEMORY = 256 * 2**20
"""Bytes of temporary arrays up to which potentials are computed at once."""


@final
@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Potential:
    """U of a network on given examples, up to a constant, under a prior of independent bits.

    ``times`` says how often each example counts, ``weights`` how often it counts in its split, which minibatches need,
    None where that is once; ``log_odds`` are log p(bit 1) - log p(bit 0) of each weight. A pytree:
    programs are compiled once for a network and the shapes of the data.
    """

    network: Network = field(metadata={"static": True})
    x: Float[Array, "examples features"]
    y: Int[Array, " examples"]
    times: Float[Array, " examples"]
    log_odds: Float[Array, " n"]
    side: Float[Array, " side"]
    weights: Float[Array, " examples"] | None = None

    def energy(self, spins: Float[Array, " n"]) -> Float[Array, ""]:
        """Negative log likelihood (nats) of one network, summed over examples."""
        low, high = self.network.values
        weights = 0.5 * (low + high) + 0.5 * (high - low) * spins
        outputs = self.network.forward(weights, self.x, self.side)
        return (self.times * self.network.likelihood.losses(outputs, self.y)).sum()

    def penalty(self, spins: Float[Array, " n"]) -> Float[Array, ""]:
        """The priors' part of the potential of one network (nats)."""
        return 0.5 * (self.side**2).sum() - jnp.sum(0.5 * self.log_odds * (1 + spins))

    def __call__(self, spins: Float[Array, " n"]) -> Float[Array, ""]:
        """U of one network."""
        return self.energy(spins) + self.penalty(spins)

    def of_minibatch(self, rows: Int[Array, " rows"]) -> "Potential":
        """The energy of the examples in these rows, scaled to all of them; a row one past the last holds none."""
        examples = len(self.y)
        exists = rows < examples
        rows = jnp.minimum(rows, examples - 1)
        times = exists * (examples / exists.sum())
        if self.weights is not None:
            times = times * self.weights[rows]
        return replace(self, x=self.x[rows], y=self.y[rows], times=times, weights=None)

    def with_side(self, side: Float[Array, " side"]) -> "Potential":
        """The same at other side parameters."""
        return replace(self, side=side)

    def draw_prior(self, chains: int, *, key: RandomKey) -> Spins:
        """Networks drawn from the prior."""
        ones = jax.random.bernoulli(key, jax.nn.sigmoid(self.log_odds)[None], (chains, len(self.log_odds)))
        return jnp.where(ones, 1.0, -1.0)

    def at_once(self, chains: int) -> int:
        """Networks of each chain whose potentials are computed together within `MEMORY`."""
        floats = len(self.log_odds) + self.network.working_floats * len(self.x)
        return max(1, MEMORY // (4 * floats * chains))


def better_of(one: Chains, other: Chains) -> Chains:
    """For each chain, whichever of two networks has the lower potential; of equals, the other."""
    better = one.values < other.values
    return Chains(jnp.where(better[:, None], one.spins, other.spins), jnp.where(better, one.values, other.values))


def potential_of(network: Network, data: Dataset, prior: Prior, name: str) -> Potential:
    """The potential on the training split, for the baseline of this name.

    Raises:
        UserError: if something is not what its argument takes, the data do not fit the network, or the bits are not
            independent under the prior, or in a forked process.
    """
    check_kinds(network=network, data=data, prior=prior)
    check_process()
    x, y, weights = checked_examples(network, data.train)
    own = None if weights is None else jnp.asarray(weights, jnp.float32)
    return Potential(
        network,
        jnp.asarray(x, jnp.float32),
        jnp.asarray(y, jnp.int32 if network.n_classes else jnp.float32),
        jnp.ones(len(y), jnp.float32) if own is None else own,
        jnp.asarray(log_odds(network, prior, name), jnp.float32),
        jnp.zeros(network.n_side, jnp.float32),
        own,
    )


def log_odds(network: Network, prior: Prior, name: str) -> Float[np.ndarray, " n"]:
    """log p(bit 1) - log p(bit 0) of each weight, float64.

    Raises:
        UserError: if the bits are not independent under the prior.
    """
    if not isinstance(prior, Uniform | Bernoulli):
        raise UserError(
            f"prior = {type(prior).__name__}: {name} takes priors of independent bits; give Uniform or Bernoulli, or "
            "use exhaustive or mean-field"
        )
    ones = prior.marginals(network)
    return np.log(ones) - np.log1p(-ones)


def seed_of(seed: Any) -> np.uint32:
    """The seed as a number that compiled programs take as data.

    Raises:
        UserError: if it is no whole number of 32 bits.
    """
    return np.uint32(whole_number("seed", seed, 0, LARGEST_SEED))


def bits_of_spins(spins: Array) -> Bits:
    """Rows of spins, given by their signs, as rows of bits in NumPy."""
    return (np.asarray(spins) > 0).astype(np.uint8)


def lowest_network(
    network: Network,
    data: Dataset,
    prior: Prior,
    name: str,
    spins: Spins,
    sides: Float[Array, "chains side"] | None = None,
) -> Ensemble:
    """Of the given networks the one with the lowest potential, in float64; of equals, the first in order of bits.

    Each row of `sides` belongs to one network; without them all side parameters are 0.
    """
    if sides is None:
        sides = jnp.zeros((len(spins), network.n_side))
    odds = log_odds(network, prior, name)
    rows, columns = bits_of_spins(spins), np.asarray(sides, dtype=np.float64)
    found: list[tuple[float, Ensemble]] = []
    # Networks with the same side parameters, or with none, are evaluated together.
    for side in distinct_rows(columns).rows if network.n_side else columns[:1]:
        candidates = distinct_rows(rows[(columns == side).all(axis=1)]).rows
        own = fitted(network, side)
        if len(rows) == 1:
            return Ensemble(own, candidates)
        potentials = energy(own, data.train, candidates) - candidates @ odds + 0.5 * (side**2).sum()
        best = int(np.argmin(potentials))
        found.append((float(potentials[best]), Ensemble(own, candidates[[best]])))
    return min(found, key=lambda one: one[0])[1]
