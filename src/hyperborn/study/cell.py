"""The unit of a study: one method on one split, named by the hash of everything that decides its result."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from hyperborn.config.parts import PARTS, own_class
from hyperborn.data.load import NAMES
from hyperborn.parts import name_of_class, source_digest

FORMAT = 1
"""Increase it when a change anywhere alters the results of cells, so that earlier results are not reused.

It is part of the cells' keys. Their files have a version of their own: `hyperborn.storage.formats.CELL`.
"""
CHANGED = {"selbo": 2}
"""The same of cells with one objective alone, by its name. (selbo: its λ follows the β of registers.)"""

FILES = ("validation_file", "test_file", "labels", "test_labels")
"""Keys of a task that name a file of a user's data beside its first."""


@dataclass(frozen=True)
class Method:
    """A method that learns from a split and predicts.

    Attributes:
        kind: a run of hyperborn, a baseline, or the exact posterior.
        baseline: name of the baseline.
        settings: keys of a run's configuration, or the baseline's own.
        choose: values to try of further keys, one key after the other, beginning with the first value of each.
        by: what the best value has lowest: the NLL of the validation split, or the final training loss.
    """

    kind: Literal["run", "baseline", "exact"]
    baseline: str
    settings: Mapping[str, Any]
    choose: Mapping[str, Any]
    by: Literal["validation", "loss"]

    def hurried(self, steps: int) -> "Method":
        """The method with at most so many steps, if it is a run."""
        given = self.settings.get("steps", steps)
        fewer = min(steps, given) if isinstance(given, int) else steps
        return replace(self, settings={**self.settings, "steps": fewer}) if self.kind == "run" else self


@dataclass(frozen=True)
class Cell:
    """A method on the split of a task that a training size and a seed make.

    Attributes:
        task: keys of a run's configuration; together with the settings of the method they are one.
        size: training examples; None where the task itself says which shares of its examples make the splits.
        test: test examples of a synthetic task of that size.
        seed: of the split and of the method.
        method: what learns from the split.
    """

    task: Mapping[str, Any]
    size: int | None
    test: int
    seed: int
    method: Method

    @property
    def is_of_comparison(self) -> bool:
        """Whether it belongs to `hyperborn compare`: there the task has its own shares, in a study never."""
        return self.size is None

    @cached_property
    def split_key(self) -> str:
        """Hash of what decides the split, with the contents of a user's files."""
        record = {"task": self.task, "size": self.size, "test": self.test, "seed": self.seed}
        data = str(self.task.get("data", ""))
        if data not in NAMES and Path(data).is_file():
            record["content"] = contents_of([data])[0]
        others = [self.task[key] for key in FILES if self.task.get(key)]
        if others:
            record["others"] = contents_of(others)
        return record_hash(record)

    @cached_property
    def key(self) -> str:
        """Hash of everything that decides the result; `FORMAT` and `CHANGED` stand for the version of hyperborn.

        What the source of a user's own parts says today stands for these, and what a file of a circuit holds for it.
        """
        method = asdict(self.method) | {"choose": list(self.method.choose.items())}
        sources = {name_of_class(kind): source_digest(kind) for kind in self.own_classes()}
        paths = [self.method.settings.get("circuit"), *self.method.choose.get("circuit", ())]
        circuits = contents_of(filter(None, paths))
        objectives = [self.method.settings.get("objective"), *self.method.choose.get("objective", ())]
        newest = max(CHANGED.get(str(objective), FORMAT) for objective in objectives)
        record = {"format": newest, "split": self.split_key, "method": method}
        return record_hash(
            record | ({"sources": sources} if sources else {}) | ({"circuits": circuits} if circuits else {})
        )

    def own_classes(self) -> Iterator[type[Any]]:
        """The classes of the user's own parts that its settings name.

        Raises:
            UserError: if one is not known.
        """
        for settings in (self.task, self.method.settings, self.method.choose):
            for key in PARTS.keys() & settings.keys():
                named = settings[key] if isinstance(settings[key], list) else [settings[key]]
                for name in named:
                    own = own_class(key, name) if isinstance(name, str) else None
                    if own is not None:
                        yield own


def contents_of(paths: Iterable[Any]) -> list[str | None]:
    """SHA-256 of the content of each file; None for what is no file."""
    files = [Path(str(path)) for path in paths]
    return [hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None for file in files]


def record_hash(record: Mapping[str, Any]) -> str:
    """The first half of the SHA-256 of a record, as hexadecimal digits."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:32]
