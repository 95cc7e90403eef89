import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import circuit_oracle
from hyperborn.circuits import Angle
from hyperborn.simulators.arithmetic import ComplexVector
from hyperborn.simulators.decomposition import Primitive
from hyperborn.simulators.permutations import permutation_of, permuted

N = 5
FLIPS = st.lists(
    st.one_of(
        st.integers(0, N - 1).map(lambda qubit: (qubit,)),
        st.permutations(range(N)).map(lambda order: (order[0], order[1])),
    ),
    max_size=10,
)


def applied_to(flips: list[tuple[int, ...]], state: np.ndarray, n: int) -> np.ndarray:
    for qubits in flips:
        matrix = circuit_oracle.matrix_of("x" if len(qubits) == 1 else "cx")
        state = circuit_oracle.applied(state, matrix, qubits, n)
    return state


@given(FLIPS, FLIPS)
def test_permutations_do_what_their_gates_do_and_back(one: list[tuple[int, ...]], other: list[tuple[int, ...]]) -> None:
    primitives = [
        [Primitive("x" if len(qubits) == 1 else "cx", qubits, Angle()) for qubits in flips] for flips in (one, other)
    ]
    found = permutation_of(primitives, N)
    if not one and not other:
        assert found.from_leading.shape == (2, 0)
        return
    random = np.random.default_rng(0)
    state = ComplexVector(*(jnp.asarray(random.normal(size=2**N), jnp.float32) for _ in range(2)))
    for row, flips in enumerate((one, other)):
        tables = [jnp.asarray(table[row]) for table in found]
        (after,) = permuted(tables[0], tables[1], state)
        for part, before in zip(after, state, strict=True):
            np.testing.assert_array_equal(part, applied_to(flips, np.asarray(before), N))
        back, again = permuted(tables[2], tables[3], after, state)
        np.testing.assert_array_equal(back.real, state.real)
        assert again.real.shape == state.real.shape


def test_one_qubit_is_flipped() -> None:
    found = permutation_of([[Primitive("x", (0,), Angle())]], 1)
    (after,) = permuted(
        *(jnp.asarray(table[0]) for table in found[:2]), ComplexVector(jnp.array([0.25, 0.5]), jnp.array([1.0, 2.0]))
    )
    np.testing.assert_array_equal(after.real, [0.5, 0.25])
