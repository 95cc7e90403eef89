import jax
import numpy as np
import pytest

import inference_oracle
from hyperborn.objectives.kernels import Hamming, kernel_sums, sums, weighted_kernel_sums

MIXTURE = ((0.15, 0.8), (1.0, 3.0))


def rows_of(n: int, rows: int, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).random((rows, n)) < 0.3).astype(np.uint8)


def plain_sums(bits: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.concatenate([inference_oracle.kernel_between(row[None], others, *MIXTURE).sum(axis=1) for row in bits])


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
    np.testing.assert_allclose(sums.streamed_sums(Hamming(*MIXTURE), bits, columns, ones), expected, rtol=1e-12)
    if n <= 9:
        np.testing.assert_allclose(sums.tabulated_sums(Hamming(*MIXTURE), bits, columns, ones), expected, rtol=1e-12)


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
    monkeypatch.setattr(sums, "tabulated_sums", lambda *_: used.append("table") or np.zeros(rows))
    monkeypatch.setattr(sums, "streamed_sums", lambda *_: used.append("stream") or np.zeros(rows))
    others = 100 if n == 10 else 10**5
    kernel_sums(Hamming((0.5,)), np.zeros((rows, n), np.uint8), np.zeros((others, n), np.uint8))
    assert used == [way]


def test_samples_of_any_size_share_few_programs() -> None:
    sizes = (1, 64, 65, 512, 600, 4096, 5000)
    before = sums.block_sums._cache_size()
    for rows in sizes:
        for others in sizes:
            sums.streamed_sums(Hamming((0.3,)), rows_of(25, rows, 0), rows_of(25, others, 1), np.ones(others))
    # Rows come in blocks of 64 or 512, columns of 64, 512 or 4096.
    assert sums.block_sums._cache_size() - before == 6


def test_memory_is_that_of_a_block_for_any_number_of_rows() -> None:
    n = 30
    with jax.enable_x64(True):
        shapes = (
            jax.ShapeDtypeStruct((n + 1,), np.float64),
            jax.ShapeDtypeStruct((sums.ROWS, n), np.uint8),
            jax.ShapeDtypeStruct((sums.COLUMNS, n), np.uint8),
            jax.ShapeDtypeStruct((sums.COLUMNS,), np.float64),
        )
        needed = sums.block_sums.lower(*shapes).compile().memory_analysis()
    assert needed.temp_size_in_bytes <= 40 * 2**20 + 20 * 2**10 * n
