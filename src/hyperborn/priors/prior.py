"""The abstract class of priors, and what several of them need."""

from abc import ABC, abstractmethod
from typing import ClassVar, TypeAlias

import numpy as np
from jaxtyping import Float, Int

from hyperborn.bits import check_enumerable
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network
from hyperborn.priors.side_parameters import SidePrior

Marginals: TypeAlias = Float[np.ndarray, " n"]
LogProbabilities: TypeAlias = Float[np.ndarray, " states"]


class Prior(ABC):
    """A distribution p(w) over weight vectors, positive everywhere.

    Methods take a network or its number of weights; a prior by field names needs the network. Concrete priors are
    frozen dataclasses, whose fields are their record.
    """

    independent: ClassVar[bool] = False
    """Whether the bits are independent, so that the marginals determine the prior."""

    @abstractmethod
    def check(self, network: Network | int) -> None:
        """Raise a UserError if the prior does not fit the network; its time does not grow as 2^n."""

    @abstractmethod
    def log_probabilities(self, network: Network | int) -> LogProbabilities:
        """log p(w) of all 2^n weight vectors in index order, in nats, float64; normalised.

        Raises:
            UserError: if the prior does not fit the network, or there are too many weight vectors to be listed.
        """

    @abstractmethod
    def log_factors(
        self, network: Network | int, places: Int[np.ndarray, "registers size"]
    ) -> Float[np.ndarray, "outcomes registers"]:
        """log p of the 2^size outcomes of registers of weights, in nats, float64, each register a column.

        Args:
            network: the network, or its number of weights.
            places: positions of the weights of each register.

        Raises:
            UserError: if the prior does not fit the network, or the registers are not independent under it.
        """

    @abstractmethod
    def marginals(self, network: Network | int) -> Marginals:
        """Probability that each bit is 1, float64.

        Raises:
            UserError: if the prior does not fit the network.
        """

    def of_side_parameters(self, n_side: int) -> SidePrior:
        """The prior of a network's side parameters: standard normal, where a prior says nothing else."""
        return SidePrior.standard(n_side)


def weights_in(network: Network | int) -> int:
    """The number of weights of a network, which may be given as that number.

    Raises:
        UserError: for anything else.
    """
    if isinstance(network, Network):
        return network.n_weights
    return whole_number("network", network, 1, why=", the weights, or a network")


def enumerable_weights_in(network: Network | int) -> int:
    """As `weights_in`, of a network whose 2^n weight vectors can be listed.

    Raises:
        UserError: if they are too many.
    """
    n = weights_in(network)
    check_enumerable(n, "hb.Registers takes a prior of independent bits register by register")
    return n


def marginals_of_table(p: Float[np.ndarray, " states"]) -> Marginals:
    """Probability that each bit is 1 under the probabilities of all 2^n weight vectors, in O(2^n) time."""
    marginals = []
    while len(p) > 1:
        low, high = p.reshape(2, -1)
        # A quotient of sums of the same terms: rounding cannot make it larger than 1.
        zero, one = low.sum(), high.sum()
        marginals.append(one / (zero + one))
        p = low + high
    return np.asarray(marginals, dtype=np.float64)


def dependence_error(prior: Prior) -> UserError:
    """The error for a prior under which registers are not independent."""
    return UserError(
        f"prior = {type(prior).__name__}: registers side by side are not independent under it; give Uniform, "
        "Bernoulli, or the posterior of an earlier run on the same registers"
    )
