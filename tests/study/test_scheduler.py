"""Studies that are stopped, shared and finished."""

import json
import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperborn.compilation import keep_compiled_programs
from hyperborn.errors import UserError
from hyperborn.storage.formats import CELL, mark_of
from hyperborn.study import scheduler
from hyperborn.study.cell import Cell
from hyperborn.study.fitting import SplitFits
from hyperborn.study.report_files import report_of
from hyperborn.study.scheduler import LabelledCell, cells_of, rows_of_cells, run_cells
from hyperborn.study.store import Store
from small_plans import TABLES, plain, read

SMALL = TABLES.replace("sizes = [40, 20]", "sizes = [20]").replace("steps = 30", "steps = 5")


@pytest.fixture
def cells(tmp_path: Path) -> list[LabelledCell]:
    return cells_of(read(tmp_path, SMALL), lambda _: None)


def silent(_done: int, _total: int) -> None: ...


def test_all_cells_are_done_once_and_those_of_two_parts_shared(
    cells: list[LabelledCell], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, counts, ran = Store(tmp_path / "out", "Two ways"), [], []
    measured = scheduler.run_cell
    monkeypatch.setattr(scheduler, "run_cell", lambda cell, fits: ran.append(cell.key) or measured(cell, fits))
    run_cells(cells, store, lambda done, total: counts.append((done, total)))
    assert len(ran) == len(set(ran)) == 16
    assert counts[0] == (0, 16)
    assert counts[-1] == (16, 16)
    assert set(range(17)) == {done for done, _ in counts}
    rows = rows_of_cells(cells, store)
    assert len(rows) == len(cells) == 18
    assert {row["part"] for row in rows} == {"main", "few"}
    assert {row["cell"] for row in rows} == store.done()
    assert not list(store.cells.glob(".*"))


def test_a_study_goes_on_where_it_was_stopped(
    cells: list[LabelledCell], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, stopped = Store(tmp_path / "whole", "Two ways"), Store(tmp_path / "stopped", "Two ways")
    run_cells(cells, whole, silent)
    measured, begun = scheduler.run_cell, 0

    def until_stopped(cell: scheduler.Cell, fits: SplitFits) -> dict[str, object]:
        nonlocal begun
        begun += 1
        if begun == 6:
            raise KeyboardInterrupt
        return measured(cell, fits)

    monkeypatch.setattr(scheduler, "run_cell", until_stopped)
    with pytest.raises(KeyboardInterrupt):
        run_cells(cells, stopped, silent)
    assert len(stopped.done()) == 5
    run_cells(cells, stopped, silent)
    assert begun == 6 + 11
    assert rows_of_cells(cells, stopped) == rows_of_cells(cells, whole)


def test_a_split_that_another_process_works_on_is_left_to_it(
    cells: list[LabelledCell], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "out", "Two ways")
    theirs = cells[0][3]
    run_split = scheduler.run_split
    split_keys: list[str] = []

    def recorded(split: list[LabelledCell], store: Store) -> Iterator[str]:
        split_keys.append(split[0][3].split_key)
        yield from run_split(split, store)

    monkeypatch.setattr(scheduler, "run_split", recorded)
    monkeypatch.setattr(scheduler.time, "sleep", lambda _: (_ for _ in ()).throw(InterruptedError))
    with store.claimed(theirs) as ours:
        assert ours
        with pytest.raises(InterruptedError):
            run_cells(cells, store, silent)
    assert theirs.split_key not in split_keys
    assert len(store.done()) == 12
    run_cells(cells, store, silent)
    assert len(store.done()) == 16


def share(folder: str, plan: str) -> None:
    os.environ["JAX_PLATFORMS"] = "cpu"
    keep_compiled_programs()
    cells = cells_of(read(Path(plan), SMALL), lambda _: None)
    run_cells(cells, Store(Path(folder), "Two ways"), silent)


def test_two_processes_share_the_work_and_find_the_same(cells: list[LabelledCell], tmp_path: Path) -> None:
    # Alone first: the two then find their programs compiled.
    alone = Store(tmp_path / "alone", "Two ways")
    run_cells(cells, alone, silent)
    context = multiprocessing.get_context("spawn")
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    both = [context.Process(target=share, args=(str(tmp_path / "out"), str(folder))) for folder in folders]
    for process in both:
        process.start()
    for process in both:
        process.join(120)
    assert [process.exitcode for process in both] == [0, 0]
    assert rows_of_cells(cells, Store(tmp_path / "out", "Two ways")) == rows_of_cells(cells, alone)


def test_a_damaged_cell_says_how_to_mend_it(cells: list[LabelledCell], tmp_path: Path) -> None:
    store = Store(tmp_path / "out", "Two ways")
    run_cells(cells[:1], store, silent)
    path = store.path(cells[0][3])
    row = store.read(cells[0][3])
    assert row is not None
    assert plain({**row, **mark_of(CELL)}) == json.loads(path.read_bytes())
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(UserError, match="delete it, and its cell runs again"):
        rows_of_cells(cells, store)
    scores = '{"accuracy": 1, "nll": 1, "brier": 0, "ece": 0'
    beside = ('"nll_at_1": "a"', '"gap": true', '"losses": 1', '"losses": ["a"]', '"chosen": 1', '"task": "iris"')
    forged = ["[]", "{}", '{"accuracy": 1, "nll": null, "brier": 0, "ece": 0}', '{"error": 3}', r'{"error": "\ud800"}']
    for text in (*forged, *(f"{scores}, {more}}}" for more in beside)):
        path.write_text(text)
        with pytest.raises(UserError, match="does not hold the scores of a cell; delete it"):
            rows_of_cells(cells, store)
    for text in ("[" * 3000, f'{scores}, "gap": {"7" * 5000}}}', f'{scores}, "gap": NaN}}'):
        path.write_text(text)
        with pytest.raises(UserError, match=r"cannot be read .*; delete it, and its cell runs again"):
            rows_of_cells(cells, store)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UserError, match=r"cannot be read .*pipe.*; delete it, and its cell runs again"):
        rows_of_cells(cells, store)
    path.unlink()
    run_cells(cells[:1], store, silent)
    assert len(rows_of_cells(cells[:1], store)) == 1


def test_a_cell_that_fails_is_kept_as_its_error_and_the_others_go_on(
    cells: list[LabelledCell], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = scheduler.run_cell

    def failing(cell: scheduler.Cell, fits: SplitFits) -> dict[str, object]:
        if cell.method.kind == "baseline" and cell.seed == 1:
            raise UserError("no such luck")
        return measured(cell, fits)

    monkeypatch.setattr(scheduler, "run_cell", failing)
    store = Store(tmp_path / "out", "Two ways")
    run_cells(cells, store, silent)
    rows = rows_of_cells(cells, store)
    assert len(rows) == 18
    failed = [row for row in rows if "error" in row]
    assert {(row["method"], row["seed"], row["error"]) for row in failed} == {("flips", 1, "no such luck")}
    plan = read(tmp_path, SMALL)
    report = report_of(plan, rows).files["study.md"].decode()
    assert "\n- flips on iris 0-1, size 20, seed 1 (cells/" in report
    assert report.count("no such luck") == len(failed) == 2


def test_the_content_of_a_table_decides_its_cells(tmp_path: Path) -> None:
    file = tmp_path / "flowers.csv"
    file.write_text("a,kind\n1,x\n2,y\n")
    text = SMALL.replace('"iris 0-1" = { data = "iris", classes = [0, 1], components = 2', f'own = {{ data = "{file}"')
    one = next(
        cell for *_, cell in read(tmp_path, text).cells(read(tmp_path, text).parts[0]) if "csv" in str(cell.task)
    )
    before = one.key
    file.write_text("a,kind\n1,x\n3,y\n")
    again = Cell(one.task, one.size, one.test, one.seed, one.method)
    assert again.key != before


def test_a_table_that_changes_meanwhile_stops_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"{place},{place % 3},{'x' if place % 2 else 'y'}" for place in range(90)]
    file = tmp_path / "flowers.csv"
    file.write_text("\n".join(["a,b,kind", *lines]))
    text = SMALL.replace('"iris 0-1" = { data = "iris", classes = [0, 1], components = 2', f'own = {{ data = "{file}"')
    cells = cells_of(read(tmp_path, text.replace('hidden = "none" }', 'target = "kind", hidden = "none" }')), print)
    own = [labelled for labelled in cells if labelled[1] == "own"]
    measured = scheduler.run_cell

    def edited(cell: Cell, fits: SplitFits) -> dict[str, object]:
        file.write_text("\n".join(["a,b,kind", *lines[:-1]]))
        return measured(cell, fits)

    monkeypatch.setattr(scheduler, "run_cell", edited)
    store = Store(tmp_path / "out", "Two ways")
    with pytest.raises(UserError, match=r"flowers\.csv has changed since the start; run the same command again"):
        run_cells(own, store, silent)
    assert not store.done()


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "study.md").write_text("precious")
    with pytest.raises(UserError, match=r"holds study\.md and is no study's folder; choose another"):
        Store(tmp_path / "other", "Two ways")
    Store(tmp_path / "study", "Two ways")
    Store(tmp_path / "study", "Two ways")
    with pytest.raises(UserError, match="holds the study 'Two ways', not 'Three ways'"):
        Store(tmp_path / "study", "Three ways")
    (tmp_path / "study" / "study.json").write_text("{}")
    with pytest.raises(UserError, match=r"study\.json is damaged"):
        Store(tmp_path / "study", "Two ways")


