"""The validated configuration of a run, from flags or a TOML file."""

import difflib
import tomllib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from hyperborn.errors import UserError
from hyperborn.inference.divergences import DIVERGENCES, Divergence
from hyperborn.inference.divergences.renyi import NEAREST
from hyperborn.inference.estimators import ESTIMATORS, Exact
from hyperborn.inference.objectives import OBJECTIVES, Objective

PARTS: Mapping[str, Mapping[str, type[Divergence]]] = {"divergence": DIVERGENCES}
"""Keys whose value is the name of a thing with options of its own."""


def listed(value: Any) -> Any:
    """Text such as "1,2" as a list."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def hidden_sizes(value: Any) -> Any:
    """Hidden layers from text such as "8,4", "none" or "auto", or from one number."""
    if isinstance(value, str):
        # A comma alone stays in the list, to be refused.
        return value if value == "auto" else [] if value in ("none", "0") else listed(value) or [value]
    return ([value] if value else []) if isinstance(value, int) else value


def names(value: Any) -> Any:
    """Class names from text, or from numbers."""
    parts = unless_all(listed(value))
    return [str(part) for part in parts] if isinstance(parts, list) else parts


def unless_all(value: Any) -> Any:
    """None for "all", which help and messages call the default."""
    return None if value in ("all", ["all"]) else value


def distinct(value: list[Any]) -> list[Any]:
    """The list, if no item is named twice."""
    if len(set(value)) < len(value):
        raise ValueError("an item is named twice")
    return value


def known(value: str) -> str:
    """The name of an objective, if there is one of this name."""
    if value not in OBJECTIVES:
        raise ValueError("no objective")
    return value


def known_divergence(value: str) -> str:
    """The name of a divergence, if there is one of this name."""
    if value not in DIVERGENCES:
        raise ValueError("no divergence")
    return value


def known_estimator(value: str) -> str:
    """The name of an estimator, if there is one of this name."""
    if value != "auto" and value not in ESTIMATORS:
        raise ValueError("no estimator")
    return value


def not_one(value: float) -> float:
    """The number, if it is not 1 or as good as 1."""
    if abs(value - 1) < NEAREST:
        raise ValueError("one")
    return value


def either(names: Iterable[str], word: str = "or") -> str:
    """Such as "a, b or c"."""
    *others, last = names
    return f"{', '.join(others)} {word} {last}" if others else last


def no_truth(value: Any) -> Any:
    """The value, if it is not `true` or `false`, which would pass for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("a truth value")
    return value


NotTruth = BeforeValidator(no_truth)

# A description says what is allowed, in the words of an error message.
Text = Annotated[str, Field(min_length=1, pattern=r"^[^\x00]+$", description="text")]
Count = Annotated[int, NotTruth, Field(ge=1, le=2**31 - 1, description="a whole number from 1 on")]
Share = Annotated[float, NotTruth, Field(ge=0, lt=1, description="a number from 0 on and below 1")]
Positive = Annotated[float, NotTruth, Field(gt=0, allow_inf_nan=False, description="a number above 0")]
NotNegative = Annotated[float, NotTruth, Field(ge=0, allow_inf_nan=False, description="a number from 0 on")]
Number = Annotated[float, NotTruth, Field(allow_inf_nan=False)]
Truth = Annotated[bool, Field(description="true or false")]
Probability = Annotated[float, NotTruth, Field(gt=0, lt=1)]
Name = Annotated[str, AfterValidator(known)]


CIRCUITS = ("all-pairs", "ring", "ladder", "brickwork", "multi-basis")
"""Ansätze that are circuits of layers."""

DRAWING = "posterior registers with an estimator other than exact"
"""What draws networks and minibatches, in the words of an error message."""


