"""A study run to its end, or as far as it gets."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby

from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.study.cell import Cell, Method
from hyperborn.study.fitting import Row, SplitFits, check_settings, measured
from hyperborn.study.plan import Plan
from hyperborn.study.splitting import fits, split_of
from hyperborn.study.store import Store

WAIT = 1.0
"""Seconds between looks at what other processes have done."""

EXACT = Method("exact", "", {}, {}, "validation")
"""A method with no settings of its own."""

Labelled = tuple[str, str, str, Cell]
"""Part, task, method and the cell itself."""


def cells_of(plan: Plan, note: Callable[[str], None]) -> list[Labelled]:
    """All cells of a plan, without those whose task has too few examples, which are noted.

    Raises:
        UserError: if nothing is left.
    """
    found: list[Labelled] = []
    small: dict[tuple[str, int], bool] = {}
    for part in plan.parts:
        for task, method, cell in plan.cells(part):
            if (task, cell.size) not in small:
                with naming_task(task):
                    small[task, cell.size] = not fits(cell)
                if small[task, cell.size]:
                    note(f"{task} has too few examples for {cell.size} in training: left out")
            if not small[task, cell.size]:
                found.append((part.name, task, method, cell))
    if not found:
        raise UserError("no task has examples enough for the smallest size; lower sizes")
    return found


def check(cells: Sequence[Labelled]) -> None:
    """See, before any work, that every task and method is understood.

    Raises:
        UserError: for the first that is not.
    """
    seen: set[tuple[str, str]] = set()
    data: dict[str, Dataset] = {}
    for _, task, method, cell in cells:
        if (task, method) not in seen:
            seen.add((task, method))
            if task not in data:
                with naming_task(task):
                    data[task] = split_of(cell)
                    check_settings(replace(cell, method=EXACT), data[task])
            with naming_cell(task, method, cell):
                check_settings(cell, data[task])


@contextmanager
def naming_task(task: str) -> Iterator[None]:
    """Have a UserError of the block say which task it is of."""
    try:
        yield
    except UserError as error:
        raise UserError(f"task {task}: {error}") from error


@contextmanager
def naming_cell(task: str, method: str, cell: Cell) -> Iterator[None]:
    """Have a UserError of the block say which cell it is of."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{method} on {task}, size {cell.size}, seed {cell.seed}: {error}") from error


def work(cells: Sequence[Labelled], store: Store, count: Callable[[int, int], None]) -> None:
    """Run every cell that is not done yet and that no other process works on, until all are done."""
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
                    # Other processes have gone on meanwhile.
                    done = store.done() & wanted
                    for key in finish(split, store):
                        done.add(key)
                        count(len(done), len(wanted))
        done = store.done() & wanted
        count(len(done), len(wanted))
        if done == wanted:
            return
        time.sleep(WAIT)


def finish(split: Sequence[Labelled], store: Store) -> Iterator[str]:
    """Run the cells of one split that are not done yet; what cannot be run is kept as its error, and others go on.

    Yields:
        The keys of cells as they are done.

    Raises:
        UserError: if a table has changed since the study began.
    """
    fits: SplitFits | None = None
    for _, task, method, cell in split:
        # Asked again: another process may have done it before the split was ours.
        if store.path(cell).exists():
            continue
        with naming_cell(task, method, cell):
            try:
                fits = fits or SplitFits(cell)
                row = measured(cell, fits)
            except UserError as error:
                row = {"error": str(error)}
            if replace(cell).split_key != cell.split_key:
                raise UserError(f"{cell.task['data']} has changed since the study began; start it again")
            store.write(cell, row)
        yield cell.key


def rows_of(cells: Sequence[Labelled], store: Store) -> list[Row]:
    """A row for every cell that is done, with its part, task, size, seed, method and key; "error" where it failed."""
    rows: list[Row] = []
    for part, task, method, cell in cells:
        found = store.read(cell)
        if found is not None:
            labels = {"part": part, "task": task, "size": cell.size, "seed": cell.seed, "method": method}
            rows.append({**labels, **found, "cell": cell.key})
    return rows
