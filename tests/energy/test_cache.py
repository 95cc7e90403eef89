from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hyperborn.energy import energies
from hyperborn.energy.cache import energy_key
from hyperborn.networks import BinaryMLP


def data(count: int) -> SimpleNamespace:
    random = np.random.default_rng(0)
    return SimpleNamespace(x=random.normal(size=(count, 12)), y=random.integers(0, 2, count))


def computed(net: BinaryMLP, split: SimpleNamespace, *, cache: bool = True) -> tuple[np.ndarray, bool]:
    """The energies, and whether they had to be computed."""
    calls: list[tuple[int, int]] = []
    table = energies(net, split, cache=cache, progress=lambda *step: calls.append(step))
    return table, bool(calls)


def test_a_table_that_took_a_while_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPERBORN_CACHE", str(tmp_path / "cache"))
    net, split = BinaryMLP(12, ()), data(300)
    first, fresh = computed(net, split)
    again, anew = computed(net, split)
    assert (fresh, anew) == (True, False)
    np.testing.assert_array_equal(first, again)
    assert computed(net, split, cache=False)[1]
    assert computed(BinaryMLP(12, (), values=(0, 1)), split)[1]


def test_a_small_table_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPERBORN_CACHE", str(tmp_path / "cache"))
    net, split = BinaryMLP(12, ()), data(10)
    assert computed(net, split)[1]
    assert computed(net, split)[1]
    assert not (tmp_path / "cache").exists()


def test_the_key_depends_on_all_that_the_energies_do() -> None:
    net, split = BinaryMLP(12, (), values=(-1, 1)), data(10)
    other = split.x.copy()
    other[0, 0] = np.nextafter(other[0, 0], 1)
    flipped = 1 - split.y
    keys = [
        energy_key(net, split.x, split.y),
        energy_key(BinaryMLP(12, (), values=(0, 1)), split.x, split.y),
        energy_key(BinaryMLP(12, (), activation="tanh", scale="fan_in"), split.x, split.y),
        energy_key(net, other, split.y),
        energy_key(net, split.x, flipped),
        energy_key(net, split.x.reshape(5, 24), split.y),
    ]
    assert len(set(keys)) == len(keys)
    assert energy_key(BinaryMLP(12, ()), split.x.copy(), split.y.copy()) == keys[0]
