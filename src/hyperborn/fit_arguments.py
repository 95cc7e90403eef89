"""From the arguments of `hyperborn.fit` to what is trained: parts as they are, options by name, or a choice."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hyperborn.compilation import check_process
from hyperborn.data.dataset import Dataset
from hyperborn.energy import OwnEnergies
from hyperborn.errors import UserError
from hyperborn.networks import Network
from hyperborn.posteriors import SPREAD
from hyperborn.posteriors.default import fits_one_register
from hyperborn.printable import shown
from hyperborn.priors import Uniform
from hyperborn.training.annealing import Annealing
from hyperborn.training.defaults import BATCH_SIZE, definition_with_defaults
from hyperborn.training.fit import model_and_data
from hyperborn.training.plateau import Plateau
from hyperborn.training.regime import Resources, check_no_backend

if TYPE_CHECKING:
    from hyperborn.config import RunConfig
    from hyperborn.selection import Selection
    from hyperborn.training.choice import Choice
    from hyperborn.training.definition import Definition

PARTS = ("posterior", "objective", "estimator", "prior", "optimizer")
"""Those of `DEFAULTS` that may be named as options are."""
DEFAULTS: Mapping[str, Any] = {
    **dict.fromkeys(("posterior", "objective", "estimator", "optimizer", "steps", "restarts")),
    "prior": Uniform(),
    "annealing": Annealing(),
    "plateau": Plateau(),
    "batch_size": BATCH_SIZE,
    "seed": 0,
    "spread": SPREAD,
}
"""Arguments of `fit` that are parts and numbers of a definition, with their defaults."""

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
    # Nobody has given these. And an effort is a limit: where it turns out that nothing is chosen, it is kept, too.
    config.model_fields_set.difference_update({*held_out, "effort"})
    return config


def is_settled(network: Network | None, data: Dataset, given: Mapping[str, Any]) -> bool:
    """Whether these arguments of `fit`, parts and options, settle what is trained of a network.

    An effort is then refused. Where the table of options decides, it may always be given.
    """
    named = {name: given.get(name, default) for name, default in DEFAULTS.items()}
    options = {name: value for name, value in given.items() if name not in DEFAULTS and name != "effort"}
    return not is_by_table(network, named, options) and settled(model_and_data(network, data)[0], named) is not None


def is_by_table(network: Any, named: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    """Whether the table of options says what is trained: a network or a part is left open, or is named."""
    return network is None or bool(options) or any(isinstance(named[part], str | float) for part in PARTS)


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
    default = DEFAULTS[name]
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
