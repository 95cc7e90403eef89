"""Where a study's cells are kept: one file each, written when it is done, so that nothing done is done again.

Splits are claimed by lock files that the system releases with their process: any number of processes share a study by
running the same command, on one machine or on a file system that has locks.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hyperborn.errors import UserError
from hyperborn.storage import json_to_bytes, write_file
from hyperborn.storage.durable import explained, make_folder
from hyperborn.storage.locking import acquire, release
from hyperborn.study.cell import Cell


class Store:
    """The cells in a study's folder."""

    def __init__(self, folder: Path) -> None:
        self.cells = folder / "cells"
        with explained(self.cells):
            make_folder(self.cells)

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
            return json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise UserError(f"{path} cannot be read ({error}); delete it, and its cell runs again") from error

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
