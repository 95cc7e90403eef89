from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.circuits import Angle, Brickwork, Gate, GateList, ProductState, parameters
from hyperborn.circuits.drawing import columns, draw
from hyperborn.errors import UserError

BRICKWORK_3_2 = """\
q0: ─RY(θ0)──RZ(θ3)────────────●─────RY(θ6)───RZ(θ9)──
q1: ───●─────RY(θ1)──RZ(θ4)────⊕─────RY(θ7)───RZ(θ10)─
q2: ───⊕─────RY(θ2)──RZ(θ5)──RY(θ8)──RZ(θ11)──────────"""

FAR_CX = """\
q0: ─⊕─────────
q1: ─│──RY(θ7)─
q2: ─●─────────"""

N = 5
# Arguments, not gates: the type checks of the tests draw random numbers, which hypothesis forbids while it builds.
GATES = st.lists(
    st.one_of(
        st.permutations(range(N)).map(lambda order: ("cx", (order[0], order[1]), None)),
        st.tuples(st.sampled_from(["ry", "rz"]), st.integers(0, N - 1).map(lambda qubit: (qubit,)), st.just(0)),
    ),
    max_size=20,
)


def span(gate: Gate) -> set[int]:
    return set(range(min(gate.qubits), max(gate.qubits) + 1))


def test_brickwork_of_three_qubits_looks_like_this() -> None:
    assert Brickwork(3, depth=2).draw() == BRICKWORK_3_2


def test_labels_stand_before_their_lines() -> None:
    assert ProductState(2).draw(["W1[0]", "b1"]) == "W1[0]: ─RY(θ0)─\n   b1: ─RY(θ1)─"


def test_labels_must_be_as_many_as_qubits() -> None:
    with pytest.raises(UserError, match="1 labels for 2 qubits"):
        ProductState(2).draw(["W1"])


def test_a_far_cx_crosses_the_lines_between() -> None:
    assert draw([Gate("cx", (2, 0)), Gate("ry", (1,), 7)], 3) == FAR_CX


def test_parameters_and_numbers_are_told_apart() -> None:
    theta = parameters(12)
    listed = [("ry", 0, Angle(1.0)), ("ry", 0, 1), ("ry", 0, 2 * theta[11] - 0.5), ("u", 0, theta[0], Angle(), 2)]
    assert GateList(1, listed).draw() == "q0: ─RY(1)──RY(θ1)──RY(2*θ11 - 0.5)──U(θ0, 0, θ2)─"


@given(GATES)
def test_columns_hold_every_gate_once_and_never_overlap(arguments: list[tuple[Any, ...]]) -> None:
    gates = [Gate(*one) for one in arguments]
    found = columns(gates)
    places = {id(gate): place for place, column in enumerate(found) for gate in column}
    assert sum(map(len, found)) == len(gates)
    for column in found:
        qubits = [qubit for gate in column for qubit in span(gate)]
        assert len(qubits) == len(set(qubits)) > 0
    # Gates that share a line keep their order.
    for later, gate in enumerate(gates):
        for earlier in gates[:later]:
            if span(earlier) & span(gate):
                assert places[id(earlier)] < places[id(gate)]


@given(GATES)
def test_a_drawing_shows_every_gate_once(arguments: list[tuple[Any, ...]]) -> None:
    gates = [Gate(*one) for one in arguments]
    text = draw(gates, N)
    lines = text.splitlines()
    assert len(lines) == N
    assert len({len(line) for line in lines}) == 1
    for qubit, line in enumerate(lines):
        on_line = [gate for gate in gates if qubit in gate.qubits]
        assert line.count("RY(") == sum(gate.name == "ry" for gate in on_line)
        assert line.count("RZ(") == sum(gate.name == "rz" for gate in on_line)
        assert line.count("●") == sum(gate.name == "cx" and gate.qubits[0] == qubit for gate in on_line)
        assert line.count("⊕") == sum(gate.name == "cx" and gate.qubits[1] == qubit for gate in on_line)
        assert line.count("│") == sum(qubit in span(gate) and qubit not in gate.qubits for gate in gates)
