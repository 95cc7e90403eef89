import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.rows import distinct_rows


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(st.integers(0, 1), min_size=n, max_size=n), min_size=1)))
def test_rows_of_bits_are_found_once_in_their_order(rows: list[list[int]]) -> None:
    table = np.array(rows, np.uint8)
    distinct, places, counts = distinct_rows(table)
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
