"""Circuits of any gates, to simulate more than the package's own ansätze."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from hyperborn.circuits import Circuit, Gate


@dataclass(frozen=True)
class Listed(Circuit):
    """The listed gates with `n_angles` angles."""

    n_qubits: int
    listed: tuple[Gate, ...]
    n_angles: int

    @property
    def parameter_shape(self) -> tuple[int]:
        return (self.n_angles,)

    def gates(self) -> tuple[Gate, ...]:
        return self.listed

    def product_angles(self, probabilities: Any) -> Any:
        raise NotImplementedError("no test starts from a product state of listed gates")


@pytest.fixture(scope="session")
def listed() -> Callable[[int, int, list[tuple[Any, ...]]], Listed]:
    """Makes a circuit of some qubits and angles from gates' arguments (name, qubits, parameter)."""

    def make(n_qubits: int, n_angles: int, arguments: list[tuple[Any, ...]]) -> Listed:
        return Listed(n_qubits, tuple(Gate(*one) for one in arguments), n_angles)

    return make
