"""A network with its data as a source of energies, against the plain formula."""

import jax.numpy as jnp
import numpy as np
import pytest

import oracle
from hyperborn.energy import NetworkEnergies
from hyperborn.errors import UserError
from small_registers import NETWORK

SIDE = np.random.default_rng(4).normal(0, 0.3, NETWORK.n_side)
BITS = oracle.all_bits(9)[[0, 77, 300, 511]]


@pytest.fixture(scope="module")
def source() -> NetworkEnergies:
    from hyperborn.data import Split

    random = np.random.default_rng(1)
    return NetworkEnergies(NETWORK, Split(random.normal(size=(6, 2)), random.integers(0, 2, size=6)))


def plain(source: NetworkEnergies, rows: list[int], side: np.ndarray) -> np.ndarray:
    x, y = source.split.x[rows], source.split.y[rows]
    settings = {"activation": "tanh", "bias": False, "fan_in": True}
    return np.array([oracle.nll(oracle.mlp_logits(row, x, (3,), 1, side=side, **settings), y) for row in BITS])


def test_energies_of_rows_and_of_all_networks(source: NetworkEnergies) -> None:
    expected = plain(source, list(range(6)), np.zeros(NETWORK.n_side))
    assert (source.n_bits, source.n_examples) == (9, 6)
    np.testing.assert_allclose(source(BITS), expected, rtol=1e-12)
    np.testing.assert_allclose(source.table()[[0, 77, 300, 511]], expected, rtol=1e-9)
    with pytest.raises(UserError, match="bits are rows of 8 bits for 9 weights"):
        source(BITS[:, 1:])


def test_energies_at_side_parameters(source: NetworkEnergies) -> None:
    expected = plain(source, list(range(6)), SIDE)
    assert np.abs(expected - source(BITS)).max() > 0.05
    np.testing.assert_allclose(source.at(SIDE)(BITS), expected, rtol=1e-12)


@pytest.mark.parametrize("rows", [[0, 1, 2, 3, 4, 5], [4, 1]], ids=["all", "some"])
def test_in_steps_energies_of_some_examples_count_for_all(source: NetworkEnergies, rows: list[int]) -> None:
    device = source.on_device()
    assert device.n_examples == 6
    chosen = None if len(rows) == 6 else jnp.asarray(rows)
    found = device.batch(jnp.asarray(SIDE, jnp.float32), chosen).energies(jnp.asarray(BITS, jnp.float32))
    np.testing.assert_allclose(found, plain(source, rows, SIDE) * 6 / len(rows), rtol=1e-5)
    source.check_steps()
