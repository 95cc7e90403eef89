"""From a network and data to a trained posterior."""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

from hyperborn.backends.backend import connected
from hyperborn.backends.ledger import Ledger
from hyperborn.backends.limits import Limits
from hyperborn.backends.names import identity_of
from hyperborn.backends.persistence import Persistence
from hyperborn.backends.recorded import Recorded
from hyperborn.compilation import keep_compiled_programs
from hyperborn.data.dataset import Dataset
from hyperborn.errors import UserError
from hyperborn.inference.estimators import Estimator, Exact
from hyperborn.inference.objectives import ELBO, Objective
from hyperborn.networks import Network, fitted
from hyperborn.posteriors import SPREAD, Posterior, SampledPosterior, default_posterior
from hyperborn.predictive import posterior_predictive
from hyperborn.priors import Prior, Uniform
from hyperborn.progress import Progress
from hyperborn.training.annealing import Annealing
from hyperborn.training.defaults import default_estimator, default_optimizer, steps_of
from hyperborn.training.definition import Definition, check_kinds
from hyperborn.training.enumerated import Enumerated
from hyperborn.training.interruption import Interrupted, give_way, interruptible
from hyperborn.training.loop import Position, Report, fresh, train
from hyperborn.training.measured import Measured
from hyperborn.training.optimizers import Optimizer
from hyperborn.training.plateau import Plateau
from hyperborn.training.problem import Problem
from hyperborn.training.result import SECONDS, Result
from hyperborn.training.sampled import LOOKED_AT, Sampled

Watcher = Callable[[Report], None]


def fit(
    network: Network,
    data: Dataset,
    *,
    objective: Objective = ELBO(),
    posterior: Posterior | None = None,
    estimator: Estimator | None = None,
    prior: Prior = Uniform(),
    optimizer: Optimizer | None = None,
    annealing: Annealing | None = Annealing(),
    plateau: Plateau | None = Plateau(),
    steps: int | None = None,
    batch_size: int = 128,
    restarts: int | None = None,
    seed: int = 0,
    spread: float = SPREAD,
    limits: Limits | None = None,
    ledger: str | Path | None = None,
    progress: bool = True,
) -> Result:
    """Train a posterior over a binary network's weights; the best of several restarts is kept.

    Args:
        network: the network whose weights are inferred.
        data: the training split is learnt from; the others are only reported on.
        objective: `MLE`, `ELBO`, `SELBO`, `Renyi` or `SteinPosterior`; on a backend `SELBO` or `MLE`. On `Registers` a
            colder posterior, ``ELBO(beta=0.03)``, predicts better (docs/registers.md); the command line takes it there.
        posterior: where the weights come from; `default_posterior` of the network if None: one register where that
            is comfortable, else `Registers`. `SampledRegister` and `SampledRegisters` are on a backend.
        estimator: from the objective to a gradient; `default_estimator` of the posterior if None: `Exact` for one
            register, `FirstOrder` for `Registers`, `SPSA` on a backend.
        prior: `Uniform`, `Bernoulli`, `Ising`, `Empirical`, or what an earlier result gives with `Result.as_prior`.
        optimizer: `Adam` or `LBFGS`; if None Adam with a learning rate of 0.03 for exact gradients, else of 0.1.
        annealing: how energies are turned up as training goes; whole from the start if None. Exact gradients only.
        plateau: when to stop before `steps`; never if None. Exact gradients only.
        steps: steps at most; if None 1000 for exact gradients, else `default_steps` of the data.
        batch_size: examples a step, where energies are sampled; exact gradients are of all examples.
        restarts: independent starts, of which the best is kept; if None 2 for exact gradients, else 1.
        seed: of the initial angles.
        spread: standard deviation of the initial angles (radians) around the prior's state.
        limits: the most shots, jobs and seconds of a backend; none if None.
        ledger: file in which every job of a backend is kept before it is sent, and what it gave: the same call goes on
            from there and pays for nothing twice. In memory if None, which is refused where jobs cost money.
        progress: whether to show progress on standard error.

    Raises:
        UserError: if something is not what its argument takes, or the pieces do not fit each other or the data.
    """
    check_kinds(network=network, data=data)
    chosen = default_posterior(network) if posterior is None else posterior
    check_kinds(posterior=chosen)
    way = default_estimator(chosen) if estimator is None else estimator
    exact = isinstance(way, Exact)
    definition = Definition(
        network=network,
        posterior=chosen,
        objective=objective,
        estimator=way,
        prior=prior,
        optimizer=default_optimizer(way) if optimizer is None else optimizer,
        annealing=annealing,
        plateau=plateau,
        steps=steps if steps is not None else steps_of(way, len(data.train), batch_size),
        batch_size=batch_size,
        restarts=restarts if restarts is not None else 2 if exact else 1,
        seed=seed,
        spread=spread,
    )
    if limits is not None and not definition.measured:
        raise UserError(f"limits = {limits}: there is nothing to spend without a backend; leave them out")
    with Progress(enabled=progress) as shown:
        if not definition.measured:
            return run(definition, data, shown)
        with closing(opened(definition, limits, ledger)) as kept:
            return run(definition, data, shown, problem=measured_of(definition, data, kept, shown))


