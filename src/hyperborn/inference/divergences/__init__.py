"""Divergences D(q, p) of distributions over all 2^n networks, with their first variations."""

from hyperborn.inference.divergences.adaptive import AdaptiveDiscrepancy
from hyperborn.inference.divergences.adversarial import Adversarial, TrainedClassifier
from hyperborn.inference.divergences.divergence import BoundDivergence, Divergence
from hyperborn.inference.divergences.kullback_leibler import KL, KullbackLeibler
from hyperborn.inference.divergences.mmd import MMD, MaximumMeanDiscrepancy
from hyperborn.inference.divergences.renyi import BoundRenyi, RenyiDivergence
from hyperborn.inference.divergences.stein import Stein, SteinDiscrepancy

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
