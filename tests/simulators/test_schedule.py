from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import circuit_oracle
from hyperborn.circuits import GATES, AllPairs, Angle, Brickwork, Circuit, GateList, ProductState, parameters
from hyperborn.errors import UserError
from hyperborn.simulators.schedule import GateGroup, Program, Step, schedule

N = 6
THETA = parameters(8)
GIVEN = [*range(8), Angle(0.5), 2 * THETA[0] - THETA[1]]

ONE_GATE = st.sampled_from(sorted(GATES)).flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.permutations(range(N)).map(lambda order: tuple(order[: GATES[name].n_qubits])),
        st.lists(st.integers(0, 9), min_size=GATES[name].n_angles, max_size=GATES[name].n_angles),
    )
)
BLOCKS = st.lists(ONE_GATE, max_size=10)
FLIPS_AND_FEW_OTHERS = st.lists(
    st.sampled_from(["x", "cx", "cx", "ry", "cz", "h"]).flatmap(
        lambda name: st.tuples(
            st.just(name), st.permutations(range(3)).map(lambda order: tuple(order[: GATES[name].n_qubits]))
        )
    ),
    max_size=12,
)


def listed(arguments: Sequence[Any]) -> GateList:
    return GateList(N, [(name, qubits, [GIVEN[own] for own in angles]) for name, qubits, angles in arguments], (8,))


def gates_of(program: Program, params: np.ndarray) -> list[circuit_oracle.GateTuple]:
    """What a program does, gate by gate, read off its tables in plain NumPy."""
    n = program.n_qubits

    def table(own: Any) -> np.ndarray:
        filled = own.constants.copy()
        np.add.at(filled, own.places, own.factors * params[own.parameters])
        return filled.reshape(own.shape)

    rotations, phases, couplings = map(table, (program.rotations, program.phases, program.couplings))
    gates: list[circuit_oracle.GateTuple] = [("x", (qubit,), ()) for qubit, bit in enumerate(program.start) if bit]
    gates += [("ry", (qubit,), (rotations[0, qubit],)) for qubit in range(n)]
    for row, step in enumerate([*program.body * program.repeats, *program.tail, program.last]):
        if step.phases:
            gates += [("rz", (qubit,), (phases[row, qubit],)) for qubit in range(n)]
        else:
            assert not phases[row].any()
        if step.couplings:
            gates += [
                ("rzz", (low, high), (couplings[row, low, high],)) for low in range(n) for high in range(low + 1, n)
            ]
        else:
            assert not couplings[row].any()
        if step is program.last:
            break
        if step.permutes:
            gates.append(("permutation", tuple(range(n)), (row,)))
        for group in step.groups:
            gates += [("cx", (group.first + one, group.first + other), ()) for one, other in group.flips]
        if step.groups:
            gates += [("ry", (qubit,), (rotations[row + 1, qubit],)) for qubit in range(n)]
    return gates


def state_of(program: Program, params: np.ndarray) -> np.ndarray:
    n = program.n_qubits
    state = np.zeros(2**n, complex)
    state[0] = 1
    for name, qubits, values in gates_of(program, params):
        if name == "permutation":
            row = int(values[0])
            places = program.permutations.from_leading[row][:, None] ^ program.permutations.from_trailing[row]
            state = state[places.reshape(-1)]
        else:
            state = circuit_oracle.applied(state, circuit_oracle.matrix_of(name, *values) + 0j, qubits, n)
    (constant,) = program.global_phase.constants
    own = program.global_phase
    return np.exp(1j * (constant + (own.factors * params[own.parameters]).sum())) * state


