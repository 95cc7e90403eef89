from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import (
    CXGate,
    PauliEvolutionGate,
    QFTGate,
    RXGate,
    TGate,
    UnitaryGate,
    XGate,
    XXPlusYYGate,
    efficient_su2,
    n_local,
    real_amplitudes,
)
from qiskit.quantum_info import Clifford, SparsePauliOp, Statevector, random_unitary

import circuit_oracle
from hyperborn.circuits import GATES, AllPairs, Angle, Gate, GateList, from_qiskit
from hyperborn.errors import UserError

A, B = Parameter("a"), Parameter("b")


def appended(n: int, *steps: tuple[Any, list[int]]) -> QuantumCircuit:
    circuit = QuantumCircuit(n)
    # Not |0...0>, on which many gates do nothing.
    for qubit in range(n):
        circuit.ry(0.4 + 0.3 * qubit, qubit)
    for operation, qubits in steps:
        circuit.append(operation, qubits)
    return circuit


EVOLUTION = PauliEvolutionGate(SparsePauliOp(["ZZI", "IXX", "IIZ"]), time=A)
LIBRARY: dict[str, tuple[Callable[[], QuantumCircuit], set[str]]] = {
    "efficient_su2": (lambda: efficient_su2(4, reps=2), {"ry", "rz", "cx"}),
    "real_amplitudes": (lambda: real_amplitudes(5, reps=1), {"ry", "cx"}),
    "n_local": (lambda: n_local(4, ["ry", "rz"], "crx", reps=1), {"ry", "rz", "crx"}),
    "evolution": (lambda: appended(3, (EVOLUTION, [0, 1, 2]), (RXGate(B), [1])), {"ry", "rzz", "rxx", "rz", "rx"}),
    "qft": (lambda: appended(3, (QFTGate(3), [0, 2, 1])), {"ry", "h", "cp", "swap"}),
    "unitary": (lambda: appended(2, (UnitaryGate(random_unitary(4, seed=1)), [1, 0])), {*GATES}),
    "many controls": (lambda: appended(4, (XGate().control(3), [0, 3, 1, 2])), {"ry", "h", "p", "cx"}),
    "modifiers": (
        lambda: appended(
            2,
            (RXGate(A).control(1, annotated=True), [1, 0]),
            (CXGate(ctrl_state=0), [0, 1]),
            (TGate().inverse(annotated=True), [0]),
        ),
        {"ry", "crx", "x", "cx", "tdg"},
    ),
    "affine definitions": (lambda: appended(2, (XXPlusYYGate(2 * A + 0.1, 0.3), [0, 1])), {"ry", "rz", "rxx", "ryy"}),
    "clifford": (lambda: appended(2, (Clifford(CXGate()), [1, 0])), {"ry", "cx"}),
}


def probabilities_of(circuit: QuantumCircuit, values: np.ndarray) -> np.ndarray:
    """Qiskit's probabilities in our order of bits."""
    plain = circuit.decompose(["PauliEvolution"]).assign_parameters(values)
    table = Statevector(plain).probabilities().reshape((2,) * plain.num_qubits)
    return table.transpose(range(plain.num_qubits)[::-1]).reshape(-1)


def ours(circuit: GateList, values: np.ndarray) -> np.ndarray:
    gates = circuit_oracle.with_angles(circuit.gates(), values)
    return circuit_oracle.probabilities(gates, circuit.n_qubits)


@pytest.mark.parametrize("name", LIBRARY)
def test_circuits_of_the_library_mean_the_same(name: str) -> None:
    make, names = LIBRARY[name]
    circuit = make()
    found = from_qiskit(circuit)
    assert {gate.name for gate in found.gates()} <= names
    values = np.random.default_rng(3).uniform(-3, 3, circuit.num_parameters)
    assert found.parameter_shape == (circuit.num_parameters,)
    np.testing.assert_allclose(ours(found, values), probabilities_of(circuit, values), rtol=0, atol=1e-12)


def test_qubits_and_bits() -> None:
    circuit = QuantumCircuit(3)
    circuit.x(0)
    assert ours(from_qiskit(circuit), np.zeros(0)).argmax() == 0b100
    assert Statevector(from_qiskit(circuit).to_qiskit()).probabilities().argmax() == 0b001


def test_parameters_are_in_the_order_of_qiskit() -> None:
    theta = ParameterVector("theta", 12)
    circuit = QuantumCircuit(1)
    for parameter in (B, *theta[::-1], A):
        circuit.rx(parameter, 0)
    order = [gate.angles[0].parameter for gate in from_qiskit(circuit).gates()]
    # By name, and elements of a vector by their index, not as text.
    assert order == [1, *range(13, 1, -1), 0]


@pytest.mark.parametrize(
    ("expression", "angle"),
    [
        (2 * A + B / 4 - np.pi / 2, Angle(-np.pi / 2, ((0, 2.0), (1, 0.25)))),
        (-(A - 3 * B), Angle(0.0, ((0, -1.0), (1, 3.0)))),
        ((A + B) / 2 + (A - B) / 2, Angle(0.0, ((0, 1.0),))),
        (np.float32(0.5), Angle(0.5)),
        (A - A + 1, Angle(1.0)),
        (3, Angle(3.0)),
    ],
)
def test_affine_expressions(expression: Any, angle: Angle) -> None:
    circuit = QuantumCircuit(1)
    circuit.rz(A, 0)
    circuit.rz(B, 0)
    circuit.rx(expression, 0)
    assert from_qiskit(circuit).gates()[-1] == Gate("rx", (0,), angle)


def test_what_changes_no_probability_is_dropped() -> None:
    circuit = QuantumCircuit(2, 2, global_phase=A)
    circuit.h(0)
    circuit.barrier()
    circuit.id(1)
    circuit.delay(10, 1)
    circuit.measure([0, 1], [0, 1])
    assert from_qiskit(circuit) == GateList(2, [("h", 0)], (1,))
    circuit = QuantumCircuit(2)
    circuit.cz(1, 0)
    circuit.measure_all()
    assert from_qiskit(circuit) == GateList(2, [("cz", (1, 0))])


def test_measured_circuits() -> None:
    circuit = AllPairs(3, 1)
    params = np.random.default_rng(0).uniform(-1, 1, circuit.parameter_shape).astype(np.float32)
    measured = circuit.to_qiskit(params, measured=True)
    assert measured.count_ops()["measure"] == 3
    assert not measured.num_parameters
    assert from_qiskit(measured).n_parameters == 0
    plain = circuit.to_qiskit()
    assert [str(parameter) for parameter in plain.parameters] == [f"theta[{i}]" for i in range(12)]
    assert from_qiskit(plain) == GateList.of(circuit)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (np.zeros(11), r"parameters of shape \(11,\) do not fit AllPairs.*; it takes an array of shape \(12,\)"),
        ("twelve", r"the parameters of AllPairs\(n_qubits=3, depth=1\) are 'twelve': give numbers of shape \(12,\)"),
        (np.full(12, np.nan), "parameter 0 of AllPairs.* is NaN or infinite"),
    ],
)
def test_parameters_that_do_not_fit(params: Any, said: str) -> None:
    for translate in (AllPairs(3, 1).to_qiskit, AllPairs(3, 1).to_pennylane, AllPairs(3, 1).to_qasm3):
        with pytest.raises(UserError, match=said):
            translate(params)
