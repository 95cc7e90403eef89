"""The rows of a study as a user has them: its folder, its Parquet file, a data frame, or mappings."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from hyperborn.arguments import path_of
from hyperborn.errors import UserError
from hyperborn.printable import shown
from hyperborn.study.report_files import OF_CLASSES, OF_NUMBERS, check_parquet

FILE = "study.parquet"
"""The rows in a study's folder."""

StudyRows: TypeAlias = Any
"""A data frame of pandas, Polars or PyArrow, a sequence of mappings, or the path of a study's folder or its file."""

NEEDED = ("task", "size", "seed", "method")


def rows_of(given: StudyRows, part: str | None) -> list[dict[str, Any]]:
    """The rows of one part, without those of cells that failed; what a row lacks is None.

    Raises:
        UserError: if there is no such file, these are no rows of a study, or none or several parts have them.
    """
    rows = rows_of_file(path_of("rows", given, "a study's folder")) if is_path(given) else records(given)
    if not rows or not all(name in rows[0] for name in NEEDED):
        raise UserError(f"these are no rows of a study: each must have {', '.join(NEEDED)}, and the scores by name")
    rows = [row for row in rows if row.get("error") is None]
    parts = list(dict.fromkeys(row.get("part") for row in rows))
    names = ", ".join(str(name) for name in parts)
    if part is None and len(parts) > 1:
        raise UserError(f"the rows are of several parts; choose one with part=: {names}")
    own = rows if part is None else [row for row in rows if row.get("part") == part]
    if not own:
        raise UserError(f"part={shown(part)} has no rows without an error; parts that have: {names or 'none'}")
    return own


def drawn_metrics(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The scores that the pictures of a study show, of those that the rows have.

    Raises:
        UserError: if they have none of them.
    """
    known = {name for row in rows for name in row if row[name] is not None}
    drawn = (OF_NUMBERS if "rmse" in known else OF_CLASSES).drawn
    if not known.intersection(drawn):
        raise UserError(f"the rows have none of {', '.join(drawn)}; name those to be drawn, with metrics=")
    return [name for name in drawn if name in known]


def is_path(given: Any) -> bool:
    return isinstance(given, str | Path)


def rows_of_file(path: Path) -> list[dict[str, Any]]:
    """The rows of a study's folder, or of its file."""
    check_parquet()
    import pyarrow
    import pyarrow.parquet

    file = path / FILE if path.is_dir() else path
    try:
        return pyarrow.parquet.read_table(file).to_pylist()
    except (OSError, pyarrow.ArrowException) as error:
        raise UserError(f"{shown(str(file))} cannot be read as the table of a study ({error})") from error


def records(given: Any) -> list[dict[str, Any]]:
    """A mapping for each row; a data frame's missing values are None."""
    # Each package has a name of its own for the same: PyArrow, Polars.
    for name in ("to_pylist", "to_dicts"):
        if hasattr(given, name):
            return list(getattr(given, name)())
    if hasattr(given, "to_dict"):
        frame = given.astype(object)
        return frame.where(frame.notna(), None).to_dict("records")
    if not isinstance(given, Sequence) or not all(isinstance(row, Mapping) for row in given):
        raise UserError(f"rows={shown(given)}: give a study's folder, a data frame, or a list of mappings")
    return [dict(row) for row in given]
