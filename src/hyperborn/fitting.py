"""`hyperborn.fit`: what is left open is chosen, then trained."""

import warnings
from collections.abc import Callable, Mapping
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
from hyperborn.errors import HyperbornWarning, UserError
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
    from hyperborn.config import RunConfig
    from hyperborn.selection import Selection
    from hyperborn.training.choice import Choice
    from hyperborn.training.definition import Definition

EffortName = Literal["quick", "normal", "thorough"]

SAID_ELSEWHERE = {
    "prior_from": "prior=result.as_prior()",
    "max_shots": "limits=hb.backends.Limits(max_shots=10_000)",
    "max_jobs": "limits=hb.backends.Limits(max_jobs=100)",
    "max_seconds": "limits=hb.backends.Limits(max_seconds=60)",
    "max_wait": "a ledger, with which the same call goes on later",
    "patience": "plateau=hb.Plateau(100)",
    "refit": "hb.data.load(..., validation=0.2): a validation split is never learnt from",
}
"""Options of the command line that `fit` has in another form."""


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
        progress: whether to show progress on standard error, with lines that say what was chosen; None for a bar where
            a person watches, on a terminal or in a notebook, of which nothing stays. The lines then go to the logger
            "hyperborn" alone.
        options: any option of `hyperborn train` that says what is trained, by its key (hidden, activation, beta,
            learning_rate, register_size, ansatz, backend, ...), with values as in a configuration file; the network is
            chosen by them, unless it is given. Objective, posterior, estimator and optimizer may be named as there,
            too. Options that say how data are read are arguments of `hyperborn.data.load`.

    Raises:
        UserError: if something is not what its argument takes, the pieces do not fit each other or the data, an effort
            is given and nothing is chosen, or an option does not exist or would be ignored.
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
    by_table = network is None or options or any(isinstance(part, str) for part in named.values())
    with Progress(enabled=progress) as display:
        resources = Resources(display, limits, ledger=file)
        if by_table and data is not None:
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
        return replace(run(definition, learnt_from, resources, watch), choice=choice)


def of_parts(
    model: Network | int,
    learnt_from: Dataset | OwnEnergies,
    examples: int,
    effort: str | None,
    named: Mapping[str, Any],
    resources: Resources,
) -> "tuple[Definition, Choice | None]":
    """What is trained of a network, or of so many bits, with parts that are given as they are; and how it was chosen.

    Raises:
        UserError: for an effort where nothing is chosen, or parts that do not fit each other or the data.
    """
    why = settled(model, named)
    if why is not None:
        if effort is not None:
            raise UserError(f"effort = {effort!r} goes with a choice, and {why}; leave effort out")
        return definition_with_defaults(model, examples, **named), None
    assert isinstance(model, Network)
    assert isinstance(learnt_from, Dataset)
    selection = chosen(model, learnt_from, effort or "normal", named, resources)
    return selection.definition, selection.choice


def settled(model: Network | int, named: Mapping[str, Any]) -> str | None:
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


def chosen(network: Network, data: Dataset, effort: str, named: Mapping[str, Any], resources: Resources) -> "Selection":
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


def of_options(
    network: Any, data: Dataset, named: Mapping[str, Any], options: Mapping[str, Any], resources: Resources
) -> "tuple[Definition, Choice | None]":
    """What is trained where the table of options says what is open, as for `hyperborn train`; and how it was chosen.

    Raises:
        UserError: for an option that there is not, that is said elsewhere or would be ignored.
    """
    from hyperborn.selection import choose

    config = configuration(network, data, named, options)
    if nothing_chosen(config) is not None:
        selection = choose(config, lambda _: data)
    else:
        check_can_be_held_out(data)
        # A posterior on a backend is never chosen: said before a choice that may take a minute.
        check_ledger(resources, on_backend=False)
        selection = told(resources, lambda note, count: choose(config, lambda _: data, note=note, progress=count))
    definition, plateau = selection.definition, named["plateau"]
    if not is_default("plateau", plateau):
        definition = replace(definition, plateau=plateau)
    return definition, selection.choice


def configuration(network: Any, data: Dataset, named: Mapping[str, Any], options: Mapping[str, Any]) -> "RunConfig":
    """The configuration of `hyperborn train` that says what these arguments and options say.

    Raises:
        UserError: as `of_options`.
    """
    from hyperborn.config import RunConfig, configured

    refuse_said_elsewhere(options)
    given: dict[str, Any] = {name: value for name, value in named.items() if not is_default(name, value)}
    given.pop("plateau", None)
    if "annealing" in given and given["annealing"] is None:
        given["annealing"] = 1.0
    twice = next((key for key in options if key in given), None)
    if twice is not None:
        raise UserError(f"{twice} is said twice; leave one of them out")
    given |= {} if network is None else {"network": network}
    # A validation split is there to choose by, and is not learnt from; else all of the training split are.
    held_out = {"refit": False} if len(data.validation) else {"validation": 0.0}
    config = configured(RunConfig, None, {"data": data.name or "data", **given, **options})
    config = config.model_copy(update=held_out)
    # Nobody has given these.
    config.model_fields_set.difference_update(held_out)
    return config


def nothing_chosen(config: "RunConfig") -> str | None:
    """Why nothing is chosen of a configuration; None where something may be."""
    from hyperborn.selection.candidates import settled as settled_by_options

    return settled_by_options(config)


def refuse_said_elsewhere(options: Mapping[str, Any]) -> None:
    """Raise a UserError for an option that `fit` has in another form, or that says how data are read."""
    from hyperborn.config.options import DATA, OPTIONS

    for key in options:
        if key in SAID_ELSEWHERE:
            raise UserError(f"{key} is an option of the command line; here it is {SAID_ELSEWHERE[key]}")
        if (key in OPTIONS and OPTIONS[key].panel == DATA) or key == "split_seed":
            raise UserError(f"{key} says how data are read and split; give it to hb.data.load or hb.data.from_arrays")


def refuse_options(options: Mapping[str, Any]) -> None:
    """Raise a UserError for options of a network where there are no data, hence no network."""
    for key in options:
        raise UserError(f"{key} is an option of a network on data; energies of your own take none; leave {key} out")


def check_ledger(resources: Resources, *, on_backend: bool) -> None:
    """Raise a UserError for a ledger of a run that has no jobs."""
    if resources.ledger is not None and not on_backend:
        raise UserError(
            f"ledger = {str(resources.ledger)!r}: the run is on no backend, so that it has no jobs to keep; leave the "
            "ledger out"
        )


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
