"""Derivatives from circuits with one angle of one gate shifted.

The distribution of a circuit is a trigonometric function of each angle φ of a gate; its frequencies are the differences
of the eigenvalues of the gate's generator. With r held fixed, v(φ) = E[r] has therefore the derivative

    rotations, phases, and each angle of U:   [v(φ + π/2) - v(φ - π/2)] / 2
    CRX, CRY, CRZ:                            [(√2 + 1) (v(φ + π/2) - v(φ - π/2))
                                               - (√2 - 1) (v(φ + 3π/2) - v(φ - 3π/2))] / (4 √2)

The first has two eigenvalues with a gap of 1 (Mitarai et al., arXiv 1803.00745; Schuld et al., arXiv 1811.11184), the
second 0 and ±1/2 (Anselmetti et al., arXiv 2104.05695; Wierichs et al., arXiv 2107.12390). With the angles
φ_g = b_g + Σ_j A_gj θ_j of all gates the derivative by parameter j is Σ_g A_gj ∂v/∂φ_g.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import pi, sqrt
from typing import ClassVar, NamedTuple, TypeAlias, final

import numpy as np

from hyperborn.circuits import Circuit
from hyperborn.circuits.separate_angles import separate_angles
from hyperborn.errors import UserError, whole_number
from hyperborn.networks import Network
from hyperborn.posteriors import Posterior
from hyperborn.training.shots.estimator import (
    SHOTS,
    Design,
    ShotEstimator,
    Shots,
    check_measured,
    check_shots,
)
from hyperborn.training.shots.measured_angles import MeasuredAngles
from hyperborn.training.shots.posteriors import ShotPosterior

Rule: TypeAlias = tuple[tuple[float, float], ...]
"""Shifts (radians), and the factors by which the differences of a shift either way add up to the derivative."""

TWO_TERMS: Rule = ((pi / 2, 1 / 2),)
FOUR_TERMS: Rule = ((pi / 2, (sqrt(2) + 1) / (4 * sqrt(2))), (3 * pi / 2, -(sqrt(2) - 1) / (4 * sqrt(2))))
RULES: Mapping[str, Rule] = {"crx": FOUR_TERMS, "cry": FOUR_TERMS, "crz": FOUR_TERMS}
"""The rules of gates that need more than two terms."""


class ShiftedAngle(NamedTuple):
    """An angle of a circuit with separate angles, by how much it is shifted either way (radians), and the factor."""

    angle: int
    shift: float
    factor: float


@final
@dataclass(frozen=True)
class ParameterShift(ShotEstimator):
    """Unbiased: differences of E[r] between circuits with one angle of one gate shifted, r held fixed; see above.

    Exact for every gate of `hb.circuits.GATES`. Angles may be shared by gates or scaled: what is measured is then the
    circuit with a parameter for each angle, and their derivatives add up by the chain rule. One more circuit, without
    a shift, gives the first variation r of the SELBO. Registers side by side are independent, and are shifted at the
    same time, each in one of its angles: 2 P + 1 circuits a step for P pairs of points a register, for any number of
    registers. An angle takes one pair, that of CRX, CRY or CRZ two. With `subset`, each step measures that number of
    random pairs, and their parts are scaled so that the gradient stays unbiased.

    Raises:
        UserError: if a setting is out of range.
    """

    name: ClassVar[str] = "parameter-shift"
    shots: Shots = SHOTS
    subset: int | None = None

    def __post_init__(self) -> None:
        check_shots(self.shots)
        if self.subset is not None:
            whole_number("subset", self.subset, 1)

    @property
    def schedule(self) -> Shots:
        return self.shots

    @property
    def averaged(self) -> float:
        return 0.0

    def check(self, posterior: Posterior, network: Network | int) -> None:
        check_measured(self.name, posterior, network)

    def measured(self, posterior: ShotPosterior) -> MeasuredAngles:
        return MeasuredAngles.separate(posterior)

    def design(self, posterior: ShotPosterior, step: int, random: np.random.Generator) -> Design:
        del step
        measured = self.measured(posterior).measured
        circuits = [separate_angles(group.circuit) for group in posterior.groups]
        pairs = [shifted_angles(group.circuit) for group in posterior.groups]
        most = max(map(len, pairs))
        if self.subset is not None and self.subset > most:
            raise UserError(f"subset = {self.subset}: the circuit has {most} pairs; give fewer, or none for all")
        chosen = np.arange(most)
        if self.subset is not None:
            chosen = np.sort(random.choice(most, self.subset, replace=False))
        shifts = np.zeros((len(chosen), measured.n_parameters))
        factors = np.zeros((len(chosen), posterior.n_parameters))
        for place, circuit in enumerate(circuits):
            angles, parameters = measured.groups[place].parameters, posterior.groups[place].parameters
            for row, pair in enumerate(chosen[chosen < len(pairs[place])]):
                angle, shift, factor = pairs[place][pair]
                shifts[row, angles[:, angle]] = shift
                for index, coefficient in circuit.values[angle].terms:
                    factors[row, parameters[:, index]] = factor * coefficient * (most / len(chosen))
        return Design(True, shifts, factors)


@lru_cache(maxsize=256)
def shifted_angles(circuit: Circuit) -> tuple[ShiftedAngle, ...]:
    """The pairs of points of a circuit with separate angles, angle by angle; none for a parameter that no gate uses.

    Results are kept, as every step asks for them.
    """
    return tuple(
        ShiftedAngle(angle, shift, factor)
        for angle, gate in enumerate(separate_angles(circuit).gates)
        if gate is not None
        for shift, factor in RULES.get(gate.name, TWO_TERMS)
    )
