"""What a run on a backend will take, before anything is sent."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hyperborn.backends.backend import Connection, Cost, JobFailed, connected
from hyperborn.errors import UserError
from hyperborn.inference.estimators.shot_estimator import ShotEstimator
from hyperborn.posteriors.sampled import SampledPosterior, Turn, batch_of, width_of
from hyperborn.training.definition import Definition
from hyperborn.training.measured import CALIBRATION_SHOTS, STEP, shots_of_result, stream

MINUTE = 60.0

MOST_TRIED = 1000
"""Shots that a simulator is timed on, at most."""


@dataclass(frozen=True)
class Forecast:
    """Of a whole run: jobs, circuits (each point counts as one), shots, and seconds of processor time if known.

    `qubits`, `depth` and `two_qubit_gates` are those of the largest circuit, compiled for the backend; `turns` says
    how many different circuits are run in turn.
    """

    backend: str
    qubits: int
    depth: int
    two_qubit_gates: int
    turns: int
    jobs: int
    circuits: int
    shots: int
    seconds: float | None

    @property
    def text(self) -> str:
        """The forecast in a line."""
        time = "" if self.seconds is None else f", about {duration(self.seconds)} of processor time"
        return f"{self.backend}: {self.jobs:,} jobs, {self.circuits:,} circuits, {self.shots:,} shots{time}"


def forecast_of(definition: Definition) -> Forecast:
    """The forecast of a run; simulators are timed on one circuit, devices are asked for their gate times.

    Raises:
        UserError: if the run is on no backend, or the backend cannot be reached or is too small.
    """
    posterior, estimator = definition.posterior, definition.estimator
    if not isinstance(posterior, SampledPosterior) or not isinstance(estimator, ShotEstimator):
        raise UserError("there is nothing to estimate without a backend; name one, such as --backend fake_sherbrooke")
    connection = connected(posterior.backend)
    turns = posterior.turns(width_of(connection))
    widest = max(turn.circuit.n_qubits for turn in turns)
    if connection.n_qubits is not None and widest > connection.n_qubits:
        raise UserError(
            f"a circuit of {widest} qubits is too wide for {posterior.backend.label}, which has {connection.n_qubits}; "
            "choose a smaller network (--hidden, --components), many registers (--posterior registers) or another "
            "backend"
        )
    points = definition.restarts * estimator.design(posterior, 0, stream(definition, STEP)).n_points
    schedule = [estimator.shots_at(step, definition.steps) for step in range(definition.steps)]
    # Before the first step, at every step, for the result, to choose the best restart, and to calibrate the readout.
    work = [(definition.restarts, schedule[0]), *((points, shots) for shots in schedule)]
    work.append((1, shots_of_result(estimator)))
    if definition.restarts > 1:
        work.append((definition.restarts, schedule[-1]))
    if posterior.mitigation == "readout":
        work.append((2, CALIBRATION_SHOTS))
    circuits = len(turns) * sum(count for count, _ in work)
    shots = len(turns) * sum(count * shots for count, shots in work)
    costs = [connection.cost(circuit) for circuit in {turn.circuit: None for turn in turns}]
    largest = max(costs, key=lambda cost: cost.two_qubit_gates)
    if connection.metered:
        seconds = priced(costs, shots)
    else:
        tried = min(schedule[0], MOST_TRIED)
        seconds = probed(connection, definition, turns, tried) * shots / (len(turns) * tried)
    return Forecast(
        posterior.backend.label,
        widest,
        max(cost.depth for cost in costs),
        largest.two_qubit_gates,
        len(turns),
        len(work),
        circuits,
        shots,
        seconds,
    )


def priced(costs: Sequence[Cost], shots: int) -> float | None:
    """Seconds of a device for so many shots, if it says how long its gates take; jobs take some more of their own."""
    known = [cost.seconds for cost in costs if cost.seconds is not None]
    return max(known) * shots if known else None


def probed(connection: Connection, definition: Definition, turns: Sequence[Turn], shots: int) -> float:
    """Seconds of a simulator for one point of every turn."""
    angles = np.zeros((1, definition.posterior.n_parameters)) + 0.1
    seconds = 0.0
    # Two shots come first, to compile for.
    for count in (2, shots):
        batch = batch_of(turns, angles, count, "probe", 0)
        try:
            seconds = connection.collect(connection.submit(batch, "probe"), batch, MINUTE, lambda _: None).seconds
        except JobFailed as error:
            raise UserError(f"the backend failed when it was tried: {error}; choose another one") from error
    return seconds


def duration(seconds: float) -> str:
    """Such as "40 s" or "3 min"."""
    return f"{seconds:.2g} s" if seconds < MINUTE else f"{seconds / MINUTE:.0f} min"
