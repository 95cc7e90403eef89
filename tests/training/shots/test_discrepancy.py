"""λ MMD² of outcomes, against plain matrices over all 2^n networks."""

from itertools import combinations_with_replacement
from math import factorial, prod
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
import objectives_oracle
import oracle
from hyperborn.backends import Counts, Outcomes
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.objectives.divergences import KL, MMD, Divergence
from hyperborn.objectives.objectives import Surrogate
from hyperborn.priors import Prior
from hyperborn.training.shots.discrepancy import ShotDiscrepancy
from sampled_problem import KAPPAS, KERNEL

NETWORK = BinaryMLP(4, ())
N = 5
BITS = oracle.all_bits(N)
MARGINALS = [0.3] * 4 + [0.8]
SHARED = hb.Empirical(("01101", "11100", "00001"), 0.1)


def of_samples() -> np.ndarray:
    """The table of `SHARED`: one of its samples, each bit flipped with probability 0.1."""
    samples = np.array([[int(bit) for bit in text] for text in SHARED.samples])
    distance = (BITS[:, None, :] != samples[None, :, :]).sum(axis=2)
    return (0.1**distance * 0.9 ** (N - distance)).mean(axis=1)


PRIORS: list[tuple[Prior, np.ndarray]] = [
    (hb.Bernoulli({"W1": 0.3, "b1": 0.8}), objectives_oracle.product_distribution(MARGINALS)),
    (hb.Uniform(), np.full(2**N, 2.0**-N)),
    (SHARED, of_samples()),
]
every_prior = pytest.mark.parametrize(("prior", "p"), PRIORS, ids=["product", "uniform", "table"])


def q_of(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(2**N, 0.3))


def of_table(q: np.ndarray, shots: int) -> Outcomes:
    return Outcomes(BITS, q, shots)


@every_prior
def test_the_witness_is_twice_the_kernel_on_the_difference(prior: Prior, p: np.ndarray) -> None:
    found = ShotDiscrepancy.of(Surrogate(MMD(KERNEL), 2.5, 1.0), prior, NETWORK)
    q, kernel = q_of(0), objectives_oracle.kernel_matrix(N, KAPPAS)
    expected = 2 * 2.5 * kernel @ (q - p)
    np.testing.assert_allclose(found.witness(BITS, of_table(q, 100)), expected, rtol=0, atol=1e-10)
    # Of some rows, from some outcomes, in any order.
    rows, some = np.array([7, 3, 30]), np.array([9, 2, 11, 25])
    weights = q[some] / q[some].sum()
    sparse = np.zeros(2**N)
    sparse[some] = weights
    np.testing.assert_allclose(
        found.witness(BITS[rows], Outcomes(BITS[some], weights, 100)),
        (2 * 2.5 * kernel @ (sparse - p))[rows],
        rtol=0,
        atol=1e-10,
    )
    assert np.abs(expected).max() > 0.5


@every_prior
def test_the_value_leaves_out_pairs_of_a_shot_with_itself(prior: Prior, p: np.ndarray) -> None:
    """Written out shot by shot: mean of k over pairs i ≠ j, less twice the mean of E_p k, plus E_p E_p k."""
    found = ShotDiscrepancy.of(Surrogate(MMD(KERNEL), 2.5, 1.0), prior, NETWORK)
    kernel = objectives_oracle.kernel_matrix(N, KAPPAS)
    shots = np.random.default_rng(1).choice(2**N, 30, p=q_of(0))
    pairs = kernel[np.ix_(shots, shots)]
    among = (pairs.sum() - np.trace(pairs)) / (30 * 29)
    expected = 2.5 * (among - 2 * (kernel @ p)[shots].mean() + p @ kernel @ p)
    assert found.value(Outcomes.of(Counts.of(BITS[shots]))) == pytest.approx(expected, abs=1e-10)


