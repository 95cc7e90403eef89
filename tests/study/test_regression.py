"""Studies of tasks whose target is a number."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hyperborn.errors import UserError
from hyperborn.study import report_files
from hyperborn.study.cell import Cell, Method
from hyperborn.study.fitting import SplitFits, run_cell
from hyperborn.study.scheduler import cells_of, check_cells, rows_of_cells, run_cells
from hyperborn.study.settings import check_settings
from hyperborn.study.splits import split_of
from hyperborn.study.store import Store
from small_plans import read

PLAN = """
title = "Numbers"
reference = "MLE"

[tasks]
cars = { data = "cars.csv", target = "price", hidden = "none" }
boats = { data = "boats.csv", target = "price", hidden = "none" }

[methods.MLE]
objective = "mle"
steps = 5
depth = 1

[methods.ELBO]
objective = "elbo"
steps = 5
depth = 1
choose = { beta = [1.0, 0.1] }

[methods.exact]
exact = true

[parts.main]
sizes = [20, 30]
seeds = 2
"""
SCORES = ("rmse", "mae", "nll", "r2", "coverage_50", "coverage_90")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tables of 90 rows, the prices of the second a thousand times those of the first."""
    folder, random = tmp_path_factory.mktemp("numbers"), np.random.default_rng(0)
    x = random.normal(size=(90, 2))
    price = 10 + 3 * x[:, 0] - x[:, 1] + random.normal(size=90)
    for name, unit in (("cars", 1.0), ("boats", 1000.0)):
        rows = [f"{a},{b},{unit * y}" for (a, b), y in zip(x, price, strict=True)]
        (folder / f"{name}.csv").write_text("\n".join(["power,age,price", *rows]) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _in_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def cell(settings: Mapping[str, Any], choose: Mapping[str, Any] | None = None) -> Cell:
    task = {"data": "cars.csv", "target": "price", "hidden": "none"}
    settings = {"objective": "elbo", "steps": 50, "depth": 1, **settings}
    return Cell(task, 30, 60, 0, Method("run", "", settings, choose or {}, "validation"))


def test_a_cell_has_the_scores_of_its_result_in_the_units_of_the_target() -> None:
    one = cell({})
    fits = SplitFits(one)
    row = run_cell(one, fits)
    (result,) = fits._results.values()
    assert {name: row[name] for name in SCORES} == pytest.approx(result.metrics("test"))
    assert row["nll_at_1"] == pytest.approx(result.metrics("test", calibrated=False)["nll"])
    assert row["map_rmse"] == pytest.approx(result.network_metrics(result.most_probable())["rmse"])
    assert 0.5 < row["rmse"] < 4


def test_what_is_open_is_chosen_by_the_validation_split() -> None:
    values = [0.01, 1.0, 30.0]
    one = cell({}, {"beta": values})
    fits = SplitFits(one)
    row, prices = run_cell(one, fits), []
    x, y = fits.data.validation.x, fits.data.preprocessing.own_labels(fits.data.validation.y)
    # The first is fitted first: the order of the fits is that of the values.
    for result in fits._results.values():
        found = result.predictions(x, calibrated=False)
        factor = result.calibration
        middle = found.mean
        spread = factor * found.deviations
        density = (
            found.weights
            * np.exp(-0.5 * ((y - middle - factor * (found.means - middle)) / spread) ** 2)
            / (spread * np.sqrt(2 * np.pi))
        ).sum(axis=0)
        prices.append(-np.log(density).mean() + np.log(factor) ** 2 / 2 / len(y))
    assert len(prices) == row["fits"] == 3
    assert json.loads(row["chosen"]) == {"beta": values[int(np.argmin(prices))]}


def test_a_study_of_numbers_is_reported(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow.parquet", reason="needs hyperborn[parquet]")
    plan = read(tmp_path, PLAN)
    cells = cells_of(plan, lambda _: None)
    check_cells(cells)
    store = Store(tmp_path / "out", "Numbers")
    run_cells(cells, store, lambda *_: None)
    rows = rows_of_cells(cells, store)
    assert len(rows) == 24
    assert all("error" not in row for row in rows)
    report = report_files.report_of(plan, rows)
    study, differences = (report.files[name].decode() for name in ("study.md", "differences.md"))
    for metric in ("root mean squared error", "mean absolute error", "NLL (nats)", "R²", "coverage of 90 % intervals"):
        assert f"### main: {metric}\n" in study
    pooled = study.split("pooled over tasks and sizes\n")[1].split("### main")[0]
    # Errors in two units have no mean.
    assert "| method − reference | NLL (nats) | wins/ties/losses | R² | wins/ties/losses |" in pooled
    assert "temperature 1" not in study
    assert "root mean squared error | ELBO − MLE | boats | 20" in differences
    assert "coverage" not in differences
    assert all(draw().startswith(b"\x89PNG") for draw in report.pictures.values())
    # The second task is the first in other units.
    own = {(row["task"], row["size"], row["seed"], row["method"]): row for row in rows}
    for (task, *key), row in own.items():
        if task == "cars":
            assert own["boats", *key]["rmse"] == pytest.approx(1000 * row["rmse"], rel=1e-3)
            assert own["boats", *key]["r2"] == pytest.approx(row["r2"], abs=1e-3)


def test_baselines_of_classes_and_parts_of_both_kinds_are_refused_before_any_work(tmp_path: Path) -> None:
    flips = Method("baseline", "greedy-flips", {}, {}, "validation")
    task = {"data": "cars.csv", "target": "price", "hidden": "none"}
    one = Cell(task, 20, 60, 0, flips)
    with pytest.raises(UserError, match="'price' is a number, and the baseline greedy-flips predicts classes; leave"):
        check_settings(one, split_of(one))
    mixed = PLAN.replace('boats = { data = "boats.csv", target = "price", hidden', 'xor = { data = "xor", hidden')
    with pytest.raises(UserError, match="the part main has a task of classes, xor, and one of numbers, cars, which"):
        check_cells(cells_of(read(tmp_path, mixed), lambda _: None))
