"""Training from shots: every step is one job of a backend."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from hyperborn._typing import Parameters
from hyperborn.backends import mitigation
from hyperborn.backends.backend import Connection
from hyperborn.backends.batch import Batch, Counts
from hyperborn.backends.mitigation import Readout
from hyperborn.backends.outcomes import Outcomes
from hyperborn.data.dataset import Dataset, Split
from hyperborn.inference.estimators.shot_estimator import ShotEstimator
from hyperborn.inference.sampled import Reading, Standing, Variation, variation_of
from hyperborn.inference.sampled.reading_out import reading_of
from hyperborn.posteriors.sampled import SampledPosterior, Turn, batch_of, seed_from, width_of
from hyperborn.training.definition import Definition
from hyperborn.training.optimizers import Optimizer
from hyperborn.training.problem import Leap, Problem
from hyperborn.training.steps import Diagnosis, Memory, State

NUMBERS: tuple[str, ...] = ("loss", "expected_energy", "standard_error", "charge")
"""What is reported, in the order in which it is shown: from the shots of the result, noise and all."""

CALIBRATION_SHOTS = 10_000
"""Shots of each of the two circuits that tell how often qubits are read wrongly."""

LEAST_OF_RESULT = 1000
"""Shots that the result is drawn with, at least: predictions are averages over them."""

LOOK, STEP, RESULT, READOUT, ELSEWHERE = range(1, 6)
"""What random numbers are for: each purpose has a stream of its own."""


@runtime_checkable
class Sampler(Protocol):
    """A connection with somebody in front of it who sees that nothing is paid for twice."""

    connection: Connection

    def sample(self, batch: Batch) -> tuple[Counts, ...]: ...


@dataclass(frozen=True, eq=False)
class Measured(Problem):
    """The training split, and where circuits are measured.

    Everything random in a step, shots of simulators included, follows from the seed, the step and nothing else: a run
    that is resumed asks for the very batches that it would have asked for.
    """

    train: Split
    sampler: Sampler

    @classmethod
    def of(cls, data: Dataset, sampler: Sampler) -> "Measured":
        """The problem of learning from the training split."""
        return cls(data.train, sampler)

    def leaper(self, definition: Definition) -> Leap:
        bench = Bench.of(definition, self)
        estimator, steps = bench.estimator, definition.steps

        def one_step(state: State) -> State:
            step, params = int(state.step), np.asarray(state.params)
            random = stream(definition, STEP, step)
            flat = params.reshape(len(params), -1)
            designs = [estimator.design(bench.posterior, step, random) for _ in flat]
            points = [design.points(own) for design, own in zip(designs, flat, strict=True)]
            readings = bench.read(points, estimator.shots_at(step, steps), f"step-{step:06d}", random)
            standings, gradients = [], []
            for design, reading in zip(designs, readings, strict=True):
                gradients.append(design.gradient(bench.posterior.banks, bench.variation.differences(reading, random)))
                standings.append(bench.variation.standing(reading, random))
            gradient = jnp.asarray(np.stack(gradients).reshape(params.shape), jnp.float32)
            moved, optimizer = update(state.params, gradient, state.optimizer, definition.optimizer, steps)
            average = averaged(estimator, step, steps, state.memory.average, np.asarray(moved))
            if step + 1 == steps and estimator.averaged:
                moved = jnp.asarray(average, jnp.float32)
            return State(state.step + 1, state.key, moved, optimizer, memory_of(standings, average))

        def leap(state: State, count: int) -> tuple[State, Diagnosis]:
            for _ in range(count):
                state = one_step(state)
            if np.isnan(state.memory.loss).any():
                state = state._replace(memory=bench.look(state, "first"))
            elif count and int(state.step) == steps and definition.restarts > 1:
                # Which restart is the best is told by where they ended, not by what was measured on the way there.
                state = state._replace(memory=bench.look(state, "last"))
            known: Memory = state.memory
            unknown = np.full(len(known.loss), np.nan)
            return state, Diagnosis(known.loss, known.expected_energy, unknown, known.most_probable)

        return leap

    def numbers(self, definition: Definition, params: Float[np.ndarray, "..."]) -> dict[str, float]:
        bench = Bench.of(definition, self)
        random = stream(definition, RESULT)
        standing = bench.variation.standing(bench.result(params, random), random)
        error = standing.energy.standard_error
        return {
            "loss": standing.loss,
            "expected_energy": standing.energy.mean,
            "standard_error": float("nan") if error is None else error,
            "charge": standing.charge,
        }

    def outcomes(self, definition: Definition, params: Float[np.ndarray, "..."]) -> Outcomes:
        """Whole networks as the backend gives them at trained parameters: those that predict."""
        random = stream(definition, RESULT)
        return whole_networks(Bench.of(definition, self).result(params, random), random)


@dataclass(frozen=True, eq=False)
class Bench:
    """Everything that a step needs: what to measure, where, and what to make of it."""

    definition: Definition
    posterior: SampledPosterior
    estimator: ShotEstimator
    turns: tuple[Turn, ...]
    sampler: Sampler
    variation: Variation
    readouts: tuple[Readout, ...] | None

    @classmethod
    def of(cls, definition: Definition, problem: Measured) -> "Bench":
        """The bench of a run; where readout is mitigated, it is calibrated."""
        posterior, estimator = definition.posterior, definition.estimator
        assert isinstance(posterior, SampledPosterior)
        assert isinstance(estimator, ShotEstimator)
        turns = posterior.turns(width_of(problem.sampler.connection))
        variation = variation_of(definition.objective, definition.prior, definition.network, problem.train, posterior)
        readouts = None
        if posterior.mitigation == "readout":
            batch = calibration(turns, seed_from(stream(definition, READOUT)), "readout")
            readouts = readouts_of(problem.sampler.sample(batch), len(turns))
        return cls(definition, posterior, estimator, turns, problem.sampler, variation, readouts)

    def read(
        self, points: list[Float[np.ndarray, "points parameters"]], shots: int, label: str, random: np.random.Generator
    ) -> list[Reading]:
        """One reading for each restart's points, of which all are as many; all in one job."""
        batch = batch_of(self.turns, np.concatenate(points), shots, label, seed_from(random))
        counts, total = self.sampler.sample(batch), sum(map(len, points))
        by_turn = [counts[place * total : (place + 1) * total] for place in range(len(self.turns))]
        own = len(points[0])
        # Beside pairs there is the centre, or nothing.
        return [
            reading_of(
                self.posterior, self.turns, [turn[start : start + own] for turn in by_turn], self.readouts, own % 2
            )
            for start in range(0, total, own)
        ]

    def look(self, state: State, label: str) -> Memory:
        """How all restarts stand before the first step, or after the last one."""
        params, step = np.asarray(state.params), int(state.step)
        random = stream(self.definition, LOOK, step)
        shots = self.estimator.shots_at(min(step, self.definition.steps - 1), self.definition.steps)
        readings = self.read([own.reshape(1, -1) for own in params], shots, label, random)
        return memory_of([self.variation.standing(reading, random) for reading in readings], state.memory.average)

    def result(self, params: Float[np.ndarray, "..."], random: np.random.Generator) -> Reading:
        """What the backend gives at trained parameters."""
        return self.read([params.reshape(1, -1)], shots_of_result(self.estimator), "result", random)[0]


