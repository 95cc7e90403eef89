"""Posteriors: distributions over networks."""

from hyperborn.posteriors.posterior import SPREAD, Posterior
from hyperborn.posteriors.register import Register

__all__ = ["SPREAD", "Posterior", "Register"]
