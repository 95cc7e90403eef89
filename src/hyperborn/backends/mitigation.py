"""Readout mitigation: an estimate of the counts without readout errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from hyperborn.backends.batch import Counts, Preparations
from hyperborn.backends.outcomes import Outcomes
from hyperborn.circuits import Circuit
from hyperborn.errors import UserError
from hyperborn.packages import imported


def calibration_preparations(circuit: Circuit) -> Preparations:
    """The two preparations whose counts `Readout.of` takes: all qubits of a circuit as 0, then all as 1."""
    return Preparations(circuit, np.array([[0], [1]], np.uint8).repeat(circuit.n_qubits, axis=1))


@dataclass(frozen=True, eq=False)
class Readout:
    """The readout errors of each qubit: `matrices[qubit, i, j]` is P(read i | was j).

    `prepared` has the counts of the calibration, for all 0 and for all 1; it is empty if the matrices are exact.
    """

    matrices: Float[np.ndarray, "n 2 2"]
    prepared: tuple[Counts, ...] = ()

    @classmethod
    def of(cls, prepared: Sequence[Counts]) -> "Readout":
        """The readout errors from the counts of the two preparations of `calibration_preparations`.

        Raises:
            UserError: if there are not two, or a qubit is read as 1 no more often when it is 1.
        """
        if len(prepared) != 2:
            raise UserError(f"readout calibration of {len(prepared)} preparations: give counts of all 0 and of all 1")
        ones = np.stack([counts.counts @ counts.bits / counts.shots for counts in prepared], axis=1)
        matrices = np.stack([1.0 - ones, ones], axis=1)
        bad = np.flatnonzero(ones[:, 1] - ones[:, 0] <= 0.0)
        if len(bad):
            raise UserError(
                f"qubit {bad[0]} is read as 1 no more often when it is 1: readout cannot be mitigated; calibrate with "
                "more shots or choose another device"
            )
        return cls(matrices, tuple(prepared))

    def corrected(self, counts: Counts) -> Outcomes:
        """The distribution nearest to mthree's quasi-probabilities, on the outcomes seen (arXiv 2108.12518).

        mthree inverts the readout errors within the set of observed outcomes. This makes some weights negative; the
        nearest distribution in squared distance replaces them. Outcomes of weight 0 are left out.
        """
        words = dict(zip(words_of(counts), counts.counts.tolist(), strict=True))
        quasi = self.solver().apply_correction(words, range(len(self.matrices)))
        found = quasi.nearest_probability_distribution()
        weights = np.fromiter((found.get(word, 0.0) for word in words), np.float64, len(words))
        kept = weights > 0
        return Outcomes(counts.bits[kept], weights[kept] / weights.sum(), counts.shots)

    def solver(self) -> Any:
        mitigation = imported("mthree", "qiskit", "readout mitigation").M3Mitigation()
        mitigation.cals_from_matrices(list(self.matrices))
        return mitigation


def words_of(counts: Counts) -> list[str]:
    """Outcomes as strings in mthree's order, which is Qiskit's: qubit 0 last."""
    reversed_bits = np.ascontiguousarray(counts.bits[:, ::-1]) + ord("0")
    return [word.decode() for word in reversed_bits.astype(np.uint8).view(f"S{reversed_bits.shape[1]}").ravel()]
