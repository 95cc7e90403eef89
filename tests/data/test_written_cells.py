"""Cells to be copied are those of the file, in its rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hyperborn.data.tables import read_table
from hyperborn.data.written_cells import written_cells

TABLE = 'id,Individual ID,"a,b",weight\n007, x ,"one, two",1.50\n\n008,"say ""no""",NA,2e3\n'


def test_cells_are_as_they_are_written(written: Callable[..., Path]) -> None:
    path = written(TABLE)
    assert written_cells(path, ["weight,id"]) == {"weight": ["1.50", "2e3"], "id": ["007", "008"]}
    assert written_cells(path, ["Individual ID", "a,b"]) == {
        "Individual ID": [" x ", 'say "no"'],
        "a,b": ["one, two", "NA"],
    }
    everything = written_cells(path, ["all"])
    assert list(everything) == ["id", "Individual ID", "a,b", "weight"]
    assert all(len(cells) == len(read_table(path)) for cells in everything.values())
    # Each once, where it is asked for first.
    assert list(written_cells(path, ["weight", "all", "id"])) == ["weight", "id", "Individual ID", "a,b"]


def test_decimal_commas_stay(written: Callable[..., Path]) -> None:
    path = written("id;x\n01;1,5\n02;2,5\n")
    assert written_cells(path, ["x", "id"]) == {"x": ["1,5", "2,5"], "id": ["01", "02"]}


def test_a_column_that_is_called_all_is_part_of_all(written: Callable[..., Path]) -> None:
    assert list(written_cells(written("all,x\n1,2\n"), ["all"])) == ["all"]


def test_an_unknown_column_is_told_the_nearest(written: Callable[..., Path], refused: Any) -> None:
    path = written(TABLE)
    with refused(str(path), "no column 'wieght' to keep, the nearest is 'weight'", "--keep-columns"):
        written_cells(path, ["id,wieght"])


def test_values_of_a_parquet_file(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    path = tmp_path / "table.parquet"
    parquet.write_table(arrow.table({"id": [7, None], "name": ["a,b", ""], "x": [0.5, 2.0]}), path)
    assert written_cells(path, ["id", "name", "x"]) == {"id": ["7", ""], "name": ["a,b", ""], "x": ["0.5", "2.0"]}
