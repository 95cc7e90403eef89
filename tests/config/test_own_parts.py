"""Options that name a part of a user's own, and those that set its fields."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
import my_parts
from hyperborn import parts
from hyperborn.config import CompareConfig, RunConfig, configured
from hyperborn.config.applicability import BUILT_IN_NETWORK
from hyperborn.config.datasets import data_of
from hyperborn.config.definitions import definition_of
from hyperborn.config.networks import shape_of
from hyperborn.config.options import OPTIONS
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.objectives.objectives import SELBO
from hyperborn.training.definition import Definition
from hyperborn.training.shots.posteriors import ShotRegister


@pytest.fixture(scope="module")
def moons() -> Dataset:
    return hb.data.load("moons", size=40)


def defined(data: Dataset, **given: Any) -> Definition:
    config = configured(RunConfig, None, {"data": "moons", "hidden": "none"} | given)
    return definition_of(config, data, config.objective)


def test_every_option_that_names_a_part_takes_ones_own(moons: Dataset) -> None:
    found = defined(
        moons,
        objective="my_parts:Doubled",
        weight="0.5",
        estimator="my_parts:Tripled",
        optimizer="my_parts:Descent",
        learning_rate="0.2",
        ansatz="my_parts:Ladder",
        annealing="0.1",
    )
    assert found.objective == my_parts.Doubled(0.5)
    assert found.estimator == my_parts.Tripled()
    assert found.optimizer == my_parts.Descent(0.2)
    assert found.posterior == hb.Register(my_parts.Ladder(3, 1))
    assert found.annealing == hb.Annealing(0.1)
    assert defined(moons, ansatz="my_parts:Ladder", depth="3").posterior == hb.Register(my_parts.Ladder(3, 3))


def test_a_divergence_of_ones_own_takes_the_options_that_its_fields_name(moons: Dataset) -> None:
    own = {"objective": "selbo", "divergence": "my_parts:Softened"}
    assert defined(moons, **own).objective == SELBO(divergence=my_parts.Softened())
    assert defined(moons, **own, order="5", weight="2").objective == SELBO(2.0, my_parts.Softened(5))
    with pytest.raises(UserError, match="bandwidth goes with selbo with divergence mmd only"):
        defined(moons, **own, bandwidth="median")


def test_an_estimator_of_ones_own_decides_how_it_is_trained(moons: Dataset) -> None:
    found = defined(moons, estimator="my_parts:Centred", samples="3")
    assert found.estimator == my_parts.Centred(3)
    assert isinstance(found.posterior, hb.Registers)


def test_a_prior_and_an_annealing_of_ones_own(moons: Dataset) -> None:
    found = defined(moons, prior="my_parts:Tilted", annealing="my_parts:Linear")
    assert (found.prior, found.annealing) == (my_parts.Tilted(), my_parts.Linear())
    with pytest.raises(UserError, match=r"^annealing goes with estimator exact only"):
        defined(moons, annealing="my_parts:Linear", posterior="registers")


NETWORK: dict[str, Any] = {"data": "moons", "network": "my_parts:Sharpened"}


@pytest.mark.parametrize(
    ("more", "registers"), [({}, False), ({"posterior": "registers"}, True), ({"backend": "statevector"}, False)]
)
def test_a_network_of_ones_own_is_made_for_the_data(moons: Dataset, more: dict[str, str], registers: bool) -> None:
    config = configured(RunConfig, None, NETWORK | more)
    assert shape_of(config, moons) == (my_parts.Sharpened(2), registers)
    assert definition_of(config, moons, config.objective).network == my_parts.Sharpened(2)
    # Without a field for the classes it is made without them.
    config = configured(RunConfig, None, NETWORK | {"network": f"{__name__}:OfTwoClasses"} | more)
    assert shape_of(config, moons).network == OfTwoClasses(2)


def test_features_are_not_reduced_for_a_network_of_ones_own() -> None:
    config = configured(RunConfig, None, NETWORK | {"data": "breast_cancer", "posterior": "register"})
    data = data_of(config, refuse_note)
    assert data.n_features == 30
    with pytest.raises(UserError) as caught:
        definition_of(config, data, "elbo")
    assert str(caught.value) == (
        "--network my_parts:Sharpened on 30 features makes 31 weights, over the limit of 24 of one register; choose "
        "--components 23, or --posterior registers"
    )


def refuse_note(text: str) -> None:
    raise AssertionError(text)


@pytest.mark.parametrize("key", BUILT_IN_NETWORK)
def test_what_says_how_layers_are_made_does_not_go_with_a_network_of_ones_own(key: str) -> None:
    value = {"hidden": "2", "bias": "true"}.get(key, OPTIONS[key].default)
    said = f"^{key} says how layers are made, and does not go with network my_parts:Sharpened; leave one of"
    with pytest.raises(UserError, match=said):
        configured(RunConfig, None, NETWORK | {key: value})


def test_a_likelihood_of_ones_own() -> None:
    x = np.linspace(-1, 1, 40)
    numbers = hb.data.from_arrays(np.stack([x, x**2], axis=1), x)
    given = {"likelihood": "my_parts:Renamed"}
    assert defined(numbers, **given).network.likelihood == my_parts.Renamed()
    found = definition_of(configured(RunConfig, None, NETWORK | given), numbers, "elbo").network
    assert found == hb.networks.Regression(my_parts.Sharpened(2), my_parts.Renamed())
    for more, likelihood in (({}, "bits"), ({"posterior": "registers"}, "learned")):
        found = definition_of(configured(RunConfig, None, NETWORK | more), numbers, "elbo").network
        assert found == hb.networks.Regression(my_parts.Sharpened(2), hb.Gaussian(likelihood))
    with pytest.raises(UserError, match=r"target_noise = 0\.5 goes with likelihood gaussian only"):
        defined(numbers, **given, target_noise="0.5")


def test_a_likelihood_of_ones_own_needs_a_regression(moons: Dataset) -> None:
    with pytest.raises(UserError, match="likelihood goes with a regression only, and moons has 2 classes; leave"):
        defined(moons, likelihood="my_parts:Renamed")


def test_a_backend_of_ones_own(moons: Dataset) -> None:
    found = defined(moons, backend="my_parts:Mine", objective="my_parts:Doubled", ansatz="my_parts:Ladder")
    assert found.posterior == ShotRegister(my_parts.Ladder(3, 1), my_parts.Mine())
    assert hb.backends.backend_named("my_parts:Mine", seed=3) == my_parts.Mine(3)
    with pytest.raises(UserError, match="optimization-level=1 does not go with the backend 'my_parts:Mine'"):
        defined(moons, backend="my_parts:Mine", optimization_level="1")


def test_a_part_that_a_package_offers_is_taken_by_its_class(moons: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "offers_of", {"stairs": ("my_parts:Ladder",)}.get)
    assert configured(RunConfig, None, {"data": "moons", "ansatz": "stairs"}).ansatz == "my_parts:Ladder"
    assert defined(moons, ansatz="stairs").posterior == hb.Register(my_parts.Ladder(3, 1))


def test_objectives_of_ones_own_are_compared() -> None:
    config = configured(CompareConfig, None, {"data": "moons", "objectives": "elbo, my_parts:Doubled"})
    assert config.objectives == ["elbo", "my_parts:Doubled"]


MISTAKES = {
    "unknown module": (
        {"divergence": "absent:Mine"},
        "the divergence 'absent:Mine' is not known here; import a",
    ),
    "unknown class": ({"ansatz": "my_parts:Absent"}, "my_parts has no class Absent; check the name"),
    "another kind": ({"optimizer": "my_parts:Ladder"}, "my_parts:Ladder cannot be the optimizer; make it a dataclass"),
    "no part": ({"estimator": "os:path"}, "the estimator 'os:path' is not known here: os has no class path"),
    "a word": (
        {"objective": "elbow"},
        "objective = 'elbow' is not allowed; give mle, elbo, selbo, renyi or stein",
    ),
    "in a list": ({"objectives": "elbo,my_parts:Ladder"}, "my_parts:Ladder cannot be the objective"),
    "no such field": (
        {"optimizer": "my_parts:Searching", "learning_rate": "0.1"},
        "learning_rate goes with adam or gain",
    ),
    "cannot anneal": ({"optimizer": "my_parts:Searching", "annealing": "0.1"}, "annealing goes with adam only"),
    "no depth": ({"ansatz": "my_parts:Needy", "depth": "2"}, "depth goes with all-pairs, line, ring"),
    "no prior": ({"prior": "my_parts:Linear"}, "my_parts:Linear cannot be the prior; make it a dataclass that impl"),
    "unknown prior": ({"prior": "absent:Mine"}, "the prior 'absent:Mine' is not known here; import absent first, or"),
    "no annealing": ({"annealing": "my_parts:Tilted"}, "my_parts:Tilted cannot be the annealing; make it a dataclass"),
    "a word as annealing": ({"annealing": "slow"}, "annealing = 'slow' is not allowed; give a number above 0, and 1 a"),
    "another network": ({"network": "my_parts:Tilted"}, "my_parts:Tilted cannot be the network; make it a dataclass t"),
    "a word as network": (
        {"network": "mlp"},
        "network = 'mlp' is not allowed; give conv, or module:Class for one",
    ),
    "no likelihood": (
        {"likelihood": "my_parts:Linear"},
        "my_parts:Linear cannot be the likelihood; make it a dataclas",
    ),
    "no options": ({"estimator": "my_parts:Adrift"}, "the estimator Adrift serves no way of training; make it a Shot"),
}


@pytest.mark.parametrize(("given", "said"), MISTAKES.values(), ids=MISTAKES)
def test_what_cannot_be_the_part_is_one_line(given: dict[str, str], said: str) -> None:
    kind = CompareConfig if "objectives" in given else RunConfig
    more = {"objective": "selbo"} if "divergence" in given else {}
    with pytest.raises(UserError) as caught:
        configured(kind, None, {"data": "moons", **more, **given})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@dataclass(frozen=True)
class OfTwoClasses(my_parts.Sharpened):
    """A network that takes no other number of classes."""

    n_classes: int = field(init=False, default=2)


@dataclass(frozen=True)
class NeedyNetwork(my_parts.Sharpened):
    colour: str = field(kw_only=True)


@dataclass(frozen=True)
class NeedyPrior(my_parts.Tilted):
    colour: str = field(kw_only=True)


@dataclass(frozen=True)
class NeedyAnnealing(my_parts.Linear):
    colour: str = field(kw_only=True)


NEEDY = {
    "ansatz": "my_parts:Needy",
    "network": f"{__name__}:NeedyNetwork",
    "prior": f"{__name__}:NeedyPrior",
    "annealing": f"{__name__}:NeedyAnnealing",
}


@pytest.mark.parametrize("option", NEEDY)
def test_a_field_that_no_option_sets_needs_a_default(moons: Dataset, option: str) -> None:
    config = configured(RunConfig, None, {"data": "moons", option: NEEDY[option]})
    with pytest.raises(
        UserError, match=r"Needy.*'> cannot be made from options \(.*colour'\); give each of its fields a d"
    ):
        definition_of(config, moons, "elbo")
