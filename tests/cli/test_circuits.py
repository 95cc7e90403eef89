"""Circuits of one's own on the command line, and trained ones out of it: `--circuit` and `hyperborn export`."""

import io
from pathlib import Path

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.circuit.library import real_amplitudes
from qiskit.quantum_info import Statevector

import hyperborn as hb
from command_line import QUICK, Run

# Two features with a bias make three weights.
DATA = ("train", "moons", "--size", "60", "--hidden", "none", "--steps", "20", "--restarts", "1")


@pytest.fixture
def ansatz(tmp_path: Path) -> Path:
    """Three qubits and six parameters."""
    path = tmp_path / "ansatz.qasm"
    path.write_text(hb.circuits.from_qiskit(real_amplitudes(3, reps=1)).to_qasm3(), encoding="utf-8")
    return path


def in_index_order(circuit: QuantumCircuit) -> np.ndarray:
    """Probabilities of a measured circuit of three qubits."""
    table = Statevector(circuit.remove_final_measurements(inplace=False)).probabilities()
    return table.reshape(2, 2, 2).T.reshape(-1)


def test_a_circuit_goes_in_is_trained_and_comes_out(hyperborn: Run, ansatz: Path, tmp_path: Path) -> None:
    assert hyperborn(*DATA, "--circuit", ansatz, "--out", "run", "--json").json["n_parameters"] == 6
    # The run holds the gates: the file is not needed any more.
    ansatz.unlink()
    result = hb.load(tmp_path / "run")
    assert isinstance(result.circuit, hb.circuits.GateList)
    assert {gate.name for gate in result.circuit.gates()} == {"ry", "cx"}
    assert result.angles.shape == result.circuit.parameter_shape == (6,)

    program = hyperborn("export", "run")
    assert program.code == 0
    np.testing.assert_allclose(in_index_order(qasm3.loads(program.out)), result.probabilities, atol=1e-6)
    written = hyperborn("export", "run", "--format", "qiskit", "--out", "circuit.qpy", "--json")
    sizes = {"n_registers": 1, "n_qubits": 3, "n_gates": 8}
    assert written.json == {"run": "run", "format": "qiskit", **sizes, "out": "circuit.qpy"}
    assert written.err == "the circuit of 3 qubits and 8 gates is written to circuit.qpy\n"
    assert program.err == "the circuit of 3 qubits and 8 gates is written to standard output\n"
    (read,) = qpy.load(io.BytesIO((tmp_path / "circuit.qpy").read_bytes()))
    assert read.count_ops()["measure"] == 3
    np.testing.assert_allclose(in_index_order(read), result.probabilities, atol=1e-6)
    assert hyperborn("export", "run", "--json").json["program"] == program.out

    hyperborn("export", "run", "--out", "circuit.qpy").refused("circuit.qpy exists; choose another name with --out")
    hyperborn("export", "run", "--format", "qasm2").refused(
        "'--format': 'qasm2' is not one of 'c', 'onnx', 'npz', 'qasm', 'qiskit'; see"
    )
    hyperborn("export", "run", "--format", "qiskit").refused("name it with --out circuit.qpy")


def test_a_circuit_without_parameters_is_said_to_be_untrained(hyperborn: Run, tmp_path: Path) -> None:
    (tmp_path / "fixed.qasm").write_text('OPENQASM 2.0; include "qelib1.inc"; qreg q[3]; h q;', encoding="utf-8")
    found = hyperborn(*DATA[:-4], "--steps", "1", "--circuit", "fixed.qasm")
    assert found.code == 0
    assert "the circuit has no parameters, so that nothing is trained; OpenQASM 3 has them" in found.err


def test_a_circuit_on_a_backend(hyperborn: Run, ansatz: Path) -> None:
    told = (*DATA[:-4], "--steps", "2", "--circuit", ansatz, "--backend", "statevector", "--shots", "50")
    assert hyperborn(*told, "--out", "run", "--json").json["n_parameters"] == 6


def test_of_many_registers_what_is_written_is_said(hyperborn: Run, tmp_path: Path) -> None:
    told = ("train", "moons", "--size", "40", "--hidden", "2", "--posterior", "registers", "--register-size", "2")
    assert hyperborn(*told, "--depth", "1", "--steps", "2", "--out", "run").code == 0
    # Folders on the way are made, as every command that writes does.
    written = hyperborn("export", "run", "--out", "new/folder/circuit.qasm", "--json")
    assert written.code == 0
    found = hb.load(tmp_path / "run")
    n, gates = found.definition.n_weights, len(found.circuit.gates())
    assert written.json["n_registers"] == -(-n // 2) > 1
    said = f"all {-(-n // 2)} registers are one circuit of {n} qubits and {gates} gates, written to"
    assert written.err == f"{said} new/folder/circuit.qasm\n"
    program = hyperborn("export", "run")
    assert program.err == f"{said} standard output\n"
    assert (tmp_path / "new/folder/circuit.qasm").read_text(encoding="utf-8") == program.out


def test_runs_without_a_circuit(hyperborn: Run, flowers: Path) -> None:
    told = ("train", flowers, "--target", "kind", "--impute", "median", *QUICK[:2], "--steps", "2", "--restarts", "1")
    assert hyperborn(*told, "--ansatz", "autoregressive", "--out", "run").code == 0
    hyperborn("export", "run").refused("Autoregressive", "is no circuit of one qubit a weight")


def test_what_does_not_go_with_a_circuit(hyperborn: Run, ansatz: Path) -> None:
    told = (*DATA, "--circuit", ansatz)
    hyperborn(*told, "--depth", "2").refused("depth 2 does not go with circuit", "ansatz.qasm")
    hyperborn(*told, "--ansatz", "ring").refused("ansatz ring does not go with circuit")
    hyperborn(*told, "--posterior", "registers").refused("circuit goes with posterior register only")
    hyperborn(*DATA, "--circuit", "none.qasm").refused("cannot read the circuit none.qasm: No such file")
    wide = ("train", "iris", "--classes", "1,2", "--circuit", ansatz)
    hyperborn(*wide).refused("has 3 qubits, the network 13 weights", "or choose --hidden none --components 2")
    hyperborn(*wide, "--hidden", "3,2", "--components", "2").refused("has 3 qubits", "or choose --hidden none")
    hyperborn("train", "iris", "--circuit", ansatz, "--hidden", "none").refused("has 3 qubits", "another network")
