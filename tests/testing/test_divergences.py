"""Planted mistakes fail the contract of divergences with a sentence; that ours keep it is in tests/objectives."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from hyperborn.objectives.divergences import BoundDivergence, Divergence
from hyperborn.testing import ContractError, check_divergence


@partial(jax.tree_util.register_dataclass, data_fields=["p"], meta_fields=["mistake", "static"])
@dataclass(frozen=True)
class BoundQuadratic(BoundDivergence):
    p: Array
    mistake: str
    static: float = 0.0

    @property
    def convex(self) -> bool:
        return True

    @property
    def steep(self) -> bool:
        return self.mistake == "steep"

    def value_and_first_variation(self, q: Any) -> tuple[Any, Any]:
        difference = q - self.p
        value, variation = jnp.sum(difference**2), 2 * difference
        if self.mistake == "bits":
            variation = variation[::-1]
        if self.mistake == "convex":
            squared = jnp.sum(difference**2)
            value, variation = 1 - jnp.exp(-5 * squared), 10 * jnp.exp(-5 * squared) * difference
        if self.mistake == "negative":
            value, variation = -value, -variation
        if self.mistake == "at p":
            value = value + 0.25
        if self.mistake == "double":
            variation = variation.astype(jnp.float32)
        return value, {"sign": -variation, "factor": variation / 2, "constant": variation + 1.0}.get(
            self.mistake, variation
        )


@dataclass(frozen=True)
class Unregistered(BoundDivergence):
    """No pytree."""

    p: Array
    convex = True
    steep = False

    def value_and_first_variation(self, q: Any) -> tuple[Any, Any]:
        return jnp.sum((q - self.p) ** 2), 2 * (q - self.p)


@dataclass(frozen=True)
class Quadratic(Divergence):
    """Σ (q - p)²: right but for what `mistake` says."""

    name = "quadratic"
    mistake: str = ""

    def bind(self, log_p: Any) -> Any:
        if self.mistake == "bind":
            return log_p
        p = jnp.asarray(np.exp(log_p), float)
        if self.mistake == "pytree":
            return Unregistered(p)
        return BoundQuadratic(p, self.mistake, float(log_p[0]) if self.mistake == "static" else 0.0)

    def matched_weight(self, log_p: Any) -> float:
        p = np.exp(log_p)
        weight = float(-(p @ log_p) / (1 - p @ p))
        return 2 * weight if self.mistake == "weight" else weight


@partial(jax.tree_util.register_dataclass, data_fields=["log_p"], meta_fields=["mistake"])
@dataclass(frozen=True)
class BoundRelativeEntropy(BoundDivergence):
    log_p: Array
    mistake: str
    convex = True

    @property
    def steep(self) -> bool:
        return self.mistake != "steep"

    def value_and_first_variation(self, q: Any) -> tuple[Any, Any]:
        ratio = jnp.log(q if self.mistake == "zero" else jnp.maximum(q, 1e-30)) - self.log_p
        return jnp.sum(jnp.where(q > 0, q * ratio, 0.0)), ratio + (self.mistake != "plus one")


@dataclass(frozen=True)
class RelativeEntropy(Divergence):
    """KL(q ‖ p): right but for what `mistake` says."""

    name = "relative-entropy"
    mistake: str = ""

    def bind(self, log_p: Any) -> BoundRelativeEntropy:
        return BoundRelativeEntropy(jnp.asarray(log_p, float), self.mistake)

    def matched_weight(self, log_p: Any) -> float:
        del log_p
        return 1.0


@dataclass(frozen=True)
class Listed(Quadratic):
    """A field that cannot be hashed."""

    values: Any = field(default_factory=list)


@pytest.mark.parametrize("divergence", [Quadratic(), RelativeEntropy()], ids=str)
def test_divergences_of_ones_own_keep_the_contract(divergence: Divergence) -> None:
    check_divergence(divergence)


@pytest.mark.parametrize(
    ("divergence", "said"),
    [
        (Quadratic("sign"), "first variation beside finite differences of the value: it has the wrong sign. .* a sign"),
        (Quadratic("factor"), "it is 0.5 times the derivative. The usual cause: a factor, such as the 2"),
        (Quadratic("constant"), r"it is off by \+1 at every network. .* the \+ 1 of KL's log q"),
        (Quadratic("bits"), r"first variation .*: at network \d+, where q = .*, it is .*, not"),
        (Quadratic("at p"), r"D\(p, p\): it is 0.25, not 0. .* a term of p alone is missing"),
        (Quadratic("negative"), r"D\(q, p\) at random q: D\(q, p\) is -.* at q = .* or a sign"),
        (Quadratic("convex"), "the claim that it is convex: D is .* at pair .*, below its tangent"),
        (Quadratic("steep"), "the claim that steep is True: the first variation is .* at q.w. = 1e-12"),
        (Quadratic("weight"), "matched_weight times the mean divergence of a point mass, beside that of KL: it is"),
        (Quadratic("bind"), r"bind\(log_p\): gives a ndarray"),
        (
            Quadratic("pytree"),
            "value_and_first_variation in a compiled program: .* put jax.tree_util.register_dataclass",
        ),
        (Quadratic("static"), "one compiled program for every p: another p compiles another program. .* static field"),
        (Quadratic("double"), r"the first variation at a q of float64: float32 of shape \(16,\), not float64"),
        (RelativeEntropy("plus one"), r"it is off by -1 at every network. .* the \+ 1 of KL's log q - log p \+ 1"),
        (
            RelativeEntropy("zero"),
            r"at a q of float64: entry \d+ is -inf|the point mass of network 0 in float32: the first",
        ),
        (RelativeEntropy("steep"), "the claim that steep is False"),
        (Listed(), "part of type Listed cannot be hashed"),
    ],
    ids=str,
)
def test_planted_mistakes_fail_with_a_sentence(divergence: Divergence, said: str) -> None:
    with pytest.raises(ContractError, match=said) as caught:
        check_divergence(divergence)
    assert "\n" not in str(caught.value)
