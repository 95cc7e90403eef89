"""Energies: the negative log likelihood of given networks and of all 2^n, summed over the data, in nats, float64."""

from hyperborn.energy.data import Labelled
from hyperborn.energy.enumeration import energies
from hyperborn.energy.given import energy
from hyperborn.energy.remembered import RememberedEnergies

__all__ = ["Labelled", "RememberedEnergies", "energies", "energy"]
