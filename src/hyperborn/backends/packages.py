"""Packages of the extras, imported where they are used."""

from importlib import import_module
from typing import Any

from hyperborn.errors import UserError


def imported(module: str, extra: str, user: str) -> Any:
    """A module of an optional package.

    Raises:
        UserError: if it is not installed; the line says how to install it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0].replace("_", "-")
        raise UserError(f'{user} needs {package}; install it with: pip install "hyperborn[{extra}]"') from error
