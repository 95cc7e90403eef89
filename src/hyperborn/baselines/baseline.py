"""What every rival of the quantum hypernetwork takes and gives."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits, Examples
from hyperborn.bits import distinct_rows
from hyperborn.data.dataset import Dataset
from hyperborn.errors import UserError, is_number
from hyperborn.networks import Network
from hyperborn.predictive import posterior_predictive
from hyperborn.priors import Prior, Uniform


class Predictor(ABC):
    """What a baseline has learnt."""

    @abstractmethod
    def predict_proba(self, x: Examples) -> Float[np.ndarray, "examples classes"]:
        """Probability of each class for preprocessed features (examples, features), float64.

        Raises:
            UserError: if the features do not fit.
        """


class Baseline(ABC):
    """A way to learn a network's weights; a frozen dataclass of settings.

    Settings out of range are a UserError when they are given.
    """

    name: ClassVar[str]

    @abstractmethod
    def fit(self, network: Network, data: Dataset, *, prior: Prior = Uniform(), seed: int = 0) -> Predictor:
        """Learn from the training split alone; the same arguments give the same result.

        Args:
            network: the network whose weights are learnt.
            data: ``data.validation`` is looked at by the models of full precision only, to choose their
                regularisation, and ``data.test`` by none.
            prior: over the weights; what takes it, and what ignores it, is said by the baseline.
            seed: of everything random.

        Raises:
            UserError: if an argument is not what it should be, or they do not fit each other.
        """


@final
@dataclass(frozen=True, eq=False)
class Ensemble(Predictor):
    """Networks as rows of bits (networks, n), whose predictions are averaged with weights, equal ones for None.

    Where they were drawn from independent bits, `marginals` holds the probability that each bit is 1.
    """

    network: Network
    bits: Bits
    weights: Float[np.ndarray, " networks"] | None = None
    marginals: Float[np.ndarray, " n"] | None = None

    def predict_proba(self, x: Examples) -> Float[np.ndarray, "examples classes"]:
        return posterior_predictive(self.network, x, self.bits, self.weights)


def ensemble_of_draws(network: Network, bits: Bits, marginals: Float[np.ndarray, " n"] | None = None) -> Ensemble:
    """The ensemble of drawn networks: each counts as often as it was drawn, and is evaluated once."""
    drawn, _, counts = distinct_rows(bits)
    return Ensemble(network, drawn, counts / len(bits), marginals)


def positive(name: str, value: Any, most: float = math.inf) -> float:
    """The value of a setting that is a positive number.

    Raises:
        UserError: if it is none, or over the most.
    """
    if not (is_number(value) and 0 < value <= most):
        allowed = "" if most == math.inf else f" of at most {most:g}"
        raise UserError(f"{name}={value!r} must be a positive number{allowed}")
    return float(value)
