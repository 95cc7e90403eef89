"""Priors: distributions over networks from before the data."""

from hyperborn.priors.prior import Prior
from hyperborn.priors.product import Bernoulli, Uniform

__all__ = ["Bernoulli", "Prior", "Uniform"]
