"""The Born distribution of one circuit: one qubit a weight."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn import bits as bit_strings
from hyperborn._typing import Bits, Parameters, Probabilities, RandomKey
from hyperborn.circuits.circuit import Circuit
from hyperborn.errors import UserError, whole_number
from hyperborn.simulators import statevector

SPREAD = 0.1
"""Default standard deviation of the initial angles (radians) around a product state."""


@dataclass(frozen=True)
class Register:
    """q(w) = |⟨w|ψ(params)⟩|²: weight i is qubit i.

    All 2^n probabilities are at hand, so every expectation is exact.

    Raises:
        UserError: if it is given no circuit.
    """

    # The circuit is checked below, so that a mistake is a UserError even where the tests check types.
    __no_type_check__ = True

    circuit: Circuit

    def __post_init__(self) -> None:
        if not isinstance(self.circuit, Circuit):
            raise UserError(f"circuit = {self.circuit!r}: give a circuit, such as hb.circuits.Brickwork(9, depth=4)")

    @property
    def n_weights(self) -> int:
        """Weights, hence bits, hence qubits."""
        return self.circuit.n_qubits

    @property
    def n_parameters(self) -> int:
        """Number of angles."""
        return self.circuit.n_parameters

    def init(
        self, marginals: Float[np.ndarray, " n"] | None = None, *, spread: float = SPREAD, key: RandomKey
    ) -> Parameters:
        """Small random angles (radians) around the state whose bits are independent with the given marginals.

        Args:
            marginals: probability of a 1 in each bit, the prior's usually; 1/2 if absent.
            spread: standard deviation of the angles (radians). Uniformly random angles would spread q over all 2^n
                networks alike as n grows, with vanishing gradients.
            key: JAX random key.

        Raises:
            UserError: if the number of marginals is not the number of weights.
        """
        given = np.full(self.n_weights, 0.5) if marginals is None else marginals
        if given.shape != (self.n_weights,):
            raise UserError(f"{given.size} marginals for {self.n_weights} weights: give one a weight")
        return self.circuit.init(jnp.asarray(given, float), spread, key=key)

    def probabilities(self, params: Parameters) -> Probabilities:
        """q(w) of all 2^n weight vectors, in index order; shape (2^n,), of the dtype of the angles (radians)."""
        return statevector.probabilities(self.circuit, params)

    def distribution(self, params: Parameters) -> Float[np.ndarray, " states"]:
        """q(w) as float64, adding up to 1 to double precision: for numbers that are reported."""
        q = np.asarray(compiled_probabilities(self, params), dtype=np.float64)
        return q / q.sum()

    def sample(self, params: Parameters, shots: int, *, key: RandomKey) -> Bits:
        """`shots` weight vectors as rows of bits, shape (shots, n), by inversion of the cumulative distribution.

        This takes O(2^n + shots n) time.

        Raises:
            UserError: if shots is not positive.
        """
        whole_number("shots", shots, 1)
        cumulative = np.cumsum(self.distribution(params))
        # float32 uniforms could not tell 2^24 outcomes apart.
        uniforms = np.random.default_rng(np.asarray(jax.random.key_data(key))).random(shots)
        indices = np.searchsorted(cumulative, uniforms * cumulative[-1], side="right")
        return bit_strings.bits_of(indices, self.n_weights)

    def log_prob(self, params: Parameters, bits: Bits) -> Float[np.ndarray, " networks"]:
        """log q(w) of each row of bits (nats, float64); minus infinity where q is 0.

        Raises:
            UserError: if the rows do not have one bit a weight.
        """
        if bits.shape[1] != self.n_weights:
            raise UserError(f"rows of {bits.shape[1]} bits do not fit {self.n_weights} weights")
        with np.errstate(divide="ignore"):
            return np.log(self.distribution(params)[bit_strings.index_of(bits)])


@jax.jit(static_argnums=0)
def compiled_probabilities(register: Register, params: Parameters) -> Array:
    return register.probabilities(params)