def assert_does_the_same(circuit: Circuit) -> Program:
    program = schedule(circuit)
    params = np.random.default_rng(0).uniform(-3, 3, circuit.n_parameters)
    expected = circuit_oracle.state_vector(circuit_oracle.with_angles(circuit.gates(), params), circuit.n_qubits)
    np.testing.assert_allclose(state_of(program, params), expected, rtol=0, atol=1e-12)
    for step in (*program.body, *program.tail):
        covered = [qubit for group in step.groups for qubit in range(group.first, group.first + group.size)]
        assert covered == (list(range(circuit.n_qubits)) if step.groups else [])
        assert max((group.size for group in step.groups), default=0) <= 4
    return program


@given(BLOCKS)
def test_a_schedule_does_what_its_circuit_does(arguments: list[Any]) -> None:
    assert_does_the_same(listed(arguments))


@given(FLIPS_AND_FEW_OTHERS)
def test_flips_are_scheduled_wherever_they_stand(arguments: list[Any]) -> None:
    """Flips become known, and so move to other places, as what is before them is worked out."""
    gates = [(name, qubits, [place % 8] * GATES[name].n_angles) for place, (name, qubits) in enumerate(arguments)]
    assert_does_the_same(GateList(3, gates, (8,)))


# An X that is left of the second CX commutes with the target of the first.
def test_a_flip_whose_control_is_known_is_a_flip_of_the_start() -> None:
    program = assert_does_the_same(GateList(3, [("x", 2), ("ry", 0, 0), ("cx", (0, 1)), ("cx", (2, 1))]))
    assert program.start == (0, 1, 1)


@given(BLOCKS, st.integers(6, 9))
def test_repeated_blocks_are_one_loop(arguments: list[Any], repeats: int) -> None:
    program = assert_does_the_same(listed(arguments * repeats))
    # Whatever the block is, few steps are compiled.
    assert len(program.body) + len(program.tail) <= 4


def test_brickwork_of_five_qubits() -> None:
    program = schedule(Brickwork(5, depth=6))
    assert program.head == (GateGroup(0, 4), GateGroup(4, 1))
    # Layers alternate: two steps make a period, and one is left.
    assert (len(program.body), program.repeats, len(program.tail)) == (2, 2, 1)
    # CX gates (0, 1) and (2, 3), and then (1, 2) and (3, 4).
    assert program.body[0] == Step(True, False, False, (GateGroup(0, 4, ((0, 1), (2, 3))), GateGroup(4, 1)))
    assert program.body[1] == Step(True, False, False, (GateGroup(0, 3, ((1, 2),)), GateGroup(3, 2, ((0, 1),))))
    np.testing.assert_array_equal(
        program.rotations.parameters, [10 * layer + q for layer in range(6) for q in range(5)]
    )


@pytest.mark.parametrize("n", range(1, 10))
@pytest.mark.parametrize("depth", range(1, 8))
def test_brickwork_loops_over_every_period(n: int, depth: int) -> None:
    program = assert_does_the_same(Brickwork(n, depth))
    # n = 1 has no CX: all layers are alike. Otherwise two layers make a period.
    period = 1 if n == 1 else 2
    expected = (depth - 1) // period if depth - 1 >= 2 * period else 0
    assert program.repeats == expected
    assert len(program.tail) == depth - 1 - expected * period
    assert not any(step.permutes for step in (*program.body, *program.tail))


@pytest.mark.parametrize("n", range(1, 7))
@pytest.mark.parametrize("depth", range(1, 5))
def test_all_pairs_loops_over_every_layer(n: int, depth: int) -> None:
    program = assert_does_the_same(AllPairs(n, depth))
    assert program.repeats == (depth if depth > 1 else 0)
    (step,) = program.body or program.tail
    assert (step.phases, step.couplings, step.permutes) == (True, n > 1, False)


def test_product_state_is_its_head() -> None:
    program = schedule(ProductState(6))
    assert program.head == (GateGroup(0, 4), GateGroup(4, 2))
    assert (program.body, program.repeats, program.tail) == ((), 0, ())
    assert not program.last.phases


def test_no_gates_at_all() -> None:
    program = assert_does_the_same(GateList(2, []))
    assert (program.body, program.tail, program.start) == ((), (), (0, 0))


