import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import circuit_oracle
from hyperborn.circuits import AllPairs, Brickwork, ChosenPairs, Circuit, Gate, ProductState
from hyperborn.errors import UserError
from hyperborn.posteriors import Register

BRICKWORK_4_3 = """
cx 1 2
ry 0 . 0 | ry 1 . 1 | ry 2 . 2 | ry 3 . 3
rz 0 . 4 | rz 1 . 5 | rz 2 . 6 | rz 3 . 7
cx 0 1 | cx 2 3
ry 0 . 8 | ry 1 . 9 | ry 2 . 10 | ry 3 . 11
rz 0 . 12 | rz 1 . 13 | rz 2 . 14 | rz 3 . 15
cx 1 2
ry 0 . 16 | ry 1 . 17 | ry 2 . 18 | ry 3 . 19
rz 0 . 20 | rz 1 . 21 | rz 2 . 22 | rz 3 . 23
"""


def gate_of(text: str) -> Gate:
    name, first, second, *parameter = text.split()
    if name == "cx":
        return Gate("cx", (int(first), int(second)))
    return Gate("ry" if name == "ry" else "rz", (int(first),), int(parameter[0]))


def test_brickwork_of_four_qubits_gate_by_gate() -> None:
    written = [gate_of(text) for line in BRICKWORK_4_3.strip().splitlines() for text in line.split("|")]
    assert list(Brickwork(4, depth=3).gates()) == written


def test_brickwork_has_four_layers_unless_told() -> None:
    assert Brickwork(5) == Brickwork(5, depth=4)
    assert Brickwork(5).parameter_shape == (4, 2, 5)


@given(st.integers(1, 9), st.integers(1, 7))
def test_brickwork_uses_every_angle_once_in_place(n: int, depth: int) -> None:
    circuit = Brickwork(n, depth)
    assert circuit.n_parameters == depth * 2 * n
    index = np.arange(circuit.n_parameters).reshape(circuit.parameter_shape)
    places = {index: gate for gate in circuit.gates() for index in gate.parameters}
    for layer in range(depth):
        for qubit in range(n):
            assert places.pop(int(index[layer, 0, qubit])) == Gate("ry", (qubit,), int(index[layer, 0, qubit]))
            assert places.pop(int(index[layer, 1, qubit])) == Gate("rz", (qubit,), int(index[layer, 1, qubit]))
    assert not places
    # Odd layers (1, 3, ...) couple from qubit 1, even ones from qubit 0; each has (width - 1) // 2 or n // 2 CX gates.
    pairs = [gate.qubits for gate in circuit.gates() if gate.name == "cx"]
    assert all(target == control + 1 for control, target in pairs)
    odd, even = max(n - 1, 0) // 2, n // 2
    assert len(pairs) == (depth + 1) // 2 * odd + depth // 2 * even


def test_product_state_is_one_ry_a_qubit() -> None:
    circuit = ProductState(3)
    assert circuit.gates() == (Gate("ry", (0,), 0), Gate("ry", (1,), 1), Gate("ry", (2,), 2))
    assert (circuit.parameter_shape, circuit.n_parameters) == ((3,), 3)


ALL_PAIRS_3_1 = """
ry 0 . 0 | ry 1 . 1 | ry 2 . 2
rz 0 . 3 | rz 1 . 4 | rz 2 . 5
rzz 0 1 6 | rzz 0 2 7 | rzz 1 2 8
ry 0 . 9 | ry 1 . 10 | ry 2 . 11
"""


def test_all_pairs_of_three_qubits_gate_by_gate() -> None:
    def gate(text: str) -> Gate:
        name, first, second, parameter = text.split()
        return Gate(name, (int(first),) if second == "." else (int(first), int(second)), int(parameter))

    written = [gate(text) for line in ALL_PAIRS_3_1.strip().splitlines() for text in line.split("|")]
    assert list(AllPairs(3, depth=1).gates()) == written
    assert ChosenPairs(3, ((0, 1), (0, 2), (1, 2)), depth=1).gates() == AllPairs(3, depth=1).gates()
    second = AllPairs(3, depth=2).gates()[len(written) :]
    assert [(one.name, one.qubits) for one in second] == [(one.name, one.qubits) for one in written[3:]]
    assert [one.parameters for one in second] == [(index,) for index in range(12, 21)]


@pytest.mark.parametrize(("n", "depth", "parameters"), [(13, 2, 221), (13, 4, 429), (13, 8, 845), (1, 1, 3)])
def test_all_pairs_has_the_published_number_of_angles(n: int, depth: int, parameters: int) -> None:
    circuit = AllPairs(n, depth)
    assert circuit.n_parameters == parameters
    assert sorted(gate.parameters for gate in circuit.gates()) == [(index,) for index in range(parameters)]


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (((0, 0),), r"pair \(0, 0\): give pairs of two different qubits"),
        (((0, 1), (1, 0)), r"pair \(0, 1\): give pairs of two different qubits, each pair once"),
        ((0, 1), "pair 0: give two different qubits"),
        (((0, 1, 2),), r"pair \(0, 1, 2\): give two different qubits"),
        (((0, 4),), "qubit of a pair=4 must be a whole number from 0 to 3"),
    ],
)
def test_pairs_are_checked(pairs: tuple[tuple[int, int], ...], said: str) -> None:
    with pytest.raises(UserError, match=said):
        ChosenPairs(4, pairs)


@pytest.mark.parametrize("make", [AllPairs, Brickwork, ProductState])
def test_a_circuit_needs_a_qubit(make: type) -> None:
    with pytest.raises(UserError, match="n_qubits=0"):
        make(0)


def test_brickwork_needs_a_layer() -> None:
    with pytest.raises(UserError, match="depth=0"):
        Brickwork(3, depth=0)


@given(
    st.sampled_from(
        [lambda n: Brickwork(n, 1), lambda n: Brickwork(n, 2), lambda n: Brickwork(n, 5), ProductState, AllPairs]
    ),
    st.sampled_from([1, 4]).flatmap(lambda n: st.lists(st.floats(0, 1), min_size=n, max_size=n)),
)
def test_without_spread_the_first_state_has_the_given_marginals(make, marginals: list[float]) -> None:
    n = len(marginals)
    circuit = make(n)
    with jax.enable_x64(True):
        params = Register(circuit).init(np.asarray(marginals), spread=0.0, key=jax.random.key(0))
        assert params.shape == circuit.parameter_shape
        assert params.dtype == jnp.float64
        q = circuit_oracle.probabilities(circuit_oracle.with_angles(circuit.gates(), np.asarray(params)), n)
    expected = np.ones(1)
    for one in marginals:
        expected = np.outer(expected, [1 - one, one]).reshape(-1)
    np.testing.assert_allclose(q, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("circuit", [Brickwork(6, depth=40), ProductState(480), ChosenPairs(6, (), depth=40 - 1)])
def test_spread_is_the_standard_deviation_of_all_angles(circuit: Circuit) -> None:
    marginals, register = np.full(circuit.n_qubits, 0.3), Register(circuit)
    start = register.init(marginals, spread=0.0, key=jax.random.key(1))
    noise = register.init(marginals, spread=0.25, key=jax.random.key(1)) - start
    # At least 474 normal numbers: the standard error of their standard deviation is 0.25 / √960.
    assert abs(float(noise.std()) - 0.25) < 5 * 0.25 / np.sqrt(960)
    assert abs(float(noise.mean())) < 5 * 0.25 / np.sqrt(480)
    other = register.init(marginals, spread=0.25, key=jax.random.key(2)) - start
    assert not np.allclose(noise, other)
