import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hyperborn.objectives.geometries import Entropic, Euclidean, Geometry, projected_on_simplex

STATES = 16
GEOMETRIES = [Euclidean(), Entropic()]
ANYWHERE = arrays(np.float64, STATES, elements=st.floats(-1e6, 1e6) | st.sampled_from([0.0, 0.5, 1.0]))


def plain_projection(u: np.ndarray) -> np.ndarray:
    """The projection by bisection on how much is taken off every entry."""
    low, high = u.max() - 1.0, u.max()
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(u - middle, 0).sum() > 1 else (low, middle)
    return np.maximum(u - low, 0)


@given(ANYWHERE)
def test_the_projection_is_that_of_bisection(u: np.ndarray) -> None:
    with jax.enable_x64(True):
        found = np.asarray(jax.jit(projected_on_simplex)(jnp.asarray(u)))
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(), 1, rtol=1e-14)
    # Entries up to 1e6 leave 1e-10 of a threshold.
    np.testing.assert_allclose(found, plain_projection(u), rtol=0, atol=1e-8)


def test_a_distribution_is_its_own_projection_and_a_far_corner_is_met() -> None:
    q = np.random.default_rng(0).dirichlet(np.ones(STATES))
    with jax.enable_x64(True):
        np.testing.assert_allclose(projected_on_simplex(jnp.asarray(q)), q, rtol=0, atol=1e-15)
        np.testing.assert_array_equal(projected_on_simplex(jnp.asarray(1e300 * np.eye(STATES)[3])), np.eye(STATES)[3])


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100.0))
def test_a_proximal_step_is_the_lowest_of_its_model(geometry: Geometry, seed: int, length: float) -> None:
    random = np.random.default_rng(seed)
    q, variation = random.dirichlet(np.ones(STATES)), random.normal(size=STATES)

    with jax.enable_x64(True):
        u = geometry.of(jnp.log(q))

        def model(other: np.ndarray) -> float:
            place = geometry.of(jnp.log(jnp.maximum(other, 1e-300)))
            return float(jnp.sum(variation * other) + geometry.distance(place, u) / length)

        place = geometry.projected(u - length * variation)
        found = np.asarray(geometry.probabilities(place))
        lowest = model(found)
        np.testing.assert_allclose(found.sum(), 1, rtol=1e-12)
        for other in random.dirichlet(50 * found + 0.01, size=3):
            assert model(other) > lowest - 1e-9 * (1 + abs(lowest))


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_coordinates_are_of_the_same_distribution(geometry: Geometry) -> None:
    q, other = np.random.default_rng(1).dirichlet(np.ones(STATES), size=2)
    with jax.enable_x64(True):
        u, v = geometry.of(jnp.log(q)), geometry.of(jnp.log(other))
        np.testing.assert_allclose(geometry.probabilities(geometry.projected(u)), q, rtol=1e-12)
        expected = 0.5 * ((q - other) ** 2).sum() if geometry == Euclidean() else (q * np.log(q / other)).sum()
        np.testing.assert_allclose(geometry.distance(u, v), expected, rtol=1e-12)
