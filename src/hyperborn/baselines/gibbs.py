"""Gibbs sampling of the posterior."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, UInt32

from hyperborn._typing import Bits, RandomKey
from hyperborn.baselines import heat_bath
from hyperborn.baselines.baseline import Baseline, Ensemble, ensemble_of_draws
from hyperborn.baselines.potential import Chains, Potential, potential_of, seed_of
from hyperborn.data.dataset import Dataset
from hyperborn.errors import whole_number
from hyperborn.networks import Network
from hyperborn.priors import Prior, Uniform


@final
@dataclass(frozen=True)
class Gibbs(Baseline):
    """Markov chain Monte Carlo of p(w) exp(-energy(w)) by systematic-scan Gibbs sampling (Geman and Geman, 1984).

    Chains start at networks drawn from the prior. During ``burn_in`` sweeps the inverse temperature rises geometrically
    from `START` to 1, as in annealing, so that chains reach the modes of most probability. Then the networks after each
    of ``kept`` sweeps of every chain count equally. Where modes lie far apart, chains stay in the mode that the burn-in
    ended in, and the probabilities of modes are only as good as the burn-in: a longer ``burn_in`` helps more than more
    chains. The networks take chains x kept x n bytes.
    """

    name: ClassVar[str] = "gibbs"
    chains: int = 32
    burn_in: int = 300
    kept: int = 100

    def __post_init__(self) -> None:
        whole_number("chains", self.chains, 1)
        whole_number("burn_in", self.burn_in, 1)
        whole_number("kept", self.kept, 1)

    def fit(self, network: Network, data: Dataset, *, prior: Prior = Uniform(), seed: int = 0) -> Ensemble:
        return ensemble_of_draws(network, self.draws(network, data, prior=prior, seed=seed))

    def draws(self, network: Network, data: Dataset, *, prior: Prior = Uniform(), seed: int = 0) -> Bits:
        """The networks kept, as rows of bits, chain by chain: (chains x kept, n).

        Raises:
            UserError: as for `fit`.
        """
        potential = potential_of(network, data, prior, self.name)
        ones = np.asarray(sample(seed_of(seed), potential, settings=self))
        return ones.swapaxes(0, 1).reshape(-1, network.n_weights).astype(np.uint8)


START = 0.02
"""Inverse temperature of the first sweep."""


@partial(jax.jit, static_argnames="settings")
def sample(seed: UInt32[Array, ""], potential: Potential, *, settings: Gibbs) -> Bool[Array, "kept chains n"]:
    """Whether each weight is the high one, after every kept sweep of every chain."""
    first, burning, keeping = jax.random.split(jax.random.key(seed), 3)
    chains = heat_bath.start_chains(potential, settings.chains, key=first)

    def burn(chains: Chains, given: tuple[Array, RandomKey]) -> tuple[Chains, None]:
        inverse_temperature, key = given
        return heat_bath.sweep(potential, chains, inverse_temperature, key=key), None

    def keep(chains: Chains, key: RandomKey) -> tuple[Chains, Array]:
        chains = heat_bath.sweep(potential, chains, jnp.float32(1), key=key)
        return chains, chains.spins > 0

    rising = jnp.geomspace(START, 1.0, settings.burn_in)
    chains, _ = jax.lax.scan(burn, chains, (rising, jax.random.split(burning, settings.burn_in)))
    return jax.lax.scan(keep, chains, jax.random.split(keeping, settings.kept))[1]
