"""Files beside a table: how they are read, and that nothing of them goes unsaid."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from hyperborn.data import load

Written = Callable[..., Path]
TABLE = "size,colour,kind\n" + "".join(
    f"{row % 9},{'red' if row % 3 else 'blue'},{'xy'[row % 2]}\n" for row in range(60)
)
OTHER = "kind;colour;size\nx;mauve;n/k\ny;red;2,5\n;red;3\n"


def test_what_is_worth_saying_of_other_files_is_said_with_their_names(written: Written) -> None:
    path, other = written(TABLE), written(OTHER, "other.csv")
    data = load(path, target="kind", validation_file=other, test_file=other)
    said = [
        "other.csv: size: 1 row of text count as missing, the first 'n/k'",
        "other.csv: colour: 1 row of unknown categories ('mauve')",
        "other.csv: 1 row without a label left out",
    ]
    assert [note for note in data.notes if note in said] == said * 2
    assert (len(data.validation), len(data.test)) == (2, 2)
    again = load(other, preprocessing=data.preprocessing, validation=0.0, test=0.0)
    assert {note.removeprefix("other.csv: ") for note in said} <= set(again.notes)


def test_a_column_without_a_value_is_said(written: Written) -> None:
    data = load(written(TABLE), target="kind", test_file=written("kind,colour,size\nx,red,\ny,,\n", "other.csv"))
    assert "other.csv: no value at all, so that every row counts as missing: size" in data.notes


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_share_beside_a_file_of_that_split_is_refused(written: Written, refused, split: str) -> None:
    given = {split: 0.2, f"{split}_file": written(TABLE, "other.csv")}
    with refused(f"{split}=0.2 does not go with {split}_file", f"(--{split}, --{split}-file)"):
        load(written(TABLE), target="kind", **given)


def test_standard_input_is_one_file(refused) -> None:
    with refused("standard input (-) can be one file only"):
        load("-", target="kind", test_file="-")


def test_an_option_of_text_that_no_file_would_use_is_refused(written: Written, refused, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    path = tmp_path / "t.parquet"
    pd.read_csv(written(TABLE)).to_parquet(path)
    with refused("--encoding says how text is read", "t.parquet is a Parquet file"):
        load(path, target="kind", encoding="latin-1")
    with refused("--no-header says how text is read"):
        load(path, target="kind", header=False)
    # A file beside it may be text.
    assert len(load(path, target="kind", encoding="latin-1", test_file=written(TABLE)).test) == 60


def test_the_decimal_sign_of_all_files(written: Written, refused) -> None:
    text = "size;kind\n" + "".join(f"{row},{row % 5}00;{'xy'[row % 2]}\n" for row in range(1, 60))
    found = [load(written(text), target="kind", decimal=sign, test_file=written(text, "t.csv")) for sign in (".", ",")]
    points, commas = (data.preprocessing.means[0] for data in found if data.preprocessing.means is not None)
    assert points == pytest.approx(1000 * commas)
    with refused("decimal=',' does not apply to iris"):
        load("iris", decimal=",")
    with refused("decimal=';' must be a point or a comma"):
        load(written(text), target="kind", decimal=";")


def test_a_column_whose_name_has_a_comma_is_dropped(written: Written) -> None:
    path = written('"a,b",c,kind\n' + "".join(f"{row % 7},{row % 5},{'xy'[row % 2]}\n" for row in range(60)))
    data = load(path, target="kind", drop=("a,b",))
    assert data.features == ("c",)
    assert data.preprocessing.left_out == {"a,b": "dropped"}


def test_strictly_text_in_a_column_that_is_said_to_be_numeric_is_missing(written: Written, refused) -> None:
    rows = "".join(f"{'oops' if row == 3 else row / 4},{row % 5},{'xy'[row % 2]}\n" for row in range(60))
    path = written(f"a,b,kind\n{rows}")
    with refused("row 4 with 'oops'", "take the text as missing (--numeric a --impute median)"):
        load(path, target="kind", strict=True)
    data = load(path, target="kind", strict=True, numeric=("a",), impute="median")
    assert data.features == ("a", "a is missing", "b")
    with refused("column 'a'", "1 missing value", 'impute="median"'):
        load(path, target="kind", strict=True, numeric=("a",))
