"""What a study's rows hold of one metric, checked and by cell."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from hyperborn.errors import UserError, is_number

Rows: TypeAlias = Sequence[Mapping[str, Any]]
"""A row a fit: "task", "size" (training examples), "seed", "method" and what was measured, by name."""

Cell: TypeAlias = tuple[str, int, str]
"""Task, size and method."""


def values_of(rows: Rows, metric: str) -> dict[Cell, dict[int, float]]:
    """The metric by cell and seed; rows without it (absent or None) are left out.

    Cells are in the order of their methods, then tasks, as these first appear, then sizes.

    Raises:
        UserError: if a value is no finite number, or two rows are of one cell and seed.
    """
    found: dict[Cell, dict[int, float]] = {}
    for row in rows:
        value = row.get(metric)
        if value is None:
            continue
        cell = (row["task"], row["size"], row["method"])
        where = f"of method {cell[2]!r} on task {cell[0]!r}, size {cell[1]}, seed {row['seed']}"
        if not is_number(value):
            raise UserError(f"{metric}={value!r} {where} is no finite number; run that cell again or leave it out")
        own = found.setdefault(cell, {})
        if row["seed"] in own:
            raise UserError(f"{metric} {where} is given twice; give each cell once, and the rows of one part only")
        own[row["seed"]] = float(value)
    tasks, methods = places(cell[0] for cell in found), places(cell[2] for cell in found)
    return {cell: found[cell] for cell in sorted(found, key=lambda cell: (methods[cell[2]], tasks[cell[0]], cell[1]))}


def places(names: Iterable[str]) -> dict[str, int]:
    """Each name and the place where it first appears."""
    return {name: place for place, name in enumerate(dict.fromkeys(names))}
