"""A study's plan: which methods are compared on which tasks, sizes and seeds, from a TOML file.

A task and a method are keys of a run's configuration (`hyperborn.config.RunConfig`); together they are one. A method
may instead name a baseline, with its settings, or be the exact posterior. Settings that a method leaves open in
``choose`` are chosen on the validation examples of each split alone.
"""

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from hyperborn.arguments import path_of
from hyperborn.baselines import BASELINES
from hyperborn.config import Count, RunConfig, Text, distinct, options_of, read_toml
from hyperborn.errors import UserError
from hyperborn.objectives.divergences import DIVERGENCES
from hyperborn.objectives.objectives import OBJECTIVES
from hyperborn.printable import shown
from hyperborn.study.cell import Cell, Method
from hyperborn.study.settings import SHARED_KEYS
from hyperborn.study.splits import OF_DATA, OWNED

BUILT_IN = Path(__file__).parent / "plans"
"""Plans that come with hyperborn, by name."""

QUICK = {"tasks": 2, "seeds": 2, "steps": 60}
"""Tasks and seeds of each part that `Plan.quick` keeps, and the steps of its runs."""

PartName = Annotated[str, Field(pattern=r"^[^./\\\x00][^/\\\x00]*$", max_length=100)]
"""Part of a file's name."""
STRICT = ConfigDict(extra="forbid", frozen=True)
Settings = dict[str, Any]

OF_OBJECTIVE = {"objective", "prior"}.union(
    *(options_of(kind) for kind in (*OBJECTIVES.values(), *DIVERGENCES.values()))
)
"""Keys of a configuration that say which loss is minimised."""


class PartTable(BaseModel):
    """A part of a plan as the file holds it."""

    model_config = STRICT
    sizes: Annotated[list[Annotated[int, Field(ge=4)]], Field(min_length=1), AfterValidator(distinct)]
    seeds: Count
    tasks: Annotated[list[str], Field(min_length=1), AfterValidator(distinct)] | None = None
    methods: Annotated[list[str], Field(min_length=2), AfterValidator(distinct)] | None = None
    reference: str | None = None


class PlanTable(BaseModel):
    """A plan as the file holds it."""

    model_config = STRICT
    title: Text
    reference: Text
    test: Annotated[int, Field(ge=20)] = 500
    tasks: Annotated[dict[str, Settings], Field(min_length=1)]
    methods: Annotated[dict[str, Settings], Field(min_length=1)]
    parts: Annotated[dict[PartName, PartTable], Field(min_length=1)]


@dataclass(frozen=True)
class Part:
    """Methods on tasks, training sizes and seeds 0, 1, ..., compared with the method `reference`."""

    name: str
    tasks: tuple[str, ...]
    sizes: tuple[int, ...]
    seeds: int
    methods: tuple[str, ...]
    reference: str


@dataclass(frozen=True)
class Plan:
    """A study; `test` is the number of test examples of synthetic tasks. Other tasks test on all examples left over."""

    title: str
    test: int
    tasks: Mapping[str, Mapping[str, Any]]
    methods: Mapping[str, Method]
    parts: tuple[Part, ...]

    @classmethod
    def read(cls, source: str | Path) -> "Plan":
        """The plan of a TOML file, or the built-in one of that name.

        Raises:
            UserError: if there is no such plan, or a key or a value is wrong: the line names it and what is allowed.
        """
        known = {file.stem: file for file in BUILT_IN.glob("*.toml")}
        given = path_of("source", source, "a plan, or the name of a built-in one")
        path = known.get(str(given), given)
        if not os.path.lexists(path):
            raise UserError(
                f"there is no plan {str(source)!r}; give a TOML file, or one of: {', '.join(sorted(known))}"
            )
        try:
            table = PlanTable.model_validate(read_toml(path))
        except ValidationError as error:
            raise UserError(f"{path}: {mistake_text(error)}") from error
        return plan_of(table, str(path))

    def cells(self, part: Part) -> Iterator[tuple[str, str, Cell]]:
        """Task, method and cell of a part, seed by seed: a study that is stopped early then covers all tasks."""
        for seed in range(part.seeds):
            for task in part.tasks:
                for size in part.sizes:
                    for method in part.methods:
                        yield task, method, Cell(self.tasks[task], size, self.test, seed, self.methods[method])

    def quick(self) -> "Plan":
        """A short version of the plan, of a minute or two: it shows only that everything runs."""
        parts = tuple(
            replace(
                part,
                tasks=part.tasks[: QUICK["tasks"]],
                sizes=part.sizes[:1],
                seeds=min(part.seeds, QUICK["seeds"]),
            )
            for part in self.parts
        )
        methods = {name: method.hurried(QUICK["steps"]) for name, method in self.methods.items()}
        return replace(self, parts=parts, methods=methods)


