"""What the plots of a run are given, and that nothing in them, names first of all, costs a result."""

from pathlib import Path

import numpy as np
import pytest

import hyperborn as hb
import oracle
from command_line import QUICK, Run
from hyperborn.report import plots
from hyperborn.report import run_pictures as pictures
from small_plans import written

PLOTS = {"training.png", "importance.png", "networks.png", "reliability.png", "decision.png", "manifest.json"}
NAMES = ("$1_$4", "$5_$9")
"""Classes: between two dollars there would be a formula, and no valid one."""
PLAN = """
title = "Is $1_$ worth it?"
reference = "$4_$"
tasks = { gaussians = { data = "gaussian", hidden = "none" } }
methods = { "$4_$" = { baseline = "greedy-flips" }, "_$1_$|<b>" = { exact = true } }
parts = { main = { sizes = [40, 20], seeds = 1 } }
"""


@pytest.fixture
def dollars(tmp_path: Path) -> Path:
    """A table whose columns and classes have such names."""
    rows = [f'{i}.5,{i % 3},"{NAMES[0]}"\n-{i}.2,{i % 4},"{NAMES[1]}"' for i in range(20)]
    path = tmp_path / "$u_$v.csv"
    path.write_text("\n".join(["$u_$v,_w,kind", *rows]) + "\n", encoding="utf-8")
    return path


def failing(*_: object, **__: object) -> bytes:
    raise ValueError("\n5_\n  ^\nExpected {accent | symbol}")


LINE = " could not be drawn (ValueError:  5_   ^ Expected {accent | symbol}); everything else is saved"


def test_networks_are_shown_with_their_exact_posterior_under_a_prior_of_couplings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = hb.data.load("gaussian", size=24)
    network = hb.networks.BinaryMLP(2, hidden=())
    prior = hb.Ising(((0, 1, 1.5), (1, 2, -0.5)), 0.25)
    posterior = hb.Register(hb.circuits.Brickwork(3, depth=1))
    result = hb.fit(network, data, prior=prior, posterior=posterior, steps=3, progress=False)
    shown = []
    monkeypatch.setattr(plots, "top_networks", lambda *given: shown.append(given) or b"")
    pictures.plots_of(result, [{"step": 0, "loss": 1.0, "losses": [1.0], "elbo": -1.0}], note=pytest.fail)
    bits, q, exact, _ = shown[0]
    signs = np.where(oracle.all_bits(3) == 1, 1.0, -1.0)
    weights = 1.5 * signs[:, 0] * signs[:, 1] - 0.5 * signs[:, 1] * signs[:, 2] + 0.25 * signs.sum(axis=1)
    x, y = data.train.x, data.train.y
    joint = np.exp(weights - [oracle.nll(oracle.mlp_logits(row, x, (), 1), y) for row in oracle.all_bits(3)])
    places = bits @ [4, 2, 1]
    np.testing.assert_allclose(exact, (joint / joint.sum())[places], rtol=1e-10)
    np.testing.assert_array_equal(q, result.probabilities[places])


def test_names_are_text_in_pictures(hyperborn: Run, dollars: Path) -> None:
    trained = hyperborn("train", dollars.name, "--target", "kind", *QUICK, "--out", "run")
    assert (trained.code, "drawn" in trained.err) == (0, False), trained.err
    assert {file.name for file in Path("run/plots").iterdir()} == PLOTS
    compared = hyperborn(
        "compare", dollars.name, "--target", "kind", *QUICK, "--seeds", "1", "--objectives", "elbo", "--out", "compared"
    )
    assert (compared.code, "drawn" in compared.err) == (0, False), compared.err
    assert Path("compared/comparison.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_fails_costs_a_run_nothing_else(
    hyperborn: Run, dollars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plots, "decision_map", failing)
    ended = hyperborn("train", dollars.name, "--target", "kind", *QUICK, "--out", "run", "--json")
    assert ended.code == 0
    assert ended.json["out"] == "run"
    assert [line for line in ended.err.splitlines() if "drawn" in line] == [f"decision.png{LINE}"]
    assert {file.name for file in Path("run/plots").iterdir()} == PLOTS - {"decision.png"}
    assert hyperborn("predict", "run", dollars.name).out.startswith("prediction,probability_$1_$4,probability_$5_$9\n")
    again = hyperborn("resume", "run", "--json")
    assert (again.code, again.err) == (0, "")
    assert again.json["test"] == ended.json["test"]


def test_a_picture_that_fails_costs_a_comparison_nothing_else(
    hyperborn: Run, dollars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plots, "comparison", failing)
    options = ("--target", "kind", *QUICK, "--seeds", "1", "--objectives", "elbo", "--out", "out")
    ended = hyperborn("compare", dollars.name, *options)
    assert ended.code == 0
    assert f"comparison.png{LINE}" in ended.err.splitlines()
    assert {file.name for file in Path("out").iterdir()} == {"comparison.json", "comparison.md", "manifest.json"}
    # The folder is whole: it may be replaced.
    assert hyperborn("compare", dollars.name, *options, "--force").code == 0


def test_a_picture_that_fails_costs_a_study_nothing_else(
    hyperborn: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = written(tmp_path, PLAN)
    monkeypatch.setattr(plots, "differences_picture", failing)
    ended = hyperborn("study", plan, "--out", "out")
    assert ended.code == 0, ended.err
    assert [line for line in ended.err.splitlines() if "drawn" in line] == [f"main-differences.png{LINE}"]
    tables = {"study.json", "study.parquet", "study.md", "differences.md"}
    assert {file.name for file in Path("out").iterdir()} == {"cells", *tables, "main-sizes.png"}
    report = Path("out/study.md").read_text(encoding="utf-8")
    assert report.startswith("# Is \\$1\\_\\$ worth it?\n")
    assert r"| \_\$1\_\$\|\<b\> − \$4\_\$ |" in report
