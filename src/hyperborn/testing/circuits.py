"""The contract of circuits."""

from collections.abc import Callable
from math import pi
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from hyperborn.backends.conformance.agreement import exact_table
from hyperborn.bits import bits_of
from hyperborn.circuits.circuit import Circuit, check_indices
from hyperborn.circuits.gate import Gate
from hyperborn.errors import UserError
from hyperborn.simulators import statevector
from hyperborn.testing.contract import broken, check_array, check_class, check_close, check_record
from hyperborn.testing.finite_differences import finite_differences

MOST_QUBITS = 10
"""Most qubits of a circuit that is simulated gate by gate."""

MOST_SLOPES = 20
"""Most parameters whose derivatives are compared; of more, these many at random."""

Table = Float[np.ndarray, " states"]
Formula: TypeAlias = Callable[[Float[np.ndarray, "..."]], ArrayLike]
"""Probabilities (2^n,) in plain NumPy, qubit 0 the most significant bit, from parameters of the circuit's shape."""

OURS = "a fault of hyperborn, whose simulator and plain NumPy read the same gates: please report it with the circuit"
"""The cause where both sides come from the gates."""


def check_circuit(circuit: Circuit, expected: Formula | None = None, *, seed: int = 0) -> None:
    """Check a circuit of at most 10 qubits at random parameters.

    - It can be hashed; its gates are a tuple of `Gate`, the same at every call, on qubits and parameters that it has.
    - Its probabilities are those that `expected` gives, if it is given: ``lambda theta: np.array([...])``, a formula of
      your own. Nothing else tells whether the gates are those that you meant.
    - Its probabilities are those of `hb.circuits.matrices`, multiplied out in plain NumPy: within 1e-12 in float64 and
      1e-5 in float32; and their gradient is that of finite differences.
    - Where `product_angles` gives parameters, they make independent bits with the probabilities asked for.
    - Its record, as JSON, makes an equal circuit.

    Raises:
        ContractError: if it does not.
        UserError: if it has too many qubits.
    """
    check_class(circuit, Circuit)
    if circuit.n_qubits > MOST_QUBITS:
        raise UserError(f"the circuit has {circuit.n_qubits} qubits: check one of its class of at most {MOST_QUBITS}")
    check_gates(circuit)
    random = np.random.default_rng(seed)
    params = random.uniform(-pi, pi, circuit.parameter_shape)
    if expected is not None:
        check_formula(circuit, expected, params)
    check_probabilities(circuit, params, random)
    check_product_angles(circuit, random)
    check_record(circuit, "circuit")


def check_gates(circuit: Circuit) -> None:
    """Check that the gates are gates of this circuit, and do not change."""
    shape, gates = circuit.parameter_shape, circuit.gates()
    if not isinstance(shape, tuple) or not all(isinstance(length, int) and length >= 0 for length in shape):
        raise broken(
            circuit, "parameter_shape", f"is {shape!r}, not a tuple of lengths", "a number in place of (number,)"
        )
    if not isinstance(gates, tuple) or not all(isinstance(gate, Gate) for gate in gates):
        raise broken(
            circuit, "gates()", "is not a tuple of Gate", "a list, or a generator that is empty the second time"
        )
    try:
        check_indices(gates, circuit.n_qubits, circuit.n_parameters)
    except UserError as error:
        cause = "qubits or parameters counted from 1, or a parameter_shape that forgets a layer"
        raise broken(circuit, "qubits and parameters of its gates", str(error), cause) from error
    if circuit.gates() != gates:
        raise broken(
            circuit, "gates() called twice", "gives two lists", "gates drawn at random without a seed in a field"
        )


def check_formula(circuit: Circuit, expected: Formula, params: np.ndarray) -> None:
    """Check the probabilities of the gates against those that are meant."""
    cause = (
        "control and target the other way round, another order of gates, an angle with another sign or factor, or a "
        "formula whose qubit 0 is not the most significant bit"
    )
    check_close(
        circuit,
        "probabilities of its gates beside those expected",
        exact_table(circuit, params.reshape(-1)),
        expected(params.copy()),
        cause,
        absolute=1e-9,
        name=lambda index: bits_text(index, circuit),
    )


