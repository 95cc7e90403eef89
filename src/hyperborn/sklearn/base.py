"""How an estimator for scikit-learn is fitted, and predicts: what the classifier and the regressor have in common."""

import warnings
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float, Real
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from hyperborn.config.options import OPTIONS
from hyperborn.data.column_choices import NAMED, ColumnChoices
from hyperborn.data.dataset import Dataset
from hyperborn.data.labels import nearest_name
from hyperborn.data.surprises import surprises
from hyperborn.data.tables import Table
from hyperborn.data.user_files import raw_table
from hyperborn.errors import HyperbornWarning, UserError
from hyperborn.fit_arguments import check_effort, is_settled
from hyperborn.fitting import fit
from hyperborn.objectives.objectives import ELBO, MLE, SELBO, Objective
from hyperborn.predictive import Predictions
from hyperborn.printable import shown
from hyperborn.priors import Prior
from hyperborn.progress import Progress
from hyperborn.sklearn.inputs import (
    Examples,
    Features,
    FittedColumns,
    columns_of,
    features_of,
    in_one_order,
    labels_of,
    seed_of,
    weights_of,
)
from hyperborn.training.regimes import regime_of
from hyperborn.training.result import Result

OPEN = {
    **dict.fromkeys(("hidden", "activation", "posterior", "beta", "optimizer", "learning_rate", "steps"), "auto"),
    **dict.fromkeys(("network", "register_size", "restarts", "options"), None),
    "objective": "elbo",
    "prior": 0.5,
    "batch_size": 128,
    "effort": "normal",
}
"""Values of the parameters, by name, with which it is open what is trained: `hyperborn train` then says it."""

GOES_ON = ("random_state", "steps", "verbose", "warm_start", "effort")
"""Parameters that may differ from those of the fit before where `warm_start` goes on from it."""


