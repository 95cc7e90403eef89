import copy
import itertools
import json
import os
import pickle
import subprocess
import sys
from math import pi
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import circuit_oracle
from hyperborn.circuits import AllPairs, Angle, Brickwork, Circuit, Gate, GateList, parameters
from hyperborn.circuits.gate_list import gate_of
from hyperborn.errors import UserError
from hyperborn.posteriors import Register
from hyperborn.printable import shown

THETA = parameters(4)


def test_gates_may_be_tuples() -> None:
    given = GateList(3, [("h", 0), ("rx", 1, THETA[0]), ("cx", (0, 2)), ("u", 2, (0, 1, 2 * THETA[3])), ("ry", 0, 1)])
    assert given.gates() == (
        Gate("h", (0,)),
        Gate("rx", (1,), 0),
        Gate("cx", (0, 2)),
        Gate("u", (2,), (0, 1, 2 * THETA[3])),
        Gate("ry", (0,), 1),
    )
    assert given.parameter_shape == (4,)
    assert str(given) == "a circuit of 3 qubits, 5 gates and 4 parameters"


def test_a_long_circuit_is_shown_by_its_size() -> None:
    assert repr(GateList(2, [("ry", 0, THETA[1] + 1), ("cx", (0, 1))])) == (
        "GateList of 2 qubits, 2 gates and 2 parameters: ry(theta[1] + 1) on 0; cx on 0, 1"
    )
    long = GateList.of(Brickwork(3, 2))
    assert repr(long) == "GateList of 3 qubits, 14 gates and 12 parameters"
    with pytest.raises(UserError, match=r"parameters of shape \(3,\) do not fit GateList of 3 qubits, .*; it takes"):
        Register(long).probabilities(jnp.zeros(3))
    assert shown(Register(long)) == "Register(circuit=GateList of 3 qubits, 14 gates and 12 parameters)"


def test_any_circuit_is_a_list_of_gates() -> None:
    listed = GateList.of(Brickwork(3, 2))
    assert listed.gates() == Brickwork(3, 2).gates()
    assert listed.parameter_shape == (2, 2, 3)
    assert listed == GateList(3, Brickwork(3, 2).gates(), (2, 2, 3))
    assert hash(listed) == hash(GateList(3, Brickwork(3, 2).gates(), (2, 2, 3)))
    assert listed != GateList(3, Brickwork(3, 2).gates())


