"""What estimators on minibatches have in common, and the minibatch itself."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, cast

import jax
from jaxtyping import Array, Float, Real

from hyperborn._typing import RandomKey
from hyperborn.errors import UserError
from hyperborn.networks import Network
from hyperborn.objectives.objectives import Objective, inseparable
from hyperborn.posteriors import Posterior
from hyperborn.posteriors.registers import Registers
from hyperborn.priors import Prior
from hyperborn.simulators.side_by_side import Tables
from hyperborn.training.estimator import Estimator
from hyperborn.training.optimizers import Optimizer, check_optimizer


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Minibatch:
    """Examples, as seen by a network with side parameters (m,); energies count `scale` times, N / B for B of N."""

    network: Network = field(metadata={"static": True})
    x: Float[Array, "examples features"]
    y: Real[Array, " examples"]
    side: Float[Array, " parameters"]
    scale: Float[Array, ""]

    def energies(self, bits: Float[Array, "samples n"]) -> Float[Array, " samples"]:
        """Negative log likelihood (nats) of networks, an unbiased estimate of that of all N examples.

        Bits may be any numbers between 0 and 1, the weights then lie between the network's two values.
        """
        low, high = self.network.values
        return self.nll(self.network.forward(low + (high - low) * bits, self.x, self.side))

    def nll(self, outputs: Float[Array, "samples examples outputs"]) -> Float[Array, " samples"]:
        """Negative log likelihood (nats) of the labels under outputs."""
        return self.scale * self.network.likelihood.losses(outputs, self.y).sum(axis=-1)


@dataclass(frozen=True)
class MinibatchEstimator(Estimator):
    """Estimates E_q[energy] from a few networks a step, and its gradient through the registers' tables."""

    regime: ClassVar[str] = "minibatch"

    def check(self, posterior: Posterior, network: Network) -> None:
        del network
        if not isinstance(posterior, Registers):
            raise UserError(
                f"the estimator {self.name} draws from Registers, not from {type(posterior).__name__}; give "
                "hb.Registers(network), or the estimator hb.Exact()"
            )

    @abstractmethod
    def expected_energy(
        self,
        registers: Registers,
        tables: Sequence[Tables],
        batch: Minibatch,
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

    def check_training(
        self, posterior: Posterior, network: Network, objective: Objective, prior: Prior, optimizer: Optimizer
    ) -> None:
        registers = cast(Registers, posterior)
        registers.check_network(network)
        if not objective.separable:
            raise inseparable(objective)
        for group in registers.groups:
            prior.log_factors(network, group.places)
        check_optimizer(optimizer, self.name, exact=False, from_shots=False)
