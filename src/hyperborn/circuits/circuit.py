"""What every circuit can tell of itself."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from math import prod

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from hyperborn._typing import Parameters, RandomKey
from hyperborn.circuits.gates import Gate


class Circuit(ABC):
    """A parameterised circuit on |0...0>: a list of gates and the shape of its angles (radians).

    Concrete circuits are frozen and hashable, so that a compiled program is kept for each.
    """

    n_qubits: int

    @property
    @abstractmethod
    def parameter_shape(self) -> tuple[int, ...]:
        """Shape of the array of angles."""

    @abstractmethod
    def gates(self) -> tuple[Gate, ...]:
        """Gates in order of time; a gate's parameter indexes the flattened array of angles."""

    @abstractmethod
    def product_angles(self, probabilities: Float[Array, " n"]) -> Parameters:
        """Angles at which qubit i is 1 with the given probability, independently of the others."""

    @property
    def n_parameters(self) -> int:
        """Number of angles."""
        return prod(self.parameter_shape)

    def init(self, probabilities: Float[Array, " n"], spread: float, *, key: RandomKey) -> Parameters:
        """`product_angles` plus normal noise of standard deviation `spread` (radians)."""
        noise = spread * jax.random.normal(key, self.parameter_shape)
        return self.product_angles(probabilities) + noise

    def draw(self, labels: Sequence[str] | None = None) -> str:
        """The circuit as text, one line a qubit; see `hyperborn.circuits.drawing.draw`."""
        from hyperborn.circuits.drawing import draw

        return draw(self.gates(), self.n_qubits, labels)


def shared_parameter(circuit: Circuit) -> int | None:
    """The lowest parameter that more than one gate turns by; None if every gate has one of its own."""
    used = Counter(gate.parameter for gate in circuit.gates() if gate.parameter is not None)
    return min((parameter for parameter, gates in used.items() if gates > 1), default=None)


def rotation_to(probabilities: Float[Array, " n"]) -> Float[Array, " n"]:
    """RY angle that turns |0> into a state that is 1 with the given probability: 2 asin sqrt(p)."""
    return 2.0 * jnp.arcsin(jnp.sqrt(probabilities))
