"""Functions of one's own by their names in a run, `module:function`, as `hyperborn.parts` names classes."""

import sys
from collections.abc import Callable
from typing import Any

from hyperborn.errors import UserError
from hyperborn.parts import held_under
from hyperborn.printable import shown


def name_of_function(function: Any) -> str | None:
    """The name by which a function is found again where its module is imported; None where it has none.

    Python's own functions have none, as they are no energies.
    """
    # Functions that JAX has compiled are no functions to Python, and have both.
    name = f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', '')}"
    return name if found(name) is function else None


def function_named(name: Any) -> Callable[[Any], Any]:
    """The function of a name that `name_of_function` gave, among imported modules: nothing is imported here.

    Raises:
        UserError: if there is no such function, saying what to import.
    """
    function = found(name)
    if function is not None:
        return function
    module = name.partition(":")[0] if isinstance(name, str) else ""
    if module == "__main__":
        remedy = "define it first, as the program that made it did; for commands it has to be in a module (--plugin)"
    elif module in sys.modules or not module.replace(".", "_").isidentifier():
        remedy = "was it renamed, or the file edited by hand?"
    else:
        remedy = f"import {module} first, or give --plugin {module}"
    raise UserError(f"the energy function {shown(name)} is not known here; {remedy}")


def found(name: Any) -> Callable[[Any], Any] | None:
    """The function of a name among the imported modules; of Python's own modules none, for a record may be forged."""
    module = name.partition(":")[0] if isinstance(name, str) else ""
    if not module or module.partition(".")[0] in sys.stdlib_module_names:
        return None
    thing = held_under(name)
    is_function = callable(thing) and not isinstance(thing, type)
    return thing if is_function and getattr(thing, "__module__", None) == module else None
