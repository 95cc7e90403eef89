"""Splits and data sets: read-only, checked, and kept in a run folder without loss."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hyperborn.data import Column, Dataset, Preprocessing, Split, load


def dataset(x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> Dataset:
    preprocessing = Preprocessing(tuple(Column(f"c{i}") for i in range(x.shape[1])), "y", ("a", "b"))
    part = Split(x, y, weights)
    return Dataset("made", part, Split(x[:0], y[:0]), part, ("a", "b"), preprocessing)


def test_a_split_is_a_read_only_copy() -> None:
    x, y = np.asfortranarray(np.ones((3, 2), dtype=np.float32)), np.zeros(3, dtype=np.int32)
    split = Split(x, y)
    assert (split.x.dtype, split.y.dtype, len(split)) == (np.float64, np.int64, 3)
    assert split.x.flags.c_contiguous
    with pytest.raises(ValueError, match="read-only"):
        split.x[0, 0] = 2.0
    with pytest.raises(ValueError, match="read-only"):
        split.y[0] = 1
    mine = np.ones((3, 2))
    kept = Split(mine, np.zeros(3, dtype=np.int64))
    mine[0, 0] = 5.0
    assert kept.x[0, 0] == 1.0


def test_faulty_splits(refused) -> None:
    y = np.zeros(2, dtype=np.int64)
    with refused("feature 1", "1 value"):
        Split(np.asarray([[0.0, np.nan], [0.0, 1.0]]), y)
    with refused("feature 0", "2 values"):
        Split(np.asarray([[np.inf, 0.0], [-np.inf, 1.0]]), y)
    with refused("-1"):
        Split(np.zeros((2, 1)), y - 1)
    with refused("(3, 1)", "(2,)"):
        Split(np.zeros((3, 1)), y)


def test_faulty_data_sets(refused) -> None:
    good = dataset(np.zeros((2, 3)), np.asarray([0, 1]))
    parts = {"name": "made", "validation": good.validation, "test": good.test, "preprocessing": good.preprocessing}
    with refused("'made'", "train split has 1 feature"):
        Dataset(train=Split(np.zeros((2, 1)), np.asarray([0, 1])), classes=("a", "b"), **parts)
    with refused("'made'", "label 2"):
        Dataset(train=Split(np.zeros((2, 3)), np.asarray([0, 2])), classes=("a", "b"), **parts)
    with refused("'made'", "classes"):
        Dataset(train=good.train, classes=("b", "a"), **parts)
    with refused("'made'", "empty"):
        Dataset(train=good.validation, classes=("a", "b"), **parts)


def test_split_by_name(refused) -> None:
    data = load("iris")
    assert data.split("validation") is data.validation
    with refused("'valid'", "train, validation, test"):
        data.split("valid")


def test_representation_is_short() -> None:
    assert len(repr(load("breast_cancer"))) < 200
    assert "train 90" in repr(load("iris"))


@given(
    st.tuples(st.integers(1, 5), st.integers(1, 4)).flatmap(
        lambda shape: arrays(np.float64, shape, elements=st.floats(allow_nan=False, allow_infinity=False))
    ),
    st.data(),
)
def test_a_record_gives_everything_back_to_the_last_bit(x: np.ndarray, data: st.DataObject) -> None:
    before = dataset(x, data.draw(arrays(np.int64, len(x), elements=st.integers(0, 1))))
    stored, description = before.to_record()
    after = Dataset.from_record(stored, json.loads(json.dumps(description)))
    assert (after.name, after.classes, after.features) == (before.name, before.classes, before.features)
    for name in ("train", "validation", "test"):
        for part in "xy":
            old, new = getattr(before.split(name), part), getattr(after.split(name), part)
            assert (old.dtype, old.shape, old.tobytes()) == (new.dtype, new.shape, new.tobytes())
    assert after.preprocessing.to_dict() == before.preprocessing.to_dict()


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=5).filter(any))
def test_a_record_gives_weights_back_to_the_last_bit(weights: list[float]) -> None:
    before = dataset(np.zeros((len(weights), 2)), np.zeros(len(weights), dtype=np.int64), np.asarray(weights))
    stored, description = before.to_record()
    assert sorted(stored) == ["test_weights", "test_x", "test_y", "train_weights", "train_x", "train_y",
                              "validation_x", "validation_y"]  # fmt: skip
    after = Dataset.from_record(stored, json.loads(json.dumps(description)))
    assert after.validation.weights is None
    for split in (after.train, after.test):
        assert split.weights is not None
        assert split.weights.tolist() == weights


def test_faulty_weights_in_records(refused) -> None:
    stored, description = load("iris").to_record()
    assert not any(name.endswith("weights") for name in stored)
    with refused("train_weights", "float32"):
        Dataset.from_record(stored | {"train_weights": np.ones(90, np.float32)}, description)
    with refused("weights has the shape (89,) for 90 examples"):
        Dataset.from_record(stored | {"train_weights": np.ones(89)}, description)


def test_faulty_records(refused) -> None:
    stored, description = load("iris").to_record()
    with refused("test_y", "missing"):
        Dataset.from_record({name: array for name, array in stored.items() if name != "test_y"}, description)
    with refused("train_x", "float32"):
        Dataset.from_record(stored | {"train_x": stored["train_x"].astype(np.float32)}, description)
    with refused("train_y", "int64 of shape (1, 90)"):
        Dataset.from_record(stored | {"train_y": stored["train_y"][None]}, description)
    with refused("train split has 3 features"):
        Dataset.from_record(stored | {"train_x": stored["train_x"][:, :3]}, description)
    with refused("label 9"):
        Dataset.from_record(stored | {"test_y": np.full(30, 9)}, description)
    for wrong in (None, {}, description | {"more": 1}, description | {"name": 3}, description | {"classes": "abc"}):
        with refused("data record"):
            Dataset.from_record(stored, wrong)
    with refused("classes"):
        Dataset.from_record(stored, description | {"classes": ["x", "y", "z"]})


def test_the_shape_of_images_is_kept_and_must_fit(refused) -> None:
    digits = load("digits", pixels=4)
    stored, description = digits.to_record()
    again = Dataset.from_record(stored, json.loads(json.dumps(description)))
    assert again.image_shape == digits.image_shape == (4, 4)
    # Runs from before images were known as such.
    old = {key: value for key, value in description.items() if key != "image_shape"}
    assert Dataset.from_record(stored, old).image_shape is None
    for wrong in ([4], [4, 4.0], [4, True], [-4, -4], "4x4"):
        with refused("data record: image_shape must be height and width"):
            Dataset.from_record(stored, description | {"image_shape": wrong})
    with refused("'digits': images of 4 x 5 pixels do not have 16 features"):
        Dataset.from_record(stored, description | {"image_shape": [4, 5]})
