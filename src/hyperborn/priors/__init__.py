"""Priors: distributions over networks before any data."""

from hyperborn.priors.empirical import Empirical
from hyperborn.priors.ising import Ising
from hyperborn.priors.prior import Prior
from hyperborn.priors.product import Bernoulli, Uniform
from hyperborn.priors.side_parameters import SidePrior

__all__ = ["Bernoulli", "Empirical", "Ising", "Prior", "SidePrior", "Uniform"]
