"""Mixtures of normal distributions from networks: from given ones with weights, and from all 2^n.

Where there are many, networks with the same noise whose means for an example lie in the same cell, `CELL` of the noise
wide, become one component with their mean and variance. So mean and standard deviation of the mixture stay exact, and
its density is within about 1e-5 of itself.
"""

from collections.abc import Callable, Iterator

import numpy as np
from jax import Array
from jaxtyping import Float

from hyperborn._typing import Bits, Examples
from hyperborn.arguments import check_bits, distribution
from hyperborn.bits import bits_of
from hyperborn.energy.enumeration import examples_at_once, two_halves
from hyperborn.errors import UserError, whole_number
from hyperborn.likelihoods.likelihood import NumberLikelihood
from hyperborn.networks import Network, check_network
from hyperborn.networks.outputs import blocks_of_outputs
from hyperborn.predictive.averages import FEW, most_of_the_mass, normalised_weights
from hyperborn.predictive.mixtures import NormalMixture

MOST_COMPONENTS = 256
"""Networks up to which each is a component of its own."""
CELL = 1 / 16
"""Width of a cell, in standard deviations of the noise."""
MOST_CELLS = 4096
"""Cells of an example, at most: where means lie farther apart, cells are wider."""

Progress = Callable[[int, int], None]
Columns = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Weights, means and standard deviations of one example's components."""


def likelihood_of(net: Network) -> NumberLikelihood:
    """The likelihood of a network that predicts a number.

    Raises:
        UserError: for a network that tells classes apart.
    """
    check_network(net)
    likelihood = net.likelihood
    if not isinstance(likelihood, NumberLikelihood):
        raise UserError("the network tells classes apart and predicts no number; take class probabilities")
    return likelihood


