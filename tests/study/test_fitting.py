"""What is measured of a cell, against the library's own fits and plain arithmetic."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import hyperborn as hb
import oracle
from hyperborn.errors import UserError
from hyperborn.predictive import exact_predictive, fitted_temperature, scores, tempered
from hyperborn.study import fitting
from hyperborn.study.cell import Cell, Method
from hyperborn.study.fitting import SplitFits, run_cell

TASK = {"data": "moons", "hidden": "none"}


def cell(settings: Mapping[str, Any], choose: Mapping[str, Any] | None = None, by: Any = "validation") -> Cell:
    return Cell(TASK, 20, 60, 0, Method("run", "", {"steps": 50, "depth": 1, **settings}, choose or {}, by))


def direct(fits: SplitFits, objective: hb.ELBO | hb.MLE | hb.SELBO) -> hb.Result:
    net = hb.networks.BinaryMLP(2, ())
    circuit = hb.Register(hb.circuits.AllPairs(net.n_weights, 1))
    return hb.fit(net, fits.data, objective=objective, posterior=circuit, steps=50, progress=False)


def test_a_run_is_scored_as_the_library_scores_it() -> None:
    one = cell({"objective": "elbo"})
    fits = SplitFits(one)
    row, result = run_cell(one, fits), direct(fits, hb.ELBO())
    assert {name: row[name] for name in ("accuracy", "nll", "brier", "ece", "auc")} == pytest.approx(
        result.metrics("test")
    )
    raw = result.metrics("test", calibrated=False)
    assert row["nll_at_1"] == pytest.approx(raw["nll"])
    assert row["ece_at_1"] == pytest.approx(raw["ece"])
    assert row["temperature"] == pytest.approx(result.temperature)
    assert row["losses"] == pytest.approx(list(result.losses))
    assert row["gap"] == pytest.approx(result.numbers["elbo_gap"])
    exact = hb.ExactPosterior(hb.energies(result.network, fits.data.train))
    assert row["optimum"] == pytest.approx(-exact.log_evidence, abs=1e-4)
    assert min(row["losses"]) >= row["optimum"] - 1e-4


def test_the_lowest_loss_of_maximum_likelihood_is_the_lowest_energy() -> None:
    one = cell({"objective": "mle"})
    row = run_cell(one, fits := SplitFits(one))
    table = hb.energies(hb.networks.BinaryMLP(2, ()), fits.data.train)
    assert row["optimum"] == pytest.approx(table.min(), abs=1e-4)
    assert row["excess_energy"] == pytest.approx(row["loss"] - table.min(), abs=1e-9)


def test_an_optimum_that_is_not_found_costs_no_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    one = cell({"objective": "elbo"})
    whole = run_cell(one, fits := SplitFits(one))

    def searching(*_arguments: Any) -> Any:
        raise UserError("after 5,000 steps the gap is too large")

    monkeypatch.setattr(fitting, "optimum", searching)
    assert run_cell(one, fits) == {name: value for name, value in whole.items() if name != "optimum"}
    assert "optimum" in whole


@pytest.mark.parametrize("size", [1, 4])
def test_a_run_on_registers_is_scored_as_the_library_scores_it(size: int) -> None:
    one = Cell(
        {"data": "moons", "hidden": [3]}, 20, 60, 0,
        Method("run", "", {"steps": 50, "posterior": "registers", "register_size": size}, {}, "validation"),
    )  # fmt: skip
    fits = SplitFits(one)
    row = run_cell(one, fits)
    net = hb.networks.BinaryMLP(2, (3,), bias=False, scale="learned")
    result = hb.fit(net, fits.data, posterior=hb.Registers(net, size), steps=50, progress=False)
    assert {name: row[name] for name in result.metrics()} == result.metrics()
    assert row["temperature"] == result.temperature
    assert row["losses"] == list(result.losses)
    assert row["elbo"] == result.numbers["elbo"]
    assert row["map_accuracy"] == result.network_metrics(result.most_probable())["accuracy"]
    assert not {"gap", "optimum", "log_evidence", "total_variation"} & row.keys()
    assert run_cell(one, SplitFits(one)) == row


def test_baselines_learn_networks_that_fit_no_circuit() -> None:
    task = {"data": "moons", "hidden": [12], "posterior": "registers"}
    one = Cell(task, 20, 60, 0, Method("baseline", "straight-through", {"steps": 20}, {}, "validation"))
    row = run_cell(one, SplitFits(one))
    assert row["n_weights"] == 36
    assert "excess_energy" not in row
    assert 0 <= row["accuracy"] <= 1


def test_what_is_open_is_chosen_by_validation_and_nothing_else() -> None:
    values = [0.01, 1.0, 30.0]
    one = cell({"objective": "elbo"}, {"beta": values})
    fits = SplitFits(one)
    row = run_cell(one, fits)
    prices = []
    for beta in values:
        result = direct(fits, hb.ELBO(beta))
        part = fits.data.validation
        p = tempered(result.predict_proba(part.x, calibrated=False), result.temperature)
        nll = -np.log(p[np.arange(len(part)), part.y]).mean()
        prices.append(nll + np.log(result.temperature) ** 2 / 2 / len(part))
    chosen = values[int(np.argmin(prices))]
    assert json.loads(row["chosen"]) == {"beta": chosen}
    assert row["fits"] == 3
    assert row["nll"] == pytest.approx(direct(fits, hb.ELBO(chosen)).metrics("test")["nll"])


def test_choosing_looks_at_no_test_example() -> None:
    one = cell({"objective": "elbo"}, {"beta": [1.0, 0.1, 10.0]})
    fits, poisoned = SplitFits(one), SplitFits(one)
    flipped = hb.data.Split(-3 * fits.data.test.x, 1 - fits.data.test.y)
    data = fits.data
    poisoned.data = hb.data.Dataset(data.name, data.train, data.validation, flipped, data.classes, data.preprocessing)
    row, other = run_cell(one, fits), run_cell(one, poisoned)
    assert row["chosen"] == other["chosen"]
    assert row["temperature"] == other["temperature"]
    assert row["accuracy"] != other["accuracy"]


def test_keys_are_chosen_one_after_the_other() -> None:
    one = cell({"objective": "elbo"}, {"beta": [1.0, 0.1, 10.0], "spread": [0.02, 0.3]})
    row = run_cell(one, SplitFits(one))
    # Three values of the first key, and one more of the second: the other was tried already.
    assert row["fits"] == 4


def test_a_scale_chosen_by_the_loss_is_that_of_the_highest_bound() -> None:
    scales = [[1.0], [0.25], [4.0]]
    one = cell({"objective": "elbo"}, {"output_scales": scales}, by="loss")
    fits = SplitFits(one)
    row = run_cell(one, fits)
    losses = []
    for scale in scales:
        net = hb.networks.BinaryMLP(2, (), output_scales=tuple(scale))
        circuit = hb.Register(hb.circuits.AllPairs(net.n_weights, 1))
        losses.append(hb.fit(net, fits.data, posterior=circuit, steps=50, progress=False).numbers["loss"])
    assert json.loads(row["chosen"]) == {"output_scales": scales[int(np.argmin(losses))]}
    assert row["loss"] == pytest.approx(min(losses))


def test_the_exact_posterior_is_that_of_the_library() -> None:
    one = Cell(TASK, 20, 60, 0, Method("exact", "", {}, {}, "validation"))
    fits = SplitFits(one)
    row = run_cell(one, fits)
    net = hb.networks.BinaryMLP(2, ())
    exact = hb.ExactPosterior(hb.energies(net, fits.data.train))
    raw = exact.predictive(net, fits.data.test.x)
    temperature = fitted_temperature(exact.predictive(net, fits.data.validation.x), fits.data.validation.y)
    expected = scores(tempered(raw, temperature), fits.data.test.y)
    assert {name: row[name] for name in expected} == pytest.approx(expected)
    assert row["log_evidence"] == pytest.approx(exact.log_evidence)


@pytest.mark.parametrize("name", ["exhaustive", "gibbs", "bayesbinn", "mean-field", "logistic-regression"])
def test_a_baseline_has_the_same_scores_and_network(name: str) -> None:
    one = Cell(TASK, 20, 60, 0, Method("baseline", name, {"output_scales": [1.0, 2.0]}, {}, "validation"))
    fits = SplitFits(one)
    row = run_cell(one, fits)
    net = hb.networks.BinaryMLP(2, (), output_scales=(1.0, 2.0))
    assert row["n_weights"] == net.n_weights == 4
    learnt = hb.baselines.BASELINES[name]().fit(net, fits.data, seed=0)
    x, y = fits.data.test.x, fits.data.test.y
    raw = learnt.predict_proba(x)
    if isinstance(learnt, hb.baselines.TrainedMeanField):
        raw = exact_predictive(net, x, learnt.result.probabilities)
        assert row["gap"] == pytest.approx(learnt.result.numbers["elbo_gap"])
    assert row["nll_at_1"] == pytest.approx(scores(raw, y)["nll"])
    part = fits.data.validation
    held_out = learnt.predict_proba(part.x)
    assert row["nll"] == pytest.approx(scores(tempered(raw, fitted_temperature(held_out, part.y)), y)["nll"])
    if name == "exhaustive":
        assert row["excess_energy"] == pytest.approx(0, abs=1e-9)
    if name == "bayesbinn":
        exact = hb.ExactPosterior(hb.energies(net, fits.data.train))
        bits = oracle.all_bits(4)
        q = np.where(bits == 1, learnt.marginals, 1 - learnt.marginals).prod(axis=1)
        assert row["gap"] == pytest.approx(exact.compared(q)["elbo_gap"], abs=1e-6)


def test_a_prior_is_that_of_runs_baselines_and_the_exact_posterior_alike() -> None:
    task = {**TASK, "prior": 0.01}
    rows = []
    for method in (
        Method("run", "", {"steps": 5, "depth": 1}, {}, "validation"),
        Method("exact", "", {}, {}, "validation"),
        Method("baseline", "mean-field", {}, {}, "validation"),
    ):
        one = Cell(task, 20, 60, 0, method)
        rows.append(run_cell(one, SplitFits(one)))
    fits = SplitFits(one)
    exact = hb.ExactPosterior(hb.energies(hb.networks.BinaryMLP(2, ()), fits.data.train), hb.Bernoulli(0.01))
    assert [row["log_evidence"] for row in rows] == pytest.approx([exact.log_evidence] * 3)
    assert [row["posterior_entropy"] for row in rows] == pytest.approx([exact.entropy] * 3)


def test_a_cell_is_a_pure_function() -> None:
    one = cell({"objective": "selbo"})
    assert run_cell(one, SplitFits(one)) == run_cell(one, SplitFits(one))
