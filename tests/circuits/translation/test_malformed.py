"""Sixty circuits that cannot be read: each is one line that names the instruction, or what is wrong, and the remedy."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pennylane as qml
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Gate, Parameter, ParameterVector
from qiskit.circuit.library import RXGate, zz_feature_map
from qiskit.quantum_info import Kraus

from hyperborn.circuits import from_pennylane, from_qasm, from_qiskit
from hyperborn.errors import UserError

A, B, V = Parameter("a"), Parameter("b"), ParameterVector("v", 2)
NOT_UNITARY = "is not unitary"
NOT_AFFINE = "give a number of radians or an affine function of parameters"


def with_angle(angle: Any) -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.rx(angle, 0)
    return circuit


def with_steps(steps: Callable[[QuantumCircuit], Any], n: int = 2) -> QuantumCircuit:
    circuit = QuantumCircuit(n, n)
    circuit.h(0)
    steps(circuit)
    return circuit


def conditional(circuit: QuantumCircuit) -> None:
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)


def looped(circuit: QuantumCircuit) -> None:
    with circuit.for_loop(range(2)):
        circuit.x(1)


def until(circuit: QuantumCircuit) -> None:
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.x(1)


def switched(circuit: QuantumCircuit) -> None:
    with circuit.switch(circuit.clbits[0]) as case, case(1):
        circuit.x(1)


def composite(circuit: QuantumCircuit) -> None:
    inner = QuantumCircuit(2)
    inner.reset(1)
    circuit.append(inner.to_instruction(), [0, 1])


def named(name: str, content: Callable[[QuantumCircuit], Any], n: int = 1) -> Callable[[QuantumCircuit], Any]:
    inner = QuantumCircuit(n, name=name)
    content(inner)
    return lambda circuit: circuit.append(inner.to_gate(), range(n))


FLIP = Kraus([np.sqrt(0.9) * np.eye(2), np.sqrt(0.1) * np.diag([1, -1])])

QISKIT: list[tuple[Any, str]] = [
    (None, r"circuit = None: give a qiskit\.QuantumCircuit"),
    ("h 0", r"circuit = 'h 0': give a qiskit\.QuantumCircuit"),
    (RXGate(A), r"circuit = .*: give a qiskit\.QuantumCircuit"),
    (QuantumCircuit(), "the circuit has no qubits"),
    (QuantumCircuit(10_001), "the circuit has 10,001 qubits, over the limit of 10,000 of a circuit that is read"),
    (QuantumCircuit(1, 10_001), "the circuit has 10,001 classical bits, over the limit of 10,000"),
    (with_steps(lambda c: c.reset(1)), f"reset on 1 {NOT_UNITARY}"),
    (with_steps(lambda c: c.initialize([0.6, 0.8], 0)), f"reset on 0 {NOT_UNITARY}"),
    (with_steps(conditional), f"if_else on 1 {NOT_UNITARY}"),
    (with_steps(looped), f"for_loop on 1 {NOT_UNITARY}"),
    (with_steps(until), f"while_loop on 1 {NOT_UNITARY}"),
    (with_steps(switched), f"switch_case on 1 {NOT_UNITARY}"),
    (with_steps(composite), f"reset on 1 {NOT_UNITARY}"),
    (with_steps(lambda c: c.append(FLIP.to_instruction(), [1])), f"kraus on 1 {NOT_UNITARY}"),
    (with_steps(lambda c: [c.measure(0, 0), c.h(0)]), "qubit 0 is measured before h on 0"),
    (with_steps(lambda c: [c.measure(0, 0), c.cx(1, 0)]), "qubit 0 is measured before cx on 1, 0"),
    (with_steps(lambda c: [c.measure([0, 1], [0, 1]), c.measure(1, 1)]), "qubit 1 is measured before measure on 1"),
    (with_steps(lambda c: c.measure(0, 0)), "measure leaves out qubit 1"),
    (with_steps(lambda c: c.measure([0, 1], [1, 0])), r"classical bits \[1, 0\] for qubits 0 to 1"),
    (with_steps(lambda c: c.measure([0, 1], [0, 0])), r"classical bits \[0, 0\] for qubits 0 to 1"),
    (with_angle(A**2), f"the angle a\\*\\*2 of rx on 0: {NOT_AFFINE}"),
    (with_angle(A * B), f"the angle a\\*b of rx on 0: {NOT_AFFINE}"),
    (zz_feature_map(2), r"of p on 1: .*, or bind its parameters first, in Qiskit by circuit\.assign_parameters\("),
    (with_angle(A.sin()), f"the angle sin\\(a\\) of rx on 0: {NOT_AFFINE}"),
    (with_angle(A.exp() + 1), f"of rx on 0: {NOT_AFFINE}"),
    (with_angle(1 / (V[0] + 2)), f"the angle .*v\\[0\\].* of rx on 0: {NOT_AFFINE}"),
    (with_angle(abs(A)), f"the angle abs\\(a\\) of rx on 0: {NOT_AFFINE}"),
    (with_angle(A.sign()), f"the angle sign\\(a\\) of rx on 0: {NOT_AFFINE}"),
    (with_angle(float("nan")), f"the angle nan of rx on 0: {NOT_AFFINE}"),
    (with_angle(float("inf")), f"the angle inf of rx on 0: {NOT_AFFINE}"),
    (with_steps(lambda c: c.append(Gate("oracle", 2, []), [0, 1])), "Qiskit cannot decompose .*oracle"),
    (with_steps(named("rx", lambda c: c.ry(A, 0))), "rx on 0 is defined as another gate than the standard one"),
    (with_steps(named("cx", lambda c: c.cz(1, 0), 2)), "cx on 0, 1 is defined as another gate"),
]


class BytesPath:
    def __fspath__(self) -> bytes:
        return b"circuit.qasm"


TWO = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; '
THREE = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; '
QASM: list[tuple[Any, str]] = [
    ("", r"the program does not begin with OPENQASM 2\.0; or OPENQASM 3\.0;"),
    ("qreg q[2];", "the program does not begin with OPENQASM"),
    ("OPENQASM 4.0; qubit q;", "the program does not begin with OPENQASM"),
    ("// OPENQASM 2.0;\nqreg q[2];", "the program does not begin with OPENQASM"),
    (BytesPath(), "program=.* must be the path of an OpenQASM file, or its text"),
    ("no\0such.qasm", "program=.* must be the path of an OpenQASM file, or its text; no path holds a NUL"),
    (Path("no/such.qasm"), "cannot read the circuit no/such.qasm: No such file"),
    ("no such.qasm", "cannot read the circuit no such.qasm: No such file"),
    (Path("/"), "/ is a folder, not a regular file"),
    (TWO + "foo q[0];", r"the program is no valid OpenQASM 2 \(.*'foo' is not defined"),
    (TWO + "h q[2];", r"the program is no valid OpenQASM 2 \("),
    (TWO + "rx(pi q[0];", r"the program is no valid OpenQASM 2 \("),
    (TWO + "reset q[0];", f"reset on 0 {NOT_UNITARY}"),
    (TWO + "if (c == 1) x q[0];", f"if_else on 0 {NOT_UNITARY}"),
    (TWO + "measure q[0] -> c[0]; x q[0];", "qubit 0 is measured before x on 0"),
    (TWO + "opaque box a; box q[0];", "box on 0 has no definition by gates"),
    ("OPENQASM 2.0;", "the circuit has no qubits"),
    (THREE + "foo q[0];", r"the program cannot be read by Qiskit's importer .* \(.*gate 'foo' is not defined"),
    ("OPENQASM 3.0; qubit q; x q;", r"the program cannot be read by Qiskit's importer .* \(.*gate 'x' is not defined"),
    ("OPENQASM 3.0; qubit[", r"the program is no valid OpenQASM 3 \("),
    (THREE + "reset q;", f"reset on 0 {NOT_UNITARY}"),
    (THREE + "for int i in [0:1] { x q[0]; }", f"for_loop on 0 {NOT_UNITARY}"),
    (THREE + "c[0] = measure q[0]; if (c[0]) { x q[1]; }", "if_else on 1 is not unitary"),
    (THREE + "c[1] = measure q[0]; c[0] = measure q[1];", r"classical bits \[1, 0\]"),
    (THREE + "input float a; rx(sin(a)) q[0];", r"the program cannot be read by Qiskit's importer of OpenQASM 3 \("),
    (
        THREE + "rx(2 ** 3) q[0];",
        r"the program cannot be read by Qiskit's importer .* \(.*unsupported.*write it without",
    ),
    (THREE + f"rx({'(' * 3000}1{')' * 3000}) q[0];", "the program is nested too deeply to be read; give one of fewer"),
    (
        TWO + "gate a0 x { h x; } " + " ".join(f"gate a{i} x {{ a{i - 1} x; }}" for i in range(1, 3000)) + " a2999 q;",
        "the circuit is of gates nested too deeply",
    ),
    (THREE + "input float a; rx(a * a) q[0];", NOT_AFFINE),
    (THREE + "gate rzz(t) a, b { cx a, b; } rzz(0.1) q[0], q[1];", "rzz on 0, 1 is defined as another gate"),
]


def measured_inside(w: Any) -> None:
    qml.RX(w[0], 0)
    qml.cond(qml.measure(0), qml.RX)(w[0], 1)


def failing(w: Any) -> None:
    raise KeyError(f"weights\nof {w}")


class Changing:
    """A function with a gate more at every call."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, w: Any) -> None:
        self.calls += 1
        for _ in range(self.calls):
            qml.RX(w[0], 0)


