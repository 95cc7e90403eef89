from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.bits import bit_string, bits_of, index_of, values_of
from hyperborn.errors import UserError


@pytest.mark.parametrize("n", [1, 3, 8])
def test_index_order_is_that_of_product(n: int) -> None:
    rows = np.array(list(product([0, 1], repeat=n)), dtype=np.uint8)
    found = bits_of(np.arange(2**n), n)
    assert found.dtype == np.uint8
    assert (found == rows).all()
    assert index_of(rows).tolist() == list(range(2**n))


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
