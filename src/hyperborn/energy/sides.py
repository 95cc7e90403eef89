"""All networks as pairs of codes: where logits add up over groups of weights, the weights are cut into two sides.

With every weight outside a side set to 0, a pattern of the side's bits (a code) has logits of its own, and those of a
network are the sum of its two codes' logits. So are its margins (see `likelihood`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from hyperborn._typing import Examples, Labels
from hyperborn.bits import bits_of, values_of
from hyperborn.energy.likelihood import margins
from hyperborn.networks import Network

BLOCK = 2**16
"""Pairs of codes in a block, at most: a float64 of each is half a mebibyte, which a core's second-level cache holds."""
WIDEST = 2**10
"""Codes of one side in a block, at most: more only make its tables larger."""
COMFORTABLE = 64 * 2**20
"""Bytes of tables beyond which larger ones are no faster."""
LARGEST_MARGIN = 150.0
"""Examples on which a code's margin is larger are wild: products of exponentials could overflow."""


@dataclass(frozen=True)
class Side:
    """Some of a network's weights, by position; all others are 0."""

    net: Network
    positions: tuple[int, ...]

    @property
    def n_codes(self) -> int:
        """Patterns of the side's bits."""
        return 2 ** len(self.positions)

    def places(self, codes: Int[np.ndarray, " codes"]) -> Int[np.ndarray, " codes"]:
        """What each code adds to the index of a network."""
        last = self.net.n_weights - 1
        worth = np.array([1 << (last - position) for position in self.positions], dtype=np.int64)
        return bits_of(codes, len(self.positions)).astype(np.int64) @ worth

    def margins(
        self, codes: Int[np.ndarray, " codes"], x: Examples, y: Labels
    ) -> Float[np.ndarray, "classes codes examples"]:
        """What each code adds to the margins of each example."""
        if not self.positions:
            return np.zeros((self.net.n_classes, len(codes), len(y)))
        weights = np.zeros((len(codes), self.net.n_weights))
        weights[:, self.positions] = values_of(bits_of(codes, len(self.positions)), self.net.values)
        return margins(self.net.forward(weights, x), y)


@dataclass(frozen=True)
class Block:
    """Networks (a, b) of some codes of either side, on some examples."""

    examples: slice
    places: Int[np.ndarray, "a b"]
    """Index of each network."""
    left: Float[np.ndarray, "classes a examples"]
    right: Float[np.ndarray, "classes b examples"]
    """Margins of either side; a network's margins are left[:, a] + right[:, b]."""
    done: int
    blocks: int
    """Blocks with this one, and in all."""

    def peaks(self) -> tuple[np.ndarray, np.ndarray]:
        """Largest margins (classes, examples) of either side."""
        return self.left.max(axis=1), self.right.max(axis=1)


def two_sides(net: Network) -> tuple[Side, Side]:
    """The network's groups, in order, cut where the sides are most equal; the second is empty for a single group."""
    groups = net.additive
    ends = np.cumsum([len(group) for group in groups])
    cut = int(np.argmin(np.abs(2 * ends - net.n_weights))) + 1
    left = tuple(sorted(position for group in groups[:cut] for position in group))
    right = tuple(sorted(position for group in groups[cut:] for position in group))
    return Side(net, left), Side(net, right)


def code_blocks(net: Network, x: Examples, y: Labels, memory: int) -> Iterator[Block]:
    """All networks on all examples, block by block, tables of codes and examples kept within memory (bytes)."""
    left, right = two_sides(net)
    width = min(right.n_codes, WIDEST)
    height = min(left.n_codes, WIDEST, BLOCK // width)
    batch = examples_at_once(net, height + width, memory)
    done, blocks = 0, -(-len(y) // batch) * (left.n_codes // height) * (right.n_codes // width)
    for first in range(0, len(y), batch):
        examples = slice(first, min(first + batch, len(y)))
        for start in range(0, right.n_codes, width):
            columns = np.arange(start, start + width)
            right_margins = right.margins(columns, x[examples], y[examples])
            for begin in range(0, left.n_codes, height):
                rows = np.arange(begin, begin + height)
                left_margins = left.margins(rows, x[examples], y[examples])
                places = left.places(rows)[:, None] + right.places(columns)
                done += 1
                yield Block(examples, places, left_margins, right_margins, done, blocks)


def examples_at_once(net: Network, codes: int, memory: int) -> int:
    """Examples whose tables for so many codes fit the memory; always even, and at least 2."""
    # Margins are held with copies, exponentials and, of two classes, the four products of a pair of examples.
    floats = codes * (net.working_floats + 8 * net.n_classes)
    return 2 * max(1, min(memory, COMFORTABLE) // (16 * floats))
