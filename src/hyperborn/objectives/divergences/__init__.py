"""Divergences D(q, p) of distributions over all 2^n networks, with their first variations."""

from hyperborn.objectives.divergences.adaptive import AdaptiveDiscrepancy
from hyperborn.objectives.divergences.adversarial import Adversarial, TrainedClassifier
from hyperborn.objectives.divergences.divergence import BoundDivergence, Divergence
from hyperborn.objectives.divergences.kullback_leibler import KL, KullbackLeibler
from hyperborn.objectives.divergences.mmd import MMD, MaximumMeanDiscrepancy
from hyperborn.objectives.divergences.renyi import BoundRenyi, RenyiDivergence
from hyperborn.objectives.divergences.stein import Stein, SteinDiscrepancy

__all__ = [
    "DIVERGENCES",
    "KL",
    "MMD",
    "AdaptiveDiscrepancy",
    "Adversarial",
    "BoundDivergence",
    "BoundRenyi",
    "Divergence",
    "KullbackLeibler",
    "MaximumMeanDiscrepancy",
    "RenyiDivergence",
    "Stein",
    "SteinDiscrepancy",
    "TrainedClassifier",
]

DIVERGENCES: dict[str, type[Divergence]] = {kind.name: kind for kind in (MMD, KL, Adversarial, Stein, RenyiDivergence)}
"""Divergences by the name that the command line knows them by."""
