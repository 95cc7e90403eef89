"""From a configuration to what is trained: candidates, their scores on held-out examples, and the one chosen."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count as count_from
from threading import Event
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np

from hyperborn.config.definitions import definition_of
from hyperborn.config.models import RunConfig
from hyperborn.config.options import CONVOLUTIONAL
from hyperborn.data import Dataset, Split
from hyperborn.data.dataset import SPLITS
from hyperborn.data.weights import weights_of_classes
from hyperborn.errors import UserError
from hyperborn.selection.budget import AT_ONCE, EFFORTS, Effort, Plan, in_time, planned, predicts_in_time
from hyperborn.selection.candidates import Candidate, candidates_of, check_needed, settled
from hyperborn.selection.cross_fitting import (
    Answer,
    HeldOut,
    answer_of,
    can_be_held_out,
    fold_numbers,
    folds_of,
    learning_from,
    of_weight,
)
from hyperborn.training.choice import Choice, name_of_method
from hyperborn.training.definition import Definition

TIE = 0.5
"""Standard errors of a difference up to which the simpler candidate is taken: on 18 tables, the mean test NLL was lower
with 0.5 than with 0 or 1."""

HOLDING_OUT = ("validation", "validation_file", "group", "time")
"""Options that say what is held out: folds would mix the rows of a group, or learn from the future."""

LONG = 60.0
"""Seconds from which a choice says beforehand how long it may take."""


@runtime_checkable
class Trainable(Protocol):
    """A candidate: of a configuration, or of a network that is given."""

    @property
    def name(self) -> str:
        """In words."""
        ...

    @property
    def settings(self) -> Mapping[str, Any]:
        """What sets it apart, as JSON can hold it."""
        ...

    @property
    def has_steps(self) -> bool:
        """Whether the number of steps was given."""
        ...

    @property
    def simplicity(self) -> tuple[float, ...]:
        """Smallest for the candidate that is taken among those that predict equally well."""
        ...

    def definition(self, data: Dataset) -> Definition:
        """The run that it is on the data."""
        ...


AnyCandidate = TypeVar("AnyCandidate", bound=Trainable)

Load = Callable[[RunConfig], Dataset]
Count = Callable[[int, int], None]


@dataclass(frozen=True)
class Selection:
    """What is trained, on which data, and how it was chosen; None where nothing was."""

    definition: Definition
    data: Dataset
    choice: Choice | None


def choose(
    config: RunConfig,
    load: Load,
    *,
    note: Callable[[str], None] = lambda _: None,
    progress: Count = lambda *_: None,
) -> Selection:
    """What is trained for a configuration: of its candidates the one that predicts held-out examples best.

    Candidates are scored on folds of all examples but the test's; on the validation split, where an option says what
    it is (`HOLDING_OUT`) or the model is to stay as it was when it was scored (`refit` false); and with little time for
    large data on one part of the examples. The chosen one learns from all examples but the test's, unless `refit` is
    false.

    Args:
        config: the configuration, whose values stay as they are given.
        load: gives the data of a configuration, whose `validation` is 0 where all examples but the test's are wanted.
        note: is told what a person should know beforehand.
        progress: is told how many fits are done, and of how many.

    Raises:
        UserError: if nothing is chosen and an option is about the choice, no candidate can be trained, or as `load` and
            `definition_of`.
    """
    why = settled(config)
    if why is not None:
        check_needed(config, why)
        data = load(config)
        return Selection(definition_of(config, data, config.objective), data, None)
    whole = config.model_copy(update={"validation": 0.0})
    said = not config.given.isdisjoint(HOLDING_OUT)
    check_held_out(config)
    holds_out = (said or not config.refit) and (config.validation > 0 or config.validation_file is not None)
    data = load(config if holds_out else whole)
    candidates = affordable(config, candidates_of(config, data), data, note)
    if len(candidates) < 2 or not (len(data.validation) or can_be_held_out(data.train)):
        few = "there is one candidate" if len(candidates) < 2 else "there are too few examples to hold one out"
        check_needed(config, few)
        data = data if holds_out else load(config)
        return Selection(only_definition(config, candidates, data), data, None)
    choice, best = scored(config, candidates, data, note=note, progress=progress)
    if choice.refitted and holds_out:
        data = load(whole)
    return Selection(definition_in_time(best, data, EFFORTS[config.effort].final), data, choice)


def only_definition(config: RunConfig, candidates: Sequence[Candidate], data: Dataset) -> Definition:
    """What is trained where there is nothing to choose among: the one candidate, or what the configuration says."""
    seconds = EFFORTS[config.effort].final
    if candidates:
        return definition_in_time(candidates[0], data, seconds)
    definition = definition_of(config, data, config.objective)
    return definition if "steps" in config.given else in_time(definition, len(data.train), seconds)


def check_held_out(config: RunConfig) -> None:
    """Raise a UserError where folds would have to stand in for a split by group or by time."""
    for key in ("group", "time"):
        if key in config.given and not config.validation and config.validation_file is None:
            raise UserError(
                f"{key} splits rows, and what is trained is chosen on a validation split of its own; leave out "
                "--validation 0, or name what is trained (--posterior register)"
            )


def affordable(
    config: RunConfig, candidates: Sequence[Candidate], data: Dataset, note: Callable[[str], None]
) -> list[Candidate]:
    """The candidates that can be evaluated in the time of the effort; a network that is asked for stays."""
    examples = sum(len(data.split(name)) for name in SPLITS)

    def is_affordable(candidate: Candidate) -> bool:
        definition = definition_of(candidate.config, data, config.objective)
        return config.network is not None or predicts_in_time(definition, examples, EFFORTS[config.effort])

    kept = [candidate for candidate in candidates if is_affordable(candidate)]
    if len(kept) < len(candidates):
        note(
            f"{examples:,} images are many for convolutions, which are not tried (--effort thorough tries them, "
            f"--network {CONVOLUTIONAL} takes them)"
        )
    return kept


def definition_in_time(candidate: Trainable, data: Dataset, seconds: float) -> Definition:
    """The definition of a candidate on the data, with as many steps as the time allows if none are given.

    Args:
        candidate: what is trained.
        data: what is learnt from.
        seconds: of a fit; see `in_time`.
    """
    definition = candidate.definition(data)
    return definition if candidate.has_steps else in_time(definition, len(data.train), seconds)


def scored(
    config: RunConfig,
    candidates: Sequence[AnyCandidate],
    data: Dataset,
    *,
    note: Callable[[str], None],
    progress: Count,
) -> tuple[Choice, AnyCandidate]:
    """The choice among at least two candidates, and the chosen one.

    Of the configuration, what it says of the choice alone counts: effort, seed, refit and what is held out.
    """
    effort = EFFORTS[config.effort]
    definitions = [definition_in_time(candidate, data, effort.seconds) for candidate in candidates]
    finals = [definition_in_time(candidate, data, effort.final) for candidate in candidates]
    plan = planned(definitions, len(data.train), len(data.validation), effort, finals)
    if plan.seconds > LONG:
        many = f"choosing among {plan.candidates} candidates"
        note(f"{many} takes about {minutes(plan.seconds)} (--effort quick for less)")
    folds = parts_of(data, plan, config.seed)[: len(plan.rounds)]
    found = {candidate.name: HeldOut() for candidate in candidates[: plan.candidates]}
    remaining, done, total = list(candidates[: plan.candidates]), count_from(1), sum(plan.rounds)
    for (train, held_out), count in zip(folds, plan.rounds, strict=False):
        if count < len(remaining):
            remaining = sorted(remaining, key=lambda candidate: found[candidate.name].losses.mean())[:count]
        own = learning_from(data, train)
        answers = answered(effort, remaining, own, held_out, lambda: progress(min(next(done), total - 1), total))
        remaining = [candidate for candidate in remaining if isinstance(answers[candidate.name], Answer)]
        for candidate in remaining:
            found[candidate.name] = found[candidate.name].added(answers[candidate.name], held_out)
        if not remaining:
            raise next(iter(answers.values()))
    progress(total, total)
    best, tied = preferred(remaining, found)
    found = {name: held for name, held in found.items() if held.answers}
    ranked = sorted(found, key=lambda name: (-len(found[name].labels), found[name].losses.mean()))
    by_name = {candidate.name: candidate for candidate in candidates}
    scores = tuple(
        found[name].score(name, dict(by_name[name].settings), data, alone=name == best.name) for name in ranked
    )
    method = "validation" if len(data.validation) else "folds"
    why = reason(tied, name_of_method(method, len(folds)), plan, len(found[best.name].labels))
    why += reason_of_less(len(candidates) - plan.candidates, config.effort)
    # Rows of a validation file of its own are never learnt from.
    refitted = config.refit and config.validation_file is None
    return Choice(scores, ranked.index(best.name), why, method, len(folds), refitted), best


def answered(
    effort: Effort,
    candidates: Sequence[Trainable],
    data: Dataset,
    held_out: Split,
    tell: Callable[[], None],
) -> dict[str, Any]:
    """Predictions of held-out examples by the name of each candidate, or the error that stopped its training."""
    answers: dict[str, Any] = {}
    given_up = Event()
    tasks = [definition_in_time(candidate, data, effort.seconds) for candidate in candidates]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            waiting = [pool.submit(answer_of, definition, data, held_out, given_up) for definition in tasks]
            for candidate, answer in zip(candidates, waiting, strict=True):
                try:
                    answers[candidate.name] = answer.result()
                except UserError as error:
                    answers[candidate.name] = error
                tell()
        except BaseException:
            given_up.set()
            pool.shutdown(cancel_futures=True)
            raise
    return answers


def parts_of(data: Dataset, plan: Plan, seed: int) -> list[tuple[Split, Split]]:
    """Examples to learn from and examples to predict, of each round; those of weight 0 say nothing and are left out."""
    split = of_weight(data.train)
    if plan.share > 1:
        split = split.rows(np.flatnonzero(fold_numbers(split.y, plan.share, seed) == 0))
    if len(data.validation):
        by_class = weights_of_classes(data.validation.y, data.classes, data.class_weight)
        held_out = data.validation if by_class is None else data.validation.weighted("weights of classes", by_class)
        return [(split, held_out)]
    return [(split.rows(fold.train), split.rows(fold.held_out)) for fold in folds_of(split.y, plan.parts, seed)]


def preferred(candidates: Sequence[AnyCandidate], found: dict[str, HeldOut]) -> tuple[AnyCandidate, bool]:
    """The simplest candidate that is level with the best one, and whether that is another than the best one."""
    losses = {candidate.name: found[candidate.name].losses for candidate in candidates}
    best = min(candidates, key=lambda candidate: losses[candidate.name].mean())

    def is_level(candidate: AnyCandidate) -> bool:
        difference = losses[candidate.name] - losses[best.name]
        return bool(difference.mean() <= TIE * difference.std() / np.sqrt(len(difference)))

    simplest = min(filter(is_level, candidates), key=lambda candidate: candidate.simplicity)
    return simplest, simplest is not best


def reason(tied: bool, method: str, plan: Plan, examples: int) -> str:
    """Why this one, in one sentence; `method` is what scores are called."""
    where = f"{examples:,} examples" + (", each held out once" if method == "cross-fitted" else " held out")
    if tied:
        return (
            f"the simplest that predicts as well as the best of {plan.candidates} candidates, within chance, on {where}"
        )
    return f"the lowest {method} NLL of {plan.candidates} candidates on {where}"


def reason_of_less(untried: int, effort: str) -> str:
    """That some candidates were left out, which may be better; nothing where none was."""
    if not untried:
        return ""
    more = "" if effort == "thorough" else " (--effort thorough tries more)"
    return f"; {untried} more would have taken too long{more}"


def minutes(seconds: float) -> str:
    """A time in words."""
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else "a minute"
