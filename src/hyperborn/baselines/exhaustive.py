"""The best of all 2^n networks."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from hyperborn.baselines.baseline import Baseline, Ensemble
from hyperborn.bits import bits_of
from hyperborn.data.dataset import Dataset
from hyperborn.energy import energies
from hyperborn.networks import Network
from hyperborn.priors import Prior, Uniform
from hyperborn.training.definition import check_kinds


@final
@dataclass(frozen=True)
class Exhaustive(Baseline):
    """The network of maximum a posteriori probability, found by enumeration; of equals, the lowest index.

    For up to 24 weights, under any prior; nothing about it is random.
    """

    name: ClassVar[str] = "exhaustive"
    enumerates: ClassVar[bool] = True

    def fit(self, network: Network, data: Dataset, *, prior: Prior = Uniform(), seed: int = 0) -> Ensemble:
        del seed
        check_kinds(network=network, data=data, prior=prior)
        prior.check(network)
        potentials = energies(network, data.train) - prior.log_probabilities(network)
        return Ensemble(network, bits_of(np.argmin(potentials, keepdims=True), network.n_weights))
