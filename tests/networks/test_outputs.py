from dataclasses import replace
from typing import NoReturn

import numpy as np
import pytest

import oracle
from convolution_oracle import convnet_logits
from hyperborn.errors import UserError
from hyperborn.likelihoods import Gaussian
from hyperborn.networks import BinaryConvNet, BinaryMLP, Network, Regression, fitted, outputs
from hyperborn.networks.outputs import EXAMPLES_AT_ONCE, NETWORKS_AT_ONCE, blocks_of_outputs, examples_at_once

RANDOM = np.random.default_rng(0)
MEMORY = 512 * 2**20
CONVOLUTIONS = BinaryConvNet(30, 3, channels=(2, 3), image_shape=(6, 5))
UNITS = BinaryMLP(5, (6, 4), 3, bias=False, scale="learned", normalization="layer")


def at_random(network: Network) -> Network:
    return fitted(network, RANDOM.normal(size=network.n_side))


NETWORKS = {
    "convolutions": at_random(CONVOLUTIONS),
    "units": at_random(UNITS),
    "biases": BinaryMLP(5, (6,), 3, activation="tanh"),
    "regression": at_random(Regression(BinaryMLP(5, (6,), 2, scale="learned"), Gaussian("learned"))),
}
every_network = pytest.mark.parametrize("name", NETWORKS)


through_programs = pytest.mark.usefixtures("compiled")


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs are compiled for the least work."""
    monkeypatch.setattr(outputs, "COMPILED_FROM", 1)


def bits_for(network: Network, count: int) -> np.ndarray:
    return RANDOM.integers(0, 2, (count, network.n_weights)).astype(np.uint8)


def collected(network: Network, bits: np.ndarray, x: np.ndarray, memory: int = MEMORY) -> np.ndarray:
    """Outputs from all blocks, each pair of network and example from one of them."""
    found = np.full((len(bits), len(x), network.n_outputs), np.nan)
    for rows, columns, block in blocks_of_outputs(network, bits, x, memory=memory, beside=4):
        assert block.dtype == np.float64
        assert np.isnan(found[rows, columns]).all()
        found[rows, columns] = block
    assert np.isfinite(found).all()
    return found


def counted_calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Networks and examples of each call of a compiled program from now on."""
    calls, own = [], outputs.compiled_outputs

    def noted(net: Network, bits: np.ndarray, x: np.ndarray) -> np.ndarray:
        calls.append((len(bits), len(x)))
        return own(net, bits, x)

    monkeypatch.setattr(outputs, "compiled_outputs", noted)
    return calls


@through_programs
@every_network
@pytest.mark.parametrize(("networks", "examples"), [(1, 3), (NETWORKS_AT_ONCE + 1, EXAMPLES_AT_ONCE + 5)])
def test_compiled_outputs_are_those_of_numpy(name: str, networks: int, examples: int) -> None:
    network = NETWORKS[name]
    bits, x = bits_for(network, networks), RANDOM.normal(size=(examples, network.n_features))
    found, expected = collected(network, bits, x), network(bits, x)
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)
    assert not np.array_equal(found, expected)  # of float32


@through_programs
def test_compiled_outputs_are_those_of_plain_loops() -> None:
    network = NETWORKS["convolutions"]
    bits, x = bits_for(network, 2), RANDOM.normal(size=(3, 30))
    expected = [
        [
            convnet_logits(
                2.0 * row - 1,
                image.reshape(6, 5),
                (2, 3),
                3,
                network.side,
                kernel=3,
                stride=2,
                activation="relu",
                layer_normalization=True,
            )
            for image in x
        ]
        for row in bits
    ]
    np.testing.assert_allclose(collected(network, bits, x), expected, rtol=2e-5, atol=2e-5)


@through_programs
def test_one_program_serves_all_numbers_of_networks_and_examples() -> None:
    network = at_random(BinaryConvNet(25, 3, channels=(2,)))
    before = outputs.outputs_of_networks._cache_size()
    for networks, examples in ((1, 1), (3, 40), (NETWORKS_AT_ONCE + 3, EXAMPLES_AT_ONCE + 1)):
        collected(network, bits_for(network, networks), RANDOM.normal(size=(examples, 25)))
    collected(fitted(network.network, np.zeros(network.network.n_side)), bits_for(network, 2), np.ones((2, 25)))
    assert outputs.outputs_of_networks._cache_size() - before == 1