def entangled(_: Any) -> None:
    qml.CNOT([0, 1])


PENNYLANE: list[tuple[Any, Any, str]] = [
    ("RX", 1, "function = 'RX': give a QNode or a quantum function"),
    (lambda w: qml.RX(w[0], 0), True, "n_params=True must be a whole number of at least 0"),
    (lambda w: qml.RX(w[0], 0), (2, -1), "n_params=-1 must be a whole number"),
    (lambda w: qml.RX(w[1], 0), 1, r"the function fails at an array of parameters of shape \(1,\) \(IndexError"),
    (lambda w, v: qml.RX(w[0] + v, 0), 1, r"the function fails at .* \(TypeError"),
    (failing, 1, r"the function fails at .* \(KeyError"),
    (lambda w: qml.RX(w[0] ** 2, 0), 1, "an angle of RX on wires 0 is not an affine function"),
    (lambda w: qml.RX(w[0] * w[1], 0), 2, "an angle of RX on wires 0 is not an affine function"),
    (lambda w: qml.RX(qml.math.sin(w[0]), 0), 1, "an angle of RX on wires 0 is not an affine function"),
    (lambda w: qml.RX(1 / w[0], 0), 1, "an angle of RX on wires 0 is not an affine function"),
    (lambda w: qml.RX(abs(w[0]), 0), 1, "an angle of RX on wires 0 is not an affine function"),
    (lambda w: qml.RX(qml.math.clip(w[0], -2.5, 2.5), 0), 1, "an angle of RX on wires 0 is not an affine function"),
    (lambda w: qml.RX(qml.math.clip(w[0], -400, 10**6), 0), 1, "an angle of RX on wires 0 is not an affine function"),
    (lambda w: qml.RX(qml.math.clip(w[0], -(10**6), 400), 0), 1, "an angle of RX on wires 0 is not an affine function"),
    (lambda w: qml.RX(w[0] % 6.5, 0), 1, "an angle of RX on wires 0 is not an affine function"),
    (
        lambda w: [qml.RX(w[0], 0), qml.RY(qml.math.where(abs(w[1]) > 2, 0, w[1]), 1)],
        2,
        "an angle of RY on wires 1 is not an affine function",
    ),
    (lambda w: qml.RX(np.sin(w[0]), 0), 1, "the function takes its parameters for numbers"),
    (lambda w: qml.RX(math.cos(w[0]), 0), 1, "the function takes its parameters for numbers"),
    (lambda w: qml.RX(w[0], 0) if w[0] > 0 else qml.RY(w[0], 0), 1, "the function takes its parameters for numbers"),
    (Changing(), 1, "the gates depend on the values of the parameters"),
    (lambda w: qml.RX(w[0], 0) if w[0] > -9 else None, 1, "the function takes its parameters for numbers"),
    (lambda w: qml.RX(w, 0), 2, "RX on wires 0 has a batch of angles"),
    (measured_inside, 1, "MidMeasureMP on wires 0 is no gate"),
    (lambda w: [qml.RX(w[0], 0), qml.DepolarizingChannel(0.1, 0)], 1, "DepolarizingChannel on wires 0 is no gate"),
    (lambda w: [qml.RX(w[0], 0), qml.AmplitudeDamping(0.1, 0)], 1, "AmplitudeDamping on wires 0 is no gate"),
    (lambda w: [qml.RX(w[0], 0), qml.CNOT([0, 1]), qml.probs(wires=[1, 0])], 1, r"reads the wires \[1, 0\]"),
    (lambda w: [qml.RX(w[0], 0), qml.CNOT([0, 1]), qml.sample(wires=[0])], 1, r"reads the wires \[0\]"),
    (lambda _: None, 1, r"the function applies no gates; apply operations of PennyLane in it, such as qml\.RX\("),
    (lambda w: w + 1, 1, "the function applies no gates"),
    (lambda w: qml.RX(w[0], 0), (10**6, 100), r"n_params=\(1000000, 100\): give at most 10,000,000 parameters"),
    (lambda w: [qml.RX(w[0], 0) for _ in range(11)], 10**7, "11 angles of 10,000,000 parameters, over the limit"),
]


