import numpy as np
import pytest

from hyperborn.inverse_cdf import inverse_cdf

BELOW_ONE = np.nextafter(1.0, 0.0)


@pytest.mark.parametrize("total", [1.0, 3.0, 0.1])
def test_each_uniform_selects_the_first_outcome_whose_sum_is_above_it(total: float) -> None:
    # The first and the last outcome, and one between, have probability 0.
    sums = total * np.array([0.0, 0.25, 0.25, 0.75, 1.0, 1.0])
    uniforms = np.array([0.0, 0.2, 0.3, 0.5, 0.8, BELOW_ONE])
    assert inverse_cdf(sums, uniforms).tolist() == [1, 1, 3, 3, 4, 4]


def test_columns_are_drawn_from_their_own_distributions() -> None:
    random = np.random.default_rng(3)
    sums = np.cumsum(random.random((8, 5)), axis=0)
    uniforms = random.random((40, 5))
    uniforms[0] = BELOW_ONE
    expected = np.stack([inverse_cdf(sums[:, column], uniforms[:, column]) for column in range(5)], axis=1)
    np.testing.assert_array_equal(inverse_cdf(sums, uniforms), expected)
