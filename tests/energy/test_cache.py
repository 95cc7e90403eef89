import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, final

import numpy as np
import pytest

import hyperborn as hb
import my_parts
import oracle
from hyperborn.energy import CachedEnergies, NetworkEnergies, cache, energies
from hyperborn.energy.cache import energy_key
from hyperborn.errors import UserError
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
    """Their name and fields may be those of one of ours, whose table is another; and what they leave is not found."""
    monkeypatch.setenv("HYPERBORN_CACHE", str(tmp_path / "cache"))
    net, split = BinaryMLP(12, ()), data(300)
    foreign = Doubled(12)
    assert energy_key(foreign, split.x, split.y) != energy_key(net, split.x, split.y)
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


LEARNING = """
import json, sys
import numpy as np
import hyperborn as hb
from hyperborn.compilation import keep_compiled_programs
sys.path[:0] = [sys.argv[1], "."]
from mine import Mine
keep_compiled_programs()
random = np.random.default_rng(0)
data = hb.data.from_arrays(random.normal(size=(400, 12)), random.integers(0, 2, 400))
posterior = hb.Register(hb.circuits.ProductState(13))
result = hb.fit(Mine(12), data, posterior=posterior, objective=hb.MLE(), steps=2, restarts=1, progress=False)
print(json.dumps([result.numbers["log_evidence"], result.losses[0], result.numbers["loss"]]))
"""


def test_a_network_of_ones_own_that_has_changed_between_processes_is_not_taken_for_what_it_was(tmp_path: Path) -> None:
    """Neither its table of energies nor a compiled program: it takes the start of two processes.

    The class, its name and its fields stay the same; the source says another factor of the logits.
    """
    random = np.random.default_rng(0)
    table = hb.data.from_arrays(random.normal(size=(400, 12)), random.integers(0, 2, 400)).train
    weights = 2.0 * oracle.all_bits(13) - 1
    plain = weights[:, :12] @ table.x.T + weights[:, 12:]
    # Large enough for a table of ours to be kept.
    assert plain.size > cache.CHEAP_PRODUCT
    for factor in (2.0, 3.0):
        (tmp_path / "mine.py").write_text(
            "from dataclasses import dataclass\nimport my_parts\n\n\n@dataclass(frozen=True)\n"
            "class Mine(my_parts.Sharpened):\n    def forward(self, weights, x, side=None):\n"
            f"        return {factor} * self.own.forward(weights, x, side)\n"
        )
        command = [sys.executable, "-c", LEARNING, str(Path(my_parts.__file__).parent)]
        kept = {**os.environ, "HYPERBORN_CACHE": str(tmp_path / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, cwd=tmp_path, env=kept, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        evidence, loss, in_double_precision = json.loads(done.stdout)
        energies = np.logaddexp(0, factor * np.where(table.y == 1, -plain, plain)).sum(axis=1)
        lowest = energies.min()
        assert evidence == pytest.approx(np.log(np.mean(np.exp(lowest - energies))) - lowest, rel=1e-9)
        assert loss == pytest.approx(in_double_precision, rel=1e-5)


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


def problem(features: int, hidden: tuple[int, ...] = ()) -> tuple[BinaryMLP, SimpleNamespace]:
    random = np.random.default_rng(features)
    return BinaryMLP(features, hidden), SimpleNamespace(x=random.normal(size=(7, features)), y=random.integers(0, 2, 7))


# A place for every network, keys of 62 and of 30 bits, and packed keys of 63 and of 100 bits.
WIDTHS = [(4, 5), (19, 20), (20, 21), (29, 30), (61, 62), (62, 63), (99, 100)]


@pytest.mark.parametrize(("features", "n"), WIDTHS)
def test_energies_are_those_of_the_networks_and_computed_once(features: int, n: int) -> None:
    network, split = problem(features)
    assert network.n_weights == n
    energies = CachedEnergies(NetworkEnergies(network, split))
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
    monkeypatch.setattr(cache, "MOST_KEPT", 20)
    network, split = problem(features)
    energies = CachedEnergies(NetworkEnergies(network, split))
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
    energies = CachedEnergies(NetworkEnergies(network, split))
    n = network.n_weights
    energies(np.ones((1, n), np.uint8))
    with pytest.raises(UserError, match=f"rows of {n + more} bits for {n} weights"):
        energies(np.ones((2, n + more), np.uint8))
