"""Configuration from flags and a file, and what goes with what."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from hyperborn.config.kinds import PARTS, either
from hyperborn.config.models import CIRCUITS, DRAWING, OF_BACKENDS, Configuration, RunConfig
from hyperborn.errors import UserError
from hyperborn.objectives.divergences import Divergence
from hyperborn.objectives.objectives import OBJECTIVES, SELBO, Objective
from hyperborn.printable import shown
from hyperborn.storage import read_bounded
from hyperborn.training.estimators import ESTIMATORS, SPSA, Exact

MOST_BYTES = 256 * 2**10
"""Of a configuration file, or a plan."""
MOST_DOTS = 300
"""Of a line: `tomllib` takes time and memory by the square of the parts of a dotted key."""

Config = TypeVar("Config", bound=Configuration)


def configured(kind: type[Config], file: Path | None, flags: Mapping[str, Any]) -> Config:
    """Configuration from a TOML file, if any, and from flags, which win.

    Raises:
        UserError: if the file cannot be read, or a key or a value is not allowed: it names key, value and what is.
    """
    given = {**(read_toml(file) if file else {}), **{key: value for key, value in flags.items() if value is not None}}
    for key in given:
        if key not in kind.model_fields:
            near = difflib.get_close_matches(key, kind.model_fields, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise UserError(
                f"unknown configuration key {shown(key)}: {hint}the keys are {', '.join(kind.model_fields)}"
            )
    if given.get("backend") is not None:
        # The objective that samples are enough for.
        given.setdefault("objective", SELBO.name)
    try:
        config = kind.model_validate(given)
    except ValidationError as error:
        raise UserError(explained(error, kind, given)) from error
    check_applies(config)
    return config


def check_applies(config: Configuration) -> None:
    """Refuse an option that would be ignored.

    Raises:
        UserError: naming the option and what it goes with.
    """
    backend = isinstance(config, RunConfig) and config.backend is not None
    spsa = backend and config.estimator in ("auto", SPSA.name)
    optimizer = ("gains" if spsa else "adam") if config.optimizer == "auto" else config.optimizer
    chosen = {optimizer, config.ansatz, f"estimator {config.estimator}", *config.chosen_objectives}
    owners = {"learning_rate": ["adam", "gains"], "depth": [*CIRCUITS], "context": ["autoregressive"]}
    annealed = [name for name, kind in OBJECTIVES.items() if kind.annealed]
    owners["annealing"] = [f"adam with {either(annealed)}"]
    owners |= {"ansatz": ["posterior register"], "patience": ["estimator exact"]}
    owners |= {key: ["posterior registers"] for key in ("register_size", "grouping")}
    owners |= {key: [DRAWING] for key in ("samples", "batch_size")}
    chosen.update(f"posterior {kind}" for kind in ("register", "registers") if config.posterior in ("auto", kind))
    owners |= {key: ["backend"] for key in OF_BACKENDS}
    owners |= {"subset": ["estimator parameter-shift"], "directions": ["estimator spsa"]}
    owners |= {"perturbation": ["estimator spsa"]}
    if backend:
        chosen.add("backend")
        if config.estimator == "auto":
            chosen.add("estimator spsa")
    elif config.estimator in SHOT_ESTIMATORS:
        raise UserError(
            f"estimator {config.estimator} takes shots from a backend, and none is chosen; give --backend statevector, "
            "or another estimator"
        )
    if not backend and "posterior registers" in chosen and config.estimator != Exact.name:
        chosen.add(DRAWING)
    of_size = config.estimator == "auto" and config.posterior != "registers"
    if not backend and (config.estimator == Exact.name or of_size):
        chosen.add("estimator exact")
    if not backend and optimizer == "adam" and not set(annealed).isdisjoint(config.chosen_objectives):
        chosen.update(owners["annealing"])
    for name, kind in OBJECTIVES.items():
        for key in options_of(kind):
            owners.setdefault(key, []).append(name)
    for part, kinds in PARTS.items():
        objectives, takers = set(owners[part]), either(owners[part])
        for name, kind in kinds.items():
            label = f"{takers} with {part} {name}"
            if name == getattr(config, part) and not objectives.isdisjoint(config.chosen_objectives):
                chosen.add(label)
            for key in options_of(kind):
                owners.setdefault(key, []).append(label)
    for key, found in owners.items():
        if key in config.model_fields_set and chosen.isdisjoint(found):
            owner = either(found)
            raise UserError(f"{key} goes with {owner} only, which is not chosen; leave {key} out or choose {owner}")


SHOT_ESTIMATORS = tuple(name for name, kind in ESTIMATORS.items() if kind.regime == "shots")


def options_of(kind: type[Objective | Divergence]) -> list[str]:
    """Keys of the configuration that an objective or a divergence takes: those that are its fields."""
    return [field.name for field in fields(kind) if field.name in Configuration.model_fields]


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file of at most 256 KiB, and 300 dots a line.

    Raises:
        UserError: if it is no regular file, is over a limit, cannot be read or is not valid TOML.
    """
    try:
        text = read_bounded(path, MOST_BYTES, remedy="is it a configuration?").decode("utf-8")
        if max(line.count(".") for line in text.split("\n")) > MOST_DOTS:
            raise UserError(
                f"the configuration {path} has a line of over {MOST_DOTS} dots; break it or shorten its key"
            )
        return tomllib.loads(text)
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"cannot read the configuration {path}: {error.strerror}; check its path") from error
    except RecursionError as error:
        raise UserError(f"the configuration {path} is nested too deeply; write its lists and tables flat") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"the configuration {path} is not valid TOML: {error}") from error
    except ValueError as error:
        raise UserError(f"the configuration {path} has a number of over 4,300 digits; shorten it") from error


def explained(error: ValidationError, kind: type[Configuration], given: Mapping[str, Any]) -> str:
    """The first mistake in one line: the key, its value and what is allowed."""
    key = str(error.errors(include_url=False, include_context=False)[0]["loc"][0])
    if key not in given:
        return f"{key} is missing: name the data set, such as iris, or a CSV file"
    return f"{key} = {shown(given[key])} is not allowed; give {kind.model_fields[key].description}"
