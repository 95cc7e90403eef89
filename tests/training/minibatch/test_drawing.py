import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hyperborn.posteriors import Registers
from hyperborn.training.minibatch.drawing import (
    LEAST,
    assembled,
    bits_of_outcomes,
    draw_outcomes,
    log_probabilities,
    patterns_of,
)

RAGGED = Registers(6, grouping=((4, 0), (3,), (2, 1), (5,)))


def test_patterns_are_bits_most_significant_first() -> None:
    assert patterns_of(4).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_outcomes_put_their_bits_where_the_weights_are() -> None:
    outcomes = (jnp.asarray([[2, 1], [3, 0]]), jnp.asarray([[0, 1], [1, 0]]))
    bits = bits_of_outcomes(RAGGED, outcomes, jnp.dtype(jnp.float32))
    # First network: weights (4, 0) = (1, 0), (2, 1) = (0, 1), 3 = 0, 5 = 1.
    assert bits.tolist() == [[0, 1, 0, 0, 1, 1], [1, 0, 0, 1, 1, 0]]
    assert bits.dtype == jnp.float32


def test_assembling_has_the_gradient_of_a_permutation() -> None:
    random = np.random.default_rng(0)
    parts = [jnp.asarray(random.normal(size=shape), jnp.float32) for shape in ((3, 2, 2), (3, 1, 2))]
    flat, back = jax.vjp(lambda parts: assembled(RAGGED, parts), parts)
    order = [(0, 1, 0), (0, 1, 1), (0, 0, 1), (1, 0, 0), (0, 0, 0), (1, 0, 1)]
    expected = np.stack([parts[group][:, bit, register] for group, bit, register in order], axis=1)
    np.testing.assert_array_equal(flat, expected)
    cotangent = jnp.asarray(random.normal(size=flat.shape), jnp.float32)
    (gradients,) = back(cotangent)
    for place, (group, bit, register) in enumerate(order):
        np.testing.assert_array_equal(gradients[group][:, bit, register], cotangent[:, place])


@pytest.mark.parametrize("wide", [False, True])
def test_outcomes_have_their_frequencies(wide: bool) -> None:
    """Within five standard errors (seed 0), and never one of probability 0, be it the first, the last or between."""
    draws = 200_000
    columns = np.array([[0.0, 0.25, 0.7], [0.5, 0.0, 0.1], [0.5, 0.75, 0.2], [0.0, 0.0, 0.0]])
    with jax.enable_x64(wide):
        table = jnp.asarray(columns, float)
        (found,) = draw_outcomes([table], draws, key=jax.random.key(0))
    for register, q in enumerate(columns.T):
        counts = np.bincount(np.asarray(found)[:, register], minlength=4)
        assert (np.abs(counts / draws - q) <= 5 * np.sqrt(q * (1 - q) / draws)).all()


def test_registers_are_drawn_independently() -> None:
    """The correlation of two fair bits, in one group or in two, is 0 within five standard errors (seed 0)."""
    draws = 100_000
    (first, second), (third,) = (
        np.asarray(part).T
        for part in draw_outcomes([jnp.full((2, 2), 0.5), jnp.full((2, 1), 0.5)], draws, key=jax.random.key(0))
    )
    for one, other in ((first, second), (first, third), (second, third)):
        assert abs(np.corrcoef(one, other)[0, 1]) < 5 / np.sqrt(draws)


def test_logarithms_are_finite_and_have_a_gradient() -> None:
    table = jnp.asarray([[0.0], [0.25], [0.75]])
    value, gradient = jax.value_and_grad(lambda table: log_probabilities(table).sum())(table)
    np.testing.assert_allclose(value, np.log(LEAST) + np.log(0.25) + np.log(0.75), rtol=1e-6)
    np.testing.assert_allclose(gradient[:, 0], [0, 4, 4 / 3], rtol=1e-6)
