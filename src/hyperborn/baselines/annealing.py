"""Simulated annealing."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import UInt32

from hyperborn.baselines import heat_bath
from hyperborn.baselines.baseline import Baseline, Ensemble, check_positive
from hyperborn.baselines.potential import Chains, Potential, Spins, better_of, lowest_network, potential_of, seed_of
from hyperborn.data.dataset import Dataset
from hyperborn.errors import whole_number
from hyperborn.networks import Network
from hyperborn.priors import Prior, Uniform


@final
@dataclass(frozen=True)
class SimulatedAnnealing(Baseline):
    """Parallel chains of heat-bath sweeps whose temperature falls geometrically; the best network met is kept.

    Energies grow with the data, and so must the first temperature: it is the standard deviation of the potential over
    the starts (White, "Concepts of scale in simulated annealing", 1984). The last one is ``coldest``, in nats, below
    which differences hardly matter (Kirkpatrick, Gelatt and Vecchi, "Optimization by simulated annealing", 1983).
    """

    name: ClassVar[str] = "simulated-annealing"
    chains: int = 32
    sweeps: int = 100
    coldest: float = 0.1

    def __post_init__(self) -> None:
        whole_number("chains", self.chains, 2, why=", because the first temperature is measured over chains")
        whole_number("sweeps", self.sweeps, 2)
        check_positive(self, "coldest")

    def fit(self, network: Network, data: Dataset, *, prior: Prior = Uniform(), seed: int = 0) -> Ensemble:
        potential = potential_of(network, data, prior, self.name)
        return lowest_network(network, data, prior, self.name, anneal(seed_of(seed), potential, settings=self))


@partial(jax.jit, static_argnames="settings")
def anneal(seed: UInt32[Array, ""], potential: Potential, *, settings: SimulatedAnnealing) -> Spins:
    """The best network that each chain met, looked at after every sweep."""
    first, moves = jax.random.split(jax.random.key(seed))
    chains = heat_bath.start_chains(potential, settings.chains, key=first)
    hottest = jnp.maximum(chains.values.std(), settings.coldest)
    temperatures = jnp.geomspace(hottest, settings.coldest, settings.sweeps)

    def step(state: tuple[Chains, Chains], given: tuple[Array, Array]) -> tuple[tuple[Chains, Chains], None]:
        chains, best = state
        temperature, key = given
        chains = heat_bath.sweep(potential, chains, 1 / temperature, key=key)
        return (chains, better_of(chains, best)), None

    keys = jax.random.split(moves, settings.sweeps)
    (_, best), _ = jax.lax.scan(step, (chains, chains), (temperatures, keys))
    return best.spins
