import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import objectives_oracle
import oracle
from hyperborn.errors import UserError
from hyperborn.objectives.kernels import (
    Hamming,
    distances_of_probabilities,
    distances_of_product,
    distances_of_samples,
    kernel_sums,
    pairwise,
    weighted_kernel_sums,
)

MIXTURE = ((0.15, 0.8), (1.0, 3.0))


def rows_of(n: int, rows: int, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).random((rows, n)) < 0.3).astype(np.uint8)


def plain_sums(bits: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.concatenate([objectives_oracle.kernel_between(row[None], others, *MIXTURE).sum(axis=1) for row in bits])


@pytest.mark.parametrize(
    ("n", "rows", "others"),
    [(1, 3, 2), (4, 100, 50), (9, 513, 20), (21, 700, 4100), (62, 20, 9), (63, 600, 30), (130, 8, 8)],
)
def test_sums_are_those_of_all_pairs(n: int, rows: int, others: int) -> None:
    # More rows and columns than a block holds, words on both sides of 62 bits, and repeated rows.
    bits, columns = rows_of(n, rows, 0), rows_of(n, others, 1)
    columns[-1] = bits[-1] = columns[0]
    expected = plain_sums(bits, columns)
    np.testing.assert_allclose(kernel_sums(Hamming(*MIXTURE), bits, columns), expected, rtol=1e-12)
    ones = np.ones(others)
    np.testing.assert_allclose(pairwise.streamed_sums(Hamming(*MIXTURE), bits, columns, ones), expected, rtol=1e-12)
    if n <= 9:
        np.testing.assert_allclose(
            pairwise.tabulated_sums(Hamming(*MIXTURE), bits, columns, ones), expected, rtol=1e-12
        )


@pytest.mark.parametrize(("n", "rows", "others"), [(4, 100, 50), (21, 70, 400)])
def test_weights_count_columns(n: int, rows: int, others: int) -> None:
    bits, columns = rows_of(n, rows, 0), rows_of(n, others, 1)
    counts = np.random.default_rng(2).integers(0, 4, others)
    expected = plain_sums(bits, np.repeat(columns, counts, axis=0))
    weights = counts.astype(np.float64)
    np.testing.assert_allclose(weighted_kernel_sums(Hamming(*MIXTURE), bits, columns, weights), expected, rtol=1e-12)


@pytest.mark.parametrize(("n", "rows", "way"), [(10, 102, "stream"), (10, 103, "table"), (21, 1000, "stream")])
def test_the_table_serves_where_it_is_smaller_than_the_pairs(
    n: int, rows: int, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[str] = []
    monkeypatch.setattr(pairwise, "tabulated_sums", lambda *_: used.append("table") or np.zeros(rows))
    monkeypatch.setattr(pairwise, "streamed_sums", lambda *_: used.append("stream") or np.zeros(rows))
    others = 100 if n == 10 else 10**5
    kernel_sums(Hamming((0.5,)), np.zeros((rows, n), np.uint8), np.zeros((others, n), np.uint8))
    assert used == [way]


def test_samples_of_any_size_share_few_programs() -> None:
    sizes = (1, 64, 65, 512, 600, 4096, 5000)
    before = pairwise.block_sums._cache_size()
    for rows in sizes:
        for others in sizes:
            pairwise.streamed_sums(Hamming((0.3,)), rows_of(25, rows, 0), rows_of(25, others, 1), np.ones(others))
    # Rows come in blocks of 64 or 512, columns of 64, 512 or 4096.
    assert pairwise.block_sums._cache_size() - before == 6


def test_memory_is_that_of_a_block_for_any_number_of_rows() -> None:
    n = 30
    with jax.enable_x64(True):
        shapes = (
            jax.ShapeDtypeStruct((n + 1,), np.float64),
            jax.ShapeDtypeStruct((pairwise.ROWS, n), np.uint8),
            jax.ShapeDtypeStruct((pairwise.COLUMNS, n), np.uint8),
            jax.ShapeDtypeStruct((pairwise.COLUMNS,), np.float64),
        )
        needed = pairwise.block_sums.lower(*shapes).compile().memory_analysis()
    assert needed.temp_size_in_bytes <= 40 * 2**20 + 20 * 2**10 * n


def plain_distances(p: np.ndarray) -> np.ndarray:
    n = len(p).bit_length() - 1
    bits = oracle.all_bits(n)
    found = np.zeros(n + 1)
    for one, row in zip(p, bits, strict=True):
        for other, column in zip(p, bits, strict=True):
            found[(row != column).sum()] += one * other
    return found


@settings(max_examples=15)
@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_distances_of_a_table_are_those_of_all_pairs(n: int, seed: int) -> None:
    p = np.random.default_rng(seed).dirichlet(np.full(2**n, 0.3))
    found = distances_of_probabilities(p)
    np.testing.assert_allclose(found, plain_distances(p), rtol=0, atol=1e-14)
    assert (found >= 0).all()


@settings(max_examples=15)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_distances_of_independent_bits_are_those_of_all_pairs(marginals: list[float]) -> None:
    p = objectives_oracle.product_distribution(marginals)
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
    counts = pairwise.distance_counts(bits)
    counts[0] -= 600
    np.testing.assert_allclose(distances_of_samples(bits), counts / (600 * 599), rtol=1e-14)


def test_one_row_has_no_distances() -> None:
    with pytest.raises(UserError, match="1 row of bits has no distances: give at least 2"):
        distances_of_samples(np.zeros((1, 3), np.uint8))
