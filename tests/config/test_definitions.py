"""From a configuration to the parts of a run."""

from dataclasses import dataclass
from typing import Any

import pytest

import hyperborn as hb
from hyperborn.circuits.pairs import line_pairs
from hyperborn.config import CompareConfig, RunConfig, configured
from hyperborn.config.definitions import definition_of, objective_of
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.objectives.divergences import (
    DIVERGENCES,
    KL,
    MMD,
    Adversarial,
    BoundDivergence,
    Divergence,
    RenyiDivergence,
    Stein,
)
from hyperborn.objectives.functional import Functional
from hyperborn.objectives.objectives import ELBO, MLE, OBJECTIVES, SELBO, Objective, Renyi, SteinPosterior
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.definition import Definition
from hyperborn.training.regimes import regime_of


@dataclass(frozen=True)
class Other(Objective):
    """An objective that only the registry knows of."""

    name = "other"
    weight: float = 1.0
    hidden_from_the_configuration: int = 3

    def bind(self, energies, log_prior) -> Functional:
        raise NotImplementedError

    def penalty(self, log_prior) -> Functional:
        raise NotImplementedError


@dataclass(frozen=True)
class Apart(Divergence):
    """A divergence that only the registry knows of."""

    name = "apart"
    order: int = 1
    hidden_from_the_configuration: int = 3

    def bind(self, log_p) -> BoundDivergence:
        raise NotImplementedError

    def matched_weight(self, log_p) -> float:
        raise NotImplementedError


def test_objectives_take_their_options_from_the_configuration() -> None:
    config = configured(CompareConfig, None, {"data": "iris", "beta": "2", "weight": "3"})
    assert [objective_of(config, name, beta=1.0) for name in config.objectives] == [MLE(), ELBO(2.0), SELBO(3.0)]
    default = configured(CompareConfig, None, {"data": "iris"})
    assert [objective_of(default, name, beta=0.1) for name in default.objectives] == [MLE(), ELBO(0.1), SELBO(beta=0.1)]


def test_the_selbo_of_registers_is_matched_to_their_elbo() -> None:
    """A weight that is a number says all: with it, beta alone is one too many."""
    config = configured(RunConfig, None, {"data": "iris", "objective": "selbo", "beta": "0.3"})
    assert objective_of(config, "selbo", beta=0.03) == SELBO(beta=0.3)
    config = configured(RunConfig, None, {"data": "iris", "objective": "selbo", "weight": "3"})
    assert objective_of(config, "selbo", beta=0.03) == SELBO(3.0)
    for beta in ("0.3", "1"):
        said = "beta goes with elbo or selbo with weight kl-matched only"
        with pytest.raises(UserError, match=said):
            configured(RunConfig, None, {"data": "iris", "objective": "selbo", "weight": "3", "beta": beta})
        with pytest.raises(UserError, match=said):
            configured(CompareConfig, None, {"data": "iris", "objectives": "mle,selbo", "weight": "3", "beta": beta})


def test_registering_an_objective_is_all_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OBJECTIVES, "other", Other)
    config = configured(RunConfig, None, {"data": "iris", "objective": "other", "weight": "2"})
    assert objective_of(config, "other", beta=1.0) == Other(2.0)
    with pytest.raises(UserError, match="beta goes with elbo or selbo with weight kl-matched only"):
        configured(RunConfig, None, {"data": "iris", "objective": "other", "beta": "2"})
    with pytest.raises(UserError, match=r"weight goes with selbo, stein or other only.* choose selbo, stein or other"):
        configured(RunConfig, None, {"data": "iris", "objective": "mle", "weight": "2"})


@pytest.mark.parametrize(
    ("flags", "meant"),
    [
        ({"divergence": "mmd"}, SELBO(divergence=MMD())),
        ({"divergence": "kl", "weight": "2"}, SELBO(2.0, KL())),
        ({"divergence": "adversarial"}, SELBO(divergence=Adversarial())),
        ({"divergence": "adversarial", "order": "3"}, SELBO(divergence=Adversarial(3))),
        ({"divergence": "stein", "operator": "difference"}, SELBO(divergence=Stein(operator="difference"))),
        ({"divergence": "renyi", "alpha": "2"}, SELBO(divergence=RenyiDivergence(2.0))),
        ({"objective": "renyi", "alpha": "0.25"}, Renyi(0.25)),
        (
            {"objective": "stein", "operator": "difference", "temperature": "9", "weight": "2"},
            SteinPosterior(2.0, operator="difference", temperature=9.0),
        ),
    ],
    ids=str,
)
def test_a_divergence_takes_its_options_as_an_objective_does(flags: dict[str, str], meant: Objective) -> None:
    config = configured(RunConfig, None, {"data": "iris", "objective": "selbo", **flags})
    assert objective_of(config, config.objective, beta=1.0) == meant


