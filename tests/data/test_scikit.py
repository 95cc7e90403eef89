"""The sets of scikit-learn arrive whole, with their names."""

import numpy as np
import pytest
from sklearn import datasets

from hyperborn.data import load

WHOLE = {"validation": 0.0, "test": 0.0, "standardize": False}


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits"])
def test_values_and_names(name: str) -> None:
    raw = getattr(datasets, f"load_{name}")()
    data = load(name, **WHOLE)
    np.testing.assert_array_equal(data.train.x, raw.data / (16 if name == "digits" else 1))
    np.testing.assert_array_equal(data.train.y, raw.target)
    assert data.features == tuple(raw.feature_names)
    assert data.classes == tuple(map(str, raw.target_names))


def test_pooling_is_the_mean_of_blocks() -> None:
    images = datasets.load_digits().images / 16
    data = load("digits", pixels=4, **WHOLE)
    expected = [
        [images[i, 2 * r : 2 * r + 2, 2 * c : 2 * c + 2].mean() for r in range(4) for c in range(4)] for i in range(9)
    ]
    np.testing.assert_allclose(data.train.x[:9], expected, rtol=1e-15)
    assert data.features[5] == "pixel_1_1"
    np.testing.assert_array_equal(load("digits", pixels=8, **WHOLE).train.x, load("digits", **WHOLE).train.x)


@pytest.mark.parametrize("pixels", [3, 0, 16, -2, True])
def test_pixels_divide_eight(refused, pixels: int) -> None:
    with refused(f"pixels={pixels!r}", "1, 2, 4, 8"):
        load("digits", pixels=pixels)


def test_a_subset_of_classes_in_the_order_given() -> None:
    data = load("iris", classes=("virginica", 0), **WHOLE)
    assert data.classes == ("virginica", "setosa")
    raw = datasets.load_iris()
    np.testing.assert_array_equal(data.train.x, raw.data[raw.target != 1])
    np.testing.assert_array_equal(data.train.y, np.repeat([1, 0], 50))
