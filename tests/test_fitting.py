"""`hyperborn.fit`: what is left open is chosen as `hyperborn train` chooses, and what is named stays."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jaxtyping
import numpy as np
import pytest
from sklearn.datasets import make_classification

import hyperborn as hb
from command_line import Run
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.training.defaults import definition_with_defaults

WIDE = hb.networks.BinaryMLP(8, (16,), 3)
"""144 weights and more: no circuit holds it."""

QUICK: dict[str, Any] = {"steps": 30, "progress": False}


def table(**given: Any) -> Dataset:
    x, y = make_classification(150, 8, n_informative=6, n_redundant=0, n_classes=3, random_state=0)
    return hb.data.from_arrays(x, y, **given)


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Types of calls are not checked, as where no tests run: what is refused is refused by the code itself."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return table()


def test_of_a_network_that_no_circuit_holds_what_predicts_best_is_trained(data: Dataset) -> None:
    found = hb.fit(WIDE, data, **QUICK)
    assert found.choice is not None
    settings = found.choice.best.settings
    assert (found.network.hidden, found.network.n_weights) == (WIDE.hidden, WIDE.n_weights)  # pyright: ignore
    assert found.network.scale == settings["scale"]  # pyright: ignore[reportAttributeAccessIssue]
    assert found.definition.posterior == hb.Registers(found.network, settings["register_size"])
    assert found.definition.objective == hb.ELBO(settings["beta"])
    assert found.calibration == found.choice.calibration
    np.testing.assert_array_equal(hb.fit(WIDE, data, **QUICK).params, found.params)


def test_a_choice_is_kept_with_the_result(data: Dataset, tmp_path: Path) -> None:
    found = hb.fit(WIDE, data, effort="quick", **QUICK)
    found.save(tmp_path / "run")
    again = hb.load(tmp_path / "run")
    assert again.choice == found.choice
    assert again.metrics() == found.metrics()
    assert found.summary["choice"]["text"] in str(again.summary)


@pytest.mark.parametrize(
    "named",
    [{"posterior": hb.Registers(WIDE)}, {"objective": hb.ELBO()}, {"estimator": hb.FirstOrder()}],
    ids=lambda named: next(iter(named)),
)
def test_where_a_part_is_named_nothing_is_chosen(data: Dataset, named: dict[str, Any]) -> None:
    found = hb.fit(WIDE, data, **named, **QUICK)
    assert found.choice is None
    assert found.definition == definition_with_defaults(WIDE, len(data.train), **named, steps=30)
    with pytest.raises(UserError, match=f"effort = 'quick' goes with a choice, and the {next(iter(named))} is named"):
        hb.fit(WIDE, data, effort="quick", **named, **QUICK)


def test_what_one_circuit_holds_is_trained_on_it_as_ever() -> None:
    moons = hb.data.load("moons", size=40)
    network = hb.networks.BinaryMLP(2, (2,))
    found = hb.fit(network, moons, **QUICK)
    assert found.choice is None
    assert found.definition == definition_with_defaults(network, len(moons.train), steps=30)
    with pytest.raises(UserError, match="goes with a choice, and the network fits one circuit; leave effort out"):
        hb.fit(network, moons, effort="normal", **QUICK)
    with pytest.raises(UserError, match="energies of your own predict nothing to choose by; leave effort out"):
        hb.fit(hb.Energies(np.arange(4.0)), effort="normal", **QUICK)


def test_without_a_network_the_run_is_that_of_the_command_line(hyperborn: Run) -> None:
    x, y = make_classification(150, 8, n_informative=6, n_redundant=0, n_classes=3, random_state=0)
    names = [f"x{i}" for i in range(8)]
    lines = [",".join([*map(repr, map(float, row)), f"class {label}"]) for row, label in zip(x, y, strict=True)]
    Path("table.csv").write_text("\n".join([",".join([*names, "kind"]), *lines]) + "\n", encoding="utf-8")
    told = hyperborn("train", "table.csv", "--target", "kind", "--effort", "quick", "--steps", "30", "--out", "run")
    assert told.code == 0, told.err
    theirs = hb.load("run")
    data = hb.data.load("table.csv", target="kind", validation=0.0)
    for found in (hb.fit(data, effort="quick", **QUICK), hb.fit(None, data, effort="quick", **QUICK)):
        assert found.definition == theirs.definition
        assert found.choice == theirs.choice
        np.testing.assert_array_equal(found.params, theirs.params)
        assert found.metrics() == theirs.metrics()


def test_without_a_network_the_choice_is_on_the_validation_split_where_there_is_one(data: Dataset) -> None:
    found = hb.fit(data, effort="quick", sample_weight=np.arange(len(data.train)), **QUICK)
    assert found.choice is not None
    assert (found.choice.method, found.choice.refitted) == ("validation", False)
    np.testing.assert_array_equal(found.data.validation.x, data.validation.x)
    assert found.data.train.weights is not None


def test_numbers_are_predicted_without_a_network() -> None:
    x = np.random.default_rng(0).normal(size=(80, 3))
    found = hb.fit(hb.data.from_arrays(x, 2.5 * x[:, 0] + 0.1 * x[:, 1]), effort="quick", **QUICK)
    assert found.network.n_classes == 0
    assert found.metrics()["r2"] > 0


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"effort": "much"}, "effort = 'much': give 'quick', 'normal', 'thorough', or None"),
        ({"network": None, "posterior": hb.Register(hb.circuits.ProductState(3))}, "the posterior Register("),
        ({"network": None, "ledger": "jobs"}, "ledger = 'jobs': the run is on no backend"),
        ({"network": None, "hidden": 0, "beta": -1}, "beta = -1 is not allowed"),
        ({"network": None, "data": None}, "network = None: give a network"),
        ({"network": None, "data": np.zeros((5, 2))}, "data = array"),
        ({"limits": hb.backends.Limits(max_shots=10)}, "limits = "),
        ({"ledger": "jobs"}, "ledger = 'jobs': the run is on no backend"),
        ({"steps": 0}, "steps=0 must be"),
    ],
    ids=str,
)
def test_a_mistake_is_one_line_before_any_work(data: Dataset, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as caught:
        hb.fit(**{"network": WIDE, "data": data, "progress": False} | given)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_a_prior_of_registers_names_its_registers() -> None:
    data = hb.data.load("moons", size=60)
    network = hb.networks.BinaryMLP(2, (12,), 2)
    first = hb.fit(network, data, posterior=hb.Registers(network, 1), steps=20, progress=False)
    then = hb.fit(network, data, prior=first.as_prior(), steps=20, progress=False)
    assert then.definition.posterior == first.definition.posterior
    assert then.choice is None


@pytest.mark.parametrize("option", ["group", "time"])
def test_rows_split_by_group_or_time_are_not_put_into_folds(tmp_path: Path, option: str) -> None:
    rows = [f"{row // 3},{row % 7},{row % 2}" for row in range(120)]
    (tmp_path / "t.csv").write_text("\n".join(["who,a,y", *rows]))
    data = hb.data.load(tmp_path / "t.csv", target="y", validation=0.0, **{option: "who"})
    assert data.split_by == option
    network = hb.networks.BinaryMLP(data.n_features, (20,), 2)
    for model in (network, None):
        with pytest.raises(UserError, match=f"is split by {option}.*validation=0.2"):
            hb.fit(model, data, progress=False)


def test_where_nothing_can_be_held_out_nothing_is_asked_of_options_that_nobody_gave() -> None:
    data = hb.data.from_arrays(np.eye(3), ["a", "b", "c"], validation=0.0, test=0.0)
    result = hb.fit(data, steps=10, progress=False)
    assert result.choice is None
    # Of two examples that count, neither can be held out.
    network = hb.networks.BinaryMLP(3, (20,), 3)
    more = hb.data.from_arrays(np.eye(3)[[0, 1, 2, 0]], [0, 1, 2, 0], validation=0.0, test=0.0)
    chosen = hb.fit(network, more, sample_weight=[1, 1, 1, 0], steps=10, progress=False)
    assert chosen.choice is None
