"""Columns to be written again are text, as it is in the file, whatever else they are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hyperborn.data.tables import Table, read_table

TABLE = 'id,Individual ID,"a,b",weight\n007, x ,"one, two",1.50\n\n008,"say ""no""",NA,2e3\n'


def copied(table: Table) -> dict[str, list[str | None]]:
    return {name: table.columns[name].tolist() for name in table.copied}


def test_cells_are_text_as_it_is_written(written: Callable[..., Path]) -> None:
    path = written(TABLE)
    assert copied(read_table(path, copied=["weight,id"])) == {"weight": ["1.50", "2e3"], "id": ["007", "008"]}
    found = read_table(path, only=["weight"], copied=["Individual ID", "a,b"])
    assert copied(found) == {"Individual ID": ["x", 'say "no"'], "a,b": ["one, two", None]}
    np.testing.assert_array_equal(found.columns["weight"], [1.5, 2000])
    everything = read_table(path, only=(), copied=["all"])
    assert everything.copied == ("id", "Individual ID", "a,b", "weight")
    np.testing.assert_array_equal(everything.as_numbers("weight"), [1.5, 2000])
    # Each once, where it is asked for first.
    assert read_table(path, copied=["weight", "all", "id"]).copied == ("weight", "id", "Individual ID", "a,b")


def test_decimal_commas_stay_and_are_numbers(written: Callable[..., Path]) -> None:
    table = read_table(written("id;x\n01;1,5\n02;2,5\n"), copied=["x", "id"])
    assert copied(table) == {"x": ["1,5", "2,5"], "id": ["01", "02"]}
    np.testing.assert_array_equal(table.as_numbers("x"), [1.5, 2.5])


def test_a_column_that_is_called_all_is_itself(written: Callable[..., Path]) -> None:
    assert read_table(written("all,x\n1,2\n"), copied=["all"]).copied == ("all",)


def test_an_index_is_copied(written: Callable[..., Path]) -> None:
    assert copied(read_table(written(",x\na,1\nb,2\nc,3\n"), copied=["all"]))["Unnamed: 0"] == ["a", "b", "c"]


def test_an_unknown_column_is_told_the_nearest(written: Callable[..., Path], refused: Any) -> None:
    path = written(TABLE)
    with refused(str(path), "no column 'wieght' to keep, the nearest is 'weight'"):
        read_table(path, copied=["id,wieght"])


def test_values_of_a_parquet_file(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    path = tmp_path / "table.parquet"
    parquet.write_table(arrow.table({"id": [7, None], "name": ["a,b", "c"], "x": [0.5, 2.0]}), path)
    found = copied(read_table(path, copied=["id", "name", "x"]))
    assert found == {"id": ["7", None], "name": ["a,b", "c"], "x": ["0.5", "2"]}
