"""The negative log likelihood of labels under logits, through margins that leave out what cancels."""

import numpy as np
from jaxtyping import Float, Int


def margins(
    logits: Float[np.ndarray, "networks examples outputs"], y: Int[np.ndarray, " examples"]
) -> Float[np.ndarray, "classes networks examples"]:
    """Logit of every class minus that of the example's own class; a single logit is class 1's against 0 for class 0."""
    # Classes come first, since NumPy is slow to reduce a short last axis.
    if logits.shape[2] == 1:
        away = np.where(y == 1, -1.0, 1.0) * logits[:, :, 0]
        return np.stack([np.zeros_like(away), away])
    own = np.take_along_axis(logits, np.broadcast_to(y[None, :, None], (*logits.shape[:2], 1)), axis=2)
    return np.moveaxis(logits - own, 2, 0)


def nll(margin: Float[np.ndarray, "classes ..."]) -> Float[np.ndarray, "..."]:
    """Negative log likelihood (nats) from margins: the logarithm of the sum of their exponentials, without overflow."""
    top = margin.max(axis=0)
    return top + np.log(np.exp(margin - top[None]).sum(axis=0))
