"""How well predictive entropy tells digits from what is none."""

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata

from hyperborn.data import Dataset
from methods import Learnt

EXAMPLES = 2000
"""Outliers of each kind."""


def areas(learnt: Learnt, data: Dataset, test: Float[np.ndarray, "examples classes"]) -> dict[str, float]:
    """Area under the receiver operating characteristic of entropy: test images against outliers, by kind of outlier."""
    images = data.test.x[:EXAMPLES]
    size = int(np.sqrt(images.shape[1]))
    kinds = {
        "noise": np.random.default_rng(0).uniform(size=images.shape),
        "shuffled pixels": np.random.default_rng(1).permuted(images, axis=1),
        "turned by 90 degrees": np.rot90(images.reshape(-1, size, size), axes=(1, 2)).reshape(images.shape),
    }
    inside = entropies(test)
    return {name: area(inside, entropies(learnt.predict_proba(np.ascontiguousarray(x)))) for name, x in kinds.items()}


def entropies(probabilities: Float[np.ndarray, "examples classes"]) -> Float[np.ndarray, " examples"]:
    """Entropy (nats) of each prediction."""
    return -(probabilities * np.log(np.maximum(probabilities, 1e-300))).sum(axis=1)


def area(inside: Float[np.ndarray, " n"], outside: Float[np.ndarray, " m"]) -> float:
    """Probability that an outlier's number is larger than an inlier's, ties counting half (Mann and Whitney)."""
    ranks = rankdata(np.concatenate([inside, outside]))[len(inside) :]
    return float((ranks.sum() - len(outside) * (len(outside) + 1) / 2) / (len(inside) * len(outside)))