def mixture_of_networks(
    net: Network,
    x: Examples,
    bits: Bits,
    weights: Float[np.ndarray, " weights"] | None = None,
    *,
    memory: int = 512 * 2**20,
    progress: Progress | None = None,
) -> NormalMixture:
    """Σ_w q(w) p(y|x, w) over the given networks; arguments are as in `posterior_predictive`.

    Raises:
        UserError: if bits or features do not fit the network, or the weights are no distribution over the networks.
    """
    likelihood_of(net)
    net.check_features(x)
    check_bits("bits", bits, net.n_weights, least=1)
    whole_number("memory", memory, 1, why=" of bytes")
    q = normalised_weights(weights, len(bits))
    if len(bits) <= MOST_COMPONENTS:
        means, deviations = normals_of(net, x, bits, memory)
        return NormalMixture(np.broadcast_to(q[:, None], means.shape), means, deviations)
    found: list[Columns] = []
    step = max(1, memory // (64 * len(bits)))
    for first in range(0, len(x), step):
        means, deviations = normals_of(net, x[first : first + step], bits, memory)
        found += [one_example(q, *own) for own in zip(means.T, deviations.T, strict=True)]
        if progress is not None:
            progress(min(first + step, len(x)), len(x))
    return side_by_side(found)


def normals_of(net: Network, x: Examples, bits: Bits, memory: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (networks, examples) of the label under each network."""
    likelihood = likelihood_of(net)
    means, deviations = np.empty((2, len(bits), len(x)))
    for rows, columns, outputs in blocks_of_outputs(net, bits, x, memory=memory, beside=4):
        means[rows, columns], deviations[rows, columns] = likelihood.normals(outputs)
    return means, deviations


def exact_mixture(
    net: Network,
    x: Examples,
    probabilities: Float[np.ndarray | Array, " states"],
    *,
    memory: int = 512 * 2**20,
    progress: Progress | None = None,
) -> NormalMixture:
    """Σ_w q(w) p(y|x, w) over all networks, from q (2^n,) in index order; arguments are as in `exact_predictive`.

    Raises:
        UserError: if q is no distribution over the networks, or the features do not fit the network.
    """
    likelihood_of(net)
    net.check_features(x)
    q = distribution("probabilities", probabilities, net.n_weights)
    q = q / q.sum()
    kept = most_of_the_mass(q)
    if len(kept) <= max(MOST_COMPONENTS, FEW * len(q)) or any(choice.n_outputs > 1 for choice in net.choices):
        bits = bits_of(kept, net.n_weights)
        return mixture_of_networks(net, x, bits, q[kept], memory=memory, progress=progress)
    x = np.asarray(x, dtype=np.float64)
    of_choices = q.reshape(-1, len(net.choices)).T
    parts = [
        list(components_of_choice(choice, x, own, memory))
        for choice, own in zip(net.choices, of_choices, strict=True)
        if own.any()
    ]
    found: list[Columns] = []
    for columns in zip(*parts, strict=True):
        weights, means, deviations = (np.concatenate(part) for part in zip(*columns, strict=True))
        found.append((weights, means, deviations))
    return side_by_side(found)


def components_of_choice(
    net: Network, x: np.ndarray, q: Float[np.ndarray, " states"], memory: int
) -> Iterator[Columns]:
    """Components of each example, from all networks of one choice as pairs of codes."""
    left, right = two_halves(net)
    rows, columns = np.arange(left.n_codes), np.arange(right.n_codes)
    places = left.places(rows)[:, None] + right.places(columns)
    weights = q[places].ravel()
    kept = np.flatnonzero(weights)
    noise = float(likelihood_of(net).normals(np.zeros((1, 1, 1)))[1][0, 0])
    batch = examples_at_once(net, len(rows) + len(columns), memory)
    for first in range(0, len(x), batch):
        part = x[first : first + batch]
        labels = np.zeros(len(part))
        lefts, rights = left.terms(rows, part, labels)[0], right.terms(columns, part, labels)[0]
        for example in range(len(part)):
            means = (lefts[:, example, None] + rights[None, :, example]).ravel()[kept]
            yield condensed(weights[kept], means, noise)


def one_example(
    q: Float[np.ndarray, " networks"], means: Float[np.ndarray, " networks"], deviations: Float[np.ndarray, " networks"]
) -> Columns:
    """The components that networks make of one example, those of one noise after the other."""
    levels, places = np.unique(deviations, return_inverse=True)
    parts = [condensed(q[places == level], means[places == level], noise) for level, noise in enumerate(levels)]
    weights, middles, spreads = (np.concatenate(part) for part in zip(*parts, strict=True))
    return weights, middles, spreads


def condensed(weights: Float[np.ndarray, " networks"], means: Float[np.ndarray, " networks"], noise: float) -> Columns:
    """Components from networks of one noise, one a cell of means."""
    lowest = means.min()
    width = max(CELL * noise, np.ptp(means) / MOST_CELLS)
    cells = ((means - lowest) / width).astype(np.int64)
    mass = np.bincount(cells, weights)
    filled = np.flatnonzero(mass)
    middles = np.zeros(len(mass))
    middles[filled] = np.bincount(cells, weights * means)[filled] / mass[filled]
    spread = np.bincount(cells, weights * (means - middles[cells]) ** 2)[filled] / mass[filled]
    return mass[filled], middles[filled], np.sqrt(noise**2 + spread)


def side_by_side(found: list[Columns]) -> NormalMixture:
    """The components of all examples as one mixture; examples with fewer components have some of weight 0."""
    most = max((len(weights) for weights, _, _ in found), default=1)
    tables = np.zeros((3, most, len(found)))
    tables[2] = 1.0
    for place, columns in enumerate(found):
        for table, column in zip(tables, columns, strict=True):
            table[: len(column), place] = column
        # Components without weight lie among the others, where quantiles are looked for.
        tables[1, len(columns[0]) :, place] = columns[1][0]
        tables[2, len(columns[0]) :, place] = columns[2][0]
    return NormalMixture(*tables)
