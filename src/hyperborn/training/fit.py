"""From a network and data to a trained posterior."""

import time
from collections.abc import Callable
from contextlib import closing

import jax.numpy as jnp
import numpy as np

from hyperborn.bits import bits_of
from hyperborn.compilation import keep_compiled_programs
from hyperborn.data.dataset import Dataset
from hyperborn.inference.objectives import ELBO, Objective
from hyperborn.networks import Network
from hyperborn.posteriors import SPREAD, Posterior, default_posterior
from hyperborn.predictive import posterior_predictive
from hyperborn.priors import Prior, Uniform
from hyperborn.progress import Progress
from hyperborn.training.annealing import Annealing
from hyperborn.training.definition import Definition, check_kinds
from hyperborn.training.interruption import Interrupted, interruptible
from hyperborn.training.loop import Position, Problem, Report, fresh, train
from hyperborn.training.optimizers import Adam, Optimizer
from hyperborn.training.plateau import Plateau
from hyperborn.training.result import SECONDS, Result, numbers_of

Watcher = Callable[[Report], None]


def fit(
    network: Network,
    data: Dataset,
    *,
    objective: Objective = ELBO(),
    posterior: Posterior | None = None,
    prior: Prior = Uniform(),
    optimizer: Optimizer = Adam(),
    annealing: Annealing | None = Annealing(),
    plateau: Plateau | None = Plateau(),
    steps: int = 1000,
    restarts: int = 2,
    seed: int = 0,
    spread: float = SPREAD,
    progress: bool = True,
) -> Result:
    """Train a posterior over a binary network's weights; the best of several restarts is kept.

    Args:
        network: the network whose weights are inferred.
        data: the training split is learnt from; the others are only reported on.
        objective: `MLE`, `ELBO`, `SELBO`, `Renyi` or `SteinPosterior`.
        posterior: where the weights come from; `default_posterior` of the network's weights if None.
        prior: `Uniform`, `Bernoulli`, `Ising`, `Empirical`, or what an earlier result gives with `Result.as_prior`.
        optimizer: `Adam` or `LBFGS`.
        annealing: how energies are turned up as training goes; whole from the start if None.
        plateau: when to stop before `steps`; never if None.
        steps: steps at most.
        restarts: independent starts, of which the best is kept.
        seed: of the initial angles.
        spread: standard deviation of the initial angles (radians) around the prior's state.
        progress: whether to show progress on standard error.

    Raises:
        UserError: if something is not what its argument takes, or the pieces do not fit each other or the data.
    """
    check_kinds(network=network, data=data)
    definition = Definition(
        network=network,
        posterior=default_posterior(network.n_weights) if posterior is None else posterior,
        objective=objective,
        prior=prior,
        optimizer=optimizer,
        annealing=annealing,
        plateau=plateau,
        steps=steps,
        restarts=restarts,
        seed=seed,
        spread=spread,
    )
    with Progress(enabled=progress) as shown:
        return run(definition, data, shown)


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
    problem = problem or Problem.of(definition, data, progress)
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


def result_of(
    definition: Definition, data: Dataset, problem: Problem, report: Report, seconds: dict[str, float]
) -> Result:
    """The result of the best restart of a finished run."""
    params = np.asarray(report.position.state.params)[report.best]
    losses = tuple(float(loss) for loss in report.diagnosis.loss)
    q = definition.posterior.distribution(jnp.asarray(params))
    numbers = numbers_of(q, problem.loss(definition, q), problem.posterior)
    return Result(definition, data, params, losses, report.position.step, numbers, seconds)


def accuracy_of(definition: Definition, data: Dataset, report: Report) -> float:
    """Training accuracy of the most probable network of the best restart."""
    index = np.asarray([report.diagnosis.most_probable[report.best]], dtype=np.int64)
    bits = bits_of(index, definition.network.n_weights)
    guesses = posterior_predictive(definition.network, data.train.x, bits).argmax(axis=1)
    return float(np.mean(guesses == data.train.y))


def metrics_text(definition: Definition, data: Dataset, report: Report) -> str:
    loss = float(report.diagnosis.loss[report.best])
    return f"loss {loss:.4g} elbo {report.elbo:.4g} acc {accuracy_of(definition, data, report):.2f}"
