"""The first fit of a process beside those after it, which differ from it in numbers alone: seconds, programs compiled.

    python benchmarks/grid.py

Nothing is read from a cache on disk. Then grid searches of scikit-learn on iris. Then steps on 83 examples, which rows
of weight 0 fill up to 96 so that data of 81 to 96 examples share a program, beside steps on the 83 alone, in turns.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import numpy as np

import hyperborn as hb
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.loop import fresh
from hyperborn.training.minibatch.steps import MinibatchProblem

ROUNDS = 7
STEPS = 100
SMALL = hb.networks.BinaryMLP(3, hidden=(2,))
LARGE = hb.networks.BinaryMLP(3, hidden=(6,))
BEGIN: dict[str, Any] = {"seed": 0, "steps": STEPS, "optimizer": hb.Adam(0.1), "progress": False}
POINTS = np.random.default_rng(1).normal(size=(50, 3))

CASES: dict[str, dict[str, Any]] = {
    "first, ELBO": {"objective": hb.ELBO()},
    "seed": {"seed": 1},
    "β": {"objective": hb.ELBO(0.3)},
    "learning rate": {"optimizer": hb.Adam(0.05)},
    "spread": {"spread": 0.1},
    "prior": {"prior": hb.Bernoulli(0.3)},
    "steps": {"steps": STEPS + 1},
    "data": {"data": (102, 1)},
    "data of a row more": {"data": (104, 1)},
    "first, SELBO": {"objective": hb.SELBO(2.0)},
    "λ": {"objective": hb.SELBO(0.5)},
}
"""What each fit has that the first does not have."""

POINTS_OF_A_GRID = {"beta": (0.03, 0.1, 0.3), "learning_rate": (0.05, 0.1)}


def examples(rows: int = 102, seed: int = 0) -> hb.data.Dataset:
    """Two overlapping classes of points in three dimensions, a fifth of them for the test."""
    random = np.random.default_rng(seed)
    y = np.arange(rows) % 2
    return hb.data.from_arrays(random.normal(size=(rows, 3)) + y[:, None], y, validation=0.0, seed=0)


def fitted(posterior: hb.Register | hb.Registers, network: Any, settings: dict[str, Any]) -> None:
    """Train and predict."""
    others = {name: value for name, value in settings.items() if name != "data"}
    data = examples(*settings.get("data", ()))
    hb.fit(network, data, posterior=posterior, **(BEGIN | {"objective": hb.ELBO()} | others)).predict_proba(POINTS)


def table_of_fits(programs: list[float]) -> None:
    """Print seconds and programs of every case; `programs` grows with each program by its seconds."""
    kinds = {
        "one register": (hb.Register(hb.circuits.AllPairs(SMALL.n_weights, depth=2)), SMALL),
        "registers": (hb.Registers(LARGE), LARGE),
    }
    print("| posterior | fit | seconds | programs | seconds of compiling |\n| --- | --- | ---: | ---: | ---: |")
    for kind, (posterior, network) in kinds.items():
        for case, settings in CASES.items():
            programs.clear()
            begun = time.perf_counter()
            fitted(posterior, network, settings)
            spent = time.perf_counter() - begun
            print(f"| {kind} | {case} | {spent:.2f} | {len(programs)} | {sum(programs):.2f} |", flush=True)


def table_of_searches(programs: list[float]) -> None:
    """Print seconds and programs of grid searches: five folds of six points on iris, and the last fit."""
    from sklearn.datasets import load_iris
    from sklearn.model_selection import GridSearchCV

    from hyperborn.sklearn import HyperbornClassifier

    x, y = load_iris(return_X_y=True)
    searches = {
        "β and learning rate": ({"activation": "relu", "hidden": (64,)}, POINTS_OF_A_GRID),
        "units and activation": (
            {"beta": 0.03},
            {"hidden": [(16,), (64,)], "activation": ["relu", "tanh", "identity"]},
        ),
        "β and learning rate of quick choices": ({"effort": "quick"}, POINTS_OF_A_GRID),
    }
    print("\n| grid | seconds | programs | seconds of compiling |\n| --- | ---: | ---: | ---: |")
    for name, (settings, grid) in searches.items():
        programs.clear()
        begun = time.perf_counter()
        GridSearchCV(HyperbornClassifier(**settings), grid, cv=5, scoring="neg_log_loss").fit(x, y)
        spent = time.perf_counter() - begun
        print(f"| {name} | {spent:.1f} | {len(programs)} | {sum(programs):.1f} |", flush=True)


def steps_of(filled: bool) -> Callable[[], object]:
    """A function that takes `STEPS` steps on registers, compiled; its examples fill up a shape or do not."""
    definition = definition_with_defaults(LARGE, 83, posterior=hb.Registers(LARGE))
    energies = definition.energies(examples(104))
    problem, state = MinibatchProblem(definition, energies), fresh(definition).state
    # A task is made once and kept: in place of the usual one.
    problem.__dict__["task"] = replace(problem.task, energies=energies.on_device(whole=filled))

    def take() -> object:
        return jax.block_until_ready(problem.advance_unseen(state, STEPS).params)

    take()
    return take


def table_of_filling() -> None:
    """Print milliseconds of a step with and without a row that fills up the shape."""
    ways = {"alone": steps_of(False), "with weights and rows of weight 0": steps_of(True)}
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, take in ways.items():
            begun = time.process_time()
            take()
            times[way].append((time.process_time() - begun) / STEPS * 1e3)
    print("\n| 83 examples | processor ms a step, median | min | ratio of medians |\n| --- | ---: | ---: | ---: |")
    alone = np.median(times["alone"])
    for way, found in times.items():
        print(f"| {way} | {np.median(found):.3f} | {min(found):.3f} | {np.median(found) / alone:.2f} |")


def main() -> None:
    programs: list[float] = []

    def count(event: str, seconds: float, **_: Any) -> None:
        if event == "/jax/core/compile/backend_compile_duration":
            programs.append(seconds)

    jax.monitoring.register_event_duration_secs_listener(count)
    table_of_fits(programs)
    table_of_searches(programs)
    table_of_filling()


if __name__ == "__main__":
    main()
