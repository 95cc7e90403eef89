"""Optional packages, imported where they are used."""

from importlib import import_module
from typing import Any

from hyperborn.errors import UserError
from hyperborn.redaction import error_text


def imported(module: str, extra: str, user: str) -> Any:
    """A module of an optional package.

    Raises:
        UserError: if it is not installed or cannot be imported; the message says how to install it.
    """
    root = module.partition(".")[0]
    package, command = root.replace("_", "-"), f'"hyperborn[{extra}]"'
    try:
        return import_module(module)
    except MemoryError:
        raise
    except ModuleNotFoundError as error:
        if (error.name or root).partition(".")[0] != root:
            raise unusable(user, package, command, error) from None
        raise UserError(f"{user} needs {package}; install it with: pip install {command}") from None
    except Exception as error:  # noqa: BLE001 - packages of incompatible versions raise errors of any kind
        raise unusable(user, package, command, error) from None


def unusable(user: str, package: str, command: str, error: Exception) -> UserError:
    """The error for a package that is installed and cannot be imported, without secrets."""
    return UserError(
        f"{user} needs {package}, which is installed and cannot be imported ({error_text(error)}); install it again "
        f"with: pip install --force-reinstall {command}"
    )
