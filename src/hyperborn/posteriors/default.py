"""The default posterior of a network."""

from hyperborn.circuits import AllPairs
from hyperborn.networks import Network, n_side_of
from hyperborn.posteriors.posterior import Posterior
from hyperborn.posteriors.register import Register
from hyperborn.posteriors.registers import Registers
from hyperborn.priors.prior import weights_in

WEIGHTS_OF_FEW_LAYERS = 10
"""Most weights for which few layers come as near to the posterior as many."""

COMFORTABLE_WEIGHTS = 18
"""Most weights of one register that trains in about a minute."""


def default_depth(n_weights: int) -> int:
    """Layers of `AllPairs` beyond which more gained little (docs/elbo-gap.md)."""
    return 4 if n_weights <= WEIGHTS_OF_FEW_LAYERS else 8


def fits_one_register(network: Network | int) -> bool:
    """Whether one register is the default for a network: few weights, and no side parameters."""
    return weights_in(network) <= COMFORTABLE_WEIGHTS and not n_side_of(network)


def default_posterior(network: Network | int) -> Posterior:
    """A register of an `AllPairs` circuit of `default_depth` where the network fits one, else `Registers` of it.

    Of bits that are no network's weights their number is given.

    Raises:
        UserError: for anything else.
    """
    n = weights_in(network)
    if fits_one_register(network):
        return Register(AllPairs(n, default_depth(n)))
    return Registers(network)
