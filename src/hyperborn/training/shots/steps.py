"""One step from shots: one job measures points around the parameters, and their differences give the gradient."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol, cast, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, UInt8

from hyperborn._typing import Parameters
from hyperborn.backends import mitigation
from hyperborn.backends.backend import Connection
from hyperborn.backends.batch import Batch, Counts
from hyperborn.backends.mitigation import Readout
from hyperborn.backends.outcomes import Outcomes
from hyperborn.energy import EnergySource
from hyperborn.training.definition import Definition
from hyperborn.training.optimizers import Optimizer, update_rule_of
from hyperborn.training.regime import Diagnosis, Findings, Problem
from hyperborn.training.scheduled import Scheduled
from hyperborn.training.shots.estimator import ShotEstimator
from hyperborn.training.shots.measured_angles import MeasuredAngles
from hyperborn.training.shots.measurement import Measurement
from hyperborn.training.shots.posteriors import ShotPosterior
from hyperborn.training.shots.readout import measurement_of
from hyperborn.training.shots.subcircuits import Subcircuit, batch_of, seed_from, width_of
from hyperborn.training.shots.variation import FirstVariation, ObjectiveEstimate
from hyperborn.training.state import TrainState

CALIBRATION_SHOTS = 10_000
"""Shots of each of the two circuits that calibrate the readout."""

LEAST_OF_RESULT = 1000
"""Fewest shots of the result: predictions are averages over them."""

LOOK, STEP, RESULT, READOUT, EVALUATION = range(1, 6)
"""Purposes of random numbers: each has its own stream."""


@runtime_checkable
class Sampler(Protocol):
    """A connection with a ledger, so that no batch is paid for twice."""

    connection: Connection

    def sample(self, batch: Batch) -> tuple[Counts, ...]: ...


class Memory(NamedTuple):
    """Results of each restart's last measurement (nan before the first), and the mean of its late angles (radians)."""

    loss: Float[np.ndarray, " restarts"]
    expected_energy: Float[np.ndarray, " restarts"]
    most_probable: UInt8[np.ndarray, "restarts n"]
    average: Float[np.ndarray, "restarts ..."]


@dataclass(frozen=True, eq=False)
class ShotsProblem(Problem):
    """A definition, its energies, and the sampler that measures circuits.

    All random numbers of a step, shots of simulators included, depend only on the seed and the step. A resumed run
    therefore requests the same batches as an uninterrupted one.
    """

    definition: Definition
    energies: EnergySource
    sampler: Sampler

    @property
    def posterior(self) -> ShotPosterior:
        """The posterior that the estimator has accepted."""
        return cast(ShotPosterior, self.definition.posterior)

    @property
    def estimator(self) -> ShotEstimator:
        """Where circuits are measured around the parameters."""
        return cast(ShotEstimator, self.definition.estimator)

    @cached_property
    def subcircuits(self) -> tuple[Subcircuit, ...]:
        """The circuits that run at every point."""
        return self.angles.measured.subcircuits(width_of(self.sampler.connection))

    @cached_property
    def angles(self) -> MeasuredAngles:
        """The angles of these circuits, as functions of the parameters."""
        return self.estimator.measured(self.posterior)

    @cached_property
    def variation(self) -> FirstVariation:
        """The objective, bound to energies and prior."""
        definition = self.definition
        return self.posterior.variation(definition.objective, definition.prior, definition.network, self.energies)

    @cached_property
    def readouts(self) -> tuple[Readout, ...] | None:
        """The readout errors, measured once in a process; None without mitigation."""
        if self.posterior.mitigation != "readout":
            return None
        batch = calibration(self.subcircuits, seed_from(stream(self.definition, READOUT)), "readout")
        return readouts_of(self.sampler.sample(batch), len(self.subcircuits))

    def advance(self, state: TrainState, steps: int) -> tuple[TrainState, Diagnosis]:
        for _ in range(steps):
            state = self.step(state)
        if np.isnan(state.memory.loss).any():
            state = state._replace(memory=self.look(state, "first"))
        elif steps and int(state.step) == self.definition.steps and self.definition.restarts > 1:
            # The best restart is chosen by its final parameters, not by earlier measurements.
            state = state._replace(memory=self.look(state, "last"))
        known: Memory = state.memory
        unknown = np.full(len(known.loss), np.nan)
        return state, Diagnosis(known.loss, known.expected_energy, unknown, known.most_probable)

    def step(self, state: TrainState) -> TrainState:
        """The state after one more step, which is one job for all restarts."""
        estimator, steps = self.estimator, self.definition.steps
        step, params = int(state.step), np.asarray(state.params)
        random = stream(self.definition, STEP, step)
        flat = params.reshape(len(params), -1)
        designs = [estimator.design(self.posterior, step, random) for _ in flat]
        points = [design.points(self.angles.at(own)) for design, own in zip(designs, flat, strict=True)]
        centre = int(designs[0].centre)
        measured = self.measure(points, centre, estimator.shots_at(step, steps), f"step-{step:06d}", random)
        estimates, gradients = [], []
        for design, measurement in zip(designs, measured, strict=True):
            differences = self.variation.differences(measurement, random)
            gradients.append(design.gradient(self.posterior.groups, differences))
            estimates.append(self.variation.estimate(measurement, random))
        gradient = jnp.asarray(np.stack(gradients).reshape(params.shape), jnp.float32)
        scheduled = Scheduled(self.definition.optimizer, steps)
        moved, optimizer = update(state.params, gradient, state.optimizer, scheduled)
        average = averaged(estimator, step, steps, state.memory.average, np.asarray(moved))
        if step + 1 == steps and estimator.averaged:
            moved = jnp.asarray(average, jnp.float32)
        return TrainState(state.step + 1, state.key, moved, optimizer, memory_of(estimates, average))

    def measure(
        self,
        points: list[Float[np.ndarray, "points angles"]],
        centre: int,
        shots: int,
        label: str,
        random: np.random.Generator,
    ) -> list[Measurement]:
        """One measurement for each restart, all in one job.

        Args:
            points: the points of each restart (radians), the same number for all: `centre` of them first, then pairs.
            centre: number of each restart's points at the angles of its parameters.
            shots: shots of every point.
            label: label of the job.
            random: source of the seed of simulated shots.
        """
        readouts = self.readouts
        batch = batch_of(self.subcircuits, np.concatenate(points), shots, label, seed_from(random))
        counts, total, own = self.sampler.sample(batch), sum(map(len, points)), len(points[0])
        by_subcircuit = [counts[place * total : (place + 1) * total] for place in range(len(self.subcircuits))]
        return [
            measurement_of(
                self.subcircuits,
                [found[start : start + own] for found in by_subcircuit],
                readouts,
                centre,
                self.angles.measured.register_subcircuits,
            )
            for start in range(0, total, own)
        ]

    def look(self, state: TrainState, label: str) -> Memory:
        """The results of a measurement of all restarts, before the first step or after the last one."""
        params, step = np.asarray(state.params), int(state.step)
        random = stream(self.definition, LOOK, step)
        shots = self.estimator.shots_at(min(step, self.definition.steps - 1), self.definition.steps)
        measured = self.measure([self.angles.at(own.reshape(-1))[None] for own in params], 1, shots, label, random)
        return memory_of([self.variation.estimate(one, random) for one in measured], state.memory.average)

    def findings(self, params: Float[np.ndarray, "..."]) -> Findings:
        random, shots = stream(self.definition, RESULT), shots_of_result(self.estimator)
        (measurement,) = self.measure([self.angles.at(params.reshape(-1))[None]], 1, shots, "result", random)
        # Both go on from here: what the networks are does not depend on what the estimate draws.
        outcomes = joint_outcomes(measurement, deepcopy(random))
        estimate = self.variation.estimate(measurement, random, error=True)
        found = {
            "loss": estimate.loss,
            "expected_energy": estimate.energy.mean,
            "standard_error": estimate.energy.standard_error,
            "penalty": estimate.penalty,
        }
        return Findings({name: number for name, number in found.items() if number is not None}, outcomes)


