"""Columns to be written again are text, to the character as it is in the file, whatever else they are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hyperborn.data import delimited
from hyperborn.data.tables import Table, read_table

TABLE = 'id,Individual ID,"a,b",weight\n007, x ,"one, two",1.50\n\n008,"say ""no""",NA,2e3\n'


def copied(table: Table) -> dict[str, list[str]]:
    return {name: cells.tolist() for name, cells in table.copied.items()}


def test_cells_are_text_as_it_is_written(written: Callable[..., Path]) -> None:
    path = written(TABLE)
    assert copied(read_table(path, copied=["weight,id"])) == {"weight": ["1.50", "2e3"], "id": ["007", "008"]}
    found = read_table(path, only=["weight"], copied=["Individual ID", "a,b"])
    assert copied(found) == {"Individual ID": [" x ", 'say "no"'], "a,b": ["one, two", "NA"]}
    np.testing.assert_array_equal(found.columns["weight"], [1.5, 2000])
    everything = read_table(path, only=(), copied=["all"])
    assert list(everything.copied) == ["id", "Individual ID", "a,b", "weight"]
    assert not everything.columns
    # Each once, where it is asked for first.
    assert list(read_table(path, copied=["weight", "all", "id"]).copied) == ["weight", "id", "Individual ID", "a,b"]


def test_decimal_commas_stay_and_are_numbers(written: Callable[..., Path]) -> None:
    table = read_table(written("id;x\n01;1,5\n02;2,5\n"), copied=["x", "id"])
    assert copied(table) == {"x": ["1,5", "2,5"], "id": ["01", "02"]}
    np.testing.assert_array_equal(table.as_numbers("x"), [1.5, 2.5])


def test_a_column_that_is_called_all_is_itself(written: Callable[..., Path]) -> None:
    assert copied(read_table(written("all,x\n1,2\n"), copied=["all"])) == {"all": ["1"]}


def test_an_index_is_copied(written: Callable[..., Path]) -> None:
    table = read_table(written(",x\na,1\nb,2\nc,3\n"), copied=["all"])
    assert copied(table)["Unnamed: 0"] == ["a", "b", "c"]
    assert list(table.columns) == ["x"]


def test_what_counts_as_missing_or_as_a_number_is_as_it_is_written(written: Callable[..., Path]) -> None:
    spelt = ["NA", "-", "?", "", "NULL", "n/a", " nan ", "1e3", "TRUE", "0.30000000000000004", "12345678901234567890"]
    path = written("id;x\n" + "".join(f"{cell};{place}\n" for place, cell in enumerate(spelt)))
    assert copied(read_table(path, only=["x"], copied=["id"])) == {"id": spelt}
    assert copied(read_table(path, copied=["id"]).rows(np.asarray([2, 0]))) == {"id": ["?", "NA"]}
    # Blanks in front of a quote separate, as everywhere.
    assert copied(read_table(written('a, "b, c"\n 1 , "2, 3"\n'), copied=["all"])) == {"a": ["1 "], "b, c": ["2, 3"]}


def test_copied_rows_are_all_rows(written: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "VALUES_AT_ONCE", 4)
    path = written("id,x\n\n" + "".join(f"{row % 3} ,{row}\n\n" for row in range(20)))
    assert copied(read_table(path, only=["x"], copied=["id"])) == {"id": [f"{row % 3} " for row in range(20)]}


def test_an_unknown_column_is_told_the_nearest(written: Callable[..., Path], refused: Any) -> None:
    path = written(TABLE)
    with refused(str(path), "no column 'wieght' to keep, the nearest is 'weight'"):
        read_table(path, copied=["id,wieght"])


def test_values_of_a_parquet_file(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    path = tmp_path / "table.parquet"
    columns = {"id": [7, None], "name": [" a,b", "NA"], "x": [0.5, 2.0], "big": [2**60 + 1, None], "is": [True, None]}
    parquet.write_table(arrow.table(columns), path)
    table = read_table(path, only=["x"], copied=["all"])
    expected = {"id": ["7", ""], "name": [" a,b", "NA"], "x": ["0.5", "2"]}
    assert copied(table) == expected | {"big": ["1152921504606846977", ""], "is": ["True", ""]}
    np.testing.assert_array_equal(table.columns["x"], [0.5, 2])
