"""The default posterior of a network."""

from hyperborn.circuits import AllPairs
from hyperborn.networks import Network, check_network
from hyperborn.posteriors.posterior import Posterior
from hyperborn.posteriors.register import Register
from hyperborn.posteriors.registers import Registers

WEIGHTS_OF_FEW_LAYERS = 10
"""Most weights for which few layers come as near to the posterior as many."""

COMFORTABLE_WEIGHTS = 18
"""Most weights of one register that trains in about a minute."""


def default_depth(n_weights: int) -> int:
    """Layers of `AllPairs` beyond which more gained little (docs/elbo-gap.md)."""
    return 4 if n_weights <= WEIGHTS_OF_FEW_LAYERS else 8


def fits_one_register(network: Network) -> bool:
    """Whether one register is the default for a network: few weights, and no side parameters."""
    return network.n_weights <= COMFORTABLE_WEIGHTS and not network.n_side


def default_posterior(network: Network) -> Posterior:
    """A register of an `AllPairs` circuit of `default_depth` where the network fits one, else `Registers` of it.

    Raises:
        UserError: for anything that is not a network.
    """
    check_network(network)
    if fits_one_register(network):
        return Register(AllPairs(network.n_weights, default_depth(network.n_weights)))
    return Registers(network)
