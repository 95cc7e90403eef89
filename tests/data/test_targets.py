"""Targets that are numbers: when they are taken for such, how they are split and standardised, and what is refused."""

from typing import Any

import numpy as np
import pytest

from hyperborn.data import Dataset, Preprocessing, Split, Table, from_arrays, load, read_table
from hyperborn.data.targets import is_regression, may_be_number
from hyperborn.data.user_table import examples_in_encoding
from hyperborn.errors import UserError

X = np.random.default_rng(0).normal(size=(60, 2))
Y = np.random.default_rng(1).normal(5.0, 3.0, 60)


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        (np.arange(21) + 0.5, True),
        (np.repeat(np.arange(20) + 0.5, 3), False),
        # Whole numbers from 0 or 1 on, as classes are numbered, with five rows each; ages and prices are no such.
        (np.repeat(np.arange(40.0), 5), False),
        (np.repeat(np.arange(40.0), 4), True),
        (np.repeat(np.arange(1.0, 41.0), 5), False),
        (np.repeat(np.arange(18.0, 80.0), 9), True),
        (np.repeat(np.arange(40.0), 9) * 500, True),
        (np.repeat(np.arange(1001.0), 5), True),
        (np.array([f"{code:05d}" for code in range(2000, 2030)] * 2, dtype=object), False),
        (np.arange(11.0), True),
        (np.arange(10.0), False),
        (np.repeat(np.arange(11.0), 3), False),
        # One label that was mistyped leaves classes classes.
        (np.append(np.repeat(np.arange(12.0), 3), 99.0), False),
        (np.array(["a", "b"] * 10, dtype=object), False),
    ],
)
def test_numbers_that_can_be_classes_are_classes(values: np.ndarray, numbers: bool) -> None:
    table = Table({"y": values}, text=frozenset({"y"}))
    labels, as_numbers = table.columns["y"], table.as_numbers("y")
    assert is_regression(labels, as_numbers, "auto", None, "y") == numbers
    assert not is_regression(labels, as_numbers, "classification", None, "y")
    assert not is_regression(labels, as_numbers, "auto", (0, 1), "y")
    if as_numbers is not None:
        assert is_regression(labels, as_numbers, "regression", None, "y")


@pytest.mark.parametrize(
    ("classes", "number"),
    [
        ([str(age) for age in range(18, 80)], True),
        ([*map(str, range(11))], True),
        ([*map(str, range(10))], False),
        ([str(-0.5 * step) for step in range(21)], True),
        ([*map(str, range(30)), "old"], False),
        ([*map(str, range(30)), "nan"], False),
        ([f"c{index}" for index in range(30)], False),
    ],
)
def test_many_classes_that_are_numbers_may_be_meant_as_one(classes: list[str], number: bool) -> None:
    assert may_be_number(classes) == number


def test_each_split_is_standardised_by_the_training_split() -> None:
    data = from_arrays(X, Y, seed=3)
    assert (data.classes, data.n_classes, len(data.train), len(data.validation), len(data.test)) == ((), 0, 36, 12, 12)
    scaling = data.preprocessing.target_scaling
    assert scaling is not None
    parts = [scaling.restored(data.split(name).y) for name in ("train", "validation", "test")]
    np.testing.assert_allclose(np.sort(np.concatenate(parts)), np.sort(Y), rtol=1e-12)
    assert (scaling.mean, scaling.deviation) == (pytest.approx(parts[0].mean()), pytest.approx(parts[0].std()))
    assert data.train.y.mean() == pytest.approx(0, abs=1e-12)
    assert data.train.y.std() == pytest.approx(1)
    assert data.train.y.dtype == np.float64
    # Rows keep their order, and features stay with their targets.
    places = [int(np.argmin(np.abs(Y - value))) for value in parts[2]]
    assert places == sorted(places)
    means, scales = data.preprocessing.means, data.preprocessing.scales
    assert means is not None
    assert scales is not None
    np.testing.assert_allclose(data.test.x * scales + means, X[places])
    other = from_arrays(X, Y, seed=4)
    assert not np.array_equal(other.test.x, data.test.x)
    np.testing.assert_array_equal(from_arrays(X, Y, seed=3).test.y, data.test.y)
    assert repr(data) == "Dataset('arrays', 2 features, regression of 'target', train 36, validation 12, test 12)"


