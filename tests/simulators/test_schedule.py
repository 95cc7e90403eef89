from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import circuit_oracle
from hyperborn.circuits import AllPairs, Brickwork, Circuit, Gate, ProductState
from hyperborn.errors import UserError
from hyperborn.simulators.schedule import GateGroup, Mixing, Phases, Program, schedule

N = 6
ANGLES = 24
Make = Callable[[int, int, list[tuple[Any, ...]]], Circuit]

ONE_GATE = st.one_of(
    # Pairs up to three apart, in both directions.
    st.tuples(st.sampled_from(["cx", "rzz"]), st.integers(0, N - 1), st.sampled_from([-3, -2, -1, 1, 2, 3])).filter(
        lambda gate: 0 <= gate[1] + gate[2] < N
    ),
    st.tuples(st.sampled_from(["ry", "rz"]), st.integers(0, N - 1), st.integers(0, 3)),
)
BLOCKS = st.lists(ONE_GATE, max_size=12)


def arguments_of(block: list[tuple[str, int, int]], offset: int = 0) -> list[tuple[Any, ...]]:
    return [
        (name, (one, one + other), None if name == "cx" else abs(other) + offset)
        if name in ("cx", "rzz")
        else (name, (one,), other + offset)
        for name, one, other in block
    ]


def gates_of(program: Program) -> list[Gate]:
    """What a program does, gate by gate."""
    periods = [segment.shifted(program.body_start + turn * program.stride) for turn in range(program.repeats)
               for segment in program.body]  # fmt: skip
    gates: list[Gate] = []
    for segment in (program.head, *periods, *program.tail):
        if isinstance(segment, Phases):
            alone = zip(segment.qubits, segment.own_parameters, strict=True)
            gates += [Gate("rz", (qubit,), parameter) for qubit, parameter in alone]
            paired = zip(segment.pairs, segment.pair_parameters, strict=True)
            gates += [Gate("rzz", pair, parameter) for pair, parameter in paired]
            continue
        for group in segment.groups:
            gates += [Gate("cx", (group.first + one, group.first + other)) for one, other in group.flips]
            turns = enumerate(group.angles, start=group.first)
            gates += [Gate("ry", (qubit,), angle) for qubit, angle in turns if angle is not None]
    return gates


def assert_does_the_same(program: Program, circuit: Circuit) -> None:
    angles = np.random.default_rng(0).uniform(-3, 3, circuit.n_parameters)
    expected = circuit_oracle.state_vector(circuit_oracle.with_angles(circuit.gates(), angles), circuit.n_qubits)
    found = circuit_oracle.state_vector(circuit_oracle.with_angles(gates_of(program), angles), circuit.n_qubits)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def mixings(program: Program) -> list[Mixing]:
    return [segment for segment in (program.head, *program.body, *program.tail) if isinstance(segment, Mixing)]


@given(BLOCKS)
def test_a_schedule_does_what_its_circuit_does(listed: Make, block: list[tuple[str, int, int]]) -> None:
    circuit = listed(N, ANGLES, arguments_of(block))
    program = schedule(circuit, amplitudes=True)
    assert_does_the_same(program, circuit)
    for mixing in mixings(program):
        covered = [qubit for group in mixing.groups for qubit in range(group.first, group.first + group.size)]
        assert covered == list(range(N))
        assert max(group.size for group in mixing.groups) <= 4


@given(BLOCKS, st.integers(2, 4), st.integers(0, 5), BLOCKS)
def test_repeated_blocks_are_found(
    listed: Make, block: list[tuple[str, int, int]], repeats: int, stride: int, end: list[tuple[str, int, int]]
) -> None:
    # RZ on both sides keeps a block's segments apart from its neighbours'; the RY keep the RZ apart from each other.
    period = [("rz", 0, 0), ("ry", 0, 0), *block, ("ry", 1, 1), ("rz", 1, 1), ("ry", 2, 2)]
    arguments = [gate for turn in range(repeats) for gate in arguments_of(period, turn * stride)]
    circuit = listed(N, ANGLES, arguments)
    program = schedule(circuit, amplitudes=True)
    assert program.repeats >= repeats
    assert not program.tail
    assert_does_the_same(program, circuit)
    # What follows may hide the repetition, but never changes what is done.
    longer = listed(N, ANGLES, arguments + arguments_of(end))
    assert_does_the_same(schedule(longer, amplitudes=True), longer)


