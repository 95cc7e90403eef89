"""Regressions on minibatches: estimates against enumeration, the learned noise, and a run."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import oracle
import regression_oracle
from estimation import Problem, deviations, exact, many_estimates
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP, Regression
from hyperborn.training.estimators import FirstOrder, LocalExpectation, LocalReparameterization, MinibatchEstimator

LINEAR = Regression(BinaryMLP(5, ()), hb.Gaussian("learned"))
BITS = Regression(BinaryMLP(3, ()), hb.Gaussian("bits"))


def test_energies_of_a_minibatch_are_those_of_the_plain_formula() -> None:
    problem = Problem(LINEAR, hb.Registers(LINEAR, 2))
    bits = oracle.all_bits(6)
    with jax.enable_x64(True):
        batch = problem.batch()
        found = batch.energies(jnp.asarray(bits, jnp.float64))
    x, y, noise = np.asarray(batch.x), np.asarray(batch.y), np.exp(np.asarray(batch.side)[0])
    means = [oracle.mlp_logits(row, x, (), 1)[:, 0] for row in bits]
    expected = [problem.scale * regression_oracle.normal_nll(mean, noise, y) for mean in means]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("estimator", "network", "with_gradient"),
    [
        # Squared errors of linear sums depend on their mean and variance alone, so that normal sums have no bias.
        (LocalReparameterization(), LINEAR, True),
        (LocalExpectation(), BITS, True),
        (FirstOrder(), BITS, False),
    ],
    ids=["local-reparameterization", "local-expectation", "first-order"],
)
def test_estimates_have_the_mean_of_enumeration(
    estimator: MinibatchEstimator, network: Regression, with_gradient: bool
) -> None:
    """Within five standard errors, 4,000 draws, seed 1."""
    problem = Problem(network, hb.Registers(network, 2))
    estimator.check(problem.registers, network)
    with jax.enable_x64(True):
        batch, params = problem.batch(), problem.params()
        value, (angles, side) = exact(problem.registers, batch, params)
        found, (gradients, sides) = many_estimates(
            estimator, problem.registers, batch, params, jnp.asarray(0.0), jax.random.key(1), 4000
        )
    assert np.abs(deviations(found, value)).max() < 5
    if with_gradient:
        assert np.abs(deviations(gradients, angles)).max() < 5
        if network.n_side:
            assert np.abs(deviations(sides, side)).max() < 5


def test_a_choice_of_noise_has_no_layers_to_draw() -> None:
    with pytest.raises(UserError, match="without a choice of scales or noise"):
        LocalReparameterization().check(hb.Registers(BITS), BITS)


def test_learned_noise_comes_near_to_that_of_the_data() -> None:
    """200 examples with noise 0.2 of the target, seed 5; the standard error of log σ is 1 / √400."""
    random = np.random.default_rng(5)
    x = random.normal(size=(200, 5))
    signs = np.array([1, -1, 1, 1, -1])
    data = hb.data.from_arrays(x, x @ signs + 0.5 * random.normal(size=200), validation=0.0, test=0.0)
    inside = BinaryMLP(5, (), scale="learned", bias=False)
    network = Regression(inside, hb.Gaussian("learned"))
    result = hb.fit(network, data, posterior=hb.Registers(network), steps=300, progress=False)
    scaling = data.preprocessing.target_scaling
    assert scaling is not None
    assert abs(result.side[-1] - np.log(0.5 / scaling.deviation)) < 4 / np.sqrt(400)
    np.testing.assert_array_equal(result.most_probable()[0], signs > 0)
    assert result.metrics("train")["rmse"] == pytest.approx(0.5, rel=0.15)