def test_bandwidth_is_mmds() -> None:
    config = configured(RunConfig, None, {"data": "iris", "objective": "selbo", "bandwidth": "median"})
    made = objective_of(config, "selbo", beta=1.0)
    assert isinstance(made, SELBO)
    assert made.divergence == MMD(bandwidth="median")
    with pytest.raises(UserError, match="bandwidth goes with selbo with divergence mmd only"):
        configured(RunConfig, None, {"data": "iris", "objective": "selbo", "divergence": "kl", "bandwidth": "median"})


def test_registering_a_divergence_is_all_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DIVERGENCES, "apart", Apart)
    config = configured(RunConfig, None, {"data": "iris", "objective": "selbo", "divergence": "apart", "order": "5"})
    assert objective_of(config, "selbo", beta=1.0) == SELBO(divergence=Apart(5))
    with pytest.raises(UserError, match="selbo with divergence adversarial or selbo with divergence apart only"):
        configured(RunConfig, None, {"data": "iris", "objective": "selbo", "order": "5"})


@pytest.fixture(scope="module")
def moons() -> Dataset:
    return hb.data.load("moons", size=40)


def defined(data: Dataset, **given: Any) -> Definition:
    return definition_of(configured(RunConfig, None, {"data": "moons"} | given), data, given.get("objective", "elbo"))


def test_what_auto_stands_for_on_one_register(moons: Dataset) -> None:
    found = defined(moons)
    assert found.posterior == hb.Register(hb.circuits.AllPairs(9, depth=4))
    assert (found.objective, found.estimator) == (ELBO(1.0), hb.Exact())
    assert (found.steps, found.restarts, found.optimizer) == (1000, 2, hb.Adam(0.03))


def test_what_auto_stands_for_on_registers(moons: Dataset) -> None:
    found = defined(moons, hidden="8")
    network = hb.networks.BinaryMLP(2, (8,), bias=False, scale="learned", normalization="none")
    assert found.posterior == hb.Registers(network, register_size=4, depth=2, grouping="neuron")
    assert (found.objective, found.estimator) == (ELBO(0.03), hb.FirstOrder())
    assert (found.steps, found.restarts, found.batch_size) == (1500, 1, 128)
    assert found.optimizer == hb.Adam(0.1)


def test_what_is_said_of_registers_is_done(moons: Dataset) -> None:
    flags = {"hidden": "8", "register_size": "2", "depth": "3", "grouping": "layer", "beta": "1", "samples": "6"}
    more = {"estimator": "score-function", "batch_size": "5", "steps": "7", "restarts": "3", "seed": "4"}
    found = defined(moons, **flags, **more)
    assert found.posterior == hb.Registers(found.network, 2, 3, "layer")
    assert (found.objective, found.estimator) == (ELBO(1.0), hb.ScoreFunction(samples=6))
    assert (found.batch_size, found.steps, found.restarts, found.seed) == (5, 7, 3, 4)


