"""What every objective, with every divergence, must do with every prior and every circuit."""

from collections.abc import Callable
from functools import partial
from itertools import cycle, product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

import circuit_oracle
import objectives_oracle
from hyperborn.circuits import Brickwork, Circuit, ProductState
from hyperborn.networks import BinaryMLP
from hyperborn.objectives.divergences import DIVERGENCES, KL, MMD, Adversarial, Divergence, RenyiDivergence, Stein
from hyperborn.objectives.functional import Functional
from hyperborn.objectives.kernels import Hamming, adaptive_kernel
from hyperborn.objectives.objectives import ELBO, MLE, OBJECTIVES, SELBO, Objective, Renyi, SteinPosterior
from hyperborn.posteriors import Register
from hyperborn.priors import Bernoulli, Prior, Uniform
from hyperborn.testing import check_divergence, check_objective
from hyperborn.training.estimators import Exact

NETWORK = BinaryMLP(2, (1,))
N = NETWORK.n_weights
ENERGIES = np.random.default_rng(0).gamma(2.0, 3.0, size=2**N) + 40

ADAPTIVE = MMD(bandwidth="adaptive")

DIVERGENCES_TRIED: list[Divergence] = [
    MMD(),
    MMD(Hamming((0.3, 0.8))),
    MMD(bandwidth="median"),
    ADAPTIVE,
    KL(),
    RenyiDivergence(0.3),
    RenyiDivergence(2.5),
    Stein(),
    Stein(Hamming((0.3, 0.8), (1.0, 3.0)), "difference"),
    Adversarial(),
    Adversarial(order=9, ridge=0.1),
]
OBJECTIVES_TRIED: list[Objective] = [
    MLE(),
    ELBO(),
    ELBO(0.4),
    SELBO(),
    SELBO(7.0, MMD(Hamming((0.3, 0.8)))),
    *(SELBO(weight, divergence) for weight, divergence in zip([3.0, 0.7] * 6, DIVERGENCES_TRIED, strict=False)),
    Renyi(),
    Renyi(2.0),
    SteinPosterior(),
    SteinPosterior(2.0, Hamming((0.5,)), "difference", temperature=20.0),
    SELBO(divergence=ADAPTIVE),
    SELBO(beta=0.3),
]
PRIORS: list[Prior] = [Uniform(), Bernoulli(0.3), Bernoulli({"W1": 0.2, "b2": 0.9})]
CIRCUITS: list[Circuit] = [Brickwork(N, depth=2), ProductState(N)]

Plain = Callable[[Any], Any]


def plain_discrepancy(divergence: MMD, p: np.ndarray) -> Plain:
    """MMD² of one kernel, or the norm of those of all kernels of the adaptive kernel."""
    if divergence.bandwidth == "adaptive":
        kernels = objectives_oracle.normalised_kernels(p, adaptive_kernel(N).kappas)
        return lambda q: sum(((q - p) @ kernel @ (q - p)) ** 2 for kernel in kernels) ** 0.5
    kernel = objectives_oracle.kernel_matrix(N, divergence.kernel_of(np.log(p)).kappas)
    return lambda q: (q - p) @ kernel @ (q - p)


def plain_divergence(divergence: Divergence, p: np.ndarray, xp: Any = np) -> Plain:
    """D(q, p), written out with 2^n × 2^n matrices, for NumPy or jax.numpy; p need not be normalised where D allows."""
    if isinstance(divergence, MMD):
        return plain_discrepancy(divergence, p)
    if isinstance(divergence, KL):
        return lambda q: q @ (xp.log(q) - np.log(p))
    if isinstance(divergence, RenyiDivergence):
        return lambda q: objectives_oracle.renyi_divergence(q, p, divergence.alpha, xp)
    if isinstance(divergence, Stein):
        mixture = divergence.kernel or Hamming((np.exp(-1 / N),))
        kernel = objectives_oracle.kernel_matrix(N, mixture.kappas, mixture.weights)
        doubled = objectives_oracle.stein_kernel(p, kernel, bounded=divergence.operator == "barker")
        return lambda q: q @ doubled @ q
    assert isinstance(divergence, Adversarial)
    return lambda q: objectives_oracle.classifier_divergence(q, p, divergence.order, divergence.ridge, xp)


def charges(divergence: Divergence, p: np.ndarray) -> list[float]:
    """What every point mass pays; of those that hold log q, KL's charge, -log p."""
    if isinstance(divergence, KL | RenyiDivergence):
        return list(-np.log(p))
    return [float(plain_divergence(divergence, p)(point)) for point in np.eye(2**N)]


