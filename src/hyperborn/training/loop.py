"""The loop around the compiled steps: leaps of steps, and a report after each."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from hyperborn.inference.functional import Functional
from hyperborn.training.definition import Definition
from hyperborn.training.plateau import History
from hyperborn.training.steps import Diagnosis, State, advance, diagnose

RECORD_EVERY = 25
"""Steps between two records of the metrics log; leaps end there, so that every run has the same records."""

SECONDS_A_LEAP = 0.5
"""About how often a report comes, on slow problems more often than there are records."""


@dataclass(frozen=True)
class Problem:
    """What the data make of a definition: the energies of all 2^n networks (nats) and the prior's log probabilities."""

    energies: Float[np.ndarray, " states"]
    log_prior: Float[np.ndarray, " states"]

    def functional(self, definition: Definition) -> Functional:
        """The definition's objective for this problem."""
        return definition.objective.bind(self.energies, self.log_prior)


@dataclass(frozen=True)
class Position:
    """Where a run stands: all it needs to go on."""

    state: State
    step: int
    history: History
    finished: bool


@dataclass(frozen=True)
class Report:
    """A position, what it is worth, and the seconds that compiling and stepping have taken in this process."""

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


def train(definition: Definition, problem: Problem, position: Position) -> Iterator[Report]:
    """Reports until the steps are done or a plateau is reached; the last one's position is finished."""
    functional = problem.functional(definition)
    log_prior = jnp.asarray(problem.log_prior, jnp.float32)
    started = time.perf_counter()
    # No steps at all: this compiles, or loads what was compiled before.
    state = leap(definition, functional, position.state, 0)
    diagnosis = look(definition, functional, log_prior, state)
    compile_seconds = time.perf_counter() - started
    position = replace(position, state=state)
    if position.step == 0 and not position.history:
        position = replace(position, history=[(0, diagnosis.loss.tolist())])
    yield Report(position, diagnosis, compile_seconds, 0.0)
    train_seconds, length = 0.0, 1
    while not position.finished:
        started = time.perf_counter()
        count = min(length, RECORD_EVERY - position.step % RECORD_EVERY, definition.steps - position.step)
        state = leap(definition, functional, position.state, count)
        diagnosis = look(definition, functional, log_prior, state)
        seconds = time.perf_counter() - started
        train_seconds += seconds
        length = int(np.clip(count * SECONDS_A_LEAP / seconds, 1, RECORD_EVERY))
        position = moved(definition, position, state, position.step + count, diagnosis)
        yield Report(position, diagnosis, compile_seconds, train_seconds)


def moved(definition: Definition, before: Position, state: State, step: int, diagnosis: Diagnosis) -> Position:
    """The position after a leap; plateaus are looked for where records are made, at the same steps in every run."""
    history, flat = before.history, False
    if step % RECORD_EVERY == 0:
        history = [*history, (step, diagnosis.loss.tolist())]
        if definition.plateau:
            flat = definition.plateau.reached(history)
            history = definition.plateau.trimmed(history)
        else:
            history = history[-1:]
    return Position(state, step, history, flat or step >= definition.steps)


def leap(definition: Definition, functional: Functional, state: State, count: int) -> State:
    state = advance(
        state,
        functional,
        jnp.asarray(count),
        posterior=definition.posterior,
        optimizer=definition.optimizer,
        steps=definition.steps,
    )
    return jax.block_until_ready(state)


def look(definition: Definition, functional: Functional, log_prior: jax.Array, state: State) -> Diagnosis:
    diagnosis = diagnose(state.params, functional, log_prior, posterior=definition.posterior)
    return jax.tree.map(np.asarray, diagnosis)
