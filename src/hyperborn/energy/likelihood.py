"""The negative log likelihood of labels in nats: of logits, in NumPy and in JAX, and of given networks (energies)."""

from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from hyperborn._typing import Bits, Examples, Labels
from hyperborn.arguments import check_bits, check_features, check_labels
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network, check_network
from hyperborn.networks.network import memory_blocks
from hyperborn.printable import shown


@runtime_checkable
class Labelled(Protocol):
    """Anything that holds features x (examples, features) and integer class labels y (examples,)."""

    @property
    def x(self) -> Examples: ...

    @property
    def y(self) -> Labels: ...


def checked_examples(net: Network, split: Labelled) -> tuple[np.ndarray, np.ndarray]:
    """Features as contiguous float64 and labels as int64, after a check that they fit the network.

    Raises:
        UserError: for what is not a network or not a split, a wrong number of features or labels, labels that are not
            whole numbers or out of range, or features that are not finite numbers.
    """
    check_network(net)
    if not isinstance(split, Labelled):
        raise UserError(f"split={shown(split)} must hold features x and labels y; give one split, such as data.train")
    check_features(split.x, net.n_features)
    check_labels(split.y, len(split.x), net.n_classes, "a network")
    return np.ascontiguousarray(split.x, dtype=np.float64), np.ascontiguousarray(split.y, dtype=np.int64)


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


def energy(net: Network, split: Labelled, bits: Bits, *, memory: int = 512 * 2**20) -> Float[np.ndarray, " networks"]:
    """Energy of each network, a row of bits: its negative log likelihood in nats, summed over examples, float64.

    ``memory`` bounds, in bytes, the temporary arrays over networks and examples.

    Raises:
        UserError: if the data or the bits do not fit the network.
    """
    x, y = checked_examples(net, split)
    check_bits("bits", bits, net.n_weights)
    whole_number("memory", memory, 1, why=" of bytes")
    total = np.zeros(len(bits))
    # Margins are held twice, with their exponentials.
    for rows, columns in memory_blocks(net, len(bits), len(y), memory=memory, beside=4 * net.n_classes):
        margin = margins(net(bits[rows], x[columns]), y[columns])
        total[rows] += nll(margin).sum(axis=1)
    return total
