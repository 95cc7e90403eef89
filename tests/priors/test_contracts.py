"""What every prior must do."""

import numpy as np
import pytest

import hyperborn as hb
import oracle
from hyperborn.errors import UserError
from hyperborn.networks import BinaryMLP
from hyperborn.priors import Prior
from hyperborn.testing import check_prior
from hyperborn.training.serialization import SLOTS

# Fields W1 (2), b1 (1), W2 (1), b2 (1): five weights.
NETWORK = BinaryMLP(2, (1,))
N = NETWORK.n_weights
REGISTER = hb.Register(hb.circuits.Brickwork(N, depth=2))
PARAMS = tuple(np.random.default_rng(0).uniform(-2, 2, REGISTER.n_parameters).astype(np.float32).tolist())

PRIORS: list[Prior] = [
    hb.Uniform(),
    hb.Bernoulli(0.3),
    hb.Bernoulli((0.1, 0.2, 0.3, 0.4, 0.9)),
    hb.Bernoulli({"W1": 0.2, "b2": 0.9}),
    hb.Ising(((0, 1, 0.5), (4, 2, -1.25)), (0.1, 0.0, -0.2, 0.3, 0.4)),
    hb.Ising((), 0.25),
    hb.Empirical(("01101", "01001", "01101"), 0.05),
    hb.PreviousPosterior(REGISTER, PARAMS),
    hb.PreviousPosterior(REGISTER, PARAMS, 0.5),
]

every_prior = pytest.mark.parametrize("prior", PRIORS, ids=lambda prior: f"{prior!s:.60}")


def test_every_registered_prior_is_tried() -> None:
    # The abstract class stands for those of a user's own.
    assert {type(prior) for prior in PRIORS} == set(SLOTS["prior"]) - {Prior}


@every_prior
def test_the_public_contract_is_kept(prior: Prior) -> None:
    check_prior(prior, NETWORK)


SIDE_BY_SIDE = hb.Registers(NETWORK, 2, grouping=((4, 0), (1,), (2, 3)))
ANGLES = tuple(np.random.default_rng(1).uniform(-2, 2, SIDE_BY_SIDE.n_parameters).astype(np.float32).tolist())


@pytest.mark.parametrize(
    "prior", [*PRIORS, hb.PreviousPosterior(SIDE_BY_SIDE, ANGLES, 0.3)], ids=lambda prior: f"{prior!s:.60}"
)
def test_factors_of_registers_make_the_table_or_are_refused(prior: Prior) -> None:
    groups = [group.places for group in SIDE_BY_SIDE.groups]
    of_registers = isinstance(prior, hb.PreviousPosterior) and prior.posterior == SIDE_BY_SIDE
    if not (isinstance(prior, hb.Uniform | hb.Bernoulli) or of_registers):
        with pytest.raises(UserError, match="registers") as caught:
            prior.log_factors(NETWORK, groups[0])
        assert "\n" not in str(caught.value)
        return
    total = np.zeros(2**N)
    for places in groups:
        factors = prior.log_factors(NETWORK, places)
        assert (factors.shape, factors.dtype) == ((2 ** places.shape[1], len(places)), np.float64)
        np.testing.assert_allclose(np.exp(factors).sum(axis=0), 1, rtol=1e-13)
        for own, register in enumerate(places):
            outcomes = [int("".join(map(str, bits[register])), 2) for bits in oracle.all_bits(N)]
            total += factors[outcomes, own]
    np.testing.assert_allclose(total, prior.log_probabilities(NETWORK), rtol=1e-12)


@every_prior
def test_the_number_of_weights_stands_for_the_network(prior: Prior) -> None:
    if prior == hb.Bernoulli({"W1": 0.2, "b2": 0.9}):
        with pytest.raises(UserError, match="a prior by field names needs the network itself"):
            prior.check(N)
        return
    prior.check(N)
    np.testing.assert_array_equal(prior.marginals(N), prior.marginals(NETWORK))
    np.testing.assert_array_equal(prior.log_probabilities(N), prior.log_probabilities(NETWORK))


@every_prior
def test_networks_that_do_not_fit_are_one_line(prior: Prior) -> None:
    other = BinaryMLP(1, ())
    prior.check(NETWORK)
    if prior in (hb.Uniform(), hb.Bernoulli(0.3), hb.Ising((), 0.25)):
        prior.check(other)  # these fit every network
        return
    for ask in (prior.check, prior.log_probabilities, prior.marginals):
        with pytest.raises(UserError, match=r"prior (of|from|names|couples) ") as caught:
            ask(other)
        assert "\n" not in str(caught.value)


@every_prior
def test_training_starts_from_it_and_reports_against_it(prior: Prior, tmp_path) -> None:
    data = hb.data.load("gaussian", size=24)
    result = hb.fit(NETWORK, data, prior=prior, posterior=REGISTER, steps=3, restarts=2, progress=False)
    energies = np.array(
        [oracle.nll(oracle.mlp_logits(b, data.train.x, (1,), 1), data.train.y) for b in oracle.all_bits(N)]
    )
    joint = prior.log_probabilities(NETWORK) - energies
    log_evidence = joint.max() + np.log(np.exp(joint - joint.max()).sum())
    assert result.numbers["log_evidence"] == pytest.approx(log_evidence, rel=1e-12)
    assert result.numbers["elbo_gap"] > 0
    result.save(tmp_path / "run")
    assert hb.load(tmp_path / "run").definition.prior == prior
