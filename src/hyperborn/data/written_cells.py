"""Columns of a file as they are written there, to be copied beside predictions."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from hyperborn.arguments import path_of
from hyperborn.data.delimited import counted_records, found_delimiter, utf8, without_empty_end
from hyperborn.data.labels import joined, nearest_name
from hyperborn.errors import UserError

ALL = "all"
"""Stands for every column."""


def written_cells(path: str | PathLike[str], names: Sequence[str]) -> dict[str, list[str]]:
    """The cells of columns by name, one for each row that `read_table` reads, in the order in which they are asked for.

    Text is that of the file, blanks, decimal commas and zeros in front included; of a Parquet file, values are written
    as Python writes them, and missing ones are empty.

    Args:
        path: of a file that `read_table` has read, so that it is known to be a table within the limits.
        names: of columns; each may be several with commas between them, unless a column has the whole as its name.
            "all" stands for every column.

    Raises:
        UserError: if there is no such column.
    """
    path = path_of("path", path, "a table")
    if path.suffix.lower() == ".parquet":
        return cells_of_parquet(path, names)
    text = utf8(path)
    (_, header), *lines = without_empty_end(list(counted_records(text, found_delimiter(text, path), path)))
    present = [name.strip() for name in header]
    places = {name: present.index(name) for name in chosen_names(names, present, path)}
    return {name: [record[place] for _, record in lines] for name, place in places.items()}


def cells_of_parquet(path: Path, names: Sequence[str]) -> dict[str, list[str]]:
    from pyarrow import parquet

    from hyperborn.data.parquet import check_sizes

    source = parquet.ParquetFile(path)
    chosen = chosen_names(names, source.schema_arrow.names, path)
    # Columns that `read_table` had no need of may be larger than those that it read.
    check_sizes(source.metadata, frozenset(chosen), path)
    table = source.read(columns=chosen)
    return {name: ["" if cell is None else str(cell) for cell in table[name].to_pylist()] for name in chosen}


def chosen_names(asked: Sequence[str], present: Sequence[str], path: Path) -> list[str]:
    """The columns that are asked for, each once.

    Raises:
        UserError: for the first that is not there.
    """
    found: list[str] = []
    for name in asked:
        for part in [name] if name in present else [part.strip() for part in name.split(",")]:
            if part not in present and part != ALL:
                raise UserError(
                    f"{path} has no column {part!r} to keep, the nearest is {nearest_name(part, present)!r}; its "
                    f"columns are: {joined(present)} (--keep-columns)"
                )
            found += [part] if part in present else present
    return list(dict.fromkeys(found))
