"""How docs/one-network.md compares single networks, and that the page says what was found."""

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import hyperborn as hb

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "one_network"


@pytest.fixture(scope="module")
def experiment() -> Iterator[dict[str, ModuleType]]:
    """The experiment's files, which import each other by their names alone."""
    names = ("report", "candidates")
    sys.path.insert(0, str(EXPERIMENT))
    try:
        yield {name: import_module(name) for name in names}
    finally:
        sys.path.remove(str(EXPERIMENT))
        for name in names:
            sys.modules.pop(name, None)


@pytest.fixture(scope="module", params=["classes", "numbers"])
def found(request: pytest.FixtureRequest, experiment: dict[str, ModuleType]) -> Any:
    """Candidates of a short run."""
    random = np.random.default_rng(0)
    x = random.normal(size=(90, 3))
    y = x[:, 0] + random.normal(size=90) / 2
    if request.param == "classes":
        y = np.digitize(y, (-0.5, 0.5))
    data = hb.data.from_arrays(x, y, validation=0.3, test=0.3, seed=0)
    network: Any = hb.networks.BinaryMLP(3, (4,), **({"n_classes": 3} if data.n_classes else {}))
    if not data.n_classes:
        network = hb.networks.Regression(network, hb.likelihoods.Gaussian("learned"))
    result = hb.fit(network, data, posterior=hb.Registers(network), steps=50, progress=False)
    return experiment["candidates"].candidates_of(result, 1.0)


def test_totals_are_those_of_each_network_by_itself(found: Any) -> None:
    result, validation = found.result, found.result.data.validation
    scaling = result.data.preprocessing.target_scaling
    unit = 0.0 if scaling is None else len(validation) * np.log(scaling.deviation)
    assert len(found.bits) == 257
    assert (found.bits[0] == result.most_probable(1)[0]).all()
    for place in (0, 1, 100):
        own = result.network_metrics(found.bits[place : place + 1], "validation")["nll"] * len(validation) - unit
        np.testing.assert_allclose(found.validation[place], own, rtol=1e-5)
        assert found.calibrated[place] <= found.validation[place] + 1e-9
        predictions = hb.predictive.predictions_of_networks(result.fitted, validation.x, found.bits[place : place + 1])
        finer = predictions.fitted_calibration(validation.y)
        nll = predictions.calibrated(finer).scores(validation.y)["nll"] * len(validation) + np.log(finer) ** 2 / 2
        assert nll - 1e-4 <= found.calibrated[place] <= nll + 0.02 * len(validation)


def test_the_nearest_to_the_average_is_told_by_the_average_alone(found: Any) -> None:
    result = found.result
    x = np.concatenate([result.data.train.x, result.data.validation.x])
    average, place = result.predictive(x), 7
    alone = hb.predictive.predictions_of_networks(result.fitted, x, found.bits[place : place + 1])
    if result.data.n_classes:
        expected = -(average.probabilities * np.log(alone.probabilities)).sum()
    else:
        expected = -alone.log_density(average.mean).sum()
    np.testing.assert_allclose(found.from_average[place], expected, rtol=1e-5)


def test_the_rule_takes_the_least_of_all_runs(experiment: dict[str, ModuleType]) -> None:
    bits = np.eye(3, dtype=np.uint8)
    runs = [
        SimpleNamespace(result="warm", bits=bits, training=np.array([3.0, 1.0, 2.0])),
        SimpleNamespace(result="cold", bits=bits, training=np.array([4.0, 4.0, 0.5])),
    ]
    rule = experiment["candidates"].RULES["training"]
    for pool, result, row in ((runs[:1], "warm", 1), (runs, "cold", 2)):
        found, chosen = experiment["candidates"].chosen(pool, rule)
        assert (found, chosen.tolist()) == (result, bits[row : row + 1].tolist())


@pytest.mark.parametrize("seed", range(3))
def test_of_every_32_flips_the_best_is_kept(experiment: dict[str, ModuleType], seed: int) -> None:
    """With energies that are sums over bits, the gain of each flip is known beforehand."""
    fields = np.random.default_rng(10 + seed).normal(size=70)
    start = np.random.default_rng(20 + seed).integers(2, size=(1, 70), dtype=np.uint8)
    before = start.copy()
    end = experiment["candidates"].polished(lambda bits: bits @ fields, start, np.random.default_rng(seed))
    assert (start == before).all()
    changes = np.where(before[0] == 1, -fields, fields)
    order = np.random.default_rng(seed).permutation(70)
    expected = before[0].copy()
    for block in (order[:32], order[32:64], order[64:]):
        best = block[changes[block].argmin()]
        if changes[best] < 0:
            expected[best] ^= 1
    assert end[0].tolist() == expected.tolist()


def test_the_page_is_what_was_found(experiment: dict[str, ModuleType]) -> None:
    report = experiment["report"]
    cells = json.loads(report.RESULTS.read_text())
    page = report.PAGE.read_text()
    for name, body in report.tables_of(cells).items():
        begin, end = report.BEGIN.format(name), report.END.format(name)
        assert page.partition(begin)[2].partition(end)[0] == body
    assert len({cell["table"] for cell in cells}) >= 20


def test_a_rule_costs_what_it_needs(experiment: dict[str, ModuleType]) -> None:
    report = experiment["report"]
    parts = {"fit": 1.0, "training": 0.1, "validation": 0.01, "average": 0.001}
    runs = {f"{beta:g}": parts for beta in report.BETAS}
    cell = {"seconds": runs | {f"training, {report.POLISHED}": {"flips": 5.0}}}
    expected = {
        f"{report.MOST_PROBABLE}, 0.03": 0.0,
        "training + validation, 0.03": 0.11,
        "training, 0.003": 1.1,
        f"validation, calibrated, {report.POOL}": 2.03,
        f"training, {report.POLISHED}": 5.1,
    }
    assert {name: round(report.extra_seconds(cell, name), 9) for name in expected} == expected
