from itertools import combinations

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hyperborn as hb
import objectives_oracle
import oracle
from hyperborn.errors import UserError

N = 5
NETWORK = hb.networks.BinaryMLP(2, (1,))
MARGINALS = (0.2, 0.5, 0.7, 0.9, 0.4)
SEEDS = st.integers(0, 2**32 - 1)


def plain_posterior(energies: np.ndarray, beta: float = 1.0) -> tuple[np.ndarray, float]:
    """Probabilities and log evidence, written out."""
    joint = objectives_oracle.product_distribution(MARGINALS) * np.exp(-energies / beta)
    return joint / joint.sum(), float(np.log(joint.sum()))


def energies_of(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).gamma(2.0, 2.0, size=2**N)


@given(SEEDS, st.sampled_from([1.0, 0.3, 4.0]))
def test_everything_is_what_plain_sums_give(seed: int, beta: float) -> None:
    energies = energies_of(seed)
    p, log_z = plain_posterior(energies, beta)
    exact = hb.ExactPosterior(energies, hb.Bernoulli(MARGINALS), beta)
    bits = oracle.all_bits(N).astype(float)
    np.testing.assert_allclose(exact.probabilities, p, rtol=1e-12)
    np.testing.assert_allclose(exact.log_evidence, log_z, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(exact.entropy, -(p @ np.log(p)), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(exact.marginals, p @ bits, rtol=1e-12)
    for one, other in combinations(range(N), 2):
        means = p @ bits[:, one], p @ bits[:, other]
        covariance = p @ (bits[:, one] * bits[:, other]) - means[0] * means[1]
        expected = covariance / np.sqrt(means[0] * (1 - means[0]) * means[1] * (1 - means[1]))
        np.testing.assert_allclose(exact.correlations[one, other], expected, rtol=1e-8, atol=1e-10)
    np.testing.assert_array_equal(exact.correlations, exact.correlations.T)
    np.testing.assert_array_equal(exact.most_probable(3), oracle.all_bits(N)[np.argsort(-p)[:3]])


@given(SEEDS)
def test_the_gap_is_the_divergence_from_the_posterior(seed: int) -> None:
    energies = energies_of(seed)
    p, log_z = plain_posterior(energies)
    q = np.random.default_rng(seed).dirichlet(np.full(2**N, 0.3))
    found = hb.ExactPosterior(energies, hb.Bernoulli(MARGINALS)).compared(q)
    kl = objectives_oracle.divergence_from(q, p)
    expected = {
        "elbo": log_z - kl,
        "log_evidence": log_z,
        "elbo_gap": kl,
        "total_variation": np.abs(q - p).sum() / 2,
        "kl_to_posterior": kl,
    }
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-11)


def test_the_posterior_is_at_no_distance_from_itself() -> None:
    exact = hb.ExactPosterior(energies_of(0))
    found = exact.compared(exact.probabilities)
    assert {name: found[name] for name in ("elbo_gap", "total_variation", "kl_to_posterior")} == pytest.approx(
        {"elbo_gap": 0, "total_variation": 0, "kl_to_posterior": 0}, abs=1e-13
    )


def test_energies_that_would_underflow_are_kept() -> None:
    energies = np.array([0.0, 5000.0, 1.0, 9000.0])
    exact = hb.ExactPosterior(energies)
    q = np.full(4, 0.25)
    # KL = E_q[energy] - H(q) + n ln 2 + log Z; the posterior's own table has zeros here.
    expected = energies.mean() + np.log(0.25) + 2 * np.log(2) + exact.log_evidence
    np.testing.assert_allclose(exact.compared(q)["kl_to_posterior"], expected, rtol=1e-12)
    assert np.isfinite(exact.correlations).all()


def test_samples_have_the_posteriors_frequencies() -> None:
    exact = hb.ExactPosterior(energies_of(1), hb.Bernoulli(MARGINALS))
    shots = 200_000
    bits = exact.sample(shots, key=jax.random.key(3))
    assert bits.shape == (shots, N)
    counts = np.bincount(bits @ (1 << np.arange(N - 1, -1, -1)), minlength=2**N)
    p = exact.probabilities
    # Each count is binomial: within five of its standard errors, seed 3.
    assert (np.abs(counts / shots - p) <= 5 * np.sqrt(p * (1 - p) / shots) + 1e-12).all()
    # In random order: neighbours are as often equal as independent draws.
    equal = float((bits[1:] == bits[:-1]).all(axis=1).mean())
    assert abs(equal - float(p @ p)) < 5 * np.sqrt(p @ p / shots)
    again = exact.sample(shots, key=jax.random.key(3))
    np.testing.assert_array_equal(bits, again)
    assert not np.array_equal(bits, exact.sample(shots, key=jax.random.key(4)))


def test_predictive_is_the_weighted_mean_of_all_networks() -> None:
    exact = hb.ExactPosterior(energies_of(2))
    x = np.random.default_rng(0).normal(size=(6, 2))
    expected = sum(
        weight * np.exp(oracle.class_log_probabilities(oracle.mlp_logits(bits, x, (1,), 1)))
        for weight, bits in zip(exact.probabilities, oracle.all_bits(N), strict=True)
    )
    np.testing.assert_allclose(exact.predictive(NETWORK, x), expected, rtol=1e-10)
    with pytest.raises(UserError, match="a network of 3 weights for a posterior over 5"):
        exact.predictive(hb.networks.BinaryMLP(2, ()), x)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((np.zeros(6),), r"energies of shape \(6,\): give finite ones of all 2\^n networks"),
        ((np.array([0.0, np.nan]),), r"energies of shape \(2,\): give finite ones"),
        ((np.zeros(4), hb.Uniform(), 0.0), "beta = 0.0: give a positive number"),
        ((np.zeros(4), np.zeros(8)), r"a prior of shape \(8,\) for 4 energies; give one finite number each"),
        ((np.zeros(4), hb.Bernoulli({"W1": 0.3})), "a prior by field names needs the network itself"),
    ],
)
def test_what_makes_no_posterior_is_refused(arguments: tuple, said: str) -> None:
    with pytest.raises(UserError, match=said):
        hb.ExactPosterior(*arguments)


def test_a_bit_of_one_network_is_enough() -> None:
    exact = hb.ExactPosterior(np.array([0.0, np.log(3)]))
    np.testing.assert_allclose(exact.marginals, [0.25])
    np.testing.assert_allclose(exact.correlations, [[1.0]])
