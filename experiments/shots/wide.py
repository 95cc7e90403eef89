"""Part four: 61 qubits, as a matrix product state; nothing is enumerated."""

from typing import Any

import numpy as np

import hyperborn as hb
from cells import Cell
from hyperborn.backends import Aer
from hyperborn.energy import energy
from hyperborn.predictive import scores
from hyperborn.training.estimators import SPSA
from hyperborn.training.shots.posteriors import ShotRegister
from tasks import SPREAD, WIDE, tested

SEEDS = range(2)
STEPS, SHOTS, OPTIMIZER = 500, 200, hb.Adam(0.1)
METHODS = ("SELBO, SPSA on the matrix product state", "ELBO, registers of one qubit", "straight-through")


def cells() -> list[Cell]:
    return [Cell("wide", {"method": method, "seed": seed}, trained) for seed in SEEDS for method in METHODS]


def trained(method: str, seed: int) -> dict[str, Any]:
    data, network = WIDE.data, WIDE.network
    if method == METHODS[2]:
        learnt = hb.baselines.StraightThroughAdam().fit(network, data, seed=seed)
        mean = float(energy(network, data.train, np.asarray(learnt.bits)).mean())
        train, test = (scores(learnt.predict_proba(part.x), part.y) for part in (data.train, data.test))
        return {**test, "train_accuracy": train["accuracy"], "energy": mean}
    if method == METHODS[1]:
        result = hb.fit(network, data, posterior=hb.Registers(network, 1), seed=seed, progress=False)
        drawn = energy(network, data.train, result.predictor.sample(32, 0))
        train = result.metrics("train", calibrated=False)
        return {**tested(result), "train_accuracy": train["accuracy"], "energy": float(drawn.mean())}
    circuit = WIDE.circuit("line")
    result = hb.fit(
        network,
        data,
        objective=hb.SELBO(),
        posterior=ShotRegister(circuit, Aer("matrix_product_state")),
        estimator=SPSA(shots=SHOTS),
        optimizer=OPTIMIZER,
        steps=STEPS,
        seed=seed,
        spread=SPREAD,
        progress=False,
    )
    train = result.metrics("train", calibrated=False)
    numbers = {"train_accuracy": train["accuracy"], "energy": result.numbers["expected_energy"]}
    best = result.network_metrics(result.most_probable())
    return {**tested(result), **numbers, "single": best["accuracy"], "parameters": circuit.n_parameters}
