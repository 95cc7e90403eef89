"""What registers are charged, against all 2^n networks and against plain sums over registers."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import objectives_oracle
import registers_oracle
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.objectives.divergences import DIVERGENCES, KL
from hyperborn.objectives.functional import Functional
from hyperborn.objectives.kernels import default_kernel
from hyperborn.objectives.penalties import Penalties
from hyperborn.priors import Prior

# Fields W1 (2, 3) and W2 (3, 1): neurons of 2, 2, 2 and 3 weights.
NETWORK = BinaryMLP(2, (3,), bias=False)
N = NETWORK.n_weights
RAGGED = [
    hb.Registers(NETWORK, 2),  # 4 registers of 2 and one of 1
    hb.Registers(NETWORK, 4, depth=3),  # one register of 3, three of 2
    hb.Registers(NETWORK, 4, grouping="random", seed=3),  # 4, 4 and 1
    hb.Registers(NETWORK, 1),
    hb.Registers(NETWORK, 10, grouping="layer"),  # 6 and 3
]
every_ragged = pytest.mark.parametrize("registers", RAGGED, ids=lambda it: f"{it.register_size} {it.grouping}")


def angles_of(registers: hb.Registers, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-2, 2, registers.parameter_shape).astype(np.float32)


def charged(registers: hb.Registers, prior: Prior, penalty: Any, angles: np.ndarray) -> float:
    with jax.enable_x64(True):
        penalties = Penalties.of(registers, NETWORK, prior, penalty)
        tables = [jnp.asarray(table) for table in registers.distributions(jnp.asarray(angles, jnp.float32))]
        return float(penalties(tables))


def plain_prior(registers: hb.Registers, prior: Prior) -> np.ndarray:
    if isinstance(prior, hb.PreviousPosterior):
        tables = registers_oracle.tables_of(registers, np.asarray(prior.params))
        return registers_oracle.joint([(places, 0.8 * q + 0.2 / len(q)) for places, q in tables], N)
    marginals = {hb.Uniform(): [0.5] * 9, hb.Bernoulli(0.3): [0.3] * 9}.get(prior, [0.2] * 6 + [0.9] * 3)
    return objectives_oracle.product_distribution(marginals)


@every_ragged
@pytest.mark.parametrize("kind", ["uniform", "bernoulli", "by field", "previous"])
def test_kl_is_that_of_all_networks(registers: hb.Registers, kind: str) -> None:
    prior = {
        "uniform": hb.Uniform(),
        "bernoulli": hb.Bernoulli(0.3),
        "by field": hb.Bernoulli((0.2,) * 6 + (0.9,) * 3),
        "previous": hb.PreviousPosterior(registers, angles_of(registers, 1), 0.2),
    }[kind]
    angles = angles_of(registers)
    q = registers_oracle.joint(registers_oracle.tables_of(registers, angles), N)
    expected = objectives_oracle.divergence_from(q, plain_prior(registers, prior))
    found = charged(registers, prior, hb.ELBO().penalty, angles)
    # The circuits are simulated in single precision.
    assert found == pytest.approx(expected, abs=1e-4)
    assert charged(registers, prior, hb.ELBO(0.25).penalty, angles) == pytest.approx(0.25 * found)
    assert charged(registers, prior, hb.MLE().penalty, angles) == 0


def test_a_prior_by_the_fields_of_the_network_is_found() -> None:
    registers = RAGGED[2]
    by_field = charged(registers, hb.Bernoulli({"W1": 0.2, "W2": 0.9}), hb.ELBO().penalty, angles_of(registers))
    by_weight = charged(registers, hb.Bernoulli((0.2,) * 6 + (0.9,) * 3), hb.ELBO().penalty, angles_of(registers))
    assert by_field == by_weight


@every_ragged
@pytest.mark.parametrize("marginals", [[0.5] * 9, [0.2] * 6 + [0.9] * 3], ids=["uniform", "by weight"])
def test_selbo_charges_the_mmd_of_each_register(registers: hb.Registers, marginals: list[float]) -> None:
    angles, expected = angles_of(registers), 0.0
    for places, q in registers_oracle.tables_of(registers, angles):
        p = objectives_oracle.product_distribution([marginals[place] for place in places])
        kernel = objectives_oracle.kernel_matrix(len(places), default_kernel(len(places)).kappas)
        weight = objectives_oracle.kl_matched_weight(p, kernel)
        expected += weight * objectives_oracle.squared_discrepancy(q, p, kernel)
    found = charged(registers, hb.Bernoulli(tuple(marginals)), hb.SELBO().penalty, angles)
    assert found == pytest.approx(expected, rel=1e-4)
    assert found > 0.1


@pytest.mark.parametrize("name", DIVERGENCES)
@pytest.mark.parametrize("prior", [hb.Bernoulli(0.3), hb.Bernoulli({"W1": 0.2})], ids=["equal", "by field"])
def test_every_divergence_charges_registers_one_by_one(name: str, prior: Prior) -> None:
    registers = RAGGED[2]
    penalty = hb.SELBO(2.0, DIVERGENCES[name]()).penalty
    angles = jnp.asarray(angles_of(registers))
    expected = 0.0
    for group, table in zip(registers.groups, registers.tables(angles), strict=True):
        log_p = prior.log_factors(NETWORK, group.places)
        expected += sum(float(penalty(log_p[:, own])(table[:, own])) for own in range(len(group.places)))
    penalties = Penalties.of(registers, NETWORK, prior, penalty)
    assert float(penalties(registers.tables(angles))) == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_the_derivative_is_each_registers_first_variation() -> None:
    registers, prior = RAGGED[2], hb.Bernoulli({"W1": 0.2, "W2": 0.9})
    tables = registers.tables(jnp.asarray(angles_of(registers)))
    found = jax.grad(Penalties.of(registers, NETWORK, prior, hb.ELBO(0.5).penalty))(tables)
    for group, table, own in zip(registers.groups, tables, map(np.asarray, found), strict=True):
        expected = 0.5 * (np.log(table) - prior.log_factors(NETWORK, group.places))
        # Constants change nothing: probabilities add up to 1.
        np.testing.assert_allclose(own - own.mean(axis=0), expected - expected.mean(axis=0), atol=1e-4)


def test_charges_are_0_for_q_equal_to_the_prior() -> None:
    registers = RAGGED[0]
    angles = np.asarray(registers.init(np.full(N, 0.3), spread=0.0, key=jax.random.key(0)))
    for objective in (hb.ELBO(), hb.SELBO()):
        assert charged(registers, hb.Bernoulli(0.3), objective.penalty, angles) == pytest.approx(0, abs=1e-5)


def test_equal_priors_are_bound_once() -> None:
    bound: list[int] = []

    def penalty(log_prior: np.ndarray) -> Functional:
        bound.append(len(log_prior))
        return Functional.of_divergence(KL().bind(log_prior))

    assert Penalties.of(RAGGED[0], NETWORK, hb.Bernoulli(0.3), penalty).shared == (True, True)
    assert bound == [4, 2]
    bound.clear()
    # Registers within W1, and one within W2; the one of a single weight is alone.
    assert Penalties.of(RAGGED[0], NETWORK, hb.Bernoulli({"W1": 0.2, "W2": 0.9}), penalty).shared == (False, True)
    assert bound == [4, 4, 2]


OTHERS = hb.Registers(NETWORK, 3)
EARLIER = hb.Register(hb.circuits.Brickwork(N, depth=1))


@pytest.mark.parametrize(
    ("prior", "said"),
    [
        (hb.Ising(((0, 1, 0.5),)), "prior = Ising: registers side by side are not independent under it; give Uniform"),
        (hb.Empirical(("011010110",), 0.1), "prior = Empirical: registers side by side are not independent"),
        (hb.PreviousPosterior(OTHERS, angles_of(OTHERS)), "its registers are not those of this run; give the same reg"),
        (hb.PreviousPosterior(EARLIER, (0.0,) * 18), "prior from a posterior of Register: its registers are not"),
        (hb.Bernoulli((0.5,) * 8), "prior of 8 probabilities for 9 weights"),
    ],
    ids=lambda it: type(it).__name__,
)
def test_priors_under_which_registers_are_not_independent_are_one_line(prior: Prior, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        Penalties.of(RAGGED[0], NETWORK, prior, hb.ELBO().penalty)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("objective", [hb.Renyi(), hb.SteinPosterior()], ids=lambda it: it.name)
def test_objectives_that_need_all_energies_are_one_line(objective: Any) -> None:
    with pytest.raises(
        UserError, match=rf"the objective {objective.name} needs the energies of all 2\^n networks, so o"
    ):
        Penalties.of(RAGGED[0], NETWORK, hb.Uniform(), objective.penalty)
