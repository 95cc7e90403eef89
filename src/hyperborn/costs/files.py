"""Energies of operations from a file of JSON or TOML."""

import json
import tomllib
from pathlib import Path
from typing import Any

from hyperborn.costs.energies import Energies, energies_of
from hyperborn.errors import UserError
from hyperborn.storage import read_bounded
from hyperborn.storage.durable import explained

MOST_BYTES = 16 * 2**10
"""Of a file of energies, which holds a handful of numbers."""


def energies_in(path: Path) -> Energies:
    """The energies (pJ) in a file, JSON where its name ends in .json, and TOML otherwise; others stay as they are.

    Raises:
        UserError: if it cannot be read, is neither, or names something that is no energy.
    """
    with explained(path, "read"):
        content = read_bounded(path, MOST_BYTES, remedy="is it a table of energies?")
    try:
        text = content.decode("utf-8-sig")
        given: Any = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "JSON" if path.suffix.lower() == ".json" else "TOML"
        raise UserError(f"{path} is not valid {kind} ({' '.join(str(error).split())}); write addition = 0.9") from None
    try:
        return energies_of(given)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
