"""Runs the cells of a study, together with any other processes that run the same study."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby

from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.progress import Progress
from hyperborn.study.cell import Cell, Method
from hyperborn.study.fitting import Row, SplitFits, run_cell
from hyperborn.study.plan import Plan
from hyperborn.study.settings import check_settings, check_task
from hyperborn.study.splits import has_enough_examples, split_of
from hyperborn.study.store import Store

WAIT = 1.0
"""Seconds between looks at what other processes have done."""

EXACT = Method("exact", "", {}, {}, "validation")
"""A method without settings: it checks that the task is understood."""

LabelledCell = tuple[str, str, str, Cell]
"""Part, task, method and the cell itself."""


def cells_of(plan: Plan, note: Callable[[str], None]) -> list[LabelledCell]:
    """All cells of a plan; where a task has too few examples for a size, those cells are left out, and `note` says so.

    Raises:
        UserError: if nothing is left.
    """
    found: list[LabelledCell] = []
    small: dict[tuple[str, int | None], bool] = {}
    for part in plan.parts:
        for task, method, cell in plan.cells(part):
            if (task, cell.size) not in small:
                with naming_task(task):
                    small[task, cell.size] = not has_enough_examples(cell)
                if small[task, cell.size]:
                    note(f"{task} has too few examples for {cell.size} in training: left out")
            if not small[task, cell.size]:
                found.append((part.name, task, method, cell))
    if not found:
        raise UserError("no task has enough examples for the smallest size; lower sizes")
    return found


def check_cells(cells: Sequence[LabelledCell]) -> None:
    """Check, before any work, that every task and method is understood.

    Raises:
        UserError: for the first that is not.
    """
    seen: set[tuple[str, str]] = set()
    data: dict[str, Dataset] = {}
    kinds: dict[tuple[str, bool], str] = {}
    for part, task, method, cell in cells:
        if (task, method) not in seen:
            seen.add((task, method))
            if task not in data:
                with naming_task(task):
                    data[task] = split_of(cell)
                    check_task(cell, data[task])
            with naming_cell(task, method, cell):
                check_settings(cell, data[task])
        kinds[part, bool(data[task].n_classes)] = task
        if {(part, True), (part, False)} <= kinds.keys():
            raise UserError(
                f"the part {part} has a task of classes, {kinds[part, True]}, and one of numbers, "
                f"{kinds[part, False]}, which have no scores in common; give each its own part"
            )


@contextmanager
def naming_task(task: str) -> Iterator[None]:
    """Add the task's name to a UserError of the block."""
    try:
        yield
    except UserError as error:
        raise UserError(f"task {task}: {error}") from error


@contextmanager
def naming_cell(task: str, method: str, cell: Cell) -> Iterator[None]:
    """Add the cell's name to a UserError of the block."""
    try:
        yield
    except UserError as error:
        size = "" if cell.size is None else f"size {cell.size}, "
        raise UserError(f"{method} on {task}, {size}seed {cell.seed}: {error}") from error


def run_cells(cells: Sequence[LabelledCell], store: Store, count: Callable[[int, int], None]) -> None:
    """Run every cell that is not done and that no other process has claimed, until all cells are done."""
    wanted = {cell.key for *_, cell in cells}
    splits = [list(group) for _, group in groupby(cells, key=lambda labelled: labelled[3].split_key)]
    done = store.done() & wanted
    count(len(done), len(wanted))
    while True:
        for split in splits:
            if all(cell.key in done for *_, cell in split):
                continue
            with store.claimed(split[0][3]) as ours:
                if ours:
                    # Other processes may have finished cells since the last look.
                    done = store.done() & wanted
                    for key in run_split(split, store):
                        done.add(key)
                        count(len(done), len(wanted))
        done = store.done() & wanted
        count(len(done), len(wanted))
        if done == wanted:
            return
        time.sleep(WAIT)


def run_split(split: Sequence[LabelledCell], store: Store) -> Iterator[str]:
    """Run and store the cells of one split that are not done.

    Yields:
        The keys of cells as they are done.

    Raises:
        UserError: if a table has changed since the study began.
    """
    # Looked up again, each when its turn comes: another process may have done it before we claimed the split.
    left = (labelled for labelled in split if not store.path(labelled[3]).exists())
    for (_, task, method, cell), row in cells_with_rows(left):
        with naming_cell(task, method, cell):
            store.write(cell, row)
        yield cell.key


def cells_with_rows(
    split: Iterable[LabelledCell], progress: Progress | None = None
) -> Iterator[tuple[LabelledCell, Row]]:
    """The cells of one split with what they find; of a cell that cannot be run its error, and the others go on.

    Raises:
        UserError: if a table has changed since its cell was made.
    """
    fits: SplitFits | None = None
    for labelled in split:
        _, task, method, cell = labelled
        with naming_cell(task, method, cell):
            try:
                fits = fits or SplitFits(cell, progress)
                row = run_cell(cell, fits)
            except UserError as error:
                row = {"error": str(error)}
            if replace(cell).split_key != cell.split_key:
                raise UserError(f"{cell.task['data']} has changed since the start; run the same command again")
        yield labelled, row


def rows_of_cells(cells: Sequence[LabelledCell], store: Store) -> list[Row]:
    """A row for every cell that is done."""
    found = ((labelled, store.read(labelled[3])) for labelled in cells)
    return [labelled_row(labelled, row) for labelled, row in found if row is not None]


def labelled_row(labelled: LabelledCell, found: Row) -> Row:
    """What a cell found with its part, task, size (training examples), seed, method and key; "error" if it failed."""
    part, task, method, cell = labelled
    size = found.get("n_train") if cell.size is None else cell.size
    return {"part": part, "task": task, "size": size, "seed": cell.seed, "method": method, **found, "cell": cell.key}
