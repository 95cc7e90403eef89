"""Energies of all networks of a regression: structured against the plain formula, network by network."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
import oracle
import regression_oracle
from hyperborn.energy import CachedEnergies, NetworkEnergies, energies, energy
from hyperborn.energy.cache import is_known
from hyperborn.errors import UserError
from hyperborn.likelihoods.likelihood import NumberLikelihood
from hyperborn.networks import BinaryMLP, Regression


@dataclass(frozen=True)
class Own(NumberLikelihood):
    """Twice the squared error."""

    n_outputs = 1
    noise_levels = (0.5,)
    learns_noise = False

    @property
    def choices(self) -> tuple["Own", ...]:
        return (self,)

    def nll(self, outputs: Any, y: Any) -> Any:
        return 2 * (outputs[..., 0] - y) ** 2

    def losses(self, outputs: Any, y: Any) -> Any:
        return self.nll(outputs, y)

    def pair_energies(self, left: Any, right: Any, y: Any) -> Any:
        return 2 * ((left[0][:, None] + right[0] - y) ** 2).sum(axis=-1)

    def normals(self, outputs: Any) -> Any:
        return outputs[..., 0], np.full(outputs.shape[:-1], 0.5)


LEVELS = (0.2, 0.4, 0.8, 1.6)


def examples(count: int, features: int, *, scale: float = 1.0) -> SimpleNamespace:
    random = np.random.default_rng(0)
    return SimpleNamespace(x=scale * random.normal(size=(count, features)), y=scale * random.normal(size=count))


def plain(net: Regression, split: SimpleNamespace) -> np.ndarray:
    inside, likelihood = net.network, net.likelihood
    assert isinstance(inside, BinaryMLP)
    found = []
    for row in oracle.all_bits(net.n_weights):
        mean, noise = regression_oracle.means_and_noise(
            row, split.x, inside.hidden, likelihood.noise_levels, values=inside.values,
            output_scales=inside.output_scales, activation=inside.activation,
        )  # fmt: skip
        squares = sum((float(a) - float(b)) ** 2 for a, b in zip(mean, split.y, strict=True))
        normal = regression_oracle.normal_nll(mean, noise, split.y)
        found.append(squares if isinstance(likelihood, hb.SquaredError) else normal)
    return np.array(found)


@pytest.mark.parametrize("likelihood", [hb.Gaussian(0.3), hb.Gaussian("bits", LEVELS), hb.SquaredError()])
@pytest.mark.parametrize(
    "inside",
    [
        BinaryMLP(4, (), values=(-3, 1)),
        BinaryMLP(2, (2,)),
        BinaryMLP(2, (), output_scales=(0.5, 1)),
        BinaryMLP(1, (1, 1), activation="tanh"),
    ],
    ids=["linear", "hidden", "scales", "deep"],
)
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_energies_are_those_of_every_network(likelihood: NumberLikelihood, inside: BinaryMLP, scale: float) -> None:
    net = Regression(inside, likelihood)
    split = examples(7, net.n_features, scale=scale)
    expected = plain(net, split)
    np.testing.assert_allclose(energies(net, split), expected, rtol=1e-9)
    np.testing.assert_allclose(energies(net, split, memory=1), expected, rtol=1e-9)
    bits = oracle.all_bits(net.n_weights)[::3]
    np.testing.assert_allclose(energy(net, split, bits), expected[::3], rtol=1e-9)
    np.testing.assert_allclose(CachedEnergies(NetworkEnergies(net, split))(bits), expected[::3], rtol=1e-9)


def test_a_perfect_network_has_the_least_energy_to_all_digits() -> None:
    net = Regression(BinaryMLP(5, ()), hb.SquaredError())
    x = 1e3 * np.random.default_rng(0).normal(size=(9, 5))
    best = np.array([[1, 0, 1, 1, 0, 1]], np.uint8)
    split = SimpleNamespace(x=x, y=net(best, x)[0, :, 0])
    found = energies(net, split)
    assert found.argmin() == 0b101101
    assert 0 <= found.min() < 1e-18


def test_labels_of_classes_are_refused() -> None:
    net = Regression(BinaryMLP(2, ()))
    with pytest.raises(UserError, match="takes an array of floats"):
        energies(net, SimpleNamespace(x=np.zeros((2, 2)), y=np.array([0, 1])))
    with pytest.raises(UserError, match="whole numbers"):
        energies(BinaryMLP(2, ()), SimpleNamespace(x=np.zeros((2, 2)), y=np.array([0.5, 1.0])))


def test_energies_under_a_likelihood_of_ones_own_are_not_kept() -> None:
    inside = BinaryMLP(2, ())
    assert is_known(Regression(inside))
    assert is_known(Regression(inside, hb.SquaredError()))
    net, split = Regression(inside, Own()), examples(7, 2)
    assert not is_known(net)
    squares = energies(Regression(inside, hb.SquaredError()), split)
    np.testing.assert_allclose(energies(net, split), 2 * squares, rtol=1e-12)
