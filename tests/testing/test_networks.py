"""Ours keep the contract of networks, and planted mistakes fail with a sentence."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
from hyperborn.likelihoods import Gaussian
from hyperborn.networks import BinaryConvNet, BinaryMLP, Field, Network, Regression
from hyperborn.testing import ContractError, check_network

NETWORKS: list[Network] = [
    BinaryMLP(2),
    BinaryMLP(3, ()),
    BinaryMLP(2, (3, 2), n_classes=3, activation="tanh", scale="learned"),
    BinaryMLP(2, (2,), output_scales=(1, 2, 4, 8), values=(0, 1)),
    BinaryMLP(2, (2,), normalization="layer", scale="learned"),
    BinaryConvNet(16, channels=(2,)),
    Regression(BinaryMLP(2, (2,))),
    Regression(BinaryMLP(2, (2,), output_scales=(1, 2)), hb.Gaussian("bits", (0.5, 1.0))),
    Regression(BinaryMLP(2, (2,), scale="learned"), hb.Gaussian("learned")),
    Regression(BinaryMLP(2, (2,)), hb.Gaussian(0.3)),
    Regression(BinaryMLP(2, (2,)), hb.SquaredError()),
]


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: f"{type(network).__name__}-{network.n_weights}")
def test_ours_keep_the_contract(network: Network) -> None:
    check_network(network)


@dataclass(frozen=True)
class Products(Network):
    """The output is e^g (Σ w x + c w w' x_0 + s), c = 1 or 2 by a last bit if there are `scales`, with g and s learnt.

    Right but for what `mistake` says.
    """

    n_features: int = 2
    n_classes: int = 2
    values: tuple[float, float] = (-1.0, 1.0)
    scales: tuple[float, ...] = (1.0,)
    mistake: str = ""

    @property
    def fields(self) -> tuple[Field, ...]:
        n = self.n_features
        gap, name = int(self.mistake == "gap"), "w" if self.mistake == "name" else "v"
        found = [Field("w", (n,), 0, n), Field(name, (2,), n + gap, n + 2 + gap)]
        if len(self.scales) > 1:
            found.append(Field("scale", (1,), n + 2, n + 3))
        return tuple(found)

    @property
    def additive(self) -> tuple[tuple[int, ...], ...]:
        n, places = self.n_features, range(self.n_weights)
        if self.mistake == "lost":
            return tuple((place,) for place in places[1:])
        if self.mistake == "additive":
            return tuple((place,) for place in places)
        if len(self.scales) > 1:
            return (tuple(places),)
        return (*((place,) for place in range(n)), (n, n + 1))

    @property
    def choices(self) -> tuple[Network, ...]:
        alone = tuple(replace(self, scales=(scale,)) for scale in self.scales)
        if self.mistake == "order":
            return alone[::-1]
        return alone[:1] * 3 if self.mistake == "three" else alone

    @property
    def working_floats(self) -> int:
        return 4

    @property
    def side_fields(self) -> tuple[Field, ...]:
        return (Field("gain", (), 0, 1), Field("shift", (), 1, 2))

    def forward(self, weights: Any, x: Any, side: Any = None) -> Any:
        module, n = weights.__array_namespace__(), self.n_features
        products = weights[..., n] * weights[..., n + 1]
        bit = (weights[..., -1] - self.values[0]) / (self.values[1] - self.values[0])
        scale = self.scales[0] if len(self.scales) == 1 else self.scales[0] + (self.scales[1] - self.scales[0]) * bit
        first = 0 if self.mistake == "axis" else None
        sums = module.matmul(weights[..., :n], x.T)
        if self.mistake == "axis" and weights.ndim > 1:
            sums = sums + weights.sum(axis=first)[0]
        if self.mistake == "jax" and not isinstance(weights, np.ndarray):
            sums = sums * 1.01
        if self.mistake == "numpy":
            sums = np.tanh(np.asarray(sums))
        if self.mistake == "dtype":
            sums = sums * module.ones(1, np.float64)
        found = (sums + module.multiply((scale * products)[..., None], x[:, 0].reshape((1,) * products.ndim + (-1,))))[
            ..., None
        ]
        if self.mistake == "shape":
            found = found[..., 0]
        if side is None or self.mistake == "side":
            return found
        return (side[0] if self.mistake == "gain" else module.exp(side[0])) * (found + side[1])


def test_a_network_of_ones_own_keeps_the_contract() -> None:
    check_network(Products())
    check_network(Products(scales=(1.0, 2.0)))


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ("gap", r"fields, one after the other from 2: v of shape \(2,\) goes from 3 to 5, not 4"),
        ("name", "names of fields: two are the same"),
        ("lost", "additive: the groups do not hold every weight once. .* a bias left out"),
        ("additive", "the sum over the 4 groups of additive: output 0 of network . at example .* is .*, not"),
        ("three", "choices: are 3 networks"),
        ("axis", "forward of one weight vector beside that of all: output .* an axis counted from the left"),
        ("jax", "forward in JAX, float64, beside NumPy: output .* or another formula"),
        ("numpy", "forward in JAX, float64: The numpy.ndarray conversion method .* weights.__array_namespace__"),
        ("dtype", r"forward in NumPy, float32: float64 of shape \(6, 5, 1\), not float32"),
        ("shape", r"forward in NumPy, float64: float64 of shape \(6, 5\), not float64 of shape \(6, 5, 1\)"),
        ("side", "other side parameters: change nothing. .* forward ignores its argument side"),
        ("gain", "side parameters of 0 beside none: output .* a gain that is not stored as its logarithm"),
    ],
)
def test_planted_mistakes_fail_with_a_sentence(mistake: str, said: str) -> None:
    with pytest.raises(ContractError, match=said) as caught:
        check_network(Products(mistake=mistake))
    assert "\n" not in str(caught.value)


def test_choices_in_another_order_fail() -> None:
    with pytest.raises(ContractError, match=r"choice 0 of 2: output .* choices in another order"):
        check_network(Products(scales=(1.0, 2.0), mistake="order"))


def test_noises_in_another_order_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Regression(BinaryMLP(2, (2,)))
    right = Gaussian.choices.fget
    monkeypatch.setattr(Gaussian, "choices", property(lambda self: right(self)[::-1]))
    with pytest.raises(ContractError, match=r"choice 0 of 4: output 1 of network .* choices in another order"):
        check_network(network)
