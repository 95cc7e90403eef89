from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import circuit_oracle
from hyperborn.circuits import GATES, AllPairs, Angle, Brickwork, Circuit, Gate, GateList, parameters
from hyperborn.simulators.simplification import AXES_OF_GATES, Simplified, in_levels, simplified

N = 4
THETA = parameters(3)
ANGLES = np.array([0.7, -1.9, 2.3])
GIVEN = [0, 1, 2, Angle(0.5), 2 * THETA[0] - THETA[1], Angle()]

ONE_GATE = st.sampled_from(sorted(GATES)).flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.permutations(range(N)).map(lambda order: tuple(order[: GATES[name].n_qubits])),
        st.lists(st.integers(0, len(GIVEN) - 1), min_size=GATES[name].n_angles, max_size=GATES[name].n_angles),
    )
)
SHORT = st.sampled_from(["x", "cx", "crx", "cry", "ch", "ry", "rxx", "ccx", "cy", "cz"]).flatmap(
    lambda name: st.tuples(
        st.just(name), st.permutations(range(3)).map(lambda order: tuple(order[: GATES[name].n_qubits]))
    )
)
LISTS = st.lists(ONE_GATE, max_size=14)


def gates_of(arguments: list[tuple[str, tuple[int, ...], list[int]]]) -> list[Gate]:
    return [Gate(name, qubits, [GIVEN[place] for place in angles]) for name, qubits, angles in arguments]


def state_of(found: Simplified, n: int) -> np.ndarray:
    """What the start and the primitives do, gate by gate."""
    flips: list[circuit_oracle.GateTuple] = [("x", (qubit,), ()) for qubit, bit in enumerate(found.start) if bit]
    rest: list[circuit_oracle.GateTuple] = [
        (one.name, one.qubits, () if one.name in ("x", "cx") else (float(one.angle.at(ANGLES)),))
        for one in found.primitives
    ]
    return np.exp(1j * found.global_phase.at(ANGLES)) * circuit_oracle.state_vector([*flips, *rest], n)


@given(LISTS)
def test_what_is_left_does_the_same(arguments: list[Any]) -> None:
    gates = gates_of(arguments)
    expected = circuit_oracle.state_vector(circuit_oracle.with_angles(gates, ANGLES), N)
    np.testing.assert_allclose(state_of(simplified(gates, N), N), expected, rtol=0, atol=1e-13)


def relisted(gates: list[Gate], random: np.random.Generator) -> list[Gate]:
    """The same circuit, with neighbours that commute swapped many times at random."""
    gates = list(gates)
    for place in random.integers(max(1, len(gates) - 1), size=20 * len(gates)):
        if place + 1 < len(gates) and commute(gates[place], gates[place + 1]):
            gates[place], gates[place + 1] = gates[place + 1], gates[place]
    return gates


def commute(one: Gate, other: Gate) -> bool:
    """By their matrices, but only where every Pauli matrix on a shared qubit is the same: RXX and RZZ are not known."""
    shared = set(one.qubits) & set(other.qubits)
    axes = [
        (GATES[one.name].axes[one.qubits.index(qubit)], GATES[other.name].axes[other.qubits.index(qubit)])
        for qubit in shared
    ]
    return all(a == b != "?" for a, b in axes)


@given(LISTS, st.integers(0, 99))
def test_the_order_in_which_commuting_gates_are_listed_makes_no_difference(arguments: list[Any], seed: int) -> None:
    gates = gates_of(arguments)
    found = simplified(relisted(gates, np.random.default_rng(seed)), N)
    expected = simplified(gates, N)
    assert (found.start, len(found.primitives)) == (expected.start, len(expected.primitives))
    assert [(one.name, one.qubits) for one in found.primitives] == [
        (one.name, one.qubits) for one in expected.primitives
    ]
    np.testing.assert_allclose(state_of(found, N), state_of(expected, N), rtol=0, atol=1e-13)


@pytest.mark.parametrize("circuit", [Brickwork(5, 3), AllPairs(4, 2)], ids=str)
def test_relisted_circuits_are_the_same_program(circuit: Circuit) -> None:
    gates = list(circuit.gates())
    other = relisted(gates, np.random.default_rng(0))
    assert other != gates
    assert simplified(other, circuit.n_qubits) == simplified(gates, circuit.n_qubits)


def test_neighbours_add_up_and_cancel() -> None:
    found = simplified(
        GateList(
            2,
            [
                ("ry", 0, 0),
                ("ry", 1, 1),
                ("cx", (0, 1)),
                *(("rz", 0, 1), ("rz", 0, Angle(0.5))),
                *(("rx", 1, 2), ("rx", 1, -THETA[2])),
                ("cx", (0, 1)),
                ("ry", 0, Angle(0.25)),
            ],
        ).gates(),
        2,
    )
    # The two RX cancel, and so then do the CX around them: control and target commute with what is left.
    assert [(one.name, one.qubits, one.angle) for one in found.primitives] == [
        ("ry", (0,), THETA[0]),
        ("ry", (1,), THETA[1]),
        ("rz", (0,), THETA[1] + 0.5),
        ("ry", (0,), Angle(0.25)),
    ]


