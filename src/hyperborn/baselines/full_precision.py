"""Models with weights of full precision: they show how much worse weights of one bit are."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any, ClassVar, final

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Examples
from hyperborn.baselines.baseline import EPOCHS, Baseline, Predictor, check_positive, check_whole_numbers, with_defaults
from hyperborn.baselines.potential import seed_of
from hyperborn.data.dataset import Dataset
from hyperborn.energy.likelihood import CheckedExamples, checked_examples
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP, Network
from hyperborn.predictive import calibrated_nll
from hyperborn.priors import Prior, Uniform
from hyperborn.training.definition import check_kinds
from hyperborn.training.minibatch.epochs import Epochs

PENALTIES = (0.01, 0.1, 1.0, 10.0)
"""Inverse prior variances that are tried: half of one times the sum of squared weights is the penalty (nats)."""

ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic", "sign": "tanh", "identity": "identity"}
"""scikit-learn's names of a network's activations; tanh stands for the sign, which scikit-learn does not have."""


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
    split; where that split is empty, it is ``penalty``. The prior over binary weights and the seed are not used.
    """

    name: ClassVar[str] = "logistic-regression"
    penalty: float = 1.0

    def __post_init__(self) -> None:
        check_positive(self, "penalty")

    def fit(self, network: Network, data: Dataset, *, prior: Prior = Uniform(), seed: int = 0) -> FullPrecision:
        from sklearn import linear_model

        check_kinds(network=network, data=data, prior=prior)
        del seed
        x, y, weights = training_examples(network, data, self.name)

        def model(penalty: float) -> Any:
            return linear_model.LogisticRegression(C=1 / penalty, max_iter=1000).fit(x, y, weights)

        return model_of_best_penalty(network, data, model, self.penalty)


@final
@dataclass(frozen=True)
class MultilayerPerceptron(Baseline):
    """The network's layers and activation with weights of full precision and a Gaussian prior.

    With all examples at once, training is by L-BFGS; of several ``restarts`` the one with the lowest training loss is
    kept. On minibatches of ``batch_size`` it is by Adam in float32, and ``iterations`` are epochs. None stands for 3
    restarts of 200 iterations, and on minibatches for one of 40 epochs (`hyperborn.baselines`). The inverse variance of
    the prior is chosen as in `LogisticRegression`. The prior over binary weights is not used. Scales and shifts that a
    network learns beside them need no counterpart: weights and intercepts are free. Examples with weights are taken all
    at once only.

    Adam's rates 0.001, 0.003 and 0.01 were tried. The first was too slow for digits (an NLL of 0.183 on the validation
    split; the others 0.128 and 0.120). On MNIST it was as good as the second (0.132 both).
    """

    name: ClassVar[str] = "mlp"
    penalty: float = 1.0
    restarts: int | None = None
    iterations: int | None = None
    batch_size: int | None = None
    learning_rate: float = 3e-3

    def __post_init__(self) -> None:
        check_positive(self, "penalty")
        check_whole_numbers(self, "restarts", "iterations", "batch_size")
        check_positive(self, "learning_rate")

    def fit(self, network: Network, data: Dataset, *, prior: Prior = Uniform(), seed: int = 0) -> FullPrecision:
        from sklearn.neural_network import MLPClassifier

        check_kinds(network=network, data=data, prior=prior)
        if not isinstance(network, BinaryMLP):
            raise UserError(f"network = {type(network).__name__}: {self.name} knows the layers of a BinaryMLP only")
        x, y, weights = training_examples(network, data, self.name)
        epochs = Epochs.of(len(x), self.batch_size, incomplete="pad")
        is_full_batch = epochs.batches == 1
        weighted = {} if weights is None else {"sample_weight": weights}
        if weighted and not is_full_batch:
            # scikit-learn divides by the weights of a minibatch, so that its gradients are biased.
            raise UserError(
                f"batch_size={self.batch_size}: {self.name} takes weighted examples all at once; leave batch_size out"
            )
        if weighted and "sample_weight" not in signature(MLPClassifier.fit).parameters:
            raise UserError(
                f'{self.name} takes weighted examples from scikit-learn 1.7 on; pip install -U "scikit-learn>=1.7"'
            )
        given = with_defaults(self, FULL_BATCH if is_full_batch else MINIBATCH)
        states = np.random.SeedSequence(int(seed_of(seed))).generate_state(given["restarts"])
        iterations = given["iterations"]
        if is_full_batch:
            solver = {"solver": "lbfgs", "max_fun": 10 * iterations}
        else:
            # All epochs are run: scikit-learn shall not stop where it thinks that training has converged.
            solver = {"solver": "adam", "tol": 0.0, "n_iter_no_change": iterations}
            solver |= {"batch_size": epochs.batch_size, "learning_rate_init": self.learning_rate}
            x = x.astype(np.float32)

        def model(penalty: float) -> Any:
            # scikit-learn adds alpha / 2 · squares / examples of the batch to the mean NLL.
            models = [
                MLPClassifier(
                    network.hidden,
                    activation=ACTIVATIONS[network.activation],
                    alpha=penalty if is_full_batch else penalty * epochs.batch_size / len(x),
                    max_iter=iterations,
                    random_state=int(state),
                    **solver,
                ).fit(x, y, **weighted)
                for state in states
            ]
            return min(models, key=lambda one: one.loss_)

        return model_of_best_penalty(network, data, model, self.penalty)


FULL_BATCH = {"restarts": 3, "iterations": 200}
MINIBATCH = {"restarts": 1, "iterations": EPOCHS}


def training_examples(network: Network, data: Dataset, name: str) -> CheckedExamples:
    """Features, labels and weights of those examples of the training split that count.

    Raises:
        UserError: if the data do not fit the network, are of one class, or are of a regression.
    """
    x, y, weights = checked_examples(network, data.train)
    if weights is not None:
        # scikit-learn would learn that their classes exist.
        x, y, weights = x[weights > 0], y[weights > 0], weights[weights > 0]
    if not network.n_classes:
        raise UserError(f"{name} tells classes apart, and the network predicts a number; give a classifier")
    if len(np.unique(y)) < 2:
        raise UserError(f"the training split of {data.name!r} holds class {y[0]} alone; {name} needs two, add examples")
    return CheckedExamples(x, y, weights)


def model_of_best_penalty(
    network: Network, data: Dataset, model: Callable[[float], Any], default: float
) -> FullPrecision:
    """The model whose penalty has the lowest `calibrated_nll` on the validation split.

    Where that split is empty, it is the model of the default penalty.
    """
    # The number of iterations is a setting here: a warning that they were all used says nothing.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not len(data.validation):
            return FullPrecision(network, model(default))
        tried = [FullPrecision(network, model(penalty)) for penalty in PENALTIES]
    x, y, weights = checked_examples(network, data.validation)
    return min(tried, key=lambda one: calibrated_nll(one.predict_proba(x), y, weights))
