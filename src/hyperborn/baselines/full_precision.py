"""Models with weights of full precision: what one bit a weight costs is measured against them."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Examples
from hyperborn.baselines.baseline import Baseline, Predictor, positive
from hyperborn.baselines.potential import seed_of
from hyperborn.data.dataset import Dataset
from hyperborn.energy.data import checked
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import BinaryMLP, Network
from hyperborn.predictive import calibrated_nll
from hyperborn.priors import Prior, Uniform
from hyperborn.training.definition import check_kinds

PENALTIES = (0.01, 0.1, 1.0, 10.0)
"""Inverse prior variances that are tried: half of one times the sum of squared weights is the penalty (nats)."""

ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic", "sign": "tanh"}
"""scikit-learn's names of a network's activations; tanh stands for the sign, which has no gradient."""


@final
@dataclass(frozen=True, eq=False)
class FullPrecision(Predictor):
    """A fitted scikit-learn classifier; classes that it has not seen have probability 0."""

    network: Network
    model: Any

    def predict_proba(self, x: Examples) -> Float[np.ndarray, "examples classes"]:
        self.network.check_features(x)
        probabilities = np.zeros((len(x), self.network.n_classes))
        if len(x):
            probabilities[:, self.model.classes_] = self.model.predict_proba(x)
        return probabilities


@final
@dataclass(frozen=True)
class LogisticRegression(Baseline):
    """Logistic regression, multinomial for several classes, with a Gaussian prior; of the network, only its data count.

    The inverse variance of the prior is the one of `PENALTIES` with the lowest `calibrated_nll` on the validation
    split, and ``penalty`` where that is empty. The prior over binary weights and the seed are not used.
    """

    __no_type_check__ = True

    name: ClassVar[str] = "logistic-regression"
    penalty: float = 1.0

    def __post_init__(self) -> None:
        positive("penalty", self.penalty)

    def fit(self, network: Network, data: Dataset, *, prior: Prior = Uniform(), seed: int = 0) -> FullPrecision:
        from sklearn import linear_model

        check_kinds(network=network, data=data, prior=prior)
        del seed
        x, y = training_examples(network, data, self.name)

        def model(penalty: float) -> Any:
            return linear_model.LogisticRegression(C=1 / penalty, max_iter=1000).fit(x, y)

        return chosen(network, data, model, self.penalty)


@final
@dataclass(frozen=True)
class MultilayerPerceptron(Baseline):
    """The network's layers and activation with weights of full precision, a Gaussian prior, and L-BFGS.

    Of several restarts the one with the lowest training loss counts. The inverse variance of the prior is chosen as in
    `LogisticRegression`. The prior over binary weights is not used.
    """

    __no_type_check__ = True

    name: ClassVar[str] = "mlp"
    penalty: float = 1.0
    restarts: int = 3
    iterations: int = 200

    def __post_init__(self) -> None:
        positive("penalty", self.penalty)
        whole_number("restarts", self.restarts, 1)
        whole_number("iterations", self.iterations, 1)

    def fit(self, network: Network, data: Dataset, *, prior: Prior = Uniform(), seed: int = 0) -> FullPrecision:
        from sklearn.neural_network import MLPClassifier

        check_kinds(network=network, data=data, prior=prior)
        if not isinstance(network, BinaryMLP):
            raise UserError(f"network = {type(network).__name__}: {self.name} knows the layers of a BinaryMLP only")
        x, y = training_examples(network, data, self.name)
        states = np.random.SeedSequence(int(seed_of(seed))).generate_state(self.restarts)

        def model(penalty: float) -> Any:
            # scikit-learn divides by the examples: mean NLL + alpha / 2 · squares / examples, so alpha is the penalty.
            models = [
                MLPClassifier(
                    network.hidden,
                    activation=ACTIVATIONS[network.activation],
                    solver="lbfgs",
                    alpha=penalty,
                    max_iter=self.iterations,
                    max_fun=10 * self.iterations,
                    random_state=int(state),
                ).fit(x, y)
                for state in states
            ]
            return min(models, key=lambda one: one.loss_)

        return chosen(network, data, model, self.penalty)


def training_examples(network: Network, data: Dataset, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of the training split.

    Raises:
        UserError: if the data do not fit the network, or are of one class.
    """
    x, y = checked(network, data.train)
    if len(np.unique(y)) < 2:
        raise UserError(f"the training split of {data.name!r} holds class {y[0]} alone; {name} needs two, add examples")
    return x, y


def chosen(network: Network, data: Dataset, model: Callable[[float], Any], default: float) -> FullPrecision:
    """The model of the penalty with the lowest NLL on the validation split, once calibrated there; that of the default
    where it is empty."""
    # Stopping at the last iteration is a setting here, no news.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not len(data.validation):
            return FullPrecision(network, model(default))
        tried = [FullPrecision(network, model(penalty)) for penalty in PENALTIES]
    held_out = checked(network, data.validation)
    return min(tried, key=lambda one: calibrated_nll(one.predict_proba(held_out[0]), held_out[1]))
