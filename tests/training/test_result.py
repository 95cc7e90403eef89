"""What a result is asked: in shapes and types that people have at hand, and in wrong ones."""

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.training.result import Result


@pytest.fixture(scope="module")
def result(define, data: Dataset) -> Result:
    return hb.fit(define().network, data, posterior=define().posterior, steps=25, progress=False)


# NumPy's own type of what is like an array does not know tuples at run time.
@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    "given",
    [
        [[0.5, -1], [2, 3]],
        ((0.5, -1.0), (2.0, 3.0)),
        np.array([[0.5, -1], [2, 3]], np.float32),
        np.array([[0.5, -1], [2, 3]], object),
        jnp.array([[0.5, -1], [2, 3]]),
    ],
    ids=lambda it: type(it).__name__,
)
def test_anything_like_a_table_of_numbers_is_taken(result: Result, given: Any) -> None:
    expected = result.predict_proba(np.array([[0.5, -1.0], [2.0, 3.0]]))
    np.testing.assert_array_equal(result.predict_proba(given), expected)
    np.testing.assert_array_equal(result.predict(given), expected.argmax(axis=1))
    bits = result.most_probable(1)
    np.testing.assert_array_equal(
        result.network_probabilities(bits, given), result.network_probabilities(bits, np.asarray(given, np.float64))
    )


