from math import exp

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import objectives_oracle
from hyperborn.errors import UserError
from hyperborn.objectives.divergences import Stein
from hyperborn.objectives.kernels import Hamming

SEEDS = st.integers(0, 2**32 - 1)
OPERATORS = st.sampled_from(["barker", "difference"])
KERNELS = st.sampled_from([None, Hamming((0.6,)), Hamming((0.2, 0.9)), Hamming((0.2, 0.9), (1.0, 3.0))])


def random_pair(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.dirichlet(np.full(2**n, 0.3)), random.dirichlet(np.full(2**n, 2.0))


def value_and_variation(stein: Stein, log_p: np.ndarray, q: np.ndarray) -> tuple[float, np.ndarray]:
    with jax.enable_x64(True):
        value, variation = stein.bind(log_p).value_and_first_variation(jnp.asarray(q))
        return float(value), np.asarray(variation)


def plain_kernel(stein: Stein, p: np.ndarray) -> np.ndarray:
    n = len(p).bit_length() - 1
    mixture = stein.kernel or Hamming((exp(-1 / n),))
    kernel = objectives_oracle.kernel_matrix(n, mixture.kappas, mixture.weights)
    return objectives_oracle.stein_kernel(p, kernel, bounded=stein.operator == "barker")


def test_one_bit_is_as_worked_out_by_hand() -> None:
    """p(1)/p(0) = 1/2: scores 1/2 and -1, and with k(0, 1) = 1/e the kernel 5/4 - 1/e, 2/e - 5/2, 5 - 4/e."""
    log_p = np.log([2 / 3, 1 / 3])
    stein = Stein(operator="difference")
    np.testing.assert_allclose(value_and_variation(stein, log_p, np.array([1.0, 0.0]))[0], 1.25 - exp(-1), rtol=1e-14)
    np.testing.assert_allclose(value_and_variation(stein, log_p, np.array([0.0, 1.0]))[0], 5 - 4 * exp(-1), rtol=1e-14)
    # Half of the first variation of a point mass at 0 is the kernel's row.
    row = value_and_variation(stein, log_p, np.array([1.0, 0.0]))[1] / 2
    np.testing.assert_allclose(row, [1.25 - exp(-1), 2 * exp(-1) - 2.5], rtol=1e-14)
    # Bounded, the rates are 1/3 from 0 to 1 and 2/3 back.
    bounded = value_and_variation(Stein(), log_p, np.array([1.0, 0.0]))[0]
    np.testing.assert_allclose(bounded, 2 / 9 * (1 - exp(-1)), rtol=1e-14)


@given(SEEDS, st.integers(1, 6), OPERATORS, KERNELS)
def test_it_is_the_plain_double_sum(seed: int, n: int, operator, kernel: Hamming | None) -> None:
    q, p = random_pair(seed, n)
    stein = Stein(kernel, operator)
    doubled = plain_kernel(stein, p)
    value, variation = value_and_variation(stein, np.log(p), q)
    size = np.abs(doubled).max()
    np.testing.assert_allclose(value, q @ doubled @ q, rtol=1e-9, atol=1e-12 * size)
    np.testing.assert_allclose(variation, 2 * doubled @ q, rtol=1e-9, atol=1e-12 * size)


@given(SEEDS, st.integers(1, 6), OPERATORS, KERNELS)
def test_it_is_zero_at_p_alone(seed: int, n: int, operator, kernel: Hamming | None) -> None:
    q, p = random_pair(seed, n)
    stein = Stein(kernel, operator)
    value, variation = value_and_variation(stein, np.log(p), p)
    size = np.abs(plain_kernel(stein, p)).max()
    assert abs(value) < 1e-14 * size
    np.testing.assert_allclose(variation, 0, atol=1e-13 * size)
    assert value_and_variation(stein, np.log(p), q)[0] > 1e-6
    # The kernel is of full rank but for p itself: no other q is at zero, or elsewhere.
    eigenvalues = np.linalg.eigvalsh(plain_kernel(stein, p))
    assert (eigenvalues > 1e-10 * size).sum() == 2**n - 1


@given(SEEDS, st.integers(1, 6), OPERATORS)
def test_p_need_not_be_normalised(seed: int, n: int, operator) -> None:
    q, p = random_pair(seed, n)
    near, far = (value_and_variation(Stein(operator=operator), np.log(p) + shift, q) for shift in (0.0, 700.0))
    np.testing.assert_allclose(far[0], near[0], rtol=1e-9)
    np.testing.assert_allclose(far[1], near[1], rtol=1e-9, atol=1e-9 * np.abs(near[1]).max())


@given(SEEDS, st.integers(1, 6), KERNELS, st.floats(1, 1e3))
def test_the_bounded_operator_is_bounded(seed: int, n: int, kernel: Hamming | None, steepness: float) -> None:
    log_p = steepness * np.random.default_rng(seed).normal(size=2**n)
    kappa = np.average(kernel.kappas, weights=kernel.weights) if kernel else exp(-1 / n)
    limit = 2 * n * (1 - kappa)
    bound = Stein(kernel).bind(log_p)
    for point in np.eye(2**n)[:: max(1, 2**n // 4)]:
        value, variation = bound.value_and_first_variation(jnp.asarray(point))
        assert 0 <= value <= limit * (1 + 1e-5)
        assert np.abs(variation).max() <= 2 * limit * (1 + 1e-5)


def test_the_difference_operator_explodes_with_the_size_of_the_data() -> None:
    energies = np.array([0.0, 1.0])
    charges = [value_and_variation(Stein(operator="difference"), -n * energies, np.array([0, 1.0]))[0] for n in (1, 20)]
    assert charges[0] < 10
    assert charges[1] > exp(2 * 20) / 2
    with pytest.raises(UserError, match=r"operator = 'difference': .* factor of exp\(41\) .*use 'barker', or a higher"):
        Stein(operator="difference").bind(-41 * energies)
    assert 0 < value_and_variation(Stein(), -41 * energies, np.array([0, 1.0]))[0] < 2


@pytest.mark.parametrize("n", [1, 4, 9])
def test_single_precision(n: int) -> None:
    q, p = random_pair(0, n)
    value, variation = Stein().bind(np.log(p)).value_and_first_variation(jnp.asarray(q))
    assert value.dtype == variation.dtype == jnp.float32
    doubled = plain_kernel(Stein(), p)
    np.testing.assert_allclose(value, q @ doubled @ q, rtol=1e-4)
    np.testing.assert_allclose(variation, 2 * doubled @ q, rtol=0, atol=1e-5)


def test_the_loop_over_bits_is_not_unrolled() -> None:
    bound = Stein().bind(np.zeros(2**16))
    program = str(jax.make_jaxpr(type(bound).value_and_first_variation)(bound, jnp.ones(2**16)))
    # Two transforms of four groups of bits each, for all 16 bits.
    assert program.count("dot_general") == 2 * 4


@pytest.mark.parametrize(
    ("given", "said"),
    [({"kernel": 3}, "kernel = 3: give a kernel"), ({"operator": "gibbs"}, "operator = 'gibbs': give 'barker' or")],
)
def test_settings_that_are_none_are_named(given: dict, said: str) -> None:
    with pytest.raises(UserError, match=said):
        Stein(**given)
