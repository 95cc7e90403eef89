"""What every estimator is: a way from a functional of q to a gradient of its parameters."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from hyperborn.networks import Network
from hyperborn.objectives.objectives import Objective
from hyperborn.posteriors import Posterior
from hyperborn.priors import Prior
from hyperborn.training.optimizers import Optimizer


@dataclass(frozen=True)
class Estimator(ABC):
    """From a functional of q to a gradient of the parameters; a frozen dataclass of settings.

    The estimator decides how a run is trained: `regime` names one of `hyperborn.training.regimes.REGIMES`.
    """

    name: ClassVar[str]
    regime: ClassVar[str]

    @abstractmethod
    def check(self, posterior: Posterior, network: Network | int) -> None:
        """Raise a UserError, with what would fit, if the estimator cannot serve these."""

    @abstractmethod
    def check_training(
        self, posterior: Posterior, network: Network | int, objective: Objective, prior: Prior, optimizer: Optimizer
    ) -> None:
        """Raise a UserError, with what would fit, if a posterior that `check` accepts does not go with the rest."""
