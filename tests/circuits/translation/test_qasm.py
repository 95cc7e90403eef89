from pathlib import Path

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit.library import efficient_su2
from qiskit_aer import AerSimulator

import circuit_oracle
from hyperborn.circuits import Angle, Brickwork, Gate, GateList, from_qasm, from_qiskit, parameters
from hyperborn.errors import UserError
from noise_oracle import deviations

PROGRAM_2 = """
// Written by hand.
OPENQASM 2.0;
include "qelib1.inc";
qreg a[1];
qreg b[2];
creg c[3];
gate twice(t) x, y { rx(t) x; rx(t) y; }
h a[0];
cu1(pi/4) a[0], b[1];
twice(0.5) b[1], b[0];
barrier a, b;
measure a[0] -> c[0];
measure b[0] -> c[1];
measure b[1] -> c[2];
"""

PROGRAM_3 = """OPENQASM 3;
include "stdgates.inc";
input float[64] beta;
input float[64] alpha;
qubit[3] q;
ry(2 * alpha - pi / 2) q[0];
ctrl @ rx(beta) q[0], q[2];
gphase(pi);
"""


def test_a_program_of_version_2(tmp_path: Path) -> None:
    gates = [
        # Qiskit, which decomposes `twice`, lists gates of different qubits in an order of its own.
        Gate("h", (0,)),
        Gate("rx", (1,), Angle(0.5)),
        Gate("cp", (0, 2), Angle(np.pi / 4)),
        Gate("rx", (2,), Angle(0.5)),
    ]
    assert from_qasm(PROGRAM_2) == GateList(3, gates)
    (tmp_path / "circuit.qasm").write_text(PROGRAM_2, encoding="utf-8")
    assert from_qasm(tmp_path / "circuit.qasm") == from_qasm(str(tmp_path / "circuit.qasm")) == GateList(3, gates)


@pytest.mark.parametrize("program", [PROGRAM_2, "OPENQASM 3.0; qubit[1] q; U(0.5, 0, 0) q[0];"])
def test_a_byte_order_mark_is_no_part_of_a_program(tmp_path: Path, program: str) -> None:
    (tmp_path / "circuit.qasm").write_text(program, encoding="utf-8-sig")
    assert from_qasm(tmp_path / "circuit.qasm") == from_qasm(f"\ufeff{program}") == from_qasm(program)


def test_a_program_of_version_3_has_its_inputs_in_the_order_of_their_declaration() -> None:
    beta, alpha = parameters(2)
    listed = [("ry", 0, 2 * alpha - np.pi / 2), ("crx", (0, 2), beta)]
    assert from_qasm(PROGRAM_3) == GateList(3, listed)


def test_inputs_that_no_gate_uses_count_and_more_than_ten_are_not_sorted_as_text() -> None:
    names = ["unused", *(f"a{place}" for place in range(12))]
    declared = "".join(f"input float[64] {name};" for name in names)
    rotations = "".join(f"ry({name}) q;" for name in reversed(names[1:]))
    program = f"OPENQASM 3.0; include 'stdgates.inc'; {declared} qubit q; // input float c;\n {rotations}"
    assert from_qasm(program) == GateList(1, [("ry", 0, place) for place in reversed(range(1, 13))])


def test_what_cannot_be_a_hypernetwork_is_said_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "circuit.qasm"
    path.write_text(PROGRAM_2 + "reset a[0];\n", encoding="utf-8")
    with pytest.raises(UserError, match=rf"^{path}: reset"):
        from_qasm(path)


def test_many_parameters_keep_their_order() -> None:
    circuit = GateList(1, [("rx", 0, index) for index in range(12)])
    assert "input float[64] theta03;" in circuit.to_qasm3()
    assert from_qasm(circuit.to_qasm3()) == circuit
    assert from_qasm(GateList(1, [("h", 0)]).to_qasm3()) == GateList(1, [("h", 0)])


def test_qubits_are_measured_in_order() -> None:
    program = Brickwork(2, 1).to_qasm3(np.zeros((1, 2, 2)), measured=True)
    assert "bits[0] = measure q[0];\nbits[1] = measure q[1];" in program
    assert "measure" not in Brickwork(2, 1).to_qasm3()
    assert from_qasm(program).n_parameters == 0


@pytest.mark.parametrize("by_hand", ["measured", "measured by the user"])
def test_an_exported_circuit_run_on_aer_by_hand_has_the_same_histogram(by_hand: str) -> None:
    circuit = from_qiskit(efficient_su2(4, reps=2))
    params = np.random.default_rng(7).uniform(-3, 3, circuit.parameter_shape)
    exact = circuit_oracle.probabilities(circuit_oracle.with_angles(circuit.gates(), params), 4)
    read: QuantumCircuit = qasm3.loads(circuit.to_qasm3(params, measured=by_hand == "measured"))
    if by_hand != "measured":
        read.measure_all()
    counts = AerSimulator().run(read, shots=20_000, seed_simulator=3).result().get_counts()
    seen = np.zeros(16, np.int64)
    for text, count in counts.items():
        # Qiskit writes qubit 0 last.
        seen[int(text[::-1], 2)] = count
    # 16 counts at |z| < 5, seeded; read the other way round they are far off.
    assert np.abs(deviations(seen, exact)).max() < 5
    assert np.abs(deviations(seen.reshape((2,) * 4).T.reshape(-1), exact)).max() > 50
