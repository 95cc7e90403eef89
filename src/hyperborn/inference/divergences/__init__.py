"""Divergences D(q, p) of distributions over all 2^n networks, with their first variations."""

from hyperborn.inference.divergences.adaptive import AdaptiveDiscrepancy
from hyperborn.inference.divergences.divergence import BoundDivergence, Divergence
from hyperborn.inference.divergences.kullback_leibler import KL, KullbackLeibler
from hyperborn.inference.divergences.mmd import MMD, MaximumMeanDiscrepancy

__all__ = [
    "DIVERGENCES",
    "KL",
    "MMD",
    "AdaptiveDiscrepancy",
    "BoundDivergence",
    "Divergence",
    "KullbackLeibler",
    "MaximumMeanDiscrepancy",
]

DIVERGENCES: dict[str, type[Divergence]] = {kind.name: kind for kind in (MMD, KL)}
"""Divergences by the name that the command line knows them by."""
