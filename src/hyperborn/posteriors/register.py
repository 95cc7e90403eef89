"""The Born distribution of one circuit: one qubit a weight."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Array, Float

from hyperborn import bits as bit_strings
from hyperborn._typing import Bits, Parameters, Probabilities, RandomKey
from hyperborn.arguments import check_bits, check_kind
from hyperborn.circuits.circuit import Circuit
from hyperborn.posteriors.enumeration import drawn_indices
from hyperborn.posteriors.initial_state import fitted_to_product
from hyperborn.posteriors.posterior import ExplicitPosterior
from hyperborn.simulators import statevector


@dataclass(frozen=True)
class Register(ExplicitPosterior):
    """q(w) = |⟨w|ψ(params)⟩|²: weight i is qubit i, and the parameters are angles (radians).

    All 2^n probabilities are computed, so every expectation is exact.

    Raises:
        UserError: for anything that is not a circuit.
    """

    circuit: Circuit
    n_weights: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_kind("circuit", self.circuit, (Circuit,), "a circuit, such as hb.circuits.AllPairs(9, depth=4)")
        object.__setattr__(self, "n_weights", self.circuit.n_qubits)

    @property
    def parameter_shape(self) -> tuple[int, ...]:
        return self.circuit.parameter_shape

    def centre(self, marginals: Float[np.ndarray, " n"]) -> Float[Array | np.ndarray, "..."]:
        angles = self.circuit.product_angles(marginals)
        return fitted_to_product(self.circuit, marginals) if angles is None else angles

    def probabilities(self, params: Parameters) -> Probabilities:
        return statevector.probabilities(self.circuit, params)

    def sample(self, params: Parameters, shots: int, *, key: RandomKey) -> Bits:
        return bit_strings.bits_of(drawn_indices(self.distribution(params), shots, key=key), self.n_weights)

    def log_prob(self, params: Parameters, bits: Bits) -> Float[np.ndarray, " networks"]:
        check_bits("bits", bits, self.n_weights)
        with np.errstate(divide="ignore"):
            return np.log(self.distribution(params)[bit_strings.index_of(bits)])
