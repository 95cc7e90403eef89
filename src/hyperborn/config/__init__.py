"""From flags and files to a run: the validated configuration, and the data, network and definition that it asks for.

`options` is the table of all options, which everything else here follows. Names are imported at first use, so that the
table can be read without pydantic and JAX.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hyperborn.config.applicability import PARTS_OF_OBJECTIVES, options_of
    from hyperborn.config.kinds import Count, Text, distinct
    from hyperborn.config.models import CompareConfig, Configuration, RunConfig
    from hyperborn.config.reading import configured, read_toml

HOMES = {
    "PARTS_OF_OBJECTIVES": "applicability",
    "options_of": "applicability",
    "Count": "kinds",
    "Text": "kinds",
    "distinct": "kinds",
    "CompareConfig": "models",
    "Configuration": "models",
    "RunConfig": "models",
    "configured": "reading",
    "read_toml": "reading",
}

__all__ = [
    "PARTS_OF_OBJECTIVES",
    "CompareConfig",
    "Configuration",
    "Count",
    "RunConfig",
    "Text",
    "configured",
    "distinct",
    "options_of",
    "read_toml",
]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
