"""The outcomes that are measured in a step."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Bits
from hyperborn.backends.outcomes import Outcomes
from hyperborn.training.shots.subcircuits import Subcircuit

Replicates: TypeAlias = Callable[[np.random.Generator], "Iterator[Measurement]"]


@dataclass(frozen=True, eq=False)
class Measurement:
    """Outcomes of every subcircuit (outer) at every point (inner) of a step; `centre` points are at the parameters.

    For mitigated outcomes, `replicates` gives the measurement without each group of shots, for the jackknife. For
    outcomes whose weights are plain frequencies it is None.
    """

    subcircuits: tuple[Subcircuit, ...]
    outcomes: tuple[tuple[Outcomes, ...], ...]
    centre: int
    replicates: Replicates | None = None

    @property
    def pairs(self) -> int:
        """Pairs of points."""
        return (len(self.outcomes[0]) - self.centre) // 2

    @property
    def plus(self) -> slice:
        """Slice of the plus points, in the order of the pairs."""
        return slice(self.centre, self.centre + self.pairs)

    @property
    def minus(self) -> slice:
        """Slice of the minus points."""
        return slice(self.centre + self.pairs, None)

    @property
    def reference(self) -> slice:
        """Slice of the reference points, which represent the parameters: the centre, or all points around it."""
        return slice(0, self.centre or None)

    def networks(self, count: int, random: np.random.Generator) -> Bits:
        """Networks (count, n) drawn from the outcomes at the reference, independently for each subcircuit."""
        rows = np.empty((count, sum(len(subcircuit.weights) for subcircuit in self.subcircuits)), np.uint8)
        for subcircuit, points in zip(self.subcircuits, self.outcomes, strict=True):
            here = points[self.reference]
            point = random.integers(len(here), size=count)
            for place, outcomes in enumerate(here):
                mine = np.flatnonzero(point == place)
                drawn = random.choice(len(outcomes.weights), len(mine), p=outcomes.weights)
                rows[mine[:, None], subcircuit.weights] = outcomes.bits[drawn]
        return rows


def stacked(points: Sequence[Outcomes]) -> tuple[Bits, Float[np.ndarray, " rows"], np.ndarray]:
    """Rows of all points one after the other, their weights, and the point of each row."""
    owners = np.repeat(np.arange(len(points)), [len(point.weights) for point in points])
    return np.concatenate([point.bits for point in points]), np.concatenate([point.weights for point in points]), owners
