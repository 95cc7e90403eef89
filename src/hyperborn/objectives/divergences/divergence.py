"""The abstract classes of divergences: the settings, and the divergence from one distribution."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Array, Float

from hyperborn._typing import Probabilities
from hyperborn.errors import UserError
from hyperborn.priors.prior import LogProbabilities

TINY = 1e-30
"""Smaller probabilities are replaced by this one in logarithms; it is a normal number in float32."""

LEAST_PENALTY = 1e-12
"""Smallest penalty of a point mass that is not rounding error, as under a prior that is almost certain."""


def checked_penalty(penalty: float) -> float:
    """The penalty of point masses, after a check that it is not rounding error.

    Raises:
        UserError: if p is almost certain of one network.
    """
    if not penalty > LEAST_PENALTY:
        raise UserError("the prior is all but certain of one network, which leaves nothing to compare; soften it")
    return penalty


class BoundDivergence(ABC):
    """D(·, p) for one p; a pytree of arrays, so that one compiled program serves every p."""

    @property
    @abstractmethod
    def convex(self) -> bool:
        """Whether D is convex in q, so that its first variation bounds it from below; not for compiled programs."""

    @property
    @abstractmethod
    def steep(self) -> bool:
        """Whether the first variation has no bound as q(w) -> 0, so that D is lowest where no q(w) is 0."""

    @abstractmethod
    def value_and_first_variation(self, q: Probabilities) -> tuple[Float[Array, ""], Probabilities]:
        """D(q, p), and its derivative δD/δq(w) for all w, of shape (2^n,) and the dtype of q."""


@dataclass(frozen=True)
class Divergence(ABC):
    """How far a distribution over all 2^n networks is from another, p: the settings, before it is bound to a p."""

    name: ClassVar[str]

    @abstractmethod
    def bind(self, log_p: LogProbabilities) -> BoundDivergence:
        """D(·, p) for the log probabilities (nats) of all 2^n networks under p.

        Arrays are float32, or float64 where it is called under ``jax.enable_x64(True)``.
        """

    @abstractmethod
    def matched_weight(self, log_p: LogProbabilities) -> float:
        """The λ at which a point mass has the same λ D(q, p), on average over p, as it has KL(q ‖ p)."""

    def check_samples(self) -> None:
        """Raise a UserError, which names what fits, if samples of q are not enough."""
        raise UserError(
            f"divergence {self.name} needs more of a posterior than shots; on a backend give hb.MMD() (mmd)"
        )
