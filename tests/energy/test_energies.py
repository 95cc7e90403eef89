import tracemalloc
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from hyperborn.energy import energies, energy
from hyperborn.energy.enumeration import code_blocks, two_halves
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP, outputs

# Arguments, not networks: the type checks of the tests draw random numbers, which hypothesis forbids while it builds.
SMALL = st.fixed_dictionaries(
    {
        "n_features": st.integers(1, 2),
        "hidden": st.sampled_from([(), (1,), (2,), (1, 1), (2, 1)]),
        "n_classes": st.integers(2, 3),
        "activation": st.sampled_from(["relu", "sigmoid", "tanh", "sign", "identity"]),
        "bias": st.booleans(),
        "values": st.sampled_from([(-1, 1), (0, 1), (-3, 1)]),
        "scale": st.sampled_from(["none", "fan_in"]),
        "output_scales": st.sampled_from([(1.0,), (2.5,), (1, 3), (0.5, 1, 2, 4)]),
    }
).filter(lambda arguments: len(arguments["hidden"]) == 0 or arguments["n_classes"] == 2)


def examples(net: BinaryMLP, count: int, *, seed: int = 0, scale: float = 1.0) -> SimpleNamespace:
    random = np.random.default_rng(seed)
    return SimpleNamespace(
        x=scale * random.normal(size=(count, net.n_features)), y=random.integers(0, net.n_classes, count)
    )


def plain(net: BinaryMLP, split: SimpleNamespace, bits: np.ndarray) -> np.ndarray:
    outputs = 1 if net.n_classes == 2 else net.n_classes
    return np.array(
        [
            oracle.nll(
                oracle.mlp_logits(
                    row,
                    split.x,
                    net.hidden,
                    outputs,
                    activation=net.activation,
                    bias=net.bias,
                    values=net.values,
                    fan_in=net.scale == "fan_in",
                    output_scales=net.output_scales,
                ),
                split.y,
            )
            for row in bits
        ]
    )


