"""Configuration from flags and a file."""

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from hyperborn.config.applicability import check_options
from hyperborn.config.models import Configuration, is_on_backend
from hyperborn.errors import UserError
from hyperborn.printable import shown
from hyperborn.storage import read_bounded
from hyperborn.training.regimes import ON_BACKEND

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
    if given.get("backend") is not None or is_on_backend(given.get("posterior")):
        given.setdefault("objective", ON_BACKEND.default_objective().name)
    try:
        config = kind.model_validate(given)
    except ValidationError as error:
        raise UserError(first_mistake(error, kind, given)) from error
    check_options(config)
    return config


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file of at most 256 KiB, and 300 dots a line.

    Raises:
        UserError: if it is no regular file, is over a limit, cannot be read or is not valid TOML.
    """
    try:
        text = read_bounded(path, MOST_BYTES, remedy="is it a configuration?").decode("utf-8-sig")
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


def first_mistake(error: ValidationError, kind: type[Configuration], given: Mapping[str, Any]) -> str:
    """The first mistake in one line: the key, its value and what is allowed."""
    mistakes = error.errors(include_url=False)
    key = str(mistakes[0]["loc"][0])
    if key not in given:
        return f"{key} is missing: name the data set, such as iris, or a CSV file"
    # Of a value that is no number there may be more than one, where the name of a part would do as well.
    for mistake in mistakes:
        reason = mistake.get("ctx", {}).get("error")
        if mistake["loc"][0] == key and isinstance(reason, UserError):
            return str(reason)
    return f"{key} = {shown(given[key])} is not allowed; give {kind.model_fields[key].description}"
