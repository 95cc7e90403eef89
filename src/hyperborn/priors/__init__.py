"""Priors: distributions over networks before any data."""

from hyperborn.priors.empirical import Empirical
from hyperborn.priors.ising import Ising
from hyperborn.priors.prior import Prior
from hyperborn.priors.product import Bernoulli, Uniform

__all__ = ["Bernoulli", "Empirical", "Ising", "Prior", "Uniform"]
