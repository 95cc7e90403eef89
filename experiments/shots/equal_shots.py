"""Part two: SPSA against parameter shift, the SELBO reached with equal numbers of shots altogether."""

from dataclasses import dataclass
from typing import Any

import hyperborn as hb
from cells import Cell
from hyperborn.backends import Statevector
from hyperborn.training import Gains
from hyperborn.training.estimators import SPSA, ParameterShift
from hyperborn.training.optimizers import Optimizer
from hyperborn.training.shots.estimator import ShotEstimator
from hyperborn.training.shots.posteriors import ShotRegister
from tasks import SPREAD, exactly, task_named

BUDGETS = (200_000, 2_000_000)
SEEDS = range(3)
TASKS = ("moons",)
OPTIMIZERS: dict[str, Optimizer] = {"Gains(0.3)": Gains(), "Adam(0.1)": hb.Adam(0.1), "Adam(0.2)": hb.Adam(0.2)}


@dataclass(frozen=True)
class Way:
    """An estimator, its optimizers, and for each budget the shots of a circuit."""

    name: str
    shots: tuple[tuple[int, ...], tuple[int, ...]]
    optimizers: tuple[str, ...]

    def estimator(self, shots: int) -> ShotEstimator:
        return {
            "parameter shift": ParameterShift(shots=shots),
            "parameter shift, 8 angles a step": ParameterShift(shots=shots, subset=8),
            "SPSA, 1 direction": SPSA(shots=shots),
            "SPSA, 10 directions": SPSA(shots=shots, directions=10),
        }[self.name]

    def circuits(self, parameters: int) -> int:
        """Circuits of a step."""
        return {
            "parameter shift": 2 * parameters + 1,
            "parameter shift, 8 angles a step": 17,
            "SPSA, 1 direction": 2,
            "SPSA, 10 directions": 20,
        }[self.name]


SPSA_OPTIMIZERS = ("Gains(0.3)", "Adam(0.1)")
WAYS = (
    Way("parameter shift", ((20, 100), (100, 1000)), ("Adam(0.2)",)),
    Way("parameter shift, 8 angles a step", ((100,), (1000,)), ("Adam(0.1)",)),
    Way("SPSA, 1 direction", ((100, 1000), (1000,)), SPSA_OPTIMIZERS),
    Way("SPSA, 10 directions", ((100,), (1000,)), SPSA_OPTIMIZERS),
)


def cells() -> list[Cell]:
    found = []
    for task in TASKS:
        for seed in SEEDS:
            found.append(Cell("exact_selbo", {"task": task, "seed": seed}, exact))
            for way in WAYS:
                for budget, choices in zip(BUDGETS, way.shots, strict=True):
                    for shots in choices:
                        for optimizer in way.optimizers:
                            settings = {"task": task, "budget": budget, "way": way.name, "shots": shots}
                            found.append(Cell("equal", settings | {"optimizer": optimizer, "seed": seed}, trained))
    return found


def exact(task: str, seed: int) -> dict[str, Any]:
    """The SELBO by exact gradients, 1000 steps from the same start: what no shots can do better on average."""
    own = task_named(task)
    result = hb.fit(
        own.network,
        own.data,
        objective=hb.SELBO(),
        posterior=hb.Register(own.circuit()),
        annealing=None,
        plateau=None,
        optimizer=hb.Adam(0.1),
        restarts=1,
        seed=seed,
        spread=SPREAD,
        progress=False,
    )
    return exactly(own, result)


def trained(task: str, budget: int, way: str, shots: int, optimizer: str, seed: int) -> dict[str, Any]:
    own, circuit = task_named(task), task_named(task).circuit()
    chosen = next(one for one in WAYS if one.name == way)
    steps = max(1, budget // (shots * chosen.circuits(circuit.n_parameters)))
    result = hb.fit(
        own.network,
        own.data,
        objective=hb.SELBO(),
        posterior=ShotRegister(circuit, Statevector()),
        estimator=chosen.estimator(shots),
        optimizer=OPTIMIZERS[optimizer],
        steps=steps,
        restarts=1,
        seed=seed,
        spread=SPREAD,
        progress=False,
    )
    return {**exactly(own, result), "steps": steps}
