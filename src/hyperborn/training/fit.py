"""From a network and data to a trained posterior."""

import threading
import time
import warnings
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from optax import GradientTransformation

from hyperborn.arguments import check_kind, path_of
from hyperborn.backends.jobs.budget import Limits
from hyperborn.compilation import check_process
from hyperborn.data.dataset import Dataset
from hyperborn.energy import OwnEnergies
from hyperborn.errors import UserError
from hyperborn.networks import Network, fitted
from hyperborn.objectives.objectives import Objective
from hyperborn.posteriors import SPREAD, Posterior
from hyperborn.predictive import own_units, predictions_of_networks
from hyperborn.printable import shown
from hyperborn.priors import Prior, Uniform
from hyperborn.progress import Progress
from hyperborn.training.annealing import Annealing, AnnealingSchedule
from hyperborn.training.callbacks import Callback, asks_to_stop, check_callback
from hyperborn.training.defaults import BATCH_SIZE, definition_with_defaults
from hyperborn.training.definition import KINDS_OF_ARGUMENTS, Definition
from hyperborn.training.estimator import Estimator
from hyperborn.training.history import TrainingHistory
from hyperborn.training.interruption import Interrupted, interruptible
from hyperborn.training.loop import Position, Report, fresh, train
from hyperborn.training.optimizers import Optimizer
from hyperborn.training.plateau import Plateau
from hyperborn.training.regime import Problem, Resources
from hyperborn.training.regimes import regime_of
from hyperborn.training.result import SECONDS, Result
from hyperborn.training.serialization import check_saved

EXAMPLES_FOR_ACCURACY = 1000
"""Training examples, at most, that the accuracy is told on as training goes."""

Watcher = Callable[[Report], bool | None]
"""Is told every report; True from it ends the training there."""


