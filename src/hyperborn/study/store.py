"""Where a study's cells are kept: one file for each, written when the cell is done, so that no cell runs twice.

A process claims a split by a lock file, which the system releases when the process ends. So any number of processes can
share a study by running the same command, on one machine or on a file system with locks.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hyperborn.errors import UserError, is_number
from hyperborn.storage import formats, json_from_bytes, json_to_bytes, read_bounded, write_file
from hyperborn.storage.durable import explained, make_folder
from hyperborn.storage.lock_files import acquire, release
from hyperborn.study.cell import Cell

SCORES = ("accuracy", "nll", "brier", "ece")
"""Scores that every cell of a task of classes holds, unless it failed or there is nothing to test on."""
NUMBER_SCORES = ("rmse", "mae", "nll", "coverage_50", "coverage_90")
"""Those of a task of numbers; R² as well, unless all test examples have the same number."""
LABELS = frozenset({"part", "task", "size", "seed", "method", "cell"})
"""Columns of the report that are not in the cell's file."""
MARK = "study.json"
"""File that names the study of a folder, and the files of its report."""
CELLS = "cells"
MOST_BYTES = 64 * 2**20
"""Limit for a cell's file and for the mark: a larger file is refused."""


class Store:
    """The cells in a study's folder, and the report beside them.

    Raises:
        UserError: if the folder holds something else, or another study, or cannot be written.
    """

    def __init__(self, folder: Path, title: str) -> None:
        self.folder, self.title, self.cells = folder, title, folder / CELLS
        with explained(folder, "look into"):
            names = [path.name for path in folder.iterdir()] if folder.exists() else []
        held = sorted(name for name in names if not name.startswith("."))
        mark = self.mark() if MARK in held else None
        if held and mark is None:
            raise UserError(f"{folder} holds {held[0]} and is no study's folder; choose another with --out")
        if mark is not None and mark["title"] != title:
            raise UserError(f"{folder} holds the study {mark['title']!r}, not {title!r}; choose another with --out")
        if mark is None:
            write_file(folder / MARK, mark_bytes(title, []))
        with explained(self.cells):
            if self.cells.is_symlink():
                raise UserError(f"{self.cells} is a symbolic link, which is not followed; put the folder itself there")
            make_folder(self.cells)

    def mark(self) -> dict[str, Any]:
        path = self.folder / MARK
        try:
            mark = json_from_bytes(read_bounded(path, MOST_BYTES, follow_links=False), str(path))
        except (OSError, ValueError):
            mark = None
        if isinstance(mark, dict):
            formats.check_mark(mark, formats.STUDY, path)
            title, report = mark.get("title"), mark.get("report")
            if isinstance(title, str) and isinstance(report, list) and all(map(is_name_in_report, report)):
                return mark
        raise UserError(f"{path} is damaged; choose another folder with --out, or restore it from a copy")

    def write_report(self, files: Mapping[str, bytes]) -> None:
        """Write the report's files by name; files of an earlier report with other names are removed."""
        for name in self.mark()["report"]:
            if name not in files:
                with explained(self.folder / name, "remove"):
                    (self.folder / name).unlink(missing_ok=True)
        write_file(self.folder / MARK, mark_bytes(self.title, sorted(files)), follow_links=False)
        for name, data in files.items():
            write_file(self.folder / name, data, follow_links=False)

    def done(self) -> set[str]:
        """Keys of the cells that are done."""
        return {path.stem for path in self.cells.glob("*.json")}

    def write(self, cell: Cell, row: dict[str, Any]) -> None:
        """Store the result of a cell; a crash leaves the whole file or none."""
        write_file(self.path(cell), json_to_bytes({**row, **formats.mark_of(formats.CELL)}), follow_links=False)

    def read(self, cell: Cell) -> dict[str, Any] | None:
        """The result of a cell; None if it is not done.

        Raises:
            UserError: if its file is damaged, or of a version that is not read here.
        """
        path = self.path(cell)
        try:
            row = json_from_bytes(read_bounded(path, MOST_BYTES, follow_links=False), str(path))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise UserError(f"{path} cannot be read ({error}); delete it, and its cell runs again") from error
        if isinstance(row, dict):
            formats.check_mark(row, formats.CELL, path)
            row = formats.without_mark(row)
        if not is_row(row):
            raise UserError(f"{path} does not hold the scores of a cell; delete it, and its cell runs again")
        return row

    def path(self, cell: Cell) -> Path:
        return self.cells / f"{cell.key}.json"

    @contextmanager
    def claimed(self, cell: Cell) -> Iterator[bool]:
        """Claim a cell's split for the block; False where another process has claimed it."""
        lock = self.cells / f".{cell.split_key}.lock"
        with explained(lock):
            descriptor = acquire(lock, wait=False)
        try:
            yield descriptor is not None
        finally:
            if descriptor is not None:
                release(descriptor, lock)


def mark_bytes(title: str, report: list[str]) -> bytes:
    """The file that names a study and the files of its report."""
    return json_to_bytes({"title": title, "report": report, **formats.mark_of(formats.STUDY)})


def is_row(row: Any) -> bool:
    """Whether a value has the form of a cell's result: scores and other numbers, or the error."""
    if not isinstance(row, dict) or not LABELS.isdisjoint(row):
        return False
    if "error" in row:
        return row.keys() == {"error"} and is_encodable_text(row["error"])
    numbers = dict(row)
    chosen, losses = numbers.pop("chosen", ""), numbers.pop("losses", [])
    if not is_encodable_text(chosen) or not isinstance(losses, list) or not all(map(is_number, losses)):
        return False
    scores = NUMBER_SCORES if "rmse" in numbers else SCORES
    known = numbers.get("n_test") == 0 or all(is_number(numbers.get(name)) for name in scores)
    return known and all(value is None or is_number(value) for value in numbers.values())


def is_encodable_text(value: Any) -> bool:
    """Whether a value is text that UTF-8 can encode; JSON can also hold half of a surrogate pair."""
    return isinstance(value, str) and value == value.encode("utf-8", "ignore").decode("utf-8")


def is_name_in_report(name: Any) -> bool:
    """Whether a report's file can have this name: in the study's folder itself, not hidden, not the store's own."""
    plain = isinstance(name, str) and name.isprintable() and not name.startswith(".")
    return plain and Path(name).name == name and name not in ("", MARK, CELLS)
