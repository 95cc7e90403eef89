"""From a definition and data to a trained posterior; `hyperborn.fitting` has what a user calls."""

import threading
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hyperborn.arguments import check_kind
from hyperborn.compilation import check_process
from hyperborn.data.dataset import Dataset
from hyperborn.energy import OwnEnergies
from hyperborn.errors import UserError
from hyperborn.networks import Network, fitted
from hyperborn.predictive import own_units, predictions_of_networks
from hyperborn.printable import shown
from hyperborn.progress import Progress
from hyperborn.training.definition import KINDS_OF_ARGUMENTS, Definition
from hyperborn.training.history import TrainingHistory
from hyperborn.training.interruption import Interrupted, interruptible
from hyperborn.training.loop import Position, Report, fresh, train
from hyperborn.training.regime import Problem, Resources
from hyperborn.training.regimes import regime_of
from hyperborn.training.result import SECONDS, Result

EXAMPLES_FOR_ACCURACY = 1000
"""Training examples, at most, that the accuracy is told on as training goes."""

Watcher = Callable[[Report], bool | None]
"""Is told every report; True from it ends the training there."""


def model_and_data(
    network: Any, data: Any, sample_weight: ArrayLike | None = None
) -> tuple[Network | int, Dataset | OwnEnergies, int]:
    """The network and the data of a definition, as `hyperborn.fit` is given them, and the number of training examples.

    Their training split is weighted by `sample_weight`.

    Raises:
        UserError: if they are not what their arguments take.
    """
    check_kind("network", network, (Network, OwnEnergies), KINDS_OF_ARGUMENTS["network"][1])
    if isinstance(network, OwnEnergies):
        if data is not None:
            raise UserError(f"data = {shown(data)}: energies of your own take no data; leave it out")
        if sample_weight is not None:
            raise UserError("sample_weight weighs examples, and energies of your own have none; leave it out")
        return network.n_bits, network, network.n_examples
    data = weighted(data, sample_weight)
    return network, data, len(data.train)


def weighted(data: Any, sample_weight: ArrayLike | None) -> Dataset:
    """The data set, its training split weighted, as `hyperborn.fit` is given them.

    Raises:
        UserError: for what is no data set, or no weights of its examples.
    """
    check_kind("data", data, (Dataset,), KINDS_OF_ARGUMENTS["data"][1], hashable=False)
    assert isinstance(data, Dataset)
    if sample_weight is None:
        return data
    return replace(data, train=data.train.weighted("sample_weight", sample_weight))


def run(
    definition: Definition,
    data: Dataset | OwnEnergies,
    resources: Resources,
    watch: Watcher | None = None,
    position: Position | None = None,
    describe: str | None = None,
    problem: Problem | None = None,
) -> Result:
    """Train a definition from its start, or from a position, calling `watch` with every report until it returns True.

    `describe` names the stage to the person who waits; `problem` is what `Regime.prepare` makes of the definition and
    the data, for whoever has it already.

    Raises:
        UserError: if the data do not fit the network, a loss is not finite any more, or in a forked process.
        Interrupted: after Ctrl-C.
    """
    definition.check(data)
    check_process()
    clock = time.perf_counter()
    prepared = (
        regime_of(definition).prepare(definition, definition.energies(data), resources)
        if problem is None
        else nullcontext(problem)
    )
    with prepared as ready:
        energy_seconds = time.perf_counter() - clock
        stage = describe or f"training {definition.objective.name}"
        report, history = trained(definition, data, resources.progress, ready, position, watch, stage)
        seconds = dict(zip(SECONDS, (energy_seconds, report.compile_seconds, report.train_seconds), strict=True))
        return result_of(definition, data, ready, report, seconds, history)


def trained(
    definition: Definition,
    data: Dataset | OwnEnergies,
    progress: Progress,
    problem: Problem,
    position: Position | None,
    watch: Watcher | None,
    stage: str,
) -> tuple[Report, TrainingHistory]:
    """The last report of a training, and its records."""
    show = progress.training(definition.steps, stage)
    report: Report | None = None
    records: list[dict[str, Any]] = []
    with interruptible() as interrupted, closing(show):
        for report in train(definition, problem, position or fresh(definition)):
            # Many reports are neither recorded nor shown, and some are both: shown by another thread.
            if isinstance(data, Dataset):
                report = replace(report, accuracy=Once(partial(accuracy_of, definition, data, report)))
            stop = watch(report) if watch else None
            if report.recorded or stop:
                records.append(report.record)
            # A plateau may end the run early, and the bar with it.
            shown = definition.steps if report.position.finished else report.position.step
            show(shown, partial(metrics_text, report, definition.score))
            if number := interrupted():
                raise Interrupted(f"stopped at step {report.position.step} of {definition.steps}", number)
            if stop:
                break
    assert report is not None, "training reports at least once"
    return report, TrainingHistory.of(records)


class Once:
    """A number that is found when it is first asked for, and once, whichever threads ask."""

    def __init__(self, find: Callable[[], float]) -> None:
        self._find = find
        self._found: float | None = None
        self._lock = threading.Lock()

    def __call__(self) -> float:
        with self._lock:
            if self._found is None:
                self._found = self._find()
            return self._found


def result_of(
    definition: Definition,
    data: Dataset | OwnEnergies,
    problem: Problem,
    report: Report,
    seconds: dict[str, float],
    history: TrainingHistory,
) -> Result:
    """The result of the best restart, of a run that is finished or was stopped by its watcher."""
    params = np.asarray(report.position.state.params)[report.best]
    losses = tuple(float(loss) for loss in report.diagnosis.loss)
    numbers, outcomes = problem.findings(params)
    step, early = report.position.step, not report.position.finished
    return Result(
        definition,
        data,
        params,
        losses,
        step,
        numbers,
        seconds,
        outcomes,
        stopped_by_callback=early,
        history=history,
        trained_here=True,
    )


def accuracy_of(definition: Definition, data: Dataset, report: Report) -> float:
    """How the best restart's most probable network does on the training split, on at most 1000 examples.

    Its accuracy, or of a regression the root of its mean squared error in the units of the target.
    """
    network, bits = definition.network, np.asarray(report.diagnosis.most_probable)[[report.best]]
    assert isinstance(network, Network)
    side = np.asarray(report.position.state.params)[report.best].reshape(-1)[definition.posterior.n_parameters :]
    split, weights = data.train, data.train.weights
    # A score of examples of weight 0 alone does not exist.
    places = np.arange(len(split)) if weights is None else np.flatnonzero(weights)
    rows = places[np.linspace(0, len(places) - 1, min(EXAMPLES_FOR_ACCURACY, len(places))).astype(np.int64)]
    found = predictions_of_networks(fitted(network, side), split.x[rows], bits)
    labels = data.preprocessing.own_labels(split.y[rows])
    return own_units(found, data).quick_score(labels, None if weights is None else weights[rows])


def metrics_text(report: Report, name: str = "accuracy") -> str:
    """What is shown beside the bar; nats, and the score of this name, where there is one."""
    parts = [f"loss {float(report.diagnosis.loss[report.best]):.4g}"]
    if not np.isnan(report.elbo):
        parts.append(f"elbo {report.elbo:.4g}")
    score = report.accuracy()
    if not np.isnan(score):
        parts.append(f"acc {score:.2f}" if name == "accuracy" else f"{name} {score:.4g}")
    return " ".join(parts)
