"""Every matrix beside one that is written out from the definitions of OpenQASM 3."""

import numpy as np
import pytest

import circuit_oracle
from hyperborn.circuits import GATES
from hyperborn.circuits.matrices import matrix_of


@pytest.mark.parametrize("name", GATES)
def test_a_matrix_is_that_of_its_name(name: str) -> None:
    for seed in range(3):
        angles = np.random.default_rng(seed).uniform(-3, 3, GATES[name].n_angles).tolist()
        found = matrix_of(name, *angles)
        np.testing.assert_allclose(found, circuit_oracle.matrix_of(name, *angles), rtol=0, atol=1e-15)
        np.testing.assert_allclose(found @ found.conj().T, np.eye(2 ** GATES[name].n_qubits), rtol=0, atol=1e-15)


PAULIS = {"X": circuit_oracle.X, "Y": circuit_oracle.Y, "Z": circuit_oracle.Z}


@pytest.mark.parametrize("name", GATES)
def test_a_gate_commutes_with_the_pauli_matrix_of_each_axis_and_with_no_other(name: str) -> None:
    angles = [0.7, -1.1, 0.4][: GATES[name].n_angles]
    n, state = GATES[name].n_qubits, np.random.default_rng(0).normal(size=2 ** GATES[name].n_qubits) + 0j
    for qubit, axis in enumerate(GATES[name].axes):
        commuting = set()
        for letter, pauli in PAULIS.items():
            gate, own = circuit_oracle.matrix_of(name, *angles), (qubit,)
            after = circuit_oracle.applied(gate @ state, pauli, own, n)
            if np.allclose(after, gate @ circuit_oracle.applied(state, pauli, own, n)):
                commuting.add(letter)
        assert commuting == ({axis} if axis != "?" else set())
