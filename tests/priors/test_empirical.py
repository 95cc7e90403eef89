"""Samples and their neighbours, against the plain sum over samples."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from hyperborn.errors import UserError
from hyperborn.priors import Empirical


def plain_probabilities(samples: np.ndarray, flip: float) -> np.ndarray:
    n = samples.shape[1]
    distance = (oracle.all_bits(n)[:, None, :] != samples[None]).sum(axis=2)
    return (flip**distance * (1 - flip) ** (n - distance)).mean(axis=1)


@given(n=st.integers(1, 6), count=st.integers(1, 20), flip=st.floats(1e-6, 0.499), seed=st.integers(0, 2**32 - 1))
def test_probabilities_are_the_plain_sum_over_samples(n: int, count: int, flip: float, seed: int) -> None:
    samples = np.random.default_rng(seed).integers(0, 2, size=(count, n)).astype(np.uint8)
    prior = Empirical.of_bits(samples, flip)
    expected = plain_probabilities(samples, flip)
    # Relative: the rarest networks have all their digits, too.
    np.testing.assert_allclose(np.exp(prior.log_probabilities(n)), expected, rtol=1e-12)
    np.testing.assert_allclose(prior.marginals(n), expected @ oracle.all_bits(n), rtol=1e-12)
    np.testing.assert_array_equal(prior.bits, samples)


def test_no_network_has_less_than_all_bits_flipped() -> None:
    log_p = Empirical(("0" * 16,), 1e-6).log_probabilities(16)
    assert log_p.min() == log_p[-1] == pytest.approx(16 * np.log(1e-6), rel=1e-13)


def test_texts_and_rows_of_bits_are_the_same_prior() -> None:
    rows = np.array([[0, 1, 1], [1, 0, 0]], np.uint8)
    assert Empirical.of_bits(rows, 0.1) == Empirical(("011", "100"), 0.1)
    assert hash(Empirical(["011"], 0.1)) == hash(Empirical(("011",), 0.1))
    assert Empirical.of_bits(np.eye(2), 0.1) == Empirical(("10", "01"), 0.1)


@pytest.mark.parametrize(
    ("samples", "flip", "said"),
    [
        ((), 0.1, r"samples = \(\): give one or more texts of bits"),
        ("01", 0.1, "samples = '01': give one or more"),
        (("01", 3), 0.1, "sample 3: give a text of bits, such as '0110'"),
        (("01", ""), 0.1, "sample '': give a text of bits"),
        (("01", "0²"), 0.1, "sample '0²': give a text of bits"),
        (("01", "010"), 0.1, "sample '010' has 3 bits, the first 2"),
        (("01",), 0.5, r"flip = 0\.5: give a probability from 1e-06 on and below 1/2"),
        (("01",), 0.0, r"flip = 0\.0: give"),
        (("01",), "x", "flip = 'x': give"),
        (("01",), float("nan"), "flip = nan: give"),
    ],
    ids=str,
)
def test_what_is_no_sample_is_one_line(samples: Any, flip: Any, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        Empirical(samples, flip)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bits", [np.zeros(3), np.full((2, 2), 2), np.full((2, 2), 0.5), np.zeros((1, 0))], ids=str)
def test_what_is_no_array_of_bits_is_refused(bits: np.ndarray) -> None:
    with pytest.raises(UserError, match="sample"):
        Empirical.of_bits(bits, 0.1)
