"""Raw rows in place of features are told, and features never are taken for them."""

from collections.abc import Callable

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.data import Dataset
from hyperborn.data.raw_rows import FeatureRanges
from hyperborn.errors import UserError

BUILT_IN = ("gaussian", "moons", "circles", "xor", "iris", "wine", "breast_cancer", "digits")


def labelled(x: np.ndarray, **options: object) -> Dataset:
    return hb.data.from_arrays(x, (x[:, 0] > np.median(x[:, 0])).astype(int), **options)


def lognormal(deviation: float, seed: int = 0, rows: int = 400) -> np.ndarray:
    return np.random.default_rng(seed).lognormal(5, deviation, size=(rows, 5))


OWN: dict[str, Callable[[], Dataset]] = {
    "far from 0": lambda: labelled(np.random.default_rng(0).normal(50, 10, size=(200, 3))),
    "wide": lambda: labelled(np.random.default_rng(1).normal(0, 100, size=(30, 1))),
    "standardised before": lambda: labelled(np.random.default_rng(2).normal(size=(50, 3))),
    "long tails": lambda: labelled(lognormal(1)),
    "very long tails": lambda: labelled(lognormal(2)),
    "no mean": lambda: labelled(100 * np.random.default_rng(3).standard_cauchy(size=(300, 4))),
    "components": lambda: labelled(np.random.default_rng(4).normal(50, 10, size=(200, 3)), components=3),
    "constant column": lambda: labelled(np.column_stack([np.arange(40.0), np.full(40, 7.0)])),
}
SETS = {**{name: lambda name=name: hb.data.load(name) for name in BUILT_IN}, **OWN}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("shift", [-1.0, 0.0, 0.5, 1.0])
def test_features_as_they_are_or_shifted_are_features(name: str, shift: float) -> None:
    """All rows of each split together, ten, three, and each by itself."""
    data = SETS[name]()
    ranges = FeatureRanges(data)
    for split in ("train", "validation", "test"):
        x = data.split(split).x[:200] + shift
        ranges.check(x)
        for rows in (10, 3, 1):
            for start in range(0, len(x), rows):
                ranges.check(x[start : start + rows])


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "far from 0", "long tails", "very long tails"])
def test_raw_rows_are_told(name: str) -> None:
    data = SETS[name]()
    raw = data.preprocessing.means + data.test.x * data.preprocessing.scales
    with pytest.raises(UserError, match=r"x looks like raw rows.*predict_table") as caught:
        FeatureRanges(data).check(raw)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["wine", "far from 0"])
def test_a_single_raw_row_is_told_where_features_are_far_from_0(name: str) -> None:
    data = SETS[name]()
    ranges = FeatureRanges(data)
    raw = data.preprocessing.means + data.test.x * data.preprocessing.scales
    assert all(ranges.looks_raw(row[None]) for row in raw)


def test_raw_rows_are_told_before_components() -> None:
    data = OWN["components"]()
    assert FeatureRanges(data).looks_raw(np.random.default_rng(5).normal(50, 10, size=(20, 3)))


def test_some_outliers_among_raw_rows_do_not_hide_them() -> None:
    data = OWN["far from 0"]()
    raw = np.random.default_rng(6).normal(50, 10, size=(40, 3))
    raw[::20] = 1e4
    assert FeatureRanges(data).looks_raw(raw)


def test_new_features_far_out_that_are_no_raw_rows_are_features() -> None:
    """Preprocessed once more they would lie farther out, or elsewhere."""
    ranges = FeatureRanges(OWN["far from 0"]())
    assert not ranges.looks_raw(np.full((20, 3), 1e6))
    assert not ranges.looks_raw(np.full((1, 3), -100.0))


def test_single_new_rows_with_long_tails_are_features() -> None:
    for deviation, most in ((1, 0), (2, 1)):
        data = labelled(lognormal(deviation))
        ranges, new = FeatureRanges(data), data.preprocessing.apply(lognormal(deviation, seed=1, rows=3000))
        assert sum(ranges.looks_raw(row[None]) for row in new) <= most


def test_rows_of_the_data_set_are_features_however_far_out() -> None:
    """The scale is small beside the outlier in the test split, which would be in range once it was preprocessed."""
    x = np.random.default_rng(7).normal(0, 100, size=(60, 2))
    data = labelled(x)
    far = data.test.x[:1] * 0 + 60.0
    moved = Dataset(
        data.name, data.train, data.validation, hb.data.Split(far, data.test.y[:1]), data.classes, data.preprocessing
    )
    assert FeatureRanges(data).looks_raw(far)
    assert not FeatureRanges(moved).looks_raw(far)


def test_features_without_preprocessing_are_never_raw() -> None:
    data = labelled(np.random.default_rng(8).normal(50, 10, size=(60, 2)), standardize=False)
    assert not FeatureRanges(data).looks_raw(np.full((20, 2), 1e5))
