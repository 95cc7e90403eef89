"""Small plans for the tests of studies; nothing here runs for longer than a second a cell."""

import json
from pathlib import Path

from hyperborn.study.plan import Plan

TABLES = """
title = "Two ways"
reference = "MLE"
test = 40

[tasks]
gaussians = { data = "gaussian", hidden = "none" }
"iris 0-1" = { data = "iris", classes = [0, 1], components = 2, hidden = "none" }

[methods.MLE]
objective = "mle"
steps = 30
depth = 1

[methods."ELBO, chosen"]
objective = "elbo"
steps = 30
depth = 1
choose = { beta = [1.0, 0.1], spread = [0.02, 0.3] }

[methods.exact]
exact = true

[methods.flips]
baseline = "greedy-flips"
starts = 4
output_scales = [1.0, 2.0]

[parts.main]
sizes = [40, 20]
seeds = 2

[parts.few]
sizes = [20]
seeds = 1
tasks = ["gaussians"]
methods = ["exact", "MLE"]
reference = "exact"
"""


def written(folder: Path, text: str = TABLES) -> Path:
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, text: str = TABLES) -> Plan:
    return Plan.read(written(folder, text))


def plain(row: object) -> object:
    """A row as its file holds it."""
    return json.loads(json.dumps(row))
