"""Energies of all 2^n networks without a forward pass, an exponential or a logarithm for each of them.

Where outputs add up over groups of weights, the weights are cut into two halves. With every weight outside a half set
to 0, a pattern of the half's bits (a code) has outputs of its own, and the outputs of a network are the sum of its two
codes' outputs. The likelihood turns the outputs of the codes, of which there are two tables of about 2^(n/2) rows, into
the energies of all pairs of codes: by products of matrices, see `hyperborn.likelihoods`.

Of weighted examples, those of one weight are taken together, and their energies multiplied by it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from hyperborn._typing import EnergyTable, Examples, Targets
from hyperborn.bits import LARGEST_ENUMERATED, bits_of, values_of
from hyperborn.data.weights import Weights
from hyperborn.energy.cache import through_cache
from hyperborn.energy.likelihood import CheckedExamples, Labelled, checked_examples
from hyperborn.errors import UserError, whole_number
from hyperborn.likelihoods.likelihood import Terms
from hyperborn.networks import Network

BLOCK = 2**16
"""Most pairs of codes in a block: 512 KiB of float64, which fit the second-level cache of a core."""
WIDEST = 2**10
"""Codes of one half in a block, at most: more only make its tables larger."""
BYTES_OF_TABLES = 64 * 2**20
"""Bytes of tables beyond which larger ones are no faster."""


@dataclass(frozen=True)
class NetworkHalf:
    """Some of a network's weights, by position; all others are 0."""

    net: Network
    positions: tuple[int, ...]

    @property
    def n_codes(self) -> int:
        """Patterns of the half's bits."""
        return 2 ** len(self.positions)

    def places(self, codes: Int[np.ndarray, " codes"]) -> Int[np.ndarray, " codes"]:
        """What each code adds to the index of a network."""
        last = self.net.n_weights - 1
        place_values = np.array([1 << (last - position) for position in self.positions], dtype=np.int64)
        return bits_of(codes, len(self.positions)).astype(np.int64) @ place_values

    def terms(self, codes: Int[np.ndarray, " codes"], x: Examples, y: Targets) -> Terms:
        """What each code adds to the terms of each example."""
        likelihood = self.net.likelihood
        if not self.positions:
            return np.zeros((likelihood.n_terms, len(codes), len(y)))
        weights = np.zeros((len(codes), self.net.n_weights))
        weights[:, self.positions] = values_of(bits_of(codes, len(self.positions)), self.net.values)
        return likelihood.terms(self.net.forward(weights, x), y)


@dataclass(frozen=True)
class CodeBlock:
    """Networks (a, b) of some codes of either half, on some examples."""

    examples: slice
    places: Int[np.ndarray, "a b"]
    """Index of each network."""
    left: Float[np.ndarray, "terms a examples"]
    right: Float[np.ndarray, "terms b examples"]
    """Terms of either half; a network's terms are left[:, a] + right[:, b]."""
    done: int
    blocks: int
    """Blocks up to this one, and in all."""


