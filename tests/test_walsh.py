import jax
import jax.numpy as jnp
import numpy as np
import pytest

import oracle
from hyperborn.walsh import walsh_hadamard, weights_of_indices


@pytest.mark.parametrize("n", range(10))
def test_transform_is_the_explicit_matrix(n: int) -> None:
    bits = oracle.all_bits(n).reshape(2**n, n).astype(int)
    matrix = (-1.0) ** (bits @ bits.T)
    values = np.random.default_rng(n).normal(size=2**n)
    with jax.enable_x64(True):
        found = walsh_hadamard(jnp.asarray(values))
        twice = walsh_hadamard(found)
    assert found.dtype == jnp.float64
    np.testing.assert_allclose(found, matrix @ values, rtol=0, atol=1e-11)
    np.testing.assert_allclose(twice, 2**n * values, rtol=0, atol=1e-10)
    single = walsh_hadamard(jnp.asarray(values))
    assert single.dtype == jnp.float32
    np.testing.assert_allclose(single, matrix @ values, rtol=0, atol=1e-4)


def test_weights_count_ones() -> None:
    assert weights_of_indices(3).tolist() == [0, 1, 1, 2, 1, 2, 2, 3]