@through_programs
def test_memory_bounds_the_examples_of_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    network, calls = NETWORKS["convolutions"], counted_calls(monkeypatch)
    bits, x = bits_for(network, 3), RANDOM.normal(size=(9, 30))
    example = 4 * network.working_floats + NETWORKS_AT_ONCE * (4 * network.n_outputs + 8 * 4)
    found = collected(network, bits, x, memory=7 * example)
    assert calls == [(3, 4)] * 3
    np.testing.assert_allclose(found, network(bits, x), rtol=2e-5, atol=2e-5)
    assert examples_at_once(network, 1, 4) == 1
    assert examples_at_once(network, MEMORY, 4) == EXAMPLES_AT_ONCE
    # Images of 100,000 pixels take 7 MB each, and a call has few of them however much memory is allowed.
    large = BinaryConvNet(100_000, 10, channels=(16, 32), image_shape=(250, 400))
    calls.clear()
    held = [
        len(range(*columns.indices(40)))
        for _, columns, _ in blocks_of_outputs(
            large, bits_for(large, 1), np.zeros((40, 100_000)), memory=MEMORY, beside=40
        )
    ]
    assert sum(held) == 40
    assert 4 * large.working_floats * max(at_once for _, at_once in calls) <= outputs.COMPILED_MEMORY


def test_little_work_is_in_float64() -> None:
    network = NETWORKS["units"]
    bits, x = bits_for(network, 2), RANDOM.normal(size=(3, 5))
    assert np.array_equal(collected(network, bits, x), network(bits, x))


def test_much_work_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    network, calls = BinaryConvNet(64, 2, channels=(2, 2)), counted_calls(monkeypatch)
    examples = outputs.COMPILED_FROM // (4 * network.products_per_example)
    collected(network, bits_for(network, 4), np.zeros((examples, 64)))
    assert not calls
    collected(network, bits_for(network, 4), np.zeros((examples + 1, 64)))
    assert calls


@through_programs
def test_networks_that_can_be_enumerated_are_in_float64() -> None:
    network = BinaryMLP(5, (3,), bias=False)
    bits, x = oracle.all_bits(network.n_weights)[:4], RANDOM.normal(size=(3, 5))
    assert np.array_equal(collected(network, bits, x), network(bits, x))


@through_programs
@pytest.mark.parametrize("factor", [1e16, 1e300])
def test_features_too_large_for_float32_are_in_float64(factor: float) -> None:
    network = at_random(BinaryMLP(5, (6,), 3, activation="tanh", bias=False, scale="learned"))
    bits, x = bits_for(network, 2), factor * RANDOM.normal(size=(3, 5))
    assert np.array_equal(collected(network, bits, x), network(bits, x))


@through_programs
def test_outputs_too_large_for_float32_are_in_float64() -> None:
    network = BinaryMLP(5, (6, 6, 6, 6), 3, values=(-1e6, 1e6), bias=False)
    bits, x = bits_for(network, 2), 1e14 * np.abs(RANDOM.normal(size=(3, 5)))
    found = collected(network, bits, x)
    assert np.abs(found).max() > 1e39
    assert np.array_equal(found, network(bits, x))


@through_programs
def test_no_examples_and_no_networks_are_no_block_of_any() -> None:
    network = NETWORKS["units"]
    assert not list(blocks_of_outputs(network, bits_for(network, 2), np.zeros((0, 5)), memory=MEMORY, beside=4))
    assert not list(blocks_of_outputs(network, bits_for(network, 0), np.zeros((2, 5)), memory=MEMORY, beside=4))


@through_programs
def test_a_forked_process_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    network = NETWORKS["units"]

    def refused() -> NoReturn:
        raise UserError("forked")

    monkeypatch.setattr(outputs, "check_process", refused)
    with pytest.raises(UserError, match="forked"):
        collected(network, bits_for(network, 2), np.zeros((2, 5)))


def test_signs_are_taken_in_float64_however_many_they_are() -> None:
    """0.1 + 0.2 - 0.3 is not 0, and its sign is another in float32."""
    net = BinaryMLP(20, (64,), 2, activation="sign")
    x = np.random.default_rng(0).integers(-9, 10, size=(20_000, 20)) / 10
    for own in (net, fitted(net, np.zeros(net.n_side))):
        assert not outputs.is_compiled(own, np.zeros((32, net.n_weights), np.uint8), x)
    assert outputs.is_compiled(replace(net, activation="tanh"), np.zeros((32, net.n_weights), np.uint8), x)
