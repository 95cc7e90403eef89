"""Couplings, against sums over every pair in plain NumPy."""

from math import log
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from hyperborn.errors import UserError
from hyperborn.priors import Bernoulli, Ising


def plain_log_weights(couplings: list[tuple[int, int, float]], fields: np.ndarray, bits: np.ndarray) -> np.ndarray:
    signs = np.where(bits == 1, 1.0, -1.0)
    return signs @ fields + sum((strength * signs[:, i] * signs[:, j] for i, j, strength in couplings), np.zeros(1))


@given(n=st.integers(1, 7), seed=st.integers(0, 2**32 - 1))
def test_tables_and_weights_are_plain_sums_over_pairs(n: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    pairs = [(j, i) if random.random() < 0.5 else (i, j) for i in range(n) for j in range(i) if random.random() < 0.7]
    couplings = [(i, j, float(random.normal())) for i, j in pairs]
    fields = random.normal(size=n)
    expected = plain_log_weights(couplings, fields, oracle.all_bits(n))
    prior = Ising(tuple(couplings), tuple(fields.tolist()))
    np.testing.assert_allclose(prior.log_weights(oracle.all_bits(n)), expected, rtol=0, atol=1e-12)
    normalised = expected - log(np.exp(expected).sum())
    np.testing.assert_allclose(prior.log_probabilities(n), normalised, rtol=0, atol=1e-12)
    ones = np.exp(normalised) @ oracle.all_bits(n)
    np.testing.assert_allclose(prior.marginals(n), ones, rtol=0, atol=1e-13)


def test_signs_are_the_statisticians() -> None:
    assert Ising((), fields=1.0).marginals(3).min() > 0.85
    p = np.exp(Ising(((0, 1, 1.0),)).log_probabilities(2))
    assert p[0] == p[3] > p[1] == p[2]


def test_without_couplings_the_bits_are_independent() -> None:
    # p(1) / p(0) = exp(2 h).
    one = 1 / (1 + np.exp(-2 * 0.35))
    found = Ising((), fields=0.35).log_probabilities(6)
    np.testing.assert_allclose(found, Bernoulli(float(one)).log_probabilities(6), rtol=1e-13)


def test_a_symmetric_matrix_counts_every_pair_once() -> None:
    upper = np.triu(np.random.default_rng(1).normal(size=(5, 5)), 1)
    prior = Ising.of_matrix(upper + upper.T, fields=(0.1, 0.2, 0.3, 0.4, 0.5))
    signs = np.where(oracle.all_bits(5) == 1, 1.0, -1.0)
    expected = signs @ [0.1, 0.2, 0.3, 0.4, 0.5] + 0.5 * np.einsum("ri,ij,rj->r", signs, upper + upper.T, signs)
    np.testing.assert_allclose(prior.log_weights(oracle.all_bits(5)), expected, rtol=0, atol=1e-13)


def test_far_more_weights_than_can_be_enumerated_have_log_weights() -> None:
    n = 3000
    prior = Ising(tuple((i, i + 1, 0.5) for i in range(n - 1)), fields=0.25)
    ones = np.ones((1, n), np.uint8)
    alternating = (np.arange(n) % 2).astype(np.uint8)[None]
    found = prior.log_weights(np.concatenate([ones, alternating]))
    np.testing.assert_allclose(found, [0.25 * n + 0.5 * (n - 1), -0.5 * (n - 1)], rtol=1e-13)


def test_strong_couplings_stay_finite() -> None:
    log_p = Ising(((0, 1, 1e6), (1, 2, -1e6)), fields=1e6).log_probabilities(3)
    assert np.isfinite(log_p).all()
    assert np.exp(log_p).sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((3,), "couplings of type int: give triples"),
        ((np.eye(2),), "couplings of type ndarray: .* a matrix to Ising.of_matrix"),
        (((0, 1, 0.5),), r"coupling 0: give two weights and a strength, such as \(0, 1, 0.5\)"),
        ((((0, 1),),), r"coupling \(0, 1\): give two weights"),
        ((((1, 1, 0.5),),), r"coupling \(1, 1, 0.5\) is of a weight with itself"),
        ((((0, -1, 0.5),),), "a coupled weight=-1 must be a whole number of at least 0"),
        ((((0, 1, "x"),),), "coupling strength 'x': give numbers from -1,000,000 to 1,000,000"),
        ((((0, 1, float("nan")),),), "coupling strength nan"),
        ((((0, 1, 1.0), (1, 0, 2.0)),), "couplings of 2 triples name 1 pairs; give every pair once"),
        (((), "x"), "prior field 'x': give numbers"),
        (((), (0.5, None)), "prior field None"),
        (((), 1e7), "prior field 10000000.0"),
    ],
    ids=str,
)
def test_what_is_no_coupling_is_one_line(arguments: tuple[Any, ...], said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        Ising(*arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("matrix", [np.ones((2, 3)), np.eye(2), [[0, 1], [2, 0]], [0.5]], ids=str)
def test_what_is_no_symmetric_matrix_is_one_line(matrix: Any) -> None:
    with pytest.raises(UserError, match="must be a symmetric matrix with zeros on its diagonal"):
        Ising.of_matrix(np.asarray(matrix))


@pytest.mark.parametrize(
    ("prior", "said"),
    [
        (Ising(((0, 4, 0.5),)), "prior couples weight 4 of 4 weights: they are counted from 0 to 3"),
        (Ising((), (0.5, 0.5)), "prior of 2 fields for 4 weights: give one, or one a weight"),
    ],
)
def test_networks_that_do_not_fit_are_refused(prior: Ising, said: str) -> None:
    for ask in (prior.check, prior.log_probabilities, prior.marginals, lambda n: prior.log_weights(oracle.all_bits(n))):
        with pytest.raises(UserError, match=said):
            ask(4)
