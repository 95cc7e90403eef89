"""What `cost` gives: numbers, a table in the shell and in notebooks, and a record."""

import json
from pathlib import Path

import numpy as np
import pytest

import hyperborn as hb
import tiny_run
from exported_networks import CASES, Case, model_of, rows_of
from hyperborn.costs import Cost, cost_of
from hyperborn.costs.cost import energy_text, time_text
from hyperborn.report.tables import cost_text
from hyperborn.training.result import Result
from my_parts import Sharpened


@pytest.fixture(scope="module")
def result() -> Result:
    return hb.fit(tiny_run.tiny_definition().network, tiny_run.tiny_data(), steps=30)


def test_cost_of_a_result(result: Result) -> None:
    cost = result.cost(measure=False)
    assert cost.times is None
    assert cost.networks == 1
    # Nine weights: rows of one byte, for two units and for one.
    assert (cost.size.weights, cost.float32_size.weights) == (3, 36)
    assert cost.float32_by_weights == 6
    assert 0 < cost.energy < cost.float32_energy
    assert [part.name for part in cost.parts] == ["features", "layer 1", "layer 2", "predictions"]
    assert result.summary["cost"] == cost.to_summary()
    many = result.cost(5, measure=False)
    assert many.networks == 5
    assert many.size.weights == 15
    assert many.float32_energy == cost.float32_energy


def test_own_energies(result: Result) -> None:
    free = hb.costs.Energies(0, 0, 0, 0, 0, 0)
    cost = result.cost(measure=False, energies=free)
    assert cost.energy == cost.float32_energy == 0
    assert "energies as given" in repr(cost)
    with pytest.raises(hb.UserError, match="networks=0"):
        result.cost(0, measure=False)


def test_a_network_of_ones_own_has_no_cost() -> None:
    data = tiny_run.tiny_data()
    result = hb.fit(Sharpened(2), data, steps=30)
    assert "cost" not in result.summary
    with pytest.raises(hb.UserError, match="cannot be exported"):
        result.cost()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_records_are_json_and_tables_agree_with_them(case: Case) -> None:
    cost = cost_of(model_of(case))
    record = json.loads(json.dumps(cost.to_record(), allow_nan=False))
    operations = record["operations"]
    for side in (record, record["float32"]):
        assert side["energy_nj"] * 1000 == pytest.approx(sum(side["energy_by_kind_pj"].values()))
        for kind, count in side["operations"].items():
            assert count == sum(part[kind] for part in side["parts"])
    rows = {name: (own, other) for name, own, other in cost.rows()}
    assert rows["additions"][0] == f"{operations['additions']:,}"
    assert rows["  of them by weights"][0] == "0"
    assert record["multiplications_by_weights"] == 0 < record["float32"]["multiplications_by_weights"]
    assert ("XNOR-popcounts of words" in rows) == (operations["xnor_popcounts"] > 0)
    assert cost.networks == case.networks


def test_text_and_notebook_say_the_same() -> None:
    model = model_of(CASES[0])
    cost = Cost(**{**vars(cost_of(model)), "name": "<b>\nflowers"})
    text, page = repr(cost), cost._repr_html_()
    for _, own, other in cost.rows():
        assert own in text
        assert f"<td>{other}</td>" in page
    assert "<b>" not in page
    assert text.splitlines()[0] == "What a prediction costs: <b> flowers, one network"
    widths = {len(line) for line in text.splitlines()[1 : 2 + len(cost.rows())]}
    assert len(widths) == 1
    assert "time: not measured" in text


@pytest.mark.parametrize(
    ("nanojoules", "text"),
    [(0.0, "0.0 pJ"), (2.135, "2.1 nJ"), (31.4, "31 nJ"), (0.4545, "454 pJ"), (1234.5, "1.2 µJ"), (5e9, "5.0 J")],
)
def test_energies_in_words(nanojoules: float, text: str) -> None:
    assert energy_text(nanojoules) == text


def test_the_line_of_a_run() -> None:
    signs = cost_text(cost_of(model_of(next(case for case in CASES if case.name == "signs"))).to_summary())
    assert " XNOR-popcounts, 0 multiplications by weights; about " in signs
    real = cost_text(cost_of(model_of(CASES[0])).to_summary())
    assert "XNOR" not in real
    assert "(float32 network of the same shape: " in real


def test_times_in_words() -> None:
    assert [time_text(value) for value in (2.14e-7, 4.5e-5, 0.012, 3.0)] == ["214 ns", "45 µs", "12 ms", "3.0 s"]


def test_an_average_of_binary_networks_may_cost_more_than_one_in_float32(tmp_path: Path) -> None:
    # Which is why one of them stands beside it, however many are averaged.
    case = Case("many", hb.networks.BinaryMLP(5, hidden=(8,), n_classes=3), networks=64)
    cost = cost_of(model_of(case), rows=rows_of(case)[:3])
    assert cost.energy > cost.float32_energy
    assert cost.times is not None
    assert np.isfinite(cost.times.row)
    assert "for one row in NumPy" in repr(cost)
    assert not list(tmp_path.iterdir())
