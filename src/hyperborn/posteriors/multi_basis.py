"""Two weights a qubit: one circuit, measured in the Z basis and, in runs of its own, in the X basis."""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Bits, Parameters, Probabilities, RandomKey
from hyperborn.arguments import check_bits, check_finite_parameters, check_key, check_kind
from hyperborn.bits import bits_of, check_enumerable, index_of
from hyperborn.circuits.circuit import Circuit
from hyperborn.circuits.product_state import product_state_angles, rotation_parameters
from hyperborn.posteriors.enumeration import drawn_indices
from hyperborn.posteriors.posterior import ExplicitPosterior
from hyperborn.simulators import statevector
from hyperborn.walsh import walsh_hadamard


@dataclass(frozen=True)
class MultiBasis(ExplicitPosterior):
    """q(w) = |⟨w_Z|ψ⟩|² · |⟨w_X|H^⊗m|ψ⟩|² of one state ψ of m qubits: n = 2m weights, always an even number.

    Weight i is qubit i measured in the Z basis, weight m + i is qubit i in the X basis (a 0 is |+⟩), in another run of
    the same circuit. The two halves of the weights are independent of each other, but one state determines both, so
    that each limits the other: their entropies obey H_Z + H_X ≥ m ln 2 nats (Maassen and Uffink, Phys.
    Rev. Lett. 60, 1103, 1988). No q is certain of all weights: at best it is certain of one half, with the other
    uniform, or of one weight of each qubit. No one network has more than ((1 + 2^(-m/2)) / 2)² of the probability
    (Landau and Pollak, 1961). Hence `MLE` cannot reach its optimum, one network, and the gap of `ELBO` has a floor
    wherever the exact posterior has less than m ln 2 of entropy; docs/multi-basis.md measures both.

    The idea of two binary variables a qubit is that of Patti, Kossaifi, Anandkumar and Yelin (multi-basis encodings,
    arXiv 2106.13304, as their published program has it). There a loss for MaxCut is made of tanh⟨Z_i⟩ and tanh⟨X_i⟩,
    single-qubit means, and the answer is the signs of the means, however small these are. Here q is the distribution of
    the measured bits, and losses are expectations under it. Only the encoding is the same.

    `init` starts from independent qubits. A qubit gives its two weights the marginals p_Z and p_X exactly if
    (1 - 2 p_Z)² + (1 - 2 p_X)² ≤ 1: uniform ones by the eigenstate of Y. Where they are too certain for that, it starts
    at the possible pair of marginals with the least sum of squared distances from them.

    `sample` and `log_prob` simulate 2^m amplitudes, in about 50 · 2^m bytes at the most (measured at 22 qubits), and
    read the X basis off them in O(m 2^m) time; `probabilities` lists all 2^n networks, up to `bits.LARGEST_ENUMERATED`
    weights.

    Raises:
        UserError: for anything that is not a circuit, or a circuit without RY and then RZ on every qubit after its last
            CX.
    """

    circuit: Circuit
    n_weights: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_kind("circuit", self.circuit, (Circuit,), "a circuit, such as hb.circuits.AllPairs(6, depth=4)")
        rotation_parameters(self.circuit)
        object.__setattr__(self, "n_weights", 2 * self.circuit.n_qubits)

    @property
    def parameter_shape(self) -> tuple[int, ...]:
        return self.circuit.parameter_shape

    def centre(self, marginals: Float[np.ndarray, " n"]) -> Float[Array | np.ndarray, "..."]:
        return product_state_angles(self.circuit, bloch_vectors(marginals.reshape(2, -1)))

    def probabilities(self, params: Parameters) -> Probabilities:
        check_enumerable(self.n_weights, "use sample and log_prob, or fewer qubits")
        in_z, in_x = in_both_bases(self.circuit, params)
        return jnp.outer(in_z, in_x).reshape(-1)

    def sample(self, params: Parameters, shots: int, *, key: RandomKey) -> Bits:
        check_key(key)
        halves = zip(distributions(self, params), jax.random.split(key), strict=True)
        drawn = [drawn_indices(q, shots, key=own) for q, own in halves]
        return np.concatenate([bits_of(indices, self.circuit.n_qubits) for indices in drawn], axis=1)

    def log_prob(self, params: Parameters, bits: Bits) -> Float[np.ndarray, " networks"]:
        check_bits("bits", bits, self.n_weights)
        in_z, in_x = distributions(self, params)
        halves = np.split(bits, 2, axis=1)
        with np.errstate(divide="ignore"):
            return np.log(in_z[index_of(halves[0])]) + np.log(in_x[index_of(halves[1])])


def in_both_bases(circuit: Circuit, params: Parameters) -> tuple[Probabilities, Probabilities]:
    """Probabilities (2^m,) of a circuit's outcomes in the Z and in the X basis, in index order."""
    # From amplitudes and not from probabilities: phases do not change outcomes in the Z basis, but do in the X basis.
    real, imaginary = statevector.amplitudes(circuit, params)
    in_x = (walsh_hadamard(real) ** 2 + walsh_hadamard(imaginary) ** 2) / real.shape[0]
    return real**2 + imaginary**2, in_x


compiled_in_both_bases = jax.jit(in_both_bases, static_argnums=0)


def distributions(
    posterior: MultiBasis, params: Parameters
) -> tuple[Float[np.ndarray, " half"], Float[np.ndarray, " half"]]:
    """The two halves' distributions as float64, each adding up to 1 to double precision.

    Raises:
        UserError: if the parameters are not `parameter_shape` finite numbers.
    """
    check_finite_parameters(params, posterior.parameter_shape, posterior)
    in_z, in_x = (np.asarray(q, np.float64) for q in compiled_in_both_bases(posterior.circuit, params))
    return in_z / in_z.sum(), in_x / in_x.sum()


def bloch_vectors(marginals: Float[np.ndarray, "2 qubits"]) -> Float[np.ndarray, "qubits 3"]:
    """(⟨X⟩, ⟨Y⟩, ⟨Z⟩) of pure states whose probabilities of a 1 in Z and in X are those given, or nearest to them."""
    z, x = 1.0 - 2.0 * marginals
    beyond = np.maximum(1.0, np.hypot(x, z))
    z, x = z / beyond, x / beyond
    return np.stack([x, np.sqrt(np.maximum(0.0, 1.0 - x**2 - z**2)), z], axis=1)
