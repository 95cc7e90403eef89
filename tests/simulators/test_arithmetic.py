import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.simulators.arithmetic import cosine_and_sine

ROUNDING = {"float32": 6e-8, "float64": 1.2e-16}


@pytest.mark.parametrize("dtype", list(ROUNDING))
def test_cosine_and_sine_are_those_of_double_precision(dtype: str) -> None:
    with jax.enable_x64(True):
        phases = np.random.default_rng(0).uniform(-300, 300, 100_000).astype(dtype)
        found = [np.asarray(part) for part in cosine_and_sine(jnp.asarray(phases))]
        assert {part.dtype.name for part in found} == {dtype}
    exact = phases.astype(np.longdouble)
    # Dividing by a turn rounds a phase by a few units of its last place, at most 300 of it.
    error = ROUNDING[dtype] * (4 + 2 * np.abs(exact))
    assert (np.abs(found[0] - np.cos(exact)) <= error).all()
    assert (np.abs(found[1] - np.sin(exact)) <= error).all()


@given(st.integers(-40, 40))
def test_quarters_of_a_turn(quarters: int) -> None:
    with jax.enable_x64(True):
        cosine, sine = cosine_and_sine(jnp.asarray([quarters * np.pi / 2]))
    expected = [(1, 0), (0, 1), (-1, 0), (0, -1)][quarters % 4]
    np.testing.assert_allclose([cosine[0], sine[0]], expected, atol=1e-13)
