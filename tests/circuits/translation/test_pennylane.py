from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pennylane as qml
import pytest

import circuit_oracle
from hyperborn.circuits import GATES, Angle, Brickwork, Gate, GateList, from_pennylane
from hyperborn.circuits.translation.pennylane import OPERATIONS
from hyperborn.errors import UserError

HAMILTONIAN = qml.Hamiltonian([1.0, 0.5], [qml.Z(0) @ qml.Z(1), qml.X(0)])
TEMPLATES: dict[str, tuple[Callable[[Any], Any], tuple[int, ...], set[str]]] = {
    "StronglyEntanglingLayers": (lambda w: qml.StronglyEntanglingLayers(w, wires=range(3)), (2, 3, 3), {"u", "cx"}),
    "BasicEntanglerLayers": (lambda w: qml.BasicEntanglerLayers(w, wires=range(3)), (2, 3), {"rx", "cx"}),
    "SimplifiedTwoDesign": (
        lambda w: qml.SimplifiedTwoDesign(w[:3], w[3:].reshape(1, 2, 2), wires=range(3)),
        (7,),
        {"ry", "cz"},
    ),
    "ApproxTimeEvolution": (lambda w: qml.ApproxTimeEvolution(HAMILTONIAN, w[0], 2), (1,), {"cx", "rz", "h"}),
    "QFT": (lambda w: [qml.RX(w[0], 1), qml.QFT(wires=range(3)), qml.RY(w[1], 2)], (2,), {*GATES}),
    "BasisState": (lambda w: [qml.BasisState([1, 0], wires=[0, 1]), qml.RX(w[0], 1)], (1,), {"x", "rx"}),
    "modifiers": (
        lambda w: [qml.RX(0.4, 1), qml.adjoint(qml.RX(2 * w[0], 0)), qml.ctrl(qml.RY(w[1], 1), 0), qml.T(1) ** 2],
        (2,),
        {"rx", "cry", "s", "p", "t"},
    ),
    "Rot": (lambda w: [qml.RY(0.3, 0), qml.Rot(w[0], 2 * w[1] + 0.1, w[2], 0), qml.RX(1, 0)], (3,), {"ry", "u", "rx"}),
    "PauliRot": (lambda w: [qml.RY(0.3, 0), qml.PauliRot(w[0], "XYZ", range(3))], (1,), {"ry", "h", "rx", "cx", "rz"}),
}


def probabilities_of(function: Callable[[Any], Any], params: np.ndarray, n: int) -> np.ndarray:
    @qml.qnode(qml.device("default.qubit", wires=n))
    def run(values: Any) -> Any:
        function(values)
        return qml.probs(wires=range(n))

    return np.asarray(run(params))


def ours(circuit: GateList, params: np.ndarray) -> np.ndarray:
    return circuit_oracle.probabilities(circuit_oracle.with_angles(circuit.gates(), params), circuit.n_qubits)


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_mean_the_same(name: str) -> None:
    function, shape, names = TEMPLATES[name]
    circuit = from_pennylane(function, shape)
    assert circuit.parameter_shape == shape
    assert {gate.name for gate in circuit.gates()} <= names
    params = np.random.default_rng(4).uniform(-3, 3, shape)
    expected = probabilities_of(function, params, circuit.n_qubits)
    np.testing.assert_allclose(ours(circuit, params), expected, rtol=0, atol=1e-12)


def test_angles_are_found_as_they_are_written() -> None:
    def ansatz(weights: Any) -> None:
        qml.RX(2 * weights[1, 0] - np.pi / 2, wires=0)
        qml.IsingZZ(-(weights[0, 1] + weights[1, 1]) / 4, wires=[1, 0])
        qml.PhaseShift(0.1, wires=1)

    assert from_pennylane(ansatz, (2, 2)).gates() == (
        Gate("rx", (0,), Angle(-np.pi / 2, ((2, 2.0),))),
        Gate("rzz", (1, 0), Angle(0.0, ((1, -0.25), (3, -0.25)))),
        Gate("p", (1,), Angle(0.1)),
    )


