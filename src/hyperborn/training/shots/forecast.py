"""The forecast of a run, from the timing of a simulator or the gate times of a device."""

from collections.abc import Sequence
from typing import cast

import numpy as np

from hyperborn.backends.backend import Connection, Cost, JobFailed, TransientError, too_wide
from hyperborn.backends.boundary import connected
from hyperborn.backends.jobs.budget import MINUTE, Forecast
from hyperborn.errors import UserError
from hyperborn.training.definition import Definition
from hyperborn.training.shots.estimator import ShotEstimator
from hyperborn.training.shots.posteriors import ShotPosterior
from hyperborn.training.shots.steps import CALIBRATION_SHOTS, STEP, shots_of_result, stream
from hyperborn.training.shots.subcircuits import Subcircuit, batch_of, width_of

MOST_TRIED = 1000
"""Most shots with which a simulator is timed."""


def forecast_of(definition: Definition) -> Forecast:
    """The forecast of a run; simulators are timed with one circuit, and devices give their gate times.

    Raises:
        UserError: if the backend cannot be reached, is too small, or fails a trial run or to compile a circuit.
    """
    posterior, estimator = cast(ShotPosterior, definition.posterior), cast(ShotEstimator, definition.estimator)
    connection = connected(posterior.backend)
    measured = estimator.measured(posterior).measured
    subcircuits = measured.subcircuits(width_of(connection))
    widest = max(subcircuit.circuit.n_qubits for subcircuit in subcircuits)
    if connection.n_qubits is not None and widest > connection.n_qubits:
        raise UserError(too_wide(widest, posterior.backend.label, connection.n_qubits))
    points = definition.restarts * estimator.design(posterior, 0, stream(definition, STEP)).n_points
    schedule = [estimator.shots_at(step, definition.steps) for step in range(definition.steps)]
    # Jobs before the first step, at every step, for the result, for the best restart, and for the readout.
    work = [(definition.restarts, schedule[0]), *((points, shots) for shots in schedule)]
    work.append((1, shots_of_result(estimator)))
    if definition.restarts > 1:
        work.append((definition.restarts, schedule[-1]))
    if posterior.mitigation == "readout":
        work.append((2, CALIBRATION_SHOTS))
    circuits = len(subcircuits) * sum(count for count, _ in work)
    shots = len(subcircuits) * sum(count * shots for count, shots in work)
    costs = [connection.cost(circuit) for circuit in {subcircuit.circuit: None for subcircuit in subcircuits}]
    largest = max(costs, key=lambda cost: cost.two_qubit_gates)
    if connection.metered:
        seconds = device_seconds(costs, shots)
    else:
        tried = min(schedule[0], MOST_TRIED)
        seconds = simulated_seconds(connection, measured, subcircuits, tried) * shots / (len(subcircuits) * tried)
    return Forecast(
        posterior.backend.label,
        widest,
        max(cost.depth for cost in costs),
        largest.two_qubit_gates,
        len(subcircuits),
        len(work),
        circuits,
        shots,
        seconds,
    )


def device_seconds(costs: Sequence[Cost], shots: int) -> float | None:
    """Seconds of a device for a number of shots, without the overhead of jobs; None if its gate times are unknown."""
    known = [cost.seconds for cost in costs if cost.seconds is not None]
    return max(known) * shots if known else None


def simulated_seconds(
    connection: Connection, measured: ShotPosterior, subcircuits: Sequence[Subcircuit], shots: int
) -> float:
    """Seconds of a simulator for one point of every subcircuit."""
    angles = np.zeros((1, measured.n_parameters)) + 0.1
    seconds = 0.0
    # The first run, with two shots, compiles the circuits.
    for count in (2, shots):
        batch = batch_of(subcircuits, angles, count, "probe", 0)
        try:
            seconds = connection.collect(connection.submit(batch, "probe"), batch, MINUTE, lambda _: None).seconds
        except (JobFailed, TransientError) as error:
            raise UserError(f"the backend failed a trial run: {error}; choose another one") from None
    return seconds
