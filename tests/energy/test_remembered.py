from types import SimpleNamespace

import numpy as np
import pytest

import oracle
from hyperborn.energy import RememberedEnergies, remembered
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP


def problem(features: int, hidden: tuple[int, ...] = ()) -> tuple[BinaryMLP, SimpleNamespace]:
    random = np.random.default_rng(features)
    return BinaryMLP(features, hidden), SimpleNamespace(x=random.normal(size=(7, features)), y=random.integers(0, 2, 7))


# A place for every network, keys of 62 and of 30 bits, and packed keys of 63 and of 100 bits.
WIDTHS = [(4, 5), (19, 20), (20, 21), (29, 30), (61, 62), (62, 63), (99, 100)]


@pytest.mark.parametrize(("features", "n"), WIDTHS)
def test_energies_are_those_of_the_networks_and_computed_once(features: int, n: int) -> None:
    network, split = problem(features)
    assert network.n_weights == n
    energies = RememberedEnergies(network, split)
    random = np.random.default_rng(1)
    rows = np.unique(random.integers(0, 2, (40, n), np.uint8), axis=0)
    # The last bits alone are what makes these differ from the first row.
    rows = np.unique(np.concatenate([rows, rows[:1] ^ np.eye(n, dtype=np.uint8)[-3:]]), axis=0)
    expected = [oracle.nll(oracle.mlp_logits(row, split.x, (), 1), split.y) for row in rows]
    for asked in (np.arange(10), np.array([3, 3, 12, 9, 3, 12]), random.permutation(len(rows)), np.arange(len(rows))):
        found = energies(rows[asked])
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, np.array(expected)[asked], rtol=1e-6)
        if len(asked) == 6:
            assert energies.computed == 11
    assert energies.computed == len(rows)


@pytest.mark.parametrize("features", [29, 99])
def test_too_many_networks_are_forgotten(features: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST", 20)
    network, split = problem(features)
    energies = RememberedEnergies(network, split)
    rows = np.random.default_rng(0).integers(0, 2, (30, network.n_weights), np.uint8)
    first = energies(rows[:20])
    energies(rows[:20])
    assert (energies.computed, len(energies.keys)) == (20, 20)
    energies(rows[19:21])
    # 21 were too many: all of them are computed again, to the same values.
    assert (energies.computed, len(energies.keys)) == (21, 0)
    np.testing.assert_array_equal(energies(rows[:20]), first)
    assert energies.computed == 41


@pytest.mark.parametrize("features", [4, 29, 99])
@pytest.mark.parametrize("more", [-1, 1])
def test_rows_must_fit_the_network(features: int, more: int) -> None:
    network, split = problem(features)
    energies = RememberedEnergies(network, split)
    n = network.n_weights
    energies(np.ones((1, n), np.uint8))
    with pytest.raises(UserError, match=f"rows of {n + more} bits for {n} weights"):
        energies(np.ones((2, n + more), np.uint8))