TABLE = r"give numbers of shape \(examples, 2\), as data\.test\.x holds them"
MISTAKES = [
    ([0.5, 1.0], rf"x has shape \(2,\); {TABLE}"),
    (np.zeros((2, 2, 2)), rf"x has shape \(2, 2, 2\); {TABLE}"),
    (3.0, rf"x has shape \(\); {TABLE}"),
    ([], rf"x has shape \(0,\); {TABLE}"),
    ("text", rf"x is no table of numbers \(.*\); {TABLE}"),
    ([["1", "2"]], rf"x is no table of numbers \(.*\); {TABLE}"),
    ([[1.0, 2.0], [3.0]], rf"x is no table of numbers \(.*\); {TABLE}"),
    ([[1.0, None]], "the features hold NaN or infinite values"),
    ([[1.0, {}]], rf"x is no table of numbers \(.*\); {TABLE}"),
    ([[1j, 2]], rf"x is no table of numbers \(.*\); {TABLE}"),
    (None, rf"x has shape \(\); {TABLE}"),
    ([[1.0, float("nan")]], "the features hold NaN or infinite values"),
    ([[1.0, 2.0, 3.0]], "the data has 3 features but the network takes 2"),
]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("given", "said"), MISTAKES, ids=lambda it: str(it)[:40])
def test_what_is_no_such_table_is_one_line(result: Result, given: Any, said: str) -> None:
    asked = (
        result.predict_proba,
        lambda x: result.predict_proba(x, samples=5),
        result.predict,
        lambda x: result.network_probabilities(result.most_probable(1), x),
    )
    for ask in asked:
        with pytest.raises(UserError, match=said) as caught:
            ask(given)
        assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"samples": "many"}, "samples='many' must be a whole number of at least 1; leave it out for the exact sum"),
        ({"samples": 2.5}, "samples=2.5 must be"),
        ({"samples": 5, "seed": -1}, "seed=-1 must be a whole number from 0 to 4,294,967,295"),
        ({"samples": 5, "seed": "x"}, "seed='x' must be"),
    ],
)
def test_numbers_of_a_draw_are_whole(result: Result, data: Dataset, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        result.predict_proba(data.test.x, **given)


def test_networks_are_drawn_by_the_posterior(result: Result, data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the first network only to be drawn, predictions are its own."""
    first = np.zeros((7, 9), np.uint8)
    monkeypatch.setattr(hb.Register, "sample", lambda *_, **__: first)
    found = result.predict_proba(data.test.x, samples=7, calibrated=False)
    np.testing.assert_array_equal(found, result.network_probabilities(first[:1], data.test.x))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("name", "near"), [("tset", "test"), ("Train", "train"), ("valid", "validation"), (3, "")])
def test_an_unknown_split_is_told_the_nearest(result: Result, name: Any, near: str) -> None:
    said = f"unknown split {name!r}; the nearest is '{near}.*' of: train, validation, test"
    for ask in (result.metrics, lambda split: result.network_metrics(result.most_probable(1), split)):
        with pytest.raises(UserError, match=said):
            ask(name)


class Frame:
    """What matters of a data frame, its columns in another order than the run's."""

    def __init__(self, values: dict[str, np.ndarray]) -> None:
        self.values, self.columns = values, sorted(values, reverse=True)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.values[name]


class Nameless:
    """Columns that cannot be taken by their names."""

    columns = ("a", "b", "c")


@pytest.mark.usefixtures("unchecked")
def test_raw_rows_are_predicted_as_their_preprocessed_ones(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(30, 3)) * [1, 10, 100]
    data = hb.data.from_arrays(x, [0, 1, 1] * 10, features=["a", "b", "c"], components=2)
    network = hb.networks.BinaryMLP(n_features=2, hidden=(), n_classes=2)
    result = hb.fit(network, data, posterior=hb.Register(hb.circuits.ProductState(3)), steps=3, progress=False)
    columns = dict(zip("abc", x.T, strict=True))
    expected = result.predict_proba(data.preprocessing.apply(x))
    np.testing.assert_array_equal(result.predict_table(hb.data.Table(columns)), expected)
    lines = ["c,unused,b,a", *(f"{c!r},text,{b!r},{a!r}" for a, b, c in x.tolist())]
    (tmp_path / "raw.csv").write_text("\n".join(lines))
    np.testing.assert_array_equal(result.predict_table(tmp_path / "raw.csv"), expected)
    np.testing.assert_array_equal(result.predict_table(x), expected)
    np.testing.assert_array_equal(result.predict_table(x.tolist()), expected)
    with pytest.raises(UserError, match=r"raw rows of shape \(30, 2\) must be \(examples, 3\).* a, b, c"):
        result.predict_table(x[:, :2])
    # The rows of the test split, found by their features.
    place = [int(np.abs(data.preprocessing.apply(x) - row).max(axis=1).argmin()) for row in data.test.x]
    np.testing.assert_allclose(result.predict_table(x[place]), result.predict_proba(data.test.x), rtol=1e-12)
    unused = np.array(["text"] * len(x))
    np.testing.assert_array_equal(result.predict_table(Frame({**columns, "unused": unused})), expected)
    np.testing.assert_array_equal(result.predict_table({"c": x[:, 2], "b": x[:, 1].tolist(), "a": x[:, 0]}), expected)
    for frame, said in (
        ({"a": [1.0]}, "the table has no column 'b', 'c'"),
        ({"a": [[1.0], [2.0, 3.0]], "b": [1.0], "c": [1.0]}, "column 'a' of the table has values of different shapes"),
        (Frame({"a": x, "b": x, "c": x}), r"column '.' of the data frame has shape \(30, 3\)"),
        (Nameless(), "column 'a' of the data frame cannot be read"),
        ([np.ones(3), np.ones((3, 2))], "raw rows"),
    ):
        with pytest.raises(UserError, match=said):
            result.predict_table(frame)
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    table = arrow.table({"c": x[:, 2], "unused": ["text"] * len(x), "b": x[:, 1], "a": x[:, 0]})
    for frame in (table, table.to_batches()[0]):
        np.testing.assert_array_equal(result.predict_table(frame), expected)
    drawn = result.predict_proba(data.preprocessing.apply(x), samples=5, seed=2)
    np.testing.assert_array_equal(result.predict_table(str(tmp_path / "raw.csv"), samples=5, seed=2), drawn)


@pytest.fixture(scope="module")
def far_from_zero() -> tuple[Result, np.ndarray]:
    """A result whose features have a mean of 50 and a scale of 10, and raw rows that it was not trained on."""
    random = np.random.default_rng(0)
    x = random.normal(50, 10, size=(100, 2))
    data = hb.data.from_arrays(x, (x.sum(axis=1) > 100).astype(int), features=["a", "b"])
    network = hb.networks.BinaryMLP(n_features=2, hidden=(), n_classes=2)
    result = hb.fit(network, data, posterior=hb.Register(hb.circuits.ProductState(3)), steps=30, progress=False)
    return result, random.normal(50, 10, size=(12, 2))


@pytest.mark.usefixtures("unchecked")
def test_raw_rows_with_names_are_predicted_and_without_are_refused(far_from_zero: tuple[Result, np.ndarray]) -> None:
    result, raw = far_from_zero
    frame = Frame({"a": raw[:, 0], "b": raw[:, 1]})
    expected = result.predict_proba(result.data.preprocessing.apply(raw))
    for given in (frame, {"b": raw[:, 1], "a": raw[:, 0]}, hb.data.Table({"a": raw[:, 0], "b": raw[:, 1]})):
        np.testing.assert_array_equal(result.predict_proba(given), expected)
        np.testing.assert_array_equal(result.predict(given), expected.argmax(axis=1))
        assert len(result.network_predictions(result.most_probable(1), given)) == len(raw)
    np.testing.assert_array_equal(result.predict_table(raw), expected)
    for rows in (raw, raw[:1]):
        for ask in (
            result.predictions,
            result.predict_proba,
            result.predict,
            lambda x: result.network_probabilities(result.most_probable(1), x),
        ):
            with pytest.raises(UserError, match="x looks like raw rows"):
                ask(rows)
    with pytest.raises(UserError, match="the table has no column 'b'"):
        result.predict_proba({"a": raw[:, 0]})


def test_what_is_known_to_be_features_may_be_anywhere(far_from_zero: tuple[Result, np.ndarray]) -> None:
    result, raw = far_from_zero
    assert len(result.predictions_of_features(raw)) == len(raw)
    # So is a file of raw rows that lie where features would.
    assert len(result.predict_table(1e6 + raw)) == len(raw)


def test_a_threshold_decides_between_two_classes(far_from_zero: tuple[Result, np.ndarray]) -> None:
    result, _ = far_from_zero
    second = result.predict_proba(result.data.test.x)[:, 1]
    threshold = float(np.sort(second)[5])
    found = result.predict(result.data.test.x, threshold=threshold)
    np.testing.assert_array_equal(found, second >= threshold)
    assert found.sum() == len(second) - 5
    with pytest.raises(UserError, match="threshold = 2: give a number from 0 to 1"):
        result.predict(result.data.test.x, threshold=2)


def test_the_summary_has_one_network_and_predictions_without_features_beside_the_average(
    far_from_zero: tuple[Result, np.ndarray],
) -> None:
    result, _ = far_from_zero
    summary, data = result.summary, result.data
    assert summary["average"] == {"n_networks": 8, "is_all": True, "size_in_bytes": None}
    one = result.one_network.bits[None]
    alone = result.network_predictions(one, data.validation.x).fitted_calibration(data.validation.y)
    calibrated = result.network_predictions(one, data.test.x).calibrated(alone)
    sizes = {"size_in_bytes": 1, "temperature": alone, "test": calibrated.scores(data.test.y)}
    assert summary["one_network"] == sizes | result.one_network.to_record()
    frequency = (data.train.y == data.test.y[:, None]).mean(axis=1)
    assert summary["constant"]["test"]["nll"] == pytest.approx(-np.log(frequency).mean())
    report = summary["test_report"]
    assert report["classes"] == ["0", "1"]
    assert report["accuracy"] == summary["test"]["accuracy"]
    assert np.sum(report["confusion"]) == len(data.test)


def test_saving_replaces_a_run_only_by_force(result: Result, tmp_path: Path) -> None:
    result.save(tmp_path / "run")
    with pytest.raises(UserError, match=r"run exists; choose another name, or force=True \(--force\)"):
        result.save(tmp_path / "run")
    result.save(tmp_path / "run", force=True)
    np.testing.assert_array_equal(hb.load(tmp_path / "run").params, result.params)
