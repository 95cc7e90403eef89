"""From counts to a measurement, with readout errors corrected if they are known."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from jaxtyping import Float, Int

from hyperborn.backends.batch import Counts
from hyperborn.backends.mitigation import Readout
from hyperborn.backends.outcomes import Outcomes
from hyperborn.bits import bits_of, index_of
from hyperborn.errors import UserError
from hyperborn.training.shots.measurement import Measurement
from hyperborn.training.shots.subcircuits import Subcircuit

GROUPS = 20
"""Most groups of shots for the jackknife: the relative accuracy of an error is then about a sixth."""


def measurement_of(
    subcircuits: tuple[Subcircuit, ...],
    counts: Sequence[Sequence[Counts]],
    readouts: Sequence[Readout] | None,
    centre: int,
    registers: tuple[Subcircuit, ...] | None,
) -> Measurement:
    """The measurement of counts.

    Registers side by side are corrected one by one, over all 2^k outcomes of each. Over the observed outcomes of the
    wide circuit no correction would be possible, as hardly any outcome occurs twice.

    Args:
        subcircuits: the circuits that were run.
        counts: counts of every point (inner) of every subcircuit (outer).
        readouts: readout errors of the qubits of every subcircuit; None for no correction.
        centre: number of points at the parameters.
        registers: the independent registers in the subcircuits, in order; None if there is only one.
    """
    if readouts is None:
        return Measurement(subcircuits, tuple(tuple(map(Outcomes.of, points)) for points in counts), centre)
    again = partial(replicates_of, subcircuits, counts, readouts, centre, registers)
    if registers is None:
        corrected = [tuple(map(readout.corrected, points)) for readout, points in zip(readouts, counts, strict=True)]
        return Measurement(subcircuits, tuple(corrected), centre, again)
    found: list[tuple[Outcomes, ...]] = []
    remaining = iter(registers)
    for subcircuit, readout, points in zip(subcircuits, readouts, counts, strict=True):
        start = 0
        while start < len(subcircuit.weights):
            stop = start + len(next(remaining).weights)
            found.append(corrected_register(points, slice(start, stop), readout))
            start = stop
    return Measurement(registers, tuple(found), centre, again)


def replicates_of(
    subcircuits: tuple[Subcircuit, ...],
    counts: Sequence[Sequence[Counts]],
    readouts: Sequence[Readout],
    centre: int,
    registers: tuple[Subcircuit, ...] | None,
    random: np.random.Generator,
) -> Iterator[Measurement]:
    """The measurement without each group of shots; shots are divided into groups at random.

    Shots of the calibration are divided as well, and each measurement is mitigated again without its group. An error
    from these measurements therefore includes the effects of calibration, inversion and projection.

    Raises:
        UserError: if there is a single shot, or without a group a qubit's calibration is impossible.
    """
    measured = [one for points in counts for one in points] + [one for readout in readouts for one in readout.prepared]
    groups = min(GROUPS, *(one.shots for one in measured))
    if groups < 2:
        raise UserError("the jackknife cannot leave out a single shot; give at least 2")
    shots = [[left_out(one, groups, random) for one in points] for points in counts]
    prepared = [[left_out(one, groups, random) for one in readout.prepared] for readout in readouts]
    for group in range(groups):
        yield measurement_of(
            subcircuits,
            [
                [without(one, own[group]) for one, own in zip(points, remaining, strict=True)]
                for points, remaining in zip(counts, shots, strict=True)
            ],
            [
                Readout.of([without(one, own[group]) for one, own in zip(readout.prepared, remaining, strict=True)])
                if readout.prepared
                else readout
                for readout, remaining in zip(readouts, prepared, strict=True)
            ],
            centre,
            registers,
        )


def left_out(counts: Counts, groups: int, random: np.random.Generator) -> Int[np.ndarray, "groups networks"]:
    """How often each outcome occurs without each group of shots; the groups are random."""
    owners = random.permutation(counts.shots) % groups
    rows = np.repeat(np.arange(len(counts.counts)), counts.counts)
    own = np.bincount(owners * len(counts.counts) + rows, minlength=groups * len(counts.counts))
    return counts.counts - own.reshape(groups, -1)


def without(counts: Counts, remaining: Int[np.ndarray, " networks"]) -> Counts:
    """The counts of the remaining shots, without outcomes that no longer occur."""
    kept = remaining > 0
    return Counts(counts.bits[kept], remaining[kept])


def corrected_register(points: Sequence[Counts], qubits: slice, readout: Readout) -> tuple[Outcomes, ...]:
    """The outcomes of one register at every point."""
    matrices = readout.matrices[qubits]
    size = len(matrices)
    tables = np.stack(
        [np.bincount(index_of(one.bits[:, qubits]), one.counts, minlength=2**size) / one.shots for one in points]
    )
    patterns = bits_of(np.arange(2**size), size)
    found = []
    for table, one in zip(nearest(inverted(tables, matrices)), points, strict=True):
        kept = table > 0
        found.append(Outcomes(patterns[kept], table[kept] / table.sum(), one.shots))
    return tuple(found)


def inverted(
    tables: Float[np.ndarray, "points outcomes"], matrices: Float[np.ndarray, "qubits 2 2"]
) -> Float[np.ndarray, "points outcomes"]:
    """Quasi-probabilities: the tables with readout errors inverted; some may be negative."""
    shaped = tables.reshape(len(tables), *[2] * len(matrices))
    for qubit, matrix in enumerate(matrices):
        shaped = np.moveaxis(np.tensordot(np.linalg.inv(matrix), shaped, (1, qubit + 1)), 0, qubit + 1)
    return shaped.reshape(tables.shape)


def nearest(tables: Float[np.ndarray, "points outcomes"]) -> Float[np.ndarray, "points outcomes"]:
    """The distributions nearest in squared distance to rows that sum to 1 (Held, Wolfe and Crowder 1974)."""
    falling = -np.sort(-tables, axis=1)
    places = np.arange(1, tables.shape[1] + 1)
    levels = (np.cumsum(falling, axis=1) - 1.0) / places
    last = (falling > levels).sum(axis=1) - 1
    return np.maximum(tables - levels[np.arange(len(tables)), last][:, None], 0.0)