def opened(definition: Definition, limits: Limits | None, path: str | Path | None) -> Ledger:
    """The ledger of a run without a folder.

    Raises:
        UserError: if jobs cost money, and there is no file for them.
    """
    posterior = definition.posterior
    assert isinstance(posterior, SampledPosterior)
    if path is not None:
        return Ledger.create_or_open(Path(path), limits)
    if connected(posterior.backend).metered:
        raise UserError(
            f"shots of {posterior.backend.label} are paid for: give ledger='jobs.sqlite', a file that keeps them"
        )
    return Ledger.in_memory(limits)


def run(
    definition: Definition,
    data: Dataset,
    progress: Progress,
    watch: Watcher | None = None,
    position: Position | None = None,
    describe: str | None = None,
    problem: Problem | None = None,
) -> Result:
    """Train a definition from its start, or from a position, calling `watch` with every report.

    `describe` names the stage to the person who waits; `problem` is what `Problem.of` makes of the definition and the
    data, for whoever has it already.

    Raises:
        UserError: if the data do not fit the network, or a loss is not finite any more.
        Interrupted: after Ctrl-C.
    """
    definition.check(data)
    keep_compiled_programs()
    clock = time.perf_counter()
    problem = problem or problem_of(definition, data, progress)
    energy_seconds = time.perf_counter() - clock
    show = progress.training(definition.steps, describe or f"training {definition.objective.name}")
    report: Report | None = None
    with interruptible() as interrupted, closing(show):
        for report in train(definition, problem, position or fresh(definition)):
            if watch:
                watch(report)
            # A plateau may end the run early, and the bar with it.
            shown = definition.steps if report.position.finished else report.position.step
            show(shown, metrics_text(definition, data, report))
            if interrupted():
                raise Interrupted(f"stopped at step {report.position.step} of {definition.steps}")
    assert report is not None, "training reports at least once"
    seconds = dict(zip(SECONDS, (energy_seconds, report.compile_seconds, report.train_seconds), strict=True))
    return result_of(definition, data, problem, report, seconds)


def problem_of(definition: Definition, data: Dataset, progress: Progress) -> Problem:
    """What the data make of a definition without a backend: all energies, or examples to draw minibatches from."""
    return Sampled.of(data) if definition.sampled else Enumerated.of(definition, data, progress)


def measured_of(
    definition: Definition, data: Dataset, ledger: Ledger, progress: Progress, patience: float | None = None
) -> Measured:
    """What the data make of a definition on a backend, with everything that is paid for in a ledger.

    `patience` bounds the seconds that a job may take, its time in the queue included.
    """
    posterior = definition.posterior
    assert isinstance(posterior, SampledPosterior)
    persistence = Persistence() if patience is None else Persistence(patience=patience)
    sampler = Recorded(
        connected(posterior.backend),
        identity_of(posterior.backend),
        ledger,
        persistence=persistence,
        note=progress.note,
        waiting=lambda _: give_way(),
    )
    return Measured.of(data, sampler)


def result_of(
    definition: Definition, data: Dataset, problem: Problem, report: Report, seconds: dict[str, float]
) -> Result:
    """The result of the best restart of a finished run."""
    params = np.asarray(report.position.state.params)[report.best]
    losses = tuple(float(loss) for loss in report.diagnosis.loss)
    numbers = problem.numbers(definition, params)
    outcomes = problem.outcomes(definition, params)
    return Result(definition, data, params, losses, report.position.step, numbers, seconds, outcomes)


def accuracy_of(definition: Definition, data: Dataset, report: Report) -> float:
    """Accuracy of the most probable network of the best restart on the training split, on `LOOKED_AT` of it at most."""
    bits = np.asarray(report.diagnosis.most_probable)[[report.best]]
    side = np.asarray(report.position.state.params)[report.best].reshape(-1)[definition.posterior.n_parameters :]
    rows = np.linspace(0, len(data.train) - 1, min(LOOKED_AT, len(data.train))).astype(np.int64)
    guesses = posterior_predictive(fitted(definition.network, side), data.train.x[rows], bits).argmax(axis=1)
    return float(np.mean(guesses == data.train.y[rows]))


def metrics_text(definition: Definition, data: Dataset, report: Report) -> str:
    loss = float(report.diagnosis.loss[report.best])
    elbo = "" if np.isnan(report.elbo) else f"elbo {report.elbo:.4g} "
    return f"loss {loss:.4g} {elbo}acc {accuracy_of(definition, data, report):.2f}"