def test_a_pickled_circuit_is_found_in_a_process_with_other_hashes_of_texts() -> None:
    own = GateList.of(Brickwork(3, 2))
    hash(own)
    for copied in (copy.copy(own), copy.deepcopy(own), pickle.loads(pickle.dumps(own))):
        assert copied == own
        assert hash(copied) == hash(own)
    elsewhere = (
        "import pickle, sys; from hyperborn.circuits import Brickwork, GateList; "
        "found = pickle.load(sys.stdin.buffer); print(found in {GateList.of(Brickwork(3, 2))})"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    said = subprocess.run(
        [sys.executable, "-c", elsewhere],
        input=pickle.dumps(own), env=environment, capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    assert said.stdout.split() == [b"True"]


@pytest.mark.parametrize(
    "gate",
    [
        Gate("h", (2,)),
        Gate("rzz", (0, 3), 5),
        Gate("u", (1,), (0, Angle(0.5), 2 * THETA[1] - 1)),
        Gate("cp", (1, 0), THETA[0] + THETA[2]),
    ],
)
def test_a_gate_comes_back_from_json(gate: Gate) -> None:
    assert gate_of(json.loads(json.dumps(gate.to_record()))) == gate


TO_PRODUCT: dict[str, Circuit] = {
    "RX after CZ": GateList(2, [("ry", 0, 0), ("ry", 1, 1), ("cz", (0, 1)), ("rx", 0, 2), ("rx", 1, 3)]),
    "RY, RZ after a chain": GateList(
        3,
        [
            *(("ry", j, j) for j in range(3)),
            *(("cx", (j, j + 1)) for j in (1, 0)),
            *(("ry", j, 3 + j) for j in range(3)),
            *(("rz", j, 6 + j) for j in range(3)),
        ],
    ),
    "flips before": GateList(2, [("x", 0), ("cx", (0, 1)), ("swap", (0, 1)), ("ry", 0, 0), ("rx", 1, 1)]),
    "affine": GateList(2, [("ry", 0, 2 * THETA[1] - pi / 2), ("u", 1, (THETA[0] + 1, 2, 3)), ("cz", (0, 1))]),
    "large constants": GateList(2, [("ry", 0, THETA[1] + 12345.678), ("rx", 1, THETA[0] - 1e6)]),
    "all pairs": GateList.of(AllPairs(2, 2)),
}
UNKNOWN: dict[str, Circuit] = {
    "CX from a rotated qubit": GateList(2, [("ry", 0, 0), ("cx", (0, 1)), ("ry", 1, 1)]),
    "CX last": GateList(2, [("ry", 0, 0), ("ry", 1, 1), ("cx", (0, 1))]),
    "H first": GateList(1, [("h", 0), ("ry", 0, 0)]),
    "shared": GateList(2, [("ry", 0, 0), ("ry", 1, 0)]),
    "fixed": GateList(2, [("ry", 0, 0), ("ry", 1, Angle(0.3))]),
    "nothing": GateList(2, [("ry", 0, 0)]),
    "turned before": GateList(1, [("ry", 0, THETA[0] + 1), ("ry", 0, 1)]),
}


@pytest.mark.parametrize("name", TO_PRODUCT)
@pytest.mark.parametrize("seed", range(3))
def test_product_angles_give_every_qubit_its_probability(name: str, seed: int) -> None:
    circuit = TO_PRODUCT[name]
    n = circuit.n_qubits
    marginals = np.random.default_rng(seed).uniform(size=n) if seed else np.array([0.0, 1.0, 0.5])[:n]
    params = circuit.product_angles(marginals)
    assert params is not None
    assert params.shape == circuit.parameter_shape
    q = circuit_oracle.probabilities(circuit_oracle.with_angles(circuit.gates(), np.asarray(params)), n)
    expected = np.ones(1)
    for one in marginals:
        expected = np.outer(expected, [1 - one, one]).reshape(-1)
    np.testing.assert_allclose(q, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("last", [[("cx", (0, 1)), ("cx", (1, 0))], [("swap", (0, 1)), ("cz", (0, 1)), ("y", 1)]])
def test_a_uniform_distribution_stays_what_it_is_whatever_permutes_it(last: list[Any]) -> None:
    circuit = GateList(2, [("ry", 0, 0), ("rz", 1, 1), ("cx", (1, 0)), ("ry", 0, 2), ("rx", 1, 3), *last])
    params = circuit.product_angles(np.full(2, 0.5))
    q = circuit_oracle.probabilities(circuit_oracle.with_angles(circuit.gates(), np.asarray(params)), 2)
    np.testing.assert_allclose(q, 0.25, rtol=0, atol=1e-7)
    assert circuit.product_angles(np.array([0.5, 0.4])) is None


@pytest.mark.parametrize("name", UNKNOWN)
def test_where_no_product_angles_are_known_there_are_none(name: str) -> None:
    circuit = UNKNOWN[name]
    assert circuit.product_angles(np.full(circuit.n_qubits, 0.3)) is None


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((0, []), "n_qubits=0"),
        ((2, "cx"), "listed = 'cx': give gates"),
        ((2, 3), "listed = 3: give gates"),
        ((2, [3]), "3 is no gate: give hb.circuits.Gate"),
        ((2, [("cx", (0, 2))]), "the gate cx on 0, 2 in a circuit of 2 qubits: number them from 0 to 1"),
        ((2, [("ry", 0, 3)], (2,)), r"the gate ry\(theta\[3\]\) on 0 in a circuit of 2 parameters"),
        ((2, [("ry", 0, 0)], 1), "shape = 1: give the shape"),
        ((2, [("ry", 0, 0)], (-1,)), "a length in shape=-1"),
        ((10**6 + 1, []), "n_qubits=1000001 must be a whole number from 1 to 1,000,000"),
        ((1, itertools.repeat(("h", 0))), "the gates are over the limit of 1,000,000; give a shorter circuit"),
        ((1, [("ry", 0, 10**9)]), "1000000001 parameters are over the limit of 10,000,000; number those"),
        ((1, [], (10**9, 10**9)), "1000000000000000000 parameters are over the limit"),
        ((2, [("ry", 0, 0.5)]), "for a fixed angle give hb.circuits.Angle"),
        ((1, [("cnot", (0, 1))]), "gate 'cnot' is not known"),
    ],
)
def test_lists_that_make_no_sense(arguments: tuple[Any, ...], named: str) -> None:
    with pytest.raises(UserError, match=named):
        GateList(*arguments)
