"""Which settings a study's methods take, and whether they fit a task: checked before any work."""

from dataclasses import fields
from typing import Any

from hyperborn.baselines import BASELINES, Baseline
from hyperborn.bits import LARGEST_ENUMERATED
from hyperborn.config import Configuration
from hyperborn.config.applicability import BUILT_IN_NETWORK
from hyperborn.config.definitions import definition_of
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.study.cell import Cell, Method
from hyperborn.study.splits import configuration
from hyperborn.training.definition import Definition
from hyperborn.training.regimes import regime_of

SHARED_KEYS = {
    *("prior", "network", "likelihood", "target_noise"),
    *BUILT_IN_NETWORK,
}
"""Keys of a configuration that baselines and the exact posterior take as well: network and prior."""

Settings = dict[str, Any]


def check_settings(cell: Cell, data: Dataset) -> None:
    """Raise a UserError for a setting that the method does not take, or a value that is not allowed or does not fit."""
    method = cell.method
    if method.kind == "baseline" and not data.n_classes:
        raise UserError(
            f"the target {data.preprocessing.target!r} is a number, and the baseline {method.baseline} predicts "
            "classes; leave it out of parts with this task"
        )
    if method.kind == "run":
        first = {**method.settings, **{key: values[0] for key, values in method.choose.items()}}
        for given in (first, *({**first, key: value} for key, values in method.choose.items() for value in values)):
            config = configuration(cell, given)
            check_no_backend(definition_of(config, data, config.objective))
        return
    own, rest = shared_settings(method)
    definition = definition_of(configuration(cell, own), data, "elbo")
    check_no_backend(definition)
    if method.kind == "exact":
        regime_of(definition).check_exact(definition)
        return
    baseline = baseline_of(method, rest)
    if baseline.enumerates and definition.n_weights > LARGEST_ENUMERATED:
        raise UserError(
            f"the baseline {baseline.name} takes up to {LARGEST_ENUMERATED} weights, and the network has "
            f"{definition.n_weights}; leave it out of parts with this task, or choose a smaller network (hidden, "
            "components)"
        )


def check_task(cell: Cell, data: Dataset) -> None:
    """Raise a UserError for a key of the task that is unknown, or a value that is not allowed or does not fit."""
    config = configuration(cell, {})
    check_no_backend(definition_of(config, data, config.objective))


def check_no_backend(definition: Definition) -> None:
    """Raise a UserError for a run on a backend, whose jobs a study would neither limit nor keep."""
    if regime_of(definition).on_backend:
        raise UserError("studies run on no backend; leave backend out, or take hyperborn train")


def is_enumerated(config: Configuration, data: Dataset) -> bool:
    """Whether a configuration's network is on one register, so that its exact posterior is known."""
    return regime_of(definition_of(config, data, "elbo")).enumerates


def shared_settings(method: Method) -> tuple[Settings, Settings]:
    """A method's settings in two parts: those of the network and the prior, and all others."""
    given = method.settings.items()
    own = {key: value for key, value in given if key in SHARED_KEYS}
    return own, {key: value for key, value in given if key not in SHARED_KEYS}


def baseline_of(method: Method, settings: Settings) -> Baseline:
    """The baseline with its settings."""
    kind = BASELINES[method.baseline]
    try:
        return kind(**settings)
    except TypeError as error:
        known = ", ".join(field.name for field in fields(kind)) or "none"  # pyright: ignore[reportArgumentType]
        given = ", ".join(settings)
        raise UserError(f"baseline {kind.name} does not take {given}; its settings are {known}") from error
