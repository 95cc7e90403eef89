"""Binary networks: named weight fields over one flat vector of bits, and the forward pass they stand for."""

from hyperborn.networks.convolution import BinaryConvNet
from hyperborn.networks.fitted import Fitted, fitted
from hyperborn.networks.mlp import BinaryMLP
from hyperborn.networks.network import Field, Network, check_network, n_side_of
from hyperborn.networks.regression import Regression

__all__ = [
    "BinaryConvNet",
    "BinaryMLP",
    "Field",
    "Fitted",
    "Network",
    "Regression",
    "check_network",
    "fitted",
    "n_side_of",
]
