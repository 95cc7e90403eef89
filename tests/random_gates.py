"""Random circuits over every gate: constant, shared and affine angles, qubits at any distance."""

from typing import Any

import numpy as np

from hyperborn.circuits import GATES, Angle, Gate, GateList, parameters

N_PARAMETERS = 6
"""The last of which no gate uses."""


def random_gates(seed: int, n: int | None = None, count: int = 40) -> GateList:
    """A circuit of `n` qubits, by default 1 to 8 of them, that begins with a rotation on each and at each parameter."""
    random, theta = np.random.default_rng(seed), parameters(N_PARAMETERS)
    n = 1 + seed % 8 if n is None else n
    names = [name for name, kind in GATES.items() if kind.n_qubits <= n]
    gates = [Gate("ry", (qubit,), Angle(0.3 + 0.2 * qubit)) for qubit in range(n)]
    gates += [Gate("rx", (place % n,), theta[place] + 0.3 * place) for place in range(N_PARAMETERS - 1)]
    for name in [*names, *random.choice(names, count)][-count:]:
        kind = GATES[str(name)]
        given: list[Any] = []
        for _ in range(kind.n_angles):
            one, other = (theta[place] for place in random.integers(N_PARAMETERS - 1, size=2))
            factor, constant = random.normal(size=2).tolist()
            given.append([one, Angle(constant), factor * one - other + constant][random.integers(3)])
        gates.append(Gate(str(name), random.permutation(n)[: kind.n_qubits].tolist(), given))
    return GateList(n, gates, (N_PARAMETERS,))


def random_values(circuit: GateList, seed: int) -> np.ndarray:
    """Parameters (radians)."""
    return np.random.default_rng(seed).uniform(-np.pi, np.pi, circuit.parameter_shape)
