"""Ours keep the contract of circuits, and planted mistakes fail with a sentence."""

from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
from hyperborn.circuits import AllPairs, Angle, Brickwork, ChosenPairs, Circuit, Gate, GateList, ProductState
from hyperborn.errors import UserError
from hyperborn.simulators import decomposition
from hyperborn.testing import ContractError, check_circuit

THETA = hb.circuits.parameters(3)
CIRCUITS: list[Circuit] = [ProductState(5), Brickwork(5, 2), AllPairs(5, 1), ChosenPairs(4, ((3, 0), (1, 2)), 3)]


@pytest.mark.parametrize("circuit", CIRCUITS, ids=str)
def test_ours_keep_the_contract(circuit: Circuit) -> None:
    check_circuit(circuit)


def test_every_gate_keeps_the_contract() -> None:
    """Angles shared and scaled, at any distance; from a state that no gate leaves as it is."""
    kinds = hb.circuits.GATES.items()
    random = np.random.default_rng(0)
    around = [("u", qubit, (THETA[qubit], Angle(0.3), 2 * THETA[0] - 1)) for qubit in range(3)]
    listed = [
        (name, tuple(random.permutation(3)[: kind.n_qubits].tolist()), [THETA[place] for place in range(kind.n_angles)])
        for name, kind in kinds
    ]
    check_circuit(GateList(3, [*around, *listed, *around]))


@dataclass(frozen=True)
class Ladder(Circuit):
    """RY on every qubit, then CX on neighbours and RX: right but for what `mistake` says."""

    n_qubits: int = 3
    mistake: str = ""

    @property
    def parameter_shape(self) -> tuple[int, ...]:
        length = 2 * self.n_qubits - (self.mistake == "shape")
        return length if self.mistake == "number" else (length,)  # type: ignore[return-value]

    def gates(self) -> tuple[Gate, ...]:
        n, first = self.n_qubits, int(self.mistake == "from one")
        listed = [
            *(Gate("ry", (qubit,), qubit) for qubit in range(n)),
            *(Gate("cx", (qubit + first, qubit + 1 + first)) for qubit in range(n - 1)),
            *(Gate("rx", (qubit,), n + qubit) for qubit in range(n)),
        ]
        if self.mistake == "random":
            listed.append(Gate("rx", (0,), Angle(float(next(CALLS)))))
        return listed if self.mistake == "list" else tuple(listed)  # type: ignore[return-value]

    def product_angles(self, probabilities: Any) -> Any:
        own = probabilities[::-1] if self.mistake == "reversed" else probabilities
        angles = (1.0 if self.mistake == "half" else 2.0) * jnp.arcsin(jnp.sqrt(own))
        parts = [angles, 0 * angles] if self.mistake == "early" else [0 * angles, angles]
        found = jnp.concatenate(parts)
        return found[None] if self.mistake == "rows" else found


CALLS = count()


@dataclass
class Thawed(Circuit):
    """A circuit that is not frozen."""

    n_qubits: int = 2
    parameter_shape = (2,)

    def gates(self) -> tuple[Gate, ...]:
        return ProductState(2).gates()

    def product_angles(self, probabilities: Any) -> Any:
        return ProductState(2).product_angles(probabilities)


def test_a_circuit_of_ones_own_keeps_it() -> None:
    check_circuit(Ladder())


def expected_of_two(theta: np.ndarray) -> np.ndarray:
    """RY on both qubits, CX from qubit 0 to qubit 1, RY on both, by amplitudes."""
    first, second = ([np.array([np.cos(angle / 2), np.sin(angle / 2)]) for angle in theta[row]] for row in range(2))
    amplitudes = np.outer(*first)
    amplitudes[1] = amplitudes[1, ::-1]
    turns = [np.array([[cos, -sin], [sin, cos]]) for cos, sin in second]
    return (np.einsum("ac,bd,cd->ab", *turns, amplitudes) ** 2).reshape(-1)


@dataclass(frozen=True)
class Two(Circuit):
    """RY on both qubits, CX, RY on both; from qubit 0 unless it is `turned`."""

    turned: bool = False
    n_qubits = 2
    parameter_shape = (2, 2)

    def gates(self) -> tuple[Gate, ...]:
        middle = Gate("cx", (1, 0) if self.turned else (0, 1))
        return (Gate("ry", (0,), 0), Gate("ry", (1,), 1), middle, Gate("ry", (0,), 2), Gate("ry", (1,), 3))

    def product_angles(self, probabilities: Any) -> Any:
        del probabilities
        return None


def test_gates_that_were_not_meant_are_told_by_a_formula() -> None:
    check_circuit(Two(), expected_of_two)
    check_circuit(Two(turned=True))
    with pytest.raises(
        ContractError, match=r"probabilities of its gates beside those expected: q\([01]{2}\) is .* control and target"
    ):
        check_circuit(Two(turned=True), expected_of_two)
    with pytest.raises(ContractError, match=r"the shape is \(4,\), not \(2,\)\. The usual cause: .* a formula"):
        check_circuit(Two(), lambda theta: expected_of_two(theta)[:2])


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ("shape", r"qubits and parameters of its gates: the gate rx\(theta\[5\]\) on 2 in a circuit of 5 parameters"),
        ("number", r"parameter_shape: is 6, not a tuple of lengths. The usual cause: a number in place of \(number,\)"),
        (
            "from one",
            "the gate cx on 2, 3 in a circuit of 3 qubits.* The usual cause: qubits or parameters counted from 1",
        ),
        ("random", r"gates\(\) called twice: gives two lists"),
        ("list", r"gates\(\): is not a tuple of Gate. The usual cause: a list"),
        ("half", r"product_angles of the probabilities .*: the probability of qubit \d is .* 2 asin sqrt\(p\)"),
        ("reversed", r"product_angles of the probabilities .*: the probability of qubit \d is"),
        ("early", r"product_angles of the probabilities .*: the probability of qubit \d is"),
        ("rows", r"product_angles .* of shape \(1, 6\), not .* of shape \(6,\)"),
    ],
)
def test_planted_mistakes_fail_with_a_sentence(mistake: str, said: str) -> None:
    with pytest.raises(ContractError, match=said) as caught:
        check_circuit(Ladder(mistake=mistake))
    assert "\n" not in str(caught.value)


def test_a_circuit_without_a_hash_fails() -> None:
    with pytest.raises(ContractError, match=r"part of type Thawed cannot be hashed .* no @dataclass.frozen=True"):
        check_circuit(Thawed())


def test_a_simulator_that_is_wrong_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A factor of 1/2, on a circuit that no other test compiles."""
    right = decomposition.EXPANSIONS["cp"]
    monkeypatch.setitem(decomposition.EXPANSIONS, "cp", lambda one, other, angle: right(one, other, angle / 2))
    circuit = GateList(2, [("h", 0), ("h", 1), ("cp", (0, 1), 0), ("ry", 1, 1), ("h", 0), ("rx", 1, Angle(0.123))])
    with pytest.raises(
        ContractError,
        match=r"probabilities in float64 beside its gates multiplied out: q\([01]{2}\) is .* a fault of hyperborn",
    ):
        check_circuit(circuit)


def test_a_wide_circuit_is_refused() -> None:
    with pytest.raises(UserError, match="the circuit has 11 qubits: check one of its class of at most 10"):
        check_circuit(replace(Ladder(), n_qubits=11))
