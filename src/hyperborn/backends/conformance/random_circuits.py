"""Random circuits without symmetries of their qubits, which show any error in the order of bits."""

from collections.abc import Iterable, Iterator
from itertools import count, islice

import numpy as np
from jaxtyping import Float

from hyperborn.circuits import GATES, Gate, GateList

FEWEST_TESTED_QUBITS, MOST_TESTED_QUBITS = 2, 5
"""Fewest and most qubits of the circuits: all orders of 5 qubits can be compared."""

FARTHEST = 3
"""Most places between two qubits of a gate: devices whose qubits are a line need few swaps for them."""


def random_circuits(sizes: Iterable[int], random: np.random.Generator) -> Iterator[GateList]:
    """Circuits of these numbers of qubits n: RY on every qubit, then 3 n gates, then RY on every qubit again.

    Gates are dealt out, so that every gate of `GATES` occurs in few circuits, and as often as any other that fits.
    """
    deck: list[str] = []
    for n in sizes:
        yield random_circuit(n, dealt(deck, n, 3 * n, random), random)


def dealt(deck: list[str], n: int, wanted: int, random: np.random.Generator) -> list[str]:
    """The first gates of the deck that fit n qubits, which are taken from it; it is filled up where there are none."""
    found: list[str] = []
    while len(found) < wanted:
        fitting = next((name for name in deck if GATES[name].n_qubits <= n), None)
        if fitting is None:
            deck += random.permutation([*GATES]).tolist()
        else:
            deck.remove(fitting)
            found.append(fitting)
    return found


def random_circuit(n: int, names: Iterable[str], random: np.random.Generator) -> GateList:
    """RY on every qubit, then gates of these names on random qubits, then RY on every qubit again.

    Every angle is a parameter of its own.
    """
    placed: list[tuple[str, tuple[int, ...]]] = [("ry", (qubit,)) for qubit in range(n)]
    window = min(n, FARTHEST + 1)
    for name in names:
        first = int(random.integers(n - window + 1))
        qubits = random.permutation(window)[: GATES[name].n_qubits]
        placed.append((name, tuple(first + int(qubit) for qubit in qubits)))
    placed += [("ry", (qubit,)) for qubit in range(n)]
    angles = count()
    return GateList(n, [Gate(name, qubits, tuple(islice(angles, GATES[name].n_angles))) for name, qubits in placed])


def random_angles(
    circuit: GateList, points: int, random: np.random.Generator
) -> Float[np.ndarray, "points parameters"]:
    """Random angles (radians) at which no rotation is close to trivial."""
    return random.uniform(0.3, 1.4, (points, circuit.n_parameters)) * random.choice(
        [-1.0, 1.0], (points, circuit.n_parameters)
    )
