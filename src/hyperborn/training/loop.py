"""The training loop: it runs compiled steps several at a time, and reports after each group."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import isnan, nan
from typing import Any

import numpy as np

from hyperborn.errors import UserError
from hyperborn.training.definition import Definition
from hyperborn.training.plateau import History
from hyperborn.training.regime import Diagnosis, Problem
from hyperborn.training.regimes import regime_of
from hyperborn.training.state import TrainState, initial_state, started_at

SECONDS_A_LEAP = 2.0
"""Seconds between reports, about; slow problems report more often than they record.

The diagnosis of a convolutional network for images of 28 x 28 pixels takes 0.1 to 0.3 s, as long as 5 steps: with 0.5
here it was a third of a training's time, and on a busy machine nearly all of it.
"""


@dataclass(frozen=True)
class Position:
    """Where a run stands: all it needs to go on."""

    state: TrainState
    step: int
    plateau_history: History
    """Losses of all restarts by step, as far as the search for a plateau needs them."""
    finished: bool


@dataclass(frozen=True)
class Report:
    """A position, its losses, and the seconds that this process has spent on compiling and on steps.

    The diagnosis holds whole energies, in float64.
    """

    position: Position
    diagnosis: Diagnosis
    compile_seconds: float
    train_seconds: float
    recorded: bool
    """Whether this position is written to the metrics log."""
    accuracy: Callable[[], float] = lambda: nan
    """Accuracy of the best restart's most probable network, found when it is first asked for; see `fit.accuracy_of`.

    Not a number where nothing is predicted.
    """

    @property
    def best(self) -> int:
        """The restart with the lowest loss."""
        return int(np.argmin(self.diagnosis.loss))

    @property
    def elbo(self) -> float:
        """Evidence lower bound of the best restart (nats); not a number where KL is not known."""
        return -float(self.diagnosis.expected_energy[self.best] + self.diagnosis.kl[self.best])

    @property
    def record(self) -> dict[str, Any]:
        """What is kept of it as JSON can hold it: of the best restart, unless named otherwise; nats."""
        losses, best = self.diagnosis.loss, self.best
        return {
            "step": self.position.step,
            "loss": float(losses[best]),
            "losses": [float(loss) for loss in losses],
            "elbo": None if isnan(self.elbo) else self.elbo,
            "expected_energy": float(self.diagnosis.expected_energy[best]),
        }


def fresh(definition: Definition) -> Position:
    """The position before the first step."""
    state = initial_state(definition)
    return Position(state._replace(memory=regime_of(definition).memory(definition, state.params)), 0, [], False)


def begun(definition: Definition, params: np.ndarray) -> Position:
    """The position before the first step where every restart begins with these parameters."""
    position = fresh(definition)
    state = started_at(definition, position.state, params)
    return replace(position, state=state._replace(memory=regime_of(definition).memory(definition, state.params)))


def train(definition: Definition, problem: Problem, position: Position) -> Iterator[Report]:
    """Reports until the steps are done or a plateau is reached; the last one's position is finished.

    Raises:
        UserError: if a loss is not finite any more.
    """
    every = regime_of(definition).record_every(definition)
    started = time.perf_counter()
    # No steps at all: this compiles, or loads what was compiled before.
    # What single precision cannot hold becomes infinite here, which `check_finite` explains.
    with np.errstate(over="ignore"):
        state, diagnosis = problem.advance(position.state, 0)
    compile_seconds, train_seconds, length = time.perf_counter() - started, 0.0, 1
    check_finite(definition, diagnosis, position.step)
    if not position.plateau_history:
        position = replace(position, plateau_history=[(position.step, diagnosis.loss.tolist())])
    due = position.step % every == 0 or position.finished
    yield Report(position, diagnosis, compile_seconds, train_seconds, due)
    while not position.finished:
        started = time.perf_counter()
        # Groups of steps end where records are made, so that every run has the same records.
        count = min(length, every - position.step % every, definition.steps - position.step)
        state, diagnosis = problem.advance(position.state, count)
        seconds = max(time.perf_counter() - started, 1e-9)
        train_seconds += seconds
        length = int(np.clip(count * SECONDS_A_LEAP / seconds, 1, every))
        check_finite(definition, diagnosis, position.step + count)
        position = moved(definition, position, state, position.step + count, diagnosis)
        due = position.step % every == 0 or position.finished
        yield Report(position, diagnosis, compile_seconds, train_seconds, due)


def moved(definition: Definition, before: Position, state: TrainState, step: int, diagnosis: Diagnosis) -> Position:
    """The position after a group of steps. Plateaus are looked for at records: at the same steps in every run."""
    regime, history, flat = regime_of(definition), before.plateau_history, False
    if step % regime.record_every(definition) == 0:
        history = [*history, (step, diagnosis.loss.tolist())]
        if plateau := regime.plateau(definition):
            annealing = regime.annealing(definition)
            begin = annealing.length(definition.steps) if annealing else 0
            flat = plateau.reached([entry for entry in history if entry[0] >= begin])
            history = plateau.trimmed(history)
        else:
            history = history[-1:]
    return Position(state, step, history, flat or step >= definition.steps)


def check_finite(definition: Definition, diagnosis: Diagnosis, step: int) -> None:
    """Raise a UserError if a loss is not a finite number."""
    lost = np.flatnonzero(~np.isfinite(diagnosis.loss))
    if lost.size:
        worst = lost[0]
        if step:
            remedy = "use a smaller learning rate or another optimizer"
        elif not np.isfinite(diagnosis.expected_energy[worst]) and isinstance(definition.network, int):
            remedy = "an energy is NaN or infinite in single precision: give smaller or finite ones"
        elif not np.isfinite(diagnosis.expected_energy[worst]):
            remedy = "the features or the network's values are too large: standardise the features, or scale them down"
        else:
            remedy = "use a smaller beta or weight"
        raise UserError(f"the loss of restart {worst} is {diagnosis.loss[worst]} at step {step}; {remedy}")
