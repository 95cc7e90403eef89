"""Objectives: functionals of the distribution over networks that training minimises."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Float

from hyperborn.errors import UserError, is_number
from hyperborn.objectives.divergences import KL, MMD, Divergence, RenyiDivergence, Stein
from hyperborn.objectives.functional import Functional
from hyperborn.objectives.kernels import Hamming
from hyperborn.posteriors.enumeration import log_evidence
from hyperborn.priors.prior import LogProbabilities
from hyperborn.records import ADDED

Weight: TypeAlias = float | Literal["kl-matched"]


class Surrogate(NamedTuple):
    """A divergence in place of KL, its weight, and the β of the KL that it is matched to where it is "kl-matched"."""

    divergence: Divergence
    weight: Weight
    beta: float

    def number(self, log_prior: LogProbabilities) -> float:
        """The number that the weight stands for."""
        return self.beta * weight_of(self.weight, self.divergence, log_prior)


@dataclass(frozen=True)
class Objective(ABC):
    """A functional of q that is minimised, before it is bound to data and a prior.

    A field that has the name of a key of the configuration is set by that key.
    """

    name: ClassVar[str]
    separable: ClassVar[bool] = True
    """Whether energies are separate from the divergence, so that annealing can scale them."""

    @abstractmethod
    def bind(self, energies: Float[np.ndarray, " states"], log_prior: Float[np.ndarray, " states"]) -> Functional:
        """The functional for the energies (nats) of all 2^n networks and a prior."""

    @abstractmethod
    def penalty(self, log_prior: LogProbabilities) -> Functional:
        """The terms of the functional beside the energies, in nats, for the prior of a part of the weights.

        The penalties of parts that are independent under q and the prior are added.

        Raises:
            UserError: if the energies are not separate from the divergence.
        """

    def check_samples(self) -> None:
        """Raise a UserError, which names objectives that fit, if samples of q are not enough."""
        raise UserError(
            f"the objective {self.name} needs the probabilities of networks, and a backend gives samples alone; "
            "choose selbo or mle"
        )

    def surrogate(self) -> Surrogate | None:
        """What replaces KL; None if nothing does."""
        return None

    def lowest(self, energies: Float[np.ndarray, " states"], log_prior: Float[np.ndarray, " states"]) -> float | None:
        """The lowest value over all distributions (nats); None where no formula gives it (see `optimum`)."""
        del energies, log_prior
        return None


@dataclass(frozen=True)
class MLE(Objective):
    """Maximum likelihood: F = E_q[energy]. Its optimum is one best network."""

    name = "mle"

    def bind(self, energies: Float[np.ndarray, " states"], log_prior: Float[np.ndarray, " states"]) -> Functional:
        del log_prior
        return Functional.of(energies)

    def penalty(self, log_prior: LogProbabilities) -> Functional:
        del log_prior
        return Functional.nothing()

    def check_samples(self) -> None:
        """Samples are enough: only their energies are needed."""

    def lowest(self, energies: Float[np.ndarray, " states"], log_prior: Float[np.ndarray, " states"]) -> float | None:
        del log_prior
        return float(energies.min())


@dataclass(frozen=True)
class ELBO(Objective):
    """F = E_q[energy] + β KL(q ‖ p): at β = 1 minus the evidence lower bound.

    Its optimum is proportional to p exp(-energy / β), at β = 1 the posterior.
    """

    name = "elbo"
    beta: float = 1.0

    def __post_init__(self) -> None:
        check_beta(self.beta)

    def bind(self, energies: Float[np.ndarray, " states"], log_prior: Float[np.ndarray, " states"]) -> Functional:
        return Functional.of(energies, KL().bind(log_prior), self.beta)

    def penalty(self, log_prior: LogProbabilities) -> Functional:
        return Functional.of_divergence(KL().bind(log_prior), coefficient=self.beta)

    def lowest(self, energies: Float[np.ndarray, " states"], log_prior: Float[np.ndarray, " states"]) -> float | None:
        return -self.beta * log_evidence(energies / self.beta, log_prior)


@dataclass(frozen=True)
class SELBO(Objective):
    """F = E_q[energy] + λ D(q, p), with λ = `weight`. A surrogate for the ELBO, not a bound.

    With ``weight="kl-matched"`` the penalty of a point mass is on average that of β KL: λ is `beta` times
    `Divergence.matched_weight`.

    Raises:
        UserError: if weight or beta is not positive, the divergence is none, or beta stands beside a weight in numbers.
    """

    name = "selbo"
    weight: Weight = "kl-matched"
    divergence: Divergence = MMD()
    beta: float = field(default=1.0, metadata=ADDED)

    def __post_init__(self) -> None:
        check_weight("SELBO", self.weight)
        check_beta(self.beta)
        if is_number(self.weight) and self.beta != 1:
            raise UserError(f"SELBO beta = {self.beta!r} beside weight = {self.weight!r}: leave one of them out")
        if not isinstance(self.divergence, Divergence):
            raise UserError(f"SELBO divergence = {self.divergence!r}: give a divergence, such as hb.MMD()")

    def bind(self, energies: Float[np.ndarray, " states"], log_prior: Float[np.ndarray, " states"]) -> Functional:
        return Functional.of(energies, self.divergence.bind(log_prior), self.surrogate().number(log_prior))

    def penalty(self, log_prior: LogProbabilities) -> Functional:
        return Functional.of_divergence(self.divergence.bind(log_prior), coefficient=self.surrogate().number(log_prior))

    def check_samples(self) -> None:
        """Raise a UserError unless the divergence can be estimated from samples."""
        self.divergence.check_samples()

    def surrogate(self) -> Surrogate:
        return Surrogate(self.divergence, self.weight, self.beta)


def check_beta(beta: float) -> None:
    """Raise a UserError unless β is positive."""
    if not (is_number(beta) and beta > 0):
        raise UserError(f"beta = {beta!r}: give a positive number (for no divergence at all, use MLE)")


def check_weight(owner: str, weight: Weight) -> None:
    """Raise a UserError unless the weight is positive or "kl-matched"."""
    matched = isinstance(weight, str) and weight == "kl-matched"
    if not matched and not (is_number(weight) and float(weight) > 0):
        raise UserError(f"{owner} weight = {weight!r}: give a positive number or 'kl-matched'")


def weight_of(weight: Weight, divergence: Divergence, log_prior: LogProbabilities) -> float:
    """The number that a weight stands for."""
    return divergence.matched_weight(log_prior) if weight == "kl-matched" else float(weight)


@dataclass(frozen=True)
class Renyi(Objective):
    """F = D_α(q ‖ joint) with joint(w) = p(w) exp(-energy(w)): minus the variational Rényi bound, in nats.

    Li and Turner (arXiv 1602.02311): F = D_α(q ‖ posterior) - log Z, whose minimum -log Z only the posterior
    reaches. F grows with α, and tends to minus the ELBO for α -> 1: a smaller α makes a tighter bound, but
    distinguishes less between distributions q.

    Raises:
        UserError: if alpha is not positive, or 1.
    """

    name = "renyi"
    separable = False
    alpha: float = 0.5

    def __post_init__(self) -> None:
        RenyiDivergence(self.alpha)

    def bind(self, energies: Float[np.ndarray, " states"], log_prior: Float[np.ndarray, " states"]) -> Functional:
        lowest = float(energies.min())
        return Functional.of_divergence(RenyiDivergence(self.alpha).bind(log_prior - (energies - lowest)), lowest)

    def penalty(self, log_prior: LogProbabilities) -> Functional:
        del log_prior
        raise inseparable(self)

    def lowest(self, energies: Float[np.ndarray, " states"], log_prior: Float[np.ndarray, " states"]) -> float | None:
        return -log_evidence(energies, log_prior)


@dataclass(frozen=True)
class SteinPosterior(Objective):
    """F = λ KSD²(q, target), target proportional to (p(w) exp(-energy(w)))^(1/temperature), λ = `weight`.

    Its optimum is the target, at temperature 1 the posterior. The constant log Z is not needed, which is why
    arXiv 2103.06720 uses this discrepancy. The operator "barker" is bounded. With "difference", the operator of that
    paper, KSD² grows as the exponential of twice the differences of energies, hence with the size of the data, until
    `bind` refuses it; the paper uses a temperature above 1, which moves the optimum as well. ``weight="kl-matched"`` is
    that of the same discrepancy in the SELBO.

    Raises:
        UserError: if the weight or the temperature is not positive, or the divergence refuses its settings.
    """

    name = "stein"
    separable = False
    weight: Weight = "kl-matched"
    kernel: Hamming | None = None
    operator: Literal["barker", "difference"] = "barker"
    temperature: float = 1.0

    def __post_init__(self) -> None:
        check_weight("SteinPosterior", self.weight)
        if not (is_number(self.temperature) and self.temperature > 0):
            raise UserError(f"temperature = {self.temperature!r}: give a positive number, such as 1")
        Stein(self.kernel, self.operator)  # which checks its settings

    def bind(self, energies: Float[np.ndarray, " states"], log_prior: Float[np.ndarray, " states"]) -> Functional:
        stein = Stein(self.kernel, self.operator)
        target = (log_prior - energies) / self.temperature
        return Functional.of_divergence(stein.bind(target), coefficient=weight_of(self.weight, stein, log_prior))

    def penalty(self, log_prior: LogProbabilities) -> Functional:
        del log_prior
        raise inseparable(self)

    def lowest(self, energies: Float[np.ndarray, " states"], log_prior: Float[np.ndarray, " states"]) -> float | None:
        del energies, log_prior
        return 0.0


def inseparable(objective: Objective) -> UserError:
    """The error for an objective that needs the energies of all networks."""
    return UserError(
        f"the objective {objective.name} needs the energies of all 2^n networks, so one register; "
        "for Registers choose mle, elbo or selbo"
    )


OBJECTIVES: dict[str, type[Objective]] = {kind.name: kind for kind in (MLE, ELBO, SELBO, Renyi, SteinPosterior)}
