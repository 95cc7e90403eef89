"""A part of a user's own in a file of the current folder: trained, killed, resumed, loaded, studied."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import hyperborn as hb
from command_line import run
from hyperborn.cli.folders import resumable
from hyperborn.config import RunConfig, configured
from hyperborn.config.definitions import definition_of
from hyperborn.errors import UserError
from runs import start_and_stop

DIVERGENCE = '''"""The squared distance of all probabilities."""
from dataclasses import dataclass
import jax
import jax.numpy as jnp
from hyperborn.objectives.divergences import BoundDivergence, Divergence
@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class SquaredDistance(BoundDivergence):
    p: jax.Array
    convex, steep = True, False
    def value_and_first_variation(self, q):
        return jnp.sum((q - self.p) ** 2), 2 * (q - self.p)
@dataclass(frozen=True)
class MyDivergence(Divergence):
    name = "squared-distance"
    def bind(self, log_p):
        return SquaredDistance(jnp.exp(jnp.asarray(log_p, float)))
    def matched_weight(self, log_p):
        return 10.0
'''

MODEL = """from dataclasses import dataclass
from hyperborn import Gaussian
import my_parts
@dataclass(frozen=True)
class Product(my_parts.Sharpened):
    factor: float = 3.0
@dataclass(frozen=True)
class Rising(my_parts.Tilted):
    tilt: float = 0.2
@dataclass(frozen=True)
class Slow(my_parts.Linear):
    share: float = 0.75
@dataclass(frozen=True)
class Narrow(Gaussian):
    noise: float | str = 0.25
