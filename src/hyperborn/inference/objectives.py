"""Objectives: what a distribution over networks should be good at."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float

from hyperborn.errors import UserError, is_number
from hyperborn.inference.divergences import KL, MMD, Divergence
from hyperborn.inference.functional import Functional


@dataclass(frozen=True)
class Objective(ABC):
    """A functional of q, minimised; without data or prior yet.

    Its fields that bear the name of a key of the configuration are set by it.
    """

    name: ClassVar[str]

    @abstractmethod
    def bind(self, energies: Float[np.ndarray, " states"], log_prior: Float[np.ndarray, " states"]) -> Functional:
        """The functional for the energies (nats) of all 2^n networks and a prior."""


@dataclass(frozen=True)
class MLE(Objective):
    """Maximum likelihood: F = E_q[energy]. Its optimum is one best network."""

    name = "mle"

    def bind(self, energies: Float[np.ndarray, " states"], log_prior: Float[np.ndarray, " states"]) -> Functional:
        del log_prior
        return Functional.of(energies)


@dataclass(frozen=True)
class ELBO(Objective):
    """F = E_q[energy] + β KL(q ‖ p): at β = 1 minus the evidence lower bound.

    Its optimum is proportional to p exp(-energy / β), at β = 1 the posterior.
    """

    name = "elbo"
    beta: float = 1.0

    def __post_init__(self) -> None:
        if not (is_number(self.beta) and self.beta > 0):
            raise UserError(f"beta = {self.beta!r}: give a positive number (for no divergence at all, use MLE)")

    def bind(self, energies: Float[np.ndarray, " states"], log_prior: Float[np.ndarray, " states"]) -> Functional:
        return Functional.of(energies, KL().bind(log_prior), self.beta)


@dataclass(frozen=True)
class SELBO(Objective):
    """F = E_q[energy] + λ D(q, p), with λ = `weight`. A surrogate for the ELBO, not a bound.

    ``weight="kl-matched"`` charges a point mass what KL would: see `Divergence.matched_weight`.
    """

    # Arguments are checked below, so that a mistake is a UserError even where the tests check types.
    __no_type_check__ = True

    name = "selbo"
    weight: float | Literal["kl-matched"] = "kl-matched"
    divergence: Divergence = MMD()

    def __post_init__(self) -> None:
        matched = isinstance(self.weight, str) and self.weight == "kl-matched"
        if not matched and not (is_number(self.weight) and float(self.weight) > 0):
            raise UserError(f"SELBO weight = {self.weight!r}: give a positive number or 'kl-matched'")
        if not isinstance(self.divergence, Divergence):
            raise UserError(f"SELBO divergence = {self.divergence!r}: give a divergence, such as hb.MMD()")

    def bind(self, energies: Float[np.ndarray, " states"], log_prior: Float[np.ndarray, " states"]) -> Functional:
        matched = self.weight == "kl-matched"
        weight = self.divergence.matched_weight(log_prior) if matched else float(self.weight)
        return Functional.of(energies, self.divergence.bind(log_prior), weight)


OBJECTIVES: dict[str, type[Objective]] = {kind.name: kind for kind in (MLE, ELBO, SELBO)}
