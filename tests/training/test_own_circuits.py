"""Circuits of other libraries, from `hb.fit` to a saved run and back."""

from pathlib import Path
from typing import Any

import numpy as np
import pennylane as qml
import pytest
from qiskit.circuit.library import efficient_su2

import circuit_oracle
import hyperborn as hb
from hyperborn.errors import UserError

CIRCUITS = {
    "pennylane": lambda: hb.circuits.from_pennylane(
        lambda weights: qml.StronglyEntanglingLayers(weights, wires=range(9)), (2, 9, 3)
    ),
    "qiskit": lambda: hb.circuits.from_qiskit(efficient_su2(9, reps=1)),
}


@pytest.mark.parametrize("library", CIRCUITS)
def test_circuits_of_other_libraries_are_trained_and_saved(library: str, tmp_path: Path) -> None:
    circuit = CIRCUITS[library]()
    data = hb.data.load("iris", classes=(1, 2), components=2, seed=0)
    network = hb.networks.BinaryMLP(2, (2,))
    posterior = hb.Register(circuit)
    result = hb.fit(network, data, posterior=posterior, steps=120, restarts=1, plateau=None, progress=False)
    # The start, near the uniform prior, has the mean energy of all networks or so, and training gets far below that.
    untrained = hb.fit(network, data, posterior=posterior, steps=1, restarts=1, plateau=None, progress=False)
    assert result.numbers["elbo"] > untrained.numbers["elbo"] + 10
    assert result.circuit == circuit
    result.save(tmp_path / "run")
    loaded = hb.load(tmp_path / "run")
    assert loaded.circuit == circuit
    np.testing.assert_array_equal(loaded.probabilities, result.probabilities)
    gates = circuit_oracle.with_angles(loaded.circuit.gates(), loaded.angles)
    np.testing.assert_allclose(result.probabilities, circuit_oracle.probabilities(gates, 9), rtol=0, atol=1e-5)


def test_posteriors_that_are_no_circuit_say_so(define: Any, data: Any) -> None:
    network = define().network
    posterior = hb.Autoregressive(network.n_weights, 1)
    result = hb.fit(network, data, posterior=posterior, steps=2, restarts=1, progress=False)
    with pytest.raises(UserError, match=r"Autoregressive.* is no circuit of one qubit a weight; train hb.Register"):
        _ = result.circuit


def test_a_circuit_without_parameters_is_said_to_be_untrained() -> None:
    circuit = hb.circuits.GateList(2, [("h", 0), ("h", 1)])
    with pytest.warns(UserWarning, match="no parameters, so that nothing is trained"):
        result = hb.fit(hb.Energies(np.arange(4.0)), posterior=hb.Register(circuit), steps=1, progress=False)
    np.testing.assert_allclose(result.probabilities, 0.25, rtol=1e-6)