def test_a_table_is_read_encoded_again_and_restored(tmp_path: Any) -> None:
    path = tmp_path / "cars.csv"
    path.write_text("a,kind,price\n" + "".join(f"{i % 5},{'xy'[i % 2]},{1000 + i * i}.5\n" for i in range(40)))
    data = load(path, target="price")
    assert data.n_classes == 0
    arrays, description = data.to_record()
    assert description["preprocessing"]["format"] == 3
    again = Dataset.from_record(arrays, description)
    assert again.preprocessing.target_scaling == data.preprocessing.target_scaling
    np.testing.assert_array_equal(again.test.y, data.test.y)
    raw = examples_in_encoding(read_table(path), data.preprocessing, target=None)
    assert raw.y[3] == 1009.5
    new = load(path, preprocessing=data.preprocessing, seed=1)
    assert new.preprocessing is data.preprocessing
    with pytest.raises(UserError, match=r"the array train_y is float64 of shape .*, not int64"):
        Dataset.from_record(arrays, description | {"classes": ["a", "b"]})


def older_record(preprocessing: Preprocessing) -> dict[str, Any]:
    """The record as versions before 3 wrote it."""
    record = preprocessing.to_dict()
    for key in ("strict", "left_out", "decimal"):
        del record[key]
    for column in record["columns"]:
        for key in ("parts", "rare", "missing"):
            del column[key]
    scaling = record.pop("target_scaling")
    return record | ({"format": 1} if scaling is None else {"format": 2, "target_scaling": scaling})


def test_older_records_are_read_and_strict() -> None:
    for y in (X[:, 0] > 0, Y):
        now = from_arrays(X, y, strict=True).preprocessing
        then = Preprocessing.from_dict(older_record(now))
        assert then.to_dict() == now.to_dict()
        assert then.strict


def test_an_unknown_task_is_named() -> None:
    with pytest.raises(UserError, match="task='both' is unknown; choose one of auto, classification, regression"):
        is_regression(np.array(["1"], object), Y[:1], "both", None, "y")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2, "target_scaling": None}, "format and target_scaling do not fit"),
        ({"format": 1}, "format and target_scaling do not fit"),
        ({"format": 2, "strict": False}, "format and target_scaling do not fit"),
        ({"target_scaling": None}, "the classes must be two or more"),
        ({"target_scaling": {"mean": 0.0, "deviation": 0.0}}, "cannot be scaled"),
        ({"target_scaling": {"mean": 0.0}}, "target_scaling.deviation"),
        ({"classes": ["a", "b"]}, "numbers or classes, not both"),
    ],
)
def test_a_damaged_record_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Preprocessing.from_dict(from_arrays(X, Y).preprocessing.to_dict() | change)


@pytest.mark.parametrize(
    ("y", "options", "said"),
    [
        (Y, {"task": "regression", "classes": (0, 1)}, r"classes \(--classes\) do not go with task regression"),
        (
            np.array(["a", "b"] * 30),
            {"task": "regression"},
            r"holds text such as 'a', and task regression takes numbers",
        ),
        (np.full(60, 2.5), {"task": "regression"}, "the target is 2.5 in all 36 training examples"),
        (
            np.where(np.arange(60) == 7, np.nan, Y),
            {"strict": True},
            r"1 missing value; fill them in, remove their rows .* or train without strict",
        ),
        (np.where(np.arange(60) == 7, np.inf, Y), {}, "the value inf"),
        (np.where(np.arange(60) == 7, 1e200, Y), {}, "the value 1e.200; numbers may be up to 1e.100"),
        (
            Y,
            {"task": "classification"},
            r"60 different numbers that are not whole, too many for classes; leave out task \(--task\) and classes "
            r"\(--classes\) for a regression, or group",
        ),
        (Y, {"classes": (0, 1)}, r"too many for classes; leave out task \(--task\) and classes \(--classes\)"),
        (Y, {"validation": 0.001}, "60 examples are too few for validation=0.001"),
        (Y, {"validation": 0.5, "test": 0.48}, "two to train on"),
    ],
)
def test_what_is_no_regression_is_one_line(y: np.ndarray, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        from_arrays(X, y, **options)
    assert "\n" not in str(caught.value)


def test_sets_of_classes_have_no_regression() -> None:
    with pytest.raises(UserError, match=r"task='regression' is for a CSV or Parquet file, and iris has classes"):
        load("iris", task="regression")
    assert load("iris", task="classification").n_classes == 3
    with pytest.raises(UserError, match="task='regression' does not go with preprocessing"):
        from_arrays(X, Y, task="regression", preprocessing=from_arrays(X, Y).preprocessing)


def test_labels_of_the_other_task_do_not_fit() -> None:
    data = from_arrays(X, X[:, 0] > 0)
    numbers = Split(data.test.x, data.test.y.astype(np.float64))
    with pytest.raises(UserError, match="labels of the test split are of type float64; give class indices"):
        Dataset("moved", data.train, data.validation, numbers, data.classes, data.preprocessing)
    with pytest.raises(UserError, match="NaN or infinite"):
        Split(data.test.x, np.full(len(data.test), np.nan))
