"""Objectives: what a distribution over networks should be good at."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float

from hyperborn.errors import UserError, is_number
from hyperborn.inference.divergences import KullbackLeibler, MaximumMeanDiscrepancy, kl_matched_weight
from hyperborn.inference.functional import Functional
from hyperborn.inference.kernels import Hamming, default_kernel


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
        return Functional.of(energies, KullbackLeibler.to(log_prior), self.beta)


@dataclass(frozen=True)
class SELBO(Objective):
    """F = E_q[energy] + λ MMD²(q, p), with λ = `weight`. A surrogate for the ELBO, not a bound.

    ``weight="kl-matched"`` charges a point mass what KL would: see `kl_matched_weight`. Without `kernel`,
    `default_kernel` of the number of weights serves.
    """

    name = "selbo"
    weight: float | Literal["kl-matched"] = "kl-matched"
    kernel: Hamming | None = None

    def __post_init__(self) -> None:
        matched = isinstance(self.weight, str) and self.weight == "kl-matched"
        if not matched and not (is_number(self.weight) and float(self.weight) > 0):
            raise UserError(f"SELBO weight = {self.weight!r}: give a positive number or 'kl-matched'")
        if not isinstance(self.kernel, Hamming | None):
            raise UserError(f"SELBO kernel = {self.kernel!r}: give a kernel, such as Hamming((0.5,)), or None")

    def bind(self, energies: Float[np.ndarray, " states"], log_prior: Float[np.ndarray, " states"]) -> Functional:
        kernel = self.kernel or default_kernel(energies.shape[0].bit_length() - 1)
        weight = kl_matched_weight(log_prior, kernel) if self.weight == "kl-matched" else float(self.weight)
        return Functional.of(energies, MaximumMeanDiscrepancy.to(log_prior, kernel), weight)


OBJECTIVES: dict[str, type[Objective]] = {kind.name: kind for kind in (MLE, ELBO, SELBO)}
