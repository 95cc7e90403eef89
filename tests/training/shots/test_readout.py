"""Errors of the readout, taken out of registers one by one."""

import numpy as np
import pytest

from hyperborn.backends import Counts, Readout, Statevector
from hyperborn.posteriors import Registers
from hyperborn.training.shots.posteriors import ShotRegisters
from hyperborn.training.shots.readout import inverted, measurement_of, nearest

ERRORS = np.array([[0.02, 0.08], [0.05, 0.1], [0.01, 0.03], [0.1, 0.2]])
"""P(read 1 | was 0) and P(read 0 | was 1) of four qubits."""

MATRICES = np.stack([[[1 - low, high], [low, 1 - high]] for low, high in ERRORS])


def test_inversion_undoes_the_readout() -> None:
    whole = np.eye(1)
    for matrix in MATRICES:
        whole = np.kron(whole, matrix)
    true = np.random.default_rng(0).dirichlet(np.ones(16), 3)
    np.testing.assert_allclose(inverted(true @ whole.T, MATRICES), true, atol=1e-12)


def test_the_nearest_distribution_is_nearer_than_any_other() -> None:
    random = np.random.default_rng(1)
    rows = random.normal(0.25, 0.3, (20, 4))
    rows += (1.0 - rows.sum(axis=1, keepdims=True)) / 4
    found = nearest(rows)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-12)
    distance = ((found - rows) ** 2).sum(axis=1)
    for other in random.dirichlet(np.full(4, 0.5), 2000):
        assert (distance <= ((other - rows) ** 2).sum(axis=1) + 1e-12).all()
    inside = random.dirichlet(np.ones(4), 5)
    np.testing.assert_allclose(nearest(inside), inside, atol=1e-12)


@pytest.mark.parametrize("n", [12, 48])
def test_wide_circuits_of_registers_are_corrected_as_well_as_narrow_ones(n: int) -> None:
    # Among the outcomes seen of 48 qubits there is nothing to correct: hardly one comes twice.
    random, shots = np.random.default_rng(2), 4000
    posterior = ShotRegisters(Registers(n, 4, 1), Statevector(), "readout")
    (subcircuit,) = posterior.subcircuits(None)
    bits = (random.random((shots, n)) < 0.1).astype(np.uint8)
    flipped = bits ^ (random.random((shots, n)) < 0.05)
    matrices = np.tile([[0.95, 0.05], [0.05, 0.95]], (n, 1, 1))
    measurement = measurement_of(
        (subcircuit,),
        [[Counts.of(flipped.astype(np.uint8))]],
        [Readout(matrices)],
        1,
        posterior.register_subcircuits,
    )
    assert len(measurement.subcircuits) == n // 4
    means = np.empty(n)
    for one, (outcomes,) in zip(measurement.subcircuits, measurement.outcomes, strict=True):
        means[one.weights] = outcomes.weights @ outcomes.bits
    # Raw counts have 0.14. The error of a mean over all qubits is 1 / (1 - 2 · 0.05) times that of raw counts; seed 2.
    error = np.sqrt(0.14 * 0.86 / (shots * n)) / 0.9
    assert abs(means.mean() - 0.1) < 5 * error
    networks = measurement.networks(5, random)
    assert networks.shape == (5, n)
