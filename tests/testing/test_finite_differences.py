import numpy as np

from hyperborn.testing.finite_differences import finite_differences

AT = np.array([0.5, 2.0, -1.0])


def value(numbers: np.ndarray) -> float:
    return float(np.sin(numbers[0]) * numbers[1] ** 2 + numbers[2])


EXPECTED = np.array([4 * np.cos(0.5), 4 * np.sin(0.5), 1.0])


def test_they_are_derivatives_by_all_numbers_or_some() -> None:
    np.testing.assert_allclose(finite_differences(value, AT), EXPECTED, rtol=0, atol=1e-8)
    some = finite_differences(value, AT, places=np.array([2, 0]))
    np.testing.assert_allclose(some, EXPECTED[[2, 0]], rtol=0, atol=1e-8)
    own_steps = finite_differences(value, AT, np.array([1e-4, 1e-5, 1.0]))
    np.testing.assert_allclose(own_steps, EXPECTED, rtol=0, atol=1e-7)
    assert finite_differences(value, np.zeros(0)).shape == (0,)
