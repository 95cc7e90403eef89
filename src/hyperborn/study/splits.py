"""The splits of a study: a given number of training examples, half as many for validation, the rest for testing.

A comparison has splits by its own shares instead (`Cell.size` is None).
"""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from hyperborn.config import RunConfig, configured
from hyperborn.config.datasets import data_of
from hyperborn.config.options import DATA, OPTIONS
from hyperborn.data import Dataset
from hyperborn.errors import UserError
from hyperborn.study.cell import Cell

SYNTHETIC = ("gaussian", "moons", "circles", "xor")
LEAST_VALIDATION = 20
LEAST_TEST = 20
OWNED = ("size", "validation", "test", "seed", "folder", "prior_from")
"""Keys of a configuration that the study sets; where a task has its own shares, no method may set them."""
OF_DATA = ("data", "split_seed", *(key for key, option in OPTIONS.items() if option.panel == DATA and key not in OWNED))
"""Keys of a configuration that belong to a task, never to a method: they make the split."""


def validation_size(size: int) -> int:
    """Validation examples beside `size` training examples: half as many, 20 at least."""
    return max(LEAST_VALIDATION, size // 2)


def configuration(cell: Cell, settings: Mapping[str, Any]) -> RunConfig:
    """The configuration of a run on the cell's split with further settings.

    Raises:
        UserError: if a key or a value is not allowed, or the study decides it.
    """
    for key in OWNED:
        if key in settings or (key in cell.task and cell.size is not None):
            raise UserError(f"{key} is decided by the study; leave it out of its tasks and methods")
    for key in ("validation_file", "test_file"):
        if key in cell.task and cell.size is not None:
            raise UserError(
                f"{key} does not go with a study, which splits one table by size; leave it out of its tasks"
            )
    shares = {} if cell.size is None else shares_of(cell, cell.size)
    return configured(RunConfig, None, {**cell.task, **shares, "seed": cell.seed, **settings})


def shares_of(cell: Cell, size: int) -> dict[str, Any]:
    """The keys of a configuration that make a split with so many training examples."""
    total = total_size(cell, size)
    test = total - size - validation_size(size)
    shares = {"validation": validation_size(size) / total, "test": test / total}
    return shares | ({"size": total} if cell.task.get("data") in SYNTHETIC else {})


def total_size(cell: Cell, size: int) -> int:
    """Examples of all three splits together, where so many are in training."""
    if cell.task.get("data") in SYNTHETIC:
        return size + validation_size(size) + cell.test
    return count_examples(json.dumps(dict(cell.task), sort_keys=True))


@lru_cache
def count_examples(task: str) -> int:
    """Examples of a data set that is not synthetic."""
    settings = json.loads(task)
    if settings.get("data") == "mnist":
        raise UserError("mnist has a test file of its own, which no study splits; take digits instead")
    # A small split need not have as many features as the components asked for; counting needs neither, nor a network.
    of_data = {key: value for key, value in settings.items() if key in (*OF_DATA, *OWNED)}
    config = configured(RunConfig, None, {**of_data, "components": "all", "hidden": "none"})
    data = data_of(config, lambda _: None)
    return len(data.train) + len(data.validation) + len(data.test)


def has_enough_examples(cell: Cell) -> bool:
    """Whether the task has enough examples for this size, with 20 or more left for testing."""
    return cell.size is None or total_size(cell, cell.size) - cell.size - validation_size(cell.size) >= LEAST_TEST


def split_of(cell: Cell, note: Callable[[str], None] = lambda _: None) -> Dataset:
    """The split, the same for every method of a cell; `note` is told if its features are reduced.

    Raises:
        UserError: for data that cannot be loaded.
    """
    # The method's settings do not change it.
    return data_of(configuration(cell, {}), note)
