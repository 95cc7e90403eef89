"""Where a study's cells are kept: one file each, written when it is done, so that nothing done is done again.

Splits are claimed by lock files that the system releases with their process: any number of processes share a study by
running the same command, on one machine or on a file system that has locks.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hyperborn.errors import UserError, is_number
from hyperborn.storage import json_to_bytes, write_file
from hyperborn.storage.durable import explained, make_folder
from hyperborn.storage.locking import acquire, release
from hyperborn.study.cell import Cell

SCORES = ("accuracy", "nll", "brier", "ece")
"""What every cell that did not fail holds."""
MARK = "study.json"
"""Names the study that a folder is of, and the files of its report."""


class Store:
    """The cells in a study's folder, and the report beside them.

    Raises:
        UserError: if the folder holds something else, or another study, or cannot be written.
    """

    def __init__(self, folder: Path, title: str) -> None:
        self.folder, self.title, self.cells = folder, title, folder / "cells"
        with explained(folder, "look into"):
            names = [path.name for path in folder.iterdir()] if folder.exists() else []
        held = sorted(name for name in names if not name.startswith("."))
        mark = self.mark() if MARK in held else None
        if held and mark is None:
            raise UserError(f"{folder} holds {held[0]} and is no study's folder; choose another with --out")
        if mark is not None and mark["title"] != title:
            raise UserError(f"{folder} holds the study {mark['title']!r}, not {title!r}; choose another with --out")
        if mark is None:
            write_file(folder / MARK, json_to_bytes({"title": title, "report": []}))
        with explained(self.cells):
            make_folder(self.cells)

    def mark(self) -> dict[str, Any]:
        path = self.folder / MARK
        try:
            mark = json.loads(path.read_bytes())
            if isinstance(mark["title"], str) and all(Path(name).name == name for name in mark["report"]):
                return mark
        except (OSError, ValueError, TypeError, KeyError):
            pass
        raise UserError(f"{path} is damaged; choose another folder with --out, or restore it from a copy")

    def write_report(self, files: Mapping[str, bytes]) -> None:
        """Write the report's files by name, in place of those of an earlier one, which the plan may name otherwise."""
        for name in self.mark()["report"]:
            if name not in files:
                (self.folder / name).unlink(missing_ok=True)
        write_file(self.folder / MARK, json_to_bytes({"title": self.title, "report": sorted(files)}))
        for name, data in files.items():
            write_file(self.folder / name, data)

    def done(self) -> set[str]:
        """Keys of the cells that are there."""
        return {path.stem for path in self.cells.glob("*.json")}

    def write(self, cell: Cell, row: dict[str, Any]) -> None:
        """Keep what a cell found; whole or not at all."""
        write_file(self.path(cell), json_to_bytes(row))

    def read(self, cell: Cell) -> dict[str, Any] | None:
        """What a cell found; None if it is not there.

        Raises:
            UserError: if its file is damaged.
        """
        path = self.path(cell)
        try:
            row = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise UserError(f"{path} cannot be read ({error}); delete it, and its cell runs again") from error
        whole = isinstance(row, dict) and all(is_number(row.get(name)) for name in SCORES)
        if not whole and not (isinstance(row, dict) and isinstance(row.get("error"), str)):
            raise UserError(f"{path} does not hold the scores of a cell; delete it, and its cell runs again")
        return row

    def path(self, cell: Cell) -> Path:
        return self.cells / f"{cell.key}.json"

    @contextmanager
    def claimed(self, cell: Cell) -> Iterator[bool]:
        """Hold the right to work on a cell's split; False where another process has it."""
        lock = self.cells / f".{cell.split_key}.lock"
        with explained(lock):
            descriptor = acquire(lock, wait=False)
        try:
            yield descriptor is not None
        finally:
            if descriptor is not None:
                release(descriptor, lock)
