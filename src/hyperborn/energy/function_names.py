"""Functions of one's own by the names that they can be imported by, `module:function`."""

import sys
from collections.abc import Callable
from typing import Any

from hyperborn.errors import UserError
from hyperborn.printable import shown


def name_of(function: Any) -> str | None:
    """The name by which a function is found again after its module is imported; None where it has none.

    A script is no module that can be imported, and Python's own functions are no energies.
    """
    # Functions that JAX has compiled are no functions to Python, and have both.
    name = f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', '')}"
    return name if found(name) is function else None


def function_named(name: Any) -> Callable[[Any], Any]:
    """The function of a name that `name_of` gave, in a module that is imported already: nothing is imported here.

    Raises:
        UserError: if there is no such function, saying what to import.
    """
    function = found(name)
    if function is not None:
        return function
    module = name.partition(":")[0] if isinstance(name, str) else ""
    if module in sys.modules or not module.replace(".", "_").isidentifier():
        raise UserError(f"the energy function {shown(name)} is not there; was it renamed, or the file edited by hand?")
    raise UserError(f"the energy function {name} is of a module that is not imported; import {module} first")


def found(name: Any) -> Callable[[Any], Any] | None:
    """The function of a name among the imported modules; of Python's own modules none, for a record may be forged."""
    module, _, place = name.partition(":") if isinstance(name, str) else ("", "", "")
    if module.partition(".")[0] in {*sys.stdlib_module_names, "__main__"}:
        return None
    thing: Any = sys.modules.get(module)
    for part in place.split("."):
        thing = vars(thing).get(part) if hasattr(thing, "__dict__") else None
    is_function = callable(thing) and not isinstance(thing, type)
    return thing if is_function and getattr(thing, "__module__", None) == module else None
