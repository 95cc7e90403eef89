"""Functions of one's own by their names in a run, `module:function`, as `hyperborn.parts` names classes."""

import sys
from collections.abc import Callable
from typing import Any

from hyperborn.errors import UserError
from hyperborn.parts import held_under, is_pythons_or_ours, is_users_module
from hyperborn.printable import shown


def name_of_function(function: Any) -> str | None:
    """The name by which a function is found again where its module is imported; None where it has none.

    Only functions of modules that are the user's own have one: see `hyperborn.parts.is_users_module`.
    """
    name = name_by_itself(function)
    return name if found(name) is function else None


def naming_remedy(function: Any) -> str:
    """What to do so that a function without a name has one."""
    name = name_by_itself(function)
    if held(name) is function and not is_pythons_or_ours(module_of(name)):
        return plugin_remedy(module_of(name))
    return "define it at the top of a module that you import"


def name_by_itself(function: Any) -> str:
    """The name that a function says it has."""
    # Functions that JAX has compiled are no functions to Python, and have both.
    return f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', '')}"


def function_named(name: Any) -> Callable[[Any], Any]:
    """The function of a name that `name_of_function` gave, among imported modules: nothing is imported here.

    Raises:
        UserError: if there is no such function, saying what to import.
    """
    function = found(name)
    if function is not None:
        return function
    module = module_of(name)
    if module == "__main__":
        remedy = "define it first, as the program that made it did; for commands it has to be in a module (--plugin)"
    elif held(name) is not None and not is_pythons_or_ours(module):
        remedy = f"functions of installed packages are called only where you say so: {plugin_remedy(module)}"
    elif module in sys.modules or not module.replace(".", "_").isidentifier():
        remedy = "was it renamed, or the file edited by hand?"
    else:
        remedy = f"import {module} first, or give --plugin {module}"
    raise UserError(f"the energy function {shown(name)} is not known here; {remedy}")


def found(name: Any) -> Callable[[Any], Any] | None:
    """The function of a name among the imported modules that are the user's own, for a record may be forged."""
    return held(name) if is_users_module(module_of(name)) else None


def held(name: Any) -> Callable[[Any], Any] | None:
    """The function of a name among the imported modules, if it is of the module that holds it."""
    module = module_of(name)
    thing = held_under(name) if module else None
    is_function = callable(thing) and not isinstance(thing, type)
    return thing if is_function and getattr(thing, "__module__", None) == module else None


def module_of(name: Any) -> str:
    """The module in a name; nothing where it is no text."""
    return name.partition(":")[0] if isinstance(name, str) else ""


def plugin_remedy(module: str) -> str:
    """How a module of an installed package is made known."""
    return f"give --plugin {module}, or in Python hyperborn.parts.import_plugins(['{module}'])"
