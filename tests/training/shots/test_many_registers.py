"""The first variation of registers that are independent, in one subcircuit and in several."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest

import hyperborn as hb
import infinite_shots
import objectives_oracle
import oracle
from estimation import deviations
from hyperborn.backends import Statevector
from hyperborn.networks import BinaryMLP
from hyperborn.objectives.divergences import MMD
from hyperborn.objectives.objectives import Objective
from hyperborn.posteriors import Registers
from hyperborn.training.shots.many_registers import ManyRegistersVariation, registers_by_subcircuit
from hyperborn.training.shots.posteriors import ShotRegisters, Subcircuit
from sampled_problem import KAPPAS, KERNEL, LIKELY, WEIGHT, Task, penalty_of_registers

TASK = Task(BinaryMLP(2, (1,)))
POSTERIOR = ShotRegisters(Registers(5, depth=1, grouping=((3, 0), (4, 1), (2,))), Statevector())
PARAMS = np.random.default_rng(1).uniform(-2, 2, POSTERIOR.n_parameters)
POINTS = np.stack([PARAMS, *(PARAMS + 0.5 * np.random.default_rng(2).normal(size=(4, len(PARAMS))))])
SELBO = hb.SELBO(WEIGHT, MMD(KERNEL))
every_width = pytest.mark.parametrize("width", [None, 3, 1])
DRAWS = 300


def variation(objective: Objective) -> ManyRegistersVariation:
    found = POSTERIOR.variation(objective, hb.Bernoulli(LIKELY), TASK.network, TASK.source)
    assert isinstance(found, ManyRegistersVariation)
    return found


def tables_at(point: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights and table of every register, group by group."""
    return [
        (subcircuit.weights, infinite_shots.table_of(subcircuit.circuit, point[subcircuit.parameters]))
        for subcircuit in POSTERIOR.subcircuits(1)
    ]


@every_width
def test_registers_are_found_in_their_turns(width: int | None) -> None:
    measurement = infinite_shots.measurement_of(POSTERIOR, POINTS, 1, width)
    found = variation(hb.MLE()).tables(measurement)
    for place, point in enumerate(POINTS):
        (_, first), (_, second), (_, single) = tables_at(point)
        np.testing.assert_allclose(found[0][place], np.stack([first, second], axis=1), rtol=0, atol=1e-12)
        np.testing.assert_allclose(found[1][place], single[:, None], rtol=0, atol=1e-12)


def test_seats_name_turns_and_qubits() -> None:
    pairs, single = POSTERIOR.groups
    # Of subcircuits of 2, and of 2 + 1 qubits.
    subcircuits = POSTERIOR.subcircuits(3)
    assert [subcircuit.weights.tolist() for subcircuit in subcircuits] == [[3, 0], [4, 1, 2]]
    first, second = registers_by_subcircuit(pairs, subcircuits)
    assert (first.subcircuit, first.registers.tolist(), first.qubits.tolist()) == (0, [0], [[0, 1]])
    assert (second.subcircuit, second.registers.tolist(), second.qubits.tolist()) == (1, [1], [[0, 1]])
    (last,) = registers_by_subcircuit(single, subcircuits)
    assert (last.subcircuit, last.registers.tolist(), last.qubits.tolist()) == (1, [0], [[2]])


def changed(subcircuits: Sequence[Subcircuit], here: np.ndarray, place: int, change: np.ndarray) -> np.ndarray:
    """By how much q (32,) changes with the table of one register, the others being as a measurement draws them.

    Where several points are the reference, all registers of a subcircuit are at one of them, and each subcircuit
    at its own.
    """
    registers = [tables_at(point) for point in here]
    subcircuit_of = [
        next(t for t, subcircuit in enumerate(subcircuits) if weights[0] in subcircuit.weights)
        for weights, _ in registers[0]
    ]
    choices = list(product(range(len(here)), repeat=len(subcircuits)))
    total = np.zeros(32)
    for choice in choices:
        drawn = [registers[choice[subcircuit]][own] for own, subcircuit in enumerate(subcircuit_of)]
        drawn[place] = (drawn[place][0], change)
        total += infinite_shots.joined(drawn, 5) / len(choices)
    return total


