"""The splits of a study: a given number of training examples, half as many for validation, the rest for testing.

A task with a file of its own for testing tests on that, and leaves out what is left over; one with a file for
validation takes all of that. Where rows are split by group, the numbers are about those.

A comparison has splits by its own shares instead (`Cell.size` is None).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from hyperborn.config import RunConfig, configured
from hyperborn.config.datasets import data_of
from hyperborn.config.options import DATA, OPTIONS
from hyperborn.data import Dataset
from hyperborn.data.splits import seed_for
from hyperborn.errors import UserError
from hyperborn.study.cell import Cell

SYNTHETIC = ("gaussian", "moons", "circles", "xor")
LEAST_VALIDATION = 20
LEAST_TEST = 20
OWNED = ("size", "validation", "test", "seed", "folder", "prior_from")
"""Keys of a configuration that the study sets; where a task has its own shares, no method may set them."""
OWN_FILES = ("validation_file", "test_file")
"""Keys of a task that name the files of splits of their own."""
LEFT_OVER = 4
"""Purpose of a seed: see `hyperborn.data.splits.seed_for`."""
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
    shares = {} if cell.size is None else shares_of(cell, cell.size)
    return configured(RunConfig, None, {**cell.task, **shares, "seed": cell.seed, **settings})


def shares_of(cell: Cell, size: int) -> dict[str, Any]:
    """The keys of a configuration that make a split with so many training examples.

    Raises:
        UserError: if both other splits are files of their own, so that no example can be left over.
    """
    total = total_size(cell, size)
    given = [key for key in OWN_FILES if cell.task.get(key)]
    if len(given) > 1:
        raise UserError(
            f"{' and '.join(given)} leave no split that takes what is left over of {size} training examples; leave one "
            "of them out"
        )
    if given:
        # What is left over is put into the split that is drawn.
        drawn = "test" if given == ["validation_file"] else "validation"
        return {drawn: (total - size) / total}
    test = total - size - validation_size(size)
    shares = {"validation": validation_size(size) / total, "test": test / total}
    return shares | ({"size": total} if cell.task.get("data") in SYNTHETIC else {})


def total_size(cell: Cell, size: int) -> int:
    """Examples that are split, those of other files not among them, where so many are in training."""
    if cell.task.get("data") in SYNTHETIC:
        return size + validation_size(size) + cell.test
    return count_examples(json.dumps(dict(cell.task), sort_keys=True))


@lru_cache
def count_examples(task: str) -> int:
    """Examples of a data set that is not synthetic, without those of other files for validation and testing."""
    settings = json.loads(task)
    if settings.get("data") == "mnist":
        raise UserError("mnist has a test file of its own, which no study splits; take digits instead")
    # A small split need not have as many features as the components asked for; counting needs neither, nor a network.
    counted = [key for key in (*OF_DATA, *OWNED) if key not in (*OWN_FILES, "test_labels")]
    of_data = {key: value for key, value in settings.items() if key in counted}
    config = configured(RunConfig, None, {**of_data, "components": "all", "hidden": "none"})
    data = data_of(config, lambda _: None)
    return len(data.train) + len(data.validation) + len(data.test)


def has_enough_examples(cell: Cell) -> bool:
    """Whether the task has enough examples for this size, with 20 or more left for testing, unless a file has these."""
    if cell.size is None:
        return True
    held_out = 0 if cell.task.get("validation_file") else validation_size(cell.size)
    left = total_size(cell, cell.size) - cell.size - held_out
    return left >= (0 if cell.task.get("test_file") else LEAST_TEST)


def split_of(cell: Cell, note: Callable[[str], None] = lambda _: None) -> Dataset:
    """The split, the same for every method of a cell; `note` is told if its features are reduced.

    Raises:
        UserError: for data that cannot be loaded.
    """
    # The method's settings do not change it.
    data = data_of(configuration(cell, {}), note)
    if cell.size is None or not cell.task.get("test_file"):
        return data
    # What is left over was put beside the validation examples.
    excess = len(data.validation) - validation_size(cell.size)
    if excess <= 0:
        return data
    order = np.random.default_rng(seed_for(cell.seed, LEFT_OVER)).permutation(len(data.validation))
    return replace(data, validation=data.validation.rows(np.sort(order[excess:])))