def shots_of_result(estimator: ShotEstimator) -> int:
    """Shots that the result is drawn with."""
    return max(estimator.most_shots, LEAST_OF_RESULT)


def readouts_of(counts: Sequence[Counts], turns: int) -> tuple[Readout, ...]:
    """What the counts of `calibration` say of the readout, turn by turn."""
    return tuple(Readout.of(counts[2 * place : 2 * place + 2]) for place in range(turns))


def whole_networks(reading: Reading, random: np.random.Generator) -> Outcomes:
    """The reading of one point as whole networks; registers of different turns are put together at random."""
    if len(reading.turns) == 1:
        return in_order(reading.turns[0], reading.outcomes[0][0])
    return Outcomes.of(Counts.of(reading.networks(reading.outcomes[0][0].shots, random)))


def calibration(turns: Sequence[Turn], seed: int, label: str) -> Batch:
    """The job that prepares all zeros and all ones on the qubits of every turn."""
    return Batch(
        label,
        tuple(mitigation.calibration(turn.circuit) for turn in turns),
        CALIBRATION_SHOTS,
        seed,
    )


def stream(definition: Definition, purpose: int, step: int = 0) -> np.random.Generator:
    """Random numbers for one purpose at one step."""
    return np.random.default_rng([definition.seed, purpose, step])


def memory_of(standings: list[Standing], average: Float[np.ndarray, "..."]) -> Memory:
    return Memory(
        np.array([standing.loss for standing in standings]),
        np.array([standing.energy.mean for standing in standings]),
        np.stack([standing.most_probable for standing in standings]),
        average,
    )


def averaged(
    estimator: ShotEstimator, step: int, steps: int, mean: Float[np.ndarray, "..."], params: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "..."]:
    """The mean of the angles after the steps of the last share, this one included."""
    begin = min(steps - 1, int(np.ceil(steps * (1.0 - estimator.averaged))))
    return mean if step < begin else mean + (params.astype(np.float64) - mean) / (step - begin + 1)


def in_order(turn: Turn, outcomes: Outcomes) -> Outcomes:
    """Outcomes of the only turn, with the bits in the order of the weights."""
    bits = np.empty_like(outcomes.bits)
    bits[:, turn.weights] = outcomes.bits
    return Outcomes(bits, outcomes.weights, outcomes.shots)


@partial(jax.jit, static_argnums=(3, 4))
def update(
    params: Parameters, gradient: Array, state: optax.OptState, optimizer: Optimizer, steps: int
) -> tuple[Parameters, optax.OptState]:
    """One step of the optimizer for every restart."""
    rule = optimizer.transformation(steps)

    def one(given: tuple[Parameters, Array, optax.OptState]) -> tuple[Parameters, optax.OptState]:
        own, gradient, state = given
        change, state = rule.update(gradient, state, own)
        return own + jnp.asarray(change), state

    return jax.lax.map(one, (params, gradient, state))
