"""Part three: raw against mitigated against ideal, and noise while training."""

from functools import lru_cache
from typing import Any

import numpy as np

import hyperborn as hb
from cells import Cell
from hyperborn.backends import Aer, Backend, FakeDevice, Noise, Outcomes, Statevector
from hyperborn.backends.batch import Batch, Points
from hyperborn.backends.boundary import connected
from hyperborn.backends.mitigation import Readout, calibration_preparations
from hyperborn.bits import index_of
from hyperborn.predictive import posterior_predictive, scores
from hyperborn.training.estimators import ParameterShift
from hyperborn.training.shots.posteriors import ShotRegister
from tasks import FEW, SPREAD, Task, exactly, task_named

DEVICE = "fake_manila"
WIDER = "fake_sherbrooke"
SEEDS = range(3)
STEPS, SHOTS = 60, 1000
LOOKS = {DEVICE: 100_000, WIDER: 4_000}
"""Shots of what is looked at in the end: so many that chance is small beside noise, where that is affordable."""
CALIBRATION = 100_000
STRENGTHS = (0, 1, 2, 5)


def backend_of(name: str) -> Backend:
    """By name: ideal, a fake device, or depolarizing noise of a strength."""
    if name == "ideal":
        return Statevector()
    if name.startswith("s = "):
        strength = int(name.removeprefix("s = "))
        return Aer("density_matrix", Noise(0.001 * strength, 0.00375 * strength)) if strength else Aer()
    return FakeDevice(name)


def cells() -> list[Cell]:
    found = []
    for seed in SEEDS:
        found += [
            Cell("device", {"task": FEW.name, "device": DEVICE, "training": training, "seed": seed}, on_device)
            for training in ("ideal", "raw", "mitigated")
        ]
        found += [
            Cell("strength", {"strength": strength, "training": training, "seed": seed}, at_strength)
            for strength in STRENGTHS
            for training in ("ideal", "noisy")
            if strength or training == "ideal"
        ]
    return found + [
        Cell("device", {"task": "moons", "device": WIDER, "training": "ideal", "seed": seed}, on_device)
        for seed in SEEDS[:1]
    ]


@lru_cache(maxsize=64)
def trained(task: Task, backend: Backend, mitigation: str, seed: int) -> hb.Result:
    return hb.fit(
        task.network,
        task.data,
        objective=hb.SELBO(),
        posterior=ShotRegister(task.circuit("line"), backend, mitigation),
        estimator=ParameterShift(shots=SHOTS),
        optimizer=hb.Adam(0.2),
        steps=STEPS,
        restarts=1,
        seed=seed,
        spread=SPREAD,
        progress=False,
    )


def on_device(task: str, device: str, training: str, seed: int) -> dict[str, Any]:
    """A run trained one way, and how its distribution comes out ideal, raw and mitigated."""
    own, backend = task_named(task), FakeDevice(device)
    where = Statevector() if training == "ideal" else backend
    result = trained(own, where, "readout" if training == "mitigated" else "none", seed)
    cost = connected(backend).cost(own.circuit("line"))
    looks = {
        "ideal": look(own, result, Statevector(), False, LOOKS[device], seed),
        "raw": look(own, result, backend, False, LOOKS[device], seed),
        "mitigated": look(own, result, backend, True, LOOKS[device], seed),
    }
    return {"looks": looks, **exactly(own, result), "depth": cost.depth, "two_qubit_gates": cost.two_qubit_gates}


def at_strength(strength: int, training: str, seed: int) -> dict[str, Any]:
    """A run trained without or with depolarizing noise of a strength, looked at under that noise."""
    backend = backend_of(f"s = {strength}")
    result = trained(FEW, Statevector() if training == "ideal" else backend, "none", seed)
    return {"looks": {"noisy": look(FEW, result, backend, False, LOOKS[DEVICE], seed)}, **exactly(FEW, result)}


def look(task: Task, result: hb.Result, backend: Backend, mitigated: bool, shots: int, seed: int) -> dict[str, float]:
    """Total variation from the noise-free distribution, expected energy (nats), and test scores, from new shots."""
    circuit, connection = task.circuit("line"), connected(backend)
    requests = [Points(circuit, np.asarray(result.angles, np.float64).reshape(1, -1))]
    batch = Batch("look", tuple(requests), shots, 1000 + seed)
    counts = connection.collect(connection.submit(batch, "look"), batch, 0.0, lambda _: None).counts
    if mitigated:
        readings = Batch("readout", (calibration_preparations(circuit),), CALIBRATION, 2000 + seed)
        found = connection.collect(connection.submit(readings, "readout"), readings, 0.0, lambda _: None).counts
        outcomes = Readout.of(found).corrected(counts[0])
    else:
        outcomes = Outcomes.of(counts[0])
    table = np.bincount(index_of(outcomes.bits), outcomes.weights, minlength=2**task.network.n_weights)
    guesses = posterior_predictive(task.network, task.data.test.x, outcomes.bits, outcomes.weights)
    return {
        "variation": float(np.abs(table - result.probabilities).sum() / 2),
        "energy": float(table @ task.exact.energies),
        **scores(guesses, task.data.test.y),
    }
