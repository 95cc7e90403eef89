"""Class labels: a softmax of the logits, of which a single one is class 1's against 0 for class 0.

The terms of an example are margins: the margin of class k is its logit minus that of the example's own class. They add
up over codes, m_k = a_k + b_k, and the likelihood of the example is one over its factor

    Σ_k exp(a_k + b_k) = Σ_k exp(a_k) exp(b_k),

so the factors of all pairs of codes are one product of matrices, (codes a, k) by (k, codes b). The energy is the
logarithm of the product of the factors over examples. A logarithm is taken only when the product could outgrow
float64. Two examples of a two-class task are taken in one product of matrices, by multiplying out:
(1 + s)(1 + t) = 1 + s + t + s·t.
"""

from dataclasses import dataclass
from typing import ClassVar, final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Real

from hyperborn._typing import Targets
from hyperborn.arguments import check_labels
from hyperborn.errors import whole_number
from hyperborn.likelihoods.likelihood import LeftTerms, Likelihood, RightTerms, Terms

LARGEST_MARGIN = 150.0
"""Examples on which a code has a larger margin are computed apart: products of exponentials could overflow."""
LARGEST_LOGARITHM = 700.0
"""A product is kept below the exponential of this, about 1e304."""


@final
@dataclass(frozen=True)
class Categorical(Likelihood):
    """One of several classes: p(k) = softmax(logits)_k.

    Raises:
        UserError: for fewer than two classes.
    """

    classes: int = 2
    label_type: ClassVar[type[np.generic]] = np.int64
    score: ClassVar[str] = "accuracy"

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", whole_number("classes", self.classes, 2))

    @property
    def n_classes(self) -> int:
        return self.classes

    @property
    def n_outputs(self) -> int:
        return 1 if self.classes == 2 else self.classes

    @property
    def n_terms(self) -> int:
        return self.classes

    def check_labels(self, y: object, examples: int, owner: str) -> None:
        check_labels(y, examples, self.classes, owner)

    def nll(
        self, outputs: Float[np.ndarray, "networks examples outputs"], y: Targets
    ) -> Float[np.ndarray, "networks examples"]:
        return nll(margins(outputs, y))

    def losses(
        self, outputs: Float[Array, "*networks examples outputs"], y: Real[Array, " examples"]
    ) -> Float[Array, "*networks examples"]:
        return losses(outputs, y)

    def terms(self, outputs: Float[np.ndarray, "codes examples outputs"], y: Targets) -> Terms:
        return margins(outputs, y)

    def pair_energies(self, left: LeftTerms, right: RightTerms, y: Targets) -> Float[np.ndarray, "left right"]:
        del y
        wild = largest_margins(left, right) > LARGEST_MARGIN
        total = np.zeros((left.shape[1], right.shape[1]))
        for example in np.flatnonzero(wild):
            total += nll(left[:, :, None, example] + right[:, None, :, example])
        lefts = paired(exponentials(left[:, :, ~wild]))
        rights = paired(exponentials(right[:, :, ~wild])).transpose(0, 2, 1)
        largest = nll(left.max(axis=1) + right.max(axis=1))[~wild]
        step = 2 if len(left) == 2 else 1
        bounds = np.add.reduceat(largest, np.arange(0, len(largest), step))
        product, factor, room = np.ones_like(total), np.empty_like(total), LARGEST_LOGARITHM
        for rows, columns, bound in zip(lefts, rights, bounds, strict=True):
            if bound > room:
                total += np.log(product)
                product[:] = 1
                room = LARGEST_LOGARITHM
            np.matmul(rows, columns, out=factor)
            product *= factor
            room -= bound
        return total + np.log(product)

    def pair_predictions(
        self, left: LeftTerms, right: RightTerms, q: Float[np.ndarray, "left right"]
    ) -> Float[np.ndarray, " examples"]:
        """For each example the probability of the class that its terms are of, summed over all pairs with weights q."""
        wild = largest_margins(left, right) > LARGEST_MARGIN
        total = np.zeros(len(wild))
        for example in np.flatnonzero(wild):
            total[example] = (q * np.exp(-nll(left[:, :, None, example] + right[:, None, :, example]))).sum()
        lefts, rights = exponentials(left[:, :, ~wild]), exponentials(right[:, :, ~wild]).transpose(0, 2, 1)
        factor = np.empty_like(q)
        for example, rows, columns in zip(np.flatnonzero(~wild), lefts, rights, strict=True):
            np.matmul(rows, columns, out=factor)
            np.divide(q, factor, out=factor)
            total[example] = factor.sum()
        return total


def largest_margins(left: LeftTerms, right: RightTerms) -> Float[np.ndarray, " examples"]:
    """The largest margin that a code of either half has on each example."""
    return np.maximum(left.max(axis=1), right.max(axis=1)).max(axis=0)


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


def losses(
    logits: Float[Array, "*networks examples outputs"], y: Int[Array, " examples"]
) -> Float[Array, "*networks examples"]:
    """-log p(y | logits) of each example (nats), in the dtype of the logits; one logit is class 1's, 0 that of class 0.

    `nll` of `margins` is the same in NumPy.
    """
    own = jnp.broadcast_to(y, logits.shape[:-1])
    if logits.shape[-1] == 1:
        return jax.nn.softplus(jnp.where(own == 1, -logits[..., 0], logits[..., 0]))
    return jax.nn.logsumexp(logits, axis=-1) - jnp.take_along_axis(logits, own[..., None], axis=-1)[..., 0]


def exponentials(margin: Float[np.ndarray, "classes codes examples"]) -> Float[np.ndarray, "examples codes classes"]:
    """Terms of each example's factor, one table an example."""
    return np.exp(np.ascontiguousarray(margin.transpose(2, 1, 0)))


def paired(table: Float[np.ndarray, "examples codes classes"]) -> Float[np.ndarray, "steps codes terms"]:
    """Of two classes, the four terms of each pair of examples, products of a term of either; else the table itself."""
    examples, codes, classes = table.shape
    if classes > 2:
        return table
    if examples % 2:  # an example whose factor is 1 makes the last pair
        table = np.concatenate([table, np.broadcast_to([1.0, 0.0], (1, codes, 2))])
    return (table[::2, :, :, None] * table[1::2, :, None, :]).reshape(-1, codes, 4)
