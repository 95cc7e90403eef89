"""A problem of nine bits on registers, and parts of training whose outcome is known, for tests."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

import hyperborn as hb
from hyperborn.networks import BinaryMLP
from hyperborn.training.estimators import MinibatchEstimator
from hyperborn.training.optimizers import Optimizer

# Neurons of 2, 2, 2 and 3 weights: with two a register, one of them is alone. Eight side parameters.
NETWORK = BinaryMLP(2, (3,), activation="tanh", bias=False, scale="learned")
REGISTERS = hb.Registers(NETWORK, 2, depth=1)
PRIOR = hb.Bernoulli({"W1": 0.3, "W2": 0.8})
MARGINALS = [0.3] * 6 + [0.8] * 3


@dataclass(frozen=True)
class Plain(Optimizer):
    """Gradient descent with a rate of 1: what a step changes is the gradient."""

    name = "plain"
    follows_changing_loss = True

    def transformation(self, steps: int) -> optax.GradientTransformationExtraArgs:
        del steps
        return optax.with_extra_args_support(optax.sgd(1.0))


@dataclass(frozen=True)
class Summed(MinibatchEstimator):
    """E_q[energy] without draws, as the sum over all 2^n networks of few weights: the exact twin of the others."""

    name = "summed"

    def expected_energy(self, registers, tables, batch, progress, *, key) -> Any:
        del progress, key
        n = registers.n_weights
        bits = jnp.asarray((np.arange(2**n)[:, None] >> np.arange(n - 1, -1, -1)) & 1, jnp.float32)
        q = jnp.ones(2**n)
        for group, table in zip(registers.groups, tables, strict=True):
            for own, places in enumerate(group.places):
                outcome = sum(bits[:, place].astype(int) << shift for shift, place in enumerate(places[::-1]))
                q = q * table[outcome, own]
        return q @ batch.energies(bits)


@dataclass(frozen=True)
class Telling(MinibatchEstimator):
    """A loss whose gradient by the first side parameter is the sum of the batch's first features."""

    name = "telling"

    def expected_energy(self, registers, tables, batch, progress, *, key) -> Any:
        del registers, tables, progress, key
        return batch.x[:, 0].sum() * batch.side[0]


@dataclass(frozen=True)
class Drawing(MinibatchEstimator):
    """A loss whose gradient by the first side parameter is what was drawn."""

    name = "drawing"

    def expected_energy(self, registers, tables, batch, progress, *, key) -> Any:
        del registers, tables, progress
        return jax.random.normal(key) * batch.side[0]
