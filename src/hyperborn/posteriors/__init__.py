"""Posteriors: distributions over networks."""

from hyperborn.posteriors.posterior import SPREAD, Posterior
from hyperborn.posteriors.previous import DOUBT, PreviousPosterior
from hyperborn.posteriors.register import Register

__all__ = ["DOUBT", "SPREAD", "Posterior", "PreviousPosterior", "Register"]
