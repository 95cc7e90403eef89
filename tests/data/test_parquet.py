"""Parquet files, written by pyarrow itself."""

import datetime
import decimal
import sys

import numpy as np
import pytest

from hyperborn.data.tables import read_table

arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")


def test_types(tmp_path) -> None:
    columns = {
        "whole": arrow.array([1, None, 3]),
        "half": arrow.array([0.5, 1.5, None], type=arrow.float32()),
        "money": arrow.array([decimal.Decimal("1.25"), None, decimal.Decimal("2.50")]),
        "truth": arrow.array([True, None, False]),
        "colour": arrow.array(["red", "NA", "blue"]).dictionary_encode(),
        "text": arrow.array(["a", None, "b"]),
        "nothing": arrow.nulls(3),
    }
    path = tmp_path / "t.parquet"
    parquet.write_table(arrow.table(columns), path, row_group_size=2)
    table = read_table(path)
    np.testing.assert_array_equal(table.columns["whole"], [1, np.nan, 3])
    np.testing.assert_array_equal(table.columns["half"], [0.5, 1.5, np.nan])
    np.testing.assert_array_equal(table.columns["money"], [1.25, np.nan, 2.5])
    assert table.columns["truth"].tolist() == ["True", None, "False"]
    assert table.columns["colour"].tolist() == ["red", None, "blue"]
    assert table.columns["text"].tolist() == ["a", None, "b"]
    assert np.isnan(table.columns["nothing"]).all()


def test_faults(refused, written, tmp_path) -> None:
    with refused("t.parquet", "damaged"):
        read_table(written(b"not a table", "t.parquet"))
    path = tmp_path / "u.parquet"
    parquet.write_table(arrow.table({"when": arrow.array([datetime.date(2025, 1, 1)])}), path)
    with refused("'when'", "date32", "convert it", "--drop when"):
        read_table(path)
    beside = {"when": arrow.array([datetime.date(2025, 1, 1)]), "a": arrow.array([2])}
    parquet.write_table(arrow.table(beside), tmp_path / "v.parquet")
    for table in (read_table(tmp_path / "v.parquet", drop=("when",)), read_table(tmp_path / "v.parquet", only=["a"])):
        assert {name: values.tolist() for name, values in table.columns.items()} == {"a": [2.0]}
    content = path.read_bytes()
    with refused("damaged"):
        read_table(written(content[: len(content) // 2], "half.parquet"))
    parquet.write_table(arrow.table({"a": arrow.array([], type=arrow.int64())}), path)
    with refused("no rows"):
        read_table(path)
    parquet.write_table(arrow.table([arrow.array([1]), arrow.array([2])], names=["a", "a"]), path)
    with refused("'a' is named twice"):
        read_table(path)


def test_without_pyarrow_the_error_gives_the_install_line(refused, written, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # what the import system does for an absent package
    with refused('pip install "hyperborn[parquet]"'):
        read_table(written(b"", "t.parquet"))
