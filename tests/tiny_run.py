"""One tiny run, on 9 bits, for tests of training and of run folders; its programs are compiled once, then cached."""

from dataclasses import replace
from typing import Any

import hyperborn as hb
from hyperborn.data import Dataset
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.definition import Definition


def tiny_data() -> Dataset:
    return hb.data.load("moons", size=40)


def tiny_definition(**parts: Any) -> Definition:
    """A definition on 9 bits; keywords replace its parts."""
    network = hb.networks.BinaryMLP(2, hidden=(2,))
    posterior = hb.Register(hb.circuits.Brickwork(network.n_weights, depth=2))
    training = {"steps": 300, "restarts": 4, "spread": 0.1, "optimizer": hb.Adam(0.1)}
    aim = {"objective": hb.ELBO(), "estimator": hb.Exact()}
    plain = {"plateau": None, "annealing": None}
    usual = definition_with_defaults(network, 40, posterior=posterior, **training, **aim, **plain)
    return replace(usual, **parts)
