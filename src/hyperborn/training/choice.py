"""What was chosen among several candidates, by which scores: kept with a run, whose predictions it calibrates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hyperborn.errors import UserError, is_number

METHODS = ("folds", "validation")
"""How scores of held-out examples came about: on parts of what is learnt from, or on a validation split."""

SHOWN = 3
"""Candidates beside the chosen one that a line names."""


@dataclass(frozen=True)
class CandidateScore:
    """A candidate and how well it predicts examples that it has not learnt from.

    Attributes:
        name: in words, such as "64 linear units, β = 0.03".
        settings: values of a configuration that make it.
        nll: mean over the examples of the calibrated negative log likelihood (nats, of numbers in the target's units).
        standard_error: of that mean.
        calibration: fitted to the same examples: a temperature, or of numbers a factor of the standard deviation.
        scores: of the calibrated predictions, by name.
        examples: how many were held out; fewer for a candidate that was given up early.
        calibration_alone: as `calibration`, of one network alone that is picked as `Result.one_network` is; None of
            candidates that were not chosen. Records of before have that of the most probable network, or None.
    """

    name: str
    settings: Mapping[str, Any]
    nll: float
    standard_error: float
    calibration: float
    scores: Mapping[str, float]
    examples: int
    calibration_alone: float | None = None


@dataclass(frozen=True)
class Choice:
    """The candidates, best first, the place of the one that is trained, and why.

    Attributes:
        candidates: with their scores.
        chosen: place of the chosen one among them.
        why: in one sentence.
        method: "folds" or "validation".
        folds: parts of the examples that were held out in turn; 1 for a single held-out part.
        refitted: whether the chosen one is then trained on the held-out examples as well.
    """

    candidates: tuple[CandidateScore, ...]
    chosen: int
    why: str
    method: str
    folds: int
    refitted: bool

    @property
    def best(self) -> CandidateScore:
        """The chosen one."""
        return self.candidates[self.chosen]

    @property
    def calibration(self) -> float:
        return self.best.calibration

    @property
    def scores(self) -> Mapping[str, float]:
        return self.best.scores

    @property
    def text(self) -> str:
        """The chosen one and the next ones of those that were scored on the same examples, with their scores."""
        # Those that were given up early are scored on other examples.
        level = [score for score in self.candidates if score.examples == self.best.examples]
        others = [score for score in level if score is not self.best]
        best, said = self.best, [f"next: {other.name} {other.nll:.3f}" for other in others[:1]]
        said += [f"{other.name} {other.nll:.3f}" for other in others[1:SHOWN]]
        head = f"{name_of_method(self.method, self.folds)} NLL {best.nll:.3f} ± {best.standard_error:.3f}"
        return f"{best.name} ({'; '.join([head, *said])})"

    def to_record(self) -> dict[str, Any]:
        """What JSON can hold of it, for `choice_from_record`."""
        candidates = [
            {**vars(score), "settings": dict(score.settings), "scores": dict(score.scores)} for score in self.candidates
        ]
        return {**vars(self), "candidates": candidates}


def name_of_method(method: str, folds: int) -> str:
    """What scores of held-out examples are called."""
    if method == "validation":
        return "validation"
    return "cross-fitted" if folds > 1 else "held-out"


def choice_from_record(record: Any) -> Choice:
    """The choice that `Choice.to_record` wrote.

    Raises:
        UserError: if the record was damaged.
    """
    try:
        candidates = tuple(checked_score(CandidateScore(**score)) for score in record["candidates"])
        choice = Choice(**{**record, "candidates": candidates})
        counts = type(choice.chosen) is int and type(choice.folds) is int and type(choice.refitted) is bool
        if not counts or not 0 <= choice.chosen < len(candidates) or not isinstance(choice.why, str):
            raise ValueError("its place or a count is no such number")
        if choice.method not in METHODS:
            raise ValueError(f"its method is {choice.method!r}")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"the choice of a run is not one ({error}); restore it from a copy") from error
    return choice


def checked_score(score: CandidateScore) -> CandidateScore:
    """The score, as it is.

    Raises:
        ValueError: if a part of it is of another type, or a number not finite.
    """
    numbers = [score.nll, score.standard_error, score.calibration, *score.scores.values()]
    whole = isinstance(score.name, str) and isinstance(score.settings, Mapping) and type(score.examples) is int
    alone = 1.0 if score.calibration_alone is None else score.calibration_alone
    if not whole or not all(map(is_number, [*numbers, alone])) or min(score.calibration, alone) <= 0:
        raise ValueError(f"the scores of {score.name!r} are no numbers")
    return score
