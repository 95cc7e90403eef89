"""One function a library: it imports, and returns what builds a run of the problem.

A run computes the value and the whole gradient, from scratch, for angles that could change from run to run; the costs c
are given in the form that suits the library best, prepared once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from problem import Problem, layer_gates

Run = Callable[[], tuple[float, np.ndarray]]
Build = Callable[[Problem], Run]


@dataclass(frozen=True)
class Peer:
    """A way to compute the gradient, named for the table; precision is that of the amplitudes' parts."""

    label: str
    precision: str
    load: Callable[[], Build]


def hyperborn() -> Build:
    from hyperborn.circuits import Brickwork, GateList
    from hyperborn.compilation import keep_compiled_programs
    from hyperborn.posteriors import Register

    keep_compiled_programs()  # as the command line does

    def build(problem: Problem) -> Run:
        if problem.circuit == "brickwork":
            return run_jax(Register(Brickwork(problem.n, depth=problem.depth)).probabilities, problem)
        listed = [
            (name, first, second) if name[0] == "r" else (name, (first, second))
            for name, first, second in problem.gates()
        ]
        return run_jax(Register(GateList(problem.n, listed)).probabilities, problem)

    return build


def lightning(precision: type[np.complexfloating]) -> Build:
    """Adjoint differentiation of a sparse diagonal observable, the form of a diagonal that the adjoint method takes.

    The device is called without a QNode, whose bookkeeping would add 5 to 10 ms a gradient.
    """
    import pennylane as qml
    from scipy.sparse import diags

    def build(problem: Problem) -> Run:
        device = qml.device("lightning.qubit", wires=problem.n, c_dtype=precision)
        observable = qml.SparseHamiltonian(diags(problem.costs.astype(np.float64)).tocsr(), wires=range(problem.n))
        config = qml.devices.ExecutionConfig(gradient_method="adjoint", use_device_gradient=True)
        angles = problem.angles.astype(np.float64).ravel()

        def run() -> tuple[float, np.ndarray]:
            tape = qml.tape.QuantumScript(
                pennylane_gates(qml, problem, angles), [qml.expval(observable)], trainable_params=range(angles.size)
            )
            value, gradient = device.execute_and_compute_derivatives(tape, config)
            return float(value), np.asarray(gradient)

        return run

    return build


def pennylane_gates(qml: Any, problem: Problem, angles: Any) -> list[Any]:
    make = {
        "cx": lambda control, target: qml.CNOT([control, target]),
        "cz": lambda control, target: qml.CZ([control, target]),
        "rx": lambda qubit, angle: qml.RX(angles[angle], qubit),
        "ry": lambda qubit, angle: qml.RY(angles[angle], qubit),
        "rz": lambda qubit, angle: qml.RZ(angles[angle], qubit),
    }
    return [make[name](first, second) for name, first, second in problem.gates()]


def default_qubit() -> Build:
    """Back-propagation through `default.qubit`, the QNode and its gradient under one jit."""
    import jax
    import pennylane as qml

    def build(problem: Problem) -> Run:
        device = qml.device("default.qubit", wires=problem.n)

        @qml.qnode(device, interface="jax", diff_method="backprop")
        def circuit(angles: jax.Array) -> Any:
            pennylane_gates(qml, problem, angles.reshape(-1))
            return qml.probs(wires=range(problem.n))

        return run_jax(circuit, problem)

    return build