class HyperbornEstimator(BaseEstimator):
    """What the classifier and the regressor have in common: how they are fitted.

    scikit-learn's estimators are made of base classes, and its tags of calls to `super`: so are these.
    """

    # What follows is set by the `__init__` of the two, whose signatures scikit-learn reads.
    steps: Any
    effort: Any
    categorical: Any
    numeric: Any
    keep: Any
    drop: Any
    components: Any
    standardize: Any
    warm_start: Any
    random_state: Any
    verbose: Any
    result_: Result

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "HyperbornEstimator":  # noqa: N803 - scikit-learn's name
        """Fit to the rows of X, which do not depend on their order.

        Args:
            X: features, (examples, features): an array of numbers, NaN where one is missing; a sparse matrix; or a data
                frame with columns of any kind.
            y: labels, (examples,).
            sample_weight: how often each example counts, (examples,).

        Raises:
            ValueError, TypeError: in scikit-learn's words, and a UserError (a ValueError) for what does not fit.
        """
        with unchanged_by_failure(self):
            before = self.__dict__.get("result_")
            features = features_of(self, X)
            examples = self._examples(features.table, y, sample_weight, fresh=True)
            goes_on = before is not None and self.warm_start and self._may_go_on(features, before.data)
            self._learn(features, examples, before if goes_on else None)
        return self

    def _learn_more(self, X: Any, y: Any, sample_weight: Any, *, first: bool) -> None:  # noqa: N803
        """Learn from more rows: the posterior so far is the prior of what follows (sequential Bayes)."""
        if first:
            features = features_of(self, X)
            self._learn(features, self._examples(features.table, y, sample_weight, fresh=False), None)
            return
        before = self.result_
        if isinstance(before.definition.objective, MLE):
            raise UserError(
                "objective mle has no prior, so that partial_fit would forget what was learnt before; take another "
                "objective, such as 'elbo'"
            )
        table = raw_table(columns_of(self, X, self._fitted_columns), before.data.preprocessing)
        data = self._data(self._examples(table, y, sample_weight, fresh=False), self._choices(()), before.data)
        self.result_ = self._going_on(before, data, before.as_prior(), by_bayes_rule(before.definition.objective))

    def _learn(self, features: Features, examples: Examples, before: Result | None) -> None:
        """Learn from the start, or going on from the parameters of a fit before."""
        choices = self._choices(() if features.named else features.names)
        data = self._data(examples, choices, None if before is None else before.data)
        with Progress(enabled=bool(self.verbose)) as progress:
            for line in data.notes:
                progress.note(line)
        if before is None:
            self.result_ = self._fitted(data)
            # Kept, for the prior of a result after `partial_fit` holds rows that a later `fit` may have again.
            self._prior, self._objective = self.result_.definition.prior, self.result_.definition.objective
        else:
            self.result_ = self._going_on(before, data, self._prior, self._objective)
        self._fitted_columns = FittedColumns(features.names, features.named)
        self._fitted_with = deepcopy(self.get_params(deep=False))

    def _examples(self, table: Table, y: Any, sample_weight: Any, *, fresh: bool) -> Examples:
        """Rows with their labels and weights; `fresh` says that these labels are the first ones."""
        labels, weights = labels_of(self, y, len(table)), weights_of(sample_weight, len(table))
        return in_one_order(table, self._encoded_labels(labels, weights, fresh=fresh), weights)

    @abstractmethod
    def _encoded_labels(
        self, y: np.ndarray, weights: Float[np.ndarray, " rows"] | None, *, fresh: bool
    ) -> Real[np.ndarray, " rows"]:
        """Labels as a data set has them; those of rows of weight 0 do not matter."""

    @abstractmethod
    def _data(self, examples: Examples, choices: ColumnChoices, before: Dataset | None) -> Dataset:
        """The data set of examples, encoded as those before were, if there were any."""

    @abstractmethod
    def _same_labels(self, before: Dataset) -> bool:
        """Whether the labels of a fit are those that the fit before had."""

    def _may_go_on(self, features: Features, before: Dataset) -> bool:
        """Whether what is trained, its columns and its labels are the same as in the fit before."""
        now = self.get_params(deep=False)
        changed = [name for name, then in self._fitted_with.items() if not is_same(now[name], then)]
        same_columns = self._fitted_columns == FittedColumns(features.names, features.named)
        return set(changed) <= set(GOES_ON) and same_columns and self._same_labels(before)

    def _fitted(self, data: Dataset) -> Result:
        """What is trained from the start; it is chosen where the parameters leave it open."""
        check_effort(self.effort)
        given = {name: value for name in OPEN if not is_open(name, value := getattr(self, name))}
        given["seed"] = seed_of(self.random_state)
        options = self._further_options(given.pop("options", {}))
        twice = next((key for key in options if key in given), None)
        if twice is not None:
            own = "random_state" if twice == "seed" else twice
            raise UserError(f"options has {twice}, which {own} says as well; leave one of them out")
        given = {**options, **given}
        network = given.pop("network", None)
        if "effort" in given and is_settled(network, data, given):
            del given["effort"]
        return fit(network, data, progress=bool(self.verbose), **given)

    def _further_options(self, options: Any) -> Mapping[str, Any]:
        """The parameter `options`, if it is one."""
        if not isinstance(options, Mapping) or not all(isinstance(key, str) for key in options):
            raise UserError(f"options = {shown(options)}: give options by key, such as {{'ansatz': 'ring'}}, or None")
        for key in options:
            if key not in OPTIONS:
                near = nearest_name(key, OPTIONS)
                raise UserError(f"options has {key!r}, which is no option of hyperborn train; did you mean {near!r}?")
        return options

    def _going_on(self, before: Result, data: Dataset, prior: Prior, objective: Objective) -> Result:
        """The same again on other data, from the parameters that were found before."""
        definition = before.definition
        steps = definition.steps if is_open("steps", self.steps) else self.steps
        return fit(
            before.network,
            data,
            objective=objective,
            posterior=definition.posterior,
            estimator=definition.estimator,
            prior=prior,
            optimizer=definition.optimizer,
            annealing=definition.annealing,
            plateau=definition.plateau,
            steps=steps,
            batch_size=definition.batch_size,
            # Exact gradients from one start are the same in every restart.
            restarts=1 if regime_of(definition).enumerates else definition.restarts,
            seed=seed_of(self.random_state),
            spread=definition.spread,
            start=before,
            progress=bool(self.verbose),
        )

    def _choices(self, kept: tuple[str, ...]) -> ColumnChoices:
        """What is said of columns, and that those of a matrix are kept: whoever made it counts on their number."""
        named = {name: names_of_columns(getattr(self, name)) for name in NAMED}
        said = ColumnChoices.of(impute=None, strict=False, **named)
        return replace(said, keep=(*said.keep, *(name for name in kept if name not in said.drop)))

    def _predictions(self, X: Any) -> Predictions:  # noqa: N803
        """Predictive distributions of rows."""
        check_is_fitted(self)
        preprocessing = self.result_.data.preprocessing
        table = raw_table(columns_of(self, X, self._fitted_columns), preprocessing)
        for line in surprises(table, preprocessing.columns):
            warnings.warn(line, HyperbornWarning, stacklevel=3)
        return self.result_.predictions_of_features(preprocessing.transform(table))

    def __sklearn_is_fitted__(self) -> bool:
        return "result_" in self.__dict__

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        return tags


def is_open(name: str, value: Any) -> bool:
    """Whether a parameter has the value that leaves it open."""
    return value is OPEN[name] or (type(value) is type(OPEN[name]) and value == OPEN[name])


def by_bayes_rule(objective: Objective) -> Objective:
    """The objective with all the weight on what was learnt before (β = 1), where it has a β."""
    return replace(objective, beta=1.0) if isinstance(objective, ELBO | SELBO) else objective


@contextmanager
def unchanged_by_failure(estimator: BaseEstimator) -> Iterator[None]:
    """Whatever stops the block, labels and columns of a new fit are not kept beside the result of an old one."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def names_of_columns(given: Any) -> Any:
    """Names of columns, which may be numbers, as tables have them; what is no list of names as it is."""
    if given is None:
        return ()
    return [str(name) for name in given] if isinstance(given, list | tuple | set | frozenset | np.ndarray) else given


def is_same(one: Any, other: Any) -> bool:
    """Whether two values of a parameter are equal, arrays among them."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    return one is other or bool(one == other)