def test_what_acts_on_basis_states_is_worked_out() -> None:
    gates = [("x", 0), ("cx", (0, 1)), ("rz", 1, 0), ("cz", (0, 1)), ("swap", (1, 2)), ("cp", (0, 2), 1), ("ry", 1, 2)]
    found = simplified(GateList(3, gates).gates(), 3)
    assert found.start == (1, 0, 1)
    assert [one.name for one in found.primitives] == ["ry"]
    # exp(i θ0 / 2) of RZ on a 1, -1 of CZ on 11, exp(i θ1) of CP on 11.
    expected = ANGLES[0] / 2 + np.pi + ANGLES[1]
    assert np.exp(1j * found.global_phase.at(ANGLES)) == pytest.approx(np.exp(1j * expected))


def test_a_control_that_is_known_leaves_the_other_gate() -> None:
    gates = [("ry", 1, 0), ("x", 0), ("cx", (0, 1)), ("rzz", (0, 1), 1)]
    found = simplified(GateList(2, gates).gates(), 2)
    assert [(one.name, one.qubits, one.angle) for one in found.primitives] == [
        ("ry", (1,), THETA[0]),
        ("x", (1,), Angle()),
        ("rz", (1,), -THETA[1]),
    ]


# Found by a reviewer: what cancels leaves a qubit in its basis state, and flips after it are flips of the start.
@pytest.mark.parametrize(
    ("gates", "start", "left"),
    [
        ([("crx", (0, 1), 0), ("x", 1)], (0, 1), []),
        ([("ch", (0, 1)), ("x", 1)], (0, 1), []),
        ([("ry", 0, 0), ("ry", 0, -THETA[0]), ("x", 0)], (1, 0), []),
        ([("ry", 0, 0), ("cx", (0, 1)), ("x", 1), ("cx", (0, 1))], (0, 1), ["ry"]),
        ([("ry", 1, 0), ("cx", (1, 0)), ("cx", (1, 0)), ("h", 1), ("cx", (0, 1))], (0, 0), ["ry", "rz", "ry"]),
        # X commutes with the target of CX.
        ([("ry", 0, 0), ("cx", (0, 1)), ("x", 1)], (0, 1), ["ry", "cx"]),
    ],
)
def test_what_cancels_leaves_its_qubit_in_a_basis_state(gates: list[Any], start: Any, left: list[str]) -> None:
    found = simplified(GateList(2, gates).gates(), 2)
    assert (found.start, [one.name for one in found.primitives]) == (start, left)


@given(st.lists(SHORT, max_size=8), st.lists(SHORT, max_size=4))
def test_circuits_and_their_inverses_on_basis_states(arguments: list[Any], others: list[Any]) -> None:
    """Gates of few kinds on few qubits, and undone again: nearly all of them cancel, or act on basis states."""
    there = [Gate(name, qubits, [THETA[0]][: GATES[name].n_angles]) for name, qubits in arguments]
    back = [Gate(gate.name, gate.qubits, [-angle for angle in gate.angles]) for gate in reversed(there)]
    between = [Gate(name, qubits, [THETA[1]][: GATES[name].n_angles]) for name, qubits in others]
    gates = [*there, *between, *back]
    expected = circuit_oracle.state_vector(circuit_oracle.with_angles(gates, ANGLES), 3)
    np.testing.assert_allclose(state_of(simplified(gates, 3), 3), expected, rtol=0, atol=1e-13)


def test_what_stops_a_qubit_still_does_once_others_after_it_have_cancelled() -> None:
    gates = [("ry", 0, 0), ("ry", 1, 1), ("rz", 1, 2), ("cx", (0, 1)), ("rz", 1, 0), ("rz", 1, -THETA[0]), ("rz", 1, 1)]
    found = simplified(GateList(2, gates).gates(), 2)
    assert [(one.name, one.angle) for one in found.primitives[2:]] == [
        ("rz", THETA[2]),
        ("cx", Angle()),
        ("rz", THETA[1]),
    ]


def test_levels_gather_what_commutes() -> None:
    gates = GateList(3, [("cz", (0, 1)), ("rz", 0, 0), ("rx", 0, 1), ("cz", (1, 2)), ("t", 2)]).gates()
    assert [gate.name for gate in in_levels(gates, AXES_OF_GATES)] == ["cz", "cz", "rz", "t", "rx"]


@pytest.mark.parametrize(
    ("name", "between"),
    [("cx", ("rz", 1)), ("cx", ("rx", 0)), ("rzz", ("ry", 1)), ("rzz", ("ry", 0)), ("cx", ("cx", 2, 1))],
)
def test_equal_gates_are_not_merged_across_a_gate_that_stops_one_of_their_qubits(name: str, between: Any) -> None:
    kind, *qubits = between
    pair = Gate(name, (0, 1), [Angle(0.4)] * GATES[name].n_angles)
    middle = Gate(kind, qubits, [Angle(0.9)] * GATES[kind].n_angles)
    # Not from a basis state, and the phases are seen in the end.
    around = [Gate("u", (qubit,), [Angle(0.3 + qubit), Angle(1.1), Angle(0.2)]) for qubit in range(3)]
    gates = [*around, pair, middle, pair, *around]
    expected = circuit_oracle.state_vector(circuit_oracle.with_angles(gates, ANGLES), 3)
    np.testing.assert_allclose(state_of(simplified(gates, 3), 3), expected, rtol=0, atol=1e-13)