def mistake_text(error: ValidationError) -> str:
    """The first mistake as a line: an unknown key, else a missing one, else a value that is not allowed."""
    ranks = {"extra_forbidden": 0, "missing": 1}
    found = min(error.errors(include_url=False, include_context=False), key=lambda one: ranks.get(one["type"], 2))
    where = ".".join(str(part) for part in found["loc"] if part != "[key]")
    name = str(found["loc"][-1])
    if found["type"] == "extra_forbidden":
        known = (PartTable if len(found["loc"]) > 1 else PlanTable).model_fields
        near = difflib.get_close_matches(name, known, n=1)
        return f"unknown key {where!r}" + (f"; did you mean {near[0]!r}?" if near else f"; it takes {', '.join(known)}")
    if found["type"] == "missing":
        return f"{where} is missing; add it, as in the plan elbo-vs-mle"
    if found["loc"][-1] == "[key]":
        return f"{where!r} cannot name a part, as files are named after it; leave out slashes and a dot in front"
    allowed = found["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return (
        f"{where} = {shown(found['input'])} is not allowed: it {allowed}"
        if "should" in allowed
        else f"{where}: {allowed}"
    )


def plan_of(table: PlanTable, source: str) -> Plan:
    """The plan of a file's tables.

    Raises:
        UserError: if a method or a part names something that the plan lacks.
    """
    methods = {name: method_of(name, settings, source) for name, settings in table.methods.items()}
    parts = []
    for name, part in table.parts.items():
        tasks = part.tasks or list(table.tasks)
        chosen = part.methods or list(methods)
        reference = part.reference or table.reference
        for kind, wanted, known in (("task", tasks, table.tasks), ("method", [*chosen, reference], methods)):
            for one in wanted:
                if one not in known:
                    near = difflib.get_close_matches(one, known, n=1)
                    hint = f"; did you mean {near[0]!r}?" if near else f"; the {kind}s are {', '.join(known)}"
                    raise UserError(f"{source}: parts.{name} names the {kind} {one!r}, which is not there{hint}")
        if reference not in chosen:
            raise UserError(f"{source}: parts.{name} lacks its reference {reference!r}; add it to its methods")
        parts.append(Part(name, tuple(tasks), tuple(sorted(part.sizes)), part.seeds, tuple(chosen), reference))
    return Plan(table.title, table.test, table.tasks, methods, tuple(parts))


def method_of(name: str, settings: Settings, source: str) -> Method:
    """The method of a table of the file.

    Raises:
        UserError: if a key is unknown, or does not go with another.
    """
    where = f"{source}: methods.{name}"
    given = dict(settings)
    choose, by, baseline, exact = (given.pop(key, None) for key in ("choose", "by", "baseline", "exact"))
    if baseline is not None and (not isinstance(baseline, str) or baseline not in BASELINES):
        raise UserError(f"{where}: baseline = {baseline!r} is not one of {', '.join(BASELINES)}")
    if by not in (None, "validation", "loss"):
        raise UserError(f"{where}: by = {by!r} must be validation or loss")
    if not (exact is None or exact is True) or (exact and baseline):
        raise UserError(f"{where}: exact must be true, without a baseline; leave it out for other methods")
    kind: Literal["run", "baseline", "exact"] = "baseline" if baseline else "exact" if exact else "run"
    if by is not None and not choose:
        raise UserError(f"{where}: by = {by!r} says how to choose, and there is nothing to choose; leave it out")
    if by == "loss" and not OF_OBJECTIVE.isdisjoint(choose):
        raise UserError(f"{where}: by = 'loss' compares losses of different objectives; choose by validation")
    if choose is not None:
        usable = isinstance(choose, Mapping) and all(isinstance(values, list) and values for values in choose.values())
        if kind != "run" or not usable:
            raise UserError(f"{where}: choose = {choose!r} must list values by key, such as {{beta = [0.3, 1, 3]}}")
    check_keys(kind, baseline, (*given, *(choose or {})), where)
    return Method(kind, baseline or "", given, choose or {}, by or "validation")


OF_CHOICE = {"effort", "refit"}
"""Keys of a choice among candidates, which a study, whose methods are all named, does not make."""


def check_keys(kind: str, baseline: str | None, keys: Iterable[str], where: str) -> None:
    """Raise a UserError for a key that a method of this kind does not use."""
    of_runs = [key for key in RunConfig.model_fields if key not in OF_CHOICE]
    own = {"run": of_runs, "exact": [*SHARED_KEYS], "baseline": [*SHARED_KEYS]}[kind]
    if baseline:
        own += [field.name for field in fields(BASELINES[baseline])]  # pyright: ignore[reportArgumentType]
    for key in keys:
        if key in OF_DATA:
            raise UserError(f"{where}: {key} makes the split, which all methods share; give it to a task")
        if key not in own and key not in OWNED:
            near = difflib.get_close_matches(key, [*own, "baseline", "exact", "choose"], n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; it takes {', '.join(sorted(own)) or 'none'}"
            raise UserError(f"{where}: unknown key {key!r}{hint}")