def refused(read: Callable[[], Any], said: str) -> None:
    with pytest.raises(UserError, match=said) as raised:
        read()
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 700


def test_there_are_sixty() -> None:
    assert len(QISKIT) + len(QASM) + len(PENNYLANE) >= 60


@pytest.mark.parametrize(("circuit", "said"), QISKIT, ids=range(len(QISKIT)))
def test_circuits_of_qiskit(circuit: Any, said: str) -> None:
    refused(lambda: from_qiskit(circuit), said)


@pytest.mark.parametrize(("program", "said"), QASM, ids=range(len(QASM)))
def test_programs(program: Any, said: str) -> None:
    refused(lambda: from_qasm(program), said)


@pytest.mark.parametrize(("function", "n_params", "said"), PENNYLANE, ids=range(len(PENNYLANE)))
def test_functions_of_pennylane(function: Any, n_params: Any, said: str) -> None:
    refused(lambda: from_pennylane(function, n_params), said)


def test_wires_that_are_missing_or_named_twice() -> None:
    refused(lambda: from_pennylane(entangled, 0, wires=[0]), r"CNOT on wires 0, 1 is not on one of")
    refused(lambda: from_pennylane(entangled, 0, wires=[0, 1, 0]), "give every wire once")
    refused(lambda: from_pennylane(entangled, 0, wires=[]), r"wires = \[\]: give every wire once")
    refused(lambda: from_pennylane(entangled, 0, wires=range(10**12)), "wires: over the limit of 10,000")


def test_files_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "circuit.qasm").write_bytes(b"OPENQASM 2.0;\xff")
    refused(lambda: from_qasm(tmp_path / "circuit.qasm"), r"circuit.qasm is no text \(invalid start byte\)")
