"""Energies: the negative log likelihood of given networks and of all 2^n, summed over the data, in nats, float64."""

from hyperborn.energy.data import Labelled
from hyperborn.energy.enumeration import energies
from hyperborn.energy.given import energy

__all__ = ["Labelled", "energies", "energy"]