def layered(rotation: str, entangler: str, pairs: list[tuple[int, int]], reps: int) -> GateList:
    gates: list[Any] = []
    for rep in range(reps + 1):
        gates += [(rotation, qubit, N * rep + qubit) for qubit in range(N)]
        gates += [(entangler, pair) for pair in pairs] if rep < reps else []
    return GateList(N, gates)


RING = [(qubit, (qubit + 1) % N) for qubit in range(N)]


def test_rx_and_a_ring_of_cz_take_no_more_steps_than_ry_and_cx_on_neighbours() -> None:
    program = assert_does_the_same(layered("rx", "cz", RING, 5))
    assert (len(program.body), program.repeats, program.tail) == (1, 5, ())
    assert program.body[0] == Step(True, True, False, (GateGroup(0, 4), GateGroup(4, 2)))


def test_a_ring_of_cx_is_one_permutation() -> None:
    program = assert_does_the_same(layered("ry", "cx", RING, 5))
    assert (len(program.body), program.repeats, program.tail) == (1, 5, ())
    assert program.body[0] == Step(False, False, True, (GateGroup(0, 4), GateGroup(4, 2)))


def test_layers_that_all_differ_are_one_loop_too() -> None:
    gates: list[Any] = []
    for layer in range(N):
        gates += [("ry", qubit, N * layer + qubit) for qubit in range(N)]
        gates += [("cx", (qubit, (qubit + 1 + layer % (N - 1)) % N)) for qubit in range(layer % 2, N)]
        gates += [("cz", (0, layer))] if layer else []
    program = assert_does_the_same(GateList(N, gates))
    assert (len(program.body), program.tail) == (1, ())
    assert program.repeats >= N
    assert program.body[0] == Step(True, True, True, (GateGroup(0, 4), GateGroup(4, 2)))


def test_a_circuit_listed_badly_is_the_same_program() -> None:
    """Qubit by qubit instead of layer by layer, as converters list gates."""
    circuit = AllPairs(5, 3)
    gates = circuit.gates()
    layers = [gates[:5]] + [gates[5 + 20 * layer :][:20] for layer in range(3)]
    random = np.random.default_rng(0)
    badly = [*layers[0]]
    for layer in layers[1:]:
        phases = [gate for gate in layer if gate.name != "ry"]
        badly += [phases[place] for place in random.permutation(len(phases))]
        badly += reversed([gate for gate in layer if gate.name == "ry"])
    good, bad = schedule(circuit), schedule(GateList(5, badly))
    assert badly != list(gates)
    assert (good.body, good.repeats, good.tail, good.head) == (bad.body, bad.repeats, bad.tail, bad.head)
    assert_does_the_same(GateList(5, badly))


def test_gates_outside_the_circuit_are_refused() -> None:
    class Wrong(ProductState):
        def gates(self) -> tuple[Any, ...]:
            return (*super().gates(), *GateList(7, [("ry", 6, 9)]).gates())

    with pytest.raises(UserError, match=r"ry\(theta\[9\]\) on 6 in a circuit of 3 qubits"):
        schedule(Wrong(3))
    with pytest.raises(UserError, match="in a circuit of 7 parameters"):
        schedule(Wrong(7))


SHORT = st.lists(
    st.sampled_from(["x", "cx", "crx", "cry", "ch", "ry", "rxx", "ccx", "cy", "cz"]).flatmap(
        lambda name: st.tuples(
            st.just(name),
            st.permutations(range(3)).map(lambda order: tuple(order[: GATES[name].n_qubits])),
            st.just([0] * GATES[name].n_angles),
        )
    ),
    max_size=10,
)


@given(SHORT)
def test_gates_on_basis_states_are_scheduled_right(arguments: list[Any]) -> None:
    """Without a layer of rotations first, many of them act on qubits that nothing has rotated."""
    assert_does_the_same(listed(arguments))