class Configuration(BaseModel, ABC):
    """What `train` and `compare` can both be told; `hyperborn.cli.options` holds the help texts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Annotated[Text, Field(description="the name of a data set, such as iris, or a CSV file")]
    target: Text | None = Field(None, description="the name of a column")
    drop: Annotated[
        list[Text] | None,
        BeforeValidator(listed),
        Field(min_length=1, description="names of columns, such as name,id"),
    ] = None
    classes: Annotated[
        list[Text] | None, BeforeValidator(names), Field(description="class names or numbers, such as 0,1, or all")
    ] = None
    folder: Text | None = Field(None, description="the path of a folder")
    pixels: Annotated[
        Count | None, BeforeValidator(unless_all), Field(description="a whole number from 1 on, or all")
    ] = None
    size: Annotated[int | None, NotTruth, Field(ge=2, description="a whole number from 2 on")] = None
    noise: Annotated[NotNegative | None, Field(description="a number from 0 on")] = None
    impute: Literal["median"] | None = Field(None, description="median")
    components: Count | Literal["auto", "all"] = Field("auto", description="a whole number from 1 on, auto or all")
    standardize: Truth = True
    validation: Share = 0.2
    test: Annotated[Share | None, Field(description="a number from 0 on and below 1")] = None

    hidden: Annotated[
        list[Count] | Literal["auto"],
        BeforeValidator(hidden_sizes),
        Field(description="units of each layer from 1 on, such as 2 or 8,4, none or auto"),
    ] = "auto"
    activation: Literal["auto", "relu", "sigmoid", "tanh", "sign"] = Field(
        "auto", description="relu, sigmoid, tanh, sign or auto"
    )
    bias: Truth | Literal["auto"] = Field("auto", description="true, false or auto")
    values: Annotated[
        tuple[Number, Number], BeforeValidator(listed), Field(description="two numbers, such as -1,1")
    ] = (-1.0, 1.0)
    scale: Literal["auto", "none", "fan_in", "learned"] = Field("auto", description="none, fan_in, learned or auto")
    normalization: Literal["auto", "none", "layer"] = Field("auto", description="none, layer or auto")
    output_scales: Annotated[
        list[Positive], BeforeValidator(listed), Field(min_length=1, description="numbers above 0, such as 0.5,1,2,4")
    ] = [1.0]

    posterior: Literal["auto", "register", "registers"] = Field("auto", description="register, registers or auto")
    ansatz: Literal["all-pairs", "ring", "ladder", "brickwork", "multi-basis", "product", "autoregressive"] = Field(
        "all-pairs", description="all-pairs, ring, ladder, brickwork, multi-basis, product or autoregressive"
    )
    depth: Count | Literal["auto"] = Field("auto", description="a whole number from 1 on, or auto")
    register_size: Annotated[int, NotTruth, Field(ge=1, le=10, description="a whole number from 1 to 10")] = 4
    grouping: Literal["neuron", "layer", "random"] = Field("neuron", description="neuron, layer or random")
    context: Annotated[int, NotTruth, Field(ge=0, le=16, description="a whole number from 0 to 16")] = 4
    spread: NotNegative = 0.02

    beta: Positive | Literal["auto"] = Field("auto", description="a number above 0, or auto")
    weight: Positive | Literal["kl-matched"] = Field("kl-matched", description="a number above 0, or kl-matched")
    divergence: Annotated[str, AfterValidator(known_divergence)] = Field("mmd", description=either(DIVERGENCES))
    bandwidth: Literal["operator-weight", "median", "adaptive"] = Field(
        "operator-weight", description="operator-weight, median or adaptive"
    )
    order: Count = 2
    operator: Literal["barker", "difference"] = Field("barker", description="barker or difference")
    temperature: Positive = 1.0
    alpha: Annotated[Positive, AfterValidator(not_one)] = Field(0.5, description="a number above 0 other than 1")
    prior: Probability | dict[Text, Probability] = Field(
        0.5, description="a number between 0 and 1, or in a configuration file one for each named field"
    )

    estimator: Annotated[str, AfterValidator(known_estimator)] = Field(
        "auto", description=f"auto, {either(ESTIMATORS)}"
    )
    samples: Count | Literal["auto"] = Field("auto", description="a whole number from 1 on, or auto")
    batch_size: Count = 128
    optimizer: Literal["adam", "lbfgs"] = Field("adam", description="adam or lbfgs")
    learning_rate: Positive | Literal["auto"] = Field("auto", description="a number above 0, or auto")
    annealing: Annotated[float, NotTruth, Field(gt=0, le=1, description="a number above 0, and 1 at most")] = 0.01
    steps: Count | Literal["auto"] = Field("auto", description="a whole number from 1 on, or auto")
    restarts: Count | Literal["auto"] = Field("auto", description="a whole number from 1 on, or auto")
    patience: Annotated[int, NotTruth, Field(ge=0, le=2**31 - 1, description="a whole number from 0 on")] = 100
    seed: Annotated[int, NotTruth, Field(ge=0, lt=2**32, description=f"a whole number from 0 to {2**32 - 1}")] = 0

    @property
    @abstractmethod
    def chosen_objectives(self) -> list[Name]:
        """Every objective that is trained with."""


class RunConfig(Configuration):
    """Everything `hyperborn train` can be told."""

    objective: Name = Field("elbo", description=either(OBJECTIVES))
    prior_from: Text | None = Field(None, description="the run folder of a finished run")

    @property
    def chosen_objectives(self) -> list[Name]:
        return [self.objective]


class CompareConfig(Configuration):
    """Everything `hyperborn compare` can be told: several objectives and seeds instead of one."""

    objectives: Annotated[
        list[Name],
        BeforeValidator(listed),
        AfterValidator(distinct),
        Field(min_length=1, description=f"one or more of {either(OBJECTIVES, 'and')}, each once"),
    ] = ["mle", "elbo", "selbo"]
    seeds: Count = 5

    @property
    def chosen_objectives(self) -> list[Name]:
        return self.objectives


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
            raise UserError(f"unknown configuration key {key!r}: {hint}the keys are {', '.join(kind.model_fields)}")
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
    chosen = {config.optimizer, config.ansatz, *config.chosen_objectives}
    owners = {"learning_rate": ["adam"], "depth": [*CIRCUITS], "context": ["autoregressive"]}
    annealed = [name for name, kind in OBJECTIVES.items() if kind.annealed]
    owners["annealing"] = [f"adam with {either(annealed)}"]
    owners |= {"ansatz": ["posterior register"], "patience": ["estimator exact"]}
    owners |= {key: ["posterior registers"] for key in ("register_size", "grouping")}
    owners |= {key: [DRAWING] for key in ("samples", "batch_size")}
    chosen.update(f"posterior {kind}" for kind in ("register", "registers") if config.posterior in ("auto", kind))
    if "posterior registers" in chosen and config.estimator != Exact.name:
        chosen.add(DRAWING)
    if config.estimator == Exact.name or (config.estimator == "auto" and config.posterior != "registers"):
        chosen.add("estimator exact")
    if config.optimizer == "adam" and not set(annealed).isdisjoint(config.chosen_objectives):
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


def options_of(kind: type[Objective | Divergence]) -> list[str]:
    """Keys of the configuration that an objective or a divergence takes: those that are its fields."""
    return [field.name for field in fields(kind) if field.name in Configuration.model_fields]


def read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read the configuration {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"the configuration {path} is not valid TOML: {error}") from error


def explained(error: ValidationError, kind: type[Configuration], given: Mapping[str, Any]) -> str:
    """The first mistake in one line: the key, its value and what is allowed."""
    key = str(error.errors(include_url=False, include_context=False)[0]["loc"][0])
    if key not in given:
        return f"{key} is missing: name the data set, such as iris, or a CSV file"
    return f"{key} = {given[key]!r} is not allowed; give {kind.model_fields[key].description}"
