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
