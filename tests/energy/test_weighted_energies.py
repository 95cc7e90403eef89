"""Energies of weighted examples, in every way of computing them, against the plain formula."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hyperborn as hb
import oracle
import regression_oracle
from hyperborn.data import Split
from hyperborn.energy import NetworkEnergies, energies, energy
from hyperborn.energy.cache import energy_key
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP, Regression
from small_registers import NETWORK

WEIGHTS = [0.0, 1.0, 0.25, 3.0, 1.0, 1e-3, 0.0, 40.0, 0.25, 1.0, 2.5]
NETWORKS = {
    "two classes": BinaryMLP(2, (2,)),
    "three classes": BinaryMLP(2, (), 3),
    "one group": BinaryMLP(2, (1, 1), activation="tanh"),
    "output scales": BinaryMLP(2, (), output_scales=(1, 3)),
    "regression": Regression(BinaryMLP(2, (2,)), hb.Gaussian("bits", (0.2, 0.8))),
    "squared error": Regression(BinaryMLP(2, (2,)), hb.SquaredError()),
}
every_network = pytest.mark.parametrize("net", NETWORKS.values(), ids=NETWORKS)


def split_of(net: Any, weights: list[float] | None = None) -> Split:
    random = np.random.default_rng(3)
    count = len(WEIGHTS)
    x, classes = random.normal(size=(count, 2)), net.n_classes
    y = random.integers(0, classes, count) if classes else random.normal(size=count)
    return Split(x, y, None if weights is None else np.asarray(weights))


def losses(net: Any, split: Split) -> np.ndarray:
    """Negative log likelihood (nats) of every network on every example, (networks, examples)."""
    rows = oracle.all_bits(net.n_weights)
    if not isinstance(net, Regression):
        outputs = 1 if net.n_classes == 2 else net.n_classes
        settings = {"activation": net.activation, "output_scales": net.output_scales}
        logs = [
            oracle.class_log_probabilities(oracle.mlp_logits(row, split.x, net.hidden, outputs, **settings))
            for row in rows
        ]
        return -np.array([log[np.arange(len(split)), split.y] for log in logs])
    inside, noise = net.network, net.likelihood.noise_levels
    assert isinstance(inside, BinaryMLP)
    found = []
    for row in rows:
        mean, deviation = regression_oracle.means_and_noise(row, split.x, inside.hidden, noise)
        if isinstance(net.likelihood, hb.SquaredError):
            found.append((mean - split.y) ** 2)
        else:
            scaled = (mean - split.y) / deviation
            found.append(0.5 * scaled**2 + np.log(deviation) + 0.5 * np.log(2 * np.pi))
    return np.array(found)


@every_network
def test_each_loss_counts_as_often_as_its_weight_says(net: Any) -> None:
    split = split_of(net, WEIGHTS)
    expected = losses(net, split) @ WEIGHTS
    np.testing.assert_allclose(energy(net, split, oracle.all_bits(net.n_weights)), expected, rtol=1e-12)
    np.testing.assert_allclose(energies(net, split), expected, rtol=1e-9)
    # Blocks of two examples, which cut through those of one weight.
    np.testing.assert_allclose(energies(net, split, memory=1), expected, rtol=1e-9)
    assert np.abs(expected - losses(net, split).sum(axis=1)).max() > 1


@every_network
def test_a_weight_of_two_is_the_example_twice_and_one_of_zero_leaves_it_out(net: Any) -> None:
    whole = split_of(net)
    times = [2, 0, 1, 1, 2, 0, 1, 3, 1, 1, 0]
    weighted = energies(net, replace(whole, weights=np.asarray(times, dtype=np.float64)))
    rows = np.repeat(np.arange(len(times)), times)
    repeated = Split(whole.x[rows], whole.y[rows])
    np.testing.assert_allclose(weighted, energies(net, repeated), rtol=1e-12)
    posteriors = [hb.ExactPosterior(table).probabilities for table in (weighted, energies(net, repeated))]
    np.testing.assert_allclose(*posteriors, rtol=1e-9)


@every_network
def test_weights_of_one_change_nothing(net: Any) -> None:
    ones = energies(net, split_of(net, [1.0] * len(WEIGHTS)))
    np.testing.assert_array_equal(ones, energies(net, split_of(net)))


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 7.0]), min_size=1, max_size=9).filter(any), st.integers(0, 2**32 - 1))
def test_any_order_of_weights(weights: list[float], seed: int) -> None:
    net, random = BinaryMLP(2, (1,)), np.random.default_rng(seed)
    x, y = random.normal(size=(len(weights), 2)), random.integers(0, 2, len(weights))
    split = Split(x, y, np.asarray(weights))
    np.testing.assert_allclose(energies(net, split), losses(net, split) @ weights, rtol=1e-9)


@pytest.mark.parametrize("rows", [None, [7, 1, 1]], ids=["all", "some"])
def test_in_steps_weights_count_and_minibatches_are_scaled_to_all_examples(rows: list[int] | None) -> None:
    split = split_of(NETWORK, WEIGHTS)
    side = np.random.default_rng(4).normal(0, 0.3, NETWORK.n_side)
    bits = oracle.all_bits(9)[[0, 77, 300, 511]]
    settings = {"activation": "tanh", "bias": False, "fan_in": True, "side": side}
    logs = [oracle.class_log_probabilities(oracle.mlp_logits(row, split.x, (3,), 1, **settings)) for row in bits]
    weighted = -np.array([log[np.arange(len(split)), split.y] for log in logs]) * WEIGHTS
    chosen = slice(None) if rows is None else rows
    expected = weighted[:, chosen].sum(axis=1) * (1 if rows is None else len(split) / len(rows))
    batch = (
        NetworkEnergies(NETWORK, split)
        .on_device()
        .batch(jnp.asarray(side, jnp.float32), None if rows is None else jnp.asarray(rows))
    )
    np.testing.assert_allclose(batch.energies(jnp.asarray(bits, jnp.float32)), expected, rtol=1e-5)


def test_minibatches_are_unbiased() -> None:
    """The mean over all minibatches of an epoch is the energy of all examples."""
    source = NetworkEnergies(NETWORK, split_of(NETWORK, WEIGHTS))
    device, side = source.on_device(), jnp.zeros(NETWORK.n_side, jnp.float32)
    bits = oracle.all_bits(9)[[5, 400]]
    order = np.random.default_rng(0).permutation(len(WEIGHTS))
    found = [device.batch(side, jnp.asarray([row])).energies(jnp.asarray(bits, jnp.float32)) for row in order]
    np.testing.assert_allclose(np.mean(found, axis=0), source(bits), rtol=1e-5)


def test_without_weights_the_program_is_the_one_without_them() -> None:
    net, bits = BinaryMLP(2, (2,)), jnp.zeros((3, 9), jnp.float32)

    def program(weights: list[float] | None) -> str:
        batch = NetworkEnergies(net, split_of(net, weights)).on_device().batch(jnp.zeros(0, jnp.float32))
        return str(jax.make_jaxpr(lambda own, rows: own.energies(rows))(batch, bits))

    plain, weighted = program(None), program(WEIGHTS)
    assert weighted.count(" mul ") == plain.count(" mul ") + 1
    assert len(jax.tree.leaves(NetworkEnergies(net, split_of(net)).on_device())) == 2


def test_weights_are_part_of_the_key_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net, random = BinaryMLP(12, ()), np.random.default_rng(0)
    x, y = random.normal(size=(300, 12)), random.integers(0, 2, 300)
    heavy, light = np.full(300, 2.0), np.full(300, 0.5)
    keys = {energy_key(net, x, y, weights) for weights in (None, heavy, light, np.ones(300))}
    assert len(keys) == 4
    # Of tables that earlier versions kept, the one without weights is found again.
    assert energy_key(net, x[:2], y[:2]) == "8f4d38dd04a6efccda2d0cfaaa46aee04e86a1af0a0bbe56cded5ed59f7e6eee"
    monkeypatch.setenv("HYPERBORN_CACHE", str(tmp_path / "cache"))
    tables = [energies(net, Split(x, y, weights)) for weights in (None, heavy, light, heavy)]
    np.testing.assert_allclose(tables[1], 2 * tables[0], rtol=1e-12)
    np.testing.assert_allclose(tables[2], 0.5 * tables[0], rtol=1e-12)
    np.testing.assert_array_equal(tables[3], tables[1])


def test_weights_that_do_not_fit_are_named() -> None:
    net, split = BinaryMLP(2, ()), split_of(BinaryMLP(2, ()))
    for weights, message in ((np.ones(3), r"shape \(3,\) for 11 examples"), (-np.ones(11), "example 0 is -1")):
        wrong: Any = SimpleNamespace(x=split.x, y=split.y, weights=weights)
        with pytest.raises(UserError, match=message):
            energies(net, wrong)
        with pytest.raises(UserError, match=message):
            NetworkEnergies(net, wrong)
