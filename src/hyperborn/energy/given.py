"""Energies of given networks."""

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.arguments import check_bits
from hyperborn.energy.data import Labelled, checked
from hyperborn.energy.likelihood import margins, nll
from hyperborn.errors import whole_number
from hyperborn.networks import Network
from hyperborn.networks.blocks import blocks


def energy(net: Network, split: Labelled, bits: Bits, *, memory: int = 512 * 2**20) -> Float[np.ndarray, " networks"]:
    """Energy of each network given as a row of bits, float64.

    ``memory`` bounds, in bytes, the temporary arrays over networks and examples.

    Raises:
        UserError: if the data or the bits do not fit the network.
    """
    x, y = checked(net, split)
    check_bits("bits", bits, net.n_weights)
    whole_number("memory", memory, 1, why=" of bytes")
    total = np.zeros(len(bits))
    # Margins are held twice, with their exponentials.
    for rows, columns in blocks(net, len(bits), len(y), memory=memory, beside=4 * net.n_classes):
        margin = margins(net(bits[rows], x[columns]), y[columns])
        total[rows] += nll(margin).sum(axis=1)
    return total
