"""The rows that a user has of a study."""

from pathlib import Path

import numpy as np
import pytest

from hyperborn.errors import UserError
from hyperborn.study.rows import drawn_metrics, rows_of

ROW = {"part": "main", "task": "iris", "size": 20, "seed": 0, "method": "ELBO", "nll": 0.5, "error": None}
FAILED = ROW | {"seed": 1, "nll": None, "error": "no memory"}
OTHER = ROW | {"part": "few"}


def test_rows_of_cells_that_failed_are_left_out() -> None:
    assert rows_of([ROW, FAILED], None) == [ROW]


def test_a_part_is_chosen_where_there_are_several() -> None:
    with pytest.raises(UserError, match="choose one with part=: main, few"):
        rows_of([ROW, OTHER], None)
    assert rows_of([ROW, OTHER], "few") == [OTHER]
    with pytest.raises(UserError, match="part='all' has no rows without an error; parts that have: main, few"):
        rows_of([ROW, OTHER], "all")


def test_missing_values_of_a_frame_are_none() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([ROW | {"nll": np.nan}, ROW | {"seed": 1}])
    assert [row["nll"] for row in rows_of(frame, None)] == [None, 0.5]


@pytest.mark.parametrize("given", [[], [{"task": "iris"}], 3, [3], {"task": ["iris"]}])
def test_what_is_no_study_is_named(given: object) -> None:
    with pytest.raises(UserError, match="rows"):
        rows_of(given, None)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "study.parquet").write_bytes(b"no table")
    for path in (tmp_path, tmp_path / "none.parquet"):
        with pytest.raises(UserError, match=r"\.parquet' cannot be read as the table of a study"):
            rows_of(path, None)


def test_the_scores_of_pictures_are_those_that_rows_have() -> None:
    assert drawn_metrics([ROW | {"accuracy": 0.9, "brier": 0.1}]) == ["accuracy", "nll"]
    assert drawn_metrics([ROW | {"rmse": 0.9, "r2": 0.1}]) == ["nll", "r2"]
    with pytest.raises(UserError, match="none of accuracy, nll, ece"):
        drawn_metrics([{"loss": 1.0, "nll": None}])
