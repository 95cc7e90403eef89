"""Where training starts on circuits that end in entanglement, beside the product of the marginals."""

import jax
import numpy as np
import pytest

import circuit_oracle
from hyperborn.circuits import GateList
from hyperborn.posteriors import Register
from hyperborn.posteriors.initial_state import fitted_to_product

N = 4
LAYER = [("ry", qubit, qubit) for qubit in range(N)] + [("rz", qubit, N + qubit) for qubit in range(N)]
RING = [("cx", (qubit, (qubit + 1) % N)) for qubit in range(N)]
AGAIN = [("ry", qubit, 2 * N + qubit) for qubit in range(N)]
ENTANGLED_AT_LAST = GateList(N, [*LAYER, *RING, *AGAIN, *RING])

MARGINALS = np.full(N, 0.4)


def divergence_from_product(params: np.ndarray, marginals: np.ndarray) -> float:
    gates = circuit_oracle.with_angles(ENTANGLED_AT_LAST.gates(), params)
    q = circuit_oracle.probabilities(gates, N)
    product = np.ones(1)
    for one in marginals:
        product = np.outer(product, [1 - one, one]).reshape(-1)
    return float(np.sum(q * np.log(np.maximum(q, 1e-300) / product)))


@pytest.mark.parametrize("marginals", [[0.4] * N, [0.3, 0.6, 0.5, 0.8]])
def test_the_fit_comes_near_the_product_of_the_marginals(marginals: list[float]) -> None:
    assert ENTANGLED_AT_LAST.product_angles(np.array(marginals)) is None
    params = np.asarray(fitted_to_product(ENTANGLED_AT_LAST, np.array(marginals)))
    assert divergence_from_product(params, np.array(marginals)) < 0.02
    random = np.random.default_rng(0).uniform(-np.pi, np.pi, params.shape)
    assert divergence_from_product(random, np.array(marginals)) > 0.3


def test_a_register_starts_from_the_fit_with_noise_around_it_also_where_a_program_is_traced() -> None:
    register = Register(ENTANGLED_AT_LAST)
    fitted = np.asarray(fitted_to_product(ENTANGLED_AT_LAST, MARGINALS))
    np.testing.assert_array_equal(register.init(MARGINALS, spread=0.0, key=jax.random.key(0)), fitted)
    traced = jax.jit(lambda key: register.init(MARGINALS, spread=0.1, key=key))(jax.random.key(1))
    np.testing.assert_allclose(traced, register.init(MARGINALS, spread=0.1, key=jax.random.key(1)), rtol=0, atol=1e-6)
    # 12 normal numbers: the standard error of their mean square is 0.01 · √(2 / 12).
    assert abs(float(((np.asarray(traced) - fitted) ** 2).mean()) - 0.01) < 4 * 0.01 * np.sqrt(2 / 12)
