"""Gaussian and squared error: NumPy and JAX against the plain formula, their choices, and what they refuse."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
from hyperborn.errors import UserError
from hyperborn.likelihoods.likelihood import NumberLikelihood


def plain_nll(likelihood: NumberLikelihood, outputs: np.ndarray, y: np.ndarray) -> np.ndarray:
    """-log p of every network and example."""
    if isinstance(likelihood, hb.SquaredError):
        return (outputs[..., 0] - y) ** 2
    noise = np.exp(outputs[..., 1]) if isinstance(likelihood.noise, str) else likelihood.noise  # pyright: ignore[reportAttributeAccessIssue]
    return -np.log(np.exp(-((outputs[..., 0] - y) ** 2) / (2 * noise**2)) / np.sqrt(2 * np.pi * noise**2))


KINDS = [hb.Gaussian(0.3), hb.Gaussian("learned"), hb.Gaussian("bits"), hb.SquaredError()]
IDS = ["number", "learned", "bits", "squared"]


@pytest.mark.parametrize("likelihood", KINDS, ids=IDS)
@pytest.mark.parametrize("networks", [(), (2,)], ids=["one", "several"])
def test_nats_are_those_of_the_plain_formula(likelihood: NumberLikelihood, networks: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    outputs, y = random.normal(size=(*networks, 7, likelihood.n_outputs)), random.normal(size=7)
    expected = plain_nll(likelihood, outputs, y)
    with jax.enable_x64(True):
        found = likelihood.losses(jnp.asarray(outputs), jnp.asarray(y))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    if networks:
        np.testing.assert_allclose(likelihood.nll(outputs, y), expected, rtol=1e-12)
        means, deviations = likelihood.normals(outputs)
        density = np.exp(-0.5 * ((y - means) / deviations) ** 2) / (deviations * np.sqrt(2 * np.pi))
        # The squared error lacks the constant of its normal distribution.
        constant = 0.5 * math.log(math.pi) if isinstance(likelihood, hb.SquaredError) else 0.0
        np.testing.assert_allclose(-np.log(density), expected + constant, rtol=1e-12)


@pytest.mark.parametrize("likelihood", KINDS, ids=IDS)
def test_energies_of_pairs_are_sums_of_nats(likelihood: NumberLikelihood) -> None:
    random = np.random.default_rng(0)
    left, right = random.normal(size=(3, 7, likelihood.n_outputs)), random.normal(size=(2, 7, likelihood.n_outputs))
    # log σ is the same for all examples.
    left[..., 1:], right[..., 1:] = left[:, :1, 1:], right[:, :1, 1:]
    y = random.normal(size=7)
    found = likelihood.pair_energies(likelihood.terms(left, y), likelihood.terms(right, y), y)
    expected = [[likelihood.nll((a + b)[None], y).sum() for b in right] for a in left]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_bits_choose_levels_in_their_order() -> None:
    likelihood = hb.Gaussian("bits", levels=(0.1, 0.2, 0.4, 0.8))
    assert (likelihood.noise_bits, likelihood.n_outputs, likelihood.n_classes) == (2, 2, 0)
    assert [choice.noise for choice in likelihood.choices] == [0.1, 0.2, 0.4, 0.8]
    assert hb.Gaussian(2).choices == (hb.Gaussian(2.0),)
    assert hb.SquaredError().noise_bits == hb.Gaussian("learned").noise_bits == 0


@pytest.mark.parametrize("noise", [0, -0.5, "much", math.nan, math.inf, None, True, 1e-9, 1e9])
def test_noise_must_be_a_positive_number_or_a_word(noise: Any) -> None:
    with pytest.raises(UserError, match=r"^noise=.* must be a number from 0.0001 to 10,000, 'learned' or 'bits'$"):
        hb.Gaussian(noise)


@pytest.mark.parametrize("levels", [(), (0.1, 0.2, 0.3), (0.1, 0.2, 0.3, 0.4), (-1.0, 1.0), 0.5, (0.1, 0.1)])
def test_levels_must_be_a_power_of_two_of_geometric_numbers(levels: Any) -> None:
    with pytest.raises(UserError, match=r"^levels="):
        hb.Gaussian("bits", levels=levels)


def test_one_level_leaves_no_choice() -> None:
    with pytest.raises(UserError, match="no choice"):
        hb.Gaussian("bits", levels=(0.5,))
