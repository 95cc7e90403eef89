"""From a configuration to the parts of a run."""

from dataclasses import dataclass

import pytest

from hyperborn.building import objective_of
from hyperborn.config import CompareConfig, RunConfig, configured
from hyperborn.errors import UserError
from hyperborn.inference.divergences import (
    DIVERGENCES,
    KL,
    MMD,
    Adversarial,
    BoundDivergence,
    Divergence,
    RenyiDivergence,
    Stein,
)
from hyperborn.inference.functional import Functional
from hyperborn.inference.objectives import ELBO, MLE, OBJECTIVES, SELBO, Objective, Renyi, SteinPosterior


@dataclass(frozen=True)
class Other(Objective):
    """An objective that only the registry knows of."""

    name = "other"
    weight: float = 1.0
    hidden_from_the_configuration: int = 3

    def bind(self, energies, log_prior) -> Functional:
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
    assert [objective_of(config, name) for name in config.objectives] == [MLE(), ELBO(2.0), SELBO(3.0)]
    default = configured(CompareConfig, None, {"data": "iris"})
    assert [objective_of(default, name) for name in default.objectives] == [MLE(), ELBO(), SELBO()]


def test_registering_an_objective_is_all_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OBJECTIVES, "other", Other)
    config = configured(RunConfig, None, {"data": "iris", "objective": "other", "weight": "2"})
    assert objective_of(config, "other") == Other(2.0)
    with pytest.raises(UserError, match="beta goes with elbo only"):
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
    assert objective_of(config, config.objective) == meant


def test_bandwidth_is_mmds() -> None:
    config = configured(RunConfig, None, {"data": "iris", "objective": "selbo", "bandwidth": "median"})
    made = objective_of(config, "selbo")
    assert isinstance(made, SELBO)
    assert made.divergence == MMD(bandwidth="median")
    with pytest.raises(UserError, match="bandwidth goes with selbo with divergence mmd only"):
        configured(RunConfig, None, {"data": "iris", "objective": "selbo", "divergence": "kl", "bandwidth": "median"})


def test_registering_a_divergence_is_all_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DIVERGENCES, "apart", Apart)
    config = configured(RunConfig, None, {"data": "iris", "objective": "selbo", "divergence": "apart", "order": "5"})
    assert objective_of(config, "selbo") == SELBO(divergence=Apart(5))
    with pytest.raises(UserError, match="selbo with divergence adversarial or selbo with divergence apart only"):
        configured(RunConfig, None, {"data": "iris", "objective": "selbo", "order": "5"})
