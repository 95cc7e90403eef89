"""The mean-field posterior of highest ELBO, trained with a circuit without entanglement."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Examples
from hyperborn.baselines.baseline import Baseline, Predictor
from hyperborn.circuits import ProductState
from hyperborn.data.dataset import Dataset
from hyperborn.errors import whole_number
from hyperborn.networks import Network
from hyperborn.posteriors import Register
from hyperborn.priors import Prior, Uniform
from hyperborn.progress import Progress
from hyperborn.training import Adam, Result
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.definition import check_kinds
from hyperborn.training.fit import run
from hyperborn.training.regime import Resources


@final
@dataclass(frozen=True, eq=False)
class TrainedMeanField(Predictor):
    """Predicts with the exact sum over all networks."""

    result: Result

    def predict_proba(self, x: Examples) -> Float[np.ndarray, "examples classes"]:
        return self.result.predict_proba(x, calibrated=False)


@final
@dataclass(frozen=True)
class MeanField(Baseline):
    """Independent bits: the ELBO of a circuit without entanglement, with exact gradients, under any prior.

    The ELBO has many local optima, which differ in what each hidden unit does. So restarts begin at angles with a
    standard deviation of `SPREAD`, and without annealing, which would lead all of them to the same optimum. It takes up
    to 24 weights: its expectations are sums over all 2^n networks. BayesBiNN learns the same posterior from samples,
    at any size.
    """

    name: ClassVar[str] = "mean-field"
    enumerates: ClassVar[bool] = True
    steps: int = 100
    restarts: int = 16

    def __post_init__(self) -> None:
        whole_number("steps", self.steps, 1)
        whole_number("restarts", self.restarts, 1)

    def fit(self, network: Network, data: Dataset, *, prior: Prior = Uniform(), seed: int = 0) -> TrainedMeanField:
        check_kinds(network=network, data=data)
        posterior = Register(ProductState(network.n_weights))
        definition = definition_with_defaults(
            network,
            len(data.train),
            posterior=posterior,
            prior=prior,
            optimizer=Adam(LEARNING_RATE),
            annealing=None,
            steps=self.steps,
            restarts=self.restarts,
            seed=seed,
            spread=SPREAD,
        )
        return TrainedMeanField(run(definition, data, Resources(Progress(enabled=False))))


SPREAD = 1.5
"""Standard deviation of the initial angles (radians) around the prior's state."""
LEARNING_RATE = 0.1
"""Of Adam (radians): three times what suits deeper circuits."""