@pytest.mark.parametrize("name", ["..", "", ".", "cells", "study.json", ".hidden", "a/b", "a\0b", "\ud800", 1])
def test_a_forged_report_deletes_nothing(tmp_path: Path, name: object) -> None:
    store = Store(tmp_path / "study", "Two ways")
    (tmp_path / "study" / "study.json").write_text(json.dumps({"title": "Two ways", "report": [name]}))
    with pytest.raises(UserError, match=r"study\.json is damaged; choose another folder"):
        store.write_report({"study.md": b"1"})
    assert sorted(path.name for path in (tmp_path / "study").iterdir()) == ["cells", "study.json"]


@pytest.mark.parametrize("text", ["[" * 3000, '{"title": ' + "7" * 5000 + "}", '{"title": NaN, "report": []}'])
def test_a_mark_that_is_none_is_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / "study.json").write_text(text)
    with pytest.raises(UserError, match=r"study\.json is damaged; choose another folder"):
        Store(tmp_path, "Two ways")


def test_nothing_is_written_through_the_links_of_a_study(cells: list[LabelledCell], tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("precious")
    store = Store(tmp_path / "study", "Two ways")
    for path in (store.path(cells[0][3]), store.folder / "study.md"):
        path.symlink_to(mine)
    store.write(cells[0][3], {"error": "none"})
    store.write_report({"study.md": b"1"})
    assert mine.read_text() == "precious"
    assert (store.folder / "study.md").read_bytes() == b"1"
    Store(tmp_path / "other", "Two ways").cells.rmdir()
    (tmp_path / "other" / "cells").symlink_to(store.cells)
    with pytest.raises(UserError, match=r"cells is a symbolic link, which is not followed"):
        Store(tmp_path / "other", "Two ways")


def test_a_report_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    store = Store(tmp_path / "study", "Two ways")
    store.write_report({"study.md": b"1", "main.png": b"1"})
    store.write_report({"study.md": b"2", "few.png": b"2"})
    names = {path.name for path in (tmp_path / "study").iterdir()}
    assert names == {"cells", "study.json", "study.md", "few.png"}
    assert (tmp_path / "study" / "study.md").read_bytes() == b"2"


def test_an_error_says_which_cell_it_is_of(tmp_path: Path) -> None:
    text = SMALL.replace('"iris 0-1" = {', '"iris 0-1" = { drop = "petal",')
    with pytest.raises(UserError, match=r"^task iris 0-1: .*drop"):
        run_cells(cells_of(read(tmp_path, text), lambda _: None), Store(tmp_path / "out", "Two ways"), silent)
