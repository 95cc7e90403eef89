"""Energies: the negative log likelihood of given networks and of all 2^n, summed over the data, in nats, float64."""

from hyperborn.energy.cache import CachedEnergies
from hyperborn.energy.enumeration import energies
from hyperborn.energy.likelihood import Labelled, energy

__all__ = ["CachedEnergies", "Labelled", "energies", "energy"]
