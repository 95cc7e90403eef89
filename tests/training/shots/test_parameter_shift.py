"""Parameter shifts: exact with endlessly many shots, and unbiased with few."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import infinite_shots
import objectives_oracle
import oracle
from batch_counts import counted
from estimation import deviations
from hyperborn.backends import Outcomes, Statevector
from hyperborn.backends.batch import Counts
from hyperborn.circuits import AllPairs, Angle, Brickwork, Circuit, GateList, ProductState, SideBySide, parameters
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.objectives.divergences import MMD
from hyperborn.objectives.objectives import Objective
from hyperborn.posteriors import Registers
from hyperborn.training.estimators import ParameterShift
from hyperborn.training.shots.measurement import Measurement
from hyperborn.training.shots.posteriors import ShotPosterior, ShotRegister, ShotRegisters, batch_of
from sampled_problem import KERNEL, LIKELY, WEIGHT, Task, penalty_of_registers

TASK = Task(BinaryMLP(2, (1,)))
WHOLE = Task(BinaryMLP(3, ()))
SMALL = Task(BinaryMLP(2, ()))
BACKEND = Statevector()
CIRCUITS: list[Circuit] = [AllPairs(4, 1), Brickwork(4, 2), ProductState(4)]
REGISTERS = ShotRegisters(Registers(5, depth=1, grouping=((3, 0), (4, 1), (2,))), BACKEND)
SELBO = hb.SELBO(WEIGHT, MMD(KERNEL))
OBJECTIVES: list[tuple[Objective, float]] = [(hb.MLE(), 0.0), (SELBO, WEIGHT)]
both = pytest.mark.parametrize(("objective", "weight"), OBJECTIVES, ids=["mle", "selbo"])


def params_of(posterior: ShotPosterior) -> np.ndarray:
    return np.random.default_rng(1).uniform(-2, 2, posterior.n_parameters)


def gradient(
    estimator: ParameterShift,
    posterior: ShotPosterior,
    task: Task,
    objective: Objective,
    params: np.ndarray,
    seed: int = 0,
) -> np.ndarray:
    """With endlessly many shots at every point."""
    random = np.random.default_rng(seed)
    variation = posterior.variation(objective, hb.Bernoulli(LIKELY), task.network, task.source)
    design = estimator.design(posterior, 0, random)
    angles = estimator.measured(posterior)
    measurement = infinite_shots.measurement_of(angles.measured, design.points(angles.at(params)), 1)
    return design.gradient(posterior.groups, variation.differences(measurement, random))


def test_the_points_are_the_angles_and_each_angle_shifted_by_a_right_angle_either_way() -> None:
    posterior = ShotRegister(ProductState(3), BACKEND)
    design = ParameterShift().design(posterior, 7, np.random.default_rng(0))
    params = np.array([0.1, 0.2, 0.3], np.float32)
    assert (design.centre, design.n_points) == (True, 7)
    found = design.points(params)
    own, quarter = params.astype(np.float64), np.pi / 2 * np.eye(3)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, np.concatenate([own[None], own + quarter, own - quarter]), rtol=0, atol=1e-15)
    differences = np.array([[0.5], [-1.0], [3.0]])
    np.testing.assert_allclose(design.gradient(posterior.groups, [differences]), [0.25, -0.5, 1.5], rtol=1e-15)


def test_registers_are_shifted_together_each_in_one_angle() -> None:
    """As many pairs as the largest register has angles; smaller ones stay where they are in the rest."""
    design = ParameterShift().design(REGISTERS, 0, np.random.default_rng(0))
    pairs, single = REGISTERS.groups
    most = AllPairs(2, 1).n_parameters
    assert design.n_points == 2 * most + 1
    assert (pairs.parameters.shape, single.parameters.shape) == ((2, most), (1, 1))
    for group in REGISTERS.groups:
        for own in group.parameters:
            expected = np.pi / 2 * np.eye(most)[:, : len(own)]
            np.testing.assert_array_equal(design.shifts[:, own], expected)
    np.testing.assert_allclose(design.factors, design.shifts / np.pi, rtol=0, atol=1e-15)


@both
@pytest.mark.parametrize("circuit", CIRCUITS, ids=lambda circuit: type(circuit).__name__)
def test_one_register_has_the_exact_gradient(circuit: Circuit, objective: Objective, weight: float) -> None:
    """Against central differences of plain sums over all networks, and `jax.grad` of the exact functional."""
    posterior = ShotRegister(circuit, BACKEND)
    params = params_of(posterior)

    def loss(own: np.ndarray) -> float:
        q = infinite_shots.joint(posterior, own)
        return float(q @ WHOLE.energies + weight * objectives_oracle.squared_discrepancy(q, WHOLE.prior, WHOLE.kernel))

    found = gradient(ParameterShift(), posterior, WHOLE, objective, params)
    np.testing.assert_allclose(found, infinite_shots.slope(loss, params), rtol=0, atol=2e-6)
    with jax.enable_x64(True):
        functional = objective.bind(WHOLE.energies, np.log(WHOLE.prior))

        def value(own: Any) -> Any:
            return functional(posterior.ideal.probabilities(own.reshape(posterior.parameter_shape)))

        exact = np.asarray(jax.grad(value)(jnp.asarray(params)))
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-6)
    # In most angles it is far from 0 (those of a last layer of RZ change nothing).
    assert np.median(np.abs(found)) > 0.05 or isinstance(circuit, Brickwork)
    assert np.abs(found).max() > 0.3
    if weight:
        without = gradient(ParameterShift(), posterior, WHOLE, hb.MLE(), params)
        assert np.abs(found - without).max() > 0.3


@pytest.mark.parametrize("width", [None, 3, 1])
def test_registers_have_the_exact_gradient(width: int | None) -> None:
    """In one subcircuit, two and three: the penalty's exactly, the energy's within 5 standard errors of 100 draws."""
    params, random = params_of(REGISTERS), np.random.default_rng(0)
    design = ParameterShift().design(REGISTERS, 0, random)
    measurement = infinite_shots.measurement_of(REGISTERS, design.points(params), 1, width)
    mle, selbo = (
        REGISTERS.variation(objective, hb.Bernoulli(LIKELY), TASK.network, TASK.source)
        for objective in (hb.MLE(), SELBO)
    )
    draws = np.stack([design.gradient(REGISTERS.groups, mle.differences(measurement, random)) for _ in range(100)])
    exact = infinite_shots.slope(lambda own: infinite_shots.joint(REGISTERS, own) @ TASK.energies, params)
    # Central differences leave 1e-8 to those that are 0.
    errors = draws.std(axis=0, ddof=1) / np.sqrt(100) + 1e-7
    assert (np.abs(draws.mean(axis=0) - exact) < 5 * errors).all()
    assert np.linalg.norm(draws.mean(axis=0) - exact) < 0.15 * np.linalg.norm(exact)
    both = [
        design.gradient(REGISTERS.groups, own.differences(measurement, np.random.default_rng(5)))
        for own in (selbo, mle)
    ]
    penalty = infinite_shots.slope(lambda own: WEIGHT * penalty_of_registers(REGISTERS, own), params)
    np.testing.assert_allclose(both[0] - both[1], penalty, rtol=0, atol=1e-6)
    assert np.abs(penalty).max() > 0.3


REPEATS, SHOTS = 100, 50
FEW = {
    "register": ShotRegister(AllPairs(3, 1), BACKEND),
    "registers": ShotRegisters(Registers(3, depth=1, grouping=((2, 0), (1,))), BACKEND),
}


@pytest.mark.parametrize(
    ("name", "width", "weight"),
    [("register", None, 0.0), ("register", None, WEIGHT), ("registers", 1, 0.0), ("registers", None, WEIGHT)],
)
def test_gradients_from_shots_are_unbiased(name: str, width: int | None, weight: float) -> None:
    """The mean of 100 estimates of 50 shots a circuit within 5 of its own standard errors (seed 8)."""
    posterior, objective = FEW[name], SELBO if weight else hb.MLE()
    params, random = params_of(posterior), np.random.default_rng(8)
    variation = posterior.variation(objective, hb.Bernoulli(LIKELY), SMALL.network, SMALL.source)
    design = ParameterShift().design(posterior, 0, random)
    subcircuits, points = posterior.subcircuits(width), design.points(params)
    counts = counted(BACKEND.connect(), batch_of(subcircuits, np.tile(points, (REPEATS, 1)), SHOTS, "all", 8))
    table = np.array([Outcomes.of(found) for found in counts], object).reshape(len(subcircuits), REPEATS, len(points))
    draws = np.stack(
        [
            design.gradient(
                posterior.groups,
                variation.differences(
                    Measurement(subcircuits, tuple(tuple(subcircuit[one]) for subcircuit in table), 1), random
                ),
            )
            for one in range(REPEATS)
        ]
    )

    def loss(own: np.ndarray) -> float:
        q = infinite_shots.joint(posterior, own)
        if isinstance(posterior, ShotRegister):
            penalty = objectives_oracle.squared_discrepancy(q, SMALL.prior, SMALL.kernel)
        else:
            penalty = penalty_of_registers(posterior, own)
        return float(q @ SMALL.energies + weight * penalty)

    exact = infinite_shots.slope(loss, params)
    assert np.abs(deviations(draws, exact)).max() < 5
    # A sign that is wrong would be seen by far.
    assert np.abs(deviations(draws, -exact)).max() > 10


def test_random_subsets_are_unbiased() -> None:
    """Of one angle at a time: its derivative times the number of angles; each angle as often as the others."""
    posterior = ShotRegister(ProductState(3), BACKEND)
    params = params_of(posterior)
    whole = gradient(ParameterShift(), posterior, SMALL, SELBO, params)
    found = np.stack([gradient(ParameterShift(subset=1), posterior, SMALL, SELBO, params, seed) for seed in range(90)])
    assert ((found != 0).sum(axis=1) == 1).all()
    for angle in range(3):
        own = found[found[:, angle] != 0, angle]
        np.testing.assert_allclose(own, 3 * whole[angle], rtol=1e-9)
        # 5 standard errors of a count of 90 with chance 1/3.
        assert abs(len(own) - 30) < 5 * np.sqrt(90 * 2 / 9)
    pairs = [gradient(ParameterShift(subset=2), posterior, SMALL, SELBO, params, seed) for seed in range(20)]
    for one in pairs:
        assert (one != 0).sum() == 2
        np.testing.assert_allclose(one[one != 0], 1.5 * whole[one != 0], rtol=1e-9)
    np.testing.assert_allclose(gradient(ParameterShift(subset=3), posterior, SMALL, SELBO, params), whole, rtol=1e-12)


def test_subsets_of_registers_are_unbiased() -> None:
    """Every angle of a register as often as its others; a smaller register's only if they are among them."""
    random = np.random.default_rng(0)
    most = AllPairs(2, 1).n_parameters
    designs = [ParameterShift(subset=2).design(REGISTERS, step, random) for step in range(400)]
    assert {design.n_points for design in designs} == {5}
    # The derivative by an angle, if its shift by a right angle changes r by 2, is 1.
    means = np.mean([np.einsum("ap,ap->p", design.factors, 2 * (design.shifts > 0)) for design in designs], axis=0)
    assert np.abs(means - 1).max() < 5 * np.sqrt((most / 2 - 1) / 400)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"shots": 1}, "shots=1 must be a whole number of at least 2, as a single shot has no variance"),
        ({"shots": 0}, "shots=0"),
        ({"shots": (100, 1.5)}, "shots=1.5"),
        ({"shots": (1, 2, 3)}, r"shots = \(1, 2, 3\): give a number, or one for the first and one for the last"),
        ({"subset": 0}, "subset=0 must be a whole number of at least 1"),
        ({"subset": True}, "subset=True"),
    ],
    ids=str,
)
def test_settings_are_checked(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        ParameterShift(**settings)


@pytest.mark.parametrize(("parameter", "scale"), [(2, 1.0), (2, 0.5)], ids=["own", "scaled"])
def test_parameters_that_no_gate_uses_cost_no_shots(parameter: int, scale: float) -> None:
    used = Angle(terms=((parameter, scale),))
    circuit = GateList(2, [("ry", 0, used), ("h", 1)], (4,))
    design = ParameterShift().design(ShotRegister(circuit, BACKEND), 0, np.random.default_rng(0))
    assert design.n_points == 3
    np.testing.assert_allclose(design.factors, [scale / 2 * (np.arange(4) == parameter)])


THETA = parameters(6)
SHARED = GateList(3, [*(("ry", qubit, 0) for qubit in range(3)), ("cx", (0, 1)), ("rx", 1, 1), ("rx", 2, 1)])
AFFINE = GateList(
    3,
    [
        *(("ry", qubit, 2 * THETA[qubit] - np.pi / 3) for qubit in range(3)),
        ("rzz", (0, 2), THETA[0] - 0.5 * THETA[1]),
        ("ry", 0, -THETA[0]),
        ("rx", 2, Angle(0.4)),
        ("rxx", (1, 2), THETA[2] / 3 + THETA[1]),
        ("ryy", (0, 1), 3),
    ],
)
GENERAL = GateList(
    3,
    [
        ("u", 0, (THETA[0], THETA[1], THETA[0] + THETA[2])),
        ("h", 1),
        ("h", 2),
        ("p", 1, 3),
        ("sx", 1),
        ("cp", (1, 2), THETA[3]),
        ("u", 1, (THETA[4], Angle(0.3), THETA[5])),
        ("sx", 0),
        ("sx", 2),
    ],
)
CONTROLLED = GateList(
    3,
    [
        *(("ry", qubit, qubit) for qubit in range(3)),
        ("crx", (0, 2), 3),
        ("cry", (2, 1), 4),
        ("h", 0),
        ("crz", (1, 0), 5),
        ("h", 0),
    ],
)
SHARED_CONTROLLED = GateList(
    3,
    [
        ("h", 0),
        ("h", 1),
        ("crx", (0, 2), 2 * THETA[0]),
        ("cry", (1, 0), THETA[1] - THETA[0] + 1),
        ("crz", (1, 0), THETA[0]),
        ("ry", 2, THETA[1]),
        ("h", 0),
    ],
)
GATES_AT_ANGLES = {
    "shared": SHARED,
    "affine": AFFINE,
    "general": GENERAL,
    "controlled": CONTROLLED,
    "shared controlled": SHARED_CONTROLLED,
    "beside": SideBySide((ProductState(1), GateList(2, [("ry", 0, 0), ("crx", (0, 1), 0)]))),
}
every_circuit = pytest.mark.parametrize("circuit", GATES_AT_ANGLES.values(), ids=GATES_AT_ANGLES)


@both
@every_circuit
def test_shared_and_scaled_angles_and_controlled_rotations_have_the_exact_gradient(
    circuit: Circuit, objective: Objective, weight: float
) -> None:
    """With endlessly many shots, against central differences of plain sums over all networks."""
    posterior = ShotRegister(circuit, BACKEND)
    params = params_of(posterior)

    def loss(own: np.ndarray) -> float:
        q = infinite_shots.joint(posterior, own)
        return float(q @ SMALL.energies + weight * objectives_oracle.squared_discrepancy(q, SMALL.prior, SMALL.kernel))

    exact = infinite_shots.slope(loss, params)
    np.testing.assert_allclose(
        gradient(ParameterShift(), posterior, SMALL, objective, params), exact, rtol=0, atol=1e-5
    )
    assert np.linalg.norm(exact) > 0.2


@every_circuit
def test_they_are_unbiased_from_shots_and_with_random_subsets(circuit: Circuit) -> None:
    """The mean of 300 estimates of 20 shots a circuit and 2 pairs within 4 of its own standard errors (seed 3)."""
    estimator, posterior = ParameterShift(subset=2), ShotRegister(circuit, BACKEND)
    params, random = params_of(posterior), np.random.default_rng(3)
    variation = posterior.variation(SELBO, hb.Bernoulli(LIKELY), SMALL.network, SMALL.source)
    angles = estimator.measured(posterior)
    draws = []
    for _ in range(300):
        design = estimator.design(posterior, 0, random)
        points = design.points(angles.at(params))
        tables = [infinite_shots.table_of(angles.measured.circuit, point) for point in points]
        rows = [oracle.all_bits(3)[random.choice(8, 20, p=table / table.sum())] for table in tables]
        outcomes = tuple(Outcomes.of(Counts.of(own)) for own in rows)
        measurement = Measurement(angles.measured.subcircuits(None), (outcomes,), 1)
        draws.append(design.gradient(posterior.groups, variation.differences(measurement, random)))

    def loss(own: np.ndarray) -> float:
        q = infinite_shots.joint(posterior, own)
        return float(q @ SMALL.energies + WEIGHT * objectives_oracle.squared_discrepancy(q, SMALL.prior, SMALL.kernel))

    exact = infinite_shots.slope(loss, params)
    found = np.stack(draws)
    moving = found.std(axis=0) > 0
    assert np.abs(deviations(found[:, moving], exact[moving])).max() < 4
    np.testing.assert_allclose(exact[~moving], 0, atol=1e-6)
    assert np.abs(deviations(found[:, moving], -exact[moving])).max() > 4


def test_a_controlled_rotation_takes_four_circuits_and_a_shared_angle_two_a_gate() -> None:
    counted_points = {name: 2 * own + 1 for name, own in {"shared": 5, "general": 7, "controlled": 3 + 2 * 3}.items()}
    for name, points in counted_points.items():
        posterior = ShotRegister(GATES_AT_ANGLES[name], BACKEND)
        design = ParameterShift().design(posterior, 0, np.random.default_rng(0))
        assert design.n_points == points
        assert ParameterShift(subset=2).design(posterior, 0, np.random.default_rng(0)).n_points == 5
        # One angle of one gate at a time.
        assert ((design.shifts != 0).sum(axis=1) == 1).all()


@pytest.mark.parametrize("circuit", [*CIRCUITS, CONTROLLED, SideBySide((AllPairs(2, 1), ProductState(1)))], ids=str)
def test_a_circuit_whose_angles_are_parameters_is_measured_itself(circuit: Circuit) -> None:
    """The batches of earlier versions: the same circuit, at the same points in the same order."""
    posterior = ShotRegister(circuit, BACKEND)
    angles = ParameterShift().measured(posterior)
    assert angles.measured is posterior
    params = params_of(posterior).astype(np.float32)
    assert angles.at(params).tobytes() == params.astype(np.float64).tobytes()
    assert ParameterShift().measured(REGISTERS).measured is REGISTERS


def test_a_subset_beyond_all_angles_is_one_line() -> None:
    with pytest.raises(UserError, match="subset = 6: the circuit has 5 pairs; give fewer, or none for all"):
        ParameterShift(subset=6).design(ShotRegister(ProductState(5), BACKEND), 0, np.random.default_rng(0))
