"""What estimators on minibatches have in common."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, cast

from jaxtyping import Array, Float

from hyperborn._typing import RandomKey
from hyperborn.energy.source import BatchEnergies
from hyperborn.errors import UserError
from hyperborn.networks import Network
from hyperborn.objectives.objectives import Objective, inseparable
from hyperborn.posteriors import ExplicitPosterior, Posterior
from hyperborn.posteriors.registers import Registers
from hyperborn.priors import Prior
from hyperborn.simulators.side_by_side import Tables
from hyperborn.training.estimator import Estimator
from hyperborn.training.optimizers import Optimizer, check_optimizer


@dataclass(frozen=True)
class MinibatchEstimator(Estimator):
    """Estimates E_q[energy] from a few networks a step, and its gradient through the registers' tables."""

    regime: ClassVar[str] = "minibatch"
    needs_derivatives: ClassVar[bool] = True
    """Whether it follows the derivatives of energies by the bits."""
    by_energies_alone: ClassVar[bool] = False
    """Whether it knows a batch by its energies alone, so that rows of weight 0 in it change nothing."""

    def check(self, posterior: Posterior, network: Network | int) -> None:
        if not isinstance(posterior, Registers):
            other = "hb.Exact()" if isinstance(posterior, ExplicitPosterior) else "hb.SPSA()"
            raise UserError(
                f"the estimator {self.name} draws from Registers, not from {type(posterior).__name__}; give "
                f"hb.Registers({network if isinstance(network, int) else 'network'}), or the estimator {other}"
            )

    @abstractmethod
    def expected_energy(
        self,
        registers: Registers,
        tables: Sequence[Tables],
        batch: BatchEnergies,
        progress: Float[Array, ""],
        *,
        key: RandomKey,
    ) -> Float[Array, ""]:
        """An estimate of E_q[energy] in nats, whose JAX derivatives estimate those with respect to tables and side.

        Args:
            registers: where the weights come from.
            tables: their probabilities, which the gradient flows back to.
            batch: energies, of a network on some examples with its side parameters.
            progress: share of the training that is done, from 0 to 1.
            key: JAX random key.
        """

    def check_training(
        self, posterior: Posterior, network: Network | int, objective: Objective, prior: Prior, optimizer: Optimizer
    ) -> None:
        registers = cast(Registers, posterior)
        registers.check_network(network)
        if not objective.separable:
            raise inseparable(objective)
        for group in registers.groups:
            prior.log_factors(network, group.places)
        check_optimizer(optimizer, self.name, exact=False, from_shots=False)
