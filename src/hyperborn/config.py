"""The validated configuration of a run, from flags or a TOML file."""

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from hyperborn.errors import UserError


def listed(value: Any) -> Any:
    """Text such as "1,2" as a list."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def hidden_sizes(value: Any) -> Any:
    """Hidden layers from text such as "8,4", "none" or "auto", or from one number."""
    if isinstance(value, str):
        return value if value == "auto" else [] if value in ("none", "0", "") else listed(value)
    return [value] if isinstance(value, int) else value


def names(value: Any) -> Any:
    """Class names from text, or from numbers."""
    parts = listed(value)
    return [str(part) for part in parts] if isinstance(parts, list) else parts


Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Probability = Annotated[float, Field(gt=0, lt=1)]


class RunConfig(BaseModel):
    """Everything `hyperborn train` can be told; `hyperborn.cli.options` holds the help texts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: str
    target: str | None = None
    classes: Annotated[list[str] | None, BeforeValidator(names)] = None
    folder: str | None = None
    pixels: Annotated[int | None, Field(ge=1)] = None
    size: Annotated[int | None, Field(ge=2)] = None
    noise: Annotated[float | None, Field(ge=0)] = None
    impute: Literal["median"] | None = None
    components: Annotated[int, Field(ge=1)] | Literal["auto", "all"] = "auto"
    standardize: bool = True
    validation: Annotated[float, Field(ge=0, lt=1)] = 0.2
    test: Annotated[float | None, Field(ge=0, lt=1)] = None

    hidden: Annotated[list[Annotated[int, Field(ge=1)]] | Literal["auto"], BeforeValidator(hidden_sizes)] = "auto"
    activation: Literal["relu", "sigmoid", "tanh", "sign"] = "relu"
    bias: bool = True
    values: Annotated[tuple[float, float], BeforeValidator(listed)] = (-1.0, 1.0)
    scale: Literal["none", "fan_in"] = "none"

    ansatz: Literal["brickwork", "product"] = "brickwork"
    depth: Annotated[int, Field(ge=1)] = 4
    spread: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.1

    objective: Literal["mle", "elbo", "selbo"] = "elbo"
    beta: Positive = 1.0
    weight: Positive | Literal["kl-matched"] = "kl-matched"
    prior: Probability | dict[str, Probability] = 0.5

    optimizer: Literal["adam", "lbfgs"] = "adam"
    learning_rate: Positive = 0.1
    steps: Annotated[int, Field(ge=1)] = 500
    restarts: Annotated[int, Field(ge=1)] = 4
    patience: Annotated[int, Field(ge=0)] = 100
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0


class CompareConfig(RunConfig):
    """Everything `hyperborn compare` can be told: several objectives and seeds instead of one."""

    objectives: Annotated[list[Literal["mle", "elbo", "selbo"]], BeforeValidator(listed), Field(min_length=1)] = [
        "mle",
        "elbo",
        "selbo",
    ]
    seeds: Annotated[int, Field(ge=1)] = 5

    @model_validator(mode="before")
    @classmethod
    def one_objective_is_not_enough(cls, given: Any) -> Any:
        """`objective` is for `train`."""
        if isinstance(given, Mapping) and "objective" in given:
            raise UserError("objective is not an option of compare; name several: objectives = ['mle', 'elbo']")
        return given


Config = TypeVar("Config", bound=RunConfig)


def configured(kind: type[Config], file: Path | None, flags: Mapping[str, Any]) -> Config:
    """Configuration from a TOML file, if any, and from flags, which win.

    Raises:
        UserError: if the file cannot be read, or a key or a value is not allowed: the line names key, value and what is.
    """
    given = {**(read_toml(file) if file else {}), **{key: value for key, value in flags.items() if value is not None}}
    for key in given:
        if key not in kind.model_fields:
            near = difflib.get_close_matches(key, kind.model_fields, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise UserError(f"unknown configuration key {key!r}: {hint}the keys are {', '.join(kind.model_fields)}")
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise UserError(explained(error)) from error


def read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read the configuration {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"the configuration {path} is not valid TOML: {error}") from error


def explained(error: ValidationError) -> str:
    """The first mistake in one line; alternatives of a union are joined."""
    errors = error.errors()
    key = str(errors[0]["loc"][0])
    if errors[0]["type"] == "missing":
        return f"{key} is missing: name the data set, such as iris, or a CSV file"
    reasons = [
        one["msg"].removeprefix("Input should be ").removeprefix("a ") for one in errors if str(one["loc"][0]) == key
    ]
    value = errors[0]["input"] if len(errors[0]["loc"]) == 1 else error.errors()[0]["input"]
    return f"{key} = {value!r}: it should be {' or '.join(dict.fromkeys(reasons))}"
