from math import exp, fsum, log

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import objectives_oracle
from hyperborn.posteriors import enumeration

N = 3
ENERGIES = arrays(np.float64, 2**N, elements=st.floats(0, 50))
MARGINALS = st.lists(st.floats(0.01, 0.99), min_size=N, max_size=N)
# Some zeros, and never all of them.
SHARES = arrays(np.float64, 2**N, elements=st.just(0.0) | st.floats(1e-6, 1)).filter(lambda shares: shares.sum() > 0)


@given(ENERGIES, MARGINALS)
def test_log_evidence_and_posterior_are_plain_sums(energies: np.ndarray, marginals: list[float]) -> None:
    p = objectives_oracle.product_distribution(marginals)
    joint = [prior * exp(-energy) for prior, energy in zip(p, energies, strict=True)]
    np.testing.assert_allclose(enumeration.log_evidence(energies, np.log(p)), log(fsum(joint)), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        enumeration.posterior_probabilities(energies, np.log(p)), joint / np.sum(joint), rtol=1e-10
    )


def test_energies_that_underflow_are_no_trouble() -> None:
    energies, log_p = np.array([1e4, 1e4 + 1]), np.log([0.5, 0.5])
    np.testing.assert_allclose(enumeration.log_evidence(energies, log_p), -1e4 + log((1 + exp(-1)) / 2), rtol=1e-14)
    np.testing.assert_allclose(
        enumeration.posterior_probabilities(energies, log_p), [1 / (1 + exp(-1)), 1 / (1 + exp(1))]
    )


@given(SHARES, ENERGIES, MARGINALS)
def test_sums_over_networks(shares: np.ndarray, energies: np.ndarray, marginals: list[float]) -> None:
    q, p = shares / shares.sum(), objectives_oracle.product_distribution(marginals)
    mean = fsum(a * b for a, b in zip(q, energies, strict=True))
    np.testing.assert_allclose(enumeration.expected_energy(q, energies), mean, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(enumeration.entropy(q), -fsum(a * log(a) for a in q if a > 0), rtol=1e-12, atol=1e-15)
    kl = objectives_oracle.divergence_from(q, p)
    np.testing.assert_allclose(enumeration.kl_divergence(q, np.log(p)), kl, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(enumeration.elbo(q, energies, np.log(p)), -mean - kl, rtol=1e-11, atol=1e-13)


@given(SHARES, ENERGIES, MARGINALS)
def test_elbo_is_a_lower_bound(shares: np.ndarray, energies: np.ndarray, marginals: list[float]) -> None:
    q, log_p = shares / shares.sum(), np.log(objectives_oracle.product_distribution(marginals))
    log_z = enumeration.log_evidence(energies, log_p)
    gap = log_z - enumeration.elbo(q, energies, log_p)
    assert gap > -1e-11
    # The gap is KL(q ‖ posterior).
    posterior = enumeration.posterior_probabilities(energies, log_p)
    np.testing.assert_allclose(gap, objectives_oracle.divergence_from(q, posterior), rtol=1e-9, atol=1e-11)


@given(ENERGIES, MARGINALS)
def test_elbo_of_the_posterior_is_the_log_evidence(energies: np.ndarray, marginals: list[float]) -> None:
    log_p = np.log(objectives_oracle.product_distribution(marginals))
    posterior = enumeration.posterior_probabilities(energies, log_p)
    log_z = enumeration.log_evidence(energies, log_p)
    np.testing.assert_allclose(enumeration.elbo(posterior, energies, log_p), log_z, rtol=1e-11, atol=1e-11)


def test_entropy_of_known_distributions() -> None:
    assert enumeration.entropy(np.array([0.0, 1.0])) == 0
    np.testing.assert_allclose(enumeration.entropy(np.full(8, 1 / 8)), 3 * log(2), rtol=1e-14)