def shots_of_result(estimator: ShotEstimator) -> int:
    """Shots of the result."""
    return max(estimator.most_shots, LEAST_OF_RESULT)


def readouts_of(counts: Sequence[Counts], subcircuits: int) -> tuple[Readout, ...]:
    """The readout errors of each subcircuit, from the counts of `calibration`."""
    return tuple(Readout.of(counts[2 * place : 2 * place + 2]) for place in range(subcircuits))


def joint_outcomes(measurement: Measurement, random: np.random.Generator) -> Outcomes:
    """The measurement of one point as complete networks; shots of different subcircuits are combined at random."""
    if len(measurement.subcircuits) == 1:
        return in_order(measurement.subcircuits[0], measurement.outcomes[0][0])
    return Outcomes.of(Counts.of(measurement.networks(measurement.outcomes[0][0].shots, random)))


def calibration(subcircuits: Sequence[Subcircuit], seed: int, label: str) -> Batch:
    """The job that prepares all zeros and all ones on the qubits of every subcircuit."""
    return Batch(
        label, tuple(mitigation.calibration_preparations(own.circuit) for own in subcircuits), CALIBRATION_SHOTS, seed
    )


def stream(definition: Definition, purpose: int, step: int = 0) -> np.random.Generator:
    """Random numbers for one purpose at one step."""
    return np.random.default_rng([definition.seed, purpose, step])


def memory_of(estimates: list[ObjectiveEstimate], average: Float[np.ndarray, "..."]) -> Memory:
    return Memory(
        np.array([estimate.loss for estimate in estimates]),
        np.array([estimate.energy.mean for estimate in estimates]),
        np.stack([estimate.most_probable for estimate in estimates]),
        average,
    )


def averaged(
    estimator: ShotEstimator, step: int, steps: int, mean: Float[np.ndarray, "..."], params: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "..."]:
    """The mean of the angles (radians) over the late steps so far, including this one."""
    begin = min(steps - 1, int(np.ceil(steps * (1.0 - estimator.averaged))))
    return mean if step < begin else mean + (params.astype(np.float64) - mean) / (step - begin + 1)


def in_order(subcircuit: Subcircuit, outcomes: Outcomes) -> Outcomes:
    """Outcomes of the only subcircuit, with the bits in the order of the weights."""
    bits = np.empty_like(outcomes.bits)
    bits[:, subcircuit.weights] = outcomes.bits
    return Outcomes(bits, outcomes.weights, outcomes.shots)


@jax.jit
def update(
    params: Parameters, gradient: Array, state: optax.OptState, optimizer: Scheduled[Optimizer]
) -> tuple[Parameters, optax.OptState]:
    """One step of the optimizer for every restart."""
    rule = update_rule_of(optimizer)

    def one(given: tuple[Parameters, Array, optax.OptState]) -> tuple[Parameters, optax.OptState]:
        own, gradient, state = given
        change, state = rule.update(gradient, state, own)
        return own + jnp.asarray(change), state

    return jax.lax.map(one, (params, gradient, state))
