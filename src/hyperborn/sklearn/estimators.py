"""`HyperbornClassifier` and `HyperbornRegressor`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Real
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from hyperborn.data.column_choices import ColumnChoices
from hyperborn.data.dataset import Dataset
from hyperborn.data.labels import joined, label_spelling
from hyperborn.data.training_examples import training_examples
from hyperborn.errors import UserError
from hyperborn.predictive import NormalMixture
from hyperborn.predictive.predictions import probabilities_of
from hyperborn.printable import shown
from hyperborn.sklearn.base import HyperbornEstimator, unchanged_by_failure
from hyperborn.sklearn.inputs import Examples


class HyperbornClassifier(ClassifierMixin, HyperbornEstimator):
    """A binary neural network that tells classes apart, with calibrated probabilities, for scikit-learn.

    Everything that is left open is chosen as `hyperborn train` does it, by predictions of examples that were not learnt
    from; an option means here what it means there (`hyperborn train --help`). A fit does not depend on the order of the
    rows. Missing numbers are filled in; columns of data frames are taken as those of files are, text and dates too.

    Args:
        hidden: units of each hidden layer, such as ``(16,)``; "none", or "auto".
        activation: of hidden units: "relu", "sigmoid", "tanh", "sign", "identity" or "auto".
        network: a network of your own for the encoded features, or "conv", in place of these two.
        posterior: where the weights come from: "register", "registers", "auto", or such as ``hb.Register(circuit)``.
        register_size: weights of each of many registers.
        objective: "elbo", "mle", "selbo", "renyi", "stein", or such as ``hb.SELBO(weight=2.0)``.
        beta: weight of KL in the ELBO, or "auto".
        prior: probability of a weight's high value, or such as ``hb.Ising(...)``.
        optimizer: "adam", "lbfgs", "gains", "auto", or such as ``optax.sgd(0.1)``.
        learning_rate: the first one, in radians, or "auto".
        batch_size: examples of a step on many registers.
        steps: at most so many, or "auto".
        restarts: independent starts, of which the best is kept.
        effort: how much is tried where something is chosen: "quick", "normal" or "thorough".
        options: further options of `hyperborn train` by key, such as ``{"ansatz": "ring", "depth": 2}``.
        class_weight: None, "balanced", or weights by class: examples count so often, times their `sample_weight`.
        categorical: columns that are categories, though they are numbers. Those of an array are called x1, x2, ...
        numeric: columns of numbers in which text counts as missing.
        keep: columns that are features whatever they look like.
        drop: columns that are none.
        components: principal components that features are reduced to.
        standardize: whether features are scaled by their mean and deviation.
        warm_start: whether `fit` goes on from the parameters of the fit before, with its network and its encoding,
            while nothing but the data, steps, effort and random_state has changed.
        random_state: seed, by which every fit is repeated; None draws one from NumPy's global generator.
        verbose: above 0 progress is shown, but in worker processes.

    Attributes:
        result_: the `hyperborn.Result`, with everything that it offers; of the last rows after `partial_fit`.
        classes_: the labels, sorted, (classes,).
        n_features_in_: columns of X.
        feature_names_in_: their names, where X had names.
    """

    def __init__(
        self,
        hidden: Any = "auto",
        *,
        activation: Any = "auto",
        network: Any = None,
        posterior: Any = "auto",
        register_size: Any = None,
        objective: Any = "elbo",
        beta: Any = "auto",
        prior: Any = 0.5,
        optimizer: Any = "auto",
        learning_rate: Any = "auto",
        batch_size: Any = 128,
        steps: Any = "auto",
        restarts: Any = None,
        effort: Any = "normal",
        options: Any = None,
        class_weight: Any = None,
        categorical: Any = None,
        numeric: Any = None,
        keep: Any = None,
        drop: Any = None,
        components: Any = None,
        standardize: Any = True,
        warm_start: Any = False,
        random_state: Any = 0,
        verbose: Any = 0,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.network = network
        self.posterior = posterior
        self.register_size = register_size
        self.objective = objective
        self.beta = beta
        self.prior = prior
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.steps = steps
        self.restarts = restarts
        self.effort = effort
        self.options = options
        self.class_weight = class_weight
        self.categorical = categorical
        self.numeric = numeric
        self.keep = keep
        self.drop = drop
        self.components = components
        self.standardize = standardize
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def partial_fit(
        self,
        X: Any,  # noqa: N803 - scikit-learn's name
        y: Any,
        classes: Any = None,
        sample_weight: Any = None,
    ) -> "HyperbornClassifier":
        """Learn from more rows, which must be new: the posterior so far is their prior.

        With "elbo", and "selbo" whose weight is no number, it counts in full (β = 1), whatever β the first rows were
        learnt with. On many registers it is still less than all rows at once would say (docs/learning-on.md).

        Real factors, shifts and noise beside the bits ("learned", as many registers have them by default) have normal
        distributions around what they were as their prior, as sharp as the rows so far made them.

        The first call, where there was no `fit`, chooses and encodes by its rows as `fit` does.

        Args:
            X: as for `fit`.
            y: labels, (examples,).
            classes: all labels that will ever come; needed by the first call.
            sample_weight: as for `fit`.

        Raises:
            ValueError, TypeError: as `fit`, and for labels that are none of the classes.
        """
        first = not self.__sklearn_is_fitted__()
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if not first and classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"`classes={shown(classes)}` is not the same as on last call to partial_fit, was: "
                f"{shown(self.classes_.tolist())}"
            )
        with unchanged_by_failure(self):
            if first:
                self.classes_ = classes_of(np.asarray(classes))
            self._learn_more(X, y, sample_weight, first=first)
        return self

    def predict_proba(self, X: Any) -> Float[np.ndarray, "examples classes"]:  # noqa: N803
        """Calibrated probability of each class, (examples, classes), in the order of `classes_`.

        Raises:
            NotFittedError, ValueError, TypeError: in scikit-learn's words, for X that was not fitted like this.
        """
        return probabilities_of(self._predictions(X))

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """The most probable class of each row, (examples,).

        Raises:
            NotFittedError, ValueError, TypeError: as `predict_proba`.
        """
        check_is_fitted(self)
        # Not by `predict_proba`: a warning of `_predictions` names the line that calls this.
        return self.classes_[probabilities_of(self._predictions(X)).argmax(axis=1)]

    def _encoded_labels(
        self, y: np.ndarray, weights: Float[np.ndarray, " rows"] | None, *, fresh: bool
    ) -> Real[np.ndarray, " rows"]:
        if y.dtype == object:
            # Of several types, scikit-learn would fail in sorting them.
            classes_of(y)
        check_classification_targets(y)
        counting = np.ones(len(y), bool) if weights is None else weights > 0
        if fresh:
            self.classes_ = classes_of(y[counting])
        if len(self.classes_) < 2:
            raise UserError(
                f"y is of one class, {shown(self.classes_.tolist()[0])}; a classifier takes two classes or more"
            )
        unknown = counting & ~np.isin(y, self.classes_)
        if unknown.any():
            raise UserError(
                f"y has the label {shown(y[unknown].tolist()[0])}, which is none of the classes "
                f"{shown(self.classes_.tolist())}"
            )
        return np.where(counting, np.searchsorted(self.classes_, np.where(counting, y, self.classes_[0])), 0)

    def _data(self, examples: Examples, choices: ColumnChoices, before: Dataset | None) -> Dataset:
        names = names_of(self.classes_)
        return training_examples(
            examples.table,
            examples.y,
            names,
            weights=examples.weights,
            class_weight=self._weights_of_classes(names, examples),
            choices=choices,
            standardize=self.standardize,
            components=self.components,
            preprocessing=None if before is None else before.preprocessing,
        )

    def _weights_of_classes(self, names: Sequence[str], examples: Examples) -> dict[str, Any] | None:
        """Weights by name; where they are balanced, the weights of examples count, and classes without one weigh 1."""
        if self.class_weight is None:
            return None
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            counts = np.bincount(examples.y, examples.weights, len(names))
            weights = np.where(counts > 0, counts.sum() / ((counts > 0).sum() * np.maximum(counts, 1e-300)), 1.0)
            return dict(zip(names, weights.tolist(), strict=True))
        if not isinstance(self.class_weight, Mapping):
            raise UserError(
                f"class_weight={shown(self.class_weight)} is unknown; give None, 'balanced' or a number for each class"
            )
        known = dict(zip(self.classes_.tolist(), names, strict=True))
        others = [label for label in self.class_weight if label not in known]
        # A class that these rows lack, as of a fold, is no mistake; one beside a class without a weight may be.
        if others and not known.keys() <= self.class_weight.keys():
            raise UserError(f"class_weight names {shown(others[0])}, and the classes are {shown(list(known))}")
        return {known[label]: weight for label, weight in self.class_weight.items() if label in known}

    def _same_labels(self, before: Dataset) -> bool:
        return names_of(self.classes_) == list(before.classes)


def classes_of(y: np.ndarray) -> np.ndarray:
    """The labels, sorted.

    Raises:
        UserError: for labels that cannot be compared.
    """
    try:
        return np.unique(y)
    except TypeError as error:
        kinds = sorted({type(label).__name__ for label in y.tolist()})
        raise UserError(f"y has labels of several types, {joined(kinds)}; give them all as text") from error


def names_of(classes: np.ndarray) -> list[str]:
    """The labels as names of a data set's classes, each another one."""
    names = [label_spelling(label) for label in classes]
    return names if len(set(names)) == len(names) else [repr(label) for label in classes.tolist()]


