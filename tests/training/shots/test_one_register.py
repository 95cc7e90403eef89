"""The first variation of one register: exact tables as outcomes give exact differences."""

import numpy as np
import pytest

import hyperborn as hb
import infinite_shots
import objectives_oracle
import oracle
from hyperborn.backends import Counts, Outcomes, Statevector
from hyperborn.circuits import AllPairs
from hyperborn.networks import BinaryMLP
from hyperborn.objectives.divergences import MMD
from hyperborn.objectives.objectives import Objective
from hyperborn.training.shots.measurement import Measurement
from hyperborn.training.shots.posteriors import ShotRegister
from hyperborn.training.shots.variation import FirstVariation
from sampled_problem import KERNEL, LIKELY, WEIGHT, Task

TASK = Task(BinaryMLP(2, (1,)))
POSTERIOR = ShotRegister(AllPairs(5, 1), Statevector())
RANDOM = np.random.default_rng(0)
PARAMS = np.random.default_rng(1).uniform(-2, 2, POSTERIOR.n_parameters)
POINTS = np.stack([PARAMS, *(PARAMS + 0.5 * np.random.default_rng(2).normal(size=(6, len(PARAMS))))])
OBJECTIVES = [(hb.MLE(), 0.0), (hb.SELBO(WEIGHT, MMD(KERNEL)), WEIGHT)]
both = pytest.mark.parametrize(("objective", "weight"), OBJECTIVES, ids=["mle", "selbo"])


def variation(objective: Objective) -> FirstVariation:
    return POSTERIOR.variation(objective, hb.Bernoulli(LIKELY), TASK.network, TASK.source)


def value(q: np.ndarray, weight: float) -> float:
    return float(q @ TASK.energies + weight * objectives_oracle.squared_discrepancy(q, TASK.prior, TASK.kernel))


@both
def test_around_a_centre_the_first_variation_is_held_fixed(objective: Objective, weight: float) -> None:
    q = np.stack([infinite_shots.joint(POSTERIOR, point) for point in POINTS])
    r = TASK.energies + 2 * weight * TASK.kernel @ (q[0] - TASK.prior)
    (found,) = variation(objective).differences(infinite_shots.measurement_of(POSTERIOR, POINTS, 1), RANDOM)
    np.testing.assert_allclose(found, ((q[1:4] - q[4:]) @ r)[:, None], rtol=0, atol=1e-6)
    assert np.abs(found).min() > 0.01


@both
def test_pairs_alone_differ_as_the_objective_does(objective: Objective, weight: float) -> None:
    q = np.stack([infinite_shots.joint(POSTERIOR, point) for point in POINTS[1:]])
    (found,) = variation(objective).differences(infinite_shots.measurement_of(POSTERIOR, POINTS[1:], 0), RANDOM)
    expected = [[value(plus, weight) - value(minus, weight)] for plus, minus in zip(q[:3], q[3:], strict=True)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    assert np.abs(found).min() > 0.01


@both
def test_the_standing_is_that_of_the_centre(objective: Objective, weight: float) -> None:
    found = variation(objective).estimate(infinite_shots.measurement_of(POSTERIOR, POINTS, 1), RANDOM)
    q = infinite_shots.joint(POSTERIOR, PARAMS)
    assert found.energy.mean == pytest.approx(q @ TASK.energies, rel=1e-6)
    assert found.loss == pytest.approx(value(q, weight), rel=1e-6)
    assert found.penalty == pytest.approx(found.loss - found.energy.mean, abs=1e-9)
    assert (found.penalty > 0.1) == (weight > 0)
    np.testing.assert_array_equal(found.most_probable, oracle.all_bits(5)[q.argmax()])


def test_without_a_centre_the_standing_is_the_mean_of_all_points() -> None:
    found = variation(OBJECTIVES[1][0]).estimate(infinite_shots.measurement_of(POSTERIOR, POINTS[1:], 0), RANDOM)
    q = np.stack([infinite_shots.joint(POSTERIOR, point) for point in POINTS[1:]])
    penalties = [objectives_oracle.squared_discrepancy(one, TASK.prior, TASK.kernel) for one in q]
    assert found.energy.mean == pytest.approx(q.mean(axis=0) @ TASK.energies, rel=1e-6)
    assert found.penalty == pytest.approx(WEIGHT * np.mean(penalties), rel=1e-6)
    np.testing.assert_array_equal(found.most_probable, oracle.all_bits(5)[q.mean(axis=0).argmax()])


def test_the_standard_error_is_that_of_the_shots() -> None:
    shots = np.random.default_rng(5).choice(32, 200, p=infinite_shots.joint(POSTERIOR, PARAMS))
    outcomes = Outcomes.of(Counts.of(oracle.all_bits(5)[shots]))
    measurement = Measurement(POSTERIOR.subcircuits(None), ((outcomes,),), 1)
    energy = variation(hb.MLE()).estimate(measurement, RANDOM).energy
    drawn = TASK.energies[shots]
    assert energy.n == 200
    assert energy.mean == pytest.approx(drawn.mean(), rel=1e-6)
    assert energy.standard_error == pytest.approx(drawn.std(ddof=1) / np.sqrt(200), rel=1e-6)
