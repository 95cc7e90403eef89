"""The posterior that serves where none is chosen."""

from hyperborn.circuits import AllPairs
from hyperborn.networks import Network, check_network
from hyperborn.posteriors.posterior import Posterior
from hyperborn.posteriors.register import Register
from hyperborn.posteriors.registers import Registers

SMALL = 10
"""Weights up to which few layers reach the posterior as closely as many."""

COMFORTABLE = 18
"""Most weights of one register that trains in a minute or so."""


def default_depth(n_weights: int) -> int:
    """Layers of `AllPairs` beyond which more gained little (docs/elbo-gap.md)."""
    return 4 if n_weights <= SMALL else 8


def fits_one_register(network: Network) -> bool:
    """Whether a network is comfortable for one register: few weights, and no side parameters."""
    return network.n_weights <= COMFORTABLE and not network.n_side


def default_posterior(network: Network) -> Posterior:
    """A register of an `AllPairs` circuit of `default_depth` where the network fits one, else `Registers` of it.

    Raises:
        UserError: for what is no network.
    """
    check_network(network)
    if fits_one_register(network):
        return Register(AllPairs(network.n_weights, default_depth(network.n_weights)))
    return Registers(network)
