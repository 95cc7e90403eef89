"""Writes small runs and a study with the formats of today, for later versions of hyperborn to read.

    python tests/golden/write.py

Run it by hand when a number in `hyperborn.storage.formats` rises. It writes a new folder, with the next number; those
of before stay as they are, for they are what is promised to be read. Beside the runs, expected.json has their
predictions and losses, what the study's cells found, and the counts in a ledger.

The runs' backend is the built-in simulator, whose counts can be had again, so that their ledgers have jobs alone; the
ledger beside them has counts, too. Pictures are a few bytes: they are kept, and never read.
"""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import hyperborn as hb
from hyperborn.backends import Batch, Counts, Ledger, Points, Statevector
from hyperborn.backends.jobs.budget import Limits
from hyperborn.backends.jobs.ledger import Request
from hyperborn.circuits import Circuit, Gate
from hyperborn.data import Dataset
from hyperborn.energy import OwnEnergies
from hyperborn.progress import Progress
from hyperborn.runs import session
from hyperborn.study.plan import Plan
from hyperborn.study.scheduler import cells_of, rows_of_cells, run_cells
from hyperborn.study.store import Store
from hyperborn.training.choice import CandidateScore, Choice
from hyperborn.training.defaults import definition_with_defaults
from hyperborn.training.definition import Definition
from hyperborn.training.loop import Report
from hyperborn.training.result import Result
from hyperborn.training.shots.posteriors import ShotRegister

HERE = Path(__file__).parent
PLAN = HERE / "plan.toml"
LABELS = ("step-1", "step-2", "step-3")
EXAMPLES = 20
STOPPED_AT = 25
"""Step at which a run of 50 is stopped."""


@dataclass(frozen=True)
class Entangled(Circuit):
    """A circuit of a class that later readers do not have."""

    n_qubits: int

    @property
    def parameter_shape(self) -> tuple[int]:
        return (self.n_qubits,)

    def gates(self) -> tuple[Gate, ...]:
        pairs = [Gate("cz", (j, j + 1)) for j in range(self.n_qubits - 1)]
        return (*pairs, *(Gate("ry", (j,), j) for j in range(self.n_qubits)))

    def product_angles(self, probabilities: Any) -> Any:
        return 2.0 * np.arcsin(np.sqrt(probabilities))


def saved(path: Path, data: Dataset) -> dict[str, Any]:
    """A result that was saved without a run folder, stopped by a callback at a record."""
    network = hb.networks.BinaryMLP(2, hidden=(1,))
    posterior = hb.Register(Entangled(network.n_weights))
    result = hb.fit(network, data, posterior=posterior, callback=lambda step, *_: step == STOPPED_AT, progress=False)
    result.save(path)
    assert result.history is not None
    return {
        "probabilities": result.predict_proba(data.test.x).tolist(),
        "history": {"step": result.history.step.tolist(), "losses": result.history.losses.tolist()},
    }


def saved_regression(path: Path) -> dict[str, Any]:
    """A regression whose last bits choose the noise."""
    x = np.random.default_rng(1).normal(size=(EXAMPLES, 2))
    data = hb.data.from_arrays(x, 100 + 5 * x[:, 0] - 2 * x[:, 1], task="regression")
    network = hb.networks.Regression(hb.networks.BinaryMLP(2, (), output_scales=(0.5, 1)), hb.Gaussian("bits"))
    result = hb.fit(network, data, steps=50, progress=False)
    result.save(path)
    train(path.with_name(f"{path.name}-stopped"), result.definition, data, stopped=True)
    found = result.predictions(data.test.x)
    return {"mean": found.mean.tolist(), "deviation": found.deviation.tolist()}


def saved_energies(path: Path) -> dict[str, Any]:
    """Energies of one's own, without a network or data."""
    energies = hb.Energies(np.random.default_rng(2).gamma(2.0, size=16))
    result = hb.fit(energies, steps=50, progress=False)
    result.save(path)
    train(path.with_name(f"{path.name}-stopped"), result.definition, energies, stopped=True)
    return {"marginals": result.marginals.tolist(), "log_evidence": result.numbers["log_evidence"]}


def definitions() -> dict[str, Definition]:
    """One run of each way of training, each with 50 steps at most."""
    plain: dict[str, Any] = {"plateau": None, "steps": 50}
    network = hb.networks.BinaryMLP(2, hidden=(1,))
    exact = hb.Register(hb.circuits.Brickwork(network.n_weights, depth=1))
    shots = ShotRegister(hb.circuits.ProductState(network.n_weights), Statevector())
    large = hb.networks.BinaryMLP(2, hidden=(2,))
    registers = hb.Registers(large, 3, depth=1)
    return {
        "register": definition_with_defaults(
            network, EXAMPLES, posterior=exact, objective=hb.ELBO(), prior=hb.Bernoulli(0.4), **plain
        ),
        "registers": definition_with_defaults(
            large, EXAMPLES, posterior=registers, objective=hb.ELBO(), optimizer=hb.Adam(), batch_size=8, **plain
        ),
        "shots": definition_with_defaults(
            network, EXAMPLES, posterior=shots, objective=hb.MLE(), estimator=hb.SPSA(20), **plain
        ),
    }


