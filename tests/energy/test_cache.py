from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, final

import numpy as np
import pytest

from hyperborn.energy import energies
from hyperborn.energy.cache import energy_key
from hyperborn.networks import BinaryMLP, Network


def data(count: int) -> SimpleNamespace:
    random = np.random.default_rng(0)
    return SimpleNamespace(x=random.normal(size=(count, 12)), y=random.integers(0, 2, count))


def computed(net: Network, split: SimpleNamespace, *, cache: bool = True) -> tuple[np.ndarray, bool]:
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


@final
@dataclass(frozen=True)
class Doubled(Network):
    """A network from elsewhere that bears the name and the fields of ours, and has twice its logits."""

    n_features: int
    hidden: tuple[int, ...] = ()
    n_classes: int = 2
    activation: str = "relu"
    bias: bool = True
    values: tuple[float, float] = (-1.0, 1.0)
    scale: str = "none"
    output_scales: tuple[float, ...] = (1.0,)
    normalization: str = "none"

    @property
    def own(self) -> BinaryMLP:
        return BinaryMLP(self.n_features, self.hidden)

    fields = property(lambda self: self.own.fields)
    additive = property(lambda self: self.own.additive)
    choices = property(lambda self: (self,))
    working_floats = property(lambda self: self.own.working_floats)
    side_fields = ()

    def forward(self, weights: Any, x: Any, side: Any = None) -> Any:
        return 2.0 * self.own.forward(weights, x, side)


Doubled.__name__ = "BinaryMLP"


def test_networks_from_elsewhere_are_not_taken_for_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their record may be that of one of ours, whose table is another; and what they leave must not be found."""
    monkeypatch.setenv("HYPERBORN_CACHE", str(tmp_path / "cache"))
    net, split = BinaryMLP(12, ()), data(300)
    foreign = Doubled(12)
    assert energy_key(foreign, split.x, split.y) == energy_key(net, split.x, split.y)
    ours = energies(net, split, cache=False)
    for _ in range(2):
        table, fresh = computed(foreign, split)
        assert fresh
        # Network 0 has all weights at -1: by hand, from logits twice those of ours.
        logits = -2.0 * (split.x.sum(axis=1) + 1)
        by_hand = np.logaddexp(0, np.where(split.y == 1, -logits, logits)).sum()
        np.testing.assert_allclose(table[0], by_hand, rtol=1e-12)
        assert abs(table[0] - ours[0]) > 10
    np.testing.assert_array_equal(computed(net, split)[0], ours)


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
