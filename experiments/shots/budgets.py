"""Part one: SELBO and MLE at 100, 1,000 and 10,000 shots a circuit, beside exact gradients and the exact posterior."""

from typing import Any

import hyperborn as hb
from cells import Cell
from hyperborn.backends import Statevector
from hyperborn.predictive import exact_predictive, scores
from hyperborn.training.estimators import ParameterShift
from hyperborn.training.shots.posteriors import ShotRegister
from tasks import MAIN, SPREAD, exactly, task_named, tested

SHOTS = (100, 1_000, 10_000)
OBJECTIVES = {"selbo": hb.SELBO(), "mle": hb.MLE()}
SEEDS = range(3)
STEPS, OPTIMIZER = 80, hb.Adam(0.2)


def cells() -> list[Cell]:
    found = [Cell("exact", {"task": task.name}, posterior) for task in MAIN]
    for seed in SEEDS:
        for task in MAIN:
            found.append(Cell("elbo", {"task": task.name, "seed": seed}, elbo))
            found += [
                Cell("budgets", {"task": task.name, "objective": objective, "shots": shots, "seed": seed}, trained)
                for objective in OBJECTIVES
                for shots in (None, *SHOTS)
            ]
    return found


def posterior(task: str) -> dict[str, Any]:
    """The exact posterior itself."""
    own = task_named(task)
    exact, test = own.exact, own.data.test
    return {
        **scores(exact_predictive(own.network, test.x, exact.probabilities), test.y),
        "gap": 0.0,
        "energy": float(exact.probabilities @ exact.energies),
        "weights": own.network.n_weights,
        "train": len(own.data.train),
        "test": len(test),
        "entropy": exact.entropy,
        "log_evidence": exact.log_evidence,
    }


def elbo(task: str, seed: int) -> dict[str, Any]:
    """The same circuit by exact gradients of the ELBO, with the defaults of `hb.fit`."""
    own = task_named(task)
    result = hb.fit(own.network, own.data, posterior=hb.Register(own.circuit()), seed=seed, progress=False)
    return {**tested(result), **exactly(own, result), "steps": result.steps}


def trained(task: str, objective: str, shots: int | None, seed: int) -> dict[str, Any]:
    """One run; without shots by exact gradients of the same objective, all else being equal."""
    own, circuit = task_named(task), task_named(task).circuit()
    exact = shots is None
    result = hb.fit(
        own.network,
        own.data,
        objective=OBJECTIVES[objective],
        posterior=hb.Register(circuit) if exact else ShotRegister(circuit, Statevector()),
        estimator=hb.Exact() if exact else ParameterShift(shots=shots),
        optimizer=OPTIMIZER,
        annealing=None,
        plateau=None,
        steps=STEPS,
        restarts=1,
        seed=seed,
        spread=SPREAD,
        progress=False,
    )
    return {**tested(result), **exactly(own, result), "circuits": 2 * circuit.n_parameters + 1}