def plain_weight(weight: float | str, divergence: Divergence, p: np.ndarray) -> float:
    if isinstance(divergence, Adversarial) and isinstance(weight, str):
        return 1.0  # what it is matched with but for its ridge; see below
    return weight if isinstance(weight, float) else objectives_oracle.kl_matched(p, charges(divergence, p))


def plain_formula(objective: Objective, prior: Prior, xp: Any = np) -> Plain:
    """F[q], written out for NumPy or, to differentiate it, jax.numpy."""
    p = objectives_oracle.product_distribution(prior.marginals(NETWORK).tolist())
    if isinstance(objective, ELBO):
        return lambda q: q @ ENERGIES + objective.beta * (q @ (xp.log(q) - np.log(p)))
    if isinstance(objective, SELBO):
        weight, divergence = plain_weight(objective.weight, objective.divergence, p), objective.divergence
        weight *= objective.beta
        return lambda q: q @ ENERGIES + weight * plain_divergence(divergence, p, xp)(q)
    if isinstance(objective, Renyi):
        return plain_divergence(RenyiDivergence(objective.alpha), p * np.exp(-ENERGIES), xp)
    if isinstance(objective, SteinPosterior):
        stein = Stein(objective.kernel, objective.operator)
        target = (p * np.exp(-(ENERGIES - ENERGIES.min()))) ** (1 / objective.temperature)
        weight = plain_weight(objective.weight, stein, p)
        return lambda q: weight * plain_divergence(stein, target, xp)(q)
    assert isinstance(objective, MLE)
    return lambda q: q @ ENERGIES


def bound(objective: Objective, prior: Prior) -> Functional:
    return objective.bind(ENERGIES, prior.log_probabilities(NETWORK))


PAIRS = [*zip(OBJECTIVES_TRIED, cycle(PRIORS), strict=False), *product([ELBO(2.0), SELBO(2.0), Renyi(0.3)], PRIORS)]
"""Every objective with one of the priors, of which it knows only the table; one of each kind with all of them."""

every_pair = pytest.mark.parametrize(("objective", "prior"), PAIRS, ids=str)


def test_every_registered_objective_is_tried() -> None:
    assert {type(objective) for objective in OBJECTIVES_TRIED} == set(OBJECTIVES.values())


def test_every_registered_divergence_is_tried() -> None:
    tried = {type(objective.divergence) for objective in OBJECTIVES_TRIED if isinstance(objective, SELBO)}
    assert tried == {type(divergence) for divergence in DIVERGENCES_TRIED} == set(DIVERGENCES.values())


@pytest.mark.parametrize("divergence", DIVERGENCES_TRIED, ids=str)
def test_divergences_keep_their_public_contract(divergence: Divergence) -> None:
    check_divergence(divergence)


@pytest.mark.parametrize("objective", OBJECTIVES_TRIED, ids=str)
def test_objectives_keep_their_public_contract(objective: Objective) -> None:
    check_objective(objective)


