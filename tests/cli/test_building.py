"""From a configuration to the parts of a run."""

from dataclasses import dataclass

import pytest

from hyperborn.cli.building import objective_of
from hyperborn.config import CompareConfig, RunConfig, configured
from hyperborn.errors import UserError
from hyperborn.inference.functional import Functional
from hyperborn.inference.objectives import ELBO, MLE, OBJECTIVES, SELBO, Objective


@dataclass(frozen=True)
class Other(Objective):
    """An objective that only the registry knows of."""

    name = "other"
    weight: float = 1.0
    hidden_from_the_configuration: int = 3

    def bind(self, energies, log_prior) -> Functional:
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
    with pytest.raises(UserError, match=r"weight goes with selbo or other only.* choose selbo or other"):
        configured(RunConfig, None, {"data": "iris", "objective": "mle", "weight": "2"})
