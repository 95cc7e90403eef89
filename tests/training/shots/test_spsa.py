"""Simultaneous perturbation: its mean is that over all directions, and nears the gradient as the steps shrink."""

from itertools import product
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
import infinite_shots
import objectives_oracle
from hyperborn.backends import Statevector
from hyperborn.circuits import ProductState
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.objectives.divergences import MMD
from hyperborn.posteriors import Registers
from hyperborn.training.estimators import SPSA
from hyperborn.training.shots.estimator import Design
from hyperborn.training.shots.posteriors import ShotPosterior, ShotRegister, ShotRegisters
from sampled_problem import KERNEL, LIKELY, WEIGHT, Task, penalty_of_registers

TASK = Task(BinaryMLP(2, (1,)))
POSTERIOR = ShotRegister(ProductState(5), Statevector())
REGISTERS = ShotRegisters(Registers(5, depth=1, grouping=((3, 0), (4, 1), (2,))), Statevector())
PARAMS = np.random.default_rng(1).uniform(-2, 2, 5)
SELBO = hb.SELBO(WEIGHT, MMD(KERNEL))
SIGNS = np.array(list(product([-1.0, 1.0], repeat=5)))


def loss(params: np.ndarray) -> float:
    q = infinite_shots.joint(POSTERIOR, params)
    return float(q @ TASK.energies + WEIGHT * objectives_oracle.squared_discrepancy(q, TASK.prior, TASK.kernel))


def gradient(design: Design, posterior: ShotPosterior, params: np.ndarray, seed: int = 0) -> np.ndarray:
    """With endlessly many shots at every point."""
    random = np.random.default_rng(seed)
    variation = posterior.variation(SELBO, hb.Bernoulli(LIKELY), TASK.network, TASK.source)
    measurement = infinite_shots.measurement_of(posterior, design.points(params), 0)
    return design.gradient(posterior.groups, variation.differences(measurement, random))


def plain(size: float) -> np.ndarray:
    """The mean over all 32 sign vectors of Spall's estimate."""
    return np.mean(
        [(loss(PARAMS + size * signs) - loss(PARAMS - size * signs)) / (2 * size * signs) for signs in SIGNS], axis=0
    )


@pytest.mark.parametrize("step", [0, 1, 99])
def test_the_points_are_all_angles_up_or_down_by_a_step_that_shrinks(step: int) -> None:
    estimator = SPSA(directions=3, perturbation=0.4)
    design = estimator.design(POSTERIOR, step, np.random.default_rng(0))
    size = 0.4 / (step + 1) ** 0.101
    assert (design.centre, design.n_points) == (False, 6)
    np.testing.assert_allclose(np.abs(design.shifts), size, rtol=1e-12)
    np.testing.assert_allclose(design.factors, 1 / (2 * 3 * design.shifts), rtol=1e-12)
    points = design.points(PARAMS)
    np.testing.assert_allclose(points[:3] - PARAMS, design.shifts, rtol=0, atol=1e-15)
    np.testing.assert_allclose(points[3:] - PARAMS, -design.shifts, rtol=0, atol=1e-15)


def test_directions_are_all_sign_vectors_alike() -> None:
    """Of 6,400 each of the 32 within 5 standard errors of 200."""
    shifts = SPSA(directions=6400).design(POSTERIOR, 0, np.random.default_rng(1)).shifts
    places = (shifts > 0) @ [16, 8, 4, 2, 1]
    assert np.abs(np.bincount(places, minlength=32) - 200).max() < 5 * np.sqrt(200)


def test_one_direction_is_its_difference_along_every_angle() -> None:
    design = SPSA(perturbation=0.3).design(POSTERIOR, 0, np.random.default_rng(2))
    (shift,) = design.shifts
    expected = (loss(PARAMS + shift) - loss(PARAMS - shift)) / (2 * shift)
    np.testing.assert_allclose(gradient(design, POSTERIOR, PARAMS), expected, rtol=0, atol=1e-5)
    assert np.abs(expected).min() > 0.1


def test_the_mean_over_all_directions_nears_the_gradient() -> None:
    """By the square of the perturbation, within a tenth of which 0.05 radians are."""
    exact = infinite_shots.slope(loss, PARAMS)
    errors = []
    for size in (0.2, 0.1, 0.05):
        found = gradient(Design(False, size * SIGNS, SIGNS / (2 * size * len(SIGNS))), POSTERIOR, PARAMS)
        np.testing.assert_allclose(found, plain(size), rtol=0, atol=1e-5)
        errors.append(np.linalg.norm(found - exact))
    assert errors[2] < 0.1 * np.linalg.norm(exact)
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.15)
    assert errors[1] / errors[2] == pytest.approx(4, rel=0.15)


def test_registers_learn_from_their_own_outcomes() -> None:
    """One pair: the derivatives of a register's angles are its difference alone, over twice each shift.

    Where energies count for nothing beside the penalty, which is a sum over registers.
    """
    params = np.random.default_rng(3).uniform(-2, 2, REGISTERS.n_parameters)
    design = SPSA(perturbation=0.3).design(REGISTERS, 0, np.random.default_rng(4))
    found = [gradient_of(objective, design, params) for objective in (SELBO, hb.MLE())]
    (shift,) = design.shifts
    for group in REGISTERS.groups:
        for own in group.parameters:
            up, down = params.copy(), params.copy()
            up[own] += shift[own]
            down[own] -= shift[own]
            difference = WEIGHT * (penalty_of_registers(REGISTERS, up) - penalty_of_registers(REGISTERS, down))
            np.testing.assert_allclose((found[0] - found[1])[own], difference / (2 * shift[own]), rtol=0, atol=1e-8)
            assert abs(difference) > 0.01


def gradient_of(objective: Any, design: Design, params: np.ndarray) -> np.ndarray:
    random = np.random.default_rng(0)
    variation = REGISTERS.variation(objective, hb.Bernoulli(LIKELY), TASK.network, TASK.source)
    measurement = infinite_shots.measurement_of(REGISTERS, design.points(params), 0)
    return design.gradient(REGISTERS.groups, variation.differences(measurement, random))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"shots": 1}, "shots=1 must be a whole number of at least 2"),
        ({"directions": 0}, "directions=0 must be a whole number of at least 1"),
        ({"perturbation": 0.0}, "perturbation = 0.0: give a positive number of radians"),
        ({"perturbation": float("nan")}, "perturbation = nan"),
        ({"average": 1.5}, "average = 1.5: give a fraction of the steps from 0 to 1"),
        ({"average": "half"}, "average = 'half'"),
    ],
    ids=str,
)
def test_settings_are_checked(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        SPSA(**settings)