def qulacs() -> Build:
    """Qulacs' own back-propagation from the cotangent state c·ψ; it keeps amplitudes in complex128 only.

    Qubit 0 is its least significant bit and its rotations turn the other way round; the inner product counts half.
    """
    from qulacs import ParametricQuantumCircuit, QuantumState
    from qulacs.gate import DiagonalMatrix
    from qulacs.state import inner_product

    def build(problem: Problem) -> Run:
        top = problem.n - 1
        circuit = ParametricQuantumCircuit(problem.n)
        angles = [-float(angle) for angle in problem.angles.ravel()]
        for name, first, second in problem.gates():
            if name == "cx":
                circuit.add_CNOT_gate(top - first, top - second)
            elif name == "ry":
                circuit.add_parametric_RY_gate(top - first, angles[second])
            else:
                circuit.add_parametric_RZ_gate(top - first, angles[second])
        costs = DiagonalMatrix(list(range(problem.n)), problem.costs.astype(np.complex128))

        def run() -> tuple[float, np.ndarray]:
            for index, angle in enumerate(angles):
                circuit.set_parameter(index, angle)
            state = QuantumState(problem.n)
            circuit.update_quantum_state(state)
            cotangent = state.copy()
            costs.update_quantum_state(cotangent)
            value = inner_product(state, cotangent).real
            return value, -2.0 * np.asarray(circuit.backprop_inner_product(cotangent))

        return run

    return build


def tensorcircuit(scan: bool) -> Build:
    """The circuit's state under one jit: unrolled, or scanned over pairs of layers, as its authors advise for depth."""
    import jax
    import jax.numpy as jnp
    import tensorcircuit

    tensorcircuit.set_backend("jax")
    tensorcircuit.set_dtype("complex64")

    def append(circuit: Any, n: int, layer: int, angles: jax.Array, start: int) -> None:
        for name, first, second in layer_gates(n, layer):
            if name == "cx":
                circuit.cx(first, second)
            else:
                getattr(circuit, name)(first, theta=angles[second - start])

    def build(problem: Problem) -> Run:
        n, pair = problem.n, 4 * problem.n

        def unrolled(angles: jax.Array) -> jax.Array:
            circuit = tensorcircuit.Circuit(n)
            for layer in range(problem.depth):
                append(circuit, n, layer, angles.reshape(-1), start=0)
            return squared(circuit.state())

        def step(state: jax.Array, angles: jax.Array) -> tuple[jax.Array, None]:
            circuit = tensorcircuit.Circuit(n, inputs=state)
            append(circuit, n, 0, angles, start=0)
            append(circuit, n, 1, angles, start=0)
            return circuit.state(), None

        def scanned(angles: jax.Array) -> jax.Array:
            zero = jnp.zeros(2**n, jnp.complex64).at[0].set(1)
            state, _ = jax.lax.scan(step, zero, angles.reshape(-1, pair))
            return squared(state)

        return run_jax(scanned if scan else unrolled, problem)

    def squared(state: jax.Array) -> jax.Array:
        return state.real**2 + state.imag**2

    return build


def run_jax(probabilities: Callable[[Any], Any], problem: Problem) -> Run:
    """Value and gradient under one jit, the costs an argument, so that they are not compiled in."""
    import jax
    import jax.numpy as jnp

    def expected_cost(angles: jax.Array, costs: jax.Array) -> jax.Array:
        return jnp.sum(costs * probabilities(angles))

    gradient = jax.jit(jax.value_and_grad(expected_cost))
    angles, costs = jnp.asarray(problem.angles), jnp.asarray(problem.costs)

    def run() -> tuple[float, np.ndarray]:
        value, slope = jax.block_until_ready(gradient(angles, costs))
        return float(value), np.asarray(slope)

    return run


PEERS = {
    "hyperborn": Peer("Hyperborn", "float32", hyperborn),
    "lightning64": Peer("PennyLane Lightning, adjoint, complex64", "float32", lambda: lightning(np.complex64)),
    "lightning128": Peer("PennyLane Lightning, adjoint, complex128", "float64", lambda: lightning(np.complex128)),
    "qulacs": Peer("Qulacs, complex128", "float64", qulacs),
    "default-qubit": Peer("PennyLane default.qubit, JAX jit", "float32", default_qubit),
    "tensorcircuit-scan": Peer("TensorCircuit-NG, JAX jit, scan", "float32", lambda: tensorcircuit(scan=True)),
    "tensorcircuit": Peer("TensorCircuit-NG, JAX jit", "float32", lambda: tensorcircuit(scan=False)),
}
