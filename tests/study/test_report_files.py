"""A study's files."""

import io
import sys
from pathlib import Path

import pytest

from hyperborn.errors import UserError
from hyperborn.study import report_files
from hyperborn.study.scheduler import cells_of, rows_of_cells, run_cells
from hyperborn.study.store import Store
from small_plans import TABLES, read

pq = pytest.importorskip("pyarrow.parquet", reason="needs hyperborn[parquet]")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> report_files.StudyReport:
    folder = tmp_path_factory.mktemp("study")
    plan = read(folder, TABLES.replace("steps = 30", "steps = 5"))
    cells = cells_of(plan, lambda _: None)
    store = Store(folder / "out", "Two ways")
    run_cells(cells, store, lambda *_: None)
    return report_files.report_of(plan, rows_of_cells(cells, store))


@pytest.fixture(scope="module")
def files(report: report_files.StudyReport) -> dict[str, bytes]:
    return report.files


def test_there_is_a_table_a_report_and_pictures(report: report_files.StudyReport) -> None:
    assert report.files.keys() == {"study.parquet", "study.md", "differences.md"}
    assert report.pictures.keys() == {"main-differences.png", "main-sizes.png", "few-differences.png"}
    assert all(draw().startswith(b"\x89PNG") for draw in report.pictures.values())


def test_the_parquet_table_has_a_row_a_cell(files: dict[str, bytes]) -> None:
    rows = pq.read_table(io.BytesIO(files["study.parquet"])).to_pylist()
    assert len(rows) == 34
    assert {row["method"] for row in rows} == {"MLE", "ELBO, chosen", "exact", "flips"}
    for row in rows:
        assert 0 <= row["accuracy"] <= 1
        assert (row["losses"] is None) == (row["method"] in ("exact", "flips"))
    assert len({(row["part"], row["task"], row["size"], row["seed"], row["method"]) for row in rows}) == 34


def test_the_report_holds_every_part_and_the_numbers_of_the_table(files: dict[str, bytes]) -> None:
    report = files["study.md"].decode()
    assert report.startswith("# Two ways\n")
    for heading in ("## main", "## few", "### main: accuracy", "### main: trainability"):
        assert f"\n{heading}\n" in report
    rows = pq.read_table(io.BytesIO(files["study.parquet"])).to_pylist()
    own = [
        row["accuracy"]
        for row in rows
        if (row["part"], row["task"], row["size"], row["method"]) == ("main", "gaussians", 20, "exact")
    ]
    line = next(line for line in report.split("### main: accuracy")[1].splitlines() if "| gaussians | 20 |" in line)
    assert f"{sum(own) / len(own):.3f} ±" in line
    assert "| exact − MLE |" in report
    assert "iris 0-1" in files["differences.md"].decode()


def test_a_part_whose_reference_failed_says_so(tmp_path: Path) -> None:
    plan = read(tmp_path)
    cells = cells_of(plan, lambda _: None)
    rows = [
        {"part": part, "task": task, "size": cell.size, "seed": cell.seed, "method": method, "cell": cell.key}
        | {"error": "boom"}
        for part, task, method, cell in cells
    ]
    found, pictures = report_files.report_of(plan, rows)
    assert pictures == {}
    assert found.keys() == {"study.parquet", "study.md", "differences.md"}
    assert found["study.md"].decode().count("There is nothing to compare") == 2
    assert found["study.md"].decode().count("boom") == len(rows)


def test_without_pyarrow_the_remedy_is_said_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(UserError, match=r"pip install 'hyperborn\[parquet\]'"):
        report_files.check_parquet()


def test_curves_are_of_tasks_that_have_all_sizes() -> None:
    rows = [{"task": task, "size": size} for task, size in (("a", 20), ("a", 50), ("b", 20), ("c", 50), ("c", 20))]
    assert {row["task"] for row in report_files.with_all_sizes(rows)} == {"a", "c"}


def test_files_are_reproducible(tmp_path: Path, files: dict[str, bytes]) -> None:
    plan = read(tmp_path, TABLES.replace("steps = 30", "steps = 5"))
    cells = cells_of(plan, lambda _: None)
    store = Store(tmp_path / "out", "Two ways")
    run_cells(cells, store, lambda *_: None)
    again = report_files.report_of(plan, rows_of_cells(cells, store)).files
    assert again["study.md"] == files["study.md"]
    assert again["study.parquet"] == files["study.parquet"]
