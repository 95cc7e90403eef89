"""`hyperborn.fit`: what is left open is chosen, then trained."""

import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import NoneType
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from optax import GradientTransformation

from hyperborn.arguments import check_kind, path_of
from hyperborn.backends.jobs.budget import Limits
from hyperborn.data.dataset import Dataset
from hyperborn.energy import OwnEnergies
from hyperborn.errors import HyperbornWarning, UserError
from hyperborn.fit_arguments import check_effort, check_ledger, is_by_table, of_options, of_parts, refuse_options
from hyperborn.networks import Network
from hyperborn.objectives.objectives import Objective
from hyperborn.posteriors import SPREAD, Posterior, Registers
from hyperborn.posteriors.previous import PreviousPosterior
from hyperborn.printable import shown
from hyperborn.priors import Prior, Uniform
from hyperborn.progress import Progress
from hyperborn.training.annealing import Annealing, AnnealingSchedule
from hyperborn.training.callbacks import Callback, asks_to_stop, check_callback
from hyperborn.training.defaults import BATCH_SIZE
from hyperborn.training.definition import Definition
from hyperborn.training.estimator import Estimator
from hyperborn.training.fit import model_and_data, run, weighted
from hyperborn.training.loop import Position, Report, begun
from hyperborn.training.optimizers import Optimizer
from hyperborn.training.plateau import Plateau
from hyperborn.training.regime import Resources
from hyperborn.training.regimes import regime_of
from hyperborn.training.result import Result
from hyperborn.training.serialization import check_saved

EffortName = Literal["quick", "normal", "thorough"]


