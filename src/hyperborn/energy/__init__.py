"""Energies in nats, float64, of given bit strings and of all 2^n: a network's negative log likelihood, or one's own."""

from hyperborn.energy.cache import CachedEnergies
from hyperborn.energy.enumeration import energies
from hyperborn.energy.likelihood import Labelled, energy
from hyperborn.energy.of_network import NetworkEnergies
from hyperborn.energy.own_function import EnergyFunction
from hyperborn.energy.own_table import Energies
from hyperborn.energy.source import EnergySource, OwnEnergies

__all__ = [
    "CachedEnergies",
    "Energies",
    "EnergyFunction",
    "EnergySource",
    "Labelled",
    "NetworkEnergies",
    "OwnEnergies",
    "energies",
    "energy",
]
