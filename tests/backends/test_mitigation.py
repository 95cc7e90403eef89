import numpy as np
import pytest

from batch_counts import counted
from hyperborn.backends import Batch, Counts, FakeDevice, Outcomes, Points, Readout
from hyperborn.backends.mitigation import calibration_preparations
from hyperborn.circuits import Brickwork
from hyperborn.errors import UserError

LOW, HIGH = np.linspace(0.01, 0.06, 6), np.linspace(0.2, 0.02, 6)
"""How often each of 6 qubits is read as 1 when it is 0, and as 0 when it is 1: other values in another order."""


def read(bits: np.ndarray, random: np.random.Generator) -> np.ndarray:
    wrong = random.random(bits.shape) < np.where(bits == 1, HIGH, LOW)
    return (bits ^ wrong).astype(np.uint8)


def calibrated(random: np.random.Generator) -> Readout:
    prepared = np.array([[0], [1]], np.uint8).repeat(6, axis=1)
    return Readout.of([Counts.of(read(row[None].repeat(40_000, axis=0), random)) for row in prepared])


def distance(outcomes: Outcomes, truth: dict[bytes, float]) -> float:
    """Total variation."""
    found = {row.tobytes(): weight for row, weight in zip(outcomes.bits, outcomes.weights, strict=True)}
    return sum(abs(found.get(key, 0.0) - truth.get(key, 0.0)) for key in found.keys() | truth.keys()) / 2


def test_matrices_are_those_of_the_qubits() -> None:
    readout = calibrated(np.random.default_rng(0))
    np.testing.assert_allclose(readout.matrices.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    # 5 standard errors of 40,000 shots.
    assert np.abs(readout.matrices[:, 1, 0] - LOW).max() < 5 * np.sqrt(0.06 * 0.94 / 40_000)
    assert np.abs(readout.matrices[:, 0, 1] - HIGH).max() < 5 * np.sqrt(0.2 * 0.8 / 40_000)


def test_mitigated_outcomes_are_nearer_to_the_truth() -> None:
    random = np.random.default_rng(1)
    states = np.array([[1, 1, 1, 0, 0, 0], [0, 0, 1, 0, 1, 1], [0, 1, 0, 0, 0, 1]], np.uint8)
    shots = states[random.choice(3, 20_000, p=[0.5, 0.3, 0.2])]
    truth = dict(zip(map(np.ndarray.tobytes, states), (0.5, 0.3, 0.2), strict=True))
    counts = Counts.of(read(shots, random))
    raw, mitigated = Outcomes.of(counts), calibrated(random).corrected(counts)
    assert mitigated.shots == raw.shots == 20_000
    assert mitigated.weights.min() > 0
    np.testing.assert_allclose([raw.weights.sum(), mitigated.weights.sum()], 1.0, rtol=0, atol=1e-12)
    assert distance(raw, truth) > 0.3
    # Standard errors of the three frequencies add up to about 0.01, inversion makes them about twice as large.
    assert distance(mitigated, truth) < 0.06


def test_on_a_fake_device() -> None:
    circuit = Brickwork(4, 1)
    request = Points(circuit, np.zeros((1, 8)))
    batch = Batch("test", (calibration_preparations(circuit), request), 2000, 3)
    zeros, ones, found = counted(FakeDevice("fake_lima").connect(), batch)
    mitigated = Readout.of([zeros, ones]).corrected(found)

    def wrong(outcomes: Outcomes) -> float:
        return 1 - float(outcomes.weights[~outcomes.bits.any(axis=1)].sum())

    assert wrong(mitigated) < wrong(Outcomes.of(found)) / 2


def test_calibrations_that_show_nothing() -> None:
    zeros = Counts(np.zeros((1, 3), np.uint8), np.array([10]))
    with pytest.raises(UserError, match="calibration of 1 preparations"):
        Readout.of([zeros])
    with pytest.raises(UserError, match="qubit 0 is read as 1 no more often when it is 1"):
        Readout.of([zeros, zeros])
