"""The first variation of one register, at whole networks."""

import numpy as np
from jaxtyping import Float

from hyperborn.backends.outcomes import Outcomes
from hyperborn.energy import RememberedEnergies
from hyperborn.inference.sampled.discrepancy import SampledDiscrepancy
from hyperborn.inference.sampled.reading import Reading, stacked
from hyperborn.inference.sampled.variation import Standing, Variation
from hyperborn.rows import distinct_rows
from hyperborn.stats import Estimate


class WholeVariation(Variation):
    """r(w) = energy(w) + the witness of the discrepancy, if any; energies only of the distinct networks seen."""

    def __init__(self, energies: RememberedEnergies, discrepancy: SampledDiscrepancy | None) -> None:
        self.energies, self.discrepancy = energies, discrepancy

    def differences(self, reading: Reading, random: np.random.Generator) -> tuple[Float[np.ndarray, "pairs _"], ...]:
        del random
        points = reading.outcomes[0]
        rows, shares, owners = stacked(points)
        distinct = distinct_rows(rows)
        values = self.energies(distinct.rows)
        if reading.centre and self.discrepancy:
            values = values + self.discrepancy.witness(distinct.rows, points[0])
        means = np.bincount(owners, shares * values[distinct.places], minlength=len(points))
        if not reading.centre and self.discrepancy:
            # MMD² is quadratic: its difference is that of the means of the witness at the pair's own middle.
            means += [self.discrepancy.value(point) for point in points]
        return ((means[reading.plus] - means[reading.minus])[:, None],)

    def standing(self, reading: Reading, random: np.random.Generator) -> Standing:
        del random
        points = reading.outcomes[0][reading.reference]
        charge = float(np.mean([self.discrepancy.value(point) for point in points])) if self.discrepancy else 0.0
        together = pooled(points)
        energies = self.energies(together.bits)
        mean = float(together.weights @ energies)
        variance = float(together.weights @ (energies - mean) ** 2)
        energy = Estimate(mean, float(np.sqrt(variance / (together.shots - 1))), together.shots)
        return Standing(mean + charge, energy, charge, together.bits[together.weights.argmax()])


def pooled(points: tuple[Outcomes, ...]) -> Outcomes:
    """Outcomes of several points as one sample, each point counting the same."""
    if len(points) == 1:
        return points[0]
    rows, shares, _ = stacked(points)
    distinct = distinct_rows(rows)
    weights = np.bincount(distinct.places, shares / len(points), minlength=len(distinct.rows))
    return Outcomes(distinct.rows, weights, sum(point.shots for point in points))