def energies(
    net: Network,
    split: Labelled,
    *,
    limit: int = LARGEST_ENUMERATED,
    memory: int = 512 * 2**20,
    progress: Callable[[int, int], None] | None = None,
    cache: bool = True,
) -> EnergyTable:
    """Energy of every network: its negative log likelihood in nats, summed over examples, in index order.

    An example with a weight counts that often; the fewer different weights there are, the faster it is. Agrees with the
    plain formula to 1e-9 of the energy, plus 1e-15 an example. ``memory`` bounds, in bytes, the temporary tables over
    codes and examples; a few MiB for the current block and the result, 8 bytes a network, are not included.
    ``progress`` is called with blocks done and blocks in all, unless the table is found in the cache. ``cache`` keeps
    tables that take a while on disk, by a hash of the network and the data.

    Raises:
        UserError: if the network has more than ``limit`` weights or the data do not fit it.
    """
    examples = checked_examples(net, split)
    n = net.n_weights
    whole_number("limit", limit, 1)
    whole_number("memory", memory, 1, why=" of bytes")
    if n > limit:
        raise UserError(
            f"{n} weights make 2^{n} networks, over the limit of {limit} weights; use fewer hidden units or features "
            f"(components), or raise limit to {n}, whose table takes {2.0 ** (n - 27):,.4g} GiB"
        )

    def compute() -> EnergyTable:
        x, y, weights = by_weight(examples)
        choices = net.choices
        total = np.zeros((2**n // len(choices), len(choices)))
        for place, choice in enumerate(choices):
            column = total[:, place]
            for block in code_blocks(choice, x, y, memory):
                column[block.places] += block_energies(choice, block, y, weights)
                if progress is not None:
                    progress(place * block.blocks + block.done, len(choices) * block.blocks)
        return total.reshape(-1)

    return through_cache(net, examples, compute, cache)


def by_weight(examples: CheckedExamples) -> CheckedExamples:
    """The examples with those of one weight side by side, and none of weight 0."""
    x, y, weights = examples
    if weights is None:
        return examples
    order = np.argsort(weights, kind="stable")
    order = order[weights[order] > 0]
    return CheckedExamples(x[order], y[order], weights[order])


def block_energies(
    net: Network, block: CodeBlock, y: Targets, weights: Weights | None
) -> Float[np.ndarray, "left right"]:
    """Energy (nats) of every network of a block, from the labels of all examples and their weights in order."""
    own, likelihood = y[block.examples], net.likelihood
    if weights is None:
        return likelihood.pair_energies(block.left, block.right, own)
    times = weights[block.examples]
    ends = [0, *(np.flatnonzero(np.diff(times)) + 1), len(times)]
    total = np.zeros(block.places.shape)
    for first, last in pairwise(ends):
        left, right = block.left[:, :, first:last], block.right[:, :, first:last]
        total += times[first] * likelihood.pair_energies(left, right, own[first:last])
    return total


def two_halves(net: Network) -> tuple[NetworkHalf, NetworkHalf]:
    """The network's groups, in order, cut where the halves are most equal; a single group leaves the second empty."""
    groups = net.additive
    ends = np.cumsum([len(group) for group in groups])
    cut = int(np.argmin(np.abs(2 * ends - net.n_weights))) + 1
    left = tuple(sorted(position for group in groups[:cut] for position in group))
    right = tuple(sorted(position for group in groups[cut:] for position in group))
    return NetworkHalf(net, left), NetworkHalf(net, right)


def code_blocks(net: Network, x: Examples, y: Targets, memory: int) -> Iterator[CodeBlock]:
    """All networks on all examples, block by block, tables of codes and examples kept within memory (bytes)."""
    left, right = two_halves(net)
    width = min(right.n_codes, WIDEST)
    height = min(left.n_codes, WIDEST, BLOCK // width)
    batch = examples_at_once(net, height + width, memory)
    done, blocks = 0, -(-len(y) // batch) * (left.n_codes // height) * (right.n_codes // width)
    for first in range(0, len(y), batch):
        examples = slice(first, min(first + batch, len(y)))
        for start in range(0, right.n_codes, width):
            columns = np.arange(start, start + width)
            right_terms = right.terms(columns, x[examples], y[examples])
            for begin in range(0, left.n_codes, height):
                rows = np.arange(begin, begin + height)
                left_terms = left.terms(rows, x[examples], y[examples])
                places = left.places(rows)[:, None] + right.places(columns)
                done += 1
                yield CodeBlock(examples, places, left_terms, right_terms, done, blocks)


def examples_at_once(net: Network, codes: int, memory: int) -> int:
    """Examples whose tables for so many codes fit the memory; always even, and at least 2."""
    # Terms are held with copies; those of classes with exponentials, of two the four products of a pair of examples.
    floats = codes * (net.working_floats + 8 * net.likelihood.n_terms)
    return 2 * max(1, min(memory, BYTES_OF_TABLES) // (16 * floats))