@every_width
@pytest.mark.parametrize("centre", [1, 0])
def test_energies_differ_as_the_mean_over_the_other_registers(centre: int, width: int | None) -> None:
    """Of 300 times 16 drawn networks, within 5 standard errors of the exact differences."""
    points = POINTS if centre else POINTS[1:]
    measurement = infinite_shots.measurement_of(POSTERIOR, points, centre, width)
    mle, random = variation(hb.MLE()), np.random.default_rng(3)
    draws = [np.concatenate(mle.differences(measurement, random), axis=1) for _ in range(DRAWS)]
    expected = np.zeros((2, 3))
    for pair, place in np.ndindex(2, 3):
        plus, minus = tables_at(points[centre + pair]), tables_at(points[centre + 2 + pair])
        change = plus[place][1] - minus[place][1]
        expected[pair, place] = (
            changed(measurement.subcircuits, points[measurement.reference], place, change) @ TASK.energies
        )
    assert np.abs(deviations(draws, expected)).max() < 5
    # Were the draws too few to tell it from 0, they would prove nothing.
    assert np.linalg.norm(np.mean(draws, axis=0) - expected) < 0.15 * np.linalg.norm(expected)


@every_width
@pytest.mark.parametrize("centre", [1, 0])
def test_charges_differ_exactly(centre: int, width: int | None) -> None:
    """The same draws with and without the penalty: what is left is the penalty's own difference.

    Around a centre that of its first variation there; of one pair alone, that of the penalty itself.
    """
    points = POINTS[[0, 1, 3]] if centre else POINTS[[1, 3]]
    measurement = infinite_shots.measurement_of(POSTERIOR, points, centre, width)
    both = [
        np.concatenate(variation(objective).differences(measurement, np.random.default_rng(4)), axis=1)
        for objective in (SELBO, hb.MLE())
    ]
    expected = []
    for place in range(3):
        q, plus, minus = (tables_at(point)[place][1] for point in (points[0], points[-2], points[-1]))
        k = len(q).bit_length() - 1
        p = objectives_oracle.product_distribution([LIKELY] * k)
        kernel = objectives_oracle.kernel_matrix(k, KAPPAS)
        if centre:
            expected.append(2 * WEIGHT * (plus - minus) @ kernel @ (q - p))
        else:
            ends = [objectives_oracle.squared_discrepancy(end, p, kernel) for end in (plus, minus)]
            expected.append(WEIGHT * (ends[0] - ends[1]))
    np.testing.assert_allclose((both[0] - both[1])[0], expected, rtol=0, atol=1e-9)
    assert np.abs(expected).max() > 0.1


def test_energies_of_outcomes_put_each_outcome_into_every_row() -> None:
    mle = variation(hb.MLE())
    rows = np.random.default_rng(0).integers(0, 2, (3, 5), np.uint8)
    for group in POSTERIOR.groups:
        found = mle.energies_of_outcomes(rows, group)
        for register, places in enumerate(group.places):
            for outcome, pattern in enumerate(oracle.all_bits(len(places))):
                changed = rows.copy()
                changed[:, places] = pattern
                expected = TASK.energies[changed.astype(int) @ [16, 8, 4, 2, 1]].mean()
                assert found[outcome, register] == pytest.approx(expected, rel=1e-6)


@every_width
def test_the_standing_is_that_of_the_centre(width: int | None) -> None:
    """Energies of 64 networks, within 5 standard errors of the mean of 100 such; the penalty exactly."""
    selbo, random = variation(SELBO), np.random.default_rng(6)
    measurement = infinite_shots.measurement_of(POSTERIOR, POINTS, 1, width)
    found = [selbo.estimate(measurement, random) for _ in range(100)]
    q = infinite_shots.joint(POSTERIOR, PARAMS)
    exact = float(q @ TASK.energies)
    energies = [one.energy.mean for one in found]
    assert abs(deviations(energies, [exact])[0]) < 5
    deviation = np.sqrt(q @ (TASK.energies - exact) ** 2 / 64)
    errors = [one.energy.standard_error or 0.0 for one in found]
    assert np.mean(errors) == pytest.approx(deviation, rel=0.1)
    assert found[0].energy.n == 64
    assert found[0].penalty == pytest.approx(WEIGHT * penalty_of_registers(POSTERIOR, PARAMS), rel=1e-9)
    assert found[0].loss == pytest.approx(found[0].energy.mean + found[0].penalty)
    np.testing.assert_array_equal(found[0].most_probable, oracle.all_bits(5)[q.argmax()])