def test_one_register_may_be_drawn_from_many_and_many_summed_exactly(moons: Dataset) -> None:
    assert regime_of(defined(moons, posterior="registers")).name == "minibatch"
    flags = {"hidden": "2", "scale": "none", "patience": "50", "annealing": "0.5"}
    exact = defined(moons, posterior="registers", estimator="exact", **flags)
    assert (type(exact.posterior), exact.estimator, exact.objective) == (hb.Registers, hb.Exact(), ELBO(1.0))
    regime = regime_of(exact)
    assert regime.name == "exact"
    assert (regime.plateau(exact), regime.annealing(exact)) == (hb.Plateau(50), hb.Annealing(0.5))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"hidden": "8", "patience": "50"},
            "patience goes with exact gradients only, and the network of 24 weights is",
        ),
        ({"hidden": "8", "annealing": "0.5"}, "annealing goes with exact gradients only"),
    ],
    ids=str,
)
def test_an_option_that_the_size_makes_useless_is_refused(moons: Dataset, given: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        defined(moons, **given)


def test_one_register_that_would_be_too_large_names_registers(moons: Dataset) -> None:
    with pytest.raises(UserError, match="--hidden 8 on 2 features makes 33 weights, over the limit of 24 of one reg"):
        defined(moons, hidden="8", posterior="register")


def test_what_compares_with_the_exact_posterior_refuses_registers(moons: Dataset) -> None:
    small, large = defined(moons), defined(moons, hidden="8")
    regime_of(small).check_exact(small)
    with pytest.raises(UserError, match="exact posterior of a network of 24 weights on many registers is not known"):
        regime_of(large).check_exact(large)


def same_definition(data: Dataset, found: Definition, **of_python: Any) -> None:
    """That `hb.fit` of the same network with these arguments would train the same definition."""
    assert found == definition_with_defaults(found.network, len(data.train), **of_python)


SIZES = [{}, {"hidden": "none"}, {"hidden": "3"}, {"hidden": "8"}, {"hidden": "4,3"}]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_command_line_and_python_train_the_same(moons: Dataset, size: dict[str, str]) -> None:
    same_definition(moons, defined(moons, **size))
    # Of 24 weights and more, on registers: a colder posterior.
    colder = hb.SELBO(beta=0.03) if size.get("hidden") in ("8", "4,3") else hb.SELBO()
    for name, objective in (("mle", hb.MLE()), ("selbo", colder)):
        same_definition(moons, defined(moons, **size, objective=name), objective=objective)
    for beta in ("0.5", "1"):
        same_definition(moons, defined(moons, **size, beta=beta), objective=hb.ELBO(float(beta)))


@pytest.mark.parametrize("hidden", ["none", "2"])
def test_the_command_line_and_python_train_the_same_on_registers(moons: Dataset, hidden: str) -> None:
    for name, objective in (("mle", hb.MLE()), ("elbo", None), ("selbo", hb.SELBO(beta=0.03))):
        found = defined(moons, hidden=hidden, posterior="registers", objective=name)
        same_definition(moons, found, posterior=hb.Registers(found.network), objective=objective)


@pytest.mark.parametrize("hidden", ["none", "2"])
@pytest.mark.parametrize(("estimator", "of_python"), [("auto", None), ("parameter-shift", hb.ParameterShift())])
def test_the_command_line_and_python_train_the_same_from_shots(
    moons: Dataset, hidden: str, estimator: str, of_python: hb.ParameterShift | None
) -> None:
    flags = {"hidden": hidden, "backend": "statevector", "estimator": estimator}
    backend = hb.backends.Statevector()
    for name, objective in (("mle", hb.MLE()), ("selbo", None)):
        found = defined(moons, **flags, objective=name)
        n = found.network.n_weights
        posterior = hb.ShotRegister(hb.circuits.ChosenPairs(n, line_pairs(n), 1), backend)
        same_definition(moons, found, posterior=posterior, objective=objective, estimator=of_python)
        found = defined(moons, **flags, objective=name, posterior="registers")
        many = hb.ShotRegisters(hb.Registers(found.network), backend)
        same_definition(moons, found, posterior=many, objective=objective, estimator=of_python)
    with pytest.raises(UserError, match="objective elbo needs the probabilities of networks"):
        defined(moons, **flags, objective="elbo")
    with pytest.raises(UserError, match="objective elbo needs the probabilities of networks"):
        same_definition(moons, found, posterior=many, objective=hb.ELBO(), estimator=of_python)


PLACES: list[tuple[dict[str, str], list[str], hb.Adam]] = [
    ({}, ["auto", "exact"], hb.Adam(0.03)),
    ({"posterior": "registers"}, ["exact"], hb.Adam(0.03)),
    ({"posterior": "registers"}, ["auto", "first-order", "score-function"], hb.Adam(0.1)),
    ({"backend": "statevector"}, ["auto", "spsa", "parameter-shift"], hb.Adam(0.1)),
    ({"backend": "statevector", "posterior": "registers"}, ["auto", "spsa", "parameter-shift"], hb.Adam(0.1)),
]


@pytest.mark.parametrize(
    ("place", "estimator", "adam"),
    [(place, estimator, adam) for place, estimators, adam in PLACES for estimator in estimators],
    ids=str,
)
def test_an_optimizer_learns_as_fast_as_its_way_of_training_says_whether_it_is_named_or_not(
    moons: Dataset, place: dict[str, str], estimator: str, adam: hb.Adam
) -> None:
    """And as in Python, where it is named by the estimator alone."""
    flags = {"hidden": "none", "estimator": estimator, "objective": "mle", "scale": "none"} | place
    named, unnamed = (defined(moons, **flags, optimizer=name) for name in ("adam", "auto"))
    assert named.optimizer == adam
    assert unnamed.optimizer == (hb.Gains() if isinstance(unnamed.estimator, hb.SPSA) else adam)
    same_definition(moons, unnamed, posterior=unnamed.posterior, objective=hb.MLE(), estimator=unnamed.estimator)
    assert defined(moons, **flags, optimizer="adam", learning_rate="0.5").optimizer == hb.Adam(0.5)
    if "backend" in place:
        assert defined(moons, **flags, optimizer="gains").optimizer == hb.Gains(0.3)
    if regime_of(named).name == "exact":
        assert defined(moons, **flags, optimizer="lbfgs").optimizer == hb.LBFGS()


def test_an_ansatz_is_not_ignored_on_many_registers_of_a_backend(moons: Dataset) -> None:
    with pytest.raises(UserError, match=r"ansatz goes with one register only, .* on many registers by shots of a back"):
        defined(moons, hidden="2", backend="statevector", register_size="2", ansatz="ring")
