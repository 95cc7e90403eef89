"""What every prior can tell of itself."""

from abc import ABC, abstractmethod
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from hyperborn.networks import Network

Marginals: TypeAlias = Float[np.ndarray, " n"]
LogProbabilities: TypeAlias = Float[np.ndarray, " states"]


class Prior(ABC):
    """A distribution p(w) over weight vectors, positive everywhere.

    Where a network is asked for, its number of weights serves as well, unless the prior goes by the network's fields.
    Concrete priors are frozen dataclasses, whose fields are their record.
    """

    @abstractmethod
    def check(self, network: Network | int) -> None:
        """Raise a UserError if the prior does not fit the network; without work that grows as 2^n."""

    @abstractmethod
    def log_probabilities(self, network: Network | int) -> LogProbabilities:
        """log p(w) of all 2^n weight vectors in index order, in nats, float64; normalised.

        Raises:
            UserError: if the prior does not fit the network.
        """

    @abstractmethod
    def marginals(self, network: Network | int) -> Marginals:
        """Probability that each bit is 1, float64.

        Raises:
            UserError: if the prior does not fit the network.
        """


def weights_in(network: Network | int) -> int:
    """The number of weights of a network that may be given by that number alone."""
    return network if isinstance(network, int) else network.n_weights


def marginals_of_table(p: Float[np.ndarray, " states"]) -> Marginals:
    """Probability that each bit is 1 under the probabilities of all 2^n weight vectors, in O(2^n) time."""
    marginals = []
    while len(p) > 1:
        low, high = p.reshape(2, -1)
        # A quotient of sums of the same terms: above 1 by no rounding error.
        zero, one = low.sum(), high.sum()
        marginals.append(one / (zero + one))
        p = low + high
    return np.asarray(marginals, dtype=np.float64)
