"""The ways of training: what all of them have in common.

A regime is one way from a definition and data to a trained posterior. `exact` enumerates all networks, `minibatch`
draws networks from registers and examples from the data, `shots` measures circuits on a backend. The estimator of a run
says which one it is (`hyperborn.training.regimes`); everything that depends on it is a method here.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Array, Float, UInt8

from hyperborn._typing import Bits, Examples
from hyperborn.backends.jobs.budget import Forecast, Limits
from hyperborn.backends.outcomes import Outcomes
from hyperborn.energy import EnergySource
from hyperborn.errors import UserError
from hyperborn.networks import Network
from hyperborn.objectives.objectives import Objective
from hyperborn.posteriors import Posterior
from hyperborn.predictive import Predictions
from hyperborn.priors import Prior, Uniform
from hyperborn.progress import Progress
from hyperborn.training.annealing import AnnealingSchedule
from hyperborn.training.definition import Definition
from hyperborn.training.estimator import Estimator
from hyperborn.training.optimizers import Optimizer
from hyperborn.training.plateau import Plateau
from hyperborn.training.state import TrainState


class Diagnosis(NamedTuple):
    """Of every restart: loss, E_q[energy] and KL(q ‖ prior), in nats, and the bits of the most probable network.

    KL is not a number where q is known by shots alone.
    """

    loss: Float[Array | np.ndarray, " restarts"]
    expected_energy: Float[Array | np.ndarray, " restarts"]
    kl: Float[Array | np.ndarray, " restarts"]
    most_probable: UInt8[Array | np.ndarray, "restarts n"]


class Findings(NamedTuple):
    """What is reported of trained parameters.

    `numbers` go by the names in `Regime.numbers`; nats, float64. `outcomes` are the networks that a backend gave, None
    where predictions do without.
    """

    numbers: dict[str, float]
    outcomes: Outcomes | None


@dataclass(frozen=True)
class Resources:
    """What training may use.

    Attributes:
        progress: where stages and notes are shown.
        limits: the most shots, jobs and seconds of a backend altogether. None: the limits of the earlier start.
        patience: seconds that a job may take, its time in the queue included; a day if None.
        ledger: file that keeps every job of a backend; in memory if None.
        resumed: whether the run was begun before, so that a ledger should be there.
    """

    progress: Progress
    limits: Limits | None = None
    patience: float | None = None
    ledger: Path | None = None
    resumed: bool = False


class Problem(ABC):
    """A definition bound to its energies, ready to be trained."""

    @abstractmethod
    def advance(self, state: TrainState, steps: int) -> tuple[TrainState, Diagnosis]:
        """The state so many steps later, and how every restart stands then, in float64.

        With no steps it compiles the program, or loads one that was compiled before.
        """

    def advance_unseen(self, state: TrainState, steps: int) -> TrainState:
        """The state so many steps later, where nobody asks how it stands: a regime may save the work of saying so."""
        return self.advance(state, steps)[0]

    @abstractmethod
    def findings(self, params: Float[np.ndarray, "..."]) -> Findings:
        """What is reported of trained parameters; on a backend, of one measurement."""


LazyDistribution: TypeAlias = Callable[[], Float[np.ndarray, " states"]]
"""Gives q(w) of all 2^n networks in index order, float64, and computes it only when it is called."""


class PosteriorPredictor(ABC):
    """What a trained posterior says of its bits, and by them, not calibrated, of new examples."""

    @property
    @abstractmethod
    def n_networks(self) -> int:
        """Number of networks whose predictions are averaged."""

    @abstractmethod
    def predictive(self, network: Network, x: Examples) -> Predictions:
        """The posterior predictive of a network with its side parameters as they were learnt."""

    @abstractmethod
    def marginals(self) -> Float[np.ndarray, " n"]:
        """Probability that each bit is 1, float64."""

    @abstractmethod
    def sample(self, shots: int, seed: int) -> Bits:
        """Networks drawn from the posterior, (shots, n)."""

    @abstractmethod
    def most_probable(self, k: int) -> Bits:
        """The k most probable networks, (k, n), most probable first.

        Raises:
            UserError: if so many are not known.
        """


class Regime(ABC):
    """One way of training."""

    name: ClassVar[str]
    numbers: ClassVar[tuple[str, ...]]
    """What is reported of a result, in the order in which it is shown."""
    may_lack: ClassVar[tuple[str, ...]] = ()
    """Numbers that are left out where they are not known; older results lack them, too."""
    estimators: ClassVar[type[Estimator]]
    """What its estimators are."""
    restarts: ClassVar[int]
    """Default number of independent starts."""
    learning_rates: ClassVar[Mapping[type[Optimizer], float]] = {}
    """Default learning rates (radians) of the optimizers that have another here than of their own."""
    needs_outcomes: ClassVar[bool] = False
    """Whether predictions are made by networks that a backend gave."""
    enumerates: ClassVar[bool] = False
    """Whether all 2^n networks are enumerated, so that the exact posterior is known."""
    draws_networks: ClassVar[bool] = False
    """Whether networks are drawn from many registers."""
    on_backend: ClassVar[bool] = False
    """Whether circuits are measured on a backend."""

    # What it takes, and its defaults.

    @abstractmethod
    def takes(self, posterior: Posterior) -> bool:
        """Whether a posterior is trained this way where no estimator is named."""

    @abstractmethod
    def default_estimator(self) -> Estimator:
        """The estimator that serves where none is named."""

    def default_beta(self, prior: Prior) -> float:
        """β of an ELBO for which none is chosen, under a prior."""
        del prior
        return 1.0

    @abstractmethod
    def default_objective(self, prior: Prior = Uniform(), *, predicts: bool = True) -> Objective:
        """The objective that serves where none is named, for networks that predict or for bits alone."""

    @abstractmethod
    def default_optimizer(self, estimator: Estimator) -> Optimizer:
        """The optimizer that suits an estimator."""

    @abstractmethod
    def default_steps(self, examples: int, batch_size: int) -> int:
        """Steps for so many training examples."""

    # Its steps.

    @abstractmethod
    def prepare(
        self, definition: Definition, energies: EnergySource, resources: Resources
    ) -> AbstractContextManager[Problem]:
        """The problem of a definition and its energies, for as long as the context is open.

        Raises:
            UserError: if resources are given that the regime does not use, or a backend refuses.
        """

    @abstractmethod
    def memory(self, definition: Definition, params: Any) -> Any:
        """What the first state remembers beside its parameters; () for nothing."""

    @abstractmethod
    def record_every(self, definition: Definition) -> int:
        """Steps between two records of losses."""

    def annealing(self, definition: Definition) -> AnnealingSchedule | None:
        """The annealing, if energies are turned up as training goes."""
        del definition
        return None

    def plateau(self, definition: Definition) -> Plateau | None:
        """The plateau that ends training early, if losses are exact enough for one."""
        del definition
        return None

    # What it reports and how it predicts.

    @abstractmethod
    def predictor(
        self, definition: Definition, params: np.ndarray, distribution: LazyDistribution
    ) -> PosteriorPredictor:
        """What a trained posterior says of its bits and of new examples.

        Args:
            definition: of the run.
            params: of the posterior, in its shape.
            distribution: gives q(w) of all 2^n networks, and keeps it.
        """

    def label(self, definition: Definition) -> str | None:
        """Name of the backend that circuits were run on, if any."""
        del definition
        return None

    def forecast(self, definition: Definition) -> Forecast | None:
        """What a run will take of a backend; None where nothing is measured.

        Raises:
            UserError: if the backend cannot be reached or is too small.
        """
        del definition
        return None

    @abstractmethod
    def check_exact(self, definition: Definition) -> None:
        """Raise a UserError if the exact posterior is not known."""


def check_no_backend(resources: Resources) -> None:
    """Raise a UserError for limits of a run that spends nothing."""
    if resources.limits not in (None, Limits()):
        raise UserError(
            f"limits = {resources.limits}: the run is on no backend, so that nothing is spent; leave the limits out"
        )
