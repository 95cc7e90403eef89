"""What every sampled estimator gives."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Array, Float

from hyperborn._typing import RandomKey
from hyperborn.errors import UserError
from hyperborn.inference.estimators.batch import Batch
from hyperborn.networks import Network
from hyperborn.posteriors import Posterior
from hyperborn.posteriors.registers import Registers
from hyperborn.simulators.side_by_side import Tables


@dataclass(frozen=True)
class Estimator(ABC):
    """From a functional of q to a gradient of the angles; a frozen dataclass of settings."""

    name: ClassVar[str]

    @abstractmethod
    def check(self, posterior: Posterior, network: Network) -> None:
        """Raise a UserError, with what would fit, if the estimator cannot serve these."""


@dataclass(frozen=True)
class SampledEstimator(Estimator):
    """Estimates E_q[energy] from a few networks a step, and its gradient through the registers' tables."""

    @abstractmethod
    def expected_energy(
        self,
        registers: Registers,
        tables: Sequence[Tables],
        batch: Batch,
        progress: Float[Array, ""],
        *,
        key: RandomKey,
    ) -> Float[Array, ""]:
        """An estimate of E_q[energy] in nats, whose JAX derivatives estimate those with respect to tables and side.

        Args:
            registers: where the weights come from.
            tables: their probabilities, which the gradient flows back to.
            batch: the examples, with the side parameters.
            progress: share of the training that is done, from 0 to 1.
            key: JAX random key.
        """


def check_registers(name: str, posterior: Posterior) -> None:
    """Raise a UserError unless the posterior is one of registers."""
    if not isinstance(posterior, Registers):
        raise UserError(
            f"the estimator {name} draws from Registers, not from {type(posterior).__name__}; give "
            "hb.Registers(network), or the estimator hb.Exact()"
        )
