import jax
import jax.numpy as jnp
import numpy as np

from hyperborn.objectives.divergences import KL
from hyperborn.objectives.functional import Functional


def test_large_energies_keep_their_digits_in_single_precision() -> None:
    random = np.random.default_rng(0)
    above, q = random.uniform(0, 2, 64), random.dirichlet(np.ones(64))
    functional = Functional.of(above + 12345.678)
    expected = q @ (above - above.min())
    # float32 resolves 1e-3 at 12345; relative to the lowest energy the error is that of numbers around 1.
    np.testing.assert_allclose(functional(jnp.asarray(q)), expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(functional.lowest, above.min() + 12345.678, rtol=1e-15)


def test_arrays_follow_the_precision_in_force() -> None:
    def dtypes() -> set[str]:
        functional = Functional.of(np.arange(4.0), KL().bind(np.log(np.full(4, 0.25))))
        # What the value leaves out is no part of what is compiled, and keeps all its digits.
        assert functional.lowest.dtype == np.float64
        return {leaf.dtype.name for leaf in jax.tree.leaves(functional) if leaf is not functional.lowest}

    assert dtypes() == {"float32"}
    with jax.enable_x64(True):
        assert dtypes() == {"float64"}


def test_the_derivative_passes_through_vmap_and_jit() -> None:
    functional = Functional.of(np.array([3.0, 1.0, 2.0, 5.0]))
    several = jnp.asarray(np.random.default_rng(0).dirichlet(np.ones(4), size=3))
    gradients = jax.jit(jax.vmap(jax.grad(functional)))(several)
    np.testing.assert_allclose(gradients, np.tile([2.0, 0.0, 1.0, 4.0], (3, 1)), rtol=1e-6)
    scaled = jax.grad(lambda q: 3 * functional(q) ** 2)(several[0])
    np.testing.assert_allclose(scaled, 6 * functional(several[0]) * gradients[0], rtol=1e-6)
