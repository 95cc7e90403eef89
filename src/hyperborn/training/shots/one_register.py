"""The first variation of one register, at complete networks."""

import numpy as np
from jaxtyping import Float

from hyperborn.backends.outcomes import Outcomes
from hyperborn.bits import distinct_rows
from hyperborn.energy import CachedEnergies
from hyperborn.stats import Estimate
from hyperborn.training.shots.discrepancy import ShotDiscrepancy
from hyperborn.training.shots.measurement import Measurement, stacked
from hyperborn.training.shots.variation import FirstVariation, ObjectiveEstimate, standard_error_of


class OneRegisterVariation(FirstVariation):
    """r(w) = energy(w) + the witness of the discrepancy, if there is one, at the distinct observed networks."""

    def __init__(self, energies: CachedEnergies, discrepancy: ShotDiscrepancy | None) -> None:
        self.energies, self.discrepancy = energies, discrepancy

    def differences(
        self, measurement: Measurement, random: np.random.Generator
    ) -> tuple[Float[np.ndarray, "pairs _"], ...]:
        del random
        points = measurement.outcomes[0]
        rows, shares, owners = stacked(points)
        distinct = distinct_rows(rows)
        values = self.energies(distinct.rows)
        if measurement.centre and self.discrepancy:
            values = values + self.discrepancy.witness(distinct.rows, points[0])
        means = np.bincount(owners, shares * values[distinct.places], minlength=len(points))
        if not measurement.centre and self.discrepancy:
            # MMD² is quadratic, so that its difference is that of the mean witness with q at the pair's midpoint.
            means += [self.discrepancy.value(point) for point in points]
        return ((means[measurement.plus] - means[measurement.minus])[:, None],)

    def estimate(
        self, measurement: Measurement, random: np.random.Generator, *, error: bool = False
    ) -> ObjectiveEstimate:
        points = measurement.outcomes[0][measurement.reference]
        penalty = float(np.mean([self.discrepancy.value(point) for point in points])) if self.discrepancy else 0.0
        together = pooled(points)
        energies = self.energies(together.bits)
        mean = float(together.weights @ energies)
        deviation: float | None = None
        if measurement.replicates is None:
            variance = float(together.weights @ (energies - mean) ** 2)
            deviation = float(np.sqrt(variance / (together.shots - 1)))
        elif error:
            deviation = standard_error_of(measurement, self.energy, random)
        energy = Estimate(mean, deviation, together.shots)
        return ObjectiveEstimate(mean + penalty, energy, penalty, together.bits[together.weights.argmax()])

    def energy(self, measurement: Measurement) -> float:
        """E_q[energy] at the reference (nats)."""
        together = pooled(measurement.outcomes[0][measurement.reference])
        return float(together.weights @ self.energies(together.bits))


def pooled(points: tuple[Outcomes, ...]) -> Outcomes:
    """Outcomes of several points as one sample, in which all points have the same weight."""
    if len(points) == 1:
        return points[0]
    rows, shares, _ = stacked(points)
    distinct = distinct_rows(rows)
    weights = np.bincount(distinct.places, shares / len(points), minlength=len(distinct.rows))
    return Outcomes(distinct.rows, weights, sum(point.shots for point in points))
