"""What every sampled estimator must do."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from estimation import Problem, compiled_estimate, deviations, exact, many_estimates
from hyperborn.circuits import AllPairs
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.posteriors import Autoregressive, Register, Registers
from hyperborn.training.estimators import (
    ESTIMATORS,
    FirstOrder,
    LocalExpectation,
    LocalReparameterization,
    MinibatchEstimator,
    ScoreFunction,
    StraightThrough,
)

TANH = BinaryMLP(2, (2,), activation="tanh", scale="learned")
CLASSES = BinaryMLP(2, (), n_classes=3, scale="learned")
DEEP = BinaryMLP(
    1, (2, 2), activation="sigmoid", values=(0, 1), normalization="layer", output_scales=(2.0,), scale="learned"
)

TRIED: list[MinibatchEstimator] = [
    FirstOrder(),
    StraightThrough(),
    LocalReparameterization(),
    ScoreFunction(),
    LocalExpectation(),
]
"""Each with its defaults."""
PROBLEMS = [
    Problem(TANH, Registers(TANH, 2), weighted=True),
    Problem(CLASSES, Registers(CLASSES, 3)),
    Problem(DEEP, Registers(DEEP, 2)),
]
ANY_GROUPING = [
    Problem(TANH, Registers(TANH, grouping=((8, 0, 3), (1, 7), (6, 2, 4, 5)))),
    Problem(BinaryMLP(3, (2,)), Registers(BinaryMLP(3, (2,)), 3, grouping="random"), 4.0),
]
DRAWS = 4000

every_estimator = pytest.mark.parametrize("estimator", TRIED, ids=lambda estimator: estimator.name)
every_problem = pytest.mark.parametrize("problem", PROBLEMS, ids=["tanh", "classes", "deep"])
HARD = [FirstOrder(2), StraightThrough(2), ScoreFunction(4), LocalExpectation(2)]
"""Those whose forward pass is that of networks drawn from q."""


def test_every_sampled_estimator_is_tried() -> None:
    sampled = {kind for kind in ESTIMATORS.values() if issubclass(kind, MinibatchEstimator)}
    assert {type(estimator) for estimator in TRIED} == sampled


@every_problem
@every_estimator
def test_estimates_are_finite_and_of_the_dtype_of_the_parameters(
    estimator: MinibatchEstimator, problem: Problem
) -> None:
    estimator.check(problem.registers, problem.network)
    with jax.enable_x64(True):
        params = problem.params()
        found = compiled_estimate(
            estimator, problem.registers, problem.batch(), params, jnp.asarray(0.3), jax.random.key(0)
        )
    # The sums of random numbers and comparisons must not leave the precision of the parameters.
    assert {leaf.dtype for leaf in jax.tree.leaves(found)} == {jnp.dtype("float64")}
    value, (angles, side) = found
    assert (value.shape, angles.shape, side.shape) == ((), params.shape, (problem.network.n_side,))
    assert all(np.isfinite(np.asarray(part)).all() for part in (value, angles, side))
    assert np.abs(np.asarray(angles)).max() > 1e-3


@every_estimator
def test_the_same_key_gives_the_same_and_another_another(estimator: MinibatchEstimator) -> None:
    problem = PROBLEMS[0]
    with jax.enable_x64(True):
        batch, params, progress = problem.batch(), problem.params(), jnp.asarray(0.0)
        first, again, other = (
            jax.tree.leaves(
                compiled_estimate(estimator, problem.registers, batch, params, progress, jax.random.key(seed))
            )
            for seed in (1, 1, 2)
        )
    for one, same, different in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one, same)
        assert (one != different).any()


@every_estimator
def test_other_numbers_do_not_compile_again(estimator: MinibatchEstimator) -> None:
    problem = PROBLEMS[0]
    programs: list[int] = []
    with jax.enable_x64(True):
        batch, params = problem.batch(), problem.params()
        for number in range(3):
            compiled_estimate(
                estimator,
                problem.registers,
                type(batch)(batch.network, batch.x + number, batch.y, batch.side, batch.scale * (1 + number)),
                params + number,
                jnp.asarray(0.1 * number),
                jax.random.key(number),
            )
            programs.append(compiled_estimate._cache_size())
    # The first may find its program compiled by another test; the others must.
    assert programs == programs[:1] * 3


@every_problem
@every_estimator
def test_energies_count_as_often_as_the_batch_says(estimator: MinibatchEstimator, problem: Problem) -> None:
    scaled = [Problem(problem.network, problem.registers, scale) for scale in (1.0, 3.0)]
    with jax.enable_x64(True):
        params, progress, key = problem.params(), jnp.asarray(0.5), jax.random.key(0)
        found = [
            jax.tree.leaves(compiled_estimate(estimator, own.registers, own.batch(), params, progress, key))
            for own in scaled
        ]
    for once, thrice in zip(*found, strict=True):
        np.testing.assert_allclose(thrice, 3 * np.asarray(once), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "problem", [*PROBLEMS[1:], ANY_GROUPING[0], pytest.param(ANY_GROUPING[1], marks=pytest.mark.thorough)], ids=range(4)
)
@pytest.mark.parametrize("estimator", HARD, ids=lambda estimator: estimator.name)
def test_estimates_are_unbiased(estimator: MinibatchEstimator, problem: Problem) -> None:
    """Each number within five standard errors of enumeration (4,000 draws, seed 2).

    Of all that draw networks, the values and the derivatives of the side parameters; the gradient of the angles of all
    but `FirstOrder` and `StraightThrough`, which are biased there.
    """
    with jax.enable_x64(True):
        batch, params = problem.batch(), problem.params()
        value, (gradient, side) = jax.tree.map(np.asarray, exact(problem.registers, batch, params))
        found = many_estimates(estimator, problem.registers, batch, params, jnp.asarray(0.0), jax.random.key(2), DRAWS)
        values, (gradients, sides) = jax.tree.map(np.asarray, found)
    assert np.abs(deviations(values, value)).max() < 5
    assert np.abs(deviations(sides, side)).max(initial=0.0) < 5
    # Were the draws too few to tell it from 0, they would prove nothing.
    assert np.std(values) / np.sqrt(DRAWS) < 0.1 * value
    if not isinstance(estimator, FirstOrder | StraightThrough):
        assert np.abs(deviations(gradients, gradient)).max() < 5
        assert np.linalg.norm(gradients.mean(axis=0) - gradient) < 0.15 * np.linalg.norm(gradient)


@every_estimator
def test_other_posteriors_are_refused(estimator: MinibatchEstimator) -> None:
    for posterior in (Register(AllPairs(9, 1)), Autoregressive(9, 2)):
        name = type(posterior).__name__
        with pytest.raises(
            UserError, match=f"the estimator {estimator.name} draws from Registers, not from {name}"
        ) as caught:
            estimator.check(posterior, TANH)
        assert "hb.Registers(network), or the estimator hb.Exact()" in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("samples", [0, 1.5, True, None])
@pytest.mark.parametrize("kind", [type(estimator) for estimator in TRIED])
def test_samples_are_checked(kind: type[MinibatchEstimator], samples: Any) -> None:
    with pytest.raises(UserError, match=r"samples=.* must be a whole number of at least"):
        kind(samples=samples)
