"""Runs that can be made one by one, kept below .cache/shots, by as many processes as one likes."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CELLS = Path(__file__).parents[2] / ".cache" / "shots"

CLAIM = 900.0
"""Seconds after which a claim is taken to be a dead process's."""


@dataclass(frozen=True)
class Cell:
    """A run of one part, its settings, and the function of these settings that makes it."""

    part: str
    settings: Mapping[str, Any] = field(hash=False)
    function: Callable[..., dict[str, Any]]

    @property
    def path(self) -> Path:
        words = "-".join(str(value) for value in self.settings.values())
        return CELLS / f"{self.part}-{words}.json".replace(" ", "_").replace(",", "").replace(":", "")

    @property
    def row(self) -> dict[str, Any] | None:
        """What was found, if it was."""
        return json.loads(self.path.read_text()) if self.path.exists() else None

    def compute(self) -> None:
        started = time.perf_counter()
        found = self.function(**self.settings)
        row = {"part": self.part, **self.settings, **found, "seconds": time.perf_counter() - started}
        partial = self.path.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(row))
        partial.replace(self.path)


def work(wanted: Sequence[Cell]) -> Iterator[int]:
    """Compute what nobody has computed or claimed, until all is there; how much is done is told after each."""
    CELLS.mkdir(parents=True, exist_ok=True)
    while left := [cell for cell in wanted if not cell.path.exists()]:
        mine = next((cell for cell in left if claimed(cell.path)), None)
        if mine is None:  # other processes are at it
            time.sleep(1)
            continue
        mine.compute()
        yield len(wanted) - len(left) + 1


def claimed(path: Path) -> bool:
    """Whether the cell is this process's now."""
    claim = path.with_suffix(".claim")
    if claim.exists() and time.time() - claim.stat().st_mtime > CLAIM:
        claim.unlink(missing_ok=True)
    try:
        os.close(os.open(claim, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True
