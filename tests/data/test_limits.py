"""Files that never end, or are far too large: each is refused before its content is read, and time is linear."""

import gzip
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from deadline import within
from hyperborn.data import from_arrays, load, read_table, tables
from hyperborn.data.labels import first_repeated

Written = Callable[..., Path]


def wide(columns: int) -> str:
    """A table of two rows and so many columns, the last of which is the target."""
    names = ",".join(f"c{place}" for place in range(columns - 1))
    return f"{names},y\n" + "".join(f"{','.join(map(str, [row] * (columns - 1)))},{row}\n" for row in (0, 1))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_pipe_and_a_device_are_no_table(refused, tmp_path: Path, suffix: str) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    os.mkfifo(tmp_path / f"pipe.{suffix}")
    (tmp_path / f"device.{suffix}").symlink_to("/dev/null")
    for name in ("pipe", "device"):
        with within(10), refused(f"{name}.{suffix} is a {name}, not a regular file"):
            read_table(tmp_path / f"{name}.{suffix}")


def test_a_file_of_a_terabyte_is_refused_by_its_size(refused, tmp_path: Path) -> None:
    with (tmp_path / "t.csv").open("wb") as file:
        file.truncate(2**40)
    with refused("t.csv has 1 TiB, over the limit of 512 MiB", "fewer rows"):
        read_table(tmp_path / "t.csv")


@pytest.mark.parametrize("name", ["x" * 300 + ".csv", "x" * 300 + ".parquet", "nul\0.csv", "nul\0.parquet"])
def test_a_path_that_no_file_can_have(refused, tmp_path: Path, name: str) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    with refused("check the path"):
        load(tmp_path / name, target="y")


def test_a_name_or_a_folder_that_is_too_long(refused) -> None:
    with refused("unknown data set"):
        load("x" * 300)
    with refused("is no folder"):
        load("mnist", folder="x" * 300)


def test_columns_and_values_are_limited(refused, written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_COLUMNS", 4)
    monkeypatch.setattr(tables, "MOST_VALUES", 12)
    assert list(read_table(written(wide(4))).columns) == ["c0", "c1", "c2", "y"]
    with refused("table.csv has 5 columns, over the limit of 4"):
        read_table(written(wide(5)))
    with refused("table.csv has over 12 values", "fewer rows"):
        read_table(written(wide(4) + "2,2,2,2\n"))


def test_many_columns_take_time_in_proportion(written: Written) -> None:
    """Neither the check of the header nor the choice of columns compares each name with each.

    Eight times as many columns take 8 times as long, and would take 64 times as long otherwise.
    """
    seconds = []
    for columns in (2500, 20_000):
        path = written(wide(columns))
        started = time.process_time()
        table = read_table(path, drop=[f"c{place}" for place in range(columns // 2)])
        seconds.append(time.process_time() - started)
        assert len(table.columns) == columns - columns // 2
    assert seconds[1] < 24 * seconds[0]


def test_the_first_name_that_comes_twice() -> None:
    assert first_repeated(["a", "b", "c"]) is None
    assert first_repeated(["a", "b", "c", "b", "a"]) == "b"


def test_as_many_labels_as_an_identifier_has(refused, written: Written) -> None:
    rows = "".join(f"{row},id{row // 2}\n" for row in range(2002))
    with refused(
        "'y'", "1,001 different labels, over the limit of 1,000 classes", "identifier", "choose another target"
    ):
        load(written("a,y\n" + rows), target="y")
    with refused(
        "1,001 different labels", "leave out task (--task) and classes (--classes) for a regression, or group"
    ):
        from_arrays(np.ones((2002, 1)), np.arange(2002) // 2, task="classification")


def test_an_idx_file_is_measured_by_its_header(refused, tmp_path: Path) -> None:
    """A gzip bomb: a few kilobytes that announce gigabytes are not unzipped."""
    header = struct.pack(">4B3I", 0, 0, 8, 3, 10**6, 28, 28)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(header + bytes(2**20)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(b"")
    with refused("train-images-idx3-ubyte.gz has 747.6 MiB, over the limit of 256 MiB", "1000000 x 28 x 28"):
        load("mnist", folder=tmp_path)


def test_leaving_out_every_column_leaves_nothing(refused, written: Written) -> None:
    path = written("a,b,kind\n1,2,x\n3,4,y\n")
    with refused("drop names every column of", "name fewer (--drop)"):
        load(path, target="c", drop=("a", "b", "kind"))


def test_a_cell_that_says_that_there_is_no_value(written: Written) -> None:
    np.testing.assert_array_equal(read_table(written("a,b\n<NA>,1\n2,3\n")).columns["a"], [np.nan, 2])


def test_more_examples_than_fit_into_memory(refused) -> None:
    with refused("size=1000000000 must be a whole number from 2 to 10,000,000"):
        load("gaussian", size=10**9)


def test_values_whose_squares_are_infinite_are_too_large(refused) -> None:
    x = np.random.default_rng(0).normal(size=(20, 3)) * 1e200
    with refused("column 'x1'", "in row 1, which is too large; numbers may be up to 1e+100 either way"):
        from_arrays(x, [0, 1] * 10, standardize=False, components=2)