class HyperbornRegressor(RegressorMixin, HyperbornEstimator):
    """A binary neural network that predicts a number and how sure it is, for scikit-learn.

    What is said of `HyperbornClassifier` goes for it, too.

    Args:
        hidden: as in `HyperbornClassifier`, and so are all others; the noise of the target is among the `options`,
            such as ``{"target_noise": "learned"}``.

    Attributes:
        result_: the `hyperborn.Result`, with everything that it offers; of the last rows after `partial_fit`.
        n_features_in_: columns of X.
        feature_names_in_: their names, where X had names.
    """

    def __init__(
        self,
        hidden: Any = "auto",
        *,
        activation: Any = "auto",
        network: Any = None,
        posterior: Any = "auto",
        register_size: Any = None,
        objective: Any = "elbo",
        beta: Any = "auto",
        prior: Any = 0.5,
        optimizer: Any = "auto",
        learning_rate: Any = "auto",
        batch_size: Any = 128,
        steps: Any = "auto",
        restarts: Any = None,
        effort: Any = "normal",
        options: Any = None,
        categorical: Any = None,
        numeric: Any = None,
        keep: Any = None,
        drop: Any = None,
        components: Any = None,
        standardize: Any = True,
        warm_start: Any = False,
        random_state: Any = 0,
        verbose: Any = 0,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.network = network
        self.posterior = posterior
        self.register_size = register_size
        self.objective = objective
        self.beta = beta
        self.prior = prior
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.steps = steps
        self.restarts = restarts
        self.effort = effort
        self.options = options
        self.categorical = categorical
        self.numeric = numeric
        self.keep = keep
        self.drop = drop
        self.components = components
        self.standardize = standardize
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> "HyperbornRegressor":  # noqa: N803
        """Learn from more rows, which must be new: the posterior so far is their prior.

        Raises:
            ValueError, TypeError: as `fit`.
        """
        with unchanged_by_failure(self):
            self._learn_more(X, y, sample_weight, first=not self.__sklearn_is_fitted__())
        return self

    def predict(self, X: Any, return_std: bool = False) -> Any:  # noqa: N803
        """The mean of the predictive distribution of each row, (examples,); with `return_std` its deviation as well.

        Intervals and densities are those of ``result_.predictions_of_table``.

        Raises:
            NotFittedError, ValueError, TypeError: in scikit-learn's words, for X that was not fitted like this.
        """
        found = self._predictions(X)
        assert isinstance(found, NormalMixture)
        return (found.mean, found.deviation) if return_std else found.mean

    def _encoded_labels(
        self, y: np.ndarray, weights: Float[np.ndarray, " rows"] | None, *, fresh: bool
    ) -> Real[np.ndarray, " rows"]:
        del weights, fresh
        try:
            return y.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise UserError(
                f"y must be numbers for a regression ({error}); take HyperbornClassifier for classes"
            ) from error

    def _data(self, examples: Examples, choices: ColumnChoices, before: Dataset | None) -> Dataset:
        if len(examples.y) < 2 and before is None:
            raise UserError("y has 1 sample; a regression takes two or more")
        return training_examples(
            examples.table,
            examples.y,
            (),
            weights=examples.weights,
            choices=choices,
            standardize=self.standardize,
            components=self.components,
            preprocessing=None if before is None else before.preprocessing,
        )

    def _same_labels(self, before: Dataset) -> bool:
        return not before.classes
