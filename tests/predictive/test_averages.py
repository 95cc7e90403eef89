import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from hyperborn.errors import UserError
from hyperborn.networks import BinaryConvNet, BinaryMLP, outputs
from hyperborn.posteriors import ExactPosterior
from hyperborn.posteriors.enumeration import most_probable
from hyperborn.predictive import exact_predictive, posterior_predictive, predictions_of_draws
from hyperborn.predictive.averages import most_of_the_mass
from hyperborn.predictive.predictions import probabilities_of

SHAPES = [(4, (), 2), (2, (2,), 2), (2, (), 3), (1, (1, 1), 2), (1, (2,), 3)]


def plain(net: BinaryMLP, x: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Class probabilities (networks, examples, classes)."""
    outputs = 1 if net.n_classes == 2 else net.n_classes
    logits = [oracle.mlp_logits(row, x, net.hidden, outputs, values=net.values) for row in bits]
    return np.exp([oracle.class_log_probabilities(one) for one in logits])


@pytest.mark.parametrize(("n_features", "hidden", "n_classes"), SHAPES)
@pytest.mark.parametrize("scale", [1.0, 30.0, 1e3])
def test_predictions_of_one_network_are_those_of_the_plain_formula(
    n_features: int, hidden: tuple[int, ...], n_classes: int, scale: float
) -> None:
    net = BinaryMLP(n_features, hidden, n_classes, values=(-3, 1))
    x = scale * np.random.default_rng(0).normal(size=(6, n_features))
    bits = oracle.all_bits(net.n_weights)[::7]
    found = np.stack([posterior_predictive(net, x, row[None]) for row in bits])
    np.testing.assert_allclose(found, plain(net, x, bits), rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(found.sum(axis=2), 1, rtol=1e-14)


@pytest.mark.parametrize(("n_features", "hidden", "n_classes"), SHAPES)
@pytest.mark.parametrize("memory", [1, 2**29])
def test_posterior_predictive_is_the_weighted_mean(
    n_features: int, hidden: tuple[int, ...], n_classes: int, memory: int
) -> None:
    net = BinaryMLP(n_features, hidden, n_classes)
    random = np.random.default_rng(0)
    x, q = random.normal(size=(6, n_features)), random.exponential(size=40)
    bits = random.integers(0, 2, (40, net.n_weights), dtype=np.uint8)
    share = plain(net, x, bits)
    calls: list[tuple[int, int]] = []
    found = posterior_predictive(net, x, bits, q, memory=memory, progress=lambda *step: calls.append(step))
    np.testing.assert_allclose(found, np.einsum("w,wic->ic", q / q.sum(), share), rtol=1e-12)
    assert calls[-1] == (240, 240)
    assert len(calls) == (1 if memory > 1 else 240)
    np.testing.assert_allclose(posterior_predictive(net, x, bits), share.mean(axis=0), rtol=1e-12)
    # Single-precision weights, as a simulator gives them.
    single = posterior_predictive(net, x, bits, q.astype(np.float32))
    np.testing.assert_allclose(single, found, rtol=1e-6)
    np.testing.assert_allclose(single.sum(axis=1), 1, rtol=1e-12)


def test_compiled_predictions_are_those_of_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    net, random = BinaryConvNet(36, 3, channels=(2, 3)), np.random.default_rng(0)
    x, q = random.normal(size=(300, 36)), random.exponential(size=40)
    bits = random.integers(0, 2, (40, net.n_weights), dtype=np.uint8)
    expected, calls = posterior_predictive(net, x, bits, q), []
    monkeypatch.setattr(outputs, "COMPILED_FROM", 1)
    found = posterior_predictive(net, x, bits, q, progress=lambda *step: calls.append(step))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    assert not np.array_equal(found, expected)
    assert calls[-1] == (40 * 300, 40 * 300)


def test_sampled_networks_count_as_often_as_they_were_drawn() -> None:
    net = BinaryMLP(2, (2,))
    random = np.random.default_rng(0)
    x = random.normal(size=(6, 2))
    bits = random.integers(0, 2, (5, net.n_weights), dtype=np.uint8)[[0, 1, 2, 2, 3, 4, 2]]
    found = probabilities_of(predictions_of_draws(net, x, bits))
    np.testing.assert_allclose(found, plain(net, x, bits).mean(axis=0), rtol=1e-12)


@pytest.mark.parametrize(("n_features", "hidden", "n_classes"), SHAPES)
@pytest.mark.parametrize("scale", [1.0, 30.0, 1e3])
@pytest.mark.parametrize("concentrated", [False, True])
def test_exact_predictive_sums_over_all_networks(
    n_features: int, hidden: tuple[int, ...], n_classes: int, scale: float, concentrated: bool
) -> None:
    net = BinaryMLP(n_features, hidden, n_classes)
    random = np.random.default_rng(0)
    x = scale * random.normal(size=(7, n_features))
    bits = oracle.all_bits(net.n_weights)
    q = random.dirichlet(np.ones(len(bits)))
    if concentrated:  # all but 1e-13 on one network
        q *= 1e-13
        q[3] = 1
    expected = np.einsum("w,wic->ic", q / q.sum(), plain(net, x, bits))
    np.testing.assert_allclose(exact_predictive(net, x, q), expected, rtol=1e-10, atol=1e-12 if concentrated else 0)
    single = exact_predictive(net, x, jnp.asarray(q / q.sum(), jnp.float32))
    np.testing.assert_allclose(single, expected, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize(("hidden", "memory"), [((), 1), ((3,), 2**20)])
def test_exact_predictive_in_many_blocks(hidden: tuple[int, ...], memory: int) -> None:
    net = BinaryMLP(3, hidden, output_scales=(0.5, 1, 2, 4))
    random = np.random.default_rng(0)
    x, q = random.normal(size=(7, 3)), random.dirichlet(np.ones(2**net.n_weights))
    calls: list[tuple[int, int]] = []
    found = exact_predictive(net, x, q, memory=memory, progress=lambda *step: calls.append(step))
    expected = posterior_predictive(net, x, oracle.all_bits(net.n_weights), q)
    np.testing.assert_allclose(found, expected, rtol=1e-11)
    assert len(calls) > 1
    assert calls == [(step, len(calls)) for step in range(1, len(calls) + 1)]


def test_small_probabilities_keep_their_relative_precision() -> None:
    # One network that is sure of class 1: the probability of class 0 is e^-60, not 1 − 1 = 0.
    net = BinaryMLP(2, ())
    found = exact_predictive(net, np.array([[30.0, 29.0]]), np.eye(8)[7])
    np.testing.assert_allclose(found[0], [np.exp(-60), 1], rtol=1e-12)
    spread = exact_predictive(net, np.array([[30.0, 0.0]]), np.repeat([0.0, 0.25], 4))
    np.testing.assert_allclose(spread[0, 0], np.mean(np.exp(-30.0 - np.array([-1, 1]))), rtol=1e-12)


@given(st.lists(st.floats(1e-20, 1), min_size=1, max_size=32))
def test_most_of_the_mass_leaves_out_as_much_as_is_negligible(weights: list[float]) -> None:
    q = np.array(weights) / np.sum(weights)
    kept = most_of_the_mass(q)
    left_out = np.delete(q, kept)
    assert (np.diff(kept) > 0).all()
    assert left_out.sum() <= 1e-12
    assert left_out.sum() + q[kept].min() > 1e-12 * (1 - 1e-9)
    assert left_out.max(initial=0) <= q[kept].min()


@given(st.lists(st.integers(0, 3), min_size=16, max_size=16).filter(any), st.integers(1, 16))
def test_most_probable_networks_come_first_and_ties_by_index(table: list[int], k: int) -> None:
    patterns = oracle.all_bits(4)
    expected = sorted(range(16), key=lambda index: (-table[index], index))[:k]
    np.testing.assert_array_equal(most_probable(np.array(table) / sum(table), k), patterns[expected])


def test_most_probable_takes_an_array_of_jax() -> None:
    assert most_probable(jnp.asarray([0.1, 0.2, 0.6, 0.1]), 2).tolist() == [[1, 0], [0, 1]]


def test_no_examples_have_no_predictions() -> None:
    net = BinaryMLP(2, ())
    assert exact_predictive(net, np.zeros((0, 2)), np.full(8, 1 / 8)).shape == (0, 2)
    assert posterior_predictive(net, np.zeros((0, 2)), oracle.all_bits(3)).shape == (0, 2)


def test_what_does_not_fit_is_named() -> None:
    net = BinaryMLP(2, ())
    bits, x = oracle.all_bits(3), np.zeros((4, 2))
    for weights, message in (
        (np.ones(7), "7 weights do not fit 8 networks"),
        (-np.ones(8), "not negative"),
        (np.zeros(8), "not all 0"),
        (np.full(8, np.nan), "must be finite"),
    ):
        with pytest.raises(UserError, match=message):
            posterior_predictive(net, x, bits, weights)
    with pytest.raises(UserError, match="3 features but the network takes 2"):
        exact_predictive(net, np.zeros((4, 3)), np.full(8, 1 / 8))
    with pytest.raises(UserError, match="3 features but the network takes 2"):
        predictions_of_draws(net, np.zeros((4, 3)), bits)
    for k in (0, 9):
        with pytest.raises(UserError, match=f"k={k} must be a whole number from 1 to 8, the number of networks"):
            most_probable(np.full(8, 1 / 8), k)


@pytest.mark.parametrize(
    ("q", "message"),
    [
        (np.full(7, 1 / 7), "probabilities = float64 of shape .7,.: give an array of 8 probabilities"),
        (np.full(8, 1.0), "the sum 8: give probabilities, which are at least 0 and add up to 1"),
        (np.where(np.arange(8) < 2, [-0.5, 1.5] * 4, 0.0), "the least entry -0.5 and the sum 1"),
        (np.where(np.arange(8) < 1, np.nan, 1 / 7), "the least entry nan"),
        (np.full(8, np.inf), "the sum inf"),
    ],
    ids=["size", "sum", "negative", "nan", "infinite"],
)
def test_probabilities_of_all_networks_are_a_distribution(q: np.ndarray, message: str) -> None:
    net = BinaryMLP(2, ())
    with pytest.raises(UserError, match=message):
        exact_predictive(net, np.zeros((4, 2)), q)
    if len(q) == 8:
        with pytest.raises(UserError, match=message):
            most_probable(q, 1)
        with pytest.raises(UserError, match=message.replace("probabilities = ", "q = ")):
            ExactPosterior(np.zeros(8)).compared(q)