@given(SMALL, st.integers(0, 7), st.sampled_from([0.1, 1.0, 30.0, 1e3]), st.integers(0, 2**32 - 1))
def test_energies_are_those_of_every_network(arguments: dict[str, Any], count: int, scale: float, seed: int) -> None:
    net = BinaryMLP(**arguments)
    split = examples(net, count, seed=seed, scale=scale)
    bits = oracle.all_bits(net.n_weights)
    expected = plain(net, split, bits)
    table = energies(net, split)
    assert table.dtype == np.float64
    np.testing.assert_allclose(table, expected, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(energy(net, split, bits), expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("memory", [1, 2**16, 2**29])
@pytest.mark.parametrize("hidden", [(), (3,), (2, 2)])
def test_blocks_of_any_size_give_the_same(memory: int, hidden: tuple[int, ...]) -> None:
    net = BinaryMLP(12 if not hidden else 2, hidden, output_scales=(1, 2))
    split = examples(net, 25)
    chosen = np.random.default_rng(1).integers(0, 2, (50, net.n_weights), dtype=np.uint8)
    index = chosen @ (1 << np.arange(net.n_weights)[::-1])
    expected = plain(net, split, chosen)
    np.testing.assert_allclose(energies(net, split, memory=memory)[index], expected, rtol=1e-12)
    np.testing.assert_allclose(energy(net, split, chosen, memory=memory), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("n_features", "hidden", "n_classes"), [(18, (), 2), (6, (2,), 2), (12, (1,), 2), (5, (2,), 3)]
)
def test_several_blocks_on_each_side_give_the_same(n_features: int, hidden: tuple[int, ...], n_classes: int) -> None:
    net = BinaryMLP(n_features, hidden, n_classes)
    split = examples(net, 10)
    chosen = np.random.default_rng(1).integers(0, 2, (50, net.n_weights), dtype=np.uint8)
    index = chosen @ (1 << np.arange(net.n_weights)[::-1])
    np.testing.assert_allclose(energies(net, split, cache=False)[index], plain(net, split, chosen), rtol=1e-12)


def test_products_that_would_overflow_are_taken_apart() -> None:
    # Every example has a factor of up to e^138: five pairs would make e^1380, far beyond float64.
    net = BinaryMLP(2, ())
    split = SimpleNamespace(x=np.full((60, 2), 46.0), y=np.arange(60) // 30)
    np.testing.assert_allclose(energies(net, split), plain(net, split, oracle.all_bits(3)), rtol=1e-12)


def test_a_side_beyond_the_exponential_does_not_matter() -> None:
    # The halves of this network cancel: exp(1000) · exp(−1000) must not become inf · 0.
    net = BinaryMLP(4, ())
    split = SimpleNamespace(x=np.array([[1e3, 1e3, 1e3, 1e3], [0.1, 0.2, 0.3, 0.4]]), y=np.array([0, 1]))
    np.testing.assert_allclose(energies(net, split), plain(net, split, oracle.all_bits(5)), rtol=1e-12)


def test_no_examples_have_no_energy() -> None:
    net = BinaryMLP(3, (2,))
    np.testing.assert_array_equal(energies(net, examples(net, 0)), np.zeros(2**net.n_weights))


def test_compiled_energies_are_those_of_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    net, random = BinaryMLP(5, (6,), 3), np.random.default_rng(0)
    x, weights = random.normal(size=(300, 5)), random.exponential(size=300)
    split = SimpleNamespace(x=x, y=random.integers(0, 3, 300), weights=weights)
    bits = random.integers(0, 2, (40, net.n_weights), dtype=np.uint8)
    expected = energy(net, split, bits)
    monkeypatch.setattr(outputs, "COMPILED_FROM", 1)
    found = energy(net, split, bits)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert not np.array_equal(found, expected)


def test_single_precision_features_are_taken_as_they_are() -> None:
    net = BinaryMLP(3, (2,))
    split = examples(net, 5)
    split.x = split.x.astype(np.float32)
    chosen = oracle.all_bits(net.n_weights)[::100]
    np.testing.assert_allclose(energies(net, split)[::100], plain(net, split, chosen), rtol=1e-6)


def test_every_network_is_in_one_block() -> None:
    net = BinaryMLP(6, (2,))
    split = examples(net, 3)
    seen = np.zeros(2**net.n_weights, dtype=int)
    for block in code_blocks(net, split.x, split.y, 2**29):
        seen[block.places] += 1
    assert (seen == 1).all()


def test_sides_share_the_weights_as_equally_as_the_groups_allow() -> None:
    assert [len(side.positions) for side in two_halves(BinaryMLP(16, ()))] == [8, 9]
    assert [len(side.positions) for side in two_halves(BinaryMLP(4, (2,)))] == [6, 7]
    assert [len(side.positions) for side in two_halves(BinaryMLP(3, (2, 2), bias=False))] == [12, 0]


@pytest.mark.parametrize(("n_features", "hidden", "count"), [(14, (), 1000), (2, (2, 2), 100), (3, (3,), 100)])
def test_temporary_memory_stays_within_the_budget(n_features: int, hidden: tuple[int, ...], count: int) -> None:
    net = BinaryMLP(n_features, hidden)
    split = examples(net, count)
    budget = 8 * 2**20
    tracemalloc.start()
    try:
        energies(net, split, memory=budget, cache=False)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    result = 8 * 2**net.n_weights
    # The tables are a good part of the budget, or it would say nothing; 4 MiB are for the block in hand.
    assert budget / 4 < peak - result < budget + 4 * 2**20


def test_progress_is_told_of_every_block() -> None:
    net = BinaryMLP(12, ())
    calls: list[tuple[int, int]] = []
    energies(net, examples(net, 500), memory=2**20, cache=False, progress=lambda *step: calls.append(step))
    assert len(calls) > 3
    assert calls == [(step, len(calls)) for step in range(1, len(calls) + 1)]


def test_over_the_limit_says_what_to_do() -> None:
    net = BinaryMLP(30, ())
    with pytest.raises(
        UserError, match=r"31 weights .* limit of 24 .* raise limit to 31, whose table takes 16 GiB"
    ) as caught:
        energies(net, examples(net, 5))
    assert "\n" not in str(caught.value)
    small = BinaryMLP(2, ())
    with pytest.raises(UserError, match="limit of 2"):
        energies(small, examples(small, 5), limit=2)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((2, 5)), np.zeros(2, int), "5 features but the network takes 4"),
        (np.zeros((2, 4)), np.array([0, 2]), "label 2 is out of range; a network of 2 classes takes 0 to 1"),
        (np.zeros((2, 4)), np.array([-1, 0]), "label -1 is out of range"),
        (np.zeros((2, 4)), np.zeros(3, int), "2 examples with 3 labels"),
        (np.full((2, 4), np.nan), np.zeros(2, int), "NaN or infinite"),
    ],
)
def test_data_that_do_not_fit_are_named(x: np.ndarray, y: np.ndarray, message: str) -> None:
    net = BinaryMLP(4, ())
    split = SimpleNamespace(x=x, y=y)
    with pytest.raises(UserError, match=message):
        energies(net, split)
    with pytest.raises(UserError, match=message):
        energy(net, split, np.zeros((1, 5), dtype=np.uint8))
