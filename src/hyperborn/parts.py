"""Parts of a user's own: the names that runs know their classes by, and the modules that hold them.

A class of the user's is called ``module:Class`` wherever one of ours is called by its bare name. It is looked up among
the modules that are imported already: reading a run imports nothing, so that a folder from somebody else cannot run
code. Modules are imported where the user asks for it, by `import_plugins`, or by the name of a part that an installed
package offers in the entry-point group `GROUP`.

A class has to follow one of our abstract classes besides. Of a function nothing is known before it is called, so that a
record may name only those of modules that are the user's own: see `is_users_module`.
"""

import hashlib
import inspect
import sys
import sysconfig
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import is_dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from hyperborn.errors import UserError
from hyperborn.printable import shown

OURS = "hyperborn"
GROUP = "hyperborn.parts"
"""Entry-point group in which a package offers parts: a name, and ``module:Class``."""
INSTALLED = {"site-packages", "dist-packages"}
"""Folders that packages are installed into."""
PLUGINS: set[str] = set()
"""Modules that were imported as plugins."""


def is_own(kind: type) -> bool:
    """Whether a class is a user's own, not hyperborn's."""
    return kind.__module__.partition(".")[0] != OURS


def name_of_class(kind: type) -> str:
    """The name of a part's class in a run: bare for ours, ``module:Class`` for a user's own.

    Raises:
        UserError: if another process could not find the class by this name, or it is no dataclass.
    """
    if not is_own(kind):
        return kind.__name__
    name = f"{kind.__module__}:{kind.__qualname__}"
    if "<locals>" in name:
        raise UserError(
            f"the class {kind.__name__} is defined inside a function, where nobody finds it again; define it at the "
            "top of a module"
        )
    if held_under(name) is not kind:
        raise UserError(f"{name} is another class by now; make the part of that class")
    if not is_dataclass(kind):
        raise UserError(f"{name} is no dataclass; put @dataclass(frozen=True) above the class")
    return name


def held_under(name: str) -> Any:
    """What an imported module holds under ``module:Class``; None if it is not imported, or has no such thing."""
    module, _, path = name.partition(":")
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        # Not `getattr`, which may import: modules have functions for absent attributes.
        found = getattr(found, "__dict__", {}).get(part)
    return found


def is_users_module(name: str) -> bool:
    """Whether an imported module is the user's own, so that its functions may be called by their names in a record.

    It is neither Python's nor hyperborn's, and not of an installed package either, unless it is a plugin.
    """
    return not is_pythons_or_ours(name) and (is_plugin(name) or not is_installed(name))


def is_pythons_or_ours(name: str) -> bool:
    """Whether a module is of Python's library or of hyperborn."""
    root = name.partition(".")[0]
    return root == OURS or root in sys.stdlib_module_names


def is_plugin(name: str) -> bool:
    """Whether a module was named as a plugin or is offered by an installed package, or is below one that is."""
    parts = name.split(".")
    above = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return bool(above & PLUGINS) or (is_installed(name) and bool(above & offered_modules()))


def is_installed(name: str) -> bool:
    """Whether an imported module lies where Python or packages are installed; an editable package does not."""
    python = Path(sysconfig.get_path("stdlib"))
    # Modules that a package makes as it runs have no file, but the package has.
    for module in {name, name.partition(".")[0]}:
        file = getattr(sys.modules.get(module), "__file__", None)
        if file and (INSTALLED & set(Path(file).parts) or Path(file).is_relative_to(python)):
            return True
    return False


def class_named(name: str, what: str, bases: tuple[type, ...]) -> type[Any]:
    """The class that a user calls ``module:Class``, a concrete dataclass that follows one of the abstract `bases`.

    Args:
        name: of the class.
        what: it is to be, for the message.
        bases: abstract classes.

    Raises:
        UserError: if its module is not imported, or has no such class.
    """
    module, _, path = name.partition(":")
    if module not in sys.modules:
        raise UserError(f"the {what} {shown(name)} is not known here; import {module} first, or give --plugin {module}")
    found = held_under(name)
    if not isinstance(found, type):
        where = "define it first, as the program that made it did" if module == "__main__" else "check the name"
        raise UserError(f"the {what} {shown(name)} is not known here: {module} has no class {path}; {where}")
    if not issubclass(found, bases) or inspect.isabstract(found) or not is_dataclass(found):
        kinds = " or ".join(base.__name__ for base in bases)
        raise UserError(f"{name} cannot be the {what}; make it a dataclass that implements {kinds}")
    return found


def part_called(name: str, what: str, base: type) -> type[Any] | None:
    """The class of a user's own part, by ``module:Class`` or by its name in the entry-point group.

    Returns:
        None if the name is not of the first form, and no installed package offers a part of this name.

    Raises:
        UserError: if the class cannot be had, or follows another abstract class than `base`.
    """
    if ":" in name:
        return class_named(name, what, (base,))
    offers = offers_of(name)
    if len(offers) > 1:
        raise UserError(f"{shown(name)} is offered as {' and as '.join(offers)}; name the class itself")
    for offer in offers:
        import_user_module(offer.partition(":")[0], f"the part {shown(name)}")
        return class_named(offer, what, (base,))
    return None


@lru_cache
def offers_of(name: str) -> tuple[str, ...]:
    """What installed packages offer under a name, each as ``module:Class``."""
    # Imported only here, where a part is asked for: the metadata of all packages are looked through.
    from importlib.metadata import entry_points

    return tuple(sorted({offer.value for offer in entry_points(group=GROUP, name=name)}))


@lru_cache
def offered_modules() -> frozenset[str]:
    """The modules of all parts that installed packages offer."""
    from importlib.metadata import entry_points

    return frozenset(offer.value.partition(":")[0] for offer in entry_points(group=GROUP))


def import_plugins(modules: Iterable[str]) -> None:
    """Import modules with parts of a user's own, as `--plugin` does; they may lie in the current folder.

    Functions of an installed package are found by their names in a run only after this, or where it offers parts.

    Raises:
        UserError: if one is not found, or fails.
    """
    for module in modules:
        here = str(Path.cwd())
        if here not in sys.path:
            # Last, so that no file that happens to lie there takes the place of an installed module.
            sys.path.append(here)
        if module.endswith(".py") or not all(part.isidentifier() for part in module.split(".")):
            stem = Path(module).stem
            hint = f", such as {stem}" if stem.isidentifier() else ""
            raise UserError(f"plugin {shown(module)}: give the name of a module{hint}, not a path")
        import_user_module(module, "the plugin")


def import_user_module(module: str, what: str) -> None:
    """Import a module as a plugin; what goes wrong in it is one line.

    Raises:
        UserError: if it is not found, or fails.
    """
    try:
        import_module(module)
    except Exception as error:  # the code is the user's own
        if isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}."):
            raise UserError(
                f"{what} {module} is not found; give a module in the current folder, or an installed one"
            ) from error
        raise UserError(f"{what} {module} fails where it is imported: {type(error).__name__}: {error}") from error
    PLUGINS.add(module)


def source_digest(kind: type) -> str:
    """SHA-256 of the file that a user's class is defined in, or of its own source where there is no file."""
    source = kind.__qualname__.encode()
    with suppress(OSError, TypeError):
        source = inspect.getsource(kind).encode()
    with suppress(OSError, TypeError):
        source = Path(inspect.getfile(kind)).read_bytes()
    return hashlib.sha256(source).hexdigest()
