"""Registers of k qubits and the baselines: how each learns a network, and the settings that validation data decide."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

import hyperborn as hb
from hyperborn.baselines import BayesBiNN, Bop, MultilayerPerceptron, StraightThroughAdam
from hyperborn.networks import Network

SMALL = ("moons", "wine", "breast_cancer", "digits")
ALL = (*SMALL, "mnist")

BATCH = 128
"""Examples a step, of every method; half of the training examples where they are fewer than two batches."""


class Learnt(Protocol):
    """What predicts, at temperature 1."""

    def predict_proba(self, x: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class OfRegisters:
    """A result whose predictions are those of its draws."""

    result: hb.Result

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        return self.result.predict_proba(x, calibrated=False)


@dataclass(frozen=True)
class Method:
    """A way to learn, and the values of one setting between which the validation split decides."""

    name: str
    setting: str
    values: tuple[float, ...]
    fit: Callable[[Network, hb.data.Dataset, int, int, Mapping[str, float]], Learnt]
    tasks: tuple[str, ...] = ALL
    bits: float = 1.0
    """Bits a weight of what is stored."""

    def size_in_bytes(self, network: Network) -> float:
        return network.n_weights * self.bits / 8 + 4 * network.n_side


def batch_of(data: hb.data.Dataset) -> int:
    return min(BATCH, len(data.train) // 2)


def registers(k: int, depth: int, estimator: Any) -> Callable[..., Learnt]:
    def fit(network: Network, data: hb.data.Dataset, steps: int, seed: int, given: Mapping[str, float]) -> Learnt:
        result = hb.fit(
            network,
            data,
            objective=hb.ELBO(given["beta"]),
            posterior=hb.Registers(network, register_size=k, depth=depth),
            estimator=estimator,
            steps=steps,
            batch_size=batch_of(data),
            seed=seed,
            progress=False,
        )
        return OfRegisters(result)

    return fit


def baseline(kind: Callable[..., Any]) -> Callable[..., Learnt]:
    def fit(network: Network, data: hb.data.Dataset, steps: int, seed: int, given: Mapping[str, float]) -> Learnt:
        return kind(steps=steps, restarts=1, batch_size=batch_of(data), **given).fit(network, data, seed=seed)

    return fit


def full_precision(
    network: Network, data: hb.data.Dataset, steps: int, seed: int, given: Mapping[str, float]
) -> Learnt:
    """Equal epochs; the penalty on weights is chosen on the validation split, seed by seed."""
    batch = batch_of(data)
    perceptron = MultilayerPerceptron(
        iterations=max(1, steps // (len(data.train) // batch)), restarts=1, batch_size=batch, **given
    )
    return perceptron.fit(network, data, seed=seed)


BETAS = (0.01, 0.03, 0.1)
FEW = ("digits",)
"""Tasks of the ablations."""

METHODS = (
    Method("registers, k = 1", "beta", BETAS, registers(1, 2, hb.FirstOrder())),
    Method("registers, k = 2", "beta", BETAS, registers(2, 2, hb.FirstOrder()), SMALL),
    Method("registers, k = 4", "beta", BETAS, registers(4, 2, hb.FirstOrder())),
    Method("registers, k = 8", "beta", BETAS, registers(8, 2, hb.FirstOrder()), ("moons",)),
    Method("registers, k = 4, depth 1", "beta", BETAS, registers(4, 1, hb.FirstOrder()), FEW),
    Method("registers, k = 4, local", "beta", BETAS, registers(4, 2, hb.LocalReparameterization()), ("moons",)),
    Method("BayesBiNN", "learning_rate", (0.001, 0.01, 0.1), baseline(BayesBiNN)),
    Method("straight-through", "learning_rate", (0.03, 0.1, 0.3), baseline(StraightThroughAdam)),
    Method("Bop", "threshold", (1e-7, 1e-6, 1e-5, 1e-4), baseline(Bop)),
    Method("full precision", "learning_rate", (3e-3,), full_precision, bits=32),
)