"""
"""A network, a prior, an annealing and a likelihood."""

MODEL_PARTS = {"network": "my_model:Product", "prior": "my_model:Rising", "annealing": "my_model:Slow"}

OWN = ("--plugin", "my_divergence", "--objective", "selbo", "--divergence", "my_divergence:MyDivergence")
PROBLEM = ("moons", "--size", "40", "--hidden", "none", "--depth", "1", "--patience", "0")
FLAGS = (*PROBLEM, "--steps", "1000", *OWN)

OFTEN = """
import sys
from hyperborn.runs import session
session.CHECKPOINT_SECONDS = 0.0
from hyperborn.cli import command
command()
"""
"""The command line with a checkpoint at every report."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A current folder with the divergence in it; modules that are imported from it are forgotten."""
    before, path = set(sys.modules), list(sys.path)
    (tmp_path / "my_divergence.py").write_text(DIVERGENCE)
    (tmp_path / "my_model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
    sys.path[:] = path


def killed_at(folder: Path, step: int, *arguments: str) -> None:
    """A command in a process of its own, which is killed when it has a checkpoint of so many steps."""
    command = (sys.executable, "-c", OFTEN, *arguments)
    process = subprocess.Popen(command, env={**os.environ}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 90
    try:
        while not any(int(kept.name[5:]) >= step for kept in folder.glob("checkpoints/step-*")):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait(timeout=30)
    assert process.returncode == -signal.SIGKILL


def test_it_is_trained_killed_resumed_and_loaded_elsewhere(here: Path) -> None:
    """Takes the start of two processes beside this one."""
    killed_at(here / "run", 100, "train", *FLAGS, "--out", "run")
    assert not (here / "run" / "result").exists()
    unknown = "the divergence 'my_divergence:MyDivergence' is not known here; import my_divergence first"
    assert "my_divergence" not in sys.modules
    # Without the module, nothing is read, and nothing is imported.
    run("resume", "run").refused("run/definition: ", unknown)
    resumed = subprocess.run(
        [sys.executable, "-m", "hyperborn", "resume", "run", "--plugin", "my_divergence", "--json"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert resumed.returncode == 0, resumed.stderr
    summary = json.loads(resumed.stdout)
    with pytest.raises(UserError, match=unknown):
        hb.load("run")
    assert "my_divergence" not in sys.modules
    whole = run("train", *FLAGS, "--out", "whole", "--json").json
    assert (summary["losses"], summary["steps"]) == (whole["losses"], 1000)
    result = hb.load("run")
    assert type(result.definition.objective.divergence).__module__ == "my_divergence"
    # By hand: the mean energy and ten times the squared distance from the uniform prior.
    q = result.probabilities
    penalty = 10 * ((q - 1 / len(q)) ** 2).sum()
    assert result.numbers["loss"] == pytest.approx(result.numbers["expected_energy"] + penalty, abs=1e-9)


def test_a_network_a_prior_and_an_annealing_are_resumed(here: Path) -> None:
    given = {"data": "moons", "size": "40", "depth": "1", "patience": "0", "steps": "100", **MODEL_PARTS}
    flags = [text for key, value in given.items() if key != "data" for text in (f"--{key}", value)]
    whole = run("train", "moons", *flags, "--plugin", "my_model", "--out", "whole", "--json").json
    config = configured(RunConfig, None, given)
    data = hb.data.load("moons", size=40)
    start_and_stop(here / "run", definition_of(config, data, "elbo"), data, 50)
    del sys.modules["my_model"]
    run("resume", "run").refused("'my_model:", "import my_model first, or give --plugin my_model")
    resumed = run("resume", "run", "--plugin", "my_model", "--json").json
    assert (resumed["losses"], resumed["steps"]) == (whole["losses"], 100)
    found, model = hb.load("run").definition, sys.modules["my_model"]
    assert (found.network, found.prior, found.annealing) == (model.Product(2), model.Rising(), model.Slow())


def test_every_command_that_reads_a_run_takes_the_plugin(here: Path) -> None:
    flags = (*PROBLEM, "--steps", "5", *OWN)
    assert run("train", *flags, "--out", "run", "--json").code == 0
    names = [column.name for column in hb.load("run").data.preprocessing.columns]
    (here / "new.csv").write_text(f"{','.join(names)}\n0.5,0.25\n-1,2\n")
    for command in (("evaluate", "run"), ("predict", "run", "new.csv"), ("export", "run")):
        del sys.modules["my_divergence"]
        run(*command).refused("import my_divergence first, or give --plugin my_divergence")
        assert run(*command, "--plugin", "my_divergence", "--json").code == 0
    compared = run("compare", *flags[:-4], "--objectives", "elbo,selbo", *flags[-2:], "--seeds", "1", "--json").json
    assert set(compared["objectives"]) >= {"elbo", "selbo"}
    run("estimate", *flags, "--plugin", "absent").refused("the plugin absent is not found")


def test_who_is_stopped_is_told_to_give_the_plugin_again(tmp_path: Path) -> None:
    (tmp_path / "a run" / "definition").mkdir(parents=True)
    (tmp_path / "a run" / "definition" / "manifest.json").touch()
    said = f"stopped; everything is saved, go on with: hyperborn resume '{tmp_path}/a run' --plugin=my_divergence"
    with pytest.raises(KeyboardInterrupt, match=f"^{said}$"), resumable(tmp_path / "a run", ["my_divergence"]):
        raise KeyboardInterrupt


@pytest.mark.usefixtures("here")
def test_a_backend_of_ones_own_is_tested_as_any_other() -> None:
    found = run("backend-test", "my_parts:Mine", "--plugin", "my_parts", "--circuits", "20", "--shots", "200", "--json")
    assert (found.code, found.json["passed"]) == (0, True), found.err


PLAN = """
title = "Own"
reference = "MLE"
test = 40
[tasks]
moons = { data = "moons", hidden = "none" }
[methods.MLE]
objective = "mle"
steps = 5
depth = 1
[methods.Own]
objective = "selbo"
divergence = "my_divergence:MyDivergence"
steps = 5
depth = 1
[parts.main]
sizes = [20]
seeds = 1
"""


def test_a_study_does_not_take_cells_of_another_source(here: Path) -> None:
    (here / "plan.toml").write_text(PLAN)

    def losses() -> dict[float, int]:
        sys.modules.pop("my_divergence", None)
        found = run("study", "plan.toml", "--out", "study", "--plugin", "my_divergence", "--json")
        assert found.code == 0, found.err
        rows = [json.loads(cell.read_bytes()) for cell in (here / "study" / "cells").glob("*.json")]
        return {row["loss"]: row["steps"] for row in rows}

    first = losses()
    assert len(first) == 2
    assert losses() == first
    (here / "my_divergence.py").write_text(DIVERGENCE.replace("return 10.0", "return 99.0"))
    # The method's cell is another, and the reference's the same.
    again = losses()
    assert len(again) == 3
    assert first.items() <= again.items()


MODEL_PLAN = """
title = "Model"
reference = "Ours"
test = 40
[tasks]
moons = { data = "moons" }
[methods.Ours]
objective = "elbo"
hidden = "none"
steps = 5
depth = 1
[methods.Own]
objective = "elbo"
network = "my_model:Product"
prior = "my_model:Rising"
annealing = "my_model:Slow"
steps = 5
depth = 1
[methods."Exact posterior"]
exact = true
network = "my_model:Product"
prior = "my_model:Rising"
[parts.main]
sizes = [20]
seeds = 1
"""


def test_a_study_takes_a_network_a_prior_and_an_annealing(here: Path) -> None:
    (here / "plan.toml").write_text(MODEL_PLAN)

    def cells() -> dict[str, str]:
        sys.modules.pop("my_model", None)
        found = run("study", "plan.toml", "--out", "study", "--plugin", "my_model", "--json")
        assert found.code == 0, found.err
        return {cell.name: cell.read_text() for cell in (here / "study" / "cells").glob("*.json")}

    first = cells()
    rows = [json.loads(text) for text in first.values()]
    assert [row["n_weights"] for row in rows] == [3, 3, 3]
    # The exact posterior's row has no loss. It is that of the same network and prior as one of the two runs.
    (exact,) = (row for row in rows if "loss" not in row)
    evidences = [row["log_evidence"] for row in rows if "loss" in row]
    assert len(set(evidences)) == 2
    assert evidences.count(exact["log_evidence"]) == 1
    assert cells() == first
    (here / "my_model.py").write_text(MODEL.replace("0.75", "0.5"))
    again = cells()
    assert first.items() <= again.items()
    assert len(again) == len(first) + 2


def test_a_regression_with_a_likelihood_of_ones_own(here: Path) -> None:
    rows = [f"{place},{place % 7},{0.3 * place + place % 7:.2f}" for place in range(60)]
    (here / "new.csv").write_text("\n".join(["first,second,cost", *rows]))
    given = ("--target", "cost", "--network", "my_model:Product", "--likelihood", "my_model:Narrow", "--depth", "1")
    found = run("train", "new.csv", *given, "--steps", "5", "--plugin", "my_model", "--out", "run", "--json")
    assert found.code == 0, found.err
    network = hb.load("run").network
    assert network == hb.networks.Regression(sys.modules["my_model"].Product(2), sys.modules["my_model"].Narrow())