def check_probabilities(circuit: Circuit, params: np.ndarray, random: np.random.Generator) -> None:
    """Check probabilities and their gradient against plain NumPy."""
    cotangent = random.normal(size=2**circuit.n_qubits)
    exact = exact_table(circuit, params.reshape(-1))
    tables = {}
    with jax.enable_x64(True):
        slope, tables["float64"] = slope_and_table(circuit, jnp.asarray(params), jnp.asarray(cotangent))
    tables["float32"] = jax.jit(statevector.probabilities, static_argnums=0)(circuit, jnp.asarray(params, jnp.float32))
    for dtype, q in tables.items():
        checked = f"probabilities in {dtype} beside its gates multiplied out"
        check_array(circuit, checked, q, exact.shape, np.dtype(dtype), OURS)
        tolerance = 1e-12 if dtype == "float64" else 1e-5
        check_close(circuit, checked, q, exact, OURS, absolute=tolerance, name=lambda index: bits_text(index, circuit))
    check_gradient(circuit, params, cotangent, np.asarray(slope).reshape(-1), random)


def check_gradient(
    circuit: Circuit, params: np.ndarray, cotangent: Table, slope: np.ndarray, random: np.random.Generator
) -> None:
    """Check derivatives against central differences."""
    flat = params.reshape(-1)
    chosen = np.sort(random.permutation(len(flat))[:MOST_SLOPES])
    check_close(
        circuit,
        "derivatives beside finite differences",
        slope[chosen],
        finite_differences(lambda own: cotangent @ exact_table(circuit, own), flat, places=chosen),
        OURS,
        absolute=1e-6,
        relative=1e-6,
        name=lambda index: f"that by parameter {chosen[index[0]]}",
    )


def check_product_angles(circuit: Circuit, random: np.random.Generator) -> None:
    """Check that the parameters for given probabilities make independent bits with these probabilities."""
    n = circuit.n_qubits
    for wanted in (random.uniform(0.1, 0.9, n), (np.arange(n) % 2).astype(np.float64)):
        with jax.enable_x64(True):
            angles = circuit.product_angles(jnp.asarray(wanted))
        if angles is None:
            return
        cause = (
            "the angle is not 2 asin sqrt(p), is not that of the last rotation, or the other gates do not "
            "leave |0...0> as it is; return None where parameters are not known"
        )
        checked = f"product_angles of the probabilities {np.round(wanted, 3).tolist()}"
        own = np.asarray(angles)
        check_array(circuit, checked, own, circuit.parameter_shape, own.dtype, "another shape than parameter_shape")
        table = exact_table(circuit, own.astype(np.float64).reshape(-1))
        bits = bits_of(np.arange(2**n), n)
        check_close(
            circuit,
            checked,
            table @ bits,
            wanted,
            cause,
            absolute=1e-6,
            name=lambda index: f"the probability of qubit {index[0]}",
        )
        together = np.prod(np.where(bits == 1, wanted, 1 - wanted), axis=1)
        check_close(
            circuit,
            f"{checked}, bits independent",
            table,
            together,
            cause,
            absolute=1e-6,
            name=lambda index: bits_text(index, circuit),
        )


def bits_text(index: tuple[int, ...], circuit: Circuit) -> str:
    """A probability by its bits, such as q(0110)."""
    return f"q({index[0]:0{circuit.n_qubits}b})"


def slope_and_table(circuit: Circuit, params: Any, cotangent: Any) -> tuple[Any, Any]:
    """The gradient of Σ cotangent · q by the parameters, and q."""

    def total(own: Any) -> tuple[Any, Any]:
        q = statevector.probabilities(circuit, own)
        return jnp.sum(cotangent * q), q

    return jax.jit(jax.grad(total, has_aux=True))(params)
