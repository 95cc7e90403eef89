"""Posteriors: distributions over networks."""

from hyperborn.posteriors.autoregressive import Autoregressive
from hyperborn.posteriors.default import default_posterior
from hyperborn.posteriors.exact import ExactPosterior
from hyperborn.posteriors.multi_basis import MultiBasis
from hyperborn.posteriors.posterior import LARGEST_SPREAD, SPREAD, ExplicitPosterior, Posterior
from hyperborn.posteriors.previous import DOUBT, PreviousPosterior
from hyperborn.posteriors.register import Register
from hyperborn.posteriors.registers import Registers

__all__ = [
    "DOUBT",
    "LARGEST_SPREAD",
    "SPREAD",
    "Autoregressive",
    "ExactPosterior",
    "ExplicitPosterior",
    "MultiBasis",
    "Posterior",
    "PreviousPosterior",
    "Register",
    "Registers",
    "default_posterior",
]
