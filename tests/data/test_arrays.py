"""A person's own arrays give what the same numbers in a file give."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hyperborn.data import Dataset, Split, Table, from_arrays, load
from hyperborn.data.user_files import raw_table

X = np.random.default_rng(0).normal(size=(40, 3)) * [1, 10, 100]
Y = np.repeat(["lily", "rose"], 20)


def test_arrays_are_split_and_preprocessed_as_a_file_is(tmp_path: Path) -> None:
    rows = [f"{a!r},{b!r},{c!r},{label}" for (a, b, c), label in zip(X.tolist(), Y.tolist(), strict=True)]
    (tmp_path / "own.csv").write_text("\n".join(["x1,x2,x3,kind", *rows]))
    expected = load(tmp_path / "own.csv", target="kind", seed=3, components=2)
    found = from_arrays(X, Y, seed=3, components=2)
    assert (found.classes, found.features) == (("lily", "rose"), ("component_1", "component_2"))
    for split in ("train", "validation", "test"):
        np.testing.assert_array_equal(found.split(split).x, expected.split(split).x)
        np.testing.assert_array_equal(found.split(split).y, expected.split(split).y)


def test_lists_numbers_and_names_are_taken() -> None:
    data = from_arrays(X.tolist(), [3, 7] * 20, features=["a", "b", "c"], validation=0.0, standardize=False)
    assert (data.classes, data.features, len(data.validation)) == (("3", "7"), ("a", "b", "c"), 0)
    assert {tuple(row) for row in data.train.x.tolist()} <= {tuple(row) for row in X.tolist()}


@pytest.mark.parametrize(
    ("x", "y", "options", "said"),
    [
        (X[0], Y, {}, "x of shape (3,) must be a matrix"),
        (X, Y[:-1], {}, "y of shape (39,)"),
        (X, np.column_stack([Y, Y]), {}, "y of shape (40, 2)"),
        (X, ["lily"] * 40, {}, "one class only"),
        (
            np.where(np.isclose(X, X[4, 1]), np.inf, X),
            Y,
            {},
            "infinite in 1 place, the first of which is x[4, 1]",
        ),
        (X, Y, {"classes": ("lily", "tulip")}, "unknown class 'tulip'"),
        ([["a", "b"]] * 40, Y, {}, "must be a matrix of numbers"),
        (np.ma.masked_less(X, np.median(X)), Y, {"strict": True}, "column 'x1' of arrays has"),
        (X, Y, {"features": ["a", "b"]}, "must name each of the 3 columns"),
        (X, Y, {"features": ["a", "a", "b"]}, "must name each of the 3 columns"),
        (X, Y, {"features": ["a", "b", "target"]}, "none 'target'"),
    ],
)
def test_what_does_not_fit_is_said(refused, x: Any, y: Any, options: dict[str, Any], said: str) -> None:
    with refused(said):
        from_arrays(x, y, **options)


def test_what_is_worth_saying_of_a_frame_is_said() -> None:
    frame = pd.DataFrame({"a": ["1,5", "2,5", "?", "4,0"] * 10, "b": range(40)}, index=[f"row {i}" for i in range(40)])
    data = from_arrays(frame, ["x", "y"] * 20)
    assert "missing values: '?' (a)" in data.notes
    assert any(note.startswith("decimal commas: '1,5' is 1.5 (a)") for note in data.notes)
    assert data.preprocessing.left_out == {"index": "the index of a pandas data frame"}
    assert data.preprocessing.decimal == ","
    assert from_arrays(frame.drop(columns="a"), ["x", "y"] * 20, strict=True).features == ("b",)


def test_frames_are_read_by_known_categories_under_their_own_names_or_others() -> None:
    signs = np.resize(["+", "-", "none"], 60)
    data = from_arrays(pd.DataFrame({"b": signs, "a": np.arange(60.0)}), np.resize([0, 1], 60))
    new = pd.DataFrame({"b": ["-"] * 20 + ["none"] * 20, "a": np.arange(40.0)})
    expected = data.preprocessing.transform(Table.of(new, known={"b": ["+", "-", "none"]}))
    for frame, names in ((new, None), (new.rename(columns={"b": "sign", "a": "size"}), ("b", "a"))):
        again = from_arrays(
            frame, np.resize([0, 1], 40), features=names, preprocessing=data.preprocessing, validation=0.0, test=0.0
        )
        assert not any("no value" in note for note in again.notes)
        np.testing.assert_array_equal(np.sort(again.train.x, axis=0), np.sort(expected, axis=0))


def test_the_name_of_a_column_is_no_label(refused) -> None:
    with refused("y='kind' must be one label for each row of x", "frame['kind']"):
        from_arrays(pd.DataFrame({"a": [1.0, 2.0], "kind": ["x", "y"]}), "kind")


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_split_may_have_examples_of_its_own(split: str) -> None:
    frame = pd.DataFrame({"size": X[:, 0], "colour": ["red", "blue"] * 20})
    other = pd.DataFrame({"more": 1, "colour": ["blue", "mauve", None], "size": [0.5, None, 2.0]})
    given: Any = {"validation": 0.0, "test": 0.0, split: (other, ["rose", "lily", "rose"])}
    data = from_arrays(frame, Y, **given)
    assert len(data.train) == 40
    assert data.split(split).y.tolist() == [1, 0, 1]
    np.testing.assert_array_equal(
        data.split(split).x, data.preprocessing.transform(raw_table(other, data.preprocessing))
    )
    assert f"{split}: colour: 1 row of unknown categories ('mauve')" in data.notes
    matrix = from_arrays(X, Y, features=["a", "b", "c"], **{**given, split: (X[:5] + 1, Y[:5])})
    np.testing.assert_allclose(matrix.split(split).x, matrix.preprocessing.apply(X[:5] + 1))


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ((X[:, :2], Y), "the features of test have 2 columns, and x has 3"),
        ((X, Y[:3]), "y of shape (3,) must be one label for each row"),
        ((X, ["tulip"] * 40), "column 'target' of the test split: unknown label 'tulip'"),
    ],
)
def test_faulty_examples_of_a_split_are_named(refused, test: Any, said: str) -> None:
    with refused(said):
        from_arrays(X, Y, test=test)


def test_examples_are_split_by_group_and_by_time(refused) -> None:
    place = X[:, 0] * 1000
    by_group = from_arrays(np.column_stack([place, X]), Y, group=np.repeat(np.arange(10), 4), standardize=False)
    groups = [
        set((np.searchsorted(place, part.x[:, 0], sorter=np.argsort(place))).tolist()) for part in parts(by_group)
    ]
    rows = [{int(np.argsort(place)[one]) // 4 for one in found} for found in groups]
    assert not (rows[0] & rows[1] | rows[0] & rows[2] | rows[1] & rows[2])
    assert by_group.split_by == "group"
    days = np.datetime64("2024-01-01") + np.random.default_rng(1).permutation(40)
    for time in (days, days.astype(np.float64), [str(day) for day in days]):
        by_time = from_arrays(np.arange(40.0)[:, None] ** 2, Y, time=time, standardize=False)
        order = np.argsort(days)
        np.testing.assert_array_equal(np.sort(np.sqrt(by_time.test.x[:, 0])), np.sort(order[-8:]))
    with refused("group has the shape (2,) for 40 examples"):
        from_arrays(X, Y, group=[1, 2])
    with refused("some values of time are masked"):
        from_arrays(X, Y, time=np.ma.masked_greater(np.arange(40), 20))
    with refused("group='size' must be a value for each row of x", "frame['size']"):
        from_arrays(X, Y, group="size")
    with refused("column 'time' of arrays must be numbers"):
        from_arrays(X, Y, time=["u", "v"] * 20)
    with refused("not by both"):
        from_arrays(X, Y, group=days, time=days)


def parts(data: Dataset) -> list[Split]:
    return [data.train, data.validation, data.test]