def test_angles_may_be_computed_in_jax() -> None:
    circuit = from_pennylane(lambda w: qml.RX(jnp.sum(w) / 3 - 1.1, 0), 2)
    ((constant, terms),) = [(gate.angles[0].constant, gate.angles[0].terms) for gate in circuit.gates()]
    assert constant == pytest.approx(-1.1, abs=1e-15)
    assert terms == ((0, pytest.approx(1 / 3, abs=1e-15)), (1, pytest.approx(1 / 3, abs=1e-15)))


def test_a_qnode_has_the_wires_of_its_device_and_its_transforms() -> None:
    def ansatz(weights: Any) -> Any:
        qml.RX(weights[0], wires="b")
        qml.RX(weights[1], wires="b")
        qml.CNOT(wires=["b", "c"])
        return qml.probs(wires=["a", "b", "c"])

    node = qml.QNode(ansatz, qml.device("default.qubit", wires=["a", "b", "c"]))
    listed = [("rx", 1, 0), ("rx", 1, 1), ("cx", (1, 2))]
    assert from_pennylane(node, 2) == GateList(3, listed)
    assert from_pennylane(qml.transforms.merge_rotations(node), 2).gates() == (
        Gate("rx", (1,), Angle(0.0, ((0, 1.0), (1, 1.0)))),
        Gate("cx", (1, 2)),
    )
    with pytest.raises(UserError, match=r"reads the wires \['a', 'b', 'c'\]: qubits are the wires \['c', 'b', 'a'\]"):
        from_pennylane(node, 2, wires=["c", "b", "a"])


def test_wires_of_a_function() -> None:
    assert from_pennylane(lambda w: [qml.RX(w[0], 7), qml.RY(w[0], 2)], 1) == GateList(2, [("rx", 1, 0), ("ry", 0, 0)])
    assert from_pennylane(lambda w: [qml.RX(w[0], "z"), qml.RY(w[0], "a")], 1).gates()[0].qubits == (0,)
    assert from_pennylane(lambda w: qml.RX(w[0], 1), 1, wires=range(3)) == GateList(3, [("rx", 1, 0)])


def test_every_gate_has_an_operation_of_the_same_matrix() -> None:
    assert OPERATIONS.keys() == GATES.keys()
    random = np.random.default_rng(1)
    for name, kind in GATES.items():
        values = random.uniform(-3, 3, kind.n_angles)
        qubits = random.permutation(kind.n_qubits).tolist()
        circuit = GateList(kind.n_qubits, [(name, qubits, tuple(range(kind.n_angles)))])
        expected = circuit_oracle.matrix_of(name, *values)
        np.testing.assert_allclose(qml.matrix(circuit.to_pennylane(values), wire_order=qubits)(), expected, atol=1e-14)


def test_an_exported_function_can_be_differentiated() -> None:
    circuit = Brickwork(2, 1)
    c = np.array([0.3, -1.0, 0.2, 2.0])
    params = np.random.default_rng(2).uniform(-1, 1, circuit.parameter_shape)

    @qml.qnode(qml.device("default.qubit", wires=2), interface="jax", diff_method="backprop")
    def run(values: Any) -> Any:
        circuit.to_pennylane()(values)
        return qml.probs(wires=[0, 1])

    with jax.enable_x64(True):
        found = jax.grad(lambda x: jnp.asarray(c) @ run(x))(jnp.asarray(params))
    gates = circuit_oracle.with_angles(circuit.gates(), params)
    expected = circuit_oracle.probability_gradient(gates, 2, c)
    np.testing.assert_allclose(np.asarray(found).reshape(-1), expected, rtol=0, atol=1e-12)
    with pytest.raises(
        UserError, match=r"parameters of shape \(4,\) for Brickwork.*: give an array of shape \(1, 2, 2\)"
    ):
        run(params.reshape(-1))
