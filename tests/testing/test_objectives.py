"""Planted mistakes fail the contract of objectives with a sentence; that ours keep it is in tests/objectives."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
from hyperborn.errors import UserError
from hyperborn.objectives.divergences import KullbackLeibler
from hyperborn.objectives.functional import Functional
from hyperborn.objectives.objectives import Objective
from hyperborn.testing import ContractError, check_objective


@dataclass(frozen=True)
class Tempered(Objective):
    """E_q[energy] + β KL(q ‖ p): right but for what `mistake` says."""

    name = "tempered"
    beta: float = 0.5
    mistake: str = ""

    @property
    def separable(self) -> bool:  # type: ignore[override]
        return self.mistake != "given"

    def bind(self, energies: Any, log_prior: Any) -> Any:
        divergence = hb.KL().bind(log_prior)
        if self.mistake == "bind":
            return divergence
        if self.mistake == "energies":
            energies = energies / 2
        if self.mistake == "zero":
            divergence = Sharp(divergence.log_p)
        if self.mistake == "pytree":
            divergence = Plain(divergence.log_p)
        return Functional.of(energies, divergence, self.beta)

    def penalty(self, log_prior: Any) -> Functional:
        if self.mistake == "refused":
            raise UserError("no penalty; take another objective")
        beta = 1.0 if self.mistake == "penalty" else self.beta
        return Functional.of_divergence(hb.KL().bind(log_prior), coefficient=beta)

    def lowest(self, energies: Any, log_prior: Any) -> float:
        found = hb.ELBO(self.beta).lowest(energies, log_prior)
        assert found is not None
        return found + 1.0 if self.mistake == "lowest" else found


@partial(jax.tree_util.register_dataclass, data_fields=["log_p"], meta_fields=[])
class Sharp(KullbackLeibler):
    """log q without its guard at 0."""

    def value_and_first_variation(self, q: Any) -> Any:
        ratio = jnp.log(q) - self.log_p
        return jnp.sum(jnp.where(q > 0, q * ratio, 0.0)), ratio + 1


class Plain(KullbackLeibler):
    """No pytree."""


def formula(q: np.ndarray, energies: np.ndarray, log_p: np.ndarray) -> float:
    return float(q @ energies + 0.5 * (q @ (np.log(q) - log_p)))


def test_an_objective_of_ones_own_keeps_the_contract() -> None:
    check_objective(Tempered(), formula)
    check_objective(Tempered(), seed=1)


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ("bind", r"bind\(energies, log_p\): gives a KullbackLeibler"),
        ("pytree", "value_and_first_variation in a compiled program: .* put jax.tree_util.register_dataclass"),
        ("energies", r"F\[q\] beside E_q\[energy\] \+ penalty: it is .*, not .* or bind forgets the mean energy"),
        ("penalty", r"F\[q\] beside E_q\[energy\] \+ penalty: it is"),
        ("refused", r"penalty\(log_p\): is refused \(no penalty; .*\). .* separable = True"),
        ("given", r"penalty\(log_p\): is given. .* raise a UserError"),
        ("lowest", "lowest = .*: F is .* at a distribution. .* a sign or a factor of lowest"),
        ("zero", "the point mass of network 0 in float32: the first variation at network 1 is not"),
    ],
)
def test_planted_mistakes_fail_with_a_sentence(mistake: str, said: str) -> None:
    with pytest.raises(ContractError, match=said) as caught:
        check_objective(Tempered(mistake=mistake))
    assert "\n" not in str(caught.value)


def test_another_formula_fails() -> None:
    with pytest.raises(ContractError, match=r"F\[q\] beside the formula: it is .*, not .* a factor or a sign"):
        check_objective(replace(Tempered(), beta=0.6), formula)