def fit(
    network: Network | OwnEnergies,
    data: Dataset | None = None,
    *,
    sample_weight: ArrayLike | None = None,
    objective: Objective | None = None,
    posterior: Posterior | None = None,
    estimator: Estimator | None = None,
    prior: Prior = Uniform(),
    optimizer: Optimizer | GradientTransformation | None = None,
    annealing: AnnealingSchedule | None = Annealing(),
    plateau: Plateau | None = Plateau(),
    steps: int | None = None,
    batch_size: int = BATCH_SIZE,
    restarts: int | None = None,
    seed: int = 0,
    spread: float = SPREAD,
    limits: Limits | None = None,
    ledger: str | Path | None = None,
    callback: Callback | None = None,
    progress: bool = True,
) -> Result:
    """Train a posterior over a binary network's weights, or over bits; the best of several restarts is kept.

    Args:
        network: the network whose weights are inferred, or energies of one's own, `Energies` or `EnergyFunction`
            (docs/energies.md).
        data: the training split is learnt from; the others are only reported on. Energies of one's own take none.
        sample_weight: how often each example of the training split counts, (examples,), numbers from 0 on; times the
            weights that the split has already. Once each if None. Energies of one's own take none.
        objective: `MLE`, `ELBO`, `SELBO`, `Renyi` or `SteinPosterior`; on a backend `SELBO` or `MLE`: the others
            need probabilities. If None ``ELBO()``; for a network on `Registers` ``ELBO(beta=0.03)``, a colder posterior
            that predicts better (docs/registers.md); on a backend ``SELBO()``.
        posterior: where the weights come from; `default_posterior` of the network if None: one register where that
            is comfortable, else `Registers`. `ShotRegister` and `ShotRegisters` are on a backend.
        estimator: from the objective to a gradient; if None `Exact` for one register, `FirstOrder` for `Registers`,
            `SPSA` on a backend.
        prior: `Uniform`, `Bernoulli`, `Ising`, `Empirical`, or what an earlier result gives with `Result.as_prior`.
        optimizer: `Adam`, with exact gradients also `LBFGS`, on a backend also `Gains`, or any transformation of Optax,
            such as ``optax.sgd(0.1)``. If None `Gains` for `SPSA`, else Adam, with a learning rate of 0.03 radians for
            exact gradients and of 0.1 for all others.
        annealing: how energies rise as training goes; in full from the start if None. Exact gradients only.
        plateau: when to stop before `steps`; never if None. Exact gradients only.
        steps: steps at most; if None 1000 for exact gradients, 60 epochs in 1,500 to 12,000 steps on `Registers`, and
            100 on a backend.
        batch_size: examples a step on `Registers`; other gradients are of all examples.
        restarts: independent starts, of which the best is kept; if None 2 for exact gradients, else 1.
        seed: of everything random: initial angles, minibatches, draws, and the shots of simulators.
        spread: standard deviation of the initial angles around the prior's state, from 0 to 2π radians.
        limits: the most shots, jobs and seconds of a backend; none if None.
        ledger: file in which every job of a backend is kept before it is sent, and what it gave: the same call goes on
            from there and pays for nothing twice. In memory if None, which is refused where jobs cost money. It is
            refused off a backend, as limits are.
        callback: is told how training goes: ``callback(step, losses, parameters)``, with the loss (nats) of every
            restart, shape (restarts,), and the parameters (radians) of every restart, a row each. It is called before
            the first step, after it, at every record of `Result.history` (every 25 steps and the last; on a backend
            every step, and of 400 steps or more about 200), and where steps are slow about twice a second or at every
            step. Where it returns True training stops, and the result is that of the parameters it was shown; the
            summary then says that it was "stopped" by the "callback".
        progress: whether to show progress on standard error.

    Raises:
        UserError: if something is not what its argument takes, or the pieces do not fit each other or the data.
    """
    model, given, examples = model_and_data(network, data, sample_weight)
    check_callback(callback)
    check_kind("limits", limits, (Limits, NoneType), "limits, such as hb.backends.Limits(max_shots=10_000), or None")
    file = None if ledger is None else path_of("ledger", ledger, "a file for the jobs of a backend")
    definition = definition_with_defaults(
        model,
        examples,
        posterior=posterior,
        objective=objective,
        estimator=estimator,
        prior=prior,
        optimizer=optimizer,
        annealing=annealing,
        plateau=plateau,
        steps=steps,
        batch_size=batch_size,
        restarts=restarts,
        seed=seed,
        spread=spread,
    )
    if ledger is not None and regime_of(definition).label(definition) is None:
        raise UserError(
            f"ledger = {str(ledger)!r}: the run is on no backend, so that it has no jobs to keep; leave the ledger out"
        )
    # Said before the work, not after it, and not by the progress, which may be off.
    try:
        check_saved(definition, given)
    except UserError as error:
        warnings.warn(str(error), stacklevel=2)
    if definition.untrained:
        warnings.warn(definition.untrained, stacklevel=2)
    with Progress(enabled=progress) as display:
        watch = None if callback is None else partial(report_to, callback)
        return run(definition, given, Resources(display, limits, ledger=file), watch)


def report_to(callback: Callback, report: Report) -> bool:
    """Tell a callback of a report, and whether it wants the training to stop."""
    parameters = np.asarray(report.position.state.params)
    return asks_to_stop(callback, report.position.step, np.asarray(report.diagnosis.loss), parameters)


def model_and_data(
    network: Network | OwnEnergies, data: Dataset | None, sample_weight: ArrayLike | None = None
) -> tuple[Network | int, Dataset | OwnEnergies, int]:
    """The network and the data of a definition, as `fit` is given them, and the number of training examples.

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
    check_kind("data", data, (Dataset,), KINDS_OF_ARGUMENTS["data"][1], hashable=False)
    assert isinstance(data, Dataset)
    if sample_weight is not None:
        data = replace(data, train=data.train.weighted("sample_weight", sample_weight))
    return network, data, len(data.train)


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
