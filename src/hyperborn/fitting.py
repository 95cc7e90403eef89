"""`hyperborn.fit`: what is left open is chosen, then trained."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from inspect import signature
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from optax import GradientTransformation

from hyperborn.arguments import check_kind, path_of
from hyperborn.backends.jobs.budget import Limits
from hyperborn.compilation import check_process
from hyperborn.data.dataset import Dataset
from hyperborn.energy import OwnEnergies
from hyperborn.errors import UserError
from hyperborn.networks import Network
from hyperborn.objectives.objectives import Objective
from hyperborn.posteriors import SPREAD, Posterior, Registers
from hyperborn.posteriors.default import fits_one_register
from hyperborn.posteriors.previous import PreviousPosterior
from hyperborn.printable import shown
from hyperborn.priors import Prior, Uniform
from hyperborn.progress import Progress
from hyperborn.training.annealing import Annealing, AnnealingSchedule
from hyperborn.training.callbacks import Callback, asks_to_stop, check_callback
from hyperborn.training.defaults import BATCH_SIZE, definition_with_defaults
from hyperborn.training.estimator import Estimator
from hyperborn.training.fit import model_and_data, run, weighted
from hyperborn.training.loop import Report
from hyperborn.training.optimizers import Optimizer
from hyperborn.training.plateau import Plateau
from hyperborn.training.regime import Resources, check_no_backend
from hyperborn.training.regimes import regime_of
from hyperborn.training.result import Result
from hyperborn.training.serialization import check_saved

if TYPE_CHECKING:
    from hyperborn.selection import Selection

EffortName = Literal["quick", "normal", "thorough"]

WITHOUT_NETWORK = ("steps", "batch_size", "restarts", "seed", "spread")
"""Arguments of a definition that go without a network, too: the command line has them as numbers."""


def fit(
    network: Network | OwnEnergies | Dataset | None = None,
    data: Dataset | None = None,
    *,
    effort: EffortName | None = None,
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

    Defaults are those of `hyperborn train`:

    - ``hb.fit(data)``: the network is chosen as well, among those that `hyperborn train` tries.
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
            are named ``ELBO(beta=0.03)``, a colder posterior that predicts better (docs/registers.md); on a backend
            ``SELBO()``.
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
        callback: is told how training goes: ``callback(step, losses, parameters)``, with the loss (nats) of every
            restart, shape (restarts,), and the parameters (radians) of every restart, a row each. It is called before
            the first step, after it, at every record of `Result.history` (every 25 steps and the last; on a backend
            every step, and of 400 steps or more about 200), and where steps are slow about every two seconds or at
            every step. Where it returns True training stops, and the result is that of the parameters it was shown; the
            summary then says that it was "stopped" by the "callback".
        progress: whether to show progress on standard error.

    Raises:
        UserError: if something is not what its argument takes, the pieces do not fit each other or the data, an effort
            is given and nothing is chosen, or without a network an argument that goes with one.
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
    check_effort(effort)
    file = None if ledger is None else path_of("ledger", ledger, "a file for the jobs of a backend")
    watch = None if callback is None else partial(report_to, callback)
    with Progress(enabled=progress) as display:
        resources = Resources(display, limits, ledger=file)
        if network is None and data is not None:
            selection = chosen_with_network(weighted(data, sample_weight), effort, named, resources)
            return replace(run(selection.definition, selection.data, resources, watch), choice=selection.choice)
        model, given, examples = model_and_data(network, data, sample_weight)
        why, choice = settled(model, named), None
        if why is not None:
            if effort is not None:
                raise UserError(f"effort = {effort!r} goes with a choice, and {why}; leave effort out")
            definition = definition_with_defaults(model, examples, **named)
        else:
            assert isinstance(model, Network)
            assert isinstance(given, Dataset)
            selection = chosen(model, given, effort or "normal", named, resources)
            definition, choice = selection.definition, selection.choice
        if ledger is not None and regime_of(definition).label(definition) is None:
            raise UserError(
                f"ledger = {str(ledger)!r}: the run is on no backend, so that it has no jobs to keep; leave the ledger "
                "out"
            )
        # Said before the work, not after it, and not by the progress, which may be off.
        try:
            check_saved(definition, given)
        except UserError as error:
            warnings.warn(str(error), stacklevel=2)
        if definition.untrained:
            warnings.warn(definition.untrained, stacklevel=2)
        return replace(run(definition, given, resources, watch), choice=choice)


def settled(model: Network | int, named: dict[str, Any]) -> str | None:
    """Why nothing is chosen of a network; None where something is."""
    for name in ("posterior", "objective", "estimator"):
        if named[name] is not None:
            return f"the {name} is named"
    if not isinstance(model, Network):
        return "energies of your own predict nothing to choose by"
    return "the network fits one circuit" if fits_one_register(model) else None


def check_effort(effort: Any) -> None:
    """Raise a UserError for an effort that there is not."""
    if effort is None:
        return
    from hyperborn.selection.budget import EFFORTS

    if effort not in tuple(EFFORTS):
        raise UserError(f"effort = {shown(effort)}: give {', '.join(map(repr, EFFORTS))}, or None")


def chosen(network: Network, data: Dataset, effort: str, named: dict[str, Any], resources: Resources) -> "Selection":
    """What is trained of a network, which is told."""
    from hyperborn.selection.given_network import choose_for_network

    check_can_be_held_out(data)
    arguments = {name: value for name, value in named.items() if name not in ("posterior", "objective", "estimator")}
    return told(
        resources,
        lambda note, count: choose_for_network(
            network, data, effort=effort, arguments=arguments, note=note, progress=count
        ),
    )


def chosen_with_network(data: Dataset, effort: str | None, named: dict[str, Any], resources: Resources) -> "Selection":
    """What is trained where the network is left open, too, which is told.

    Raises:
        UserError: for an argument that goes with a network.
    """
    from hyperborn.config import RunConfig, configured
    from hyperborn.selection import choose

    given = {name: value for name, value in named.items() if not is_default(name, value)}
    for name in (*given, *(["ledger"] if resources.ledger else [])):
        if name not in WITHOUT_NETWORK:
            raise UserError(
                f"{name} goes with a network, which is left open; give one, such as hb.networks.BinaryMLP(4), or leave "
                f"{name} out"
            )
    check_can_be_held_out(data)
    given |= {} if effort is None else {"effort": effort}
    # A validation split is there to choose by, and is not learnt from; else all of the training split are.
    held_out = {"refit": False} if len(data.validation) else {"validation": 0.0}
    config = configured(RunConfig, None, {"data": data.name or "data", **given})
    config = config.model_copy(update=held_out)
    # Nobody has given these.
    config.model_fields_set.difference_update(held_out)
    return told(resources, lambda note, count: choose(config, lambda _: data, note=note, progress=count))


def check_can_be_held_out(data: Dataset) -> None:
    """Raise a UserError where folds would have to stand in for a split by group or by time."""
    if data.split_by is not None and not len(data.validation):
        raise UserError(
            f"{data.name} is split by {data.split_by}, and what is trained is chosen on a validation split of its own; "
            "load it with validation=0.2, or name the posterior, such as posterior=hb.Registers(network)"
        )


def is_default(name: str, value: Any) -> bool:
    """Whether an argument of `fit` has the value that it has by itself."""
    default = signature(fit).parameters[name].default
    return value is default or (type(value) is type(default) and value == default)


def told(
    resources: Resources, choose: "Callable[[Callable[[str], None], Callable[[int, int], None]], Selection]"
) -> "Selection":
    """What is chosen, with its notes and its progress shown."""
    check_no_backend(resources)
    check_process()
    selection = choose(resources.progress.note, resources.progress.counter("choosing"))
    if selection.choice is not None:
        resources.progress.note(f"chosen: {selection.choice.text}")
    return selection


def report_to(callback: Callback, report: Report) -> bool:
    """Tell a callback of a report, and whether it wants the training to stop."""
    parameters = np.asarray(report.position.state.params)
    return asks_to_stop(callback, report.position.step, np.asarray(report.diagnosis.loss), parameters)
