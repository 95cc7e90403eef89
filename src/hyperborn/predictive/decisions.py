"""Classes that are decided for, and how often that is right: recall of each class and the confusion matrix."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from hyperborn._typing import Targets
from hyperborn.errors import UserError, is_number
from hyperborn.predictive.metrics import AnswerWeights, weighted_mean

MOST_CONFUSED = 100
"""Classes up to which there is a confusion matrix: its size is their square."""


def at_threshold(
    probabilities: Float[np.ndarray, "examples classes"], threshold: int | float
) -> Int[np.ndarray, " examples"]:
    """Of two classes the second where its probability is at least the threshold, and else the first.

    Raises:
        UserError: for more classes, or a threshold that is no number from 0 to 1.
    """
    if probabilities.shape[1] != 2:
        raise UserError(
            f"threshold = {threshold!r} decides between two classes, and there are {probabilities.shape[1]}; leave it "
            "out (--threshold)"
        )
    if not is_number(threshold) or not 0 <= threshold <= 1:
        raise UserError(f"threshold = {threshold!r}: give a number from 0 to 1 (--threshold), such as 0.5")
    return (probabilities[:, 1] >= threshold).astype(np.int64)


def report_of_decisions(
    decided: Targets, y: Targets, classes: Sequence[str], weights: AnswerWeights = None
) -> dict[str, Any]:
    """What `ClassProbabilities.report` gives."""
    count, y = len(classes), y.astype(np.int64)

    def counted(indices: Int[np.ndarray, " some"], rows: Any, size: int) -> np.ndarray:
        """How often each index comes, with the weights of these rows."""
        return np.bincount(indices, None if weights is None else weights[rows], minlength=size)

    is_right, every = decided == y, slice(None)
    examples, right = counted(y, every, count), counted(y[is_right], is_right, count)
    recall = [float(hits / all_) if all_ else None for hits, all_ in zip(right, examples, strict=True)]
    found: dict[str, Any] = {
        "accuracy": weighted_mean(is_right, weights),
        "classes": list(classes),
        "recall": dict(zip(classes, recall, strict=True)),
    }
    if count <= MOST_CONFUSED:
        pairs = counted(y * count + decided, every, count * count)
        found["confusion"] = pairs.reshape(count, count).tolist()
    return found
