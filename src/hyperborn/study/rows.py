"""What a study's rows hold of one metric, checked and by group: rows that differ by nothing but their seed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from hyperborn.errors import UserError, is_number

Rows: TypeAlias = Sequence[Mapping[str, Any]]
"""A row a fit: "task", "size" (training examples), "seed", "method" and what was measured, by name."""

Group: TypeAlias = tuple[str, int, str]
"""Task, size and method."""


def values_of(rows: Rows, metric: str) -> dict[Group, dict[int, float]]:
    """The metric by group and seed; rows without it (absent or None) are left out.

    Groups are in the order of their methods, then tasks, as these first appear, then sizes.

    Raises:
        UserError: if a value is no finite number, or two rows are of one group and seed.
    """
    found: dict[Group, dict[int, float]] = {}
    for row in rows:
        value = row.get(metric)
        if value is None:
            continue
        group = (row["task"], row["size"], row["method"])
        where = f"of method {group[2]!r} on task {group[0]!r}, size {group[1]}, seed {row['seed']}"
        if not is_number(value):
            raise UserError(f"{metric}={value!r} {where} is no finite number; run that cell again or leave it out")
        own = found.setdefault(group, {})
        if row["seed"] in own:
            raise UserError(f"{metric} {where} is given twice; give each cell once, and the rows of one part only")
        own[row["seed"]] = float(value)
    tasks, methods = places(group[0] for group in found), places(group[2] for group in found)
    ordered = sorted(found, key=lambda group: (methods[group[2]], tasks[group[0]], group[1]))
    return {group: found[group] for group in ordered}


def places(names: Iterable[str]) -> dict[str, int]:
    """Each name and the place where it first appears."""
    return {name: place for place, name in enumerate(dict.fromkeys(names))}
