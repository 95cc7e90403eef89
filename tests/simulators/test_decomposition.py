"""Every gate's primitives beside its matrix, phase included."""

from typing import Any

import numpy as np
import pytest

import circuit_oracle
from hyperborn.circuits import GATES, Angle
from hyperborn.simulators.decomposition import AXES, EXPANSIONS, Primitive

ANGLES = np.array([0.7, -1.9, 2.3])


def gate_tuple(primitive: Primitive, angles: np.ndarray) -> circuit_oracle.GateTuple:
    own = () if primitive.name in ("x", "cx") else (float(primitive.angle.at(angles)),)
    return primitive.name, primitive.qubits, own


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_primitives_make_the_matrix(name: str, order: tuple[int, ...]) -> None:
    qubits = order[: GATES[name].n_qubits]
    angles: list[Any] = [Angle(terms=((place, 1.0),)) for place in range(GATES[name].n_angles)]
    primitives, phase = EXPANSIONS[name](*qubits, *angles)
    matrix = circuit_oracle.matrix_of(name, *ANGLES[: len(angles)].tolist())
    random = np.random.default_rng(0)
    state = random.normal(size=8) + 1j * random.normal(size=8)
    found = state
    for primitive in primitives:
        own, on, values = gate_tuple(primitive, ANGLES)
        found = circuit_oracle.applied(found, circuit_oracle.matrix_of(own, *values) + 0j, on, 3)
    expected = circuit_oracle.applied(state, matrix + 0j, qubits, 3)
    np.testing.assert_allclose(np.exp(1j * phase.at(ANGLES)) * found, expected, rtol=0, atol=1e-14)


def test_pairs_of_phases_are_in_ascending_order() -> None:
    for name in ("cz", "cp", "crz", "rzz"):
        primitives, _ = EXPANSIONS[name](3, 1, *[Angle(0.3)] * GATES[name].n_angles)
        assert [one.qubits for one in primitives if one.name == "rzz"] == [(1, 3)]


@pytest.mark.parametrize("name", AXES)
def test_axes_of_primitives_are_those_of_the_gates(name: str) -> None:
    assert AXES[name] == GATES[name].axes