def picture(*_: Any) -> dict[str, bytes]:
    return {"loss.png": b"loss"}


def choice() -> Choice:
    """How one candidate of two was chosen."""
    scores = {"accuracy": 0.9, "nll": 0.31, "brier": 0.2, "ece": 0.1}
    linear = CandidateScore("64 linear units", {"hidden": [64], "beta": 0.1}, 0.31, 0.05, 0.8, scores, EXAMPLES)
    relu = CandidateScore("64 relu units", {"hidden": [64], "beta": 0.03}, 0.33, 0.06, 1.1, scores, EXAMPLES)
    return Choice((linear, relu), 0, "it has the lowest NLL", "folds", 5, True)


def train(
    path: Path,
    definition: Definition,
    data: Dataset | OwnEnergies,
    *,
    stopped: bool,
    choice: Choice | None = None,
) -> Result | None:
    """A run in a folder, to its end, or to a checkpoint at `STOPPED_AT`."""
    watch = session.Keeper.watch

    def until_stopped(self: session.Keeper, report: Report) -> None:
        watch(self, report)
        if report.position.step >= STOPPED_AT:
            raise KeyboardInterrupt

    if stopped:
        session.Keeper.watch = until_stopped
    try:
        quiet = Progress(enabled=False)
        return session.start(path, definition, data, quiet, plots=picture, choice=choice)
    except KeyboardInterrupt:
        return None
    finally:
        session.Keeper.watch = watch


def ledger(path: Path) -> list[dict[str, Any]]:
    """A ledger with a job that is done, whose counts are returned, one that failed and one that was accepted."""
    circuit = hb.circuits.ProductState(9)
    random = np.random.default_rng(0)
    reply = tuple(Counts.of(random.integers(0, 2, (50, 9), np.uint8)) for _ in range(2))

    def request(label: str) -> Request:
        return Request.of(Batch(label, (Points(circuit, np.linspace(0, 1, 18).reshape(2, 9)),), 50, 3), "device")

    with Ledger.create_or_open(path, Limits(max_shots=1000)) as kept:
        first, second, third = (
            kept.submitted(kept.intend(request(label), "2025-06-01"), f"id-{label}") for label in LABELS
        )
        kept.fetched(first, reply, 1.5, None)
        kept.failed(second, "the device was switched off")
        kept.duplicate(third, "id-twin")
    return [{"bits": point.bits.tolist(), "counts": point.counts.tolist()} for point in reply]


def write(folder: Path) -> None:
    """All of it, in a new folder."""
    data = hb.data.load("moons", size=EXAMPLES)
    expected: dict[str, Any] = {}
    for name, definition in definitions().items():
        result = train(folder / name, definition, data, stopped=False)
        assert result is not None
        expected[name] = {
            "probabilities": result.predict_proba(data.test.x).tolist(),
            "losses": list(result.losses),
            "steps": result.steps,
        }
        assert train(folder / f"{name}-stopped", definition, data, stopped=True) is None
    cells = cells_of(Plan.read(str(PLAN)), lambda _: None)
    store = Store(folder / "study", "Golden")
    run_cells(cells, store, lambda *_: None)
    store.write_report({"study.md": b"# Golden\n"})
    chosen = definitions()["registers"]
    result = train(folder / "chosen", chosen, data, stopped=False, choice=choice())
    assert result is not None
    expected["chosen"] = {
        "probabilities": result.predict_proba(data.test.x).tolist(),
        "choice": choice().to_record(),
    }
    train(folder / "chosen-stopped", chosen, data, stopped=True, choice=choice())
    expected["saved"] = saved(folder / "saved", data)
    expected["regression"] = saved_regression(folder / "regression")
    expected["energies"] = saved_energies(folder / "energies")
    expected["study"] = rows_of_cells(cells, store)
    expected["ledger"] = ledger(folder / "ledger.sqlite")
    shutil.copyfile(PLAN, folder / "plan.toml")
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    folder = HERE / f"golden-{len(list(HERE.glob('golden-*'))) + 1}"
    write(folder)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    sys.stdout.write(f"{folder}: {size:,} bytes\n")


if __name__ == "__main__":
    main()
