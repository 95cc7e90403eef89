"""docs/one-network.md, from the cells."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results.json"
AVERAGE, MOST_PROBABLE, POLISHED, POOL = "average", "most probable", "polished", "all runs"
NEAREST = "nearest to the average"
BETAS = (0.03, 0.003, 0.0003)

Cells = Sequence[dict[str, Any]]


def write(cells: Cells) -> None:
    del cells
