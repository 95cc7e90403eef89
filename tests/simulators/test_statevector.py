from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

import circuit_oracle
from hyperborn.circuits import (
    GATES,
    AllPairs,
    Angle,
    Brickwork,
    ChosenPairs,
    Circuit,
    Gate,
    GateList,
    ProductState,
    parameters,
)
from hyperborn.errors import UserError
from hyperborn.simulators import statevector
from hyperborn.simulators.schedule import Program, schedule

# Depths 1 to 4 are unrolled, 5 to 7 loop over two or three periods, with and without a rest.
CIRCUITS = [Brickwork(n, depth) for n, depth in zip(range(1, 8), (7, 6, 5, 7, 6, 5, 7), strict=True)]
CIRCUITS += [Brickwork(1, 1), Brickwork(2, 2), Brickwork(3, 1), Brickwork(4, 4), Brickwork(5, 3), Brickwork(6, 2)]
CIRCUITS += [Brickwork(7, 1), ProductState(1), ProductState(5)]
PAIRED = [AllPairs(1, 2), AllPairs(2, 1), AllPairs(3, 3), AllPairs(5, 2), AllPairs(6, 1)]
PAIRED += [ChosenPairs(4, ((3, 0), (1, 2)), 3), ChosenPairs(3, (), 2)]
# Phases of pairs alone, none of single qubits.
PAIRED += [GateList(2, [("ry", 0, 0), ("ry", 1, 1), ("rzz", (0, 1), 2), ("ry", 0, 3), ("ry", 1, 4)])]
# Layers that do not repeat, with CX gates on neighbours alone.
UNEVEN = [(0, 1), (1, 2), (0, 1), (0, 1), (1, 2), (1, 2)]
PAIRED += [
    GateList(
        3,
        [
            gate
            for row, pair in enumerate(UNEVEN)
            for gate in (
                ("cx", pair),
                *(("ry", qubit, 6 * row + qubit) for qubit in range(3)),
                *(("rz", qubit, 6 * row + 3 + qubit) for qubit in range(3)),
            )
        ],
    )
]
CIRCUITS += PAIRED


def random_angles(circuit: Circuit, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-np.pi, np.pi, circuit.parameter_shape)


def oracle_amplitudes(circuit: Circuit, params: np.ndarray) -> np.ndarray:
    """Two rows, real and imaginary parts."""
    state = circuit_oracle.state_vector(circuit_oracle.with_angles(circuit.gates(), params), circuit.n_qubits)
    return np.stack([state.real, state.imag])


