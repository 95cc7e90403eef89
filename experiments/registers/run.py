"""Networks of 10^3 to 10^5 binary weights: registers of k qubits beside the baselines, in docs/registers.md.

    python experiments/registers/run.py [--mnist FOLDER] [--tasks moons,wine,...] [--report]

Cells lie below .cache/registers; those that are there are not computed again, and several processes share the work.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from hyperborn.data import Dataset
from hyperborn.predictive import calibrated_nll, fitted_temperature, scores, tempered
from hyperborn.progress import Progress
from methods import METHODS, Learnt, Method
from outliers import areas
from report import write
from tasks import MNIST, Task, tasks

CELLS = Path(__file__).parents[2] / ".cache" / "registers"
Cell = tuple[Task, Method, int | None]
"""A fit on one seed, or for None the choice of the setting."""

CLAIM = 1800.0
"""Seconds after which a claim is taken to be a dead process's."""


def cell_of(task: Task, method: Method, seed: int) -> dict[str, Any]:
    """One fit with the setting that the first seed's validation split chose."""
    network, data = task.load(seed)
    found = json.loads(path_of(task, method, None).read_text())
    started = time.perf_counter()
    learnt = method.fit(network, data, task.steps, seed, {method.setting: found["chosen"]})
    seconds = time.perf_counter() - started
    validation, test = (learnt.predict_proba(part.x) for part in (data.validation, data.test))
    temperature = fitted_temperature(validation, data.validation.y)
    return {
        "task": task.name,
        "method": method.name,
        "seed": seed,
        "chosen": found["chosen"],
        "n_weights": network.n_weights,
        "bytes": method.size_in_bytes(network),
        "temperature": temperature,
        "own": scores(test, data.test.y),
        "calibrated": scores(tempered(test, temperature), data.test.y),
        "outliers": areas(learnt, data, test) if task.name == "mnist" else {},
        "seconds": seconds,
    }


def choice_of(task: Task, method: Method) -> dict[str, Any]:
    """The setting with the lowest NLL, once calibrated, on the first seed's validation split."""
    network, data = task.load(0)
    # A single value needs no fit to be chosen.
    values = method.values if len(method.values) > 1 else ()
    found = {value: validated(task, method, network, data, value) for value in values} or {method.values[0]: 0.0}
    return {
        "task": task.name,
        "method": method.name,
        "setting": method.setting,
        "nll": list(found.items()),
        "chosen": min(found, key=found.__getitem__),
    }


def validated(task: Task, method: Method, network: Any, data: Dataset, value: float) -> float:
    learnt: Learnt = method.fit(network, data, task.tuning_steps, 0, {method.setting: value})
    return calibrated_nll(learnt.predict_proba(data.validation.x), data.validation.y)


def path_of(task: Task, method: Method, seed: int | None) -> Path:
    name = "choice" if seed is None else str(seed)
    return CELLS / f"{task.name}-{method.name}-{name}.json".replace(" ", "").replace(",", "-")


def work(wanted: list[Cell]) -> Iterator[int]:
    """Compute what nobody has computed or claimed, until all is there; how much is done is told after each."""
    CELLS.mkdir(parents=True, exist_ok=True)
    while left := [one for one in wanted if not path_of(*one).exists()]:
        ready = [one for one in left if one[2] is None or path_of(one[0], one[1], None).exists()]
        mine = next((one for one in ready if claimed(path_of(*one))), None)
        if mine is None:  # other processes are at it
            time.sleep(1)
            continue
        task, method, seed = mine
        path = path_of(*mine)
        partial = path.with_suffix(f".{os.getpid()}")
        found = choice_of(task, method) if seed is None else cell_of(task, method, seed)
        partial.write_text(json.dumps(found, indent=1))
        partial.replace(path)
        yield len(wanted) - len(left) + 1


def claimed(path: Path) -> bool:
    """Whether the cell is this process's now."""
    claim = path.with_suffix(".claim")
    if claim.exists() and time.time() - claim.stat().st_mtime > CLAIM:
        claim.unlink(missing_ok=True)
    try:
        os.close(os.open(claim, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", type=Path, default=MNIST, help="folder of MNIST's four files")
    parser.add_argument("--tasks", default="", help="names of tasks, all of them if absent")
    parser.add_argument(
        "--report", action="store_true", help="write the page from the cells that are there, and no more"
    )
    given = parser.parse_args()
    names = given.tasks.split(",") if given.tasks else [task.name for task in tasks()]
    chosen = [task for task in tasks(given.mnist) if task.name in names]
    wanted: list[Cell] = []
    for task in chosen:
        methods = [method for method in METHODS if task.name in method.tasks]
        wanted += [(task, method, None) for method in methods]
        wanted += [(task, method, seed) for seed, method in product(range(task.seeds), methods)]
    with Progress() as progress:
        count = progress.counter("cells")
        for done in work([] if given.report else wanted):
            count(done, len(wanted))
    rows = [json.loads(path_of(*one).read_text()) for one in wanted if path_of(*one).exists()]
    write([row for row in rows if "own" in row], [row for row in rows if "own" not in row])


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
