"""The families of distributions that are fitted to each task's posterior."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import hyperborn as hb
from couplings import strongest
from hyperborn.circuits.pairs import ladder_pairs, ring_pairs
from hyperborn.posteriors import Posterior

Make = Callable[[int, np.ndarray], Posterior]


@dataclass(frozen=True)
class Family:
    """A posterior for a number of weights, and the energies of a task, which one family looks at."""

    name: str
    make: Make
    large: bool
    """Whether it is tried on more than 14 weights, too."""


def register(make: Callable[[int, np.ndarray], hb.circuits.Circuit]) -> Make:
    return lambda n, energies: hb.Register(make(n, energies))


FAMILIES = (
    Family("product state (mean field)", register(lambda n, _: hb.circuits.ProductState(n)), True),
    Family("Brickwork, depth 4", register(lambda n, _: hb.circuits.Brickwork(n, 4)), False),
    Family("Brickwork, depth 8", register(lambda n, _: hb.circuits.Brickwork(n, 8)), True),
    Family("Brickwork, depth 16", register(lambda n, _: hb.circuits.Brickwork(n, 16)), False),
    Family("pairs on a ring, depth 8", register(lambda n, _: hb.circuits.ChosenPairs(n, ring_pairs(n), 8)), False),
    Family("pairs on a ladder, depth 8", register(lambda n, _: hb.circuits.ChosenPairs(n, ladder_pairs(n), 8)), False),
    Family(
        "2n strongest pairs, depth 8", register(lambda n, e: hb.circuits.ChosenPairs(n, strongest(e, 2 * n), 8)), False
    ),
    Family("AllPairs, depth 2", register(lambda n, _: hb.circuits.AllPairs(n, 2)), False),
    Family("AllPairs, depth 4", register(lambda n, _: hb.circuits.AllPairs(n, 4)), True),
    Family("AllPairs, depth 8 (default)", register(lambda n, _: hb.circuits.AllPairs(n, 8)), True),
    Family("autoregressive, order 2", lambda n, _: hb.Autoregressive(n, 2), False),
    Family("autoregressive, order 4", lambda n, _: hb.Autoregressive(n, 4), True),
    Family("autoregressive, order 6", lambda n, _: hb.Autoregressive(n, 6), True),
    Family("autoregressive, order 8", lambda n, _: hb.Autoregressive(n, 8), True),
)
