import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import objectives_oracle
import oracle
from examples import few
from hyperborn.errors import UserError
from hyperborn.posteriors import Autoregressive


def plain_distribution(n: int, order: int, logits: np.ndarray) -> np.ndarray:
    """The product of conditionals, network by network, from the vector of logits."""
    found = []
    for row in oracle.all_bits(n):
        probability, start = 1.0, 0
        for bit in range(n):
            context = [int(value) for value in row[max(0, bit - order) : bit]]
            place = int("".join(map(str, context)) or "0", 2)
            one = 1 / (1 + np.exp(-logits[start + place]))
            probability *= one if row[bit] else 1 - one
            start += 2 ** len(context)
        found.append(probability)
    assert start == len(logits)
    return np.array(found)


@few
@given(st.integers(1, 6), st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_probabilities_are_products_of_conditionals(n: int, order: int, seed: int) -> None:
    posterior = Autoregressive(n, order)
    logits = np.random.default_rng(seed).normal(0, 2, posterior.n_parameters)
    with jax.enable_x64(True):
        q = np.asarray(posterior.probabilities(jnp.asarray(logits)))
    expected = plain_distribution(n, order, logits)
    np.testing.assert_allclose(q, expected, rtol=1e-12)
    np.testing.assert_allclose(
        posterior.log_prob(jnp.asarray(logits, jnp.float32), oracle.all_bits(n)), np.log(expected), atol=1e-4
    )


@pytest.mark.parametrize(("n", "order", "parameters"), [(13, 0, 13), (13, 2, 47), (4, 3, 15), (4, 16, 15)])
def test_number_of_parameters(n: int, order: int, parameters: int) -> None:
    assert Autoregressive(n, order).n_parameters == parameters


def test_without_spread_bits_have_the_given_marginals() -> None:
    marginals = np.array([0.1, 0.5, 0.7, 0.9])
    posterior = Autoregressive(4, 2)
    params = posterior.init(marginals, spread=0.0, key=jax.random.key(0))
    np.testing.assert_allclose(
        posterior.distribution(params), objectives_oracle.product_distribution(marginals.tolist()), rtol=1e-5
    )


def test_samples_have_their_frequencies_at_any_number_of_weights() -> None:
    posterior = Autoregressive(40, 3)
    params = posterior.init(spread=1.5, key=jax.random.key(1))
    shots = 20_000
    bits = posterior.sample(params, shots, key=jax.random.key(2))
    # The mean of log q over its own samples is minus the entropy; here on six leading bits, by enumeration (seed 2).
    short = Autoregressive(6, 3)
    q = short.distribution(params[: short.n_parameters])
    counts = np.bincount(bits[:, :6] @ (1 << np.arange(5, -1, -1)), minlength=64)
    assert (np.abs(counts / shots - q) <= 5 * np.sqrt(q * (1 - q) / shots)).all()
    assert np.isfinite(posterior.log_prob(params, bits)).all()


def test_order_is_checked() -> None:
    with pytest.raises(UserError, match="order=17 must be a whole number from 0 to 16"):
        Autoregressive(20, 17)
    with pytest.raises(UserError, match="rows of 3 bits for 4 weights"):
        Autoregressive(4, 1).log_prob(jnp.zeros(7), np.zeros((2, 3), np.uint8))
