import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import inference_oracle
import oracle
from hyperborn.errors import UserError
from hyperborn.objectives.kernels import distances_of_probabilities, distances_of_product, distances_of_samples, sums


def plain_distances(p: np.ndarray) -> np.ndarray:
    n = len(p).bit_length() - 1
    bits = oracle.all_bits(n)
    found = np.zeros(n + 1)
    for one, row in zip(p, bits, strict=True):
        for other, column in zip(p, bits, strict=True):
            found[(row != column).sum()] += one * other
    return found


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_distances_of_a_table_are_those_of_all_pairs(n: int, seed: int) -> None:
    p = np.random.default_rng(seed).dirichlet(np.full(2**n, 0.3))
    found = distances_of_probabilities(p)
    np.testing.assert_allclose(found, plain_distances(p), rtol=0, atol=1e-14)
    assert (found >= 0).all()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_distances_of_independent_bits_are_those_of_all_pairs(marginals: list[float]) -> None:
    p = inference_oracle.product_distribution(marginals)
    np.testing.assert_allclose(distances_of_product(np.array(marginals)), plain_distances(p), rtol=0, atol=1e-14)


@pytest.mark.parametrize(("n", "rows"), [(1, 2), (6, 300), (23, 700), (23, 4200), (70, 520)])
def test_distances_of_samples_are_those_of_all_pairs_of_rows(n: int, rows: int) -> None:
    # One row of each pair in a loop; both sides of the limit of the tables, and more than one block.
    bits = (np.random.default_rng(n).random((rows, n)) < 0.3).astype(np.uint8)
    expected = np.zeros(n + 1)
    for place, row in enumerate(bits):
        apart = (np.delete(bits, place, axis=0) != row).sum(axis=1)
        expected += np.bincount(apart, minlength=n + 1)
    np.testing.assert_allclose(distances_of_samples(bits), expected / (rows * (rows - 1)), rtol=0, atol=1e-15)


def test_both_ways_to_count_agree() -> None:
    bits = (np.random.default_rng(0).random((600, 8)) < 0.3).astype(np.uint8)
    counts = sums.distance_counts(bits)
    counts[0] -= 600
    np.testing.assert_allclose(distances_of_samples(bits), counts / (600 * 599), rtol=1e-14)


def test_one_row_has_no_distances() -> None:
    with pytest.raises(UserError, match="1 row of bits has no distances: give at least 2"):
        distances_of_samples(np.zeros((1, 3), np.uint8))
