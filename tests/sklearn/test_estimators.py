"""The estimators where scikit-learn's users put them, and what is special in them."""

import pickle
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import hyperborn as hb
from hyperborn.errors import UserError
from hyperborn.sklearn import HyperbornClassifier, HyperbornRegressor
from hyperborn.sklearn.inputs import MOST_TIMES

SETTLED: dict[str, Any] = {"hidden": (4,), "activation": "relu", "beta": 0.03, "register_size": 1}
SMALL: dict[str, Any] = SETTLED | {"steps": 200}


def iris(rows: int = 150) -> tuple[np.ndarray, np.ndarray]:
    """Every third flower or so, all three classes among them, with their names."""
    found: Any = load_iris()
    places = np.arange(0, 150, 150 // rows)
    return found.data[places], found.target_names[found.target[places]]


def passengers(rows: int = 60) -> tuple[pd.DataFrame, np.ndarray]:
    """A frame as people have them: text, categories, missing numbers and dates, of which one column and age matter."""
    rng = np.random.default_rng(5)
    sex = rng.choice(["female", "male"], rows)
    age = rng.uniform(1, 80, rows)
    frame = pd.DataFrame(
        {
            "sex": sex,
            "age": np.where(rng.uniform(size=rows) < 0.2, np.nan, age),
            "port": pd.Categorical(rng.choice(["S", "C", "Q"], rows)),
            "boarded": pd.Timestamp("1912-04-10") + pd.to_timedelta(rng.integers(0, 5, rows), unit="D"),
        }
    )
    return frame, np.where((sex == "female") | (age < 12), "survived", "died")


@pytest.fixture(scope="module")
def fitted() -> HyperbornClassifier:
    return HyperbornClassifier(**SMALL).fit(*iris())


def test_labels_of_text_come_back(fitted: HyperbornClassifier) -> None:
    x, y = iris()
    assert fitted.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    probabilities = fitted.predict_proba(x)
    assert (fitted.predict(x) == fitted.classes_[probabilities.argmax(axis=1)]).all()
    # 0.90 here; three classes of equal size.
    assert fitted.score(x, y) > 0.8
    assert isinstance(fitted.result_, hb.Result)
    assert fitted.result_.data.classes == ("setosa", "versicolor", "virginica")


@pytest.mark.parametrize("labels", [(True, False), (1.5, -2.0), (10, 7), ("NA", ""), ("1", "01"), ("a,b", "<b>")])
def test_labels_of_any_kind_come_back(labels: Sequence[Any]) -> None:
    x, y = iris(50)
    kept = y != "setosa"
    own = np.array(labels)[(y[kept] == "virginica").astype(int)]
    if own.dtype.kind == "f":
        # scikit-learn takes numbers with fractions for those of a regression.
        with pytest.raises(ValueError, match="Unknown label type"):
            HyperbornClassifier(**SMALL).fit(x[kept], own)
        return
    model = HyperbornClassifier(**SMALL).fit(x[kept], own)
    assert model.classes_.tolist() == sorted(labels)
    assert set(model.predict(x).tolist()) == set(labels)


def test_what_cannot_be_read_at_prediction_is_warned_of() -> None:
    x, y = passengers()
    model = HyperbornClassifier(**SMALL).fit(x, y)
    for predict in (model.predict, model.predict_proba):
        with pytest.warns(hb.HyperbornWarning, match="age: 60 rows of text count as missing, the first 'old'"):
            predict(x.assign(age="old"))
    with pytest.raises(ValueError, match=r"could not convert string to float.*give a data frame"):
        HyperbornClassifier(**SMALL).fit(x.to_numpy(), y)


def test_a_fit_depends_on_neither_the_order_nor_the_spelling_of_weights() -> None:
    x, y = iris(50)
    rng = np.random.default_rng(0)
    weights, order = rng.integers(0, 4, len(y)), rng.permutation(len(y))
    repeated = HyperbornClassifier(**SMALL).fit(np.repeat(x, weights, axis=0), np.repeat(y, weights))
    weighted = HyperbornClassifier(**SMALL).fit(x[order], y[order], sample_weight=weights[order])
    assert (repeated.result_.params == weighted.result_.params).all()
    # Beyond the limit rows are weighted: of the same posterior, nearly, and of fewer rows.
    many = HyperbornClassifier(**SMALL).fit(x, y, sample_weight=np.full(len(y), MOST_TIMES + 1.0))
    assert len(many.result_.data.train) == len(y)
    assert many.result_.data.train.weights is not None


def test_frames_are_encoded_as_files_are() -> None:
    x, y = passengers()
    model = HyperbornClassifier(**SMALL).fit(x, y)
    assert model.feature_names_in_.tolist() == list(x.columns)
    assert model.result_.data.preprocessing.raw_features[0].startswith("sex")
    # 0.9 or so: sex alone gives about as much.
    assert model.score(x, y) > 0.8
    named = HyperbornClassifier(**SMALL, categorical=["age"]).fit(x.assign(age=(x.age.fillna(0) // 40)), y)
    assert any(column.name == "age" and column.categories for column in named.result_.data.preprocessing.columns)
    without = HyperbornClassifier(**SMALL, drop=["port"]).fit(x, y)
    assert without.n_features_in_ == 4
    columns = [column.name for column in without.result_.data.preprocessing.columns]
    assert columns == ["sex", "age", "boarded"]
    assert (without.predict_proba(x.assign(port="?")) == without.predict_proba(x)).all()
    numbers = pd.DataFrame({0: np.arange(60.0), 1: np.arange(60.0)[::-1]})
    kept = HyperbornClassifier(**SMALL, drop=[0]).fit(numbers, y).result_.data.preprocessing.columns
    assert [column.name for column in kept] == ["1"]


def test_frames_of_polars_are_taken() -> None:
    polars = pytest.importorskip("polars")
    x, y = passengers()
    of_pandas = HyperbornClassifier(**SMALL).fit(x[["sex", "age"]], y)
    # A missing number is null in Polars.
    frame = polars.DataFrame({"sex": x.sex.tolist(), "age": [None if np.isnan(one) else one for one in x.age]})
    of_polars = HyperbornClassifier(**SMALL).fit(frame, y)
    assert (of_polars.predict_proba(frame) == of_pandas.predict_proba(x[["sex", "age"]])).all()


def test_sparse_matrices_are_taken_up_to_a_size() -> None:
    x, y = iris(50)
    x = np.where(x < 2, 0.0, x)
    dense = HyperbornClassifier(**SMALL).fit(x, y)
    for kind in (sparse.csr_matrix, sparse.csc_array, sparse.coo_array, sparse.dok_array):
        model = HyperbornClassifier(**SMALL).fit(kind(x), y)
        assert (model.predict_proba(kind(x)) == dense.predict_proba(x)).all()
    huge = sparse.csr_array((100_000, 1_000))
    for refused in (lambda: dense.fit(huge, np.zeros(100_000)), lambda: dense.predict(huge)):
        with pytest.raises(UserError, match=r"X is sparse, and dense it would have 100,000,000 values .*TruncatedSVD"):
            refused()


def test_other_columns_are_told_in_words_that_are_known(fitted: HyperbornClassifier) -> None:
    x, y = passengers()
    model = HyperbornClassifier(**SMALL).fit(x, y)
    with pytest.raises(
        ValueError, match="Feature names unseen at fit time:\n- cabin\nFeature names seen at fit"
    ) as told:
        model.predict(x.rename(columns={"age": "cabin"}))
    assert "- age" in str(told.value)
    with pytest.raises(ValueError, match="must be in the same order"):
        model.predict(x[x.columns[::-1]])
    with pytest.raises(ValueError, match="X has 3 features, but HyperbornClassifier is expecting 4 features as input"):
        fitted.predict(iris()[0][:, :3])
    with pytest.raises(NotFittedError, match="This HyperbornClassifier instance is not fitted yet"):
        HyperbornClassifier().predict(x)
    with pytest.raises(ValueError, match="Input X contains infinity"):
        fitted.predict(np.full((2, 4), np.inf))
    with pytest.raises(UserError, match="y is of one class, 'died'"):
        HyperbornClassifier().fit(x, np.full(len(x), "died"))
    with pytest.raises(UserError, match="y must be numbers for a regression"):
        HyperbornRegressor().fit(x, y)
    with pytest.raises(UserError, match="class_weight names 'lost', and the classes are"):
        HyperbornClassifier(**SMALL, class_weight={"lost": 2}).fit(x, y)
    with pytest.raises(UserError, match="options has 'hiden', which is no option of hyperborn train; did you mean"):
        HyperbornClassifier(options={"hiden": 3}).fit(x, y)
    with pytest.raises(UserError, match="beta = -1 is not allowed"):
        HyperbornClassifier(beta=-1).fit(x, y)
    with pytest.raises(UserError, match="keep='age' must be a sequence of names of columns"):
        HyperbornClassifier(keep="age").fit(x, y)
    with pytest.raises(UserError, match="options has seed, which random_state says as well"):
        HyperbornClassifier(options={"seed": 3}).fit(x, y)


def test_columns_without_names_in_text_are_told_by_their_names() -> None:
    x, y = iris(50)
    frame = pd.DataFrame(x)
    model = HyperbornClassifier(**SMALL).fit(frame, y)
    assert (model.predict_proba(frame[[3, 1, 0, 2]]) == model.predict_proba(frame)).all()
    assert (model.predict_proba(x) == model.predict_proba(frame)).all()
    with pytest.raises(
        ValueError, match="unseen at fit time:\n- 7\nFeature names seen at fit time, yet now missing:\n- 0"
    ):
        model.predict(frame.rename(columns={0: 7}))
    of_array = HyperbornClassifier(**SMALL).fit(x, y)
    with pytest.warns(UserWarning, match="X has feature names"):
        named = of_array.predict_proba(frame.add_prefix("column "))
    assert (named == of_array.predict_proba(x)).all()


def test_a_fit_that_fails_changes_nothing() -> None:
    x, y = iris(50)
    model = HyperbornClassifier(**SMALL).fit(x, y)
    before = model.predict_proba(x)
    with pytest.raises(UserError):
        model.set_params(beta=-1).fit(x[:, :3], np.where(y == "setosa", "a", "b"))
    # It stays what it was.
    assert (model.predict_proba(x) == before).all()
    assert model.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert model.n_features_in_ == 4
    other = HyperbornClassifier(**SMALL)
    with pytest.raises(UserError, match="y is of one class"):
        other.fit(x, y == "rose")
    with pytest.raises(NotFittedError):
        other.predict(x)


@pytest.mark.parametrize("labels", [np.array(["a", None, "b"], object), pd.Series(["a", pd.NA, "b"], dtype="string")])
def test_missing_labels_are_told(labels: Any) -> None:
    with pytest.raises(UserError, match=r"Input y contains a missing label \(NaN\) in row 1"):
        HyperbornClassifier(**SMALL).fit(np.eye(3), labels)
    with pytest.raises(ValueError, match=r"mix|several types|Unknown label type"):
        HyperbornClassifier(**SMALL).fit(np.eye(3), np.array(["a", 1, "b"], object))


def test_weights_of_classes() -> None:
    x, y = iris(50)
    weights = {"setosa": 1, "versicolor": 5, "virginica": 1, "rose": 3}
    model = HyperbornClassifier(**SMALL, class_weight=weights).fit(x, y)
    assert model.result_.data.class_weight == {"setosa": 1, "versicolor": 5, "virginica": 1}
    times = np.where(y == "setosa", 2, 1)
    balanced = HyperbornClassifier(**SMALL, class_weight="balanced").fit(x, y, sample_weight=times)
    found = balanced.result_.data.class_weight
    counts = {name: times[y == name].sum() for name in found}
    total = sum(counts.values())
    assert found == pytest.approx({name: total / (3 * count) for name, count in counts.items()})
    with pytest.raises(UserError, match="the weight of class 'setosa' is 'x'"):
        HyperbornClassifier(**SMALL, class_weight={"setosa": "x"}).fit(x, y)


def test_values_missing_at_prediction_are_filled_in(fitted: HyperbornClassifier) -> None:
    x = iris()[0][:3].copy()
    x[0, 1] = np.nan
    assert np.isfinite(fitted.predict_proba(x)).all()


def test_partial_fit_has_the_posterior_before_as_its_prior() -> None:
    x, y = iris()
    first, later = np.arange(0, 150, 2), np.arange(1, 150, 2)
    model = HyperbornClassifier(**SMALL)
    with pytest.raises(ValueError, match=r"classes must be passed on the first call to partial_fit"):
        model.partial_fit(x[first], y[first])
    model.partial_fit(x[first], y[first], classes=np.unique(y))
    before = model.result_
    model.partial_fit(x[later], y[later])
    assert model.result_.definition.prior == before.as_prior()
    assert len(model.result_.data.train) == 75
    assert (model.result_.data.preprocessing.means == before.data.preprocessing.means).all()
    assert model.score(x, y) > 0.8
    with pytest.raises(UserError, match="y has the label 'rose', which is none of the classes"):
        model.partial_fit(x[:2], ["rose", "setosa"])


def test_partial_fit_needs_a_prior_and_a_later_fit_does_not_count_twice() -> None:
    x, y = iris(50)
    forgetful = HyperbornClassifier(**{**SMALL, "beta": "auto"}, objective="mle").fit(x, y)
    with pytest.raises(UserError, match="objective mle has no prior"):
        forgetful.partial_fit(x, y)
    model = HyperbornClassifier(**SMALL, warm_start=True).fit(x[::2], y[::2])
    model.partial_fit(x[1::2], y[1::2])
    model.fit(x, y)
    assert model.result_.definition.prior == hb.Uniform()


def test_partial_fit_may_see_a_class_later() -> None:
    x, y = iris()
    seen = y != "virginica"
    model = HyperbornClassifier(**SMALL).partial_fit(x[seen], y[seen], classes=np.unique(y))
    assert model.predict_proba(x).shape == (150, 3)
    assert model.result_.summary["train"]["accuracy"] > 0.8
    model.partial_fit(x[~seen], y[~seen])
    assert (model.predict(x[~seen]) == "virginica").mean() > 0.8


def test_a_regressor_learns_on() -> None:
    x, _ = iris()
    model = HyperbornRegressor(**SMALL).partial_fit(x[::2, :3], x[::2, 3])
    model.partial_fit(x[1::2, :3], x[1::2, 3])
    mean, deviation = model.predict(x[:, :3], return_std=True)
    assert model.score(x[:, :3], x[:, 3]) > 0.7
    assert (deviation > 0).all()
    assert (mean == model.predict(x[:, :3])).all()
    model.partial_fit(x[:1, :3], x[:1, 3])
    assert len(model.result_.data.train) == 1


def test_on_registers_what_was_learnt_before_counts_in_full() -> None:
    """Bits by KL with β = 1, real numbers beside them by normal distributions around what they were."""
    x, y = iris()
    small = {"hidden": (2,), "posterior": "registers", "steps": 60}
    model = HyperbornClassifier(**small, objective="selbo", warm_start=True).fit(x[::2], y[::2])
    first = model.result_
    assert first.definition.objective == hb.SELBO(beta=0.03)
    model.partial_fit(x[1::2], y[1::2])
    after = model.result_.definition
    assert after.objective == hb.SELBO()
    assert isinstance(after.prior, hb.PreviousPosterior)
    np.testing.assert_array_equal(after.prior.side, first.side)
    # All rows again, as at first.
    again = model.fit(x, y).result_.definition
    assert (again.objective, again.prior) == (first.definition.objective, first.definition.prior)
    # A weight that is a number is kept.
    own = HyperbornClassifier(**small, objective=hb.SELBO(weight=2.0)).fit(x[::2], y[::2])
    assert own.partial_fit(x[1::2], y[1::2]).result_.definition.objective == hb.SELBO(weight=2.0)


def test_warm_start_goes_on_from_the_parameters_before() -> None:
    x, y = iris(50)
    model = HyperbornClassifier(**SETTLED, steps=150, warm_start=True).fit(x, y)
    first = model.result_
    model.set_params(steps=1).fit(x, y)
    assert model.result_.history is not None
    assert first.history is not None
    # The same loss as where it ended, on other draws: it began at three times as much.
    assert model.result_.history.losses[0, 0] < 0.5 * first.history.losses[0, 0]
    assert np.abs(model.result_.params - first.params).max() < 0.3
    # What is trained has changed: from the start.
    model.set_params(hidden=(3,)).fit(x, y)
    assert model.result_.network.n_weights < first.network.n_weights
    cold = HyperbornClassifier(**SETTLED, steps=150).fit(x, y)
    assert (cold.result_.params == first.params).all()


def test_seeds_are_those_of_scikit_learn() -> None:
    x, y = iris(50)

    def params(random_state: Any) -> np.ndarray:
        return HyperbornClassifier(**SETTLED, steps=5, random_state=random_state).fit(x, y).result_.params

    assert (params(3) == params(3)).all()
    assert (params(3) != params(4)).any()
    assert (params(np.random.RandomState(0)) == params(np.random.RandomState(0))).all()
    np.random.seed(1)  # noqa: NPY002 - what None stands for
    drawn = params(None)
    np.random.seed(1)  # noqa: NPY002
    assert (params(None) == drawn).all()


@pytest.mark.parametrize(
    "given",
    [
        {"posterior": "registers", "objective": hb.SELBO(), "hidden": (4,)},
        {"posterior": hb.Register(hb.circuits.ProductState(15)), "hidden": "none"},
        {"posterior": "register", "hidden": "none", "objective": "mle", "options": {"ansatz": "product"}},
        {"prior": hb.Bernoulli(0.4), "optimizer": hb.Adam(0.05), "hidden": (4,), "posterior": "registers"},
        {"network": hb.networks.BinaryMLP(4, (3,), 3, scale="learned"), "beta": 0.1},
    ],
    ids=lambda given: "-".join(given),
)
def test_parts_of_ours_are_parameters(given: dict[str, Any]) -> None:
    x, y = iris(50)
    model = clone(HyperbornClassifier(**given, steps=60)).fit(x, y)
    definition = model.result_.definition
    for name in ("posterior", "objective", "prior", "optimizer", "network"):
        if not isinstance(given.get(name, ""), str):
            assert getattr(definition, name) == given[name]
    assert definition.steps == 60
    assert np.allclose(model.predict_proba(x).sum(axis=1), 1)


def test_an_effort_is_no_error_where_nothing_is_chosen() -> None:
    x, y = iris(50)
    HyperbornClassifier(**SMALL, effort="quick").fit(x, y)
    with pytest.raises(UserError, match="effort = 'much'"):
        HyperbornClassifier(effort="much").fit(x, y)


def test_what_is_open_is_chosen() -> None:
    x, y = iris(50)
    model = HyperbornClassifier(effort="quick", steps=100).fit(x, y)
    assert model.result_.choice is not None
    assert model.result_.choice.refitted
    # Predictions are calibrated by what was held out.
    assert model.result_.calibration == model.result_.choice.calibration != 1


@pytest.mark.parametrize("model", ["classifier", "regressor"])
def test_estimators_are_saved_and_copied(model: str) -> None:
    x, y = iris(50)
    if model == "classifier":
        estimator = HyperbornClassifier(**SMALL).fit(x, y)
    else:
        estimator = HyperbornRegressor(**SMALL).fit(x[:, :3], x[:, 3])
        x = x[:, :3]
    before, summary = estimator.predict(x), estimator.result_.summary
    file = BytesIO()
    joblib.dump(estimator, file)
    file.seek(0)
    for copy in (joblib.load(file), pickle.loads(pickle.dumps(estimator))):
        assert (copy.predict(x) == before).all()
        assert copy.result_.summary == summary


def test_pipelines_and_searches_take_them() -> None:
    x, y = passengers()
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["age"]),
            ("categories", OneHotEncoder(sparse_output=False), ["sex", "port"]),
        ]
    )
    pipeline = make_pipeline(columns, HyperbornClassifier(**SMALL)).set_output(transform="pandas")
    search = GridSearchCV(pipeline, {"hyperbornclassifier__beta": [0.03, 0.3]}, cv=2, scoring="neg_log_loss").fit(x, y)
    best = search.best_estimator_[-1]
    assert best.feature_names_in_[0] == "numbers__age"
    # log 2 is what no information gives.
    assert search.best_score_ > -0.65
    # What reaches the network may be sparse, too.
    columns.set_params(categories__sparse_output=True, sparse_threshold=1.0).set_output(transform="default")
    assert make_pipeline(clone(columns), HyperbornClassifier(**SMALL)).fit(x, y).score(x, y) > 0.8


def test_other_estimators_take_them() -> None:
    x, y = iris()
    model = HyperbornClassifier(**SMALL)
    calibrated = CalibratedClassifierCV(model, cv=2).fit(x, y)
    assert calibrated.score(x, y) > 0.8
    members = [("forest", RandomForestClassifier(10, random_state=0)), ("hyperborn", model)]
    stacked = StackingClassifier(members, LogisticRegression(), cv=2).fit(x, y)
    assert stacked.score(x, y) > 0.8
    found = permutation_importance(model.fit(x, y), x, y, n_repeats=2, random_state=0)
    assert found.importances_mean.argmax() in (2, 3)


def test_other_processes_fit_them_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    x, y = iris(50)
    scores = cross_val_score(HyperbornClassifier(**SMALL, verbose=1), x, y, cv=2, n_jobs=2)
    assert scores.shape == (2,)
    assert (scores > 0.7).all()
    assert capfd.readouterr() == ("", "")


def test_the_page_of_an_estimator_is_that_of_scikit_learn(fitted: HyperbornClassifier) -> None:
    page = fitted._repr_html_()
    assert "HyperbornClassifier" in page
    assert "sk-estimator" in page
    assert "hidden=(4,)" in repr(fitted)