def oracle_gradient(circuit: Circuit, params: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Gradient of Σ c·q, for circuits whose gates each have their own angle."""
    gates = circuit.gates()
    by_gate = circuit_oracle.probability_gradient(circuit_oracle.with_angles(gates, params), circuit.n_qubits, c)
    gradient = np.zeros(circuit.n_parameters)
    for gate, part in zip(gates, by_gate, strict=True):
        for index in gate.parameters:
            gradient[index] += part
    return gradient.reshape(circuit.parameter_shape)


def central_differences(function: Callable[[np.ndarray], float], x: np.ndarray, step: float = 1e-5) -> np.ndarray:
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[place] = step
        gradient[place] = (function(x + shift) - function(x - shift)) / (2 * step)
    return gradient


@pytest.mark.parametrize("circuit", CIRCUITS, ids=str)
def test_amplitudes_are_those_of_dense_simulation(circuit: Circuit) -> None:
    params = random_angles(circuit)
    with jax.enable_x64(True):
        found = jax.jit(statevector.amplitudes, static_argnums=0)(circuit, jnp.asarray(params))
    assert found.dtype == jnp.float64
    np.testing.assert_allclose(found, oracle_amplitudes(circuit, params), rtol=0, atol=1e-12)


def total(circuit: Circuit, params: Array, c: Array) -> tuple[Array, Array]:
    """Σ c·q, and q beside it."""
    q = statevector.probabilities(circuit, params)
    return jnp.sum(c * q), q


gradient_of_total = jax.jit(jax.grad(total, argnums=1, has_aux=True), static_argnums=0)


@pytest.mark.parametrize("circuit", [*CIRCUITS[:7], ProductState(1), ProductState(5), *PAIRED], ids=str)
def test_probabilities_and_gradient_are_those_of_dense_simulation(circuit: Circuit) -> None:
    """The gradient of Σ c·q, beside the parameter-shift rule."""
    params = random_angles(circuit)
    c = np.random.default_rng(1).normal(size=2**circuit.n_qubits)
    with jax.enable_x64(True):
        gradient, q = gradient_of_total(circuit, jnp.asarray(params), jnp.asarray(c))
    assert gradient.dtype == q.dtype == jnp.float64
    np.testing.assert_allclose(q, (oracle_amplitudes(circuit, params) ** 2).sum(0), rtol=0, atol=1e-12)
    np.testing.assert_allclose(gradient, oracle_gradient(circuit, params, c), rtol=0, atol=1e-12)


@pytest.mark.parametrize("circuit", [Brickwork(1, 2), Brickwork(4, 5), Brickwork(7, 7), AllPairs(6, 3)], ids=str)
def test_single_precision_is_single_throughout(circuit: Circuit) -> None:
    params = random_angles(circuit)
    c = np.random.default_rng(1).normal(size=2**circuit.n_qubits)
    expected = oracle_amplitudes(circuit, params)
    gradient, q = gradient_of_total(circuit, jnp.asarray(params), jnp.asarray(c))
    amplitudes = jax.jit(statevector.amplitudes, static_argnums=0)(circuit, jnp.asarray(params))
    assert gradient.dtype == q.dtype == amplitudes.dtype == jnp.float32
    np.testing.assert_allclose(amplitudes, expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(q, (expected**2).sum(0), rtol=0, atol=1e-5)
    np.testing.assert_allclose(gradient, oracle_gradient(circuit, params, c), rtol=0, atol=1e-5)


@pytest.mark.parametrize("circuit", [Brickwork(3, 6), Brickwork(5, 2), AllPairs(4, 2)], ids=str)
def test_gradient_of_amplitudes_is_that_of_finite_differences(circuit: Circuit) -> None:
    params = random_angles(circuit)
    c = np.random.default_rng(1).normal(size=(2, 2**circuit.n_qubits))
    expected = central_differences(lambda x: float(np.sum(c * oracle_amplitudes(circuit, x))), params)
    with jax.enable_x64(True):
        found = jax.jit(jax.grad(lambda x: jnp.sum(jnp.asarray(c) * statevector.amplitudes(circuit, x))))(params)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


NAMES = sorted(GATES)


def random_circuit(seed: int, n: int) -> GateList:
    """Gates of all kinds at any distance, with parameters that are shared, multiplied, moved or left out."""
    random, theta = np.random.default_rng(seed), parameters(5)
    gates = []
    for name in random.choice(NAMES, 40):
        kind = GATES[str(name)]
        given: list[Any] = []
        for _ in range(kind.n_angles):
            one, other = (theta[place] for place in random.integers(4, size=2))
            factor, constant = random.normal(size=2).tolist()
            given.append([one, Angle(constant), factor * one - other + constant][random.integers(3)])
        gates.append(Gate(str(name), random.permutation(n)[: kind.n_qubits].tolist(), given))
    return GateList(n, gates, (5,))


@pytest.mark.parametrize("seed", range(3))
def test_any_gates_are_simulated(seed: int) -> None:
    """That schedules are right is tested on many more lists beside this; here a few of them are carried out."""
    circuit = random_circuit(seed, 5)
    params = random_angles(circuit, seed)
    c = np.random.default_rng(1).normal(size=2**5)

    def value(x: np.ndarray) -> float:
        return float(c @ (oracle_amplitudes(circuit, x) ** 2).sum(0))

    with jax.enable_x64(True):
        found = jax.jit(statevector.amplitudes, static_argnums=0)(circuit, jnp.asarray(params))
        gradient, q = map(np.asarray, gradient_of_total(circuit, jnp.asarray(params), jnp.asarray(c)))
    np.testing.assert_allclose(found, oracle_amplitudes(circuit, params), rtol=0, atol=1e-12)
    np.testing.assert_allclose(q, (oracle_amplitudes(circuit, params) ** 2).sum(0), rtol=0, atol=1e-12)
    # Rounding of differences over 2e-5, beside a remainder of the order of its square.
    np.testing.assert_allclose(gradient, central_differences(value, params), rtol=0, atol=1e-8)
    assert gradient[4] == 0


def test_too_many_qubits_are_refused_before_memory_is_asked_for() -> None:
    for circuit in (Brickwork(40, 2), GateList(27, [("h", 0)])):
        for function in (statevector.amplitudes, statevector.probabilities):
            with pytest.raises(UserError, match=f"{circuit.n_qubits} qubits have 2.{circuit.n_qubits} amplitudes"):
                function(circuit, jnp.zeros(circuit.parameter_shape))


def test_dtypes_follow_the_angles_where_double_precision_is_on() -> None:
    circuit = Brickwork(5, 5)

    def dtypes(angles: Any) -> list[Any]:
        struct, c = jax.ShapeDtypeStruct(circuit.parameter_shape, angles), jax.ShapeDtypeStruct((32,), angles)
        shapes = jax.eval_shape(lambda x, c: gradient_of_total(circuit, x, c), struct, c)
        return [leaf.dtype for leaf in shapes] + [
            jax.eval_shape(lambda x: statevector.amplitudes(circuit, x), struct).dtype
        ]

    with jax.enable_x64(True):
        assert dtypes(jnp.float32) == [jnp.float32] * 3
        assert dtypes(jnp.float64) == [jnp.float64] * 3


def test_the_loop_and_the_unrolled_circuit_agree() -> None:
    circuit = Brickwork(3, depth=5)
    program = schedule(circuit)
    assert program.repeats == 2
    params = jnp.asarray(random_angles(circuit)).reshape(-1)
    c = jnp.asarray(np.random.default_rng(1).normal(size=(2, 8)), jnp.float32)

    def value(program: Program, angles: Array) -> Array:
        return jnp.sum(c * jnp.stack(statevector.final_state(program, statevector.angles_of(program, angles))))

    with_gradient = jax.jit(jax.value_and_grad(value, argnums=1), static_argnums=0)
    unrolled = replace(program, body=(), repeats=0, tail=program.body * 2)
    looped, straight = with_gradient(program, params), with_gradient(unrolled, params)
    assert straight[1].shape == params.shape
    np.testing.assert_allclose(looped[0], straight[0], rtol=1e-5)
    np.testing.assert_allclose(looped[1], straight[1], rtol=0, atol=1e-5)


def test_vmap_over_restarts_is_a_loop() -> None:
    circuit = Brickwork(4, 5)
    many = jnp.asarray(np.stack([random_angles(circuit, seed) for seed in range(3)]))
    c = jnp.arange(16, dtype=jnp.float32)
    gradients, q = jax.jit(jax.vmap(lambda params: gradient_of_total(circuit, params, c)))(many)
    for place, params in enumerate(many):
        one_gradient, one_q = gradient_of_total(circuit, params, c)
        np.testing.assert_allclose(q[place], one_q, rtol=0, atol=1e-6)
        np.testing.assert_allclose(gradients[place], one_gradient, rtol=0, atol=1e-5)


def test_float32_holds_out_over_hundreds_of_layers() -> None:
    circuit = Brickwork(4, depth=401)
    params = random_angles(circuit)
    c = np.random.default_rng(1).normal(size=16)
    single_gradient, single = gradient_of_total(circuit, jnp.asarray(params), jnp.asarray(c))
    with jax.enable_x64(True):
        double_gradient, double = gradient_of_total(circuit, jnp.asarray(params), jnp.asarray(c))
    assert abs(np.asarray(double).sum() - 1) < 1e-12
    assert abs(np.asarray(single).sum() - 1) < 1e-4
    np.testing.assert_allclose(single, double, rtol=0, atol=1e-4)
    # The state that is undone gate by gate comes back to |0...0> closely enough.
    np.testing.assert_allclose(single_gradient, double_gradient, rtol=0, atol=1e-4)


def reaching_rings(n: int, depth: int) -> GateList:
    """RX on every qubit and a ring of CX in each layer, which reaches further from layer to layer: no period."""
    gates: list[Any] = []
    for layer in range(depth):
        gates += [("rx", qubit, layer * n + qubit) for qubit in range(n)]
        gates += [("cx", (qubit, (qubit + 1 + layer % (n - 1)) % n)) for qubit in range(n)]
    return GateList(n, gates)


@pytest.fixture(scope="module", params=[Brickwork, AllPairs, reaching_rings])
def lowered_gradients(request: pytest.FixtureRequest) -> tuple[int, dict[int, Any]]:
    """Angles of a layer, and the gradient of 12 qubits, lowered, at depths 8 and 64."""

    def lowered(depth: int) -> Any:
        circuit = request.param(12, depth)
        angles = jax.ShapeDtypeStruct(circuit.parameter_shape, jnp.float32)
        return gradient_of_total.lower(circuit, angles, jax.ShapeDtypeStruct((2**12,), jnp.float32))

    layer = request.param(12, 2).n_parameters - request.param(12, 1).n_parameters
    return layer, {depth: lowered(depth) for depth in (8, 64)}


def test_memory_does_not_grow_with_depth(lowered_gradients: tuple[int, dict[int, Any]]) -> None:
    layer, by_depth = lowered_gradients
    shallow, deep = (by_depth[depth].compile().memory_analysis().temp_size_in_bytes for depth in (8, 64))
    one_state = 2 * 4 * 2**12
    assert shallow > 2 * one_state
    # Only the angles grow: 56 more layers of them, a few copies. A stored layer would be a whole state.
    assert deep - shallow < 16 * 4 * 56 * layer < 56 * 2 * one_state
    # The many angles of all pairs show beside a state of 12 qubits.
    assert deep < (1.5 if layer <= 24 else 2) * shallow


def test_the_program_does_not_grow_with_depth(lowered_gradients: tuple[int, dict[int, Any]]) -> None:
    shallow, deep = (len(lowered_gradients[1][depth].as_text().splitlines()) for depth in (8, 64))
    assert abs(deep - shallow) <= 0.01 * shallow


def test_angles_of_the_wrong_shape_are_refused() -> None:
    for function in (statevector.amplitudes, statevector.probabilities):
        with pytest.raises(UserError, match=r"of shape \(4, 2, 3\) do not fit Brickwork\(n_qubits=3, depth=2\)"):
            function(Brickwork(3, depth=2), jnp.zeros((4, 2, 3)))


@pytest.mark.parametrize("constant", [1e300, -1e17, 12345.678])
def test_large_constants_lose_no_digits(constant: float) -> None:
    """All gates with an angle, between others. The second and third angle of U add up, and are small for that."""
    gates: list[Any] = [("ry", 0, 0), ("ry", 1, 1)]
    for name, kind in GATES.items():
        if kind.n_angles:
            own = [Angle(constant), Angle(100.25), Angle(-50.5)][: kind.n_angles]
            gates += [(name, tuple(range(kind.n_qubits)), own), ("rx", 1, Angle(constant)), ("h", 0)]
    circuit = GateList(2, gates)
    params = np.array([0.3, 0.7])
    expected = circuit_oracle.probabilities(circuit_oracle.with_angles(circuit.gates(), params), 2)
    found = statevector.probabilities(circuit, jnp.asarray(params, jnp.float32))
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)
    with jax.enable_x64(True):
        found = statevector.probabilities(circuit, jnp.asarray(params))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)


def test_many_constants_that_add_up_lose_no_digits() -> None:
    circuit = GateList(1, [("ry", 0, Angle(3.0))] * 1000 + [("ry", 0, 0)])
    found = statevector.probabilities(circuit, jnp.full(1, 0.25, jnp.float32))
    assert abs(float(found[1]) - np.sin(3000.25 / 2) ** 2) < 1e-6
