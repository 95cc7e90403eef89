"""What every baseline takes and returns, and the checks and defaults of its settings."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits, Examples
from hyperborn.bits import distinct_rows
from hyperborn.data.dataset import Dataset
from hyperborn.errors import UserError, is_number, whole_number
from hyperborn.networks import Network
from hyperborn.predictive import posterior_predictive
from hyperborn.priors import Prior, Uniform

EPOCHS = 40
"""Epochs of a baseline on minibatches whose steps are not given.

The rates of each method were chosen at this length on digits (see `hyperborn.baselines`). The tables of
docs/registers.md give every method the same number of steps instead.
"""


class Predictor(ABC):
    """A trained baseline."""

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
    enumerates: ClassVar[bool] = False
    """Whether it looks at all 2^n networks, which limits their weights."""

    @abstractmethod
    def fit(self, network: Network, data: Dataset, *, prior: Prior = Uniform(), seed: int = 0) -> Predictor:
        """Learn from the training split alone; the same arguments give the same result.

        Args:
            network: the network whose weights are learnt.
            data: only the models of full precision look at ``data.validation``, to choose their regularisation. None
                looks at ``data.test``.
            prior: over the weights. Each baseline says whether it uses the prior.
            seed: of everything random.

        Raises:
            UserError: if an argument is not what it should be, or they do not fit each other.
        """


@final
@dataclass(frozen=True, eq=False)
class Ensemble(Predictor):
    """Networks as rows of bits (networks, n); their predictions are averaged, with equal weights if `weights` is None.

    Where they were drawn from independent bits, `marginals` holds the probability that each bit is 1.
    """

    network: Network
    bits: Bits
    weights: Float[np.ndarray, " networks"] | None = None
    marginals: Float[np.ndarray, " n"] | None = None

    def predict_proba(self, x: Examples) -> Float[np.ndarray, "examples classes"]:
        return posterior_predictive(self.network, x, self.bits, self.weights)


def ensemble_of_draws(network: Network, bits: Bits, marginals: Float[np.ndarray, " n"] | None = None) -> Ensemble:
    """The ensemble of drawn networks: each is evaluated once, and weighted by how often it was drawn."""
    drawn, _, counts = distinct_rows(bits)
    return Ensemble(network, drawn, counts / len(bits), marginals)


def check_whole_numbers(settings: Any, *names: str) -> None:
    """Raise a UserError for a named setting that is neither None nor a whole number of at least 1."""
    for name in names:
        value = getattr(settings, name)
        if value is not None:
            whole_number(name, value, 1)


def check_positive(settings: Any, name: str, most: float = math.inf, *, optional: bool = False) -> None:
    """Raise a UserError for a setting that is not a positive number of at most `most`; an optional one may be None."""
    value = getattr(settings, name)
    if not (optional and value is None) and not (is_number(value) and 0 < value <= most):
        allowed = "" if most == math.inf else f" of at most {most:g}"
        raise UserError(f"{name}={value!r} must be a positive number{allowed}")


def with_defaults(settings: Any, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that the defaults name; each default stands where the setting is None."""
    given = {name: getattr(settings, name) for name in defaults}
    return {name: defaults[name] if value is None else value for name, value in given.items()}
