"""Standard errors of energies from shots: they are the spread of the energies over many draws of the same shots."""

from typing import Any

import numpy as np
import pytest

import hyperborn as hb
import infinite_shots
import oracle
from hyperborn.backends import Counts, Readout, Statevector
from hyperborn.circuits import AllPairs
from hyperborn.networks import BinaryMLP
from hyperborn.posteriors import Registers
from hyperborn.training.shots.measurement import Measurement
from hyperborn.training.shots.posteriors import ShotRegister, ShotRegisters
from hyperborn.training.shots.readout import left_out, measurement_of
from sampled_problem import Task

TASK = Task(BinaryMLP(2, (1,)))
WRONG = 0.1
"""How often a bit is read wrongly."""
DRAWS = 60


def posterior_of(kind: str, mitigation: Any) -> Any:
    if kind == "one register":
        return ShotRegister(AllPairs(5, 1), Statevector(), mitigation)
    registers = Registers(5, depth=1, grouping=((3, 0), (4, 1), (2,)))
    return ShotRegisters(registers, Statevector(), mitigation)


def read(rows: np.ndarray, random: np.random.Generator, wrong: float) -> Counts:
    return Counts.of((rows ^ (random.random(rows.shape) < wrong)).astype(np.uint8))


def drawn(posterior: Any, shots: int, calibration: int, width: int | None, random: np.random.Generator) -> Measurement:
    """A measurement of shots at fixed parameters, and of as many shots as are said for either preparation."""
    params = np.random.default_rng(1).uniform(-2, 2, posterior.n_parameters)
    q, subcircuits = infinite_shots.joint(posterior, params), posterior.subcircuits(width)
    wrong = WRONG if posterior.mitigation == "readout" else 0.0
    rows = [oracle.all_bits(5)[random.choice(32, shots, p=q)][:, subcircuit.weights] for subcircuit in subcircuits]
    counts = [[read(own, random, wrong)] for own in rows]
    prepared = [
        np.full((calibration, len(subcircuit.weights)), bit, np.uint8) for subcircuit in subcircuits for bit in (0, 1)
    ]
    readouts = [
        Readout.of([read(own, random, wrong) for own in prepared[2 * place : 2 * place + 2]])
        for place in range(len(subcircuits))
    ]
    return measurement_of(subcircuits, counts, readouts if wrong else None, 1, posterior.register_subcircuits)


# Shots and calibration so that each of their parts is the larger one once; of mitigated ones the error was less than
# half of the spread, and of the registers' 0.6 of it.
CASES = [
    ("one register", "readout", 400, 2000, None),
    ("registers", "none", 40, 1, None),
    ("registers", "readout", 100, 2000, 3),
    ("registers", "readout", 5000, 40, None),
]


@pytest.mark.parametrize(("kind", "mitigation", "shots", "calibration", "width"), CASES)
def test_errors_are_the_spread_over_draws(
    kind: str, mitigation: str, shots: int, calibration: int, width: int | None
) -> None:
    """60 draws, seed 7: the spread is then known to 9 %, a standard error; the ratio is within three of them."""
    posterior, random = posterior_of(kind, mitigation), np.random.default_rng(7)
    variation = posterior.variation(hb.MLE(), hb.Uniform(), TASK.network, TASK.source)
    found = [
        variation.estimate(drawn(posterior, shots, calibration, width, random), random, error=True).energy
        for _ in range(DRAWS)
    ]
    spread = np.std([one.mean for one in found], ddof=1)
    ratio = spread / np.mean([one.standard_error or np.nan for one in found])
    assert abs(ratio - 1) < 3 / np.sqrt(2 * (DRAWS - 1))


@pytest.mark.parametrize("kind", ["one register", "registers"])
def test_the_error_changes_nothing_but_itself(kind: str) -> None:
    """Whoever does not ask for it gets the same estimate, and no error of mitigated outcomes."""
    posterior = posterior_of(kind, "readout")
    variation = posterior.variation(hb.SELBO(), hb.Uniform(), TASK.network, TASK.source)
    measurement = drawn(posterior, 200, 1000, None, np.random.default_rng(2))
    plain, asked = (variation.estimate(measurement, np.random.default_rng(3), error=error) for error in (False, True))
    assert (plain.loss, plain.energy.mean, plain.penalty) == (asked.loss, asked.energy.mean, asked.penalty)
    assert plain.energy.standard_error is None
    assert asked.energy.standard_error
    # The groups follow from the random numbers given, and from nothing else.
    assert variation.estimate(measurement, np.random.default_rng(3), error=True).energy == asked.energy


@pytest.mark.parametrize(("zeros", "ones"), [(4, (1, 1)), (1, (0, 1))], ids=["says nothing", "a single shot"])
def test_calibrations_too_short_to_leave_shots_out_have_no_error(zeros: int, ones: tuple[int, int]) -> None:
    """Without the only shot that says that qubit 0 is read as 1 when it is 1, it cannot be mitigated."""
    posterior = posterior_of("one register", "readout")
    variation = posterior.variation(hb.MLE(), hb.Uniform(), TASK.network, TASK.source)
    bits = np.array([[0, 1, 1, 1, 1], [1, 1, 1, 1, 1]], np.uint8)
    prepared = (Counts(np.zeros((1, 5), np.uint8), np.array([zeros])), Counts(bits, np.array(ones)))
    counts, readout = Counts.of(oracle.all_bits(5)), Readout.of(prepared)
    subcircuits, alone = posterior.subcircuits(None), posterior.register_subcircuits
    measurement = measurement_of(subcircuits, [[counts]], [readout], 1, alone)
    energy = variation.estimate(measurement, np.random.default_rng(0), error=True).energy
    assert np.isfinite(energy.mean)
    assert energy.standard_error is None


def test_every_shot_is_in_one_group() -> None:
    counts = Counts(oracle.all_bits(2), np.array([17, 0, 30, 6]))
    remaining = left_out(counts, 20, np.random.default_rng(0))
    own = counts.counts - remaining
    assert own.min() >= 0
    np.testing.assert_array_equal(own.sum(axis=0), counts.counts)
    assert set(own.sum(axis=1)) == {2, 3}
    # Not in the order of the outcomes.
    assert (own[:, 0] > 0).sum() > 17 / 3 + 1
