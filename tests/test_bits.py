from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.bits import bit_string, bits_of, distinct_rows, index_of, values_of
from hyperborn.errors import UserError


@pytest.mark.parametrize("n", [1, 3, 8])
def test_index_order_is_that_of_product(n: int) -> None:
    rows = np.array(list(product([0, 1], repeat=n)), dtype=np.uint8)
    found = bits_of(np.arange(2**n), n)
    assert found.dtype == np.uint8
    assert (found == rows).all()
    assert index_of(rows).tolist() == list(range(2**n))
    assert index_of(rows[:, None]).tolist() == [[index] for index in range(2**n)]


@given(st.integers(1, 62).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.integers(0, 2**n - 1), max_size=5))))
def test_bits_and_indices_are_inverse(case: tuple[int, list[int]]) -> None:
    n, indices = case
    bits = bits_of(np.array(indices, dtype=np.int64), n)
    assert [bit_string(row) for row in bits] == [format(index, f"0{n}b") for index in indices]
    assert index_of(bits).dtype == np.int64
    assert index_of(bits).tolist() == indices


def test_over_62_bits_there_is_no_index() -> None:
    with pytest.raises(UserError, match="63 bits do not fit a 64-bit index"):
        index_of(np.zeros((1, 63), dtype=np.uint8))


def test_values_stand_for_bits() -> None:
    bits = np.array([[0, 1], [1, 1]], dtype=np.uint8)
    assert values_of(bits).tolist() == [[-1, 1], [1, 1]]
    assert values_of(bits, (-3.0, 1.0)).tolist() == [[-3, 1], [1, 1]]
    assert values_of(bits).dtype == np.float64


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(st.integers(0, 1), min_size=n, max_size=n), min_size=1)))
def test_rows_of_bits_are_found_once_in_their_order(rows: list[list[int]]) -> None:
    # Once as they are, and once with more than 62 bits, which have no index.
    for repeats in (1, 70):
        table = np.repeat(np.array(rows, np.uint8), repeats, axis=1)
        distinct, places, counts = distinct_rows(table)
        assert distinct.tolist() == sorted(map(list, {tuple(row) for row in table.tolist()}))
        assert (distinct[places] == table).all()
        assert counts.tolist() == [table.tolist().count(row) for row in distinct.tolist()]


@given(st.lists(st.lists(st.integers(0, 2), min_size=2, max_size=2), min_size=1))
def test_rows_of_bytes_are_not_taken_for_bits(rows: list[list[int]]) -> None:
    distinct, places, counts = distinct_rows(np.array(rows, np.uint8))
    assert distinct.tolist() == sorted(map(list, {tuple(row) for row in rows}))
    assert distinct[places].tolist() == rows
    assert counts.tolist() == [rows.count(row) for row in distinct.tolist()]


@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_of_numbers_are_compared_to_the_last_bit(order) -> None:
    near = np.nextafter(0.5, 1)
    table = np.array([[0.5, -1.0], [near, -1.0], [0.5, -1.0]], order=order)
    distinct, places, counts = distinct_rows(table)
    assert sorted(distinct.tolist()) == [[0.5, -1.0], [near, -1.0]]
    np.testing.assert_array_equal(distinct[places], table)
    assert sorted(counts) == [1, 2]