def test_the_value_is_unbiased() -> None:
    """Its mean over all that 3 shots of 8 networks can be is MMD² itself; that of the biased form is not."""
    found = ShotDiscrepancy.of(Surrogate(MMD(KERNEL), 1.0, 1.0), hb.Bernoulli(0.3), BinaryMLP(2, ()))
    q, p = np.random.default_rng(2).dirichlet(np.ones(8)), objectives_oracle.product_distribution([0.3] * 3)
    bits, kernel = oracle.all_bits(3), objectives_oracle.kernel_matrix(3, KAPPAS)
    mean = 0.0
    for shots in combinations_with_replacement(range(8), 3):
        orders = factorial(3) / prod(factorial(shots.count(one)) for one in set(shots))
        mean += orders * q[list(shots)].prod() * found.value(Outcomes.of(Counts.of(bits[list(shots)])))
    exact = objectives_oracle.squared_discrepancy(q, p, kernel)
    assert mean == pytest.approx(exact, abs=1e-10)
    assert (1 - q @ kernel @ q) / 3 > exact / 2


def test_close_to_the_prior_the_value_may_be_negative() -> None:
    prior, p = PRIORS[0]
    found = ShotDiscrepancy.of(Surrogate(MMD(KERNEL), 1.0, 1.0), prior, NETWORK)
    random = np.random.default_rng(4)
    values = [found.value(Outcomes.of(Counts.of(BITS[random.choice(2**N, 20, p=p)]))) for _ in range(40)]
    assert min(values) < 0 < max(values)


@pytest.mark.parametrize("bandwidth", ["operator-weight", "median"])
@every_prior
def test_kernels_and_matched_weights_are_those_of_all_networks(prior: Prior, p: np.ndarray, bandwidth: Any) -> None:
    """At 5 bits the kernel of the operator weight has κ = 1/2 alone."""
    divergence = MMD(bandwidth=bandwidth)
    found = ShotDiscrepancy.of(Surrogate(divergence, "kl-matched", 0.3), prior, NETWORK)
    exact = divergence.kernel_of(np.log(p))
    assert found.kernel == exact
    assert bandwidth == "median" or found.kernel.kappas == pytest.approx((0.5,))
    assert found.weight == pytest.approx(0.3 * divergence.matched_weight(np.log(p)), rel=1e-10)
    kernel = objectives_oracle.kernel_matrix(N, found.kernel.kappas)
    assert found.weight == pytest.approx(0.3 * objectives_oracle.kl_matched_weight(p, kernel), rel=1e-10)


def test_wide_networks_take_priors_of_independent_bits() -> None:
    """Of 100 weights, against sums over single bits: E k = Π (1 - r + κ r), r the probability that two differ."""
    wide = BinaryMLP(99, ())
    found = ShotDiscrepancy.of(Surrogate(MMD(), "kl-matched", 1.0), hb.Bernoulli(0.3), wide)
    rows = np.random.default_rng(0).integers(0, 2, (50, 100), np.uint8)
    means = [np.where(rows == 1, 0.3 + 0.7 * kappa, 0.7 + 0.3 * kappa).prod(axis=1) for kappa in found.kernel.kappas]
    own = (rows[:, None] != rows[None]).sum(axis=2)
    among = np.mean([(kappa**own).sum() - 50 for kappa in found.kernel.kappas]) / (50 * 49)
    within = np.mean([(1 - 0.42 * (1 - kappa)) ** 100 for kappa in found.kernel.kappas])
    entropy = -100 * (0.3 * np.log(0.3) + 0.7 * np.log(0.7))
    assert found.weight == pytest.approx(entropy / (1 - within), rel=1e-10)
    expected = found.weight * (among - 2 * np.mean(means, axis=0).mean() + within)
    assert found.value(Outcomes.of(Counts.of(rows))) == pytest.approx(expected, rel=1e-8)
    coupled = hb.Ising(((0, 1, 0.5),))
    with pytest.raises(UserError, match=r"prior = Ising over 100 weights: beyond 20 .* independent bits"):
        ShotDiscrepancy.of(Surrogate(MMD(), "kl-matched", 1.0), coupled, wide)


@pytest.mark.parametrize(
    ("divergence", "said"),
    [
        (KL(), "divergence kl needs more of a posterior than shots"),
        (hb.Stein(), "divergence stein needs more"),
        (MMD(bandwidth="adaptive"), "bandwidth adaptive needs all probabilities"),
    ],
    ids=["kl", "stein", "adaptive"],
)
def test_divergences_that_need_more_than_shots_are_one_line(divergence: Divergence, said: str) -> None:
    with pytest.raises(UserError, match=said):
        ShotDiscrepancy.of(Surrogate(divergence, "kl-matched", 1.0), hb.Uniform(), NETWORK)
