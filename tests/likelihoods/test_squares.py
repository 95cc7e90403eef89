"""Sums of squares of all pairs, against one pair after the other."""

import numpy as np
import pytest

from hyperborn.errors import UserError
from hyperborn.likelihoods.squares import check_numbers, pair_squares


def plain(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.array([[sum((float(a) + float(b)) ** 2 for a, b in zip(x, y, strict=True)) for y in right] for x in left])


@pytest.mark.parametrize("scale", [1.0, 1e5])
def test_all_pairs_are_those_of_the_plain_sum(scale: float) -> None:
    random = np.random.default_rng(0)
    left, right = scale * random.normal(size=(5, 9)), scale * random.normal(size=(3, 9))
    np.testing.assert_allclose(pair_squares(left, right), plain(left, right), rtol=1e-12)


@pytest.mark.parametrize("at_once", [1, 2**16])
def test_sums_that_cancel_keep_their_digits(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr("hyperborn.likelihoods.squares.PAIRS_AT_ONCE", at_once)
    random = np.random.default_rng(0)
    left = 1e6 * random.normal(size=(4, 9))
    right = np.concatenate([1e-3 * random.normal(size=(2, 9)) - left[:2], random.normal(size=(1, 9))])
    found = pair_squares(left, right)
    np.testing.assert_allclose(found, plain(left, right), rtol=1e-9)
    assert found[0, 0] < 1e-4 < found[0, 1]
    assert pair_squares(left, -left)[2, 2] == 0


@pytest.mark.parametrize(
    ("y", "said"),
    [
        ([1.0], "array of floats"),
        (np.array([1, 2]), "int64 of shape"),
        (np.array([[1.0], [2.0]]), "shape"),
        (np.array([1.0]), "2 examples with 1 labels"),
        (np.array([1.0, np.nan]), "label 1 is NaN"),
        (np.array([np.inf, 1.0]), "label 0 is NaN or infinite"),
    ],
)
def test_labels_must_be_numbers(y: object, said: str) -> None:
    with pytest.raises(UserError, match=said):
        check_numbers(y, 2, "a network")
