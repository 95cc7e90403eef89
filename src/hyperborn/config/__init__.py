"""From flags and files to a run: the validated configuration, and the data, network and definition that it asks for."""

from hyperborn.config.kinds import PARTS, Count, Text, distinct
from hyperborn.config.models import CompareConfig, Configuration, RunConfig
from hyperborn.config.reading import configured, options_of, read_toml

__all__ = [
    "PARTS",
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
