from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import oracle
from estimation import Problem, compiled_estimate, deviations, many_estimates
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP, Fitted
from hyperborn.posteriors import Registers
from hyperborn.training.estimators import LocalReparameterization, Minibatch
from hyperborn.training.minibatch.local_reparameterization import covariances_of, products_of


def test_covariances_and_products_make_the_variance_of_a_sum() -> None:
    random = np.random.default_rng(0)
    table, inputs = random.dirichlet(np.ones(8), size=2).T, random.normal(size=(1, 4, 6))
    bits = oracle.all_bits(3)
    expected = np.zeros(4)
    for register in range(2):
        sums = inputs[0, :, 3 * register : 3 * register + 3] @ bits.T
        expected += sums**2 @ table[:, register] - (sums @ table[:, register]) ** 2
    with jax.enable_x64(True):
        covariances = np.asarray(covariances_of(jnp.asarray(table)))
        products = np.asarray(products_of(jnp.asarray(inputs), 3))
    assert (covariances.shape, products.shape) == ((6, 2), (1, 4, 12))
    np.testing.assert_allclose(products[0] @ covariances.T.reshape(-1), expected, rtol=1e-12)


@pytest.mark.parametrize("size", [1, 3, 7])
def test_without_hidden_layers_sums_are_normal_with_the_exact_moments(size: int) -> None:
    """Within five standard errors (20,000 draws, seed 1) of the normal expectation, by Gauss-Hermite quadrature."""
    net = BinaryMLP(6, (), values=(-1, 2), scale="fan_in", output_scales=(1.5,))
    problem = Problem(net, Registers(net, size))
    with jax.enable_x64(True):
        batch, params = problem.batch(), problem.params()
        bits = oracle.all_bits(7)
        x = np.concatenate([np.asarray(batch.x), np.ones((6, 1))], axis=1)
        logits = 1.5 / np.sqrt(6) * (3.0 * bits - 1) @ x.T
        nodes, weights = np.polynomial.hermite_e.hermegauss(60)
        signs = jnp.where(batch.y == 1, -1.0, 1.0)

        def normal(params: Any) -> Any:
            q = problem.registers.probabilities(params)
            mean, square = q @ jnp.asarray(logits), q @ jnp.asarray(logits**2)
            z = mean[:, None] + jnp.sqrt(square - mean**2)[:, None] * jnp.asarray(nodes)[None]
            losses = jax.nn.softplus(signs[:, None] * z) @ jnp.asarray(weights / weights.sum())
            return problem.scale * losses.sum()

        value, gradient = jax.jit(jax.value_and_grad(normal))(params)
        found, (gradients, _) = many_estimates(
            LocalReparameterization(), problem.registers, batch, params, jnp.asarray(0.0), jax.random.key(1), 20_000
        )
    assert np.abs(deviations(found, value)).max() < 5
    assert np.abs(deviations(gradients, gradient)).max() < 5


@pytest.mark.parametrize(
    "arguments",
    [
        {"n_features": 2, "hidden": (5,), "activation": "tanh", "scale": "learned"},
        {"n_features": 5, "hidden": (2, 3), "n_classes": 3, "normalization": "layer", "scale": "learned"},
        {
            "n_features": 3,
            "hidden": (4,),
            "activation": "sigmoid",
            "bias": False,
            "values": (0, 1),
            "output_scales": (3,),
        },
    ],
)
def test_a_network_that_is_certain_has_its_energy(arguments: dict[str, Any]) -> None:
    """With bits that are all but certain, nothing is left to draw."""
    net = BinaryMLP(**arguments)
    problem = Problem(net, Registers(net, 4))
    bits = np.random.default_rng(2).integers(0, 2, net.n_weights)
    with jax.enable_x64(True):
        batch = problem.batch()
        params = problem.registers.init(bits.astype(float), spread=0.0, key=jax.random.key(0))
        found, _ = compiled_estimate(
            LocalReparameterization(50), problem.registers, batch, params, jnp.asarray(0.0), jax.random.key(0)
        )
        expected = batch.energies(jnp.asarray(bits[None], float))[0]
    # What is added to each variance is a deviation of 1e-3 in each sum.
    np.testing.assert_allclose(found, expected, rtol=2e-3)


def test_examples_have_draws_of_their_own() -> None:
    """So the deviation of the energy of N equal examples grows as √N, not as N (2,000 draws, seed 0)."""
    net = BinaryMLP(8, (), scale="fan_in")
    registers = Registers(net, 3)
    params = registers.init(spread=0.5, key=jax.random.key(0))
    deviation = []
    for count in (1, 64):
        batch = Minibatch(net, jnp.ones((count, 8)), jnp.ones(count, int), jnp.zeros(0), jnp.asarray(1.0))
        found, _ = many_estimates(
            LocalReparameterization(), registers, batch, params, jnp.asarray(0.0), jax.random.key(0), 2000
        )
        deviation.append(float(jnp.std(found)))
    np.testing.assert_allclose(deviation[1] / deviation[0], 8, rtol=0.1)


def test_what_it_cannot_integrate_out_is_refused() -> None:
    net = BinaryMLP(2, (3,), scale="learned")
    estimator = LocalReparameterization()
    scales = BinaryMLP(2, (3,), output_scales=(1, 2))
    for network in (scales, Fitted(net, np.zeros(net.n_side))):
        with pytest.raises(UserError, match="knows the layers of a BinaryMLP without a choice of scales"):
            estimator.check(Registers(network, 2), network)
    for posterior in (Registers(net, 2, grouping="layer"), Registers(13, 2), Registers(BinaryMLP(2, (3,)), 2)):
        with pytest.raises(UserError, match=r"needs registers within the network's neurons; give hb.Registers"):
            estimator.check(posterior, net)
    estimator.check(Registers(net, 2), net)