def test_brickwork_of_five_qubits() -> None:
    program = schedule(Brickwork(5, depth=6), amplitudes=True)
    # Layers alternate: two mixings and two lots of phases make one period of 2 · 2 · 5 angles.
    assert (len(program.body), program.repeats, program.stride, program.body_start) == (4, 2, 20, 5)
    assert [type(segment) for segment in program.tail] == [Phases, Mixing, Phases]
    # CX gates (1, 2) and (3, 4): the first three qubits in one group.
    assert program.head == Mixing(
        (GateGroup(0, 3, ((1, 2),), (0, 1, 2)), GateGroup(3, 2, ((0, 1),), (3, 4))),
    )
    assert program.body[0] == Phases((0, 1, 2, 3, 4), (0, 1, 2, 3, 4))


@pytest.mark.parametrize("n", range(1, 10))
@pytest.mark.parametrize("depth", range(1, 8))
@pytest.mark.parametrize("amplitudes", [False, True])
def test_brickwork_loops_over_every_period(n: int, depth: int, amplitudes: bool) -> None:
    circuit = Brickwork(n, depth)
    program = schedule(circuit, amplitudes=amplitudes)
    # n = 1 has no CX: all layers are alike. Otherwise two layers make a period.
    period = 2 if n == 1 else 4
    segments = 2 * depth - 1 - (0 if amplitudes else 1)
    expected = segments // period if segments >= 2 * period else 0
    assert program.repeats == expected
    assert len(program.tail) == segments - expected * period
    if amplitudes:
        assert_does_the_same(program, circuit)


def test_last_phases_are_kept_for_amplitudes_only() -> None:
    circuit = Brickwork(3, depth=1)
    assert schedule(circuit, amplitudes=True).tail == (Phases((0, 1, 2), (3, 4, 5)),)
    assert schedule(circuit, amplitudes=False).tail == ()


@pytest.mark.parametrize("n", range(1, 7))
@pytest.mark.parametrize("depth", range(1, 5))
def test_all_pairs_loops_over_every_layer(n: int, depth: int) -> None:
    circuit = AllPairs(n, depth)
    program = schedule(circuit, amplitudes=False)
    assert program.repeats == (depth if depth > 1 else 0)
    assert [type(segment) for segment in program.body or program.tail] == [Phases, Mixing]
    assert_does_the_same(program, circuit)


def test_product_state_is_one_mixing() -> None:
    program = schedule(ProductState(6), amplitudes=True)
    assert program.head == Mixing((GateGroup(0, 4, (), (0, 1, 2, 3)), GateGroup(4, 2, (), (4, 5))))
    assert (program.body, program.repeats, program.tail) == ((), 0, ())


def test_no_gates_at_all(listed: Make) -> None:
    for amplitudes in (False, True):
        program = schedule(listed(2, 0, []), amplitudes=amplitudes)
        assert program == Program(Mixing((GateGroup(0, 2, (), (None, None)),)), (), 0, 0, 0, ())


@pytest.mark.parametrize("qubits", [(0, 4), (5, 1)])
def test_a_far_cx_is_refused(listed: Make, qubits: tuple[int, int]) -> None:
    with pytest.raises(UserError, match=rf"CX on qubits \({qubits[0]}, {qubits[1]}\) spans more than 4"):
        schedule(listed(6, 1, [("ry", (0,), 0), ("cx", qubits, None)]), amplitudes=True)


def test_a_long_chain_of_cx_is_cut(listed: Make) -> None:
    circuit = listed(9, 0, [("cx", (j, j + 1), None) for j in range(8)])
    program = schedule(circuit, amplitudes=True)
    assert 1 + program.repeats * len(program.body) + len(program.tail) == 3
    assert_does_the_same(program, circuit)


@pytest.mark.parametrize(
    ("gate", "named"),
    [
        (("ry", (3,), 0), "circuit of 3 qubits"),
        (("cx", (2, 3), None), "circuit of 3 qubits"),
        (("rz", (0,), 6), "circuit of 6 angles"),
    ],
)
def test_gates_outside_the_circuit_are_refused(listed: Make, gate: tuple[Any, ...], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        schedule(listed(3, 6, [gate]), amplitudes=True)