def fit(
    network: Network | OwnEnergies | Dataset | None = None,
    data: Dataset | None = None,
    *,
    effort: EffortName | None = None,
    sample_weight: ArrayLike | None = None,
    objective: Objective | str | None = None,
    posterior: Posterior | str | None = None,
    estimator: Estimator | str | None = None,
    prior: Prior = Uniform(),
    optimizer: Optimizer | GradientTransformation | str | None = None,
    annealing: AnnealingSchedule | None = Annealing(),
    plateau: Plateau | None = Plateau(),
    steps: int | None = None,
    batch_size: int = BATCH_SIZE,
    restarts: int | None = None,
    seed: int = 0,
    spread: float = SPREAD,
    limits: Limits | None = None,
    ledger: str | Path | None = None,
    start: Result | None = None,
    callback: Callback | None = None,
    progress: bool | None = None,
    **options: Any,
) -> Result:
    """Train a posterior over a binary network's weights, or over bits; the best of several restarts is kept.

    Defaults are those of `hyperborn train`:

    - ``hb.fit(data)``: the network is chosen as well, among those that `hyperborn train` tries. Options settle a part
      of it, as they do there: ``hb.fit(data, hidden=(16,), beta=0.1)``.
    - ``hb.fit(network, data)`` of a network that one circuit holds, with up to 18 weights and no side parameters: it is
      trained on one register, near to the exact posterior (β = 1). Nothing is chosen, so that it takes no longer than
      one fit. (`ExactPosterior` is that posterior itself, by enumeration.)
    - of a larger network: β and the size of `Registers`, and whether scales are learnt (``scale="learned"``, where the
      network has another), are chosen; its shape, activation and bias stay. `Result.choice` says what was tried.
    - posterior, objective or estimator named: nothing is chosen. ``posterior=hb.Registers(network)`` trains the network
      as it is, and ``posterior=hb.Register(circuit)`` on one circuit. A prior that an earlier run on registers gives
      names its registers.

    What is chosen has the lowest NLL on the validation split; where that is empty, of the training examples, each
    predicted by networks that have not learnt from it, and predictions are calibrated by the same examples. Only the
    training split is learnt from in the end: ``hb.data.load(..., validation=0)`` leaves all but the test's for that,
    as `hyperborn train` does.

    Args:
        network: the network whose weights are inferred, or energies of one's own, `Energies` or `EnergyFunction`
            (docs/energies.md); chosen as well if None.
        data: the training split is learnt from; a choice is made on the validation split, and the test split is only
            reported on. Energies of one's own take none.
        sample_weight: how often each example of the training split counts, (examples,), numbers from 0 on; times the
            weights that the split has already. Once each if None. Energies of one's own take none.
        effort: how much is tried where something is chosen: "quick", "normal" (if None) or "thorough".
        objective: `MLE`, `ELBO`, `SELBO`, `Renyi` or `SteinPosterior`; on a backend `SELBO` or `MLE`: the others
            need probabilities. If None it is chosen as said above, else ``ELBO()``; for a network on `Registers` that
            are named ``ELBO(beta=0.03)``, a colder posterior that predicts better (docs/registers.md), but ``ELBO()``
            where what an earlier result has learnt is the prior; on a backend ``SELBO()``.
        posterior: where the weights come from. If None it is chosen as said above, else the `default_posterior` of the
            network: one register up to 18 weights, else `Registers`. `ShotRegister` and `ShotRegisters` are on a
            backend.
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
        start: an earlier result with the same posterior and side parameters, with which every restart begins, without
            spread; its calibration is taken over where nothing is chosen.
        callback: is told how training goes: ``callback(step, losses, parameters)``, with the loss (nats) of every
            restart, shape (restarts,), and the parameters (radians) of every restart, a row each. It is called before
            the first step, after it, at every record of `Result.history` (every 25 steps and the last; on a backend
            every step, and of 400 steps or more about 200), and where steps are slow about every two seconds or at
            every step. Where it returns True training stops, and the result is that of the parameters it was shown; the
            summary then says that it was "stopped" by the "callback".
        progress: whether to show progress on standard error, with lines that say what was chosen; None for a bar where
            a person watches, on a terminal or in a notebook, of which nothing stays. The lines then go to the logger
            "hyperborn" alone.
        options: any option of `hyperborn train` that says what is trained, by its key (hidden, activation, beta,
            learning_rate, register_size, ansatz, backend, ...), with values as in a configuration file; the network is
            chosen by them, unless it is given. Objective, posterior, estimator and optimizer may be named as there,
            too. Options that say how data are read are arguments of `hyperborn.data.load`.

    Raises:
        UserError: if something is not what its argument takes, the pieces do not fit each other or the data, an effort
            is given beside parts that leave nothing to choose, or an option does not exist or would be ignored.
    """
    if isinstance(network, Dataset) and data is None:
        network, data = None, network
    if posterior is None and isinstance(prior, PreviousPosterior) and isinstance(prior.posterior, Registers):
        # A product over other registers could not be its prior.
        posterior = prior.posterior
    named: dict[str, Any] = {
        "posterior": posterior,
        "objective": objective,
        "estimator": estimator,
        "prior": prior,
        "optimizer": optimizer,
        "annealing": annealing,
        "plateau": plateau,
        "steps": steps,
        "batch_size": batch_size,
        "restarts": restarts,
        "seed": seed,
        "spread": spread,
    }
    check_callback(callback)
    check_kind("limits", limits, (Limits, NoneType), "limits, such as hb.backends.Limits(max_shots=10_000), or None")
    check_kind("start", start, (Result, NoneType), "an earlier result, or None")
    check_effort(effort)
    file = None if ledger is None else path_of("ledger", ledger, "a file for the jobs of a backend")
    watch = None if callback is None else partial(report_to, callback)
    with Progress(enabled=progress) as display:
        resources = Resources(display, limits, ledger=file)
        if data is not None and is_by_table(network, named, options):
            more = options if effort is None else {**options, "effort": effort}
            learnt_from: Dataset | OwnEnergies = weighted(data, sample_weight)
            definition, choice = of_options(network, learnt_from, named, more, resources)
        else:
            refuse_options(options)
            model, learnt_from, examples = model_and_data(network, data, sample_weight)
            definition, choice = of_parts(model, learnt_from, examples, effort, named, resources)
        check_ledger(resources, on_backend=regime_of(definition).label(definition) is not None)
        # Said before the work, not after it, and not by the progress, which may be off.
        try:
            check_saved(definition, learnt_from)
        except UserError as error:
            warnings.warn(str(error), HyperbornWarning, stacklevel=2)
        if definition.untrained:
            warnings.warn(definition.untrained, HyperbornWarning, stacklevel=2)
        position = None if start is None else begun_at(definition, start)
        result = run(definition, learnt_from, resources, watch, position)
        return replace(result, choice=choice if choice is not None or start is None else start.choice)


def report_to(callback: Callback, report: Report) -> bool:
    """Tell a callback of a report, and whether it wants the training to stop."""
    parameters = np.asarray(report.position.state.params)
    return asks_to_stop(callback, report.position.step, np.asarray(report.diagnosis.loss), parameters)


def begun_at(definition: Definition, start: Result) -> Position:
    """The position before the first step of a run whose restarts all begin with the parameters of an earlier result.

    Raises:
        UserError: if these are parameters of something else.
    """
    if start.definition.posterior != definition.posterior or start.definition.n_side != definition.n_side:
        raise UserError(
            f"start is a result of {shown(start.definition.posterior)} with {start.definition.n_side} side parameters, "
            f"and what is trained is {shown(definition.posterior)} with {definition.n_side}; name the network and the "
            "posterior of the start, network=start.network, posterior=start.definition.posterior"
        )
    return begun(definition, start.params)
