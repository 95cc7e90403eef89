"""The loop around the compiled steps: leaps of steps, and a report after each."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from hyperborn._typing import Probabilities
from hyperborn.compilation import keep_compiled_programs
from hyperborn.data.dataset import Dataset
from hyperborn.energy import energies as energies_of
from hyperborn.errors import UserError
from hyperborn.inference.functional import Functional
from hyperborn.posteriors import ExactPosterior
from hyperborn.progress import Progress
from hyperborn.training.definition import Definition
from hyperborn.training.plateau import History
from hyperborn.training.steps import Diagnosis, State, advance, diagnose, initial_state

RECORD_EVERY = 25
"""Steps between two records of the metrics log; leaps end there, so that every run has the same records."""

SECONDS_A_LEAP = 0.5
"""About how often a report comes, on slow problems more often than there are records."""


@dataclass(frozen=True)
class Problem:
    """What the data make of a definition: the energies of all 2^n networks (nats) and the prior's log probabilities."""

    energies: Float[np.ndarray, " states"]
    log_prior: Float[np.ndarray, " states"]

    @classmethod
    def of(cls, definition: Definition, data: Dataset, progress: Progress) -> "Problem":
        """The problem of the definition's network and prior on the training split."""
        table = energies_of(definition.network, data.train, progress=progress.counter("energies"))
        return cls(table, definition.prior.log_probabilities(definition.network))

    @cached_property
    def posterior(self) -> ExactPosterior:
        """What no approximation can beat."""
        return ExactPosterior(self.energies, self.log_prior)

    def functional(self, definition: Definition) -> Functional:
        """The definition's objective for this problem."""
        return definition.objective.bind(self.energies, self.log_prior)

    def loss(self, definition: Definition, q: Float[np.ndarray, " states"]) -> float:
        """The definition's objective of q (nats), in float64, which training does without."""
        with jax.enable_x64(True):
            functional = self.functional(definition)
            return float(value_of(functional, jnp.asarray(q))) + float(functional.lowest)


@jax.jit
def value_of(functional: Functional, q: Probabilities) -> Float[Array, ""]:
    """F[q] above the lowest energy, in one program."""
    return functional(q)


@dataclass(frozen=True)
class Position:
    """Where a run stands: all it needs to go on."""

    state: State
    step: int
    history: History
    finished: bool


@dataclass(frozen=True)
class Report:
    """A position, what it is worth, and the seconds that compiling and stepping have taken in this process.

    The diagnosis holds whole energies, in float64.
    """

    position: Position
    diagnosis: Diagnosis
    compile_seconds: float
    train_seconds: float

    @property
    def best(self) -> int:
        """The restart with the lowest loss."""
        return int(np.argmin(self.diagnosis.loss))

    @property
    def elbo(self) -> float:
        """Evidence lower bound of the best restart (nats)."""
        return -float(self.diagnosis.expected_energy[self.best] + self.diagnosis.kl[self.best])

    @property
    def recorded(self) -> bool:
        """Whether this position belongs into the metrics log."""
        return self.position.step % RECORD_EVERY == 0 or self.position.finished


def fresh(definition: Definition) -> Position:
    """The position before the first step."""
    keep_compiled_programs()
    return Position(initial_state(definition), 0, [], False)


def train(definition: Definition, problem: Problem, position: Position) -> Iterator[Report]:
    """Reports until the steps are done or a plateau is reached; the last one's position is finished.

    Raises:
        UserError: if a loss is not finite any more.
    """
    functional = problem.functional(definition)
    log_prior = jnp.asarray(problem.log_prior, jnp.float32)
    lowest = float(problem.energies.min())
    energies = jnp.asarray(problem.energies - lowest, jnp.float32)

    def leap(state: State, count: int) -> tuple[State, Diagnosis]:
        state = advance(
            state,
            functional,
            jnp.int32(count),
            posterior=definition.posterior,
            optimizer=definition.optimizer,
            annealing=definition.annealed,
            steps=definition.steps,
        )
        found = diagnose(state.params, functional, energies, log_prior, posterior=definition.posterior)
        return state, whole(found, float(functional.lowest), lowest)

    started = time.perf_counter()
    # No steps at all: this compiles, or loads what was compiled before.
    state, diagnosis = leap(position.state, 0)
    compile_seconds, train_seconds, length = time.perf_counter() - started, 0.0, 1
    check_finite(diagnosis, position.step)
    if not position.history:
        position = replace(position, history=[(position.step, diagnosis.loss.tolist())])
    yield Report(position, diagnosis, compile_seconds, train_seconds)
    while not position.finished:
        started = time.perf_counter()
        count = min(length, RECORD_EVERY - position.step % RECORD_EVERY, definition.steps - position.step)
        state, diagnosis = leap(position.state, count)
        seconds = max(time.perf_counter() - started, 1e-9)
        train_seconds += seconds
        length = int(np.clip(count * SECONDS_A_LEAP / seconds, 1, RECORD_EVERY))
        check_finite(diagnosis, position.step + count)
        position = moved(definition, position, state, position.step + count, diagnosis)
        yield Report(position, diagnosis, compile_seconds, train_seconds)


def moved(definition: Definition, before: Position, state: State, step: int, diagnosis: Diagnosis) -> Position:
    """The position after a leap; plateaus are looked for where records are made, at the same steps in every run."""
    history, flat = before.history, False
    if step % RECORD_EVERY == 0:
        history = [*history, (step, diagnosis.loss.tolist())]
        if definition.plateau:
            begin = definition.annealed.length(definition.steps) if definition.annealed else 0
            flat = definition.plateau.reached([entry for entry in history if entry[0] >= begin])
            history = definition.plateau.trimmed(history)
        else:
            history = history[-1:]
    return Position(state, step, history, flat or step >= definition.steps)


def whole(diagnosis: Diagnosis, offset: float, lowest: float) -> Diagnosis:
    """A diagnosis with what loss and energy (nats) leave out added, in NumPy arrays, float64."""
    loss, energy, kl = (np.asarray(row, np.float64) for row in diagnosis[:3])
    return Diagnosis(loss + offset, energy + lowest, kl, np.asarray(diagnosis.most_probable))


def check_finite(diagnosis: Diagnosis, step: int) -> None:
    """Raise a UserError if a loss is not a finite number."""
    lost = np.flatnonzero(~np.isfinite(diagnosis.loss))
    if lost.size:
        remedy = "a smaller learning rate or another optimizer" if step else "a smaller beta or weight"
        raise UserError(f"the loss of restart {lost[0]} is {diagnosis.loss[lost[0]]} at step {step}; use {remedy}")
