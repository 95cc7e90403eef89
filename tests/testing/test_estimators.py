"""Ours keep the contract of estimators, and planted mistakes fail with a sentence."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.testing import ContractError, check_estimator
from hyperborn.testing.minibatch_estimates import LEARNED
from hyperborn.training.estimator import Estimator
from hyperborn.training.estimators import ESTIMATORS, ExactEstimator, MinibatchEstimator, ShotEstimator
from hyperborn.training.shots.estimator import Design
from hyperborn.training.shots.measured_angles import MeasuredAngles

BIASED: dict[type[Estimator], Collection[str]] = {
    hb.FirstOrder: ("gradient",),
    hb.StraightThrough: ("gradient",),
    hb.LocalReparameterization: ("value", "gradient", "side"),
    hb.SPSA: ("gradient",),
}


@pytest.mark.parametrize("kind", ESTIMATORS.values(), ids=ESTIMATORS)
def test_ours_keep_the_contract(kind: type[Estimator]) -> None:
    """Of 500 draws (100 from shots), seed 0."""
    draws = 100 if issubclass(kind, ShotEstimator) else 500
    check_estimator(kind(), biased=BIASED.get(kind, ()), draws=draws)


def test_a_bias_that_is_not_named_fails() -> None:
    with pytest.raises(ContractError, match=r"in standard errors from the exact one: entry \d+ is .* biased=\(...\)"):
        check_estimator(hb.FirstOrder())


@dataclass(frozen=True)
class Multiplied(ExactEstimator):
    """`factor` times the loss."""

    name = "multiplied"
    factor: float = 1.0

    def loss(self, posterior: Any, functional: Any, params: Any) -> Any:
        return self.factor * functional(posterior.probabilities(params))


def test_an_exact_one_of_ones_own_is_checked() -> None:
    check_estimator(Multiplied())
    check_estimator(Multiplied(3.0), biased=("value", "gradient"))
    with pytest.raises(ContractError, match=r"the gradient of all probabilities: .* biased=\('gradient', \.\.\.\)"):
        check_estimator(Multiplied(3.0), biased=("value",))
    with pytest.raises(ContractError, match=r"the gradient: the cosine of its angle to the exact one is -1\.00"):
        check_estimator(Multiplied(-1.0), biased=("value", "gradient"))


@dataclass(frozen=True)
class Unknown(Estimator):
    """Of no way of training."""

    name = "unknown"
    regime = "unknown"

    def check(self, posterior: Any, network: Any) -> None:
        """Anything goes."""

    def check_training(self, *given: Any) -> None:
        """Anything goes."""


def test_one_of_no_known_kind_is_told_the_kinds() -> None:
    with pytest.raises(UserError, match="follow ExactEstimator, MinibatchEstimator or ShotEstimator"):
        check_estimator(Unknown())


@pytest.mark.parametrize("likelihood", [hb.Gaussian(0.5), hb.Gaussian("learned")], ids=["number", "learned"])
def test_networks_of_numbers_are_given_numbers(likelihood: hb.Gaussian) -> None:
    check_estimator(hb.ScoreFunction(), network=hb.networks.Regression(BinaryMLP(2, ()), likelihood))


@dataclass(frozen=True)
class Reinforced(MinibatchEstimator):
    """The score function with a baseline from the other draw: right but for what `mistake` says."""

    name = "reinforced"
    mistake: str = ""

    def expected_energy(self, registers: Any, tables: Any, batch: Any, progress: Any, *, key: Any) -> Any:
        if self.mistake == "static":
            tables = tuple(table * float(progress > 0) for table in tables)
        own_key = jax.random.key(3) if self.mistake == "key" else key
        if self.mistake == "infinite":
            return jnp.log(progress * 0)
        if self.mistake == "numpy":
            own_key = jax.random.key(next(NUMBERS))
        probabilities = registers.joint(tables)
        if self.mistake == "unweighted":
            batch = replace(batch, weights=None)
        if self.mistake in ("all states", "unweighted"):
            return probabilities @ batch.energies(jnp.asarray(bits_of(len(probabilities)), batch.x.dtype))
        drawn = jax.random.choice(own_key, len(probabilities), (2,), p=jax.lax.stop_gradient(probabilities))
        energies = batch.energies(jnp.asarray(bits_of(len(probabilities)), batch.x.dtype)[drawn])
        baseline = energies.mean() if self.mistake == "baseline" else energies[::-1]
        advantage = jax.lax.stop_gradient(energies - baseline)
        advantage = {"sign": -advantage, "factor": 2 * advantage}.get(self.mistake, advantage)
        score = jnp.log(probabilities[drawn])
        if self.mistake == "shape":
            return energies
        if self.mistake == "float":
            return float(energies.mean())
        if self.mistake == "constant":
            return jax.lax.stop_gradient(energies.mean())
        return energies.mean() + jnp.mean(advantage * (score - jax.lax.stop_gradient(score)))


NUMBERS = iter(range(1000))


def bits_of(states: int) -> np.ndarray:
    n = states.bit_length() - 1
    return (np.arange(states)[:, None] >> np.arange(n)[::-1]) & 1


def test_an_estimator_of_ones_own_keeps_the_contract() -> None:
    check_estimator(Reinforced())


@pytest.mark.parametrize(
    ("mistake", "biased", "said"),
    [
        ("sign", (), r"of the gradient, in standard errors .* component along the exact one is -[01]\.\d+ times that"),
        ("factor", (), r"the mean of 500 estimates of the gradient, in standard errors .* is [12]\.\d+ times that"),
        ("baseline", (), r"the gradient, in standard errors .* is 0\.[4-6]\d* times that\), a baseline with the draw"),
        ("sign", ("gradient",), "the mean of 500 estimates of the gradient: the cosine of its angle to the exact one"),
        ("key", (), "other keys: give the same estimate. The usual cause: the key is not used"),
        ("infinite", (), "the value: an estimate is not finite"),
        ("shape", (), "in a compiled program: Gradient only defined for scalar-output .* it returns one real number"),
        ("float", (), "in a compiled program: .* it returns one real number, computed by jax.numpy alone"),
        ("constant", (), r"the mean of 500 estimates of the gradient, .* exact one is 0\.000 times that"),
    ],
)
def test_planted_mistakes_fail_with_a_sentence(mistake: str, biased: Collection[str], said: str) -> None:
    with pytest.raises(ContractError, match=said) as caught:
        check_estimator(Reinforced(mistake), biased=biased)
    assert "\n" not in str(caught.value)


def test_one_that_draws_nothing_is_declared_so() -> None:
    check_estimator(Reinforced("all states"), deterministic=True)
    with pytest.raises(ContractError, match=r"the value.* the weights of the examples left out"):
        check_estimator(Reinforced("unweighted"), deterministic=True)
    with pytest.raises(ContractError, match=r"other keys: give other estimates. .* leave out deterministic=True"):
        check_estimator(Reinforced(), deterministic=True)


@dataclass(frozen=True)
class ShiftedParameters(ShotEstimator):
    """Shifts whole parameters by right angles: wrong where gates share them."""

    name = "shifted-parameters"
    schedule = 100
    averaged = 0.0

    def check(self, posterior: Any, network: Any) -> None:
        """Anything goes."""

    def measured(self, posterior: Any) -> MeasuredAngles:
        return MeasuredAngles.own(posterior)

    def design(self, posterior: Any, step: int, random: Any) -> Design:
        del step, random
        shifts = np.pi / 2 * np.eye(posterior.n_parameters)
        return Design(True, shifts, shifts / np.pi)


def test_shifts_of_shared_parameters_fail() -> None:
    with pytest.raises(ContractError, match="the mean of 100 estimates of the gradient, in standard errors"):
        check_estimator(ShiftedParameters(), draws=100)


def test_what_cannot_be_checked_is_one_line() -> None:
    with pytest.raises(UserError, match="biased = 'noise': give some of value, gradient, side"):
        check_estimator(hb.FirstOrder(), biased=("noise",))
    with pytest.raises(UserError, match="the network has 19 weights: check the estimator on one of at most 12"):
        check_estimator(hb.FirstOrder(), network=BinaryMLP(4, (3,)))
    assert LEARNED.n_side