@every_pair
def test_value_and_first_variation_are_those_of_the_plain_formula(objective: Objective, prior: Prior) -> None:
    q = np.random.default_rng(1).dirichlet(np.ones(2**N))
    plain = plain_formula(objective, prior)
    with jax.enable_x64(True):
        functional = bound(objective, prior)
        value, variation = functional.value_and_first_variation(jnp.asarray(q))
        through_jax = jax.grad(functional)(jnp.asarray(q))
        expected = jax.grad(plain_formula(objective, prior, jnp))(jnp.asarray(q))
        assert functional(jnp.asarray(q)) == value
    assert variation.dtype == jnp.float64
    # The lowest energy is left out: of the mean energy in every place, of other functionals in none.
    lowest = 0.0 if functional.energies is None else ENERGIES.min()
    np.testing.assert_allclose(float(value) + float(functional.lowest), plain(q), rtol=1e-12)
    np.testing.assert_allclose(through_jax, np.asarray(expected) - lowest, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(through_jax, variation, rtol=0, atol=1e-14)
    step = 1e-6
    for place in range(0, 2**N, 5):
        shift = step * q[place] * np.eye(2**N)[place]
        difference = (plain(q + shift) - plain(q - shift)) / (2 * step * q[place])
        np.testing.assert_allclose(float(variation[place]) + lowest, difference, rtol=1e-5, atol=1e-6)


@every_pair
def test_single_precision_is_finite_and_close(objective: Objective, prior: Prior) -> None:
    q = np.random.default_rng(1).dirichlet(np.ones(2**N))
    functional = bound(objective, prior)
    value, variation = functional.value_and_first_variation(jnp.asarray(q))
    assert value.dtype == variation.dtype == jnp.float32
    assert variation.shape == (2**N,)
    assert np.isfinite(variation).all()
    np.testing.assert_allclose(float(value) + functional.lowest, plain_formula(objective, prior)(q), rtol=1e-5)


@jax.jit(static_argnums=0)
def value_and_gradient(posterior: Register, functional: Functional, params: Array) -> tuple[Array, Array]:
    return jax.value_and_grad(Exact().loss, argnums=2)(posterior, functional, params)


@pytest.mark.parametrize("circuit", CIRCUITS, ids=str)
@every_pair
def test_gradient_of_the_angles_is_that_of_finite_differences(
    objective: Objective, prior: Prior, circuit: Circuit
) -> None:
    params = np.random.default_rng(2).uniform(-2, 2, circuit.parameter_shape)
    plain = plain_formula(objective, prior)

    def plain_value(params: np.ndarray) -> float:
        return float(plain(circuit_oracle.probabilities(circuit_oracle.with_angles(circuit.gates(), params), N)))

    with jax.enable_x64(True):
        functional = bound(objective, prior)
        value, gradient = value_and_gradient(Register(circuit), functional, jnp.asarray(params))
    np.testing.assert_allclose(float(value) + functional.lowest, plain_value(params), rtol=1e-11)
    assert gradient.shape == circuit.parameter_shape
    step = 1e-5
    for place in list(np.ndindex(params.shape))[::3]:
        shift = np.zeros_like(params)
        shift[place] = step
        difference = (plain_value(params + shift) - plain_value(params - shift)) / (2 * step)
        np.testing.assert_allclose(gradient[place], difference, rtol=1e-6, atol=1e-7)


@every_pair
def test_a_point_mass_pays_what_it_should(objective: Objective, prior: Prior) -> None:
    p = objectives_oracle.product_distribution(prior.marginals(NETWORK).tolist())
    functional = bound(objective, prior)
    for index in (0, 13, 2**N - 1):
        point = np.eye(2**N)[index]
        value, variation = functional.value_and_first_variation(jnp.asarray(point))
        assert np.isfinite(variation).all()
        if isinstance(objective, ELBO):
            expected = ENERGIES[index] - objective.beta * np.log(p[index])
        elif isinstance(objective, Renyi):
            expected = ENERGIES[index] - np.log(p[index])
        elif isinstance(objective, SELBO):
            weight = objective.beta * plain_weight(objective.weight, objective.divergence, p)
            expected = ENERGIES[index] + weight * charges(objective.divergence, p)[index]
        else:
            expected = float(plain_formula(objective, prior)(point))
        np.testing.assert_allclose(float(value) + functional.lowest, expected, rtol=1e-5)


def test_selbo_matched_to_kl_charges_a_point_mass_n_bits() -> None:
    for index, point in enumerate(np.eye(2**N)):
        value = float(bound(SELBO(), Uniform())(jnp.asarray(point))) + ENERGIES.min()
        np.testing.assert_allclose(value, ENERGIES[index] + N * np.log(2), rtol=1e-6)


RIDGE_TAKES = {Adversarial(): 0.02, Adversarial(order=9, ridge=0.1): 0.04}
"""Share of a point mass's charge by which a ridge leaves the weight short of KL's charge, at most."""


@pytest.mark.parametrize("prior", PRIORS, ids=str)
@pytest.mark.parametrize("divergence", DIVERGENCES_TRIED, ids=str)
def test_the_matched_weight_charges_point_masses_what_kl_charges_on_average(
    divergence: Divergence, prior: Prior
) -> None:
    p = objectives_oracle.product_distribution(prior.marginals(NETWORK).tolist())
    found = divergence.matched_weight(np.log(p))
    expected = objectives_oracle.kl_matched(p, charges(divergence, p))
    np.testing.assert_allclose(found, expected, rtol=RIDGE_TAKES.get(divergence, 1e-10))
    assert found <= expected * (1 + 1e-10)


@every_pair
def test_the_prior_itself_pays_its_mean_energy_alone(objective: Objective, prior: Prior) -> None:
    p = objectives_oracle.product_distribution(prior.marginals(NETWORK).tolist())
    functional = bound(objective, prior)
    expected = p @ ENERGIES if functional.energies is not None else float(plain_formula(objective, prior)(p))
    np.testing.assert_allclose(float(functional(jnp.asarray(p))) + functional.lowest, expected, rtol=2e-6)


@pytest.mark.parametrize("prior", PRIORS, ids=str)
@pytest.mark.parametrize(
    "objective", [Renyi(), Renyi(0.2), Renyi(2.0), SteinPosterior(), SteinPosterior(operator="difference")], ids=str
)
def test_the_posterior_alone_is_where_a_divergence_from_it_is_lowest(objective: Objective, prior: Prior) -> None:
    joint = objectives_oracle.product_distribution(prior.marginals(NETWORK).tolist()) * np.exp(-ENERGIES)
    lowest = -np.log(joint.sum()) if isinstance(objective, Renyi) else 0.0
    posterior = joint / joint.sum()
    with jax.enable_x64(True):
        functional = bound(objective, prior)
        value, variation = functional.value_and_first_variation(jnp.asarray(posterior))
        np.testing.assert_allclose(float(value) + functional.lowest, lowest, rtol=0, atol=1e-11)
        np.testing.assert_allclose(variation - variation.mean(), 0, atol=1e-8)
        for other in np.random.default_rng(3).dirichlet(posterior * 1e4 + 1, size=5):
            assert float(functional(jnp.asarray(other))) + functional.lowest > lowest + 1e-6


@pytest.mark.parametrize("prior", PRIORS, ids=str)
@pytest.mark.parametrize("beta", [1.0, 0.4])
def test_the_posterior_is_where_the_elbo_is_stationary(prior: Prior, beta: float) -> None:
    p = objectives_oracle.product_distribution(prior.marginals(NETWORK).tolist())
    q = p * np.exp(-(ENERGIES - ENERGIES.min()) / beta)
    q /= q.sum()
    with jax.enable_x64(True):
        variation = np.asarray(bound(ELBO(beta), prior).value_and_first_variation(jnp.asarray(q))[1])
    # On the simplex only differences of the first variation count.
    np.testing.assert_allclose(variation - variation.mean(), 0, atol=1e-11)
    plain = plain_formula(ELBO(beta), prior)
    for other in np.random.default_rng(3).dirichlet(q * 1e4 + 1, size=5):
        assert plain(other) > plain(q)


@pytest.mark.parametrize("divergence", DIVERGENCES_TRIED, ids=str)
def test_what_is_convex_lies_above_its_tangents_and_what_is_not_does_not(divergence: Divergence) -> None:
    random = np.random.default_rng(4)
    p = random.dirichlet(np.full(2**N, 0.3)) + 1e-6
    with jax.enable_x64(True):
        bound_divergence = divergence.bind(np.log(p / p.sum()))
        compiled = jax.jit(bound_divergence.value_and_first_variation)
        below = []
        for spread in [0.05, 1.0] * 20:
            q, other = random.dirichlet(np.full(2**N, spread), size=2)
            value, variation = compiled(jnp.asarray(q))
            tangent = float(value + jnp.sum(variation * (other - q)))
            reached = float(compiled(jnp.asarray(other))[0])
            below.append(reached < tangent - 1e-9 * (1 + abs(tangent)))
    assert bound_divergence.convex is not any(below)


@pytest.mark.parametrize("circuit", CIRCUITS, ids=str)
def test_one_compiled_program_serves_every_prior_and_weight(circuit: Circuit) -> None:
    compiled = jax.jit(jax.value_and_grad(partial(Exact().loss, Register(circuit)), argnums=1))
    params = jnp.zeros(circuit.parameter_shape)
    families: list[list[Objective]] = [
        [MLE()],
        [ELBO(), ELBO(0.4)],
        [SELBO(), SELBO(7.0, MMD(Hamming((0.3, 0.8)))), SELBO(divergence=MMD(bandwidth="median"))],
        [SELBO(divergence=ADAPTIVE), SELBO(3.0, ADAPTIVE)],
        [SELBO(divergence=RenyiDivergence()), SELBO(2.0, RenyiDivergence(3.0))],
        [SELBO(divergence=Stein()), SELBO(2.0, Stein(Hamming((0.3, 0.8))))],
        [SELBO(divergence=Adversarial()), SELBO(2.0, Adversarial(ridge=0.3))],
        [Renyi(), Renyi(2.0)],
        [SteinPosterior(), SteinPosterior(2.0, Hamming((0.5,)), temperature=2.0)],
    ]
    for objectives in families:
        before = compiled._cache_size()
        for objective, prior in product(objectives, PRIORS):
            compiled(bound(objective, prior), params)
        assert compiled._cache_size() == before + 1
