"""Training from shots: its posteriors, its defaults, and predictions from measured networks."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, cast, final

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits, Examples
from hyperborn.backends.backend import Backend
from hyperborn.backends.boundary import connected
from hyperborn.backends.jobs.budget import Forecast
from hyperborn.backends.jobs.ledger import Ledger
from hyperborn.backends.jobs.retry import RetryPolicy
from hyperborn.backends.jobs.sampler import LedgerSampler
from hyperborn.backends.names import identity_of
from hyperborn.backends.outcomes import Outcomes, most_frequent
from hyperborn.energy import EnergySource
from hyperborn.errors import UserError
from hyperborn.networks import Network
from hyperborn.objectives.objectives import SELBO, Objective
from hyperborn.posteriors import Posterior
from hyperborn.predictive import Predictions, predictions_of_networks
from hyperborn.priors import Prior, Uniform
from hyperborn.training.definition import Definition
from hyperborn.training.estimator import Estimator
from hyperborn.training.interruption import give_way
from hyperborn.training.optimizers import Adam, Gains, Optimizer
from hyperborn.training.regime import LazyDistribution, PosteriorPredictor, Problem, Regime, Resources
from hyperborn.training.shots.estimator import ShotEstimator
from hyperborn.training.shots.forecast import forecast_of
from hyperborn.training.shots.posteriors import ShotPosterior
from hyperborn.training.shots.spsa import SPSA
from hyperborn.training.shots.steps import Memory, ShotsProblem

STEPS = 100
"""Default number of steps, each of which is one job."""

MOST_RECORDS = 200
"""Approximate number of records of a run."""


@final
class ShotsRegime(Regime):
    """Circuits are measured on a backend, job by job; numbers are estimates from the shots of the result."""

    name = "shots"
    on_backend = True
    numbers = ("loss", "expected_energy", "standard_error", "penalty")
    may_lack = ("standard_error",)
    estimators = ShotEstimator
    restarts = 1
    learning_rates: ClassVar[Mapping[type[Optimizer], float]] = {Adam: 0.1}
    needs_outcomes = True

    def takes(self, posterior: Posterior) -> bool:
        return isinstance(posterior, ShotPosterior)

    def default_estimator(self) -> Estimator:
        return SPSA()

    def default_objective(self, prior: Prior = Uniform(), *, predicts: bool = True) -> Objective:
        del prior, predicts
        return SELBO()

    def default_optimizer(self, estimator: Estimator) -> Optimizer:
        return Gains() if cast(ShotEstimator, estimator).takes_gains else Adam(self.learning_rates[Adam])

    def default_steps(self, examples: int, batch_size: int) -> int:
        del examples, batch_size
        return STEPS

    @contextmanager
    def prepare(self, definition: Definition, energies: EnergySource, resources: Resources) -> Iterator[Problem]:
        backend = backend_of(definition)
        # Before a file is made.
        identity = identity_of(backend, resources.ledger)
        with closing(opened(backend, resources)) as ledger:
            sampler = LedgerSampler(
                connected(backend),
                identity,
                ledger,
                retry_policy=RetryPolicy() if resources.patience is None else RetryPolicy(patience=resources.patience),
                note=resources.progress.note,
                waiting=lambda _: give_way(),
            )
            yield ShotsProblem(definition, energies, sampler)

    def memory(self, definition: Definition, params: Any) -> Memory:
        restarts, unknown = definition.restarts, np.full(definition.restarts, np.nan)
        networks = np.zeros((restarts, definition.n_weights), np.uint8)
        return Memory(unknown, unknown, networks, np.zeros(params.shape))

    def record_every(self, definition: Definition) -> int:
        return max(1, definition.steps // MOST_RECORDS)

    def predictor(
        self, definition: Definition, params: np.ndarray, distribution: LazyDistribution
    ) -> PosteriorPredictor:
        del definition, params, distribution
        raise UserError("the measured networks are missing; measure the circuit again, with Result.on")

    def label(self, definition: Definition) -> str:
        return backend_of(definition).label

    def forecast(self, definition: Definition) -> Forecast:
        return forecast_of(definition)

    def check_exact(self, definition: Definition) -> None:
        del definition
        raise UserError("of shots no exact posterior is known; leave backend out")


def backend_of(definition: Definition) -> Backend:
    """The backend of a definition whose estimator uses shots."""
    return cast(ShotPosterior, definition.posterior).backend


def opened(backend: Backend, resources: Resources) -> Ledger:
    """The ledger of a run.

    Raises:
        UserError: if jobs cost money and there is no file for them, or their file is missing.
    """
    path = resources.ledger
    if path is None:
        if connected(backend).metered:
            raise UserError(f"shots of {backend.label} are paid for: give ledger='jobs.sqlite', a file that keeps them")
        return Ledger.in_memory(resources.limits)
    if resources.resumed and not path.exists() and connected(backend).metered:
        raise UserError(
            f"{path} is missing, with all jobs that were paid for; restore it from a copy, or train again with --force"
        )
    return Ledger.create_or_open(path, resources.limits)


@dataclass(frozen=True, eq=False)
class OutcomesPredictor(PosteriorPredictor):
    """Predictions from measured networks with their weights; `sample` draws from these networks."""

    found: Outcomes

    @property
    def n_networks(self) -> int:
        return len(self.found.bits)

    def predictive(self, network: Network, x: Examples) -> Predictions:
        return predictions_of_networks(network, x, self.found.bits, self.found.weights)

    def marginals(self) -> Float[np.ndarray, " n"]:
        return self.found.weights @ self.found.bits

    def sample(self, shots: int, seed: int) -> Bits:
        places = np.random.default_rng(seed).choice(len(self.found.bits), shots, p=self.found.weights)
        return self.found.bits[places]

    def most_probable(self, k: int) -> Bits:
        return most_frequent(self.found, k)
